"""A configuration of TRExFitter, imported: steering file, commands, and a report of what became of every setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wilks._reading import read_file
from wilks.config.load import load_config
from wilks.config.schema import Config
from wilks.errors import ConfigError
from wilks.trexfitter.analysis import DATA, GHOST, Analysis, analysis_of, type_of
from wilks.trexfitter.commands import Command, Commands
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, Contents, blocks_of, lines_of, recognise
from wilks.trexfitter.keys import Kind
from wilks.trexfitter.notes import Notes, grouped
from wilks.trexfitter.paths import Composer, absent_files
from wilks.trexfitter.regions import VALIDATION
from wilks.trexfitter.regions import type_of as region_type
from wilks.trexfitter.replacements import replaced, require_files
from wilks.trexfitter.running import names_of, not_run
from wilks.trexfitter.steering import Steering, steering_of
from wilks.trexfitter.writing import as_yaml


@dataclass(frozen=True)
class Imported:
    """What became of one configuration.

    `document` is the steering file as a dictionary and `text` as YAML; `commands` say what is no steering. `validation`
    is a second steering file with the VALIDATION regions alone, None where there are none. `not_run` are sentences
    about what blinds the fit, or restricts it: commands do it, and a run of the whole analysis does not.
    """

    path: Path
    document: Mapping[str, Any]
    text: str
    commands: tuple[Command, ...]
    notes: Notes
    validation: str | None = None
    not_run: tuple[str, ...] = ()

    @property
    def absent(self) -> list[str]:
        """Sentences about input files that are not there, each with the settings that made its name."""
        return self.notes.absent

    @property
    def cannot(self) -> list[str]:
        """Sentences about settings that can't be said, in the order of the file."""
        return [str(note) for note in self.notes.of(Kind.NONE)]

    @property
    def approximate(self) -> list[str]:
        """Sentences about settings that are said nearly, in the order of the file."""
        return grouped(self.notes.of(Kind.APPROXIMATE))

    def report(self) -> list[str]:
        """Return the lines of the report: exact, approximate, can't be said."""
        return self.notes.lines()

    def config(self) -> Config:
        """Return the analysis as `load_config` does. Raises ConfigError."""
        return load_config(self.document)


def read_blocks(path: str | Path, replacements: Iterable[str | Path] = (), content: bytes | None = None) -> Contents:
    """Return the blocks of a configuration, placeholders replaced, and the mistakes in its text. Raises ConfigError."""
    given = [*replacements]
    require_files(given)
    contents = Contents()
    lines = lines_of(Path(path), str(path), contents, content=content)
    blocks_of(replaced(lines, Path(path), given, contents), contents)
    return contents


def import_trex(path: str | Path, replacements: Iterable[str | Path] = (), output: str = "config.yml") -> Imported:
    """Return what a configuration of TRExFitter says, as a steering file, commands and a report.

    `replacements` are files of placeholders (`XXX_name: value`) in place of the one that the configuration names;
    `output` is the name of the steering file in the commands. No input is read. Raises ConfigError with all mistakes:
    unknown blocks, settings and names, placeholders without a replacement, and what makes another model (unfolding,
    morphing, effective field theory, C++ code).

    >>> import pathlib, tempfile
    >>> text = '''
    ... Job: "example"
    ...   ReadFrom: HIST
    ...   HistoPath: "in"
    ...   POI: "mu"
    ...
    ... Region: "SR"
    ...   Type: SIGNAL
    ...   HistoName: "mass"
    ...
    ... Sample: "Data"
    ...   Type: DATA
    ...   HistoFile: "data"
    ...
    ... Sample: "Signal"
    ...   Type: SIGNAL
    ...   HistoFile: "signal"
    ...   NormFactor: "mu",1,0,5
    ... '''
    >>> config = pathlib.Path(tempfile.mkdtemp()) / "example.config"
    >>> _ = config.write_text(text)
    >>> found = import_trex(config)
    >>> found.document["General"]["InputPath"], found.document["NormFactors"][0]["Bounds"]
    ('in/{SamplePath}.root:mass{VariationPath}', [0, 5])
    """
    contents = read_blocks(path, replacements)
    return imported(contents, Path(path), output)


def load_trex(path: str | Path, *, to_run: bool = False) -> Config:
    """Return the analysis that a configuration of TRExFitter describes, as `load_config` does for a steering file.

    `Config.source` is its path. Raises ConfigError with all mistakes, and where something can't be said or an input
    file is not there: nothing is left out of an analysis that is run. `to_run` asks for all of it: what blinds the fit,
    or restricts it, is a mistake then.
    """
    found = import_trex(path)
    problems = [
        f"{sentence} (can't be said; wilks import-trex writes a steering file without it)" for sentence in found.cannot
    ]
    problems += [f"{path}: {sentence}" for sentence in found.absent]
    problems += found.not_run if to_run else ()
    if problems:
        raise ConfigError(problems)
    return found.config().model_copy(update={"source": Path(path).absolute()})


def is_trex(source: object) -> bool:
    """Return whether a source of an analysis is the path of a configuration of TRExFitter, by its content."""
    if not isinstance(source, (str, Path)):
        return False
    try:
        return Path(source).is_file() and recognise(read_file(source))
    except (OSError, ValueError):
        return False


def imported(contents: Contents, path: Path, output: str = "config.yml", measurement: str = "") -> Imported:
    """Return what blocks say; `measurement` is a name in place of the job's. Raises ConfigError with all mistakes."""
    notes = Notes(mistakes=contents.mistakes)
    analysis = analysis_of(contents, notes)
    if analysis is None or any("can't be imported" in sentence for sentence in notes.mistakes):
        raise ConfigError(in_order(notes.mistakes))
    regions = [r for r in analysis.of("Region") if region_type(r) != VALIDATION]
    apart = [r for r in analysis.of("Region") if region_type(r) == VALIDATION]
    if not regions:
        notes.mistakes.append(f"{path}: no region of Type SIGNAL or CONTROL, so there is nothing to fit")
        raise ConfigError(in_order(notes.mistakes))
    composer = Composer(analysis)
    found = _steering(analysis, composer, regions)
    workspace = f"{Path(output).stem}.json"
    commands = Commands(analysis, found.document, workspace).of_fit(output) if found else []
    _all_read(analysis, apart)
    if notes.mistakes or found is None:
        raise ConfigError(in_order(notes.mistakes))
    try:
        load_config(found.document)
    except ConfigError as error:
        raise ConfigError(in_order(map(found.problem, error.problems))) from None
    notes.absent += absent_files(composer, path)
    if measurement:
        found.document["General"]["Measurement"] = measurement
    otherwise = tuple(not_run(analysis))
    validation = _validation(contents, apart, path, notes)
    head = _head(path, analysis, commands, apart)
    text = as_yaml(found.document, found.comments, head)
    return Imported(path, found.document, text, tuple(commands), notes, validation, otherwise)


def _steering(analysis: Analysis, composer: Composer, regions: list[Block]) -> Steering | None:
    """Return the steering file of some regions; None where mistakes are in the way."""
    analysis.regions = regions
    analysis.variants = {}
    for sample in analysis.of("Sample"):
        analysis.variants.setdefault(sample.name, []).append(sample)
    analysis.samples = []
    compared = {block.text("ReferenceSample") for block in analysis.of("Systematic")}
    for blocks in analysis.variants.values():
        sample = blocks[0]
        if not any(analysis.in_region(sample, region) for region in regions):
            continue
        if type_of(sample) != GHOST or (can("ghost") and sample.name in compared):
            analysis.samples.append(sample)
    data = [sample for sample in analysis.samples if type_of(sample) == DATA]
    for sample in data[1:]:
        text = f'"{data[0].name}" is the data already; the sum of two samples is data with NtupleFiles or HistoFiles'
        analysis.notes.mistake(sample, "Type", text)
    return steering_of(analysis, composer)


def _all_read(analysis: Analysis, apart: list[Block]) -> None:
    """Note settings that nothing has read: nothing is left out silently."""
    without = {id(block) for block in apart}
    if analysis.job.true("StatOnly"):
        without |= {id(block) for block in analysis.of("Systematic")}
    inside = {id(b) for s in analysis.samples for b in analysis.variants[s.name]}
    needed = {block.text("ReferenceSample") for block in analysis.of("Systematic")}
    for block in analysis.blocks:
        skipped = id(block) in without or (block.type == "Sample" and id(block) not in inside)
        if block.type == "Sample" and type_of(block) == GHOST and block.name in needed and not can("ghost"):
            text = "can not be said yet: a sample that is not in the model; it is left out"
            analysis.notes.cannot(block, "Type", text)
        for key, setting in block.settings.items():
            kind = analysis.notes.kinds.get(id(setting), (setting, block, Kind.COSMETIC))[2]
            if kind == Kind.NONE and not any(n.line == setting.line.number for n in analysis.notes.of(Kind.NONE)):
                if setting.word not in ("FALSE", "NONE"):
                    analysis.notes.cannot(block, setting, "has no like here, and is left out")
            elif (
                kind not in (Kind.COSMETIC, Kind.NONE)
                and key not in block.read
                and not skipped
                and not _idle(key, analysis)
            ):
                analysis.notes.cannot(block, setting, "has no effect here")


def _idle(key: str, analysis: Analysis) -> bool:
    """Return whether a setting means nothing to TRExFitter either: another block counts, or the input is another."""
    events = ("Weight", "MCweight", "Selection", "Variable", "IgnoreSelection", "IgnoreWeight")
    return (
        key == "ReplacementFile"
        or key.startswith(("Histo", "Ntuple"))
        or (not analysis.ntuples and key.startswith(events))
    )


def _validation(contents: Contents, apart: list[Block], path: Path, into: Notes) -> str | None:
    """Return the steering file of the VALIDATION regions; None where there are none or a note says why."""
    if not apart:
        return None
    notes = Notes()
    analysis = Analysis(next(b for b in contents.blocks if b.type == "Job"), contents.blocks, notes)
    found = _steering(analysis, Composer(analysis), apart)
    try:
        if found is not None and not notes.mistakes:
            load_config(found.document)
    except ConfigError as error:
        notes.mistakes += error.problems
    if found is None or notes.mistakes:
        why = notes.mistakes[0] if notes.mistakes else "no sample is in them"
        for region in apart:
            into.approximate(region, "Type", f"is not in the fit, and has no steering file of its own: {why}")
        return None
    names = ", ".join(region.name for region in apart)
    head = [
        f"VALIDATION regions of {path.name}: {names}",
        "wilks.transfer predicts them from the fit of the other regions.",
    ]
    return as_yaml(found.document, found.comments, head)


def _head(path: Path, analysis: Analysis, commands: Iterable[Command], apart: list[Block]) -> list[str]:
    lines = [f"From {path.name}, a configuration of TRExFitter."]
    if apart:
        names = ", ".join(region.name for region in apart)
        lines.append(f"VALIDATION regions are not in the fit, and in a file of their own: {names}")
    if otherwise := names_of(analysis):
        lines.append(f"Not for wilks run, which fits all regions to the observed data: {', '.join(otherwise)}")
    if analysis.job.true("StatOnly"):
        lines.append("StatOnly: TRUE: no systematics, and no statistical uncertainties of the simulation.")
    return [*lines, "", *(command.line for command in commands)]


def in_order(mistakes: Iterable[str]) -> list[str]:
    """Return sentences once, in the order of lines."""

    def line(sentence: str) -> tuple[str, int]:
        label, _, rest = sentence.partition("  ")[0].rpartition(":")
        return label, int(rest) if rest.isdecimal() else 0

    return sorted(dict.fromkeys(mistakes), key=line)
