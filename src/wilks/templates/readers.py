"""ROOT files, read with uproot: what is in them, and their one-dimensional histograms.

The only module that reads ROOT files; histograms of UHI files come through here as well.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wilks import bin_labels
from wilks.config.paths import is_uhi_file, tidy_name
from wilks.errors import TemplateError, listed, nearest
from wilks.histogram import Axis, Histogram
from wilks.templates.files import UnreadableError, first_line, require_file
from wilks.templates.th1_state import CAN_EXTEND, TYPES, State, filled

_HINTS = 20
# Missing objects that get a search for the nearest name: with hundreds missing, the path pattern is wrong, not a name.


@dataclass(frozen=True)
class Branch:
    """A branch of a TTree or a field of an RNTuple: name, type as written in C++, number of entries."""

    name: str
    typename: str
    entries: int


@dataclass(frozen=True)
class RootObject:
    """One object of a ROOT file, found at `path` inside it.

    `bins` has the number of bins per axis (empty for anything but a histogram); `edges` is the range of the first
    axis, `bin_labels` what its bins are called where they have labels, and `integral` the sum of the contents inside,
    all only for one-dimensional histograms. `branches` is filled for TTrees and RNTuples. An object whose class can't
    be read keeps its path and class name only.
    """

    path: str
    classname: str
    title: str = ""
    entries: float | None = None
    bins: tuple[int, ...] = ()
    edges: tuple[float, float] | None = None
    integral: float | None = None
    branches: tuple[Branch, ...] = ()
    bin_labels: tuple[str, ...] = ()

    @property
    def is_histogram(self) -> bool:
        """True for what `read_histogram` reads: one-dimensional histograms."""
        return self.classname in TYPES

    @property
    def is_directory(self) -> bool:
        """True for a folder inside the file."""
        return self.classname.startswith("TDirectory")


def list_objects(path: str | Path) -> tuple[RootObject, ...]:
    """Return everything in a ROOT file, directories included, in the order of the file; of cycles only the newest.

    Raises TemplateError where the file is missing or can't be read.
    """
    with opened(path) as file:
        return tuple(_described(file, name, classname) for name, classname in classnames_of(file).items())


def read_histogram(path: str | Path, name: str) -> Histogram:
    """Return the histogram called `name` (with its directories: `dir/name`) in a ROOT file, or in a UHI file.

    Raises TemplateError where the file or the object is missing or not a one-dimensional histogram.
    """
    return read_histograms([(path, name)])[str(path), name]


def read_histograms(wanted: Iterable[tuple[str | Path, str]]) -> dict[tuple[str, str], Histogram]:
    """Return histograms by (path, name), opening each file once.

    Without Sumw2 the fills were unweighted and the variance is the absolute content. Raises one TemplateError with
    every file and every object that is missing or unreadable, and what the files do contain.
    """
    reading = read_available(wanted)
    problems = list(reading.problems)
    for path, names in reading.missing.items():
        problems += missing_objects(path, names, reading.contents[path])
    if problems:
        raise TemplateError(problems)
    return reading.histograms


@dataclass(frozen=True)
class Reading:
    """What was read, by (path, name), and what was not.

    `problems` are sentences on what is unreadable, `missing` the names that a file does not have, and `contents` what
    such a file has instead.
    """

    histograms: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[str, list[str]] = field(default_factory=dict)


def read_available(wanted: Iterable[tuple[str | Path, str]]) -> Reading:
    """Return those of the histograms that can be read, as `read_histograms` does, and what is wrong with the others."""
    by_file: dict[str, list[str]] = {}
    for path, name in dict.fromkeys((str(path), name) for path, name in wanted):
        by_file.setdefault(path, []).append(name)
    reading = Reading()
    for path, names in by_file.items():
        try:
            if is_uhi_file(path):
                _read_uhi(path, names, reading)
                continue
            with opened(path) as file:
                _read_from(file, path, names, reading)
        except TemplateError as error:
            reading.problems.extend(error.problems)
    return reading


def _read_from(file: Any, path: str, names: list[str], reading: Reading) -> None:
    """Add the histograms of an open file to what was read."""
    classnames = classnames_of(file)
    for name in names:
        known = known_as(name, classnames)
        if known is None:
            reading.missing.setdefault(path, []).append(name)
            continue
        classname = classnames[known.partition(";")[0]]
        try:
            quick = _quickly(file, known, classname)
            found = histogram_of_th1(_object(file, known), classname) if quick is None else quick
            reading.histograms[path, name] = found
        except TemplateError as error:
            reading.problems.append(f"{path}:{name}: {error}")
    if path in reading.missing:
        kept = [name for name, classname in classnames.items() if not classname.startswith("TDirectory")]
        reading.contents[path] = kept


def known_as(name: str, names: Container[str]) -> str | None:
    """Return the name of an object, cycle included, as its file has it; None where it has none.

    Slashes too many and blanks around the parts of a path are read over where no object has them.
    """
    written, separator, cycle = name.partition(";")
    for path in (written.strip("/"), tidy_name(written)):
        if path in names:
            return f"{path}{separator}{cycle.strip()}"
    return None


def _read_uhi(path: str, names: list[str], reading: Reading) -> None:
    """Add the histograms of a UHI file to what was read."""
    from wilks.templates.uhi_files import histogram_of, opened_uhi

    with opened_uhi(path) as entries:
        for name in names:
            found = name if name in entries else known_as(name, entries) or name.strip("/")
            if found not in entries and (not name or "" in entries):
                alone = f"holds one histogram without a name; leave out :{name}"
                text = alone if name else f"holds {len(entries)} histograms; say which, as in file.json:name"
                reading.problems.append(f"{path}: {text}")
                continue
            if found not in entries:
                reading.missing.setdefault(path, []).append(name)
                continue
            try:
                reading.histograms[path, name] = histogram_of(entries[found]())
            except TemplateError as error:
                reading.problems.append(f"{path}:{name}: {error}" if name else f"{path}: {error}")
        if path in reading.missing:
            reading.contents[path] = list(entries)


def missing_objects(path: str, names: list[str], available: list[str]) -> list[str]:
    """Return a sentence for each name that a file lacks, and one on what it has."""
    problems = [
        f'{path}: no object "{name}"{nearest(name, available) if i < _HINTS else ""}' for i, name in enumerate(names)
    ]
    contents = f"{len(available)} object{'s' if len(available) != 1 else ''}: {listed(available)}"
    return [*problems, f"{path} contains {contents}" if available else f"{path} contains no objects"]


def histogram_of_th1(source: Any, classname: str) -> Histogram:
    """Return a TH1 as a histogram; raises TemplateError without saying where."""
    if classname not in TYPES:
        raise TemplateError(f"is a {classname}; only one-dimensional histograms ({listed(TYPES)}) can be templates")
    state = _state(source)
    state.require_range()
    axis = source.member("fXaxis")
    labels, grown = bin_labels.of_root_axis(axis)
    edges = np.asarray(axis.edges(), dtype=np.float64)
    contents, variances = filled(
        classname, state, np.asarray(source.values(flow=True)), np.asarray(source.member("fSumw2")), edges
    )
    histogram = Histogram(
        Axis(edges, label=axis.member("fTitle"), bin_labels=labels),
        contents[1:-1],
        variances[1:-1],
        underflow=float(contents[0]),
        overflow=float(contents[-1]),
        outside_sumw2=(float(variances[0]), float(variances[-1])),
        entries=float(source.member("fEntries")) + max(state.waiting, 0),
        title=source.member("fTitle"),
        remarks=tuple(state.remarks()),
    )
    return histogram.without_spare_bins() if grown else histogram


def _state(source: Any) -> State:
    """Return what a TH1 keeps beside its bins."""
    axis = source.member("fXaxis")
    size = source.member("fBufferSize", none_if_missing=True) or 0
    buffer = source.member("fBuffer", none_if_missing=True) if size > 0 else None
    regular = not len(axis.member("fXbins"))
    lower, upper = (axis.member("fXmin"), axis.member("fXmax")) if regular else axis.edges()[[0, -1]]
    return State(
        bits=source.member("@fBits"),
        buffer=np.empty(0) if buffer is None else np.asarray(buffer, dtype=np.float64),
        norm_factor=source.member("fNormFactor"),
        bins=axis.member("fNbins"),
        lower=float(lower),
        upper=float(upper),
        regular=regular,
        axis_bits=axis.member("@fBits"),
        first=axis.member("fFirst"),
        last=axis.member("fLast"),
        extends=bool((axis.member("fBits2", none_if_missing=True) or 0) & CAN_EXTEND),
    )


def _quickly(file: Any, name: str, classname: str) -> Histogram | None:
    """Return a TH1 from its bytes; None where the general reader is needed, or has to say what is wrong."""
    from wilks.templates.th1 import histogram_of_bytes

    try:
        chunk, _ = file.key(name).get_uncompressed_chunk_cursor()
    except Exception:  # uproot raises whatever the first unreadable byte leads to
        return None
    return histogram_of_bytes(chunk.raw_data.tobytes(), classname)


def _described(file: Any, name: str, classname: str) -> RootObject:
    """Return what can be told about one object; what can't be read is told by name and class only."""
    plain = RootObject(name, classname)
    if plain.is_directory:
        return plain
    try:
        if plain.is_histogram:
            quick = _quickly(file, name, classname)
            histogram = histogram_of_th1(_object(file, name), classname) if quick is None else quick
            edges = float(histogram.axis.edges[0]), float(histogram.axis.edges[-1])
            shape = (len(histogram.axis),)
            numbers = histogram.entries, shape, edges, histogram.integral
            return RootObject(name, classname, histogram.title, *numbers, bin_labels=histogram.axis.bin_labels)
        source = _object(file, name)
        if classname.startswith(("TH2", "TH3", "TProfile")):
            bins = tuple(len(axis) for axis in source.axes)
            return RootObject(name, classname, source.title, float(source.member("fEntries")), bins)
        if classname in ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple"):
            return _described_tree(source, plain)
    except Exception:  # uproot raises whatever an unreadable byte leads to; one bad object must not hide the others
        return plain
    title = getattr(source, "title", None)
    return RootObject(name, classname, title if isinstance(title, str) else "")


def _described_tree(source: Any, plain: RootObject) -> RootObject:
    entries = int(source.num_entries)
    types = source.typenames(recursive=True)
    branches = tuple(Branch(name, typename, entries) for name, typename in types.items())
    title = getattr(source, "title", None) or getattr(source, "description", None) or ""
    return RootObject(plain.path, plain.classname, str(title), float(entries), branches=branches)


def classnames_of(file: Any) -> dict[str, str]:
    """Class names by path inside the file, of the newest cycle (`name;2` before `name;1`) of each name."""
    newest: dict[str, tuple[int, str]] = {}
    for key, classname in file.classnames(recursive=True, cycle=True).items():
        name, _, cycle = key.rpartition(";")
        newest[name] = max(newest.get(name, (0, "")), (int(cycle), classname))
    return {name: classname for name, (_, classname) in newest.items()}


@contextmanager
def opened(path: str | Path, **options: Any) -> Iterator[Any]:
    """Open a ROOT file, local or remote (`root://`), with options of uproot's.

    Raises TemplateError if it is not there, UnreadableError if it can't be read.
    """
    import uproot

    require_file(path)
    try:
        # A dictionary, because uproot would take a colon in a plain string for the start of an object's name.
        file = uproot.open({str(path): None}, **options)
    except FileNotFoundError:  # only of a remote file
        raise TemplateError(f"{path}: no such file") from None
    except Exception as error:  # uproot raises whatever the first unreadable byte leads to
        reason = _no_root_file(path) or f"can't be read as a ROOT file ({first_line(error)})"
        raise UnreadableError(f"{path}: {reason}") from error
    with file:
        if "://" not in str(path) and os.path.getsize(path) < file.file.fEND:
            size = f"{os.path.getsize(path)} of {file.file.fEND} bytes are there"
            raise UnreadableError(f"{path}: the file is cut off ({size})")
        yield file


def _no_root_file(path: str | Path) -> str:
    """Return what a local file is that is no ROOT file; empty where it begins like one, or can't be seen."""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
    except OSError:
        return ""
    return "" if start == b"root" else "is empty" if not start else "is not a ROOT file"


def _object(file: Any, name: str) -> Any:
    try:
        return file[name]
    except Exception as error:  # uproot raises whatever the first unreadable byte leads to
        raise TemplateError(f"can't be read ({first_line(error)})") from error
