"""Measurements of a workspace as elements: settings that ROOT's HistFactory knows, and notes on the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from wilks.formats.histfactory_xml.write_channels import Told
from wilks.formats.histfactory_xml.write_effects import Effects
from wilks.formats.histfactory_xml.write_names import WrittenNames
from wilks.formats.histfactory_xml.write_text import Tag
from wilks.workspace.gammas import Gammas, Use, shapesys_gammas, staterror_gammas, uses_per_bin
from wilks.workspace.spec import (
    Document,
    HistoSys,
    Lumi,
    Measurement,
    NormFactor,
    NormSys,
    ParameterSettings,
    ShapeFactor,
    ShapeSys,
    StatError,
)

_SYSTEMATIC = {NormSys, HistoSys}


class MeasurementWriter:
    """One measurement on its way; `first` are the settings of the first one, which the channel files hold.

    `declared_lumi` is the start of the luminosity where a function declares it.
    """

    def __init__(
        self,
        document: Document,
        measurement: Measurement,
        names: WrittenNames,
        effects: Effects,
        first: Mapping[str, ParameterSettings],
        told: Told,
        *,
        declared_lumi: float | None,
    ) -> None:
        self.declared_lumi = declared_lumi
        self.document, self.measurement, self.names = document, measurement, names
        self.effects, self.first, self.told = effects, first, told
        self.settings = {one.name: one for one in measurement.config.parameters}
        self.uses = uses_per_bin(document.channels)
        self.beyond: set[str] = set()

    def element(self) -> Tag:
        """Return the measurement."""
        pois = self._pois()
        lumi, relative = self._luminosity()
        attributes: dict[str, str | float] = {
            "Name": self._name(),
            "Lumi": lumi,
            "LumiRelErr": relative,
            "ExportOnly": "True",
        }
        fixed: list[str] = []
        values: list[tuple[str, float]] = []
        terms = list(self._terms())
        for name, kinds in self.names.types.items():
            asked = self.settings.get(name)
            if kinds & {ShapeSys, StatError, ShapeFactor}:
                self._gammas(name, asked, fixed, values)
            elif name not in self.effects.terms:
                self._scalar(name, kinds, asked, fixed, values)
                terms += self._uniform(name, kinds, asked)
        for name in self.settings:
            if name not in self.names.types:
                self._of_functions(name, fixed, values)
        children = [Tag("POI", text=" ".join(pois))] if pois else []
        children += [Tag("ParamSetting", {"Val": value}, text=name) for name, value in values]
        children += [Tag("ParamSetting", {"Const": "True"}, text=" ".join(fixed))] if fixed else []
        if self.beyond:
            shown = sorted(self.beyond)
            self._lost(
                ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else ""),
                "ROOT gives them its own ranges: 0 to 1 + 5 relative uncertainties, free ones 0 to 1000",
            )
        return Tag("Measurement", attributes, [*children, *terms])

    def _name(self) -> str:
        if not self.measurement.name:
            self._lost("name", 'there is none; ROOT needs one, "measurement" is written')
        return self.measurement.name or "measurement"

    def _lost(self, what: str, text: str) -> None:
        self.told.lost(f'measurement "{self.measurement.name}", {what}', text)

    def _pois(self) -> list[str]:
        asked = list(self.measurement.config.of_interest)
        if not asked:
            free = [
                n for n, kinds in self.names.types.items() if NormFactor in kinds and n not in self.effects.functions
            ]
            if not free:
                self.told.problems.append(
                    f'measurement "{self.measurement.name}": no parameter of interest, which ROOT needs'
                )
                return []
            self._lost("parameter of interest", f'there is none; ROOT needs one, "{free[0]}" is written')
            asked = free[:1]
        return [self.names.scalar(name) for name in asked]

    def _luminosity(self) -> tuple[float, float]:
        """Return the luminosity and its relative uncertainty."""
        asked = self.settings.get("lumi")
        if not any(Lumi in kinds for kinds in self.names.types.values()):
            return 1.0, 0.0
        if asked is None or (not asked.auxdata and not asked.inits):
            return 1.0, 0.0
        centre = float((asked.auxdata or asked.inits or [1.0])[0])
        if asked.constraint == "none":
            if asked.fixed is not True:
                self._lost('"lumi"', "it is free, which XML can't say: it is constant")
            return centre, 0.0
        if asked.constraint == "poisson" or not asked.sigmas:
            self._lost('"lumi"', "its constraint can't be said: it is constant")
            return centre, 0.0
        sigma = float(asked.sigmas[0])
        relative = _ratio(sigma, centre)
        if centre * relative != sigma:
            self._lost('"lumi"', f"its width {sigma!r} is {centre * relative!r} when it is read: it is a relative one")
        if asked.bounds and asked.bounds[0] != [0, 10 * centre]:
            self._lost('"lumi"', f"its range is ROOT's, 0 to {10 * centre:g}")
        return centre, relative

    def _scalar(
        self,
        name: str,
        kinds: set[type],
        asked: ParameterSettings | None,
        fixed: list[str],
        values: list[tuple[str, float]],
    ) -> None:
        if name in self.effects.functions:
            return
        root = self.names.scalar(name)
        usual = 0.0 if kinds & _SYSTEMATIC else 1.0
        if Lumi in kinds:
            usual = self._luminosity()[0] if self.declared_lumi is None else self.declared_lumi
        elif kinds & {NormFactor} and (first := self.first.get(name)) and first.inits:
            usual = float(first.inits[0])
        if asked is not None and asked.inits:
            start = float(asked.inits[0])
        else:
            start = self._luminosity()[0] if Lumi in kinds else 0.0 if kinds & _SYSTEMATIC else 1.0
        if start != usual:
            values.append((root, start))
        if asked is None:
            return
        if asked.fixed is True or (isinstance(asked.fixed, list) and all(asked.fixed)):
            fixed.append(root)
        if kinds & _SYSTEMATIC:
            self._standard(name, asked)
        elif kinds & {NormFactor}:
            if asked.constraint in ("normal", "poisson"):
                self._lost(f'"{name}"', f"its {asked.constraint} constraint can't be said of a factor: it is free")
            before = self.first.get(name)
            if (before.bounds if before else None) != asked.bounds and asked is not before:
                self._lost(f'"{name}"', "its range is that of the first measurement")

    def _standard(self, name: str, asked: ParameterSettings) -> None:
        """Note what differs from a standard normal between -5 and 5; widths of 100 and none are said as Uniform."""
        if asked.bounds and asked.bounds[0] != [-5, 5]:
            self._lost(f'"{name}"', f"its range {asked.bounds[0]} becomes ROOT's, -5 to 5")
        if asked.auxdata and asked.auxdata[0] != 0 and asked.constraint != "none":
            self._lost(f'"{name}"', f"its constraint is centred at 0, not at {asked.auxdata[0]:g}")
        if asked.sigmas and asked.sigmas[0] not in (1, 100) and asked.constraint != "none":
            self._lost(f'"{name}"', f"its constraint has the width 1, not {asked.sigmas[0]:g}")
        if getattr(asked, "lower_sigmas", None):
            self._lost(f'"{name}"', "its constraint is as wide below its centre as above")

    def _uniform(self, name: str, kinds: set[type], asked: ParameterSettings | None) -> Iterator[Tag]:
        if asked is None or not kinds & _SYSTEMATIC:
            return
        free = asked.constraint == "none"
        if free:
            self._lost(f'"{name}"', "it is free, which XML can't say: Uniform is a normal constraint of width 100")
        if free or (asked.sigmas and asked.sigmas[0] == 100):
            attributes: dict[str, str | float] = {"Type": "Uniform", "RelativeUncertainty": 1.0}
            yield Tag("ConstraintTerm", attributes, text=self.names.parameters[name])

    def _terms(self) -> Iterator[Tag]:
        """Yield the ConstraintTerms that functions stand for."""
        for systematic, kind, relative, parameter in self.effects.terms.values():
            asked = self.settings.get(parameter)
            if kind == "Gamma" and not _is_gamma(asked, relative):
                self._lost(
                    f'"{parameter}"', f"its constraint becomes ROOT's Gamma of relative uncertainty {relative:g}"
                )
            attributes: dict[str, str | float] = {"Type": kind, "RelativeUncertainty": relative}
            yield Tag("ConstraintTerm", attributes, text=systematic)

    def _of_functions(self, name: str, fixed: list[str], values: list[tuple[str, float]]) -> None:
        """Settings of a parameter that stands in functions only."""
        asked = self.settings[name]
        gamma = next((name for _, kind, _, p in self.effects.terms.values() if kind == "Gamma" and p == name), None)
        log_normal = any(kind == "LogNormal" and p == name for _, kind, _, p in self.effects.terms.values())
        used = {parameter for _, parameters in self.effects.functions.values() for parameter in parameters}
        if name not in used:
            return
        root = f"alpha_{name}" if log_normal else self.names.scalar(name)
        before = self.first.get(name)
        usual = 1.0 if gamma else 0.0 if log_normal else float(before.inits[0]) if before and before.inits else 1.0
        if asked.inits and float(asked.inits[0]) != usual:
            values.append((root, float(asked.inits[0])))
        if asked.fixed is True:
            fixed.append(root)
        if not gamma and not log_normal and asked.constraint in ("normal", "poisson"):
            self._lost(
                f'"{name}"', f"its {asked.constraint} constraint can't be said of a function's parameter: it is free"
            )

    def _gammas(
        self, name: str, asked: ParameterSettings | None, fixed: list[str], values: list[tuple[str, float]]
    ) -> None:
        """Settings of parameters per bin."""
        kinds: tuple[type, ...] = (StatError, ShapeSys, ShapeFactor)
        kind = next(kind for kind in kinds if kind in self.names.types[name])
        uses = self.uses[kind, name]
        gammas: Gammas | None = None
        with np.errstate(all="ignore"):
            if kind is not ShapeFactor:
                gammas = staterror_gammas(uses) if kind is StatError else shapesys_gammas(uses)
        places = list(_places(kind, uses))
        constant = gammas.constant if gammas is not None else np.zeros(len(places), np.bool_)
        given = asked.fixed if asked is not None and asked.fixed is not None else constant.tolist()
        wanted = [given] * len(places) if isinstance(given, bool) else given
        starts = asked.inits if asked is not None and asked.inits else [1.0] * len(places)
        before = self.first.get(name)
        usual = before.inits if kind is ShapeFactor and before and before.inits else [1.0] * len(places)
        if kind is ShapeSys and asked is not None and (asked.sigmas or asked.factors):
            constant = np.asarray(wanted, np.bool_)  # widths that only settings have are written
        for (channel, b), held, is_constant, start, normal in zip(
            places, wanted, constant.tolist(), starts, usual, strict=False
        ):
            root = self.names.gamma(name, channel, b)
            if held and not is_constant:
                fixed.append(root)
            if is_constant and not held:
                self._lost(f'"{name}"', f"bin {b} is constant in ROOT: its uncertainty is 0 or below the threshold")
            if start != normal:
                values.append((root, float(start)))
        if not _has_ranges(asked, kind, gammas, len(places)):
            self.beyond.add(f'"{name}"')
        if asked is not None and kind is StatError and (asked.sigmas or asked.factors or asked.auxdata):
            self._lost(f'"{name}"', "its constraint is that of the yields and their uncertainties")


def _places(kind: type, uses: list[Use]) -> Iterator[tuple[str, int]]:
    """Yield channel and bin of each component: of a staterror those of its channels one after the other."""
    channels = {channel.name: len(sample.data) for channel, sample, _ in uses}
    for channel, bins in channels.items() if kind is StatError else list(channels.items())[:1]:
        for b in range(bins):
            yield channel, b


def _has_ranges(asked: ParameterSettings | None, kind: type, gammas: Gammas | None, size: int) -> bool:
    """Return whether the ranges of parameters per bin are those that ROOT makes."""
    if asked is None or not asked.bounds or len(asked.bounds) != size:
        return False
    if gammas is None:
        return all(pair == [0, 1000] for pair in asked.bounds)
    upper = np.where(gammas.sigma > 0, 1.0 + 5.0 * gammas.sigma, 10.0)
    found = np.asarray(asked.bounds, np.float64)
    held = np.broadcast_to(np.asarray(asked.fixed if asked.fixed is not None else gammas.constant), upper.shape)
    close = np.abs(found[:, 1] - upper) <= 1e-6 * upper
    return bool(np.all((found[:, 0] == 0) & (close | held | (gammas.sigma == 0))))


def _is_gamma(asked: ParameterSettings | None, relative: float) -> bool:
    if asked is None or asked.constraint != "poisson" or not asked.factors:
        return False
    count = 1.0 / relative**2
    observed: Any = asked.auxdata[0] if asked.auxdata else asked.factors[0]
    return bool(np.allclose([asked.factors[0], observed], count, rtol=1e-12, atol=0))


def _ratio(part: float, whole: float) -> float:
    """Return a ratio that, times the whole, is the part again, if there is such a number."""
    found = part / whole
    candidates = [found, *(np.nextafter(found, side).item() for side in (0.0, np.inf))]
    return next((one for one in candidates if whole * one == part), found)
