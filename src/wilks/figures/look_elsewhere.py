"""Local significances of many signals, with what they mean globally."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.figures.brazil import BLUE, RED, canvas_for, check_kind
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, in_red
from wilks.figures.names import labels
from wilks.figures.style import TITLE, FigureStyle, as_style, figure_of, label, weight
from wilks.results.look_elsewhere import GlobalSignificance
from wilks.results.many import CONVERGED
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@noted
def global_significance(
    result: GlobalSignificance, *, style: str | FigureStyle = "plain", ax: Axes | None = None
) -> Figure:
    """Return a figure of the local significances of all signals, with lines where they are 1, 2, ... sigma globally.

    Along the one coordinate, else one beside the other. Points without an answer are gaps, and counted.

    >>> import wilks
    >>> found = wilks.global_significance(*wilks.examples.search_grid(), toys=100)
    >>> figure = wilks.figures.global_significance(found)
    """
    check_kind(result, GlobalSignificance, "global_significance")
    chosen = as_style(style)
    thick, z = weight(chosen), np.sqrt(result.q0)
    along = len(result.labels) == 1 and bool(np.isfinite(result.coordinates).all())
    x = result.coordinates[:, 0] if along else np.arange(len(result), dtype=np.float64)
    order = np.argsort(x, kind="stable")
    with canvas_for(chosen, ax) as target:
        look: dict[str, Any] = {"color": "black", "markersize": 3.5 * thick, "linewidth": 1.5 * thick, "zorder": 4}
        (line,) = target.plot(x[order], z[order], "o-" if along else "o", **look)
        entries: list[Entry] = [(line, "Local significance")]
        heights = [(n, result.local_for(float(n))) for n in range(1, 6)]
        highest = top = float(np.nanmax(z, initial=1.0))
        drawn = 0.0  # lines up to the first above all points
        for n, height in heights:
            if not math.isfinite(height) or (n > 1 and drawn > highest):
                break
            drawn = height
            dashed = target.axhline(height, color=RED, linestyle="--", linewidth=1.1 * thick, zorder=2)
            target.annotate(
                rf"{n}$\,\sigma$",
                (1, height),
                (4, 0),
                xycoords=target.get_yaxis_transform(),
                textcoords="offset points",
                va="center",
                color=RED,
                fontsize="small",
            )
            if n == 1:
                entries.append((dashed, "Global significance"))
            top = max(top, height)
        if result.where >= 0:
            mark: dict[str, Any] = {"color": BLUE, "markersize": 9 * thick, "zorder": 3, "linestyle": "none"}
            target.plot(x[result.where], z[result.where], "o", **mark)
        room = 0.03 * float(np.ptp(x)) or 0.5
        target.set_xlim(x.min() - room, x.max() + room)
        if along:
            target.set_xlabel(label(result.labels[0], TITLE))
        else:
            target.set_xticks(x, list(labels(result.names, 24).values()), rotation=90 if len(result) > 6 else 0)
            target.tick_params(axis="x", which="minor", length=0)
        target.set_ylabel(r"Local significance [$\sigma$]")
        decorate(target, chosen, _lines(result), entries, tallest=1.05 * top, lowest=None)
        missing = sum(status != CONVERGED for status in result.statuses)
        lost = counted(result.failures, "toy", "without a fit")
        in_red(target, chosen, [*counted(missing, "point", "without an answer"), *lost])
    return figure_of(target)


def _lines(result: GlobalSignificance) -> list[str]:
    """Return the largest local significance and what it is globally, as text."""
    if result.where < 0:
        return ["no local significance"]
    where = result.names[result.where]
    if len(result.labels) == 1 and math.isfinite(result.coordinates[result.where, 0]):
        where = f"{result.labels[0]} = {number(float(result.coordinates[result.where, 0]))}"
    lines = [rf"Local: {result.local_significance:.2f}$\,\sigma$ ({where})"]
    if math.isfinite(result.significance):
        lines.append(rf"Global: {result.significance:.2f}$\,\sigma$ (crossings)")
    if math.isfinite(result.toy_significance):
        lines.append(rf"Global: {result.toy_significance:.2f}$\,\sigma$ (toys)")
    return lines
