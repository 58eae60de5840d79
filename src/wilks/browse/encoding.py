"""What a page draws, as values for JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from wilks._types import FloatArray, JSONDict
from wilks.drawables import Drawable, HistogramND, Parts, Points
from wilks.histogram import Axis, Histogram
from wilks.moments import plane_statistics
from wilks.tlatex import plain


def number(value: float, digits: int = 12) -> float | int | str:
    """Return a number for JSON, rounded; whole numbers without a point, and as a string what JSON has no number for."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def numbers(values: FloatArray, digits: int) -> list[float | int | str]:
    """Return an array for JSON."""
    return [number(value, digits) for value in values.ravel().tolist()]


def size_of(drawable: Drawable) -> int:
    """Return the number of bins and points that a page holds of an object."""
    if isinstance(drawable, Histogram):
        return len(drawable.axis)
    if isinstance(drawable, Points):
        return 2 * len(drawable)
    if isinstance(drawable, Parts):
        return sum(size_of(part) for _, part in drawable.parts)
    return _size_of_axes([len(axis) for axis in drawable.axes])


def _size_of_axes(bins: Sequence[int]) -> int:
    if len(bins) == 2:
        return bins[0] * bins[1] + 4 * sum(bins)
    return bins[0] * bins[1] + bins[0] * bins[2] + bins[1] * bins[2] + sum(bins)


def size_of_bins(bins: Sequence[int]) -> int:
    """Return what `size_of` gives for a histogram with these numbers of bins."""
    return bins[0] if len(bins) == 1 else _size_of_axes(bins)


class Encoder:
    """Makes records of objects; `edges` and `labels` of bins are stored once for all that share them."""

    def __init__(self, histogram: Callable[[Histogram], JSONDict]) -> None:
        self.edges: dict[tuple[float, ...], int] = {}
        self.labels: dict[tuple[str, ...], int] = {}
        self._histogram = histogram

    def record(self, drawable: Drawable) -> JSONDict:
        """Return an object under the name of its kind: "histogram", "points", "parts", or "views" of several axes."""
        if isinstance(drawable, Histogram):
            entries = {} if drawable.entries is None else {"entries": number(drawable.entries)}
            return {"histogram": {**self._bins(drawable.axis), **self._histogram(drawable)}, **entries}
        if isinstance(drawable, Points):
            return {"points": self._points(drawable)}
        if isinstance(drawable, HistogramND):
            return {"views": self._views(drawable)}
        parts = [{"name": name, **self.record(part)} for name, part in drawable.parts]
        titles = {"label": plain(drawable.label), "yLabel": plain(drawable.y_label)}
        return {"parts": {"stacked": drawable.stacked, "of": parts, **titles}}

    def _views(self, histogram: HistogramND) -> list[JSONDict]:
        """Return the ways in which a histogram of several axes is seen: itself or its projections, and its profiles."""
        views: list[JSONDict] = []
        if len(histogram.axes) == 2:
            views.append({"key": "map", "name": "map", "plane": self._plane(histogram)})
        for onto in sorted(histogram.projections, key=len, reverse=True):
            projection = histogram.project(onto)
            name = f"projection {onto}"
            if isinstance(projection, Histogram):
                views.append({"key": onto, "name": name, **self.record(projection)})
            else:
                views.append({"key": onto, "name": name, "plane": self._plane(projection)})
        for along in histogram.profiles:
            points = self._points(histogram.profile(along))
            views.append({"key": f"profile-{along}", "name": f"profile {along}", "points": points})
        return views

    def _plane(self, plane: HistogramND) -> JSONDict:
        return {
            "axes": [{**self._bins(axis), "label": plain(axis.label)} for axis in plane.axes],
            "label": plain(plane.label) or ("mean" if plane.averaged else "yield per bin"),
            "values": numbers(plane.inside, 6),
            "box": {key: number(value) for key, value in plane_statistics(plane).items() if value is not None},
            "averaged": plane.averaged,
        }

    def _points(self, points: Points) -> JSONDict:
        arrays = {"x": points.x, "y": points.y, "xLow": points.x_low, "xHigh": points.x_high}
        arrays |= {"yLow": points.y_low, "yHigh": points.y_high}
        found: JSONDict = {name: numbers(array, 8) for name, array in arrays.items()}
        bins = self._bins(points.bins) if points.bins else {}
        return {**found, **bins, "label": plain(points.label), "yLabel": plain(points.y_label), "note": points.note}

    def _bins(self, axis: Axis) -> JSONDict:
        """Return the places of edges and, where there are some, labels."""
        edges = self.edges.setdefault(tuple(axis.edges.tolist()), len(self.edges))
        names = tuple(plain(text) for text in axis.bin_labels)
        labels = {"labels": self.labels.setdefault(names, len(self.labels))} if names else {}
        return {"edges": edges, **labels}
