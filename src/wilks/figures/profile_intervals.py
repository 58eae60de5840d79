"""Profile-likelihood intervals of many parameters, one line each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.names import labels, letters, row_height
from wilks.figures.row_axis import draw_row_axis
from wilks.figures.style import FigureStyle, as_style, compact, figure_of, label, signed, stacked
from wilks.results.intervals import IntervalResult, percent
from wilks.results.many import CONVERGED
from wilks.selection import natural
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ONE_COLUMN = 50
_ASPECT = 1.4  # width over height of a figure with several columns
_ROW, _AXIS, _CHARACTER = 0.21, 2.6, 0.078  # inches
_WIDTHS = (2.4, 1.2, 0.8)
_NARROWEST = 25  # times narrower than the axis: too short a bar


@noted
def intervals(
    result: IntervalResult,
    *,
    rows: int = 150,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the intervals of all parameters, in units of their uncertainty before the fit.

    Constrained parameters are dots with bars, thick for the first level and thinner for the others, on bands of one
    (green) and two (yellow) pre-fit standard deviations around the value before the fit. Unconstrained ones stand on
    top, as text, the parameter of interest first; without constrained ones, and with widths that one axis can show,
    they are bars over their values. An end at a bound is a vertical stroke; an end that was not found is left out, and
    said. More than 50 rows are split into columns; on `ax` there is always one. At most so many `rows` are drawn, the
    first ones, with a line that counts the others. Raises InputError for no rows.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.intervals(model, parameters=["*ing", "Jet*", "Lum*", "Fakes", "mu"], levels=(0.6827, 0.95))
    >>> figure = wilks.figures.intervals(found)
    """
    if not isinstance(result, IntervalResult):
        raise TypeError(f"intervals draws an IntervalResult, found a {type(result).__name__}")
    from wilks.figures.canvas import Drawing, styled
    from wilks.figures.decoration import experiment_texts

    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    chosen = as_style(style)
    rc = compact(chosen, lines_markersize=4.5)
    order = [result.names.index(name) for name in natural(result.names)]
    shown = sorted(order, key=lambda i: (_constrained(result, i), result.names[i] != result.poi))[:rows]
    titles = labels(result.names[i] for i in shown)
    with styled(rc):
        if ax is None:
            parts, width, height = _layout(result, shown)
            figure = Drawing(rc, figsize=(width, height), layout="constrained")
            axes = [figure.add_subplot(1, len(parts), i + 1) for i in range(len(parts))]
        else:
            parts, axes = [shown], [ax]
        limit = _limit(result)
        if (ends := _range(result, shown)) is not None and len(parts) == 1:
            _values(axes[0], result, shown, titles, ends)
        else:
            for part, panel in zip(parts, axes, strict=True):
                _column(panel, result, part, titles, limit)
        experiment_texts(axes[0], chosen, last=axes[-1] if len(axes) > 1 else None, wide=None if ax else _AXIS)
        _explain(axes[-1], result, shown, drawn=ends is not None or any(_constrained(result, i) for i in shown))
        return figure_of(axes[0])


def _constrained(result: IntervalResult, i: int) -> bool:
    return bool(result.prefit_uncertainties[i] > 0)


def _layout(result: IntervalResult, rows: list[int]) -> tuple[list[list[int]], float, float]:
    """Return the rows of each column, and the size of the figure in inches."""
    texts = [label(result.names[i]) for i in rows]
    name, row = _CHARACTER * letters(texts) + 0.15, row_height(_ROW, texts)
    columns = 1
    if len(rows) > _ONE_COLUMN:
        columns = max(round(math.sqrt(_ASPECT * len(rows) * row / (name + _AXIS))), 2)
    length = math.ceil(len(rows) / columns)
    parts = [rows[i : i + length] for i in range(0, len(rows), length)]
    return parts, len(parts) * (name + _AXIS), 0.95 + row * (length + 0.7)


def _limit(result: IntervalResult) -> int:
    """Return half the width of the axis, 3 to 6 pre-fit standard deviations."""
    use = result.prefit_uncertainties > 0
    ends = np.concatenate([result.lower, result.upper])[:, use]
    reach = np.abs((ends - result.prefit_values[use]) / result.prefit_uncertainties[use])
    return min(max(3, math.ceil(float(np.nanmax(reach, initial=0.0)))), 6)


def _range(result: IntervalResult, rows: list[int]) -> tuple[float, float] | None:
    """Return the ends of an axis of values, None where there are constrained parameters or the widths differ a lot."""
    if any(_constrained(result, i) for i in rows):
        return None
    ends = np.concatenate([result.lower, result.upper, result.values[None]])[:, rows]
    widths = np.nanmax(ends, axis=0) - np.nanmin(ends, axis=0)
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    if not widths.min() > (high - low) / _NARROWEST:
        return None
    room = 0.08 * (high - low)
    return low - room, high + room


def _values(
    ax: Axes, result: IntervalResult, rows: list[int], titles: dict[str, str], ends: tuple[float, float]
) -> None:
    """Draw unconstrained parameters as bars over their values, with the first interval as text."""
    ax.set_xlim(ends[0], ends[1] + 0.4 * (ends[1] - ends[0]))
    ax.set_ylim(len(rows) - 0.3, -0.7)
    ax.set_yticks(range(len(rows)), [titles[result.names[i]] for i in rows])
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_xlabel(label(result.names[rows[0]]) if len(rows) == 1 else "value", loc="center")
    for y, i in enumerate(rows):
        _bars(ax, y, result, i, math.inf)
        text = stacked(result[result.names[i]].size)
        ax.text(0.98, y, text, ha="right", va="center_baseline", fontsize=9, transform=ax.get_yaxis_transform())


def _column(ax: Axes, result: IntervalResult, rows: list[int], titles: dict[str, str], limit: int) -> None:
    free = sum(not _constrained(result, i) for i in rows)
    draw_row_axis(ax, [titles[result.names[i]] for i in rows], free, limit, r"$(\theta-\theta_0)\,/\,\Delta\theta$")
    for y, i in enumerate(rows):
        if _constrained(result, i):
            _bars(ax, y, result, i, limit)
        else:
            ax.text(0, y, _text(result, result.names[i]), ha="center", va="center_baseline", fontsize=9)


def _text(result: IntervalResult, name: str) -> str:
    """Return the first interval of a parameter as text with the two sides above each other, and the ends of others."""
    others = [result[name, level] for level in result.levels[1:]]
    ends = [f"{percent(o.level)}: {number(o.lower, 3)} to {number(o.upper, 3)}" for o in others]
    return "    ".join([stacked(str(result[name])), *(signed(text) for text in ends)])


def _bars(ax: Axes, y: int, result: IntervalResult, i: int, limit: float) -> None:
    """Draw a dot at the best fit, and from there one bar for each side and level."""
    name, constrained = result.names[i], _constrained(result, i)
    centre, width = (result.prefit_values[i], result.prefit_uncertainties[i]) if constrained else (0.0, 1.0)
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
    if missing and constrained:
        right = value <= 0
        place: dict[str, Any] = {
            "x": 0.985 if right else 0.015,
            "ha": "right" if right else "left",
            "va": "center_baseline",
        }
        ax.text(y=y, s="an end is missing", transform=ax.get_yaxis_transform(), fontsize=7, style="italic", **place)


def _explain(ax: Axes, result: IntervalResult, rows: list[int], *, drawn: bool) -> None:
    """Say below the frame at which levels the intervals are, and how many are not shown."""
    first, *others = (percent(level) for level in result.levels)
    first = f"{first} (thick)" if others and drawn else first
    which = f"intervals: {' and '.join([first, *others])}"
    which += f"; {len(result) - len(rows)} more parameters not shown" if len(rows) < len(result) else ""
    ax.annotate(
        which, (1, 0), (0, -34), xycoords="axes fraction", textcoords="offset points", ha="right", fontsize=8, va="top"
    )
