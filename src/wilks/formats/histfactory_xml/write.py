"""Workspaces are written as HistFactory descriptions: XML files, one ROOT file, and the DTD that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from wilks._files import write_atomically
from wilks.errors import WorkspaceError, listed
from wilks.formats.histfactory_xml.dtd import FILE, declarations
from wilks.formats.histfactory_xml.expected import needs_clip
from wilks.formats.histfactory_xml.write_channels import INVERSE, ChannelWriter, Told
from wilks.formats.histfactory_xml.write_effects import Effects
from wilks.formats.histfactory_xml.write_names import written_names
from wilks.formats.histfactory_xml.write_settings import MeasurementWriter
from wilks.formats.histfactory_xml.write_text import Tag, document_text
from wilks.formats.notes import Note, Writing
from wilks.formats.root_formulas import with_fractions
from wilks.formats.root_writing import Written, root_file
from wilks.workspace.expressions import FUNCTIONS, parse_expression
from wilks.workspace.spec import Lumi, NormFactor, ParameterSettings
from wilks.workspace.workspace import Workspace

_WORD = re.compile(r"(?P<skip>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|@\d+|\bx\[\d+\])|(?P<name>[^\W\d][\w.]*)")


def write(workspace: Workspace, path: str | Path) -> Writing:
    """Write a workspace as HistFactory XML with a ROOT file, and return the files and what of it is lost.

    `path` is the top file, `NAME.xml`; beside it come `NAME_CHANNEL.xml` for each channel, `NAME.root` with all
    histograms and `HistFactorySchema.dtd`. Paths in them begin at this folder: run hist2workspace there. ROOT then
    builds the same model; `read` gives back the same numbers, bit for bit, but for what the notes say.

    Raises WorkspaceError, with every reason, where it can't be said at all; nothing is written then. OSError where the
    folder can't be written.

    >>> import wilks
    >>> writing = write(wilks.examples.measurement(), "model.xml")
    >>> [file.name for file in writing.files][:3]
    ['model.root', 'HistFactorySchema.dtd', 'model_electrons.xml']
    >>> print(writing.notes[0])
    parameter "Jet energy scale": is called "Jet_energy_scale" in the files, where names are of A-Z, 0-9 and _
    """
    target = Path(path)
    if target.suffix.lower() != ".xml":
        raise WorkspaceError(f"{path}: the top file of a HistFactory description ends in .xml")
    samples = ((channel.name, sample) for channel in workspace.document.channels for sample in channel.samples)
    if morphed := [f"{channel}/{sample.name}" for channel, sample in samples if sample.morphing is not None]:
        raise WorkspaceError(f"{path}: HistFactory XML can't say how yields of {listed(morphed)} are morphed")
    files = _Contents(workspace, target.stem)
    for name, content in files.contents.items():
        write_atomically(target.with_name(name), content)
    return Writing(tuple(target.with_name(name) for name in files.contents), tuple(files.told.notes))


class _Contents:
    """The files of a description, by name; the top file last."""

    def __init__(self, workspace: Workspace, stem: str) -> None:
        self.workspace, self.document, self.told = workspace, workspace.document, Told()
        self.contents: dict[str, bytes] = {}
        self.histograms: dict[str, Written] = {}
        functions = _functions(self.document)
        self.names = written_names(self.document, _parameters_of(functions), self.told.notes)
        self.effects = Effects(functions, self.told.notes, self.told.problems)
        self.first = {one.name: one for one in self.document.measurements[0].config.parameters}
        self._whole()
        self._make(stem)
        if self.told.problems:
            raise WorkspaceError(self.told.problems)

    def _make(self, stem: str) -> None:
        channels: dict[str, Tag] = {}
        luminous = self._luminous()
        declared = self._declared_lumi(luminous)
        for channel in self.document.channels:
            writer = ChannelWriter(
                self.workspace, channel, self.names, self.effects, self.first, self.histograms, self.told
            )
            writer.inverse_lumi = declared is not None
            name = f"{stem}_{self.names.channels[channel.name]}.xml"
            channels[name] = writer.element(f"{stem}.root", luminous.get(channel.name, set()))
        measurements = [
            MeasurementWriter(
                self.document, one, self.names, self.effects, self.first, self.told, declared_lumi=declared
            ).element()
            for one in self.document.measurements
        ]
        inputs = [Tag("Input", text=name) for name in channels]
        functions = self._function_tags()
        if declared is not None:
            dependents = f"Lumi[{declared!r},0,{10.0 * declared!r}]"
            functions.append(Tag("Function", {"Name": INVERSE, "Expression": "1/Lumi", "Dependents": dependents}))
        top = Tag("Combination", {"OutputFilePrefix": stem}, [*functions, *inputs, *measurements])
        self.contents[f"{stem}.root"] = root_file(self.histograms)
        self.contents[FILE] = declarations().encode()
        self.contents |= {name: document_text(tag) for name, tag in channels.items()}
        self.contents[f"{stem}.xml"] = document_text(top)
        text = "paths in the files begin at the folder of the top file: run hist2workspace there"
        self.told.note(Note(f"{stem}.xml", text, "read as"))

    def _whole(self) -> None:
        """Note what of the whole workspace can't be said."""
        document: Any = self.document
        for key, what in (("groups", "groups of parameters"), ("masks", "masks: all bins count in ROOT")):
            if getattr(document, key, None):
                self.told.lost("workspace", f"{what} are not written" if key == "groups" else what)
        for function in document.functions or ():
            if function.penalty:
                self.told.lost(f'function "{function.name}"', "what is added to the likelihood is not written")
        for measurement in document.measurements:
            if getattr(measurement.config, "correlations", None):
                self.told.lost(f'measurement "{measurement.name}"', "correlations between constraints are not written")
        clipped = all(getattr(measurement.config, "clip", None) for measurement in document.measurements)
        if not clipped and needs_clip(self.workspace.spec["channels"]):
            text = "histosys can bring yields below 0, where ROOT takes 0 and this workspace does not"
            self.told.note(Note("workspace", text, "approximate"))

    def _luminous(self) -> dict[str, set[str]]:
        """Return the samples of each channel that carry the luminosity; ROOT lets it act on all of them."""
        return {
            channel.name: {s.name for s in channel.samples if any(isinstance(m, Lumi) for m in s.modifiers)}
            for channel in self.document.channels
        }

    def _declared_lumi(self, luminous: dict[str, set[str]]) -> float | None:
        """Return where the luminosity starts if some samples don't carry it: those get a factor 1/Lumi; else None."""
        without = [
            f"{channel.name}/{sample.name}"
            for channel in self.document.channels
            for sample in channel.samples
            if sample.name not in luminous[channel.name]
        ]
        if not without or not any(luminous.values()):
            return None
        shown = ", ".join(without[:6]) + (f" and {len(without) - 6} more" if len(without) > 6 else "")
        text = f"in ROOT the luminosity acts on all samples; {shown} get a factor 1/Lumi, which undoes it"
        self.told.note(Note("workspace", text, "read as"))
        return self._lumi()

    def _lumi(self) -> float:
        """Return where the luminosity of the first measurement is centred."""
        asked = self.first.get("lumi")
        return float((asked.auxdata or asked.inits or [1.0])[0]) if asked else 1.0

    def _function_tags(self) -> list[Tag]:
        """Return the functions that steer factors, those before others that they need."""
        wanted = {
            m.name
            for channel in self.document.channels
            for sample in channel.samples
            for m in sample.modifiers
            if isinstance(m, NormFactor) and m.name in self.effects.functions
        }
        ordered: list[str] = []
        for name in self.effects.functions:
            self._ordered(name, ordered)
        needed: set[str] = set()
        for name in reversed(ordered):
            if name in wanted | needed:
                needed |= {name, *self.effects.functions[name][1]}
        return [self._function_tag(name) for name in ordered if name in needed]

    def _ordered(self, name: str, ordered: list[str]) -> None:
        for needed in self.effects.functions[name][1]:
            if needed in self.effects.functions and needed not in ordered:
                self._ordered(needed, ordered)
        if name not in ordered:
            ordered.append(name)

    def _function_tag(self, name: str) -> Tag:
        expression, parameters = self.effects.functions[name]

        def said(match: re.Match[str]) -> str:
            word = match["name"]
            return match[0] if not word or word in FUNCTIONS else self.names.scalar(word)

        dependents = [self._dependent(parameter) for parameter in parameters]
        attributes = {
            "Name": self.names.parameters[name],
            "Expression": _WORD.sub(said, with_fractions(expression, parameters)),
            "Dependents": ",".join(dependents),
        }
        return Tag("Function", attributes)

    def _dependent(self, parameter: str) -> str:
        """Return a parameter with its start and range, as functions declare them."""
        root = self.names.scalar(parameter)
        if parameter in self.effects.functions:
            return root
        if root == "Lumi":
            return f"Lumi[{self._lumi()!r},0,{10.0 * self._lumi()!r}]"
        if root.startswith("alpha_") and parameter in self.names.types:
            return f"{root}[0,-5,5]"
        asked: ParameterSettings | None = self.first.get(parameter)
        start = float(asked.inits[0]) if asked and asked.inits else 1.0
        low, high = map(float, asked.bounds[0]) if asked and asked.bounds else (0.0, 10.0)
        return f"{root}[{start!r},{low!r},{high!r}]"


def _functions(document: Any) -> dict[str, tuple[str, list[str]]]:
    """Return the expression of each function and the parameters and functions that it needs."""
    found: dict[str, tuple[str, list[str]]] = {}
    for function in getattr(document, "functions", None) or ():
        names = parse_expression(function.expression, function.parameters).names
        found[function.name] = function.expression, list(function.parameters or names)
    return found


def _parameters_of(functions: dict[str, tuple[str, list[str]]]) -> list[str]:
    return [name for function, (_, parameters) in functions.items() for name in (function, *parameters)]
