"""The coverage of intervals and limits, method by method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.figures.brazil import canvas_for, check_kind
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, in_red
from wilks.figures.style import PETROFF10, TITLE, FigureStyle, as_style, figure_of, label, weight
from wilks.results.coverage import METHODS, CoverageResult
from wilks.results.intervals import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour and symbol of each method, the same in all figures.
_LOOKS = {"wald": (0, "s"), "profile": (1, "o"), "feldman-cousins": (2, "^"), "cls": (4, "v")}


@noted
def coverage(result: CoverageResult, *, style: str | FigureStyle = "plain", ax: Axes | None = None) -> Figure:
    """Return a figure of the coverage along the true value of the parameter, with binomial errors, for every method.

    The dashed line is the confidence level. Thin bars, which may leave the frame, show where the coverage lies whatever
    the toys without an interval would have given; they are counted.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.coverage(model, values=[0.5, 1.0], methods=("wald", "profile"), toys=100)
    >>> figure = wilks.figures.coverage(found)
    """
    check_kind(result, CoverageResult, "coverage")
    chosen = as_style(style)
    thick, count = weight(chosen), len(result.methods)
    order = np.argsort(result.values, kind="stable")
    x = result.values[order]
    # Symbols of several methods at one value stand beside each other.
    step = 0.1 * (float(np.diff(x).min()) if x.size > 1 and np.diff(x).min() > 0 else max(abs(float(x[0])), 1.0))
    with canvas_for(chosen, ax) as target:
        entries: list[Entry] = []
        ends = [100 * result.level]
        for i, method in enumerate(result.methods):
            color, symbol = _LOOKS[method]
            at = x + step * (i - 0.5 * (count - 1))
            y, (low, high) = 100 * result.coverage[i, order], 100 * result.intervals[i, order].T
            look: dict[str, Any] = {"color": PETROFF10[color], "elinewidth": 1.4 * thick, "zorder": 4}
            errors = np.maximum([y - low, high - y], 0.0)
            bar = target.errorbar(at, y, yerr=errors, fmt=symbol, markersize=4 * thick, **look)
            entries.append((bar, METHODS[method]))
            ends += [*low, *high]
            lost = result.lost[i, order] > 0
            if lost.any():
                reach = 100 * result.ranges[i, order][lost]
                target.vlines(at[lost], *reach.T, color=PETROFF10[color], linewidth=0.7 * thick, zorder=2)
        line = target.axhline(100 * result.level, color="black", linestyle="--", linewidth=1.1 * thick, zorder=1)
        entries.append((line, "nominal"))
        shown = np.array(ends)[np.isfinite(ends)]
        room = 0.08 * float(np.ptp(shown)) or 1.0
        span = max(float(np.ptp(x)), step)
        target.set_xlim(x[0] - 0.06 * span - count * step, x[-1] + 0.06 * span + count * step)
        target.set_xlabel(f"true {label(result.parameter, TITLE)}")
        target.set_ylabel("Coverage [%]")
        bottom, top = float(shown.min()) - room, min(float(shown.max()) + room, 100.0 + room)
        free = decorate(
            target, chosen, [f"{percent(result.level)} CL, {result.toys} toys"], entries, tallest=1.0, lowest=None
        )
        target.set_ylim(bottom, bottom + (top - bottom) / max(free - 0.03, 0.2))
        target.set_yticks([tick for tick in target.get_yticks() if bottom <= tick <= 100])
        target.tick_params(axis="y", which="minor", length=0)
        in_red(target, chosen, counted(int(result.lost.sum()), "toy", "without an interval"))
    return figure_of(target)
