"""Toys on disk: a folder with a manifest and pieces of equal length, written one by one, so that a run can go on."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wilks._files import write_atomically, write_once
from wilks._reading import parse_json, read_arrays, read_file
from wilks._types import BoolArray, FloatArray
from wilks.errors import ModelError, ResultError, listed, nearest
from wilks.results.encoding import encode_result
from wilks.results.toys import ToysResult

FORMAT = 1
_MANIFEST, _RUN, _SUMMARY = "manifest.json", "run", "summary"


@dataclass(frozen=True, eq=False)
class Toys:
    """Some toys in their order, the first of which is toy `first` of the seed.

    `values` and `uncertainties` have shape (toys, parameters), `twice_nll`, `edm`, `converged` and `statuses` (toys,);
    `profile` (toys, profiled parameters) is 2NLL with the parameter at its true value minus `twice_nll`.
    """

    first: int
    values: FloatArray
    uncertainties: FloatArray
    twice_nll: FloatArray
    edm: FloatArray
    statuses: tuple[str, ...]
    profile: FloatArray

    def __len__(self) -> int:
        return int(self.twice_nll.size)

    @property
    def converged(self) -> BoolArray:
        """Which fits converged, shape (toys,)."""
        return np.array([status == "converged" for status in self.statuses], np.bool_)

    def same(self, other: Toys) -> bool:
        """Return whether these are the same toys, to the last bit."""
        arrays = [(getattr(self, name), getattr(other, name)) for name in _ARRAYS]
        equal = all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in arrays)
        return equal and (self.first, self.statuses) == (other.first, other.statuses)

    def upto(self, size: int) -> Toys:
        """Return the first `size` of them."""
        arrays = {name: getattr(self, name)[:size] for name in _ARRAYS}
        return replace(self, statuses=self.statuses[:size], **arrays)


@dataclass(frozen=True)
class Piece:
    """A piece of a run: its number, its first toy, and how many it has."""

    number: int
    first: int
    size: int


def pieces(count: int, rows: int, part: tuple[int, int] | None = None) -> list[Piece]:
    """Return the pieces of a run of so many toys, `rows` in each; of `part` (3, 100) every hundredth from the third on.

    Raises ModelError for a part that is none, or has nothing to do.

    >>> [piece.first for piece in pieces(500, 100, (2, 2))]
    [100, 300]
    """
    every = [Piece(number, first, min(rows, count - first)) for number, first in enumerate(range(0, count, rows))]
    if part is None:
        return every
    which, parts = part
    if not 1 <= which <= parts:
        raise ModelError(f"part: the first is 1 of {max(parts, 1)}, the last {max(parts, 1)}; found {which} of {parts}")
    if which > len(every):
        size = f"{len(every)} pieces of {rows}" if len(every) > 1 else "one piece"
        raise ModelError(
            f"part {which} of {parts} has nothing to do: {count} toys of this model are {size}; use {len(every)} "
            f"part{'s' * (len(every) > 1)} at most, or more toys"
        )
    return every[which - 1 :: parts]


_ARRAYS = ("values", "uncertainties", "twice_nll", "edm", "profile")


def _require_whole(toys: Toys) -> None:
    """Raise ValueError where arrays hold no numbers, or not those of as many toys."""
    size, parameters = len(toys), toys.values.shape[-1]
    shapes = {"values": (size, parameters), "uncertainties": (size, parameters), "twice_nll": (size,), "edm": (size,)}
    for name in _ARRAYS:
        array = getattr(toys, name)
        if array.dtype != np.float64 or array.shape != shapes.get(name, (size, *array.shape[1:])):
            raise ValueError(name)
    if len(toys.statuses) != size or toys.profile.ndim != 2:
        raise ValueError("statuses or profile")


@dataclass(frozen=True)
class ToyFolder:
    """A folder with toys: `ToyFolder(path)` reads what `wilks.toys(..., folder=path)` wrote.

    It iterates over the pieces (`Toys`), in order, one in memory at a time; `folder["mu"]` are the fitted values of one
    parameter in all toys that are there, shape (toys,): after Ctrl-C, or with some parts of a run, others can lie
    between them (`first` of a piece tells). Raises ResultError where there is no such folder, or where it is damaged.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> from wilks.results.toy_folder import ToyFolder
    >>> _ = wilks.toys(model, count=20, seed=1, folder="toys")
    >>> ToyFolder("toys")["mu"].shape
    (20,)
    """

    path: Path

    def __init__(self, path: str | Path) -> None:
        object.__setattr__(self, "path", Path(path))

    @property
    def manifest(self) -> dict[str, Any]:
        """Seed, stream, parameter names, truth, digest, settings and `rows`, the length of a piece."""
        path = self.path / _MANIFEST
        try:
            found = parse_json(read_file(path))
            if found["format"] != FORMAT or not found["rows"] >= 1:
                raise ResultError(f"{path}: this version of wilks reads format {FORMAT}, found {found['format']!r}")
        except OSError as error:
            raise ResultError(f"{path}: can't be read: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError):
            raise ResultError(f"{path}: not a folder of toys, or a damaged one") from None
        return dict(found)

    def prepare(self, wanted: dict[str, Any], run: ToysResult | None = None) -> None:
        """Make the folder, or check that one that is there is of the same run. Raises ResultError.

        The manifest also has the result of the `run` as it is before the first toy, for `merge_toys`.
        """
        wanted = json.loads(json.dumps({"format": FORMAT, **wanted}))
        if not (self.path / _MANIFEST).exists():
            if self.path.exists() and (not self.path.is_dir() or self._foreign()):
                raise ResultError(f"{self.path}: exists, and is not a folder of toys; choose another one")
            summary = {} if run is None else {_SUMMARY: json.loads(encode_result(run))}
            self._begin(json.dumps({**wanted, **summary}, indent=1).encode())
        found = self.manifest
        different = [key for key in wanted if found.get(key) != wanted[key]]
        if different:
            raise ResultError(f"{self.path}: holds toys with another {listed(different)}; choose another folder")

    def _foreign(self) -> bool:
        """Return whether there are files that no run writes before its manifest. Another run may write it right now."""
        others = any(not file.name.startswith(f".{_MANIFEST}.") for file in self.path.iterdir())
        return others and not (self.path / _MANIFEST).exists()

    def _begin(self, content: bytes) -> None:
        """Write the manifest, unless another run has just written its own: the first one counts."""
        try:
            write_once(self.path / _MANIFEST, content)
        except OSError as error:
            raise ResultError(f"{self.path / _MANIFEST}: can't be written: {error.strerror or error}") from None

    def note(self, count: int, part: tuple[int, int]) -> None:
        """Keep which part of a run of so many toys was begun here."""
        self._write(f"{_RUN}-{count}-part-{part[0]}-of-{part[1]}.json", b"{}\n")

    @property
    def runs(self) -> dict[str, tuple[int, int, int]]:
        """Parts of runs that were begun here, by file: toys of the run, which part, of how many."""
        found = {}
        for path in sorted(self.path.glob(f"{_RUN}-*.json")):
            if match := re.fullmatch(_RUN + r"-(\d+)-part-(\d+)-of-(\d+)\.json", path.name):
                found[path.name] = int(match[1]), int(match[2]), int(match[3])
        return found

    @property
    def numbers(self) -> list[int]:
        """The numbers of the pieces that are there."""
        names = (path.name.removeprefix("toys-").removesuffix(".npz") for path in self.path.glob("toys-*.npz"))
        return sorted(int(name) for name in names if name.isdecimal())

    def read(self, piece: int, names: int | None = None) -> Toys | None:
        """Return a piece, None where it was not written. Raises ResultError where it is damaged."""
        path = self._piece(piece)
        if not path.exists():
            return None
        try:
            stored = read_arrays(read_file(path))
            codes, words = stored["status"], stored["words"].tolist()
            arrays = {name: stored[name] for name in _ARRAYS}
            toys = Toys(int(stored["first"]), statuses=tuple(words[code] for code in codes), **arrays)
            _require_whole(toys)
        except (OSError, ValueError, TypeError, KeyError, IndexError):
            raise ResultError(f"{path}: this piece is damaged; delete it to have it made again") from None
        if names is not None and toys.values.shape != (len(toys), names):
            raise ResultError(f"{path}: this piece is of another model; delete it to have it made again")
        return toys

    def write(self, piece: int, toys: Toys) -> None:
        """Write a piece; it appears whole or not at all. Raises ResultError where it can't be written."""
        words = sorted(set(toys.statuses))
        codes = {word: code for code, word in enumerate(words)}
        buffer = io.BytesIO()
        np.savez(
            buffer,
            first=np.array(toys.first),
            words=np.array(words),
            status=np.array([codes[status] for status in toys.statuses], np.uint8),
            **{name: getattr(toys, name) for name in _ARRAYS},
        )
        self._write(self._piece(piece).name, buffer.getvalue())

    def __iter__(self) -> Iterator[Toys]:
        for number in self.numbers:
            if (toys := self.read(number)) is not None:
                yield toys

    def __getitem__(self, name: str) -> FloatArray:
        names = self.manifest["names"]
        if name not in names:
            raise KeyError(f'no parameter "{name}" in these toys{nearest(name, names)}')
        return np.concatenate([np.empty(0), *(toys.values[:, names.index(name)] for toys in self)])

    def _piece(self, piece: int) -> Path:
        return self.path / f"toys-{piece:08d}.npz"

    def _write(self, name: str, content: bytes) -> None:
        try:
            write_atomically(self.path / name, content)
        except OSError as error:
            raise ResultError(f"{self.path / name}: can't be written: {error.strerror or error}") from None
