"""Histograms and points on a logarithmic axis: their logarithms, in decades above the lowest that is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.drawables import Points
from wilks.errors import InputError
from wilks.histogram import Histogram

_MOST_DECADES = 10
# So that one tiny yield does not flatten everything else.


@dataclass(frozen=True)
class Logarithmic:
    """What is drawn, in decades above 10 to the `floor`; `decades` are shown. NaN where a value is not positive."""

    drawn: tuple[Histogram | Points, ...]
    floor: int
    decades: int

    @classmethod
    def of(cls, drawn: Sequence[Histogram | Points]) -> Logarithmic:
        """Return the logarithms of contents and points. Raises InputError where none is positive."""
        values = np.concatenate([one.contents if isinstance(one, Histogram) else one.finite.y for one in drawn])
        values = values[np.isfinite(values) & (values > 0)]
        if not values.size:
            raise InputError("no positive yield to draw on a logarithmic axis")
        top = math.floor(math.log10(values.max())) + 1
        floor = max(math.ceil(math.log10(values.min())) - 1, top - _MOST_DECADES)
        return cls(tuple(_logarithm(one, floor) for one in drawn), floor, top - floor)


def _logarithm(drawn: Histogram | Points, floor: int) -> Histogram | Points:
    def of(values: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.maximum(np.log10(values) - floor, 0.0), np.nan)

    if isinstance(drawn, Histogram):
        return replace(drawn, contents=of(drawn.contents))
    points = drawn.finite
    y = of(points.y)
    low, high = np.nan_to_num(of(points.y - points.y_low)), of(points.y + points.y_high)
    return replace(points, y=y, y_low=y - low, y_high=high - y)
