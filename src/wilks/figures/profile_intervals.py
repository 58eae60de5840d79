"""Profile-likelihood intervals of many parameters, one line each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.figures.style import FigureStyle, as_style, figure_of, label, settings
from wilks.results.intervals import Interval, IntervalResult, percent
from wilks.results.many import CONVERGED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREEN, _YELLOW = "#8be08b", "#fff28a"
_ONE_COLUMN = 50
_ASPECT = 1.4  # width over height of a figure with several columns
_ROW, _AXIS, _CHARACTER = 0.21, 2.6, 0.078  # inches
_WIDTHS = (2.4, 1.2, 0.8)


def intervals(
    result: IntervalResult,
    *,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the intervals of all parameters, in units of their uncertainty before the fit.

    Constrained parameters are dots with bars, thick for the first level and thinner for the others, on bands of one
    (green) and two (yellow) pre-fit standard deviations around the value before the fit. Unconstrained ones stand on
    top, as text. An end at a bound is a vertical stroke; an end that was not found is left out, and said. More than 50
    rows are split into columns; on `ax` there is always one.
    """
    if not isinstance(result, IntervalResult):
        raise TypeError(f"intervals draws an IntervalResult, found a {type(result).__name__}")
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import experiment_texts

    chosen = as_style(style)
    rc = settings(chosen) | _SMALL
    rows = sorted(range(len(result)), key=lambda i: _constrained(result, i))
    with styled(rc):
        if ax is None:
            parts, width, height = _layout(result, rows)
            figure = Drawing(rc, figsize=(width, height), layout="constrained")
            axes = [figure.add_subplot(1, len(parts), i + 1) for i in range(len(parts))]
        else:
            parts, axes = [rows], [ax]
        limit = _limit(result)
        for part, panel in zip(parts, axes, strict=True):
            _column(panel, result, part, limit)
        experiment_texts(axes[0], chosen, inside=False)
        _explain(axes[-1], result)
        return figure_of(axes[0])


def _constrained(result: IntervalResult, i: int) -> bool:
    return bool(result.prefit_uncertainties[i] > 0)


def _layout(result: IntervalResult, rows: list[int]) -> tuple[list[list[int]], float, float]:
    """Return the rows of each column, and the size of the figure in inches."""
    name = _CHARACTER * max(len(label(result.names[i])) for i in rows) + 0.15
    columns = 1
    if len(rows) > _ONE_COLUMN:
        columns = max(round(math.sqrt(_ASPECT * len(rows) * _ROW / (name + _AXIS))), 2)
    length = math.ceil(len(rows) / columns)
    parts = [rows[i : i + length] for i in range(0, len(rows), length)]
    return parts, len(parts) * (name + _AXIS), 0.95 + _ROW * (length + 0.7)


def _limit(result: IntervalResult) -> int:
    """Return half the width of the axis, 3 to 6 pre-fit standard deviations."""
    use = result.prefit_uncertainties > 0
    if not use.any():
        return 3
    ends = np.concatenate([result.lower, result.upper])[:, use]
    reach = np.abs((ends - result.prefit_values[use]) / result.prefit_uncertainties[use])
    return min(max(3, math.ceil(float(np.nanmax(reach, initial=0.0)))), 6)


def _column(ax: Axes, result: IntervalResult, rows: list[int], limit: int) -> None:
    free = sum(not _constrained(result, i) for i in rows)
    bottom = len(rows) - 0.3
    ax.set_xlim(-limit, limit)
    ax.set_ylim(bottom, -0.7)
    ax.set_yticks(range(len(rows)), [label(result.names[i]) for i in rows])
    ax.tick_params(axis="y", which="both", length=0)
    ax.minorticks_off()
    ax.set_xticks(range(-limit, limit + 1))
    if free < len(rows):
        top = free - 0.5 if free else -0.7
        for half, color in ((2, _YELLOW), (1, _GREEN)):
            ax.fill_between([-half, half], top, bottom, color=color, linewidth=0, zorder=0)
        ax.plot([0, 0], [top, bottom], color="black", linestyle="--", linewidth=0.8, zorder=1)
        ax.set_xlabel(r"$(\theta-\theta_0)\,/\,\Delta\theta$", loc="center")
        if free:
            ax.axhline(top, color="black", linewidth=0.8)
    else:
        ax.tick_params(axis="x", which="both", length=0, labelbottom=False)
    for y, i in enumerate(rows):
        if _constrained(result, i):
            _bars(ax, y, result, i, limit)
        else:
            ax.text(0, y, _text(result[result.names[i]]), ha="center", va="center_baseline", fontsize=9)


def _text(interval: Interval) -> str:
    """Return an interval as text with the two sides above each other."""
    import re

    return re.sub(r" \+([\d.]+) -([\d.]+)", r"$^{+\1}_{-\2}$", str(interval))


def _bars(ax: Axes, y: int, result: IntervalResult, i: int, limit: int) -> None:
    """Draw a dot at the best fit, and from there one bar for each side and level."""
    centre, width, name = result.prefit_values[i], result.prefit_uncertainties[i], result.names[i]
    value = (result.values[i] - centre) / width
    style: dict[str, Any] = {"color": "black", "solid_capstyle": "butt", "zorder": 3}
    missing = False
    for k, level in enumerate(result.levels):
        interval = result[name, level]
        for end, status in ((interval.lower, interval.lower_status), (interval.upper, interval.upper_status)):
            where = (end - centre) / width
            if not math.isfinite(where):
                missing = True
                continue
            ax.plot([value, where], [y, y], linewidth=_WIDTHS[min(k, 2)], **style)
            if status != CONVERGED and abs(where) <= limit:
                ax.plot(where, y, "|", color="black", markersize=7, markeredgewidth=1.2, zorder=3)
    inside = abs(value) <= limit
    ax.plot(np.clip(value, -limit, limit), y, "o" if inside else (">" if value > 0 else "<"), color="black", zorder=4)
    if missing:
        side = -1 if value > 0 else 1
        ha = "right" if side > 0 else "left"
        ax.text(side * limit * 0.97, y, "an end is missing", ha=ha, va="center_baseline", fontsize=7, style="italic")


def _explain(ax: Axes, result: IntervalResult) -> None:
    """Say below the frame at which levels the intervals are."""
    first, *others = (percent(level) for level in result.levels)
    which = f"intervals: {' and '.join([f'{first} (thick)', *others] if others else [first])}"
    ax.annotate(
        which, (1, 0), (0, -34), xycoords="axes fraction", textcoords="offset points", ha="right", fontsize=8, va="top"
    )


_SMALL: dict[str, object] = {
    "font.size": 10.0,
    "axes.labelsize": 11,
    "axes.linewidth": 0.9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 10,
    "xtick.major.size": 4,
    "axes.labelpad": 3,
    "lines.markersize": 4.5,
}
