"""The correlation matrix of a fit, reduced to the parameters that are correlated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.names import labels
from wilks.figures.style import FigureStyle, as_style, compact, figure_of, signed
from wilks.results.fit import FitResult
from wilks.selection import natural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_CELL, _LEAST, _BAR, _GAP = 0.36, 2.4, 0.16, 0.1  # inches: a cell, the frame at least, the colour bar beside it
# Blue to red with white at 0, as matplotlib's RdBu, of which the middle is gray.
_BLUES, _REDS = "053061 2166ac 4393c3 92c5de d1e5f0", "fddbc7 f4a582 d6604d b2182b 67001f"
_COLORS = [f"#{color}" for color in f"{_BLUES} ffffff {_REDS}".split()]
_GAMMAS = {"staterror", "shapesys"}


@noted
def correlations(
    result: FitResult,
    *,
    threshold: float = 0.1,
    rows: int = 30,
    include_staterrors: bool = False,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the correlations in percent of the parameters that have one of at least `threshold`.

    Blue is negative, red positive, white 0. The parameter of interest comes first, whatever its correlations. At most
    so many `rows` are drawn: those with the strongest correlations; a line below says how many parameters are left out.
    Fixed parameters and those at a bound have no correlations; staterror and shapesys parameters are left out unless
    `include_staterrors`. Raises InputError for a threshold outside 0 to 1, or where nothing is left.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.correlations(wilks.fit(model))
    """
    if not isinstance(result, FitResult):
        raise TypeError(
            f"correlations draws a FitResult, found a {type(result).__name__}; get one with wilks.fit(model)"
        )
    problems = []
    if not 0 <= threshold <= 1:
        problems.append(f"threshold must be from 0 to 1, found {threshold}")
    if rows < 2:
        problems.append(f"rows must be at least 2, found {rows}")
    if not result.covariance_usable:
        problems.append(f"the fit gives no covariance: {result.status}")
    if problems:
        raise InputError(problems)
    chosen = as_style(style)
    where, candidates = _selected(result, threshold, rows, include_staterrors)
    matrix = result.correlation[np.ix_(where, where)]
    names = [result.names[i] for i in where]
    poi = result.poi if result.poi in names else None
    hidden = candidates - len(where)
    why = f"without correlations of {threshold:.0%}"
    why += f", or not of the {rows} strongest" if len(where) == rows else ""
    note = f"not shown: {hidden} of {candidates} parameters, {why}" if hidden else ""
    rc = compact(chosen, axes_labelsize=10, ytick_labelsize=9)
    from wilks.figures.canvas import Drawing, fit_frame, styled
    from wilks.figures.decoration import experiment_texts

    with styled(rc):
        # The experiment's texts above the frame need some room.
        side = max(_CELL * len(names), _LEAST)
        axes = Drawing(rc).add_subplot() if ax is None else ax
        texts = _draw_matrix(axes, matrix, names, poi)
        _draw_bar(axes, side)
        experiment_texts(axes, chosen, wide=side if ax is None else None)
        axes.set_xlabel(note, fontsize=8, loc="right")
        figure = figure_of(axes)
        if ax is None:
            # Few cells are larger, and so are their numbers.
            for text in texts:
                text.set_fontsize(min(7.0 * side / len(names) / _CELL, 11.0))
            fit_frame(figure, axes, side, side, margin=0.08)
    return figure


def _selected(result: FitResult, threshold: float, rows: int, include_staterrors: bool) -> tuple[list[int], int]:
    """Return the positions to draw, and how many parameters could have been drawn."""
    usable = ~result.fixed & ~result.at_bound & (result.uncertainties > 0)
    if not include_staterrors:
        usable &= np.array([not _GAMMAS.intersection(types) for types in result.modifier_types])
    where = np.flatnonzero(usable)
    strongest = np.abs(result.correlation[np.ix_(where, where)])
    np.fill_diagonal(strongest, 0.0)
    size = strongest.max(axis=1, initial=0.0)
    if np.count_nonzero(size >= threshold) < 2:
        raise InputError(
            f"no two parameters have a correlation of {threshold:.0%} or more"
            + ("" if include_staterrors else " (staterror and shapesys parameters left out)")
        )
    of_interest = [result.names[i] == result.poi for i in where]
    size[of_interest] = np.inf
    strong = np.flatnonzero(size >= threshold)
    strong = np.sort(strong[np.argsort(-size[strong], kind="stable")[:rows]])
    names = natural(result.names[i] for i in where[strong])
    names.sort(key=lambda name: name != result.poi)
    return [result.names.index(name) for name in names], int(where.size)


def _draw_matrix(ax: Axes, matrix: FloatArray, names: Sequence[str], poi: str | None) -> list[Text]:
    """Draw cells, numbers and names, that of the parameter of interest bold; return the numbers."""
    from matplotlib.colors import LinearSegmentedColormap

    n = len(names)
    colors = LinearSegmentedColormap.from_list("correlations", _COLORS)
    ax.imshow(100.0 * matrix, cmap=colors, vmin=-100, vmax=100, interpolation="nearest")
    found = labels(names)
    titles = [found[name] for name in names]
    ax.set_xticks(range(n), titles, rotation=90)
    ax.set_yticks(range(n), titles)
    ax.minorticks_off()
    ax.tick_params(axis="both", which="both", length=0)
    if poi is not None:
        for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
            ticks[names.index(poi)].set_fontweight("bold")
    texts = []
    for i in range(n):
        for j in range(n):
            percent = 100.0 * matrix[i, j]
            text = f"{percent:.0f}" if i == j else f"{percent:.1f}"
            if text not in ("0.0", "-0.0"):
                color = "white" if abs(percent) > 60 else "black"
                texts.append(ax.text(j, i, signed(text), ha="center", va="center", fontsize=7, color=color))
    return texts


def _draw_bar(ax: Axes, side: float) -> None:
    """Draw the colour bar beside a matrix whose side has this length in inches."""
    bar = figure_of(ax).colorbar(
        ax.images[0], cax=ax.inset_axes((1 + _GAP / side, 0, _BAR / side, 1)), ticks=range(-100, 101, 50)
    )
    bar.set_label("Correlation [%]", loc="center")
    bar.ax.minorticks_off()
    bar.ax.yaxis.set_major_formatter(lambda value, _: signed(f"{value:g}"))
    bar.ax.tick_params(labelsize=9)
