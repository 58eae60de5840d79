"""Histograms of ROOT files, looked up as ROOT does it.

Where two keys of a folder have one name, ROOT takes the first in the folder's list, other readers that of the highest
cycle; `RootFiles.remarks` tells where these differ (file, sentence). Bins outside of the axes are never read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wilks import bin_labels
from wilks._types import FloatArray
from wilks.axis import Axis
from wilks.errors import WilksError, listed, nearest, nearest_file
from wilks.formats.th1_bytes import contents_of_bytes

_DIMENSIONS = {"TH1": 1, "TH2": 2, "TH3": 3}
_KINDS = ("D", "F", "L", "I", "S", "C")
_HINTS = 20  # missing histograms that get a search for the nearest name
_MOST_BINS = 1 << 24


@dataclass(frozen=True, eq=False)
class RootHistogram:
    """Contents and errors of all bins inside the axes, x running fastest, shape (bins,).

    `shape` has the number of bins per axis, `axis` is that of one-dimensional histograms (None where its edges can't
    be one). `single` says whether ROOT keeps contents in single precision. Errors are those of ROOT's GetBinError: from
    the squared weights, else the root of the content.
    """

    values: FloatArray
    errors: FloatArray
    shape: tuple[int, ...]
    axis: Axis | None
    classname: str

    @property
    def single(self) -> bool:
        """Whether the contents are stored in single precision."""
        return self.classname.endswith("F")


@dataclass
class _File:
    """An open file, the keys of its folders, each name once (that of the first key), and the folders themselves."""

    path: Path
    open: Any
    folders: dict[str, dict[str, str]] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)


class RootFiles:
    """Files that stay open while histograms are looked up in them; closes them as a context manager.

    Of keys with one name the first counts, as in ROOT; with `first` false that of the highest cycle, as in uproot.
    Whatever is wrong is kept, and told at the end all together: see `problems`.
    """

    def __init__(self, *, first: bool = True) -> None:
        self.first = first
        self.remarks: dict[tuple[str, str], None] = {}
        self._files: dict[Path, _File | None] = {}
        self._found: dict[tuple[Path, str, bool], RootHistogram | None] = {}
        self._missing: dict[Path, dict[str, str]] = {}
        self._problems: dict[str, None] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were opened."""
        return tuple(path for path, file in self._files.items() if file is not None)

    def __enter__(self) -> RootFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            if file is not None:
                file.open.close()

    def histogram(self, path: Path, name: str, where: str, *, errors: bool = True) -> RootHistogram | None:
        """Return the histogram at `name` (folders with slashes) in a file, None where there is none that can be read.

        `where` says who asks. Without `errors` nobody needs them: those that aren't numbers are 0.
        """
        name = "/".join(part for part in name.split("/") if part)
        if (path, name, errors) not in self._found:
            self._found[path, name, errors] = self._read(path, name, where, errors)
        return self._found[path, name, errors]

    def contents(self, path: Path, name: str, where: str) -> FloatArray | None:
        """Return the contents of a one-dimensional histogram, shape (bins,), None where there is none that can be read.

        As `histogram(...).values`, but fast.
        """
        name = "/".join(part for part in name.split("/") if part)
        file = self._file(path, where)
        key = self._key(file, name) if file is not None and name else None
        if file is not None and key is not None and (path, name, False) not in self._found:
            folder, _, last = key.rpartition("/")
            try:
                there = file.opened[folder].key(last)
                chunk, _ = there.get_uncompressed_chunk_cursor()
                found = contents_of_bytes(chunk.raw_data.tobytes(), str(there.fClassName))
            except Exception:  # uproot raises whatever the first unreadable byte leads to; below it is told
                found = None
            if found is not None:
                return found
        histogram = self.histogram(path, name, where, errors=False)
        if histogram is not None and len(histogram.shape) != 1:
            self._problems[f'{where}: "{name}" in {path} has {len(histogram.shape)} dimensions, a TH1 needed'] = None
            return None
        return None if histogram is None else histogram.values

    def has(self, path: Path, name: str) -> bool:
        """Return whether a file has an object at `name`."""
        file = self._file(path, "")
        return file is not None and self._key(file, "/".join(part for part in name.split("/") if part)) is not None

    def problems(self) -> list[str]:
        """Return a sentence for everything that is wrong; files that lack something are told with what they have."""
        found = list(self._problems)
        for path, names in self._missing.items():
            available = self._contents(path)
            for i, (name, where) in enumerate(names.items()):
                hint = nearest(name, available) if i < _HINTS else ""
                found.append(f'{where}: {path} has no histogram "{name}"{hint}')
            counted = f"{len(available)} object{'s' if len(available) != 1 else ''}"
            found.append(f"{path} contains {counted}{': ' if available else ''}{listed(available)}")
        return found

    def _file(self, path: Path, where: str) -> _File | None:
        if path not in self._files:
            self._files[path] = self._opened(path, where)
        return self._files[path]

    def _opened(self, path: Path, where: str) -> _File | None:
        at = f"{where}: {path}" if where else str(path)
        if not path.is_file():
            try:
                names = os.listdir(path.parent)
                hint = nearest_file(path.name, names)
            except OSError:
                hint = f" (there is no folder {path.parent} either)"
            kind = "is a folder, not a file" if path.is_dir() else f"no such file{hint}"
            self._problems[f"{at}: {kind}"] = None
            return None
        with path.open("rb") as stream:
            start = stream.read(4)
        if start != b"root":
            self._problems[f"{at}: {'is not a ROOT file' if start else 'is empty'}"] = None
            return None
        import uproot

        try:
            file = uproot.open({str(path): None})  # a dictionary: colons in a text would begin an object's name
            there, promised = path.stat().st_size, int(file.file.fEND)
        except Exception as error:  # uproot raises whatever the first unreadable byte leads to
            self._problems[f"{at}: can't be read as a ROOT file ({_first_line(error)})"] = None
            return None
        if there < promised:
            self._problems[f"{at}: the file is cut off ({there} of {promised} bytes are there)"] = None
            file.close()
            return None
        return _File(path, file)

    def _key(self, file: _File, name: str) -> str | None:
        """Return the name with the cycles that ROOT takes, None where the file has no such object."""
        taken: list[str] = []
        for part in name.split("/"):
            key = self._keys(file, "/".join(taken)).get(part)
            if key is None:
                return None
            taken.append(key)
        return "/".join(taken)

    def _keys(self, file: _File, folder: str) -> dict[str, str]:
        """Return the first key of each name in a folder."""
        if folder not in file.folders:
            cycles: dict[str, list[int]] = {}
            try:
                parent, _, last = folder.rpartition("/")
                holder = file.opened[parent][last] if folder else file.open
                file.opened[folder] = holder
                for key in holder.keys(recursive=False, cycle=True):
                    name, _, cycle = key.rpartition(";")
                    cycles.setdefault(name, []).append(int(cycle))
            except Exception:  # no folder, or one that can't be read: it has no objects
                cycles = {}
            names = {name: f"{name};{there[0] if self.first else max(there)}" for name, there in cycles.items()}
            for name, there in cycles.items():
                if self.first and there[0] < max(there):
                    where = "/".join(part.rpartition(";")[0] for part in (*folder.split("/"), f"{name};") if part)
                    text = (
                        f'"{where}" is there more than once; that of cycle {there[0]} comes first in the file and is '
                        f"read, as ROOT does, not that of the highest cycle {max(there)}"
                    )
                    self.remarks[str(file.path), text] = None
            file.folders[folder] = names
        return file.folders[folder]

    def _contents(self, path: Path) -> list[str]:
        file = self._files.get(path)
        if file is None:
            return []
        try:
            classes = file.open.classnames(recursive=True, cycle=False)
        except Exception:  # a folder that can't be read hides what is in it
            return sorted(self._keys(file, ""))
        return [name for name, kind in classes.items() if not kind.startswith("TDirectory")]

    def _read(self, path: Path, name: str, where: str, errors: bool) -> RootHistogram | None:
        file = self._file(path, where)
        if file is None:
            return None
        key = self._key(file, name) if name else None
        if key is None:
            self._missing.setdefault(path, {}).setdefault(name, where)
            return None
        try:
            folder, _, last = key.rpartition("/")
            return _histogram(file.opened[folder][last], errors)
        except _NoHistogramError as error:
            self._problems[f'{where}: "{name}" in {path} {error}'] = None
        except Exception as error:  # uproot raises whatever the first unreadable byte leads to
            self._problems[f'{where}: "{name}" in {path} can\'t be read ({_first_line(error)})'] = None
        return None


class _NoHistogramError(Exception):
    """An object is no histogram of numbers that can be taken as they are."""


def _histogram(source: Any, errors: bool) -> RootHistogram:
    classname = str(source.classname)
    dimensions = _DIMENSIONS.get(classname[:3])
    if dimensions is None or classname[3:] not in _KINDS:
        raise _NoHistogramError(f"is a {classname}, no histogram (TH1, TH2 or TH3)")
    buffer = source.member("fBuffer", none_if_missing=True) if source.member("fBufferSize") > 0 else None
    if buffer is not None and len(buffer) and buffer[0] > 0:
        raise _NoHistogramError("has entries in ROOT's buffer: call BufferEmpty(1) before it is written")
    axes = [source.member(f"f{letter}axis") for letter in "XYZ"[:dimensions]]
    shape = tuple(int(axis.member("fNbins")) for axis in axes)
    cells = tuple(bins + 2 for bins in reversed(shape))
    if min(shape) < 1 or int(np.prod(cells, dtype=object)) > _MOST_BINS:
        raise _NoHistogramError(f"has {' x '.join(map(str, shape))} bins")
    raw = next(base for base in source.bases if type(base).__name__.startswith("Model_TArray"))
    contents = np.asarray(raw, np.float64)
    sumw2 = np.asarray(source.member("fSumw2"), np.float64)
    if contents.size != np.prod(cells) or sumw2.size not in (0, contents.size):
        raise _NoHistogramError(f"has {contents.size} contents and {sumw2.size} squared weights for its {shape} bins")
    inside = (slice(1, -1),) * dimensions
    values = contents.reshape(cells)[inside].ravel()
    squared = sumw2.reshape(cells)[inside].ravel() if sumw2.size else np.abs(values)
    if not errors:
        squared = np.where(np.isfinite(squared), squared, 0.0)
    wrong = np.flatnonzero(~np.isfinite(values) | ~np.isfinite(squared))
    if wrong.size:
        raise _NoHistogramError(f"has no finite number in bin {int(wrong[0])} (from 0)")
    axis = _axis(axes[0]) if dimensions == 1 else None
    return RootHistogram(values, np.sqrt(np.maximum(squared, 0.0)), shape, axis, classname)


def _axis(source: Any) -> Axis | None:
    """Return an axis; None where it has no edges that increase."""
    try:
        labels, _ = bin_labels.of_root_axis(source)
        return Axis(np.asarray(source.edges(), np.float64), label=str(source.member("fTitle")), bin_labels=labels)
    except WilksError:
        return None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
