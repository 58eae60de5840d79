"""Measurements: what ROOT makes of parameters, and what a description says about them, as settings of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wilks._types import JSONDict
from wilks.errors import nearest
from wilks.formats.histfactory_xml.gammas import GammaSet
from wilks.formats.histfactory_xml.names import LUMI, Names
from wilks.formats.histfactory_xml.records import Combination, ConstraintTerm, Function, Measurement, NormFactor
from wilks.formats.notes import Note

Settings = dict[str, JSONDict]
_CLAMP = 10.0  # the end of the range that ROOT gives to the observable of a Gamma constraint


class MeasurementSettings:
    """Settings of one measurement on their way, by the name of the parameter here.

    `terms` has the ConstraintTerms by the name of their systematic, `scalars` the scalar parameters of the model.
    """

    def __init__(
        self,
        measurement: Measurement,
        names: Names,
        gammas: Mapping[str, GammaSet],
        terms: Mapping[str, ConstraintTerm],
        scalars: set[str],
        notes: list[Note],
    ) -> None:
        self.measurement, self.names, self.gammas = measurement, names, gammas
        self.terms, self.scalars, self.notes = terms, scalars, notes
        self.found: Settings = {}

    def config(self, found: Combination, functions: Sequence[Function]) -> JSONDict:
        """Return parameter of interest and settings, as they stand in a workspace."""
        self._luminosity()
        self._factors(found, functions)
        self._constraints()
        self._gammas()
        for setting in self.measurement.settings:
            for name in setting.names:
                self._set(name, setting.const, setting.value, setting.where)
        pois = self._pois()
        config: JSONDict = {"poi": pois[0] if pois else "", "parameters": list(self.found.values())}
        if len(pois) > 1:
            config["pois"] = pois
        for key in self.measurement.idle:
            text = f"{key} has no effect, as in ROOT: all bins inside the axes are read"
            self.notes.append(Note(self.measurement.where, text, "read as"))
        for name in self.measurement.asimovs:
            text = f'Asimov data set "{name}" is not made (ROOT 6.40 fails to import one too)'
            self.notes.append(Note(self.measurement.where, text, "lost"))
        return config

    def _of(self, name: str) -> JSONDict:
        return self.found.setdefault(name, {"name": name})

    def _luminosity(self) -> None:
        if LUMI not in self.scalars or not self.names.luminosity:
            return
        lumi, relative = self.measurement.lumi, self.measurement.lumi_relative_error
        self._of(LUMI).update(inits=[lumi], bounds=[[0.0, 10.0 * lumi]])
        if relative > 0:
            self._of(LUMI).update(auxdata=[lumi], sigmas=[lumi * relative])
        else:
            self._of(LUMI).update(constraint="none", fixed=True)

    def _factors(self, found: Combination, functions: Sequence[Function]) -> None:
        """Starts and ranges of factors; the first definition wins, those of functions come before the channels."""
        defined: dict[str, tuple[float, float, float]] = {}
        for function in found.functions:
            for name, declared in function.dependents:
                if declared is not None and name in self.names.factors:
                    self._define(defined, name, declared, function.where)
                elif declared is not None and (known := self._known(name)) is not None and known[1] is None:
                    value, low, high = declared
                    self._of(known[0]).update(inits=[value], bounds=[[low, high]])
        steered = {function.name for function in functions}
        for channel in found.channels:
            for sample in channel.samples:
                for modifier in sample.modifiers:
                    if isinstance(modifier, NormFactor) and modifier.name not in steered:
                        declared = modifier.value, modifier.low, modifier.high
                        self._define(defined, modifier.name, declared, modifier.where)
        for name, (value, low, high) in defined.items():
            if self.names.factors[name] not in self.scalars:
                continue
            setting = self._of(self.names.factors[name])
            setting.update(inits=[value], bounds=[[low, high]])
            if low == high:
                setting.update(fixed=True)

    def _define(
        self, defined: dict[str, tuple[float, float, float]], name: str, new: tuple[float, float, float], where: str
    ) -> None:
        known = defined.setdefault(name, new)
        if known != new:
            text = f'"{name}" has start and range {_shown(known)} already, as in ROOT; {_shown(new)} here is not used'
            self.notes.append(Note(where, text, "read as"))

    def _constraints(self) -> None:
        for name, term in self.terms.items():
            here = self.names.alphas[name]
            if term.kind == "Uniform" and here in self.scalars:
                self._of(here).update(sigmas=[100.0])
                text = (
                    f'Uniform on "{name}" is a normal constraint of width 100, as ROOT makes it; flat would be "none"'
                )
                self.notes.append(Note(term.where, text, "read as"))
            elif term.kind == "Gamma" and (beta := f"beta_{name}") in self.scalars:
                count = 1.0 / term.relative**2
                if count > _CLAMP:
                    text = (
                        f'the Gamma constraint of "{name}" peaks at 1; ROOT clamps its observable {count:.4g} to '
                        f"{_CLAMP:g}, so that its fits differ"
                    )
                    self.notes.append(Note(term.where, text, "approximate"))
                self._of(beta).update(
                    inits=[1.0], bounds=[[0.0, 10.0]], constraint="poisson", auxdata=[count], factors=[count]
                )
            elif term.kind == "LogNormal" and here in self.scalars:
                self._of(here).update(
                    inits=[0.0], bounds=[[-5.0, 5.0]], constraint="normal", auxdata=[0.0], sigmas=[1.0]
                )

    def _gammas(self) -> None:
        for name, gamma in self.gammas.items():
            setting = self._of(name)
            setting.update(bounds=gamma.bounds)
            if gamma.starts is not None:
                setting.update(inits=gamma.starts.tolist())
            widths = gamma.widths
            if widths is not None and gamma.constraint == "normal":
                setting.update(sigmas=widths.tolist())
            elif widths is not None:
                setting.update(factors=(1.0 / widths**2).tolist())
            if widths is not None or not np.array_equal(gamma.constant, gamma.constant_here):
                self._fix(setting, gamma.constant.tolist())

    def _fix(self, setting: JSONDict, constant: list[bool]) -> None:
        setting.update(fixed=True if all(constant) else constant)

    def _set(self, name: str, const: bool, value: float | None, where: str) -> None:
        """Apply a ParamSetting to one parameter."""
        found = self._known(name)
        if found is None:
            hint = nearest(name, self.names.all_of_root())
            text = f'ParamSetting of "{name}" has no effect, as in ROOT: no such parameter in the model{hint}'
            self.notes.append(Note(where, text, "read as"))
            return
        here, bins = found
        if bins is None:
            setting = self._of(here)
            if const:
                setting.update(fixed=True)
            if value is not None:
                bounds = setting.get("bounds", [[-5.0, 5.0]])
                setting.update(inits=[self._inside(name, value, bounds[0], where)])
            return
        gamma = self.gammas[here]
        component = gamma.component(bins)
        if component is None:
            text = f'ParamSetting of "{name}" has no effect, as in ROOT: there is no such bin'
            self.notes.append(Note(where, text, "read as"))
            return
        setting = self._of(here)
        if const:
            now = setting.get("fixed", gamma.constant.tolist())
            now = [now] * gamma.size if isinstance(now, bool) else list(now)
            now[component] = True
            self._fix(setting, now)
        if value is not None:
            starts = list(setting.get("inits", [1.0] * gamma.size))
            starts[component] = self._inside(name, value, gamma.bounds[component], where)
            setting.update(inits=starts)

    def _known(self, name: str) -> tuple[str, tuple[int, ...] | None] | None:
        """Return name here and bin of a parameter of the model."""
        if name.startswith("beta_") and name in self.scalars and name not in self.names.factors:
            return name, None
        found = self.names.of_root(name)
        if found is None or found[0] not in (self.scalars if found[1] is None else self.gammas):
            return None
        return found

    def _inside(self, name: str, value: float, bounds: Sequence[Any], where: str) -> float:
        """Return a start inside of its range, as ROOT sets it."""
        inside = float(min(max(value, bounds[0]), bounds[1]))
        if inside != value:
            text = f'"{name}" starts at {inside:g}, as in ROOT: Val={value:g} is outside of its range'
            self.notes.append(Note(where, text, "read as"))
        return inside

    def _pois(self) -> list[str]:
        pois: list[str] = []
        for name in self.measurement.pois:
            found = self._known(name)
            if found is None or found[1] is not None:
                why = "one of a parameter per bin" if found is not None else "no parameter of the model"
                hint = nearest(name, self.names.all_of_root()) if found is None else ""
                text = f'parameter of interest "{name}" is {why}; it is left out{hint}'
                self.notes.append(Note(self.measurement.where, text, "lost"))
            elif found[0] not in pois:
                pois.append(found[0])
        return pois


def _shown(definition: tuple[float, float, float]) -> str:
    return "{:g} in [{:g}, {:g}]".format(*definition)
