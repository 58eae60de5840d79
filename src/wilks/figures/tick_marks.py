"""Marks of ticks at once: matplotlib draws five artists for each tick, which takes most of the time of a figure."""

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
    from matplotlib.axis import Axis, Tick
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

# So much above their axis, minor ones above major ones, so that nothing else is drawn between.
_ABOVE = 1e-9


class _Marks(Artist):
    """The marks of all ticks of an axis."""

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
def marks_at_once(figure: Figure) -> Iterator[None]:
    """Draw a figure in the block with all marks of the ticks of an axis as one artist; they look the same."""
    marks: list[Artist] = []
    hidden: list[tuple[Line2D, float]] = []
    try:
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
                if not axis.get_visible():
                    continue
                ticks = _alike(axis)
                major = _lines(axis, ticks[0], axis.get_majorticklocs()) if ticks else []
                minor = _lines(axis, axis.get_minor_ticks(1)[0], axis.get_minorticklocs()) if _plain(axis) else []
                for i, lines in enumerate((major, minor), 1):
                    if lines:
                        marks.append(ax.add_artist(_Marks(lines, axis.get_zorder() + i * _ABOVE)))
                hidden += [(line, line.get_markersize()) for tick in ticks for line in _marks_of(tick)]
        for line, _ in hidden:
            line.set_markersize(0.0)  # not invisible: the title of an axis is placed by what is visible
        with without_minor_ticks(figure):
            yield
    finally:
        for line, size in hidden:
            line.set_markersize(size)
        for mark in marks:
            mark.remove()


def _none() -> Ticker:
    ticker = Ticker()
    ticker.locator, ticker.formatter = NullLocator(), NullFormatter()
    return ticker


def _marks_of(tick: Tick) -> tuple[Line2D, Line2D]:
    return tick.tick1line, tick.tick2line


def _alike(axis: Axis) -> list[Tick]:
    """Return the major ticks of an axis; none where the marks of some look otherwise than those of the first."""
    ticks: list[Tick] = axis.get_major_ticks()
    looks = {tuple(map(_look, _marks_of(tick))) for tick in ticks}
    return ticks if len(looks) == 1 and ticks[0].get_visible() else []


def _look(line: Line2D) -> Any:
    look = line.get_marker(), line.get_markersize(), line.get_markeredgewidth(), line.get_markeredgecolor()
    return line.get_visible() and (*look, line.get_alpha(), line.get_zorder())


def _plain(axis: Axis) -> bool:
    """Return whether an axis has minor ticks that are marks and nothing else."""
    if isinstance(axis.get_minor_locator(), NullLocator):
        return False
    (tick,) = axis.get_minor_ticks(1)[:1]
    formatter = axis.get_minor_formatter()
    if tick.gridline.get_visible():
        return False
    return isinstance(formatter, NullFormatter) or not any(
        formatter.format_ticks(list(_seen(axis, axis.get_minorticklocs())))
    )


def _seen(axis: Axis, places: Any) -> FloatArray:
    """Return places of ticks, in data, within the limits (or closer to them than can be seen)."""
    places = np.asarray(places, dtype=float)
    scale = axis.get_transform()
    low, high = sorted(scale.transform(np.asarray(axis.get_view_interval(), dtype=float)))
    at, near = scale.transform(places), 1e-10 * (high - low)
    inside: FloatArray = places[(at >= low - near) & (at <= high + near)]
    return inside


def _lines(axis: Axis, tick: Tick, places: Any) -> list[Line2D]:
    """Return the marks on both sides of the frame that are visible, like those of a tick, as the points of a line."""
    seen, lines = _seen(axis, places), []
    for model in _marks_of(tick):
        if not (seen.size and model.get_visible() and model.get_markersize()):
            continue
        across = 1 if axis is axis.axes.xaxis else 0
        points = [seen, seen]
        points[across] = np.full(seen.size, np.asarray(model.get_data()[across], dtype=float)[0])
        line = Line2D(*points)
        line.update_from(model)
        line.set_figure(axis.axes.figure)
        lines.append(line)
    return lines
