"""Workspaces are read from any format that is known, recognised by content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from wilks.errors import WorkspaceError, listed, nearest
from wilks.formats.known import FORMATS, Format, format_of
from wilks.formats.notes import Reading
from wilks.formats.source import Source
from wilks.workspace.workspace import Workspace

Given = str | Path | Mapping[str, Any] | bytes | IO[str] | IO[bytes]


def load_workspace(source: Given, *, format: str | None = None, **options: Any) -> Workspace:
    """Return the workspace in a file, whatever its format: pyhf's JSON, wilks' own, HS3, HistFactory XML, datacard.

    `source` is a path, an open file, the content as bytes, or a dictionary; the format is seen from the content unless
    `format` names it ("wilks", "pyhf", "hs3", "histfactory-xml", "datacard"). Paths in a HistFactory description are
    looked up around its top file; given as bytes, in the current folder. Several of Combine's datacards are one text,
    "ch1=a.txt,ch2=b.txt". `options` are those of the format: `base`, `measurement` and `as_pyhf` of HistFactory XML,
    `analysis`, `data` and `shapesys` of HS3, of datacards `mass`, `maps` and all others of
    `wilks.formats.datacard.read.read`. `read_workspace` gives notes, too.

    Beside a path, `<name>.axes.json` gives bin edges and labels if it belongs to this very document; otherwise bins
    are numbered. Raises one WorkspaceError with every mistake and its place.

    >>> import wilks
    >>> workspace = wilks.load_workspace(wilks.examples.measurement().spec)
    >>> workspace.channel_names
    ('electrons', 'muons')
    >>> workspace.save("workspace.json")
    >>> wilks.load_workspace("workspace.json").digest == workspace.digest
    True
    """
    return read_workspace(source, format=format, **options).workspace


def read_workspace(source: Given, *, format: str | None = None, **options: Any) -> Reading:
    """Return a workspace with the notes on how it was read: `workspace` and `notes`.

    Source, `format` and options are those of `load_workspace`, and so are axes and errors. `files` are those that were
    read beside the given one (histograms, channels). A note has a `place`, a `text` and a `kind`: "read as" (exact,
    said in another way), "approximate" or "lost".

    >>> import wilks
    >>> written = wilks.save_workspace(wilks.examples.measurement(), "model.hs3.json")
    >>> reading = wilks.read_workspace("model.hs3.json")
    >>> reading.workspace.channel_names, [note.kind for note in reading.notes]
    (('electrons', 'muons'), [])
    """
    if format is not None:
        format_of(format)
    given = Source.of(source)
    found = given.format() if format is None else format_of(format)
    _require_options(options, found, given.name)
    return found.read(given, **options)


def _require_options(options: Mapping[str, Any], found: Format, name: str) -> None:
    """Raise WorkspaceError for options that the format doesn't have."""
    problems = []
    for option, value in options.items():
        if option in found.options:
            problems += [f"{name}: {mistake}" for mistake in _mistakes(found, option, value)]
            continue
        others = [other.kind for other in FORMATS.values() if option in other.options]
        known = f"there are {listed(found.options)}" if found.options else "there are none"
        hint = f"; {others[0]} has it" if others else nearest(option, found.options)
        problems.append(f'{name}: {found.kind} is read without an option "{option}", {known}{hint}')
    if problems:
        raise WorkspaceError(problems)


def _mistakes(found: Format, option: str, value: Any) -> list[str]:
    """Return what is wrong with the value of an option."""
    if value is None:
        return []
    if isinstance(value, list | tuple | Mapping):
        return [] if option in found.lists else [f'option "{option}" is given once']
    known = found.choices.get(option)
    if known is None:
        return (
            []
            if isinstance(value, str | Path | int | float) and value is not True
            else [f'option "{option}" needs a value']
        )
    if known == (True, False):
        return (
            [] if isinstance(value, bool) else [f'option "{option}" is on or off and takes no value, {value!r} found']
        )
    if value in known:
        return []
    return [f'option "{option}": {value!r} found, allowed are {listed(known)}{nearest(str(value), known)}']
