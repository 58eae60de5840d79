"""Pulls of several fits side by side, and how far each differs from the first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError
from wilks.figures.joint_rows import Column, arrange, below, columns, dots, head, write_names
from wilks.figures.names import labels
from wilks.figures.pull_rows import Row, dullness, row_of, selected
from wilks.figures.row_axis import draw_row_axis
from wilks.figures.style import FigureStyle, compact, figure_of, signed
from wilks.figures.together import COLORS, offsets, several
from wilks.results.changes import changes, largest
from wilks.results.fit import FitResult
from wilks.table import measured, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PULL = r"$(\hat{\theta}-\theta_0)\,/\,\Delta\theta$"
_REACH = 6.0


def joint_pulls(
    results: Mapping[str, FitResult],
    exclude: str | Sequence[str] | None,
    include_staterrors: bool,
    rows: int,
    style: FigureStyle,
    ax: Axes | None,
) -> Figure:
    """Return the figure of several fits by label; on `ax` without the panel of differences.

    Raises InputError where the fits have no parameter in common.
    """
    fits = several(results, FitResult, "pulls")
    names = selected(list(fits.values()), exclude, include_staterrors)
    if len(fits) > 1 and not any(sum(name in fit.names for fit in fits.values()) > 1 for name in names):
        raise InputError(f"these fits have no parameter in common: {', '.join(fits)}")
    table = {name: _rows(name, fits) for name in names}
    shifts = changes(fits, names)
    order = sorted(range(len(names)), key=lambda i: (-largest(shifts[names[i]]), _least(table[names[i]])))
    shown = [names[i] for i in sorted(order[:rows])]
    # Values without a pull stand on top.
    shown.sort(key=lambda name: _pulled(table[name]))
    hidden = len(names) - len(shown)
    return _draw(fits, {name: table[name] for name in shown}, shifts, hidden, style, ax)


def _rows(name: str, fits: Mapping[str, FitResult]) -> list[Row | None]:
    """Return what each fit has in the row of a parameter: pulls where all have one, else values."""
    there = [fit[name] if name in fit.names else None for fit in fits.values()]
    rows = [row_of(one) if one is not None else None for one in there]
    if all(row is None or row.pull is not None for row in rows):
        return rows
    return [row_of(one, as_value=True) if one is not None else None for one in there]


def _pulled(rows: Sequence[Row | None]) -> bool:
    return all(row is None or row.pull is not None for row in rows)


def _least(rows: Sequence[Row | None]) -> float:
    return min((dullness(row) for row in rows if row is not None), default=0.0)


def _draw(
    fits: Mapping[str, FitResult],
    table: Mapping[str, list[Row | None]],
    shifts: Mapping[str, tuple[float, ...]],
    hidden: int,
    style: FigureStyle,
    ax: Axes | None,
) -> Figure:
    from matplotlib.lines import Line2D

    from wilks.figures.canvas import Drawing, styled

    rc = compact(style)
    notes = [f"{name}: the fit did not converge" for name, fit in fits.items() if not fit.converged]
    notes += [f"{name}: no usable covariance" for name, fit in fits.items() if not fit.covariance_usable]
    with styled(rc):
        parts = (
            [Column(list(table), ax, None)]
            if ax is not None
            else columns(Drawing(rc), list(table), len(fits), right=len(fits) > 1)
        )
        titles = labels(table)
        reach = [abs(row.pull) + row.error for rows in table.values() for row in rows if row and row.pull is not None]
        limit = float(min(max(3, math.ceil(max(reach, default=0.0) + 0.1)), _REACH))
        furthest = max((largest(shifts[name]) for name in table), default=0.0)
        width = min(max(math.ceil(10 * 1.15 * furthest) / 10, 0.5), _REACH)
        for part in parts:
            free = sum(not _pulled(table[name]) for name in part.names)
            draw_row_axis(part.left, [titles[name] for name in part.names], free, limit, _PULL)
            write_names(part, titles)
            for y, name in enumerate(part.names):
                _draw_row(part.left, y, table[name], limit)
            if part.right is not None:
                _draw_shifts(part.right, [shifts[name] for name in part.names], width, next(iter(fits)))
        handles = [Line2D([], [], **dots(i, linestyle="-", linewidth=1.2)) for i in range(len(fits))]
        head(parts[0], list(fits), style, notes, handles)
        if hidden:
            below(parts[-1].right or parts[-1].left, f"{hidden} more, less changed, not shown")
        figure = figure_of(parts[0].left)
        if ax is None:
            arrange(figure, parts, len(fits))
    return figure


def _draw_row(ax: Axes, y: int, rows: Sequence[Row | None], limit: float) -> None:
    texts: dict[str, Any] = {"va": "center_baseline", "fontsize": 8, "zorder": 4}
    for i, (row, shift) in enumerate(zip(rows, offsets(len(rows)), strict=True)):
        if row is None:
            continue
        if row.pull is None:
            ax.text(0, y + offsets(len(rows), 0.9)[i], signed(row.text), ha="center", color=COLORS[i], **texts)
            continue
        side = math.copysign(1, row.pull)
        if abs(row.pull) > limit:
            arrow = dots(i, marker=">" if side > 0 else "<", markersize=5)
            ax.plot(side * limit * 0.97, y + shift, **arrow)
            words: dict[str, Any] = {"ha": "right" if side > 0 else "left", "color": COLORS[i]}
            ax.text(side * limit * 0.92, y + shift, signed(measured(row.pull, row.error)), **words, **texts)
            continue
        face = "white" if row.text else COLORS[i]
        ax.errorbar(row.pull, y + shift, xerr=row.error or None, elinewidth=1.2, markerfacecolor=face, **dots(i))
        if row.text:
            side = -1 if row.pull > limit / 3 else 1
            words = {"ha": "right" if side > 0 else "left", "color": COLORS[i], "style": "italic"}
            ax.text(side * limit * 0.97, y + shift, row.text, **words, **texts)


def _draw_shifts(ax: Axes, rows: Sequence[tuple[float, ...]], width: float, first: str) -> None:
    """Draw how far each further fit is from the first, as bars from 0 with a point at their end."""
    ax.set_xlim(-width, width)
    ax.axvline(0, color="black", linestyle="--", linewidth=0.8, zorder=1)
    ax.set_xlabel(rf"change from {labels([first], 20)[first]} [$\Delta\theta$]", loc="center")
    for y, shifts in enumerate(rows):
        for i, (value, place) in enumerate(zip(shifts, offsets(len(shifts)), strict=True), 1):
            if not math.isfinite(value):
                continue
            side = math.copysign(1, value)
            if abs(value) > width:
                ax.plot(side * width * 0.96, y + place, **dots(i, marker=">" if side > 0 else "<", markersize=5))
                words: dict[str, Any] = {"va": "center_baseline", "fontsize": 8, "color": COLORS[i]}
                at = (side * width * 0.88, y + place)
                ax.text(*at, signed(number(value, 3)), ha="right" if side > 0 else "left", **words)
                continue
            ax.plot([0, value], [y + place] * 2, color=COLORS[i], linewidth=1.2, zorder=2)
            ax.plot(value, y + place, **dots(i))
