"""What is in a ROOT file as a figure: histograms and points over each other, stacks, histograms of two axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.aligned import aligned, bins_of
from wilks.drawables import Drawable, HistogramND, Parts, Points
from wilks.errors import InputError
from wilks.figures.bin_ticks import label_bins, label_rows
from wilks.figures.overlay import histograms
from wilks.figures.style import PETROFF10, TITLE, FigureStyle, as_style, label, settings
from wilks.histogram import Histogram
from wilks.moments import number, plane_statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 7.0, 4.6
_SMALL = {"font.size": 11, "xtick.labelsize": 10, "ytick.labelsize": 10, "axes.labelsize": 12, "ytick.major.size": 7}


def drawables(
    named: Sequence[tuple[str, Drawable]], *, style: str | FigureStyle = "plain", log: bool = False
) -> Figure:
    """Return a figure of objects of a ROOT file, drawn over each other; histograms of two axes are drawn alone.

    `log` makes the axis (of two: the colours) logarithmic, where there is something positive. Bins with labels stand in
    the order of the first histogram.

    Raises InputError where there is nothing to draw, a histogram of two axes beside something else, or labels that are
    not the same. `named` are pairs of a name and an object.

    >>> import wilks
    >>> up, down = (wilks.Histogram.from_arrays([0, 1, 2], yields, [2, 1]) for yields in ([5, 3], [4, 2]))
    >>> figure = wilks.figures.drawables([("up", up), ("down", down)])
    """
    if named and all(isinstance(drawn, Histogram) for _, drawn in named):
        return histograms(
            [(name, drawn) for name, drawn in named if isinstance(drawn, Histogram)], style=style, log=log
        )
    if not named:
        raise InputError("there is nothing to draw")
    planes = [drawn for _, drawn in named if isinstance(drawn, HistogramND)]
    if planes and len(named) > 1:
        raise InputError(f"a histogram of two axes is drawn alone, found {len(named)} objects")
    from wilks.figures.canvas import Drawing, fit_margins, styled

    named = named if planes else _in_one_order(named)
    rc = settings(as_style(style)) | _SMALL
    with styled(rc):
        figure = Drawing(rc, figsize=(_WIDTH, _HEIGHT))
        target = figure.add_subplot()
        if planes:
            _plane(figure, target, named[0][0], planes[0], log)
        else:
            if log:
                target.set_yscale("log", nonpositive="clip")
            _overlay(target, named)
            legend = target.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=9, borderaxespad=0.3)
            box = legend.get_window_extent()
            figure.set_size_inches(max(_WIDTH, box.width / figure.dpi + 1.0), _HEIGHT + box.height / figure.dpi)
        fit_margins(figure, figure.axes)
    return figure


def _in_one_order(named: Sequence[tuple[str, Drawable]]) -> list[tuple[str, Drawable]]:
    """Return objects with the bins of all histograms and points in them in one order."""
    lines = iter(aligned([(name, line) for name, drawn in named for line in _lines_of(drawn)]))
    found: list[tuple[str, Drawable]] = []
    for name, drawn in named:
        if isinstance(drawn, Parts):
            parts = tuple((part, next(lines)[1]) for part, _ in drawn.parts)
            found.append((name, replace(drawn, parts=parts)))
        else:
            found.append((name, next(lines)[1]))
    return found


def _lines_of(drawn: Drawable) -> Sequence[Histogram | Points]:
    if isinstance(drawn, Parts):
        return [part for _, part in drawn.parts]
    return [] if isinstance(drawn, HistogramND) else [drawn]


def _overlay(ax: Axes, named: Sequence[tuple[str, Drawable]]) -> None:
    index = 0
    for name, drawn in named:
        parts = drawn.parts if isinstance(drawn, Parts) else ((name, drawn),)
        names = [label(f"{name}: {part}" if isinstance(drawn, Parts) else part, 70) for part, _ in parts]
        colors = [PETROFF10[(index + i) % len(PETROFF10)] for i in range(len(parts))]
        if isinstance(drawn, Parts) and drawn.stacked:
            _stack(ax, drawn, names, colors)
        else:
            for text, color, (_, part) in zip(names, colors, parts, strict=True):
                _one(ax, text, part, color)
        index += len(parts)
    ax.margins(x=0 if all(isinstance(d, Histogram) or (isinstance(d, Parts) and d.stacked) for _, d in named) else 0.03)
    low, high = ax.get_ylim()
    if ax.get_yscale() != "log":
        ax.set_ylim(0 if 0 <= low < 0.4 * high else low, high)
    x, y = _titles(named)
    ax.set_xlabel(label(x, TITLE))
    ax.set_ylabel(label(y, TITLE))
    axes = [axis for _, drawn in named for line in _lines_of(drawn) if (axis := bins_of(line)) is not None]
    if axes:
        label_bins(next((axis for axis in axes if axis.is_categorical), axes[0]), ax)


def _stack(ax: Axes, stack: Parts, names: list[str], colors: list[str]) -> None:
    sums = stack.sums()
    below = np.zeros(len(sums[0][1].axis)) if sums else np.zeros(0)
    for text, color, (_, total) in zip(names, colors, sums, strict=True):
        ax.stairs(total.contents, total.axis.edges, baseline=below, fill=True, color=color, label=text, linewidth=0)
        below = total.contents
    if sums:
        total = sums[-1][1]
        ax.stairs(
            total.contents, total.axis.edges, color="black", linewidth=1.2, label=f"sum: {number(total.integral)}"
        )


def _one(ax: Axes, text: str, drawn: Any, color: str) -> None:
    if isinstance(drawn, Histogram):
        edges, values, error = drawn.axis.edges, drawn.contents, drawn.stdev
        ax.stairs(values + error, edges, baseline=values - error, fill=True, color=color, alpha=0.25, linewidth=0)
        ax.stairs(values, edges, color=color, linewidth=1.4, baseline=None, label=text)
        return
    points: Points = drawn.finite
    note = f" ({points.note})" if points.note else ""
    ax.errorbar(
        points.x,
        points.y,
        xerr=[points.x_low, points.x_high],
        yerr=[points.y_low, points.y_high],
        fmt="o",
        markersize=4,
        linewidth=1.1,
        color=color,
        label=text + note,
    )


def _titles(named: Sequence[tuple[str, Drawable]]) -> tuple[str, str]:
    """Return the titles of the axes: the first that is there."""
    found = []
    for _, drawn in named:
        if isinstance(drawn, Histogram):
            found.append((drawn.axis.label, "Entries"))
        elif isinstance(drawn, Points | Parts):
            found.append((drawn.label, drawn.y_label))
    return next((x for x, _ in found if x), ""), next((y for _, y in found if y), "")


def _plane(figure: Figure, ax: Axes, name: str, plane: HistogramND, log: bool) -> None:
    if len(plane.axes) != 2:
        raise InputError(f"a histogram of {len(plane.axes)} axes is drawn by its projections")
    x, y = plane.axes
    cells = plane.inside if plane.averaged else np.where(plane.inside == 0, np.nan, plane.inside)
    if log and (cells > 0).any():
        norm: str | None = "log"
        cells = np.where(cells > 0, cells, np.nan)
    else:
        norm = None
    mesh = ax.pcolormesh(x.edges, y.edges, cells.T, cmap="viridis", norm=norm, rasterized=cells.size > 20_000)
    figure.colorbar(mesh, ax=ax, pad=0.02, label=label(plane.label or ("mean" if plane.averaged else "Entries"), TITLE))
    ax.set_xlabel(label(x.label, TITLE))
    ax.set_ylabel(label(y.label, TITLE))
    label_bins(x, ax)
    label_rows(y, ax)
    box = [f"{key} {number(value)}" for key, value in plane_statistics(plane).items() if value is not None]
    half = (len(box) + 1) // 2
    lines = [label(name, 70), "    ".join(box[:half]), "    ".join(box[half:])]
    ax.set_title("\n".join(line for line in lines if line), loc="left", fontsize=9)
