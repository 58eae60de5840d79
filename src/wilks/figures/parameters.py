"""Pulls: where the fit moved each parameter, and how far it constrained it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.joint_pulls import joint_pulls
from wilks.figures.names import labels
from wilks.figures.pull_rows import Row, dullness, row_of, selected
from wilks.figures.row_axis import draw_row_axis
from wilks.figures.style import FigureStyle, as_style, compact, figure_of, label, signed
from wilks.results.fit import FitResult
from wilks.table import measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FONT = 10.0
_ROW, _AXIS_WIDTH = 0.21, 2.6  # inches
_SIDE, _GAP, _PAD = 0.12, 0.14, 0.06  # inches
_ONE_COLUMN = 50
_ASPECT = 1.4  # width over height of a figure with several columns


@noted
def pulls(
    result: FitResult | Mapping[str, FitResult],
    *,
    exclude: str | Sequence[str] | None = None,
    include_staterrors: bool = False,
    rows: int = 150,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with (value - pre-fit value) / pre-fit uncertainty of every constrained parameter.

    Dots with post-fit uncertainties, in units of the pre-fit ones, lie on bands of one (green) and two (yellow)
    pre-fit standard deviations. Unconstrained parameters have no pull: they stand on top, as values. Fixed parameters
    and those at a bound are open symbols without error bar, and say so. More than 50 rows are split into as many
    columns as make the figure a landscape page; on `ax` there is always one column. At most so many `rows` are drawn:
    those that are pulled or constrained most, with a line that counts the others.

    Several fits, by label, are drawn side by side, with a panel of their differences to the first in units of the
    pre-fit uncertainty (of its own where there is none; not on `ax`); of many parameters those that change most.

    `exclude` is a name or several, in which `*` and `?` stand for any characters; staterror parameters are left out
    unless `include_staterrors`. Raises InputError for a name that is not in the fit, and where nothing is left.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.pulls(wilks.fit(model), exclude="mu")
    """
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    if isinstance(result, Mapping):
        return joint_pulls(result, exclude, include_staterrors, rows, as_style(style), ax)
    if not isinstance(result, FitResult):
        raise TypeError(f"pulls draws a FitResult, found a {type(result).__name__}; get one with wilks.fit(model)")
    chosen = as_style(style)
    every = [row_of(result[name]) for name in selected([result], exclude, include_staterrors)]
    places = sorted(range(len(every)), key=lambda i: dullness(every[i]))[:rows]
    shown = sorted((every[i] for i in sorted(places)), key=lambda row: row.pull is not None)
    hidden = len(every) - len(shown)
    rc = compact(chosen)
    notes = [] if result.converged else ["the fit did not converge"]
    if not result.covariance_usable:
        notes.append("no usable covariance")
    more = f"{hidden} more, less pulled and less constrained, not shown" if hidden else ""
    return _draw(shown, chosen, notes, more, rc, ax)


def _draw(
    rows: list[Row], style: FigureStyle, notes: list[str], more: str, rc: dict[str, object], ax: Axes | None
) -> Figure:
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import experiment_texts, in_red

    with styled(rc):
        if ax is None:
            drawing = Drawing(rc)
            parts = _columns(rows)
            axes = [drawing.add_subplot(1, len(parts), i + 1) for i in range(len(parts))]
        else:
            parts, axes = [rows], [ax]
        limit, titles = _limit(rows), labels(row.name for row in rows)
        for part, panel in zip(parts, axes, strict=True):
            _draw_column(panel, part, titles, limit)
        experiment_texts(axes[0], style, inside=False)
        in_red(axes[0], style, notes)
        if more:
            options: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "va": "top", "fontsize": 8}
            axes[-1].annotate(more, (1, 0), (0, -36), xycoords="axes fraction", style="italic", **options)
        figure = figure_of(axes[0])
        if ax is None:
            _arrange(figure, axes)
    return figure


def _columns(rows: list[Row]) -> list[list[Row]]:
    """Split rows into columns of nearly equal length."""
    if len(rows) <= _ONE_COLUMN:
        return [rows]
    column_width = 0.07 * max(len(label(row.name)) for row in rows) + _AXIS_WIDTH + _GAP
    columns = max(round(math.sqrt(_ASPECT * len(rows) * _ROW / column_width)), 2)
    length = math.ceil(len(rows) / columns)
    return [rows[i : i + length] for i in range(0, len(rows), length)]


def _limit(rows: list[Row]) -> float:
    """Return the half width of the axis: 3, or up to 6 where a parameter needs it; beyond that there are arrows."""
    reach = [abs(row.pull) + row.error for row in rows if row.pull is not None]
    return float(min(max(3, math.ceil(max(reach, default=0.0) + 0.1)), 6))


def _draw_column(ax: Axes, rows: list[Row], titles: dict[str, str], limit: float) -> None:
    free = sum(row.pull is None for row in rows)
    title = r"$(\hat{\theta}-\theta_0)\,/\,\Delta\theta$"
    draw_row_axis(ax, [titles[row.name] for row in rows], free, limit, title)
    for y, row in enumerate(rows):
        _draw_row(ax, y, row, limit)


def _draw_row(ax: Axes, y: int, row: Row, limit: float) -> None:
    if row.pull is None:
        ax.text(0, y, signed(row.text), ha="center", va="center_baseline", fontsize=_FONT)
        return
    if abs(row.pull) > limit:
        side = math.copysign(1, row.pull)
        ax.plot(side * limit * 0.97, y, ">" if side > 0 else "<", color="black", markersize=5, zorder=3)
        text = signed(measured(row.pull, row.error))
        ax.text(
            side * limit * 0.92, y, text, ha="right" if side > 0 else "left", va="center_baseline", fontsize=8, zorder=3
        )
        return
    face = "white" if row.text else "black"
    ax.errorbar(
        row.pull,
        y,
        xerr=row.error or None,
        fmt="o",
        color="black",
        markersize=4,
        markerfacecolor=face,
        elinewidth=1.2,
        zorder=3,
    )
    if row.text:
        side = -1 if row.pull > limit / 3 else 1
        ax.text(
            side * limit * 0.97,
            y,
            row.text,
            ha="right" if side > 0 else "left",
            va="center_baseline",
            fontsize=8,
            style="italic",
            zorder=3,
        )


def _arrange(figure: Figure, axes: list[Axes]) -> None:
    """Set the size of the figure and the place of each column so that every name and title just has its room."""
    from wilks.figures.canvas import inches

    figure.draw_without_rendering()
    names = []
    for ax in axes:
        edges = [inches(figure, text.get_window_extent()) for text in ax.get_yticklabels()]
        names.append(max(x1 - x0 for x0, _, x1, _ in edges) + 0.08)
    # What stands above the frame and below it does not depend on the height of the frame.
    frames = [inches(figure, ax.get_window_extent()) for ax in axes]
    outer = [inches(figure, box) for ax in axes if (box := ax.get_tightbbox()) is not None]
    top = max(box[3] for box in outer) - frames[0][3] + _PAD
    bottom = max(frame[1] - box[1] for frame, box in zip(frames, outer, strict=True)) + _PAD
    own = [_ROW * abs(ax.get_ylim()[0] - ax.get_ylim()[1]) for ax in axes]
    width = sum(names) + len(axes) * (_AXIS_WIDTH + _GAP) + _SIDE
    height = top + max(own) + bottom
    figure.set_size_inches(width, height)
    left = 0.0
    for ax, name, rows in zip(axes, names, own, strict=True):
        left += name + _GAP
        ax.set_position((left / width, 1 - (top + rows) / height, _AXIS_WIDTH / width, rows / height))
        left += _AXIS_WIDTH
