"""Which formats of workspaces there are, and how a file's content tells its format; names of files are not looked at.

A new format is one more entry of `FORMATS`. Its code is imported when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks.errors import WorkspaceError, listed, nearest
from wilks.formats import datacard, hs3

if TYPE_CHECKING:
    from wilks.formats.notes import Reading, Writing
    from wilks.formats.source import Source
    from wilks.workspace.workspace import Workspace

ROOT_MARK = b"root"
_BLANK = b"\xef\xbb\xbf \t\r\n"
# The first keys of most of our own files, which may be large, tell what they are.
_OURS = re.compile(rb'\{\s*("version"\s*:\s*"[^"]*"\s*,\s*)?"(channels|observations|measurements)"\s*:')


@dataclass(frozen=True)
class Format:
    """A format of workspaces: `kind` is what a sentence calls such a file, `suffix` how the name of a new one ends.

    `options` are those of reading, by name, with what each is for, and `choices` the values that those have which take
    no name, `lists` those that can be given several times, a list then; `several` says that it is more than one file.
    """

    name: str
    kind: str
    suffix: str
    read: Callable[..., Reading]
    write: Callable[[Workspace, Path], Writing]
    options: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    several: bool = False


def _read_json(source: Source) -> Reading:
    from wilks.formats.notes import Reading

    return Reading(source.pyhf())


def _write_json(workspace: Workspace, path: Path) -> Writing:
    from wilks.formats.notes import Writing
    from wilks.workspace.saving import axes_path

    workspace.save(path)
    return Writing((path, axes_path(path)) if workspace.axes else (path,))


def _read_plain(source: Source) -> Reading:
    from wilks.formats import pyhf_only
    from wilks.formats.notes import Reading

    return Reading(pyhf_only.required(source.pyhf(), source.name))


def _write_plain(workspace: Workspace, path: Path) -> Writing:
    from wilks.formats import pyhf_only

    return pyhf_only.write(workspace, path)


def _read_hs3(source: Source, **options: Any) -> Reading:
    from wilks.formats.hs3.read import read

    return read(source.mapping if source.mapping is not None else source.stream(), **options)


def _write_hs3(workspace: Workspace, path: Path) -> Writing:
    from wilks.formats.hs3.write import write

    return write(workspace, path)


def _read_xml(source: Source, **options: Any) -> Reading:
    from wilks.formats.histfactory_xml.read import read

    if source.path is not None:
        return read(source.path, **options)
    return read(source.content, name=source.name, **options)


def _write_xml(workspace: Workspace, path: Path) -> Writing:
    from wilks.formats.histfactory_xml.write import write
    from wilks.formats.notes import Note, Writing

    writing = write(workspace, path)
    units = [name for name, axis in workspace.axes.items() if axis.unit]
    notes = [Note(f'channel "{name}"', "the unit of its axis is not written", "lost") for name in units]
    return Writing(writing.files, (*writing.notes, *notes))


def _read_datacard(source: Source, **options: Any) -> Reading:
    from wilks.formats.datacard.options import as_values
    from wilks.formats.datacard.read import read

    given = source.cards or (source.content if source.path is None else source.path)
    return read(given, **as_values(options, source.name))


def _write_datacard(workspace: Workspace, path: Path) -> Writing:
    from wilks.formats.datacard.write import write

    return write(workspace, path)


WILKS = Format("wilks", "a workspace", ".json", _read_json, _write_json)
PYHF = Format("pyhf", "a pyhf workspace", ".pyhf.json", _read_plain, _write_plain)
HS3 = Format(
    "hs3",
    "an HS3 file",
    ".hs3.json",
    _read_hs3,
    _write_hs3,
    options={
        "analysis": "which analysis; default: the first that is about observed data",
        "data": "which data set is fitted; default: that of the analysis",
        "shapesys": "what the numbers of shapesys are: relative, absolute or tau; default: what the version says",
    },
    choices={"shapesys": ("relative", "absolute", "tau")},
)
HISTFACTORY = Format(
    "histfactory-xml",
    "a HistFactory description",
    ".xml",
    _read_xml,
    _write_xml,
    options={
        "base": "folder from which paths in it are meant; default: the first where all files are",
        "measurement": "which measurement; default: the first, with all that have the same modifiers",
        "as_pyhf": "read it as pyhf does, not as ROOT does",
    },
    choices={"as_pyhf": (True, False)},
    several=True,
)
DATACARD = Format(
    "datacard",
    "a datacard",
    ".txt",
    _read_datacard,
    _write_datacard,
    options={
        "mass": "what $MASS stands for in names of files and histograms",
        "maps": "PATTERN:NAME[START,LOW,HIGH], which parameter multiplies which channel/process",
        "modes": "productions of a Higgs boson with a parameter each",
        "keywords": "WORD=VALUE, what $WORD stands for",
        "include": "pattern of channels that are read",
        "exclude": "pattern of channels that are left out",
        "masks": "channel that the likelihood leaves out",
        "ranges": "NAME=LOW:HIGH, range of a parameter",
        "starts": "NAME=VALUE, start of a parameter",
        "freeze": "parameter that is held",
        "check_sums": "whether rates must be those of their histograms; default: yes",
        "combine_rounding": "lose the digits that Combine loses on the way to its workspace",
        "allow_no_signal": "take a card without signals",
        "allow_no_background": "take a card without backgrounds",
    },
    choices=dict.fromkeys(("check_sums", "combine_rounding", "allow_no_signal", "allow_no_background"), (True, False)),
    lists=("maps", "modes", "keywords", "include", "exclude", "masks", "ranges", "starts", "freeze"),
    several=True,
)
FORMATS = {one.name: one for one in (WILKS, PYHF, HS3, HISTFACTORY, DATACARD)}
"""The formats, all of them read and written."""


def format_of(name: str) -> Format:
    """Return the format of a name. Raises WorkspaceError with the nearest name where there is none."""
    if name not in FORMATS:
        raise WorkspaceError(f'no format "{name}", there are {listed(FORMATS)}{nearest(name, FORMATS)}')
    return FORMATS[name]


def format_for(path: Path) -> Format:
    """Return the format that is written to a file of this name: by its end, else the document that is wilks' own."""
    name = path.name.lower()
    return next((one for one in (PYHF, HS3, HISTFACTORY, DATACARD) if name.endswith(one.suffix)), WILKS)


def recognised(content: bytes) -> Format | None:
    """Return the format of a file's content, or None where it is no workspace that is known.

    >>> from wilks.formats.known import recognised
    >>> recognised(b'{"channels": [], "observations": [], "measurements": [], "version": "1.0.0"}').kind
    'a workspace'
    >>> recognised(b"<Combination/>").kind
    'a HistFactory description'
    """
    start = content[:200].lstrip(_BLANK)
    if not start.startswith(b"{"):
        from wilks.formats.xml_tree import is_xml

        if is_xml(content):
            return HISTFACTORY
        return DATACARD if datacard.recognise(content) else None
    if _OURS.match(start):
        return WILKS
    keys = top_keys(content)
    if keys is not None:
        return recognised_by_keys(keys)
    return HS3 if hs3.recognise(content) else None


def recognised_by_keys(keys: Mapping[str, Any]) -> Format | None:
    """Return the format of a JSON object with these keys, or None."""
    if "channels" in keys:
        return WILKS
    return HS3 if hs3.recognise("{{{}}}".format(",".join(f'"{key}":0' for key in keys)).encode()) else None


def top_keys(content: bytes) -> Mapping[str, Any] | None:
    """Return the undecoded values of a JSON object by their keys, None where it is no JSON, or no object."""
    import msgspec

    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
