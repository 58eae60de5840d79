"""Pulls: where the fit moved each parameter, and how far it constrained it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.joint_pulls import joint_pulls
from wilks.figures.names import labels, letters, row_height
from wilks.figures.pull_groups import MC, OTHERS, SYSTEMATICS, Groups, categories, grouped, left_out
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
    groups: Groups | None = None,
    rows: int = 150,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with (value - pre-fit value) / pre-fit uncertainty of every constrained parameter.

    Dots with post-fit uncertainties, in units of the pre-fit ones, lie on bands of one (green) and two (yellow)
    pre-fit standard deviations. Unconstrained parameters have no pull: they stand on top, as values. Fixed parameters
    and those at a bound are open symbols without error bar, and say so. More than 50 rows are split into as many
    columns as make the figure a landscape page; on `ax` there is always one column. At most so many `rows` are drawn:
    those that are pulled or constrained most. Lines below count what is left out.

    Constrained parameters stand by group: `groups` are labels with names or patterns of parameters, all others are
    (other) systematics or MC statistics (staterror and shapesys). Each group has a heading, which counts what is not
    drawn of it, where there are several.

    Several fits, by label, are drawn side by side, with a panel of their differences to the first in units of the
    pre-fit uncertainty (of its own where there is none; not on `ax`); of many parameters those that change most.

    `exclude` is a name or several, in which `*` and `?` stand for any characters; staterror parameters are left out
    unless `include_staterrors`. Raises InputError for a name that is not in the fit, where nothing is left, and for
    `groups` of several fits.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.pulls(wilks.fit(model), exclude="mu")
    """
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    if isinstance(result, Mapping):
        if groups is not None:
            raise InputError("groups: are for the pulls of one fit, found several by label")
        return joint_pulls(result, exclude, include_staterrors, rows, as_style(style), ax)
    if not isinstance(result, FitResult):
        raise TypeError(f"pulls draws a FitResult, found a {type(result).__name__}; get one with wilks.fit(model)")
    chosen = as_style(style)
    names = selected([result], exclude, include_staterrors)
    members = categories(result, groups)
    every = [row_of(result[name]) for name in names]
    places = sorted(range(len(every)), key=lambda i: dullness(every[i]))[:rows]
    shown = sorted((every[i] for i in sorted(places)), key=lambda row: row.name != result.poi)
    shown = grouped(shown, every, members, [*(groups or {}), SYSTEMATICS, OTHERS, MC])
    hidden = len(every) - len(places)
    rc = compact(chosen)
    notes = [] if result.converged else ["the fit did not converge"]
    if not result.covariance_usable:
        notes.append("no usable covariance")
    return _draw(shown, chosen, notes, left_out(result, names, include_staterrors, hidden), rc, ax)


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
        experiment_texts(axes[0], style, last=axes[-1] if len(axes) > 1 else None, wide=None if ax else _AXIS_WIDTH)
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
    texts = [label(row.name) for row in rows]
    column_width = 0.07 * letters(texts) + _AXIS_WIDTH + _GAP
    columns = max(round(math.sqrt(_ASPECT * len(rows) * row_height(_ROW, texts) / column_width)), 2)
    length = math.ceil(len(rows) / columns)
    parts = [rows[i : i + length] for i in range(0, len(rows), length)]
    for part, after in pairwise(parts):
        if part[-1].heading:
            after.insert(0, part.pop())
    return parts


def _limit(rows: list[Row]) -> float:
    """Return the half width of the axis: 3, or up to 6 where a parameter needs it; beyond that there are arrows."""
    reach = [abs(row.pull) + row.error for row in rows if row.pull is not None]
    return float(min(max(3, math.ceil(max(reach, default=0.0) + 0.1)), 6))


def _draw_column(ax: Axes, rows: list[Row], titles: dict[str, str], limit: float) -> None:
    free = sum(row.pull is None and not row.heading for row in rows)
    title = r"$(\hat{\theta}-\theta_0)\,/\,\Delta\theta$"
    draw_row_axis(ax, [titles[row.name] for row in rows], free, limit, title)
    for text, row in zip(ax.get_yticklabels(), rows, strict=True):
        if row.heading:
            text.set_fontweight("bold")
    for y, row in enumerate(rows):
        _draw_row(ax, y, row, limit)


def _draw_row(ax: Axes, y: int, row: Row, limit: float) -> None:
    if row.heading:
        ax.axhspan(y - 0.5, y + 0.5, color="white", alpha=0.6, linewidth=0, zorder=2)
        return
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
    from wilks.figures.canvas import around, frame_of, inches

    names = []
    for ax in axes:
        edges = [inches(figure, text.get_window_extent()) for text in ax.get_yticklabels()]
        names.append(max(x1 - x0 for x0, _, x1, _ in edges) + 0.08)
    # What stands above the frame and below it does not depend on the height of the frame.
    frames, outer = [frame_of(ax) for ax in axes], [around(ax) for ax in axes]
    top = max(box[3] for box in outer) - frames[0][3] + _PAD
    bottom = max(frame[1] - box[1] for frame, box in zip(frames, outer, strict=True)) + _PAD
    row = row_height(_ROW, (text.get_text() for ax in axes for text in ax.get_yticklabels()))
    own = [row * abs(ax.get_ylim()[0] - ax.get_ylim()[1]) for ax in axes]
    width = sum(names) + len(axes) * (_AXIS_WIDTH + _GAP) + _SIDE
    height = top + max(own) + bottom
    figure.set_size_inches(width, height)
    left = 0.0
    for ax, name, rows in zip(axes, names, own, strict=True):
        left += name + _GAP
        ax.set_position((left / width, 1 - (top + rows) / height, _AXIS_WIDTH / width, rows / height))
        left += _AXIS_WIDTH
