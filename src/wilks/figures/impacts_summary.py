"""All parameters of a ranking at a glance: the distribution of their pulls, and which stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.decoration import experiment_texts, scale_x
from wilks.figures.impacts import DOWN, UP, pulls_of, shrunk
from wilks.figures.names import labels, row_height
from wilks.figures.style import FigureStyle, as_style, compact, label
from wilks.results.ranking import RankingResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE = "#3f90da"
_ROW, _PANEL, _HEAD, _FOOT, _GAP = 0.24, 2.0, 0.4, 0.55, 0.2  # inches
_REACH, _STEP = 4.0, 0.25


@noted
def impacts_summary(
    result: RankingResult, *, poi: str | None = None, rows: int = 10, style: str | FigureStyle = "plain"
) -> Figure:
    """Return the distribution of all pulls, and the `rows` largest pulls, constraints and post-fit impacts.

    Pulls are (value - pre-fit value) / sqrt(pre-fit variance - post-fit variance), beside the normal distribution;
    parameters that the data hardly constrain (by less than 0.05 %) have none. Constraints are post-fit uncertainties in
    units of the pre-fit ones. Raises InputError for no rows, ResultError for a parameter of interest that is not in the
    result.

    `poi` is the parameter of interest where there are several.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.impacts_summary(wilks.ranking(model), rows=5)
    """
    if not isinstance(result, RankingResult):
        raise TypeError(f"this draws a RankingResult, found a {type(result).__name__}; get one with wilks.ranking")
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    chosen, k = as_style(style), result.poi_index(poi)
    rc = compact(chosen, ytick_labelsize=9)
    from wilks.figures.canvas import Drawing, styled

    width = shrunk(result)
    reduced = 1.0 - width**2
    pulls = np.where(reduced > 1e-3, pulls_of(result) / np.sqrt(np.maximum(reduced, 1e-3)), np.nan)
    with styled(rc):
        figure = Drawing(rc)
        panels = [figure.add_subplot(1, 4, i + 1) for i in range(4)]
        _histogram(panels[0], pulls)
        _bars(panels[1], result, pulls, -np.abs(pulls), rows, "pull")
        _bars(panels[2], result, width, width, rows, r"$\hat{\sigma}\,/\,\sigma_I$")
        shifts = result.impacts[k, :, 2:]
        _bars(panels[3], result, shifts, -result.largest(poi), rows, rf"$\Delta\,${label(result.pois[k], 40)}")
        experiment_texts(panels[0], chosen, last=panels[3])
        _arrange(figure, panels, min(rows, len(result)))
    return figure


def _histogram(ax: Axes, pulls: FloatArray) -> None:
    found = pulls[np.isfinite(pulls)]
    edges = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    counts = np.histogram(np.clip(found, -_REACH, _REACH), edges)[0]
    ax.stairs(counts, edges, fill=True, color=_BLUE, alpha=0.5)
    x = np.linspace(-_REACH, _REACH, 200)
    height = found.size * _STEP / np.sqrt(2 * np.pi)
    ax.plot(x, height * np.exp(-0.5 * x**2), color="black", linestyle="--", linewidth=1.2)
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(0, 1.3 * max(float(counts.max(initial=0)), height, 1.0))
    ax.locator_params(axis="y", integer=True, nbins=6)
    ax.tick_params(axis="y", which="minor", length=0)
    ax.set_xlabel("pull", loc="center")
    ax.set_ylabel("parameters")
    if found.size > 1:
        text = f"{found.size}: mean {found.mean():.2f}, width {found.std():.2f}".replace("-", "−")
        ax.annotate(text, (0.5, 0.94), xycoords="axes fraction", ha="center", va="top", fontsize=8)


def _bars(ax: Axes, result: RankingResult, values: FloatArray, key: FloatArray, rows: int, title: str) -> None:
    """Draw the parameters with the smallest `key`: one bar for each value, shape (parameters,) or (parameters, 2)."""
    places = [i for i in np.argsort(key, kind="stable")[:rows] if np.isfinite(key[i])]
    two: dict[str, Any] = {"height": 0.8, "linewidth": 0, "alpha": 0.6}
    for y, i in enumerate(places):
        both = np.atleast_1d(values[i])
        for value, color in zip(both, (UP, DOWN) if both.size > 1 else (_BLUE,), strict=True):
            if np.isfinite(value):
                ax.barh(y, value, color=color, **two)
    reach = 1.1 * float(np.nanmax(np.abs(values[places]), initial=0.0)) or 1.0
    ax.set_xlim(-reach if (np.nan_to_num(values[places]) < 0).any() else 0.0, reach)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_ylim(min(rows, len(result)) - 0.4, -0.6)
    texts = labels((result.names[i] for i in places), 36)
    ax.set_yticks(range(len(places)), [texts[result.names[i]] for i in places])
    ax.tick_params(axis="y", which="both", length=0)
    ax.locator_params(axis="x", nbins=4)
    scale_x(ax, title, reach, loc="center")


def _arrange(figure: Figure, panels: list[Axes], rows: int) -> None:
    """Set the size of the figure so that the names beside each panel just have their room."""
    from wilks.figures.canvas import around, frame_of

    texts = [text.get_text() for panel in panels[1:] for text in panel.get_yticklabels()]
    inner = max(row_height(_ROW, texts, 9) * rows, 1.2)
    figure.set_size_inches(12, inner + _HEAD + _FOOT)
    names = [frame_of(panel)[0] - around(panel)[0] + _GAP / 2 for panel in panels]
    width, height = sum(names) + len(panels) * (_PANEL + _GAP / 2), inner + _HEAD + _FOOT
    figure.set_size_inches(width, height)
    at = 0.0
    for panel, name in zip(panels, names, strict=True):
        at += name
        panel.set_position((at / width, _FOOT / height, _PANEL / width, inner / height))
        at += _PANEL + _GAP / 2
