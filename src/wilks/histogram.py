"""Frozen one-dimensional histograms with weighted statistics.

`Histogram` follows the UHI `PlottableHistogram` protocol (`axes`, `kind`, `values()`, `variances()`, `counts()`), so
that mplhep draws it and uproot writes it to ROOT files; `hist.Hist(h)` and `boost_histogram.Histogram(h)` take it over.
`Histogram.from_uhi` accepts any object of that protocol (boost-histogram, hist, uproot).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import TemplateError, printable

# What hist calls the first axis of a histogram if nobody else does.
_NO_LABEL = "Axis 0"


def _frozen(values: Any) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _readable(text: str) -> str:
    """Return a title as text that can be written: bytes that were no UTF-8, kept by readers as surrogates, as Latin-1.

    >>> _readable("p_T [\\udcb5m]")
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

    Where only a label is given, a unit in brackets at its end counts: "$H_T$ [GeV]".
    """

    edges: FloatArray
    label: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        edges = _frozen(self.edges)
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
            raise TemplateError(f"bin edges must be at least two increasing finite numbers, found {edges.tolist()}")
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "label", _readable(self.label))
        object.__setattr__(self, "unit", _readable(self.unit))
        if not self.unit and (bracketed := re.search(r"\s\[([A-Za-z][^\[\]]*)\]\s*$", self.label)):
            object.__setattr__(self, "unit", bracketed.group(1))

    @classmethod
    def of_bin_numbers(cls, bins: int, label: str = "bin") -> Axis:
        """Return an axis with edges 0, 1, ..., bins: what is left when nobody knows the real edges."""
        return cls(np.arange(bins + 1, dtype=np.float64), label=label)

    @property
    def traits(self) -> _Traits:
        """UHI axis traits: neither circular nor discrete."""
        return _Traits()

    @property
    def widths(self) -> FloatArray:
        """Widths of the bins, shape (n,)."""
        return np.diff(self.edges)

    @property
    def centers(self) -> FloatArray:
        """Centres of the bins, shape (n,)."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    def __len__(self) -> int:
        return self.edges.size - 1

    def __getitem__(self, index: int) -> tuple[float, float]:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return float(self.edges[index]), float(self.edges[index + 1])

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Axis)
            and np.array_equal(self.edges, other.edges)
            and (self.label, self.unit) == (other.label, other.unit)
        )

    def __hash__(self) -> int:
        return hash((self.edges.tobytes(), self.label, self.unit))


@dataclass(frozen=True)
class _Traits:
    circular: bool = False
    discrete: bool = False


@dataclass(frozen=True, eq=False)
class Histogram:
    """Yields and their variances in the bins of one axis; what lay outside is kept apart.

    `contents` and `sumw2` have shape (n,); `underflow` and `overflow` are summed weights outside the edges; `entries`
    is the number of fills where known; `title` is the title of the histogram it was read from, `remarks` sentences on
    what that one said besides its bins.
    """

    axis: Axis
    contents: FloatArray
    sumw2: FloatArray
    underflow: float = 0.0
    overflow: float = 0.0
    entries: float | None = None
    title: str = ""
    remarks: tuple[str, ...] = ()
    kind: str = field(default="COUNT", init=False)

    def __post_init__(self) -> None:
        contents, sumw2 = _frozen(self.contents), _frozen(self.sumw2)
        if contents.shape != (len(self.axis),) or sumw2.shape != contents.shape:
            raise TemplateError(
                f"a histogram with {len(self.axis)} bins needs as many yields and variances, "
                f"found {contents.shape} and {sumw2.shape}"
            )
        object.__setattr__(self, "contents", contents)
        object.__setattr__(self, "sumw2", sumw2)
        object.__setattr__(self, "title", _readable(self.title))

    @classmethod
    def from_arrays(cls, edges: Any, yields: Any, stdev: Any, *, label: str = "") -> Histogram:
        """Return a histogram from bin edges (n + 1), yields (n) and their standard deviations (n).

        An open bin, at -inf or inf, is on the axis as wide as the one beside it.
        """
        return cls(Axis(closed(edges), label=label), yields, np.square(np.asarray(stdev, dtype=np.float64)))

    @classmethod
    def from_uhi(cls, source: Any) -> Histogram:
        """Return a histogram from any one-dimensional UHI `PlottableHistogram`: boost-histogram, hist, uproot's TH1.

        Raises TemplateError where `source` has more than one axis or none of numbers. A missing `variances()` means
        unweighted counts: the variance is the content.
        """
        axes = source.axes
        if len(axes) != 1:
            raise TemplateError(f"only one-dimensional histograms can be templates, found {len(axes)} axes")
        axis = axes[0]
        edges = getattr(axis, "edges", None)
        if callable(edges):
            edges = edges()
        if edges is None:
            edges = np.array([low for low, _ in axis] + [axis[len(axis) - 1][1]])
        edges = np.asarray(edges, dtype=np.float64)
        label = str(getattr(axis, "label", None) or getattr(axis, "metadata", None) or "")
        if label == _NO_LABEL:
            label = ""
        values = np.asarray(source.values(), dtype=np.float64)
        variances = source.variances()
        sumw2 = np.abs(values) if variances is None else np.asarray(variances, dtype=np.float64)
        under, over = _flow_of(source, values)
        title = getattr(source, "title", None) or getattr(source, "name", None) or ""
        return cls(Axis(closed(edges), label=label), values, sumw2, under, over, title=str(title))

    @property
    def axes(self) -> tuple[Axis]:
        """The one axis, as UHI wants it."""
        return (self.axis,)

    @property
    def integral(self) -> float:
        """Sum of the yields inside the edges."""
        return float(self.contents.sum())

    @property
    def stdev(self) -> FloatArray:
        """Standard deviations of the yields, shape (n,)."""
        return np.sqrt(self.sumw2)

    def values(self, flow: bool = False) -> FloatArray:
        """Yields, shape (n,); with `flow` also what lies outside the edges, first and last, shape (n + 2,)."""
        return np.array([self.underflow, *self.contents, self.overflow]) if flow else self.contents

    def variances(self, flow: bool = False) -> FloatArray:
        """Variances of the yields, shape (n,); with `flow` (n + 2,), NaN (not kept) where weights lay outside."""
        if not flow:
            return self.sumw2
        below, above = (np.nan if outside else 0.0 for outside in (self.underflow, self.overflow))
        return np.array([below, *self.sumw2, above])

    def counts(self, flow: bool = False) -> FloatArray:
        """Effective entries per bin, shape as for `variances`: yield^2 / variance, 0 where there is nothing."""
        values, variances = self.values(flow), self.variances(flow)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((variances > 0) | np.isnan(variances), values**2 / variances, 0.0)

    def _to_boost_histogram_(self) -> Any:
        """Return the same histogram of boost-histogram, label and flow included: the hook that it and hist call."""
        import boost_histogram

        axis = boost_histogram.axis.Variable(self.axis.edges, metadata=self.axis.label or None)
        # hist keeps its label here, beside the metadata.
        axis.label = self.axis.label
        histogram = boost_histogram.Histogram(axis, storage=boost_histogram.storage.Weight())
        view: Any = histogram.view(flow=True)
        view.value, view.variance = self.values(flow=True), self.variances(flow=True)
        return histogram

    def scaled(self, factor: float) -> Histogram:
        """Return the histogram with every weight multiplied by `factor`."""
        return replace(
            self,
            contents=self.contents * factor,
            sumw2=self.sumw2 * factor**2,
            underflow=self.underflow * factor,
            overflow=self.overflow * factor,
        )

    def with_axis(self, axis: Axis) -> Histogram:
        """Return the same yields on another axis of equal length."""
        return replace(self, axis=axis)

    def __add__(self, other: Histogram) -> Histogram:
        if not np.array_equal(self.axis.edges, other.axis.edges):
            raise TemplateError("histograms with different bin edges can't be added")
        entries = None if self.entries is None or other.entries is None else self.entries + other.entries
        return replace(
            self,
            contents=self.contents + other.contents,
            sumw2=self.sumw2 + other.sumw2,
            underflow=self.underflow + other.underflow,
            overflow=self.overflow + other.overflow,
            entries=entries,
            remarks=tuple(dict.fromkeys(self.remarks + other.remarks)),
        )

    def __repr__(self) -> str:
        low, high = self.axis.edges[[0, -1]]
        label = f' of "{self.axis.label}"' if self.axis.label else ""
        bins = f"{len(self.axis)} bin{'s' if len(self.axis) > 1 else ''}"
        return f"<Histogram: {bins} from {low:g} to {high:g}{label}, integral {self.integral:.6g}>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and self.axis == other.axis
            and np.array_equal(self.contents, other.contents, equal_nan=True)
            and np.array_equal(self.sumw2, other.sumw2, equal_nan=True)
            and (self.underflow, self.overflow) == (other.underflow, other.overflow)
        )

    __hash__ = None  # type: ignore[assignment]


def _flow_of(source: Any, values: FloatArray) -> tuple[float, float]:
    """Return underflow and overflow where the object can tell, else zeros."""
    try:
        full = np.asarray(source.values(flow=True), dtype=np.float64)
    except TypeError:
        return 0.0, 0.0
    if full.shape[0] != values.shape[0] + 2:
        return 0.0, 0.0
    return float(full[0]), float(full[-1])
