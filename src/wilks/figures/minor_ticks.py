"""Minor ticks at once: matplotlib makes and draws five artists for each, which takes most of the time of a figure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Ticker
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from wilks._types import FloatArray

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

# So much above their axis, so that nothing is drawn between.
_ABOVE = 1e-9


class _Marks(Artist):
    """The marks of all minor ticks of an axis."""

    def __init__(self, lines: list[Line2D], zorder: float) -> None:
        super().__init__()
        self.lines = lines
        self.set_zorder(zorder)
        self.set_in_layout(False)
        self.set_clip_on(False)

    def draw(self, renderer: RendererBase) -> None:
        for line in self.lines:
            line.draw(renderer)


@contextmanager
def without_minor_ticks(figure: Figure) -> Iterator[list[Axis]]:
    """Run the block as if the axes of a figure had no minor ticks, which take no room; give those that have some.

    Axes whose minor ticks have numbers, or lines across the frame, keep them.
    """
    kept: list[tuple[Any, Ticker]] = []
    try:
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
                if axis.get_visible() and _plain(axis):
                    kept.append((axis, axis.minor))
                    axis.minor = _none()
        yield [axis for axis, _ in kept]
    finally:
        for axis, minor in kept:
            axis.minor = minor


@contextmanager
def minor_ticks_at_once(figure: Figure) -> Iterator[None]:
    """Draw a figure in the block with all minor ticks of an axis as one artist; they look the same."""
    marks: list[Artist] = []
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
            if axis.get_visible() and _plain(axis) and (lines := _lines(axis)):
                marks.append(ax.add_artist(_Marks(lines, axis.get_zorder() + _ABOVE)))
    try:
        with without_minor_ticks(figure):
            yield
    finally:
        for mark in marks:
            mark.remove()


def _none() -> Ticker:
    ticker = Ticker()
    ticker.locator, ticker.formatter = NullLocator(), NullFormatter()
    return ticker


def _plain(axis: Axis) -> bool:
    """Return whether an axis has minor ticks that are marks and nothing else."""
    if isinstance(axis.get_minor_locator(), NullLocator):
        return False
    (tick,) = axis.get_minor_ticks(1)[:1]
    formatter = axis.get_minor_formatter()
    if tick.gridline.get_visible():
        return False
    return isinstance(formatter, NullFormatter) or not any(formatter.format_ticks(list(_places(axis))))


def _places(axis: Axis) -> FloatArray:
    """Return where minor ticks are, in data, within the limits (or closer to them than can be seen)."""
    places: FloatArray = np.asarray(axis.get_minorticklocs(), dtype=float)
    scale = axis.get_transform()
    low, high = sorted(scale.transform(np.asarray(axis.get_view_interval(), dtype=float)))
    at, near = scale.transform(places), 1e-10 * (high - low)
    inside: FloatArray = places[(at >= low - near) & (at <= high + near)]
    return inside


def _lines(axis: Axis) -> list[Line2D]:
    """Return the marks on both sides of the frame that are visible, each as the points of a line."""
    places = _places(axis)
    (tick,) = axis.get_minor_ticks(1)[:1]
    lines = []
    for model in (tick.tick1line, tick.tick2line):
        if not (places.size and model.get_visible() and model.get_markersize()):
            continue
        across = 1 if axis is axis.axes.xaxis else 0
        points = [places, places]
        points[across] = np.full(places.size, np.asarray(model.get_data()[across], dtype=float)[0])
        line = Line2D(*points)
        line.update_from(model)
        line.set_figure(axis.axes.figure)
        lines.append(line)
    return lines
