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

_CELL, _BAR = 0.36, 0.55  # inches
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

    At most so many `rows` are drawn: those with the strongest correlations; a line below says how many parameters are
    left out. Fixed parameters and those at a bound have no correlations; staterror and shapesys parameters are left
    out unless `include_staterrors`. Raises InputError for a threshold outside 0 to 1, or where nothing is left.

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
    hidden = candidates - len(where)
    why = f"without correlations of {threshold:.0%}"
    why += f", or not of the {rows} strongest" if len(where) == rows else ""
    note = f"not shown: {hidden} of {candidates} parameters, {why}" if hidden else ""
    rc = compact(chosen, axes_labelsize=10, ytick_labelsize=9)
    from wilks.figures.canvas import Drawing, fit_margins, styled
    from wilks.figures.decoration import experiment_texts

    with styled(rc):
        # The experiment's texts above the frame need some room.
        side = max(_CELL * len(names), 2.4)
        axes = Drawing(rc, figsize=(side + 3, side + 3)).add_subplot() if ax is None else ax
        texts = _draw_matrix(axes, matrix, names)
        experiment_texts(axes, chosen, inside=False)
        axes.set_xlabel(note, fontsize=8, loc="right")
        figure = figure_of(axes)
        if ax is None:
            fit_margins(figure, [axes])
            # Few cells are larger, and so are their numbers.
            cell = float(axes.get_window_extent().width) / figure.dpi / len(names)
            for text in texts:
                text.set_fontsize(min(7.0 * cell / _CELL, 11.0))
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
    kept = np.flatnonzero(size >= threshold)
    if kept.size < 2:
        raise InputError(
            f"no two parameters have a correlation of {threshold:.0%} or more"
            + ("" if include_staterrors else " (staterror and shapesys parameters left out)")
        )
    kept = np.sort(kept[np.argsort(-size[kept], kind="stable")[:rows]])
    names = [result.names[i] for i in where[kept]]
    return [result.names.index(name) for name in natural(names)], int(where.size)


def _draw_matrix(ax: Axes, matrix: FloatArray, names: Sequence[str]) -> list[Text]:
    n = len(names)
    ax.imshow(100.0 * matrix, cmap="RdBu_r", vmin=-100, vmax=100, interpolation="nearest")
    found = labels(names, 36)
    titles = [found[name] for name in names]
    ax.set_xticks(range(n), titles, rotation=90)
    ax.set_yticks(range(n), titles)
    ax.minorticks_off()
    ax.tick_params(axis="both", which="both", length=0)
    texts = []
    for i in range(n):
        for j in range(n):
            percent = 100.0 * matrix[i, j]
            text = f"{percent:.0f}" if i == j else f"{percent:.1f}"
            if text not in ("0.0", "-0.0"):
                color = "white" if abs(percent) > 60 else "black"
                texts.append(ax.text(j, i, signed(text), ha="center", va="center", fontsize=7, color=color))
    return texts
