"""Breakdowns of uncertainties: the part of each group of parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.decoration import experiment_texts, scale_x
from wilks.figures.names import labels, row_height
from wilks.figures.ranking import FAILED, UP, settings
from wilks.figures.style import TITLE, FigureStyle, as_style, figure_of, label
from wilks.results.ranking import DONE, BreakdownResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PARTS, _PART = 3.8, 0.3  # inches: the frame of a breakdown, and a group in it


@noted
def breakdown(
    result: BreakdownResult,
    *,
    poi: str | None = None,
    rows: int = 30,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the part of each group in the uncertainty, the largest first, and what the sum misses.

    Sequential breakdowns keep their order. At most so many `rows`, the largest groups, are drawn; a line below counts
    the others. Raises InputError for no rows, ResultError for a parameter of interest that is not in the result.

    `poi` is the parameter of interest where there are several.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.breakdown(wilks.breakdown(model))
    """
    if not isinstance(result, BreakdownResult):
        raise TypeError(
            f"breakdown draws a BreakdownResult, found a {type(result).__name__}; get one with wilks.breakdown"
        )
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    chosen = as_style(style)
    k = result.poi_index(poi)
    rc = settings(chosen)
    from wilks.figures.canvas import Drawing, fit_frame, styled

    order = np.argsort(-np.nan_to_num(result.contributions[k]).max(axis=1), kind="stable")[:rows]
    if result.method == "sequential":
        order = np.sort(order)
    bars = [(result.groups[i], result.contributions[k, i], UP) for i in order]
    bars += [("statistical", result.statistical[k], "#94a4a2"), ("total", result.total[k], "#717581")]
    with styled(rc):
        axes = Drawing(rc).add_subplot() if ax is None else ax
        _draw_parts(axes, bars, result.profile)
        largest = float(np.nanmax(result.total[k], initial=0.0))
        scale_x(axes, f"uncertainty of {label(result.pois[k], TITLE)}", largest)
        experiment_texts(axes, chosen, wide=_PARTS if ax is None else None)
        _note(axes, result, poi, len(result.groups) - len(order))
        figure = figure_of(axes)
        if ax is None:
            row = row_height(_PART, (label(name) for name, _, _ in bars))
            fit_frame(figure, axes, _PARTS, row * (len(bars) + 0.2), margin=0.08)
    return figure


def _draw_parts(ax: Axes, bars: list[tuple[str, Any, str]], profile: bool) -> None:
    largest = max((float(np.nanmax(part)) for _, part, _ in bars if np.isfinite(part).any()), default=1.0) or 1.0
    for y, (_, part, color) in enumerate(bars):
        if not np.isfinite(part).any():
            ax.text(0.02 * largest, y, "none found", va="center_baseline", **FAILED)
            continue
        ax.barh(y, part[0], height=0.7, color=color, linewidth=0)
        text = _three_digits(part[0])
        if profile:
            ax.barh(y, -part[1], height=0.7, color=color, alpha=0.6, linewidth=0)
            sides = zip("+−", part, strict=True)
            text = " ".join(f"{sign}{_three_digits(side) if math.isfinite(side) else '?'}" for sign, side in sides)
        ax.text(float(np.nan_to_num(part[0])) + 0.02 * largest, y, text, va="center_baseline", fontsize=9)
    ax.set_xlim(-1.15 * largest if profile else 0.0, (1.7 if profile else 1.25) * largest)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    texts = labels(name for name, _, _ in bars)
    ax.set_yticks(range(len(bars)), [texts[name] for name, _, _ in bars])
    ax.tick_params(axis="y", which="both", length=0)
    ax.axhline(len(bars) - 2.5, color="black", linewidth=0.6, linestyle=":")
    ax.axvline(0.0, color="black", linewidth=0.8)


def _three_digits(value: float) -> str:
    """Return a number with three significant digits, zeros at its end too."""
    return f"{value:#.3g}".rstrip(".")


def _note(ax: Axes, result: BreakdownResult, poi: str | None, hidden: int) -> None:
    """Say how the parts add up, and how many are not shown, below the axis."""
    k = result.poi_index(poi)
    share = 100.0 * float(np.mean(result.remainder(poi))) / float(np.mean(result.total[k] ** 2))
    how = {"frozen": "groups held one at a time", "sequential": "groups held one after the other"}
    text = f"{how.get(result.method, result.method)}; squares add up to {100.0 - share:.1f} % of the total variance"
    if not math.isfinite(share):
        text = next((status for status in result.statuses[k] if status != DONE), "no uncertainty")
    text = f"{hidden} smaller groups not shown; {text}" if hidden else text
    ax.annotate(text, (1, 0), (0, -38), xycoords="axes fraction", textcoords="offset points", ha="right", fontsize=8)
