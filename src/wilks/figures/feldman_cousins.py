"""Feldman-Cousins intervals and regions: p-values along a parameter, or over two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.figures.brazil import BLUE, RED, canvas_for, check_kind
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, counted, decorate, experiment_texts, in_red, legend_in_corner
from wilks.figures.style import TITLE, FigureStyle, as_style, figure_of, label, settings, stacked, weight
from wilks.results.feldman_cousins import INSIDE, OUTSIDE, UNDECIDED, FeldmanCousinsResult
from wilks.results.intervals import AT_BOUND, percent
from wilks.results.many import CONVERGED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {INSIDE: BLUE, UNDECIDED: "#a8c8ea", OUTSIDE: "#f4f4f4"}


@noted
def feldman_cousins(
    result: FeldmanCousinsResult, *, style: str | FigureStyle = "plain", ax: Axes | None = None
) -> Figure:
    """Return a figure of a Feldman-Cousins interval, or of the region of two parameters.

    Of one parameter: p-values of the points that were tested, with the errors of their toys, the line at 1 - level
    below which a point is outside, the interval (filled) and the one of the profile likelihood (dotted lines). Of two:
    the points of the grid that are inside, outside, or undecided within the toys, and the best fit.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.feldman_cousins(model, level=0.9, toys=400, precision=0.1)
    >>> figure = wilks.figures.feldman_cousins(found)
    """
    check_kind(result, FeldmanCousinsResult, "feldman_cousins")
    chosen = as_style(style)
    return _interval(result, chosen, ax) if result.end_statuses else _region(result, chosen, ax)


def _interval(result: FeldmanCousinsResult, style: FigureStyle, ax: Axes | None) -> Figure:
    """Draw p-values along one parameter."""
    tested, thick = result.tested, weight(style)
    x, p = tested.values[:, 0], tested.p_values
    good = np.isfinite(p)
    with canvas_for(style, ax) as target:
        mark: dict[str, Any] = {"color": "black", "markersize": 3.5 * thick, "elinewidth": 1.1 * thick, "zorder": 4}
        dots = target.errorbar(x[good], p[good], yerr=tested.errors[good], fmt="o", **mark)
        line = target.axhline(1 - result.level, color=RED, linewidth=1.2 * thick, zorder=3)
        entries: list[Entry] = [(dots, "Toys"), (line, rf"1 $-$ {percent(result.level)}")]
        lower, upper = map(float, result.ends)
        if np.isfinite([lower, upper]).all():
            band = target.axvspan(lower, upper, color=BLUE, alpha=0.2, linewidth=0, zorder=0)
            entries.append((band, "Feldman-Cousins"))
        for end in result.profile_ends[np.isfinite(result.profile_ends)]:
            dotted = target.axvline(end, color="0.35", linestyle=":", linewidth=1.3 * thick, zorder=2)
        if np.isfinite(result.profile_ends).any():
            entries.append((dotted, "Profile likelihood"))
        every = np.concatenate([x[good], result.ends, result.profile_ends, result.best])
        every = every[np.isfinite(every)]
        room = 0.04 * float(np.ptp(every)) or 0.5
        target.set_xlim(every.min() - room, every.max() + room)
        target.set_yscale("log")
        target.set_xlabel(label(result.parameters[0], TITLE))
        target.set_ylabel(r"$p$-value")
        lowest = 0.5 * float(np.min(p[good & (p > 0)], initial=1 - result.level))
        lines = [f"{label(result.parameters[0], 40)} = {stacked(result.interval.size)}"]
        decorate(target, style, lines, entries, tallest=1.1, lowest=lowest)
        missing = sum(status not in (CONVERGED, AT_BOUND) for status in result.end_statuses)
        lost = int(tested.failures.sum())
        in_red(target, style, [*counted(missing, "end", "without a value"), *counted(lost, "toy", "without a fit")])
    return figure_of(target)


def _region(result: FeldmanCousinsResult, style: FigureStyle, ax: Axes | None) -> Figure:
    """Draw which points of a grid are inside, and the edge of the region."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    from wilks.figures.canvas import Drawing, styled

    rc, thick = settings(style), weight(style)
    with styled(rc):
        panel = Drawing(rc, layout="constrained").add_subplot() if ax is None else ax
        colors = ListedColormap([_COLORS[kind] for kind in (OUTSIDE, UNDECIDED, INSIDE)])
        shown = np.ma.masked_invalid(result.region)
        panel.pcolormesh(
            result.x_values,
            result.y_values,
            shown,
            cmap=colors,
            vmin=-1.5,
            vmax=1.5,
            shading="nearest",
            rasterized=True,
        )
        entries: list[Entry] = [(Patch(color=BLUE), percent(result.level))]
        if (result.region == UNDECIDED).any():
            entries.append((Patch(color=_COLORS[UNDECIDED]), "undecided"))
        look: dict[str, Any] = {"color": "black", "markeredgecolor": "white", "markersize": 9 * thick}
        (cross,) = panel.plot(*result.best, "P", linestyle="none", clip_on=False, zorder=5, **look)
        entries.append((cross, "best fit"))
        panel.set_xlabel(label(result.parameters[0], TITLE))
        panel.set_ylabel(label(result.parameters[1], TITLE))
        experiment_texts(panel, style)
        rows, columns = (result.region != OUTSIDE).nonzero()
        places = np.column_stack([result.x_values[columns], result.y_values[rows]])
        legend_in_corner(panel, entries, places, "x-small" if style.name == "CMS" else "small")
        missing, lost = int(np.isnan(result.region).sum()), int(result.tested.failures.sum())
        in_red(panel, style, [*counted(missing, "point", "without a test"), *counted(lost, "toy", "without a fit")])
        return figure_of(panel)
