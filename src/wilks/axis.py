"""`Axis`: edges, title, unit and labels of the bins of a histogram."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks import bin_labels
from wilks._types import FloatArray
from wilks.errors import TemplateError, printable


def frozen(values: Any) -> FloatArray:
    """Return a copy of values as numbers that can't be changed."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def readable(text: str) -> str:
    """Return a title as text that can be written: bytes that were no UTF-8, kept by readers as surrogates, as Latin-1.

    >>> readable("p_T [\\udcb5m]")
    'p_T [µm]'
    """
    if text.isascii() or printable(text) == text:
        return text
    return printable("".join(chr(ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text))


def closed(edges: Any) -> FloatArray:
    """Return bin edges with numbers in place of -inf and inf at the ends: an open bin is as wide as the one beside it.

    Where there is none its width is one.

    >>> closed([0.0, 5.0, 15.0, float("inf")]).tolist()
    [0.0, 5.0, 15.0, 25.0]
    """
    found = np.array(edges, dtype=np.float64)
    if found.ndim != 1 or found.size < 2 or not (found[0] == -np.inf or found[-1] == np.inf):
        return found
    inside = found[np.isfinite(found)]
    widths = np.diff(inside) if inside.size > 1 else np.ones(1)
    if found[0] == -np.inf:
        found[0] = inside[0] - widths[0] if inside.size else 0.0
    if found[-1] == np.inf:
        found[-1] = inside[-1] + widths[-1] if inside.size else 1.0
    return found


@dataclass(frozen=True, eq=False)
class Axis:
    """Bin edges (n + 1 increasing numbers), a label for the axis, and the unit of the edges ("" if none).

    Where only a label is given, a unit in brackets at its end counts: "$H_T$ [GeV]". `bin_labels` has one text per bin,
    "" for a bin without, or nothing at all where the bins are ranges of numbers.

    >>> import wilks
    >>> axis = wilks.Axis([0, 20, 50, 100], "$p_T$ [GeV]")
    >>> len(axis), axis.unit, axis.widths
    (3, 'GeV', array([20., 30., 50.]))
    """

    edges: FloatArray
    label: str = ""
    unit: str = ""
    bin_labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        edges = frozen(self.edges)
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
            raise TemplateError(f"bin edges must be at least two increasing finite numbers, found {edges.tolist()}")
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "label", readable(self.label))
        object.__setattr__(self, "unit", readable(self.unit))
        if not self.unit and (bracketed := re.search(r"\s\[([A-Za-z][^\[\]]*)\]\s*$", self.label)):
            object.__setattr__(self, "unit", bracketed.group(1))
        if self.bin_labels:
            self._take_bin_labels()

    def _take_bin_labels(self) -> None:
        labels = tuple([readable(str(text)) for text in self.bin_labels])
        if len(labels) != len(self):
            raise TemplateError(f"{len(self)} bins need as many labels, found {len(labels)}: {', '.join(labels)}")
        object.__setattr__(self, "bin_labels", labels if any(labels) else ())

    @classmethod
    def of_labels(cls, bin_labels: Iterable[str | int], label: str = "") -> Axis:
        """Return an axis of categories: bins with these labels and edges 0, 1, ..., n.

        >>> Axis.of_labels(["ee", "mm"], label="channel").bin_labels
        ('ee', 'mm')
        """
        names = tuple(str(name) for name in bin_labels)
        return cls(np.arange(len(names) + 1, dtype=np.float64), label=label, bin_labels=names)

    @classmethod
    def of_bin_numbers(cls, bins: int, label: str = "bin") -> Axis:
        """Return an axis with edges 0, 1, ..., bins: what is left when nobody knows the real edges."""
        return cls(np.arange(bins + 1, dtype=np.float64), label=label)

    @property
    def traits(self) -> _Traits:
        """UHI axis traits: never circular, discrete where labels say which bin is which."""
        return _Traits(discrete=self.is_categorical)

    @property
    def is_categorical(self) -> bool:
        """Whether every bin has a label of its own, which says which bin it is: its place and edges say nothing."""
        return bin_labels.identify(self.bin_labels)

    def interval(self, index: int) -> tuple[float, float]:
        """Return lower and upper edge of a bin (from 0)."""
        return float(self.edges[index]), float(self.edges[index + 1])

    @property
    def widths(self) -> FloatArray:
        """Widths of the bins, shape (n,)."""
        return np.diff(self.edges)

    @property
    def centers(self) -> FloatArray:
        """Centres of the bins, shape (n,)."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    def has_edges_of(self, other: Axis) -> bool:
        """Return whether the edges are those of another axis; computed in other ways they differ in the last digits."""
        same = len(self) == len(other)
        return same and bool(np.all(np.abs(self.edges - other.edges) <= 1e-9 * self.widths.min()))

    def __len__(self) -> int:
        return self.edges.size - 1

    def __getitem__(self, index: int) -> tuple[float, float] | str:
        """Return a bin as UHI wants it: its label where `is_categorical`, else its edges."""
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return self.bin_labels[index] if self.is_categorical else self.interval(index)

    def __iter__(self) -> Iterator[tuple[float, float] | str]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Axis)
            and np.array_equal(self.edges, other.edges)
            and (self.label, self.unit, self.bin_labels) == (other.label, other.unit, other.bin_labels)
        )

    def __hash__(self) -> int:
        return hash((self.edges.tobytes(), self.label, self.unit, self.bin_labels))


@dataclass(frozen=True)
class _Traits:
    circular: bool = False
    discrete: bool = False
