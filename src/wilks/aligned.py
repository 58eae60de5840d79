"""Histograms and points that are shown over each other, bin over bin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from wilks.drawables import Points
from wilks.errors import InputError, TemplateError
from wilks.histogram import Axis, Histogram

Line = TypeVar("Line", bound=Histogram | Points)


def bins_of(drawn: Histogram | Points) -> Axis | None:
    """Return the axis of a histogram, or that of points in bins with labels; None of points elsewhere."""
    return drawn.axis if isinstance(drawn, Histogram) else drawn.bins


def aligned(named: Sequence[tuple[str, Line]]) -> list[tuple[str, Line]]:
    """Return histograms with the bins of each in the order of the first one that has categories.

    Points in bins with labels go along with these. Histograms of numbers may have other edges, and stay as they are,
    and so do points that are in no bins. Raises InputError where the labels of bins are not the same, with a sentence
    for each such histogram.
    """
    reference = next(((name, axis) for name, drawn in named if (axis := bins_of(drawn)) and axis.is_categorical), None)
    if reference is None:
        return list(named)
    first, axis = reference
    found, problems = [], []
    for name, drawn in named:
        try:
            moved = drawn.in_order_of(axis)
            found.append((name, cast(Line, moved.with_axis(axis) if isinstance(moved, Histogram) else moved)))
        except TemplateError as error:
            problems.append(f'"{name}" can\'t be drawn over "{first}", which has other bins: {error}')
    if problems:
        raise InputError(problems)
    return found
