"""Where points with error bars stand in a picture made of characters."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.aligned import bins_of
from wilks.drawables import Points
from wilks.histogram import Histogram


def values_of(drawn: Histogram | Points) -> FloatArray:
    """Return the finite values that must fit on the y axis: contents, or points with the ends of their error bars."""
    if isinstance(drawn, Histogram):
        return drawn.contents[np.isfinite(drawn.contents)]
    points = drawn.finite
    return np.concatenate([points.y - points.y_low, points.y + points.y_high])


def x_range_of(drawn: Histogram | Points) -> tuple[float, float]:
    """Return the first and last edge, or the range of the points with their error bars."""
    axis = bins_of(drawn)
    if axis is not None or isinstance(drawn, Histogram):
        edges = edges_of(drawn)
        return float(edges[0]), float(edges[-1])
    points = drawn.finite
    if not len(points):
        return 0.0, 1.0
    low, high = float((points.x - points.x_low).min()), float((points.x + points.x_high).max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def edges_of(drawn: Histogram | Points) -> FloatArray:
    """Return the edges that ticks may stand at: of points there are too many of them for any."""
    axis = bins_of(drawn)
    return np.linspace(*x_range_of(drawn), 101) if axis is None else axis.edges


def label_of(drawn: Histogram | Points) -> str:
    """Return the title of the x axis."""
    return drawn.axis.label if isinstance(drawn, Histogram) else drawn.label


def heights_of(points: Points, low: float, high: float, columns: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the value of each column and the ends of its error bar, shape (columns,), NaN where there is no point.

    Of several points in one column the last one is drawn.
    """
    points = points.finite
    place = np.minimum(np.floor((points.x - low) / (high - low) * columns).astype(int), columns - 1)
    found = np.full((3, columns), np.nan)
    found[:, place] = points.y, points.y - points.y_low, points.y + points.y_high
    return found[0], found[1], found[2]
