"""Files that a description names: from which folder their paths are meant, and the channel files themselves.

ROOT takes them from the folder in which it runs, which a description doesn't tell. So folders are tried until all files
are there: that of the top file, those around it (a layout with config/ and data/ side by side), the current one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from wilks._reading import read_file
from wilks.errors import WorkspaceError, listed, nearest, nearest_file
from wilks.formats.histfactory_xml.grammar import Checked
from wilks.formats.histfactory_xml.parse import channel
from wilks.formats.histfactory_xml.records import Channel, Combination, HistogramName
from wilks.formats.notes import Note
from wilks.formats.xml_tree import Element, parse_xml

_LEVELS = 3  # folders around that of the top file


def split_path(histogram: HistogramName) -> tuple[str, str]:
    """Return file and path inside; a file that the path begins with ("file.root:/folder") is taken, as in ROOT."""
    file, separator, inside = histogram.path.partition(".root:")
    if separator:
        return f"{file}.root", f"{inside}/{histogram.name}"
    return histogram.file, f"{histogram.path}/{histogram.name}"


def read_channels(
    top: Path | None, found: Combination, base: str | Path | None, notes: list[Note], problems: list[str]
) -> tuple[Combination, Path]:
    """Return the description with its channels, and the folder from which its paths are meant.

    Adds to `problems` what is wrong with channel files and which are missing, and to `notes` the folder.
    """
    candidates = [Path(base)] if base is not None else list(_candidates(top))
    if base is not None and not Path(base).is_dir():
        problems.append(f"{base}: no such folder")
        return found, Path(base)
    tried = [_tried(folder, top, found) for folder in candidates]
    missing, _, folder = min(tried, key=lambda one: one[:2])
    channels = _channels(folder, top, found, notes, problems, candidates)
    where = str(top) if top is not None else "description"
    if not missing and not problems:
        others = [
            other for lost, inside, other in tried if (lost, inside) == (0, 0) and not _same(other, folder, found)
        ]
        more = f"; {listed(map(str, others))} has files of these names too" if others else ""
        how = "as given" if base is not None else f"the first where all of them are{more}"
        notes.append(Note(where, f"paths are taken from the folder {folder} ({how})", "read as"))
    return replace(found, channels=tuple(channels)), folder


def _candidates(top: Path | None) -> Iterator[Path]:
    if top is None:
        yield Path()
        return
    yield top.parent
    absolute = top.parent.resolve()
    seen = {absolute}
    for around in list(absolute.parents)[:_LEVELS]:
        seen.add(around)
        yield around
    if Path().resolve() not in seen:
        yield Path()


def _tried(folder: Path, top: Path | None, found: Combination) -> tuple[int, int, Path]:
    """Return how many channel files, and ROOT files named in the others, are not there if paths begin at a folder."""
    paths = [_input(folder, top, text) for text, _ in found.inputs]
    missing = sum(not (folder / text).is_file() for text, _ in found.inputs)
    files = {file for path in paths if path is not None for file in _files_named(path)}
    return missing, sum(not (folder / file).is_file() for file in files), folder


def _files_named(path: Path) -> set[str]:
    """Return the ROOT files that a channel file names; none where it can't be read, which is told elsewhere."""
    try:
        root = parse_xml(read_file(path), str(path))
    except (OSError, WorkspaceError):
        return set()
    return set(_named(root))


def _named(element: Element) -> Iterator[str]:
    for key in ("InputFile", "HistoFileLow", "HistoFileHigh"):
        if file := element.attributes.get(key):
            yield file
    for child in element.children:
        yield from _named(child)


def _input(folder: Path, top: Path | None, text: str) -> Path | None:
    """Return a channel file: at its path, else beside the top file, which is where ROOT's PrintXML writes it."""
    path = folder / text
    if path.is_file():
        return path
    beside = top.parent / Path(text).name if top is not None else path
    return beside if beside.is_file() else None


def channel_files(folder: Path, top: Path | None, found: Combination) -> tuple[Path, ...]:
    """Return the channel files that are there."""
    return tuple(path for text, _ in found.inputs if (path := _input(folder, top, text)) is not None)


def _same(one: Path, other: Path, found: Combination) -> bool:
    return all((one / text).resolve() == (other / text).resolve() for text, _ in found.inputs)


def _channels(
    folder: Path, top: Path | None, found: Combination, notes: list[Note], problems: list[str], candidates: list[Path]
) -> list[Channel]:
    channels: list[Channel] = []
    for text, where in found.inputs:
        path = _input(folder, top, text)
        if path is None:
            looked = listed(str(candidate) for candidate in candidates)
            near = (folder / text).parent
            names = [entry.name for entry in near.iterdir()] if near.is_dir() else []
            problems.append(
                f'{where}: no channel file "{text}"; looked in {looked}{nearest_file(Path(text).name, names)}'
            )
            continue
        if path != folder / text:
            notes.append(
                Note(where, f'channel file "{text}" is not there; {path}, beside the top file, is read', "read as")
            )
        read = _channel(path, problems)
        if read is not None:
            channels.append(read)
    names = [one.name for one in channels]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        places = [one.where for one in channels if one.name == name]
        problems.append(f'{places[1]}: channel "{name}" is described already, at {places[0]}')
    return channels


def _channel(path: Path, problems: list[str]) -> Channel | None:
    try:
        root = parse_xml(read_file(path), str(path))
    except OSError as error:
        problems.append(f"{path}: can't be read ({error.strerror})")
        return None
    except WorkspaceError as error:
        problems += error.problems
        return None
    if root.tag != "Channel":
        hint = nearest(root.tag, ("Channel",))
        problems.append(f"{path}:{root.line}: <{root.tag}> found, a channel file must begin with <Channel>{hint}")
        return None
    checked = Checked(str(path))
    read = channel(root, checked)
    problems += checked.problems
    return read


def histograms_of(one: Channel) -> Iterator[HistogramName]:
    """Yield every histogram that a channel names."""
    for data in one.data:
        yield data.histogram
    for sample in one.samples:
        yield sample.histogram
        for modifier in sample.modifiers:
            for key in ("low", "high", "histogram"):
                if isinstance(named := getattr(modifier, key, None), HistogramName):
                    yield named
