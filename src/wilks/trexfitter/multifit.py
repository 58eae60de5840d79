"""Several fits of one file: the configuration of each imported, and what combines them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wilks.errors import ConfigError, nearest, nearest_file
from wilks.trexfitter.commands import Command
from wilks.trexfitter.grammar import Block, Contents
from wilks.trexfitter.importing import Imported, imported, in_order, read_blocks
from wilks.trexfitter.keys import TABLE, Kind, kind_of
from wilks.trexfitter.notes import Notes
from wilks.trexfitter.replacements import folders_of
from wilks.trexfitter.values import problem

_UNSAFE = re.compile(r"[^\w.+-]+")
_COMPARED = ("Label", "LoadSuf", "Options", "UseInComparison", "UseInFit", "Directory", "InputName", "POIName")


@dataclass(frozen=True)
class ImportedFits:
    """What became of a multi-fit: each fit by its name, and the commands that combine them."""

    path: Path
    fits: Mapping[str, Imported]
    commands: tuple[Command, ...]
    notes: Notes

    def report(self) -> list[str]:
        """Return the lines of the report, those of each fit below its name."""
        lines = [f"{self.path.name}: {line}" if not number else line for number, line in enumerate(self.notes.lines())]
        for name, found in self.fits.items():
            lines += [f'fit "{name}", {found.path}:', *(f"  {line}" for line in found.report())]
        return lines


def is_multifit(contents: Contents) -> bool:
    """Return whether blocks are those of a multi-fit."""
    return any(block.type == "MultiFit" for block in contents.blocks)


def import_any(
    path: str | Path,
    replacements: Iterable[str | Path] = (),
    output: str = "config.yml",
    content: bytes | None = None,
) -> Imported | ImportedFits:
    """Return what a configuration says: one fit, or several. Raises ConfigError with all mistakes.

    `content` is that of a file which was read before: of standard input, or a pipe. The steering file of a fit of
    several is called `<output>_<fit>.yml` in the commands.
    """
    given = [*replacements]
    contents = read_blocks(path, given, content)
    if not is_multifit(contents):
        return imported(contents, Path(path), output)
    return _imported_fits(contents, Path(path), given, Path(output))


def fit_file(output: Path, name: str) -> Path:
    """Return the steering file of one fit of several."""
    return output.with_name(f"{output.stem}_{_UNSAFE.sub('-', name)}{output.suffix}")


def _imported_fits(contents: Contents, path: Path, given: list[str | Path], output: Path) -> ImportedFits:
    notes = Notes(mistakes=contents.mistakes)
    fits: dict[str, Imported] = {}
    multi = next(block for block in contents.blocks if block.type == "MultiFit")
    for block in contents.blocks:
        _count(block, notes)
        if block.type == "Fit":
            found = _one(block, path, given, fit_file(output, block.name), notes, multi.name)
            if found is not None:
                fits[block.name] = found
        elif block.type not in ("MultiFit", "Limit", "Significance"):
            notes.mistakes.append(
                f"{block.line.place}  {block.title}: a multi-fit has MultiFit, Fit, Limit and Significance"
            )
    if not any(block.type == "Fit" for block in contents.blocks):
        notes.mistake(multi, None, "has no Fit blocks, which name the configurations")
    if notes.mistakes:
        raise ConfigError(in_order(notes.mistakes))
    return ImportedFits(path, fits, tuple(_combination(multi, fits, output)), notes)


def _count(block: Block, notes: Notes) -> None:
    for key, setting in block.settings.items():
        kind = Kind.COSMETIC if block.type == "Fit" and key in _COMPARED else kind_of(block.type, key)
        if kind is None:
            notes.mistake(block, setting, f"no such setting of a {block.type}{nearest(key, TABLE[block.type])}")
        else:
            notes.kinds[id(setting)] = (setting, block, kind)
            if kind == Kind.NONE:
                notes.cannot(block, setting, "has no like here, and is left out")
            if wrong := problem(block.type, key, setting):
                notes.mistake(block, setting, wrong)


def _one(block: Block, path: Path, given: list[str | Path], output: Path, notes: Notes, name: str) -> Imported | None:
    setting = block.get("ConfigFile")
    if setting is None:
        notes.mistake(block, None, 'missing setting "ConfigFile", the configuration of the fit')
        return None
    places = [folder / setting.text for folder in folders_of(path)]
    file = next((place for place in places if os.path.isfile(place)), None)
    if file is None:
        others = [f.name for f in path.parent.iterdir() if f.is_file()] if path.parent.is_dir() else []
        hint = nearest_file(Path(setting.text).name, others)
        notes.mistake(block, setting, f'no file "{setting.text}"{hint}; looked for {places[0]} and {places[1]}')
        return None
    try:
        contents = read_blocks(file, given)
        if is_multifit(contents):
            notes.mistake(block, setting, f'"{setting.text}" is a multi-fit itself')
            return None
        return imported(contents, file, str(output), name)  # of one name, measurements are joined
    except ConfigError as error:
        notes.mistakes += error.problems
        return None


def _combination(multi: Block, fits: Mapping[str, Imported], output: Path) -> list[Command]:
    """Return the commands that build every workspace, and combine them."""
    names = [fit_file(output, name) for name in fits]
    commands = [Command(shlex.join(["wilks", "workspace", str(f), "-o", f"{f.stem}.json"]), "") for f in names]
    workspaces = [f"{name.stem}.json" for name in names]
    whole = f"{output.stem}.json"
    if multi.true("Combine", default=True) and len(workspaces) > 1:
        first = workspaces[0]
        for other in workspaces[1:]:
            commands.append(
                Command(shlex.join(["wilks", "combine", first, other, "--join", "outer", "-o", whole]), "Combine: TRUE")
            )
            first = whole
        poi = multi.text("POIName") or _poi(fits)
        options = ["--poi", poi] if poi else []
        commands.append(
            Command(shlex.join(["wilks", "fit", whole, *options, "-o", "fit.json"]), "mwf: the combined fit")
        )
        commands.append(Command(shlex.join(["wilks", "ranking", whole, *options]), "mr: its ranking"))
    if multi.true("ComparePOI") or multi.true("ComparePulls") or multi.true("Compare"):
        files = [f"{workspace.removesuffix('.json')}.fit.json" for workspace in workspaces]
        commands += [
            Command(shlex.join(["wilks", "fit", workspace, "-o", file]), "mp: for the comparison")
            for workspace, file in zip(workspaces, files, strict=True)
        ]
        labels = [word for name in fits for word in ("--label", name)]
        if multi.true("ComparePulls"):
            commands.append(Command(shlex.join(["wilks", "pulls", *files, *labels, "-o", "pulls.pdf"]), "ComparePulls"))
        if multi.true("ComparePOI"):
            words = ["wilks", "plot", *files, *labels, "--summary", "-o", "poi.pdf"]
            commands.append(Command(shlex.join(words), "ComparePOI"))
    if multi.true("CompareLimits"):
        commands += [Command(shlex.join(["wilks", "limit", workspace]), "CompareLimits") for workspace in workspaces]
    return commands


def _poi(fits: Mapping[str, Imported]) -> str:
    return next((str(f.document["General"]["POI"]) for f in fits.values() if "POI" in f.document["General"]), "")
