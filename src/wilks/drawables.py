"""What can be drawn beside one-dimensional histograms: those of two and three axes, points, and sets of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.bin_labels import mismatch, order
from wilks.errors import InputError, TemplateError
from wilks.histogram import Axis, Histogram

AXES = "xyz"


@dataclass(frozen=True, eq=False)
class Points:
    """Points with error bars: graphs, profiles, efficiencies. All arrays have shape (n,); errors are lengths.

    `label` and `y_label` are the titles of the axes; `note` is a sentence on where the errors come from. `bins` are
    those with labels whose centres are `x`, None where x is a number.
    """

    x: FloatArray
    y: FloatArray
    x_low: FloatArray
    x_high: FloatArray
    y_low: FloatArray
    y_high: FloatArray
    title: str = ""
    label: str = ""
    y_label: str = ""
    note: str = ""
    bins: Axis | None = None

    def __len__(self) -> int:
        return int(self.x.size)

    @property
    def finite(self) -> Points:
        """The points that can be drawn: neither coordinate is NaN or infinite."""
        good = np.isfinite(self.x) & np.isfinite(self.y)
        arrays = (self.x, self.y, self.x_low, self.x_high, self.y_low, self.y_high)
        kept = [array[good] for array in arrays]
        lengths = [np.nan_to_num(array) for array in kept[2:]]
        left, right, down, up = lengths
        return replace(self, x=kept[0], y=kept[1], x_low=left, x_high=right, y_low=down, y_high=up)

    def in_order_of(self, axis: Axis) -> Points:
        """Return the points at the places that the labels of their bins have on another axis, if these are labels.

        Raises TemplateError, with both lists of labels, where the bins are not the same. Points without bins stay.
        """
        if self.bins is None or self.bins == axis:
            return self
        places = order(axis.bin_labels, self.bins.bin_labels)
        if places is None:
            raise TemplateError(mismatch(self.bins.bin_labels, axis.bin_labels))
        at = np.array(places, dtype=int)[np.searchsorted(self.bins.edges, self.x) - 1]
        half = 0.5 * axis.widths[at]
        return replace(self, x=axis.centers[at], x_low=half, x_high=half, bins=axis)


@dataclass(frozen=True, eq=False)
class Filled(Histogram):
    """A histogram that knows mean and standard deviation of what was filled between its edges (None: undefined)."""

    mean: float | None = None
    stdev_of_values: float | None = None


@dataclass(frozen=True, eq=False)
class HistogramND:
    """A histogram of two or three axes, with what lies outside of them.

    `contents` and `sumw2` have shape (n + 2, ...): underflow first and overflow last along each axis. Where `averaged`,
    a content is the mean of what was filled (NaN in bins without entries), and `sumw2` the square of its error.
    `moments` are mean and standard deviation along each axis of what was filled, where they are known.
    """

    axes: tuple[Axis, ...]
    contents: FloatArray
    sumw2: FloatArray
    entries: float | None = None
    title: str = ""
    label: str = ""
    averaged: bool = False
    moments: tuple[tuple[float | None, float | None], ...] = ()

    @property
    def inside(self) -> FloatArray:
        """Contents inside the edges, shape (n, ...)."""
        return self.contents[(slice(1, -1),) * len(self.axes)]

    @property
    def integral(self) -> float:
        """Sum of the contents inside the edges."""
        return float(np.nansum(self.inside))

    @property
    def projections(self) -> tuple[str, ...]:
        """The names of all projections: `x`, `y`, and for three axes also `z`, `xy`, `xz`, `yz`."""
        if self.averaged:
            return ()
        singles = tuple(AXES[: len(self.axes)])
        return singles if len(self.axes) == 2 else (*singles, "xy", "xz", "yz")

    @property
    def profiles(self) -> tuple[str, ...]:
        """The axes along which there is a profile: `x` and `y` of two axes, where the other one has numbers."""
        if self.averaged or len(self.axes) != 2:
            return ()
        return tuple(AXES[i] for i in (0, 1) if not self.axes[1 - i].is_categorical)

    def project(self, onto: str) -> Histogram | HistogramND:
        """Return the sum over all axes that `onto` ("x", "yz", ...) does not name, as ROOT's ProjectionX, Project3D.

        What lies outside of an axis that is summed over is part of the sum, as it is there.

        >>> plane = HistogramND((Axis([0, 1, 2]), Axis([0, 1])), np.ones((4, 3)), np.ones((4, 3)))
        >>> plane.project("x").contents
        array([3., 3.])
        """
        if onto not in self.projections:
            raise InputError(f'no projection "{onto}"; there are {", ".join(self.projections) or "none of averages"}')
        kept = tuple(AXES.index(letter) for letter in onto)
        summed = tuple(i for i in range(len(self.axes)) if i not in kept)
        contents, sumw2 = self.contents.sum(axis=summed), self.sumw2.sum(axis=summed)
        if len(kept) > 1:
            return HistogramND(tuple(self.axes[i] for i in kept), contents, sumw2, self.entries, self.title, self.label)
        flow = float(contents[0]), float(contents[-1])
        return Histogram(self.axes[kept[0]], contents[1:-1], sumw2[1:-1], *flow, self.entries, self.title)

    def profile(self, along: str) -> Points:
        """Return the mean of the other axis in each bin of one, with its error: ROOT's ProfileX and ProfileY.

        Values are the centres of the bins; what lies outside of the other axis is left out, and so are bins without
        contents. The error is the standard deviation over the square root of the effective number of entries.
        """
        if along not in self.profiles:
            if along in AXES[: len(self.axes)] and len(self.axes) == 2 and not self.averaged:
                raise InputError(
                    f'no profile along "{along}": the bins of the other axis have labels, which have no mean'
                )
            raise InputError(f'no profile along "{along}"; there are those of x and y, of histograms with two axes')
        axis, other = self.axes if along == "x" else self.axes[::-1]
        weights, sumw2 = (a[1:-1, 1:-1] if along == "x" else a[1:-1, 1:-1].T for a in (self.contents, self.sumw2))
        with np.errstate(divide="ignore", invalid="ignore"):
            total = weights.sum(axis=1)
            mean = weights @ other.centers / total
            variance = (weights * (other.centers - mean[:, None]) ** 2).sum(axis=1) / total
            error = np.sqrt(np.maximum(variance, 0.0) * sumw2.sum(axis=1)) / np.abs(total)
        return of_bins(axis, mean, error, total != 0, self.title, f"mean of {other.label or 'the other axis'}")


@dataclass(frozen=True, eq=False)
class Parts:
    """Several histograms or sets of points that are one object; `stacked` ones stand on each other."""

    parts: tuple[tuple[str, Histogram | Points], ...]
    stacked: bool = False
    title: str = ""
    label: str = ""
    y_label: str = ""

    def sums(self) -> tuple[tuple[str, Histogram], ...]:
        """Return the parts of a stack as they stand on each other, the lowest first: the last is the sum."""
        found: list[tuple[str, Histogram]] = []
        for name, part in self.parts:
            if isinstance(part, Histogram):
                found.append((name, found[-1][1] + part if found else part))
        return tuple(found)


Drawable: TypeAlias = Histogram | Points | HistogramND | Parts


def of_bins(axis: Axis, values: FloatArray, errors: FloatArray, there: FloatArray, title: str, y_label: str) -> Points:
    """Return points at the centres of the bins that are `there`, as wide as these."""
    good = np.asarray(there, dtype=bool) & np.isfinite(values)
    half, spread = 0.5 * axis.widths[good], np.nan_to_num(errors[good])
    x, y, bins = axis.centers[good], values[good], axis if axis.bin_labels else None
    return Points(x, y, half, half, spread, spread, title, axis.label, y_label, bins=bins)
