"""Channels of a description as channels of a workspace: histograms looked up, elements said as modifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.axis import Axis
from wilks.formats.histfactory_xml.folders import histograms_of, split_path
from wilks.formats.histfactory_xml.gammas import GammaSet, statistical
from wilks.formats.histfactory_xml.names import LUMI, Names
from wilks.formats.histfactory_xml.records import (
    Channel,
    HistoFactor,
    HistogramName,
    HistoSys,
    NormFactor,
    OverallSys,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.formats.notes import Note
from wilks.formats.root_files import RootFiles, RootHistogram


@dataclass
class Made:
    """What was made of all channels: plain data of a document, gammas by name, what there is to tell.

    `observed` has the counts of channels with data; `further` those of data sets with names. `idle_lumi` says that the
    luminosity is 1 whatever happens: samples with NormalizeByTheory="False" are then made without it, and so are those
    with a NormFactor of `inverse_lumi`, functions that are 1/Lumi.
    """

    channels: list[JSONDict] = field(default_factory=list)
    observed: dict[str, list[float]] = field(default_factory=dict)
    further: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)
    gammas: dict[str, GammaSet] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    idle_lumi: bool = False
    inverse_lumi: frozenset[str] = frozenset()


Histograms = Mapping[HistogramName, RootHistogram | None]


def look_up(channels: tuple[Channel, ...], base: Path, files: RootFiles) -> dict[HistogramName, RootHistogram | None]:
    """Return every histogram that the channels name, None for those that can't be read."""
    found: dict[HistogramName, RootHistogram | None] = {}
    for channel in channels:
        for named in histograms_of(channel):
            file, inside = split_path(named)
            found[named] = files.histogram(base / file, inside, named.where) if file and named.name else None
    return found


def make_channels(
    channels: tuple[Channel, ...],
    histograms: Histograms,
    names: Names,
    effects: Mapping[str, str | None],
    *,
    idle_lumi: bool,
    inverse_lumi: frozenset[str],
) -> Made:
    """Return the channels as a workspace says them.

    `effects` has, for OverallSys whose constraint is not normal, the name of what steers them, None for those that are
    dropped. `idle_lumi` and `inverse_lumi`: see `Made`.
    """
    made = Made(idle_lumi=idle_lumi, inverse_lumi=inverse_lumi)
    for channel in channels:
        _Channel(channel, histograms, names, effects, made).make()
    _mark_shared(made)
    return made


def _mark_shared(made: Made) -> None:
    """Say of every shapesys that acts in several places that its parameters are shared."""
    found: dict[str, list[JSONDict]] = {}
    for channel in made.channels:
        for sample in channel["samples"]:
            for modifier in sample["modifiers"]:
                if modifier["type"] == "shapesys":
                    found.setdefault(modifier["name"], []).append(modifier)
    for modifiers in found.values():
        if len(modifiers) > 1:
            for modifier in modifiers:
                modifier["shared"] = True


def _absolute(relative: FloatArray, nominal: FloatArray, errors: FloatArray | None) -> FloatArray:
    """Return absolute uncertainties; the errors of the histogram of relative ones where they are the same but rounding.

    This package writes them there, so that they come back as they were.
    """
    absolute = relative * np.abs(nominal)
    if errors is None or not errors.any():
        return absolute
    same = np.abs(absolute - errors) <= 4 * np.finfo(np.float64).eps * errors
    return errors if same[(nominal > 0) & (relative > 0)].all() else absolute


class _Channel:
    """One channel on its way."""

    def __init__(
        self, channel: Channel, histograms: Histograms, names: Names, effects: Mapping[str, str | None], made: Made
    ) -> None:
        self.channel, self.histograms, self.names, self.effects, self.made = channel, histograms, names, effects, made
        self.shape = self._shape()

    def make(self) -> None:
        channel, made = self.channel, self.made
        uncertainties = self._statistical()
        samples = [self._sample(sample, uncertainties.get(sample.name)) for sample in channel.samples]
        made.channels.append({"name": channel.name, "samples": samples})
        for data in channel.data:
            histogram = self._of(data.histogram)
            if histogram is None:
                continue
            if data.name:
                made.further.setdefault(data.name, {})[channel.name] = histogram.values.tolist()
            else:
                made.observed[channel.name] = histogram.values.tolist()
            if histogram.axis is not None:
                made.axes.setdefault(channel.name, histogram.axis)
        nominal = self.histograms.get(channel.samples[0].histogram) if channel.samples else None
        if nominal is not None and nominal.axis is not None:
            made.axes.setdefault(channel.name, nominal.axis)

    def _shape(self) -> tuple[int, ...]:
        """Return the bins per axis: those of the first sample that can be read."""
        found = (self.histograms.get(sample.histogram) for sample in self.channel.samples)
        return next((histogram.shape for histogram in found if histogram is not None), ())

    def _of(self, named: HistogramName) -> RootHistogram | None:
        """Return a histogram of the channel; None where it is missing or has other bins, which is noted."""
        found = self.histograms.get(named)
        if found is None or not self.shape or found.shape == self.shape:
            return found
        bins, others = (" x ".join(map(str, shape)) for shape in (found.shape, self.shape))
        name = "/".join(part for part in (named.path.strip("/"), named.name) if part)
        self.made.problems.append(
            f'{named.where}: histogram "{name}" has {bins} bins, the samples of channel "{self.channel.name}" have '
            f"{others}"
        )
        return None

    def _statistical(self) -> dict[str, FloatArray]:
        """Return the absolute statistical uncertainties of the samples that have any, and note the parameters."""
        active = [(s, m) for s in self.channel.samples for m in s.modifiers if isinstance(m, StatError)]
        found: list[tuple[Sample, RootHistogram, RootHistogram | None]] = []
        for sample, modifier in active:
            nominal = self._of(sample.histogram)
            relative = self._of(modifier.histogram) if modifier.histogram is not None else None
            if nominal is None or (modifier.histogram is not None and relative is None):
                continue
            for histogram in (nominal, relative):
                if histogram is not None and histogram.classname[3:] not in ("D", "F"):
                    text = (
                        f"ROOT keeps uncertainties in a {histogram.classname} as whole numbers, which is not done here"
                    )
                    self.made.notes.append(Note(modifier.where, text, "approximate"))
            found.append((sample, nominal, relative))
        if not found:
            return {}
        absolute, relative_error, derived = statistical([(nominal, relative) for _, nominal, relative in found])
        name = self.names.statistical[self.channel.name]
        made = GammaSet(
            name,
            "staterror",
            self.shape,
            self.channel.constraint,
            relative_error,
            active[0][1].where,
            self.channel.threshold,
        )
        made.derived = derived
        self.made.gammas[name] = made
        return {sample.name: error for (sample, _, _), error in zip(found, absolute, strict=True)}

    def _sample(self, sample: Sample, uncertainty: FloatArray | None) -> JSONDict:
        nominal = self._of(sample.histogram)
        values = nominal.values if nominal is not None else np.zeros(max(int(np.prod(self.shape or (1,))), 1))
        inverse = [m for m in sample.modifiers if isinstance(m, NormFactor) and m.name in self.made.inverse_lumi]
        without = bool(inverse) or (sample.by_theory is False and self.made.idle_lumi)
        if inverse:
            text = f'is read without the luminosity: its NormFactor "{inverse[0].name}" is 1/Lumi'
            self.made.notes.append(Note(sample.where, f'sample "{sample.name}" {text}', "read as"))
        modifiers: list[JSONDict] = [] if without else [{"name": LUMI, "type": "lumi", "data": None}]
        for modifier in sample.modifiers:
            match modifier:
                case NormFactor() if modifier.name in self.made.inverse_lumi:
                    continue
                case NormFactor():
                    self._norm_factor(modifier, modifiers)
                case OverallSys():
                    self._overall_sys(modifier, modifiers)
                case HistoSys():
                    self._histo_sys(modifier, modifiers)
                case ShapeSys():
                    self._shape_sys(modifier, values, modifiers)
                case ShapeFactor():
                    self._shape_factor(modifier, modifiers)
                case HistoFactor():
                    text = f'HistoFactor "{modifier.name}" has no effect, as in ROOT, which reads over it'
                    self.made.notes.append(Note(modifier.where, text, "read as"))
                case StatError() if uncertainty is not None:
                    modifiers.append(self._stat_error(uncertainty))
        return {"name": sample.name, "data": values.tolist(), "modifiers": modifiers}

    def _norm_factor(self, modifier: NormFactor, modifiers: list[JSONDict]) -> None:
        name = self.names.factors[modifier.name]
        if modifier.name == "Lumi":
            self.made.problems.append(
                f"{modifier.where}: a NormFactor Lumi would be the luminosity once more; rename it"
            )
        if any((m["name"], m["type"]) == (name, "normfactor") for m in modifiers):
            text = f'NormFactor "{modifier.name}" stands twice in its sample and acts once, as in ROOT'
            self.made.notes.append(Note(modifier.where, text, "read as"))
            return
        if modifier.const:
            text = f'Const of NormFactor "{modifier.name}" has no effect, as in ROOT: use ParamSetting'
            self.made.notes.append(Note(modifier.where, text, "read as"))
        modifiers.append({"name": name, "type": "normfactor", "data": None})

    def _overall_sys(self, modifier: OverallSys, modifiers: list[JSONDict]) -> None:
        steered = self.effects.get(modifier.name, self.names.alphas[modifier.name])
        if steered is not None:
            data = {"lo": modifier.low, "hi": modifier.high}
            modifiers.append({"name": steered, "type": "normsys", "data": data})

    def _histo_sys(self, modifier: HistoSys, modifiers: list[JSONDict]) -> None:
        low, high = self._of(modifier.low), self._of(modifier.high)
        if low is not None and high is not None:
            data = {"lo_data": low.values.tolist(), "hi_data": high.values.tolist()}
            modifiers.append({"name": self.names.alphas[modifier.name], "type": "histosys", "data": data})

    def _shape_sys(self, modifier: ShapeSys, nominal: FloatArray, modifiers: list[JSONDict]) -> None:
        histogram = self._of(modifier.histogram)
        if histogram is None:
            return
        relative = np.where(histogram.values > 0, histogram.values, 0.0)
        new = GammaSet(
            self.names.shapes[modifier.name], "shapesys", self.shape, modifier.constraint, relative, modifier.where
        )
        known = self._shared(new)
        if known is None or known.relative is None:
            return
        if known is not new and not np.allclose(known.relative, relative, rtol=1e-6, atol=0):
            text = f'ShapeSys "{modifier.name}" has its uncertainties from {known.where}, as in ROOT, not those here'
            self.made.notes.append(Note(modifier.where, text, "read as"))
        known.nominals.append(nominal)
        said: dict[str, Any] = {"constraint": "normal"} if known.constraint == "normal" else {}
        data = _absolute(known.relative, nominal, histogram.errors if known is new else None).tolist()
        modifiers.append({"name": known.name, "type": "shapesys", "data": data, **said})

    def _shape_factor(self, modifier: ShapeFactor, modifiers: list[JSONDict]) -> None:
        histogram = self._of(modifier.histogram) if modifier.histogram is not None else None
        new = GammaSet(self.names.shapes[modifier.name], "shapefactor", self.shape, "none", None, modifier.where)
        if histogram is not None:
            new.starts = histogram.values
        new.all_constant = modifier.const
        if self._shared(new) is not None:
            modifiers.append({"name": new.name, "type": "shapefactor", "data": None})

    def _shared(self, new: GammaSet) -> GammaSet | None:
        """Return the gammas of this name: those that there are, else the new ones; None where both can't be one."""
        known = self.made.gammas.setdefault(new.name, new)
        if known.kind != new.kind:
            self.made.problems.append(
                f'{new.where}: "{new.name}" is a {known.kind} at {known.where}; one name, two kinds'
            )
            return None
        if known.shape != new.shape:
            bins, others = (" x ".join(map(str, shape)) for shape in (new.shape, known.shape))
            self.made.problems.append(
                f'{new.where}: "{new.name}" has {bins} bins here and {others} at {known.where}; parameters of one name '
                "in channels of different bins can't be said"
            )
            return None
        return known

    def _stat_error(self, uncertainty: FloatArray) -> JSONDict:
        said: dict[str, Any] = {"constraint": "poisson"} if self.channel.constraint == "poisson" else {}
        if self.channel.threshold > 0:
            said["threshold"] = self.channel.threshold
        name = self.names.statistical[self.channel.name]
        return {"name": name, "type": "staterror", "data": uncertainty.tolist(), **said}
