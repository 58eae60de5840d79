"""Frozen one-dimensional histograms with weighted statistics.

`Histogram` follows the UHI `PlottableHistogram` protocol (`axes`, `kind`, `values()`, `variances()`, `counts()`), so
that mplhep draws it and uproot writes it to ROOT files; `hist.Hist(h)` and `boost_histogram.Histogram(h)` take it over.
`Histogram.from_uhi` accepts any object of that protocol (boost-histogram, hist, uproot).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks import bin_labels
from wilks._types import FloatArray
from wilks.axis import Axis as Axis
from wilks.axis import closed as closed
from wilks.axis import frozen, readable
from wilks.errors import TemplateError

# What hist calls the first axis of a histogram if nobody else does.
_NO_LABEL = "Axis 0"


@dataclass(frozen=True, eq=False)
class Histogram:
    """Yields and their variances in the bins of one axis; what lay outside is kept apart.

    `contents` and `sumw2` have shape (n,); `underflow` and `overflow` are summed weights outside the edges; `entries`
    is the number of fills where known; `title` is the title of the histogram it was read from. `outside_sumw2` are the
    variances of `underflow` and `overflow` until the bins of a template are settled, None where nobody knows them.
    `remarks` are sentences on what the histogram that was read said besides its bins.

    >>> import wilks
    >>> histogram = wilks.Histogram(wilks.Axis([0, 20, 50]), [8.0, 3.0], [8.0, 3.0])
    >>> histogram.integral, histogram.scaled(2).values(), histogram.scaled(2).variances()
    (11.0, array([16.,  6.]), array([32., 12.]))
    """

    axis: Axis
    contents: FloatArray
    sumw2: FloatArray
    underflow: float = 0.0
    overflow: float = 0.0
    entries: float | None = None
    title: str = ""
    outside_sumw2: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()
    kind: str = field(default="COUNT", init=False)

    def __post_init__(self) -> None:
        contents, sumw2 = frozen(self.contents), frozen(self.sumw2)
        if contents.shape != (len(self.axis),) or sumw2.shape != contents.shape:
            raise TemplateError(
                f"a histogram with {len(self.axis)} bins needs as many yields and variances, "
                f"found {contents.shape} and {sumw2.shape}"
            )
        object.__setattr__(self, "contents", contents)
        object.__setattr__(self, "sumw2", sumw2)
        object.__setattr__(self, "title", readable(self.title))

    @classmethod
    def from_arrays(cls, edges: Any, yields: Any, stdev: Any, *, label: str = "") -> Histogram:
        """Return a histogram from bin edges (n + 1), yields (n) and their standard deviations (n).

        An open bin, at -inf or inf, is on the axis as wide as the one beside it.
        """
        return cls(Axis(closed(edges), label=label), yields, np.square(np.asarray(stdev, dtype=np.float64)))

    @classmethod
    def from_uhi(cls, source: Any) -> Histogram:
        """Return a histogram from any one-dimensional UHI `PlottableHistogram`: boost-histogram, hist, uproot's TH1.

        Categories (StrCategory, IntCategory) become `Axis.bin_labels`. Raises TemplateError where `source` has more
        than one axis, or one of neither numbers nor categories. A missing `variances()` means unweighted counts: the
        variance is the content.
        """
        axes = source.axes
        if len(axes) != 1:
            raise TemplateError(f"only one-dimensional histograms can be templates, found {len(axes)} axes")
        axis = axes[0]
        grown = False
        if hasattr(axis, "member"):  # uproot's, whose own list of labels is in the order of the file
            labels, grown = bin_labels.of_root_axis(axis)
        else:
            labels = bin_labels.of_axis(axis)
        edges = _edges_of(axis, labels)
        label = str(getattr(axis, "label", None) or getattr(axis, "metadata", None) or "")
        if label == _NO_LABEL:
            label = ""
        values = np.asarray(source.values(), dtype=np.float64)
        variances = source.variances()
        sumw2 = np.abs(values) if variances is None else np.asarray(variances, dtype=np.float64)
        traits = getattr(axis, "traits", None)
        under, over = _flow_of(source.values, values.size, traits) or (0.0, 0.0)
        outside = (abs(under), abs(over)) if variances is None else _flow_of(source.variances, values.size, traits)
        outside = outside if outside is not None and np.isfinite(outside).all() else None
        title = getattr(source, "title", None) or getattr(source, "name", None) or ""
        axis = Axis(closed(edges), label=label, bin_labels=labels)
        made = cls(axis, values, sumw2, under, over, None, str(title), outside)
        return made.without_spare_bins() if grown else made

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

        categories = self.axis.is_categorical and self.underflow == 0.0  # of which there is none below categories
        axis: Any
        if categories:
            axis = boost_histogram.axis.StrCategory(self.axis.bin_labels, metadata=self.axis.label or None)
        else:
            axis = boost_histogram.axis.Variable(self.axis.edges, metadata=self.axis.label or None)
        # hist keeps its label here, beside the metadata.
        axis.label = self.axis.label
        histogram = boost_histogram.Histogram(axis, storage=boost_histogram.storage.Weight())
        view: Any = histogram.view(flow=True)
        cells = slice(1 if categories else 0, None)
        view.value, view.variance = self.values(flow=True)[cells], self.variances(flow=True)[cells]
        return histogram

    def scaled(self, factor: float) -> Histogram:
        """Return the histogram with every weight multiplied by `factor`."""
        return replace(
            self,
            contents=self.contents * factor,
            sumw2=self.sumw2 * factor**2,
            underflow=self.underflow * factor,
            overflow=self.overflow * factor,
            outside_sumw2=_sum_of(self.outside_sumw2, factor=factor**2),
        )

    def with_axis(self, axis: Axis) -> Histogram:
        """Return the same yields on another axis of equal length."""
        return replace(self, axis=axis)

    def in_order_of(self, axis: Axis) -> Histogram:
        """Return the histogram with the bins in the order of another axis, which they are found on by their labels.

        Where labels don't say which bin is which, bins stay where they are. A histogram without labels and without
        content, as ROOT leaves one that was never filled, has nothing in any of them. Raises TemplateError, with both
        lists of labels, where the bins are not the same. Edges are not compared, nor changed unless bins move.

        >>> Histogram(Axis.of_labels(["mm", "ee"]), [2, 1], [4, 1]).in_order_of(Axis.of_labels(["ee", "mm"])).contents
        array([1., 2.])
        """
        own, wanted = self.axis.bin_labels, axis.bin_labels
        if own == wanted:
            return self
        if not own and axis.is_categorical and not (self.contents.any() or self.sumw2.any()):
            return replace(self, axis=axis, contents=np.zeros(len(axis)), sumw2=np.zeros(len(axis)))
        if not (self.axis.is_categorical or axis.is_categorical) and len(self.axis) != len(axis):
            return self
        places = bin_labels.order(own or ("",) * len(self.axis), wanted or ("",) * len(axis))
        if places is None:
            raise TemplateError(bin_labels.mismatch(own, wanted))
        if places == list(range(len(places))):
            return self
        return replace(self, axis=axis, contents=self.contents[places], sumw2=self.sumw2[places])

    def without_spare_bins(self) -> Histogram:
        """Return the histogram without empty bins behind the last label: ROOT makes some whenever labels are added."""
        spare = bin_labels.spare(self.axis.bin_labels)
        used = len(self.axis) - spare
        if not spare or self.contents[used:].any() or self.sumw2[used:].any():
            return self
        axis = replace(self.axis, edges=self.axis.edges[: used + 1], bin_labels=self.axis.bin_labels[:used])
        return replace(self, axis=axis, contents=self.contents[:used], sumw2=self.sumw2[:used])

    def __add__(self, other: Histogram) -> Histogram:
        """Return the sum, on the axis of the first; bins with labels are found by these."""
        try:
            # Only a histogram with labels tells in which order those of an empty one without them are.
            first = self if self.axis.bin_labels else self.in_order_of(other.axis)
            second = other.in_order_of(first.axis)
        except TemplateError as error:
            raise TemplateError(f"histograms with different bins can't be added: {error}") from None
        if not first.axis.is_categorical and not first.axis.has_edges_of(second.axis):
            raise TemplateError("histograms with different bin edges can't be added")
        return first._plus(second)

    def _plus(self, other: Histogram) -> Histogram:
        """Return the sum of two histograms whose bins are the same."""
        entries = None if self.entries is None or other.entries is None else self.entries + other.entries
        labels = self.axis.bin_labels or other.axis.bin_labels
        return replace(
            self,
            axis=replace(self.axis, bin_labels=labels) if labels else self.axis,
            contents=self.contents + other.contents,
            sumw2=self.sumw2 + other.sumw2,
            underflow=self.underflow + other.underflow,
            overflow=self.overflow + other.overflow,
            entries=entries,
            outside_sumw2=_sum_of(self.outside_sumw2, other.outside_sumw2),
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


def _edges_of(axis: Any, labels: tuple[str, ...]) -> FloatArray:
    """Return the edges of a UHI axis; of categories that have none, bin numbers."""
    edges = getattr(axis, "edges", None)
    if callable(edges):
        edges = edges()
    if edges is None:
        edges = range(len(labels) + 1) if labels else [low for low, _ in axis] + [axis[len(axis) - 1][1]]
    return np.asarray(edges, dtype=np.float64)


def _flow_of(read: Callable[..., Any], size: int, traits: Any) -> tuple[float, float] | None:
    """Return what a method of a histogram with `size` bins has in under- and overflow, None where it can't tell."""
    try:
        full = np.asarray(read(flow=True), dtype=np.float64)
    except TypeError:
        return None
    outside = full.shape[0] - size
    if outside not in (0, 1, 2):
        return None
    one = outside == 1 and not getattr(traits, "circular", False)  # what a circular axis keeps apart is no number
    below = outside == 2 or (one and bool(getattr(traits, "underflow", False)))
    above = outside == 2 or (one and bool(getattr(traits, "overflow", False)))
    return float(full[0]) if below else 0.0, float(full[-1]) if above else 0.0


def _sum_of(*pairs: tuple[float, float] | None, factor: float = 1.0) -> tuple[float, float] | None:
    """Return the sums of pairs of variances times a factor, None where one is not known."""
    known = [pair for pair in pairs if pair is not None]
    if len(known) < len(pairs):
        return None
    return factor * sum(pair[0] for pair in known), factor * sum(pair[1] for pair in known)
