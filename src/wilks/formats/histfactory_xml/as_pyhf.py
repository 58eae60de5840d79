"""HistFactory descriptions as pyhf 0.7 reads them, for files that were made for it.

pyhf lets the luminosity act where NormalizeByTheory is "True" only, gives statistical uncertainties normal constraints
without a threshold and every ShapeSys a Poisson one, reads over ConstraintTerms and functions, and takes a histogram at
the top of a file before one in the folder that HistoPath names.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from wilks._types import JSONDict
from wilks.axis import Axis
from wilks.errors import WorkspaceError
from wilks.formats.histfactory_xml.folders import split_path
from wilks.formats.histfactory_xml.records import (
    Channel,
    Combination,
    HistogramName,
    HistoSys,
    Measurement,
    NormFactor,
    OverallSys,
    ParamSetting,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.formats.notes import Note, Reading
from wilks.formats.root_files import RootFiles, RootHistogram
from wilks.workspace.extensions import PYHF
from wilks.workspace.pyhf_json import load_workspace
from wilks.workspace.workspace import Workspace


def read_as_pyhf(
    found: Combination, base: Path, measurement: str | None, notes: list[Note], problems: list[str]
) -> Reading:
    """Return the workspace that pyhf makes of a description. Raises WorkspaceError, `problems` included."""
    with RootFiles(first=False) as files:
        reader = _AsPyhf(found, base, files, notes, problems)
        channels = [reader.channel(channel) for channel in found.channels]
        problems += files.problems()
    chosen = [one for one in found.measurements if measurement is None or one.name == measurement]
    measurements = [reader.measurement(one) for one in chosen]
    if problems:
        raise WorkspaceError(problems)
    document = {
        "channels": channels,
        "observations": reader.observations,
        "measurements": measurements,
        "version": PYHF,
    }
    return Reading(Workspace(load_workspace(document).document, reader.axes), tuple(notes), files.paths)


class _AsPyhf:
    """pyhf's reader, with a note wherever ROOT means something else."""

    def __init__(
        self, found: Combination, base: Path, files: RootFiles, notes: list[Note], problems: list[str]
    ) -> None:
        self.base, self.files, self.notes, self.problems = base, files, notes, problems
        self.observations: list[JSONDict] = []
        self.axes: dict[str, Axis] = {}
        self.factors: dict[str, JSONDict] = {}
        for function in found.functions:
            self._note(function.where, f'function "{function.name}" is not read; a NormFactor of its name is free')

    def _note(self, where: str, text: str) -> None:
        self.notes.append(Note(where, f"as in pyhf, {text}", "read as"))

    def _of(self, named: HistogramName, bins: int | None = None) -> RootHistogram | None:
        """Return a histogram: that at the top of its file if there is one, else that in its folder."""
        if not (named.file and named.name):
            return None
        file, inside = split_path(named)
        path = self.base / file
        at_top = named.name if path.is_file() and self.files.has(path, named.name) else inside
        if at_top != inside and named.path.strip("/") and self.files.has(path, inside):
            self._note(named.where, f'"{named.name}" at the top of {path} is read, not "{inside.strip("/")}"')
        histogram = self.files.histogram(path, at_top, named.where)
        if histogram is not None and len(histogram.shape) > 1:
            self.problems.append(
                f'{named.where}: "{named.name}" is a {histogram.classname}; pyhf reads one dimension only'
            )
            return None
        if histogram is not None and bins is not None and histogram.values.size != bins:
            self.problems.append(
                f'{named.where}: "{named.name}" has {histogram.values.size} bins, its channel has {bins}'
            )
            return None
        return histogram

    def channel(self, channel: Channel) -> JSONDict:
        data = self._of(channel.data[0].histogram) if channel.data else None
        if not channel.data:
            self.problems.append(f'{channel.where}: channel "{channel.name}" has no <Data>, which pyhf needs')
        if data is not None:
            self.observations.append({"name": channel.name, "data": data.values.tolist()})
            if data.axis is not None:
                self.axes[channel.name] = data.axis
        for further in channel.data[1:]:
            self._note(further.where, f'data set "{further.name}" is not read')
        if any(isinstance(m, StatError) for sample in channel.samples for m in sample.modifiers):
            self._note(channel.where, "statistical uncertainties have normal constraints and no threshold")
        bins = None if data is None else data.values.size
        return {"name": channel.name, "samples": [self._sample(channel, sample, bins) for sample in channel.samples]}

    def _sample(self, channel: Channel, sample: Sample, bins: int | None) -> JSONDict:
        nominal = self._of(sample.histogram, bins)
        values = nominal.values if nominal is not None else np.ones(bins or 1)
        modifiers: list[JSONDict] = [{"name": "lumi", "type": "lumi", "data": None}] if sample.by_theory else []
        for modifier in sample.modifiers:
            match modifier:
                case OverallSys():
                    data = {"lo": modifier.low, "hi": modifier.high}
                    modifiers.append({"name": modifier.name, "type": "normsys", "data": data})
                case NormFactor():
                    self._factor(modifier)
                    modifiers.append({"name": modifier.name, "type": "normfactor", "data": None})
                case HistoSys():
                    low, high = self._of(modifier.low, values.size), self._of(modifier.high, values.size)
                    if low is not None and high is not None:
                        data_ = {"lo_data": low.values.tolist(), "hi_data": high.values.tolist()}
                        modifiers.append({"name": modifier.name, "type": "histosys", "data": data_})
                case StatError():
                    relative = None
                    if modifier.histogram is not None:
                        relative = self._of(self._own(modifier.histogram, sample), values.size)
                    if nominal is not None and (relative is not None or modifier.histogram is None):
                        error = nominal.errors if relative is None else relative.values * values
                        name = f"staterror_{channel.name}"
                        modifiers.append({"name": name, "type": "staterror", "data": error.tolist()})
                case ShapeSys():
                    relative = self._of(modifier.histogram, values.size)
                    if modifier.constraint != "poisson":
                        self._note(modifier.where, f'ShapeSys "{modifier.name}" has Poisson constraints')
                    if relative is not None:
                        uncertainty = (values * relative.values).tolist()
                        modifiers.append({"name": modifier.name, "type": "shapesys", "data": uncertainty})
                case ShapeFactor():
                    modifiers.append({"name": modifier.name, "type": "shapefactor", "data": None})
        return {"name": sample.name, "data": values.tolist(), "modifiers": modifiers}

    def _own(self, histogram: HistogramName, sample: Sample) -> HistogramName:
        """Return where pyhf looks for relative uncertainties: in the sample's file, whatever the element says."""
        if histogram.file != sample.histogram.file:
            text = f'InputFile="{histogram.file}" of StatError is not read: the file is the sample\'s'
            self._note(histogram.where, text)
        return replace(histogram, file=sample.histogram.file)

    def _factor(self, modifier: NormFactor) -> None:
        new: JSONDict = {"name": modifier.name, "bounds": [[modifier.low, modifier.high]], "inits": [modifier.value]}
        if modifier.const:
            new["fixed"] = True
        if self.factors.setdefault(modifier.name, new) != new:
            self.problems.append(
                f'{modifier.where}: NormFactor "{modifier.name}" has another start, range or Const than before, which '
                "pyhf refuses"
            )

    def measurement(self, measurement: Measurement) -> JSONDict:
        lumi, sigma = measurement.lumi, measurement.lumi * measurement.lumi_relative_error
        settings: dict[str, JSONDict] = {
            "lumi": {
                "name": "lumi",
                "auxdata": [lumi],
                "bounds": [[lumi - 5.0 * sigma, lumi + 5.0 * sigma]],
                "inits": [lumi],
                "sigmas": [sigma],
            }
        }
        settings |= {name: dict(setting) for name, setting in self.factors.items()}
        for setting in measurement.settings:
            self._setting(setting, settings)
        for term in measurement.terms:
            self._note(term.where, f"ConstraintTerm {term.kind} is not read")
        if len(measurement.pois) > 1:
            text = (
                f'of several parameters of interest only the first is read, "{measurement.pois[0]}" (pyhf refuses them)'
            )
            self.notes.append(Note(measurement.where, text, "lost"))
        poi = measurement.pois[0] if measurement.pois else ""
        return {"name": measurement.name, "config": {"poi": poi, "parameters": list(settings.values())}}

    def _setting(self, setting: ParamSetting, settings: dict[str, JSONDict]) -> None:
        for name in setting.names:
            if name.startswith("gamma_"):
                self.problems.append(
                    f'{setting.where}: ParamSetting of "{name}", a parameter per bin, which pyhf refuses'
                )
                continue
            here = "lumi" if name == "Lumi" else name.removeprefix("alpha_")
            said = settings.pop(here, {"name": here}) if here != "lumi" else settings["lumi"]
            if setting.const:
                said["fixed"] = True
            if setting.value is not None:
                said["inits"] = [setting.value]
            settings[here] = said
