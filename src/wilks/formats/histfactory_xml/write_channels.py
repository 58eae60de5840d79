"""Channels of a workspace as channel files and histograms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.formats.histfactory_xml.write_effects import Effects
from wilks.formats.histfactory_xml.write_names import WrittenNames
from wilks.formats.histfactory_xml.write_text import Tag
from wilks.formats.notes import Note
from wilks.formats.root_writing import Written
from wilks.workspace.spec import (
    Channel,
    HistoSys,
    Lumi,
    NormFactor,
    NormSys,
    ParameterSettings,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

INVERSE = "without_Lumi"
"""Name of the function 1/Lumi, which undoes the luminosity of ROOT on samples that don't carry it."""


@dataclass
class Told:
    """Notes and problems while a workspace is written; the same note is told once."""

    notes: list[Note] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def lost(self, place: str, text: str) -> None:
        """Note what is not carried over."""
        self.note(Note(place, text, "lost"))

    def note(self, note: Note) -> None:
        """Add a note that isn't there yet."""
        if note not in self.notes:
            self.notes.append(note)


class ChannelWriter:
    """One channel on its way to its file; its histograms are added to `histograms`."""

    def __init__(
        self,
        workspace: Workspace,
        channel: Channel,
        names: WrittenNames,
        effects: Effects,
        settings: Mapping[str, ParameterSettings],
        histograms: dict[str, Written],
        told: Told,
    ) -> None:
        self.workspace, self.channel, self.names, self.effects = workspace, channel, names, effects
        self.settings, self.histograms, self.told = settings, histograms, told
        self.inverse_lumi = False
        self.folder = names.channels[channel.name]
        self.axis = workspace.axis(channel.name)

    def element(self, file: str, luminous: set[str]) -> Tag:
        """Return the channel; `file` is the name of the ROOT file, `luminous` the samples that carry the luminosity."""
        if self.axis.bin_labels:
            self.told.lost(self._place(), "labels of bins are not written")
        children = [*self._data(), *self._statistical()]
        children += [self._sample(sample, (sample.name in luminous)) for sample in self.channel.samples]
        attributes = {"Name": self.folder, "InputFile": file, "HistoPath": self.folder}
        return Tag("Channel", attributes, children)

    def _place(self) -> str:
        return f'channel "{self.channel.name}"'

    def _store(self, name: str, values: Any, errors: Any = None) -> dict[str, str]:
        """Keep a histogram and return the attributes that name it."""
        found = np.asarray(values, np.float64)
        used = np.zeros_like(found) if errors is None else np.asarray(errors, np.float64)
        while f"{self.folder}/{name}" in self.histograms:
            name += "_"
        title = self.axis.label
        self.histograms[f"{self.folder}/{name}"] = Written(found, used, np.asarray(self.axis.edges), title)
        return {"HistoPath": self.folder, "HistoName": name}

    def _data(self) -> list[Tag]:
        document = self.workspace.document
        observed = next(one.data for one in document.observations if one.name == self.channel.name)
        found = [Tag("Data", self._store("data", observed))]
        for further in document.data_sets or ():
            counts = next(one.data for one in further.observations if one.name == self.channel.name)
            found.append(Tag("Data", {"Name": further.name, **self._store("further_data", counts)}))
        return found

    def _statistical(self) -> list[Tag]:
        carried = [m for sample in self.channel.samples for m in sample.modifiers if isinstance(m, StatError)]
        if not carried:
            return []
        if len({m.name for m in carried}) > 1:
            self.told.problems.append(f"{self._place()} has several staterrors, of which XML can say one")
        kind = "Poisson" if carried[0].constraint == "poisson" else "Gaussian"
        threshold = float(carried[0].threshold or 0.0)
        return [Tag("StatErrorConfig", {"RelErrorThreshold": threshold, "ConstraintType": kind})]

    def _sample(self, sample: Sample, luminous: bool) -> Tag:
        name = self.names.samples[self.channel.name][sample.name]
        statistical = next((m for m in sample.modifiers if isinstance(m, StatError)), None)
        nominal = np.asarray(sample.data, np.float64)
        stored = self._store(name, nominal, None if statistical is None else statistical.data)
        attributes = {"Name": name, **stored, "NormalizeByTheory": str(luminous)}
        children = []
        if self.inverse_lumi and not luminous:
            children.append(Tag("NormFactor", {"Name": INVERSE, "Val": 1.0, "Low": 0.0, "High": 10.0}))
        children += [tag for m in sample.modifiers if (tag := self._modifier(m, sample, name, nominal)) is not None]
        return Tag("Sample", attributes, children)

    def _modifier(self, modifier: Any, sample: Sample, stem: str, nominal: FloatArray) -> Tag | None:
        name = self.names.parameters.get(modifier.name, modifier.name)
        place = f'{self._place()}, sample "{sample.name}", "{modifier.name}"'
        match modifier:
            case Lumi():
                return None
            case NormFactor():
                return Tag("NormFactor", {"Name": name, **self._start(modifier.name)})
            case NormSys():
                self.effects.normsys(modifier, place)
                attributes = {"Low": float(modifier.data.lo), "High": float(modifier.data.hi)}
                return Tag("OverallSys", {"Name": self.effects.systematic(modifier.name, name), **attributes})
            case HistoSys():
                self.effects.histosys(modifier, nominal, place)
                low = self._store(f"{stem}_{name}_low", modifier.data.lo_data)
                high = self._store(f"{stem}_{name}_high", modifier.data.hi_data)
                sides = {
                    f"{key}{side}": value for side, one in (("Low", low), ("High", high)) for key, value in one.items()
                }
                return Tag("HistoSys", {"Name": name, **sides})
            case ShapeSys():
                return Tag("ShapeSys", {"Name": name, **self._relative(modifier, nominal, f"{stem}_{name}")})
            case ShapeFactor():
                asked = self.settings.get(modifier.name)
                starts = self._store(f"{stem}_{name}", asked.inits) if asked and asked.inits else {}
                return Tag("ShapeFactor", {"Name": name, **starts})
            case StatError():
                return Tag("StatError", {"Activate": "True"})
        return None

    def _start(self, name: str) -> dict[str, str | float]:
        """Return start and range of a factor: those of the first measurement."""
        asked = self.settings.get(name)
        value = float(asked.inits[0]) if asked and asked.inits else 1.0
        low, high = map(float, asked.bounds[0]) if asked and asked.bounds else (0.0, 10.0)
        if not low < high:
            self.told.lost(
                f'normfactor "{name}"', f"its range {low:g} to {high:g} is written a bit wider: ROOT needs one"
            )
            low, high = low - abs(low) * 1e-3 - 1e-3, high + abs(high) * 1e-3 + 1e-3
        return {"Val": value, "Low": low, "High": high}

    def _relative(self, modifier: ShapeSys, nominal: FloatArray, stem: str) -> dict[str, str]:
        """Keep relative uncertainties, the absolute ones as their errors; some are in the settings only."""
        data = np.asarray(modifier.data, np.float64)
        usable = (nominal > 0) & (data > 0)
        relative = np.where(usable, data / np.where(usable, nominal, 1.0), 0.0)
        asked = self.settings.get(modifier.name)
        widths = _widths(asked, modifier.constraint)
        if asked is not None and widths is not None and len(widths) == len(relative):
            held = np.broadcast_to(np.asarray(asked.fixed if asked.fixed is not None else True), relative.shape)
            relative = np.where(usable, relative, np.where(held, 0.0, widths))
        constraint = "Gaussian" if modifier.constraint == "normal" else "Poisson"
        return {**self._store(stem, relative, data), "ConstraintType": constraint}


def _widths(asked: ParameterSettings | None, constraint: str | None) -> FloatArray | None:
    """Return relative uncertainties that settings give."""
    if asked is None:
        return None
    if constraint == "normal" and asked.sigmas:
        return np.asarray(asked.sigmas, np.float64)
    if constraint != "normal" and asked.factors:
        return 1.0 / np.sqrt(np.asarray(asked.factors, np.float64))
    return None
