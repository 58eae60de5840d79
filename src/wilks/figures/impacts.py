"""Impacts after the convention of CMS: pages of parameters with their pulls beside their impacts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from wilks.figures.ranking import FAILED, Row, check_page, rows_of
from wilks.figures.style import FigureStyle, as_style, label, settings
from wilks.results.impacts import with_sides
from wilks.results.ranking import RankingResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UP, _DOWN = "#cc6666", "#6677cc"
_CROSS = "#1f3fd0"
_ROW, _PULLS, _IMPACTS, _HEAD, _FOOT = 0.25, 3.0, 2.2, 0.45, 0.95  # inches
_REACH = 2.9
_COLORS = {"poisson": "#2f7d32", "none": "#7a5c00"}
_SMALL: dict[str, object] = {
    "font.size": 10,
    "axes.labelsize": 11,
    "axes.linewidth": 0.9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9.5,
    "xtick.major.size": 4,
    "xtick.minor.visible": False,
    "axes.labelpad": 3,
    "lines.markersize": 4,
}


def impacts(
    result: RankingResult,
    *,
    poi: str | None = None,
    page: int = 1,
    rows: int = 30,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a page of parameters, numbered by falling impact: their pulls, and beside them their post-fit impacts.

    Dots are (value - pre-fit value) / pre-fit uncertainty with post-fit errors; blue crosses are the pull
    (value - pre-fit value) / sqrt(pre-fit variance - post-fit variance), which is normally distributed. Unconstrained
    parameters have their value in place of the dot. Raises InputError for a page that does not exist, ResultError for
    a parameter of interest that is not in the result.
    """
    if not isinstance(result, RankingResult):
        raise TypeError(f"impacts draws a RankingResult, found a {type(result).__name__}; get one with wilks.ranking")
    chosen = as_style(style)
    first = (page - 1) * rows + 1
    check_page(result, rows, first, f"page must be from 1 to {math.ceil(len(result) / max(rows, 1))}, found {page}")
    shown = rows_of(result, poi, first - 1, rows)
    k = result.poi_index(poi)
    rc = settings(chosen) | _SMALL
    from wilks.figures.canvas import Drawing, styled

    with styled(rc):
        figure = Drawing(rc)
        left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
        _draw_pulls(left, shown, first)
        _draw_impacts(right, shown, label(result.pois[k]))
        _titles(
            left,
            right,
            chosen,
            f"{label(result.pois[k])} = {with_sides(result.poi_values[k], result.poi_uncertainties[k])}",
        )
        _arrange(figure, left, right, len(shown))
        _stripes(figure, left, len(shown))
        _legend(figure, left)
    return figure


def _draw_pulls(ax: Axes, rows: list[Row], first: int) -> None:
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks([-2, -1, 0, 1, 2])
    ax.grid(axis="x", linestyle=":", linewidth=0.7, color="black")
    ax.set_axisbelow(True)
    ax.set_yticks(range(len(rows)), [f"{label(row.name)}   {first + i:>3}" for i, row in enumerate(rows)])
    for text, row in zip(ax.get_yticklabels(), rows, strict=True):
        text.set_color(_COLORS.get(row.constraint, "black"))
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_xlabel(r"$(\hat{\theta}-\theta_I)\,/\,\sigma_I$", loc="center")
    for y, row in enumerate(rows):
        if math.isnan(row.pull):
            ax.text(0, y, row.value, ha="center", va="center_baseline", fontsize=9)
        elif abs(row.pull) > _REACH:
            side = math.copysign(1, row.pull)
            ax.plot(side * _REACH * 0.97, y, ">" if side > 0 else "<", color="black", markersize=5, zorder=3)
            at: dict[str, Any] = {"ha": "right" if side > 0 else "left", "va": "center_baseline"}
            ax.text(side * _REACH * 0.93, y, f"{row.pull:.1f}", fontsize=8, **at)
        else:
            errors = [[row.errors[0]], [row.errors[1]]]
            ax.errorbar(row.pull, y, xerr=errors, fmt="o", color="black", markersize=4, elinewidth=1.3, zorder=3)
        if math.isfinite(row.pull):
            _draw_cross(ax, y, row)


def _draw_cross(ax: Axes, y: int, row: Row) -> None:
    shrunk = 1.0 - (0.5 * sum(row.errors)) ** 2
    # A parameter that the data say nothing about has no pull in this sense.
    if shrunk > 1e-3 and sum(row.errors) > 0 and abs(pull := row.pull / math.sqrt(shrunk)) <= _REACH:
        ax.plot(pull, y, "x", color=_CROSS, markersize=5, markeredgewidth=1.2, zorder=4)


def _draw_impacts(ax: Axes, rows: list[Row], poi: str) -> None:
    ax.set_ylim(len(rows) - 0.5, -0.5)
    sizes = [abs(shift) for row in rows for shift in row.impacts[2:] if math.isfinite(shift)]
    reach = 1.1 * max(sizes, default=0.0) or 1.0
    ax.set_xlim(-reach, reach)
    ax.locator_params(axis="x", nbins=4)
    ax.grid(axis="x", linestyle=":", linewidth=0.7, color="black")
    ax.set_axisbelow(True)
    ax.set_yticks([])
    ax.set_xlabel(rf"$\Delta\,${poi}", loc="center")
    for y, row in enumerate(rows):
        for shift, color in zip(row.impacts[2:], (_UP, _DOWN), strict=True):
            if math.isfinite(shift):
                ax.barh(y, shift, height=1.0, color=color, alpha=0.6, linewidth=0)
        if row.failure:
            short = row.failure if len(row.failure) < 30 else f"{row.failure[:29]}…"
            ax.text(0, y, short, ha="center", va="center_baseline", **FAILED)


def _titles(left: Axes, right: Axes, style: FigureStyle, fitted: str) -> None:
    """Put the experiment above the left panel and the fitted parameter of interest above the right one."""
    from wilks.figures.decoration import experiment_texts

    experiment_texts(left, style, inside=False)
    right.annotate(
        fitted, (1, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom"
    )


def _arrange(figure: Figure, left: Axes, right: Axes, rows: int) -> None:
    from wilks.figures.canvas import inches

    figure.draw_without_rendering()
    names = [inches(figure, text.get_window_extent()) for text in left.get_yticklabels()]
    margin = max(x1 - x0 for x0, _, x1, _ in names) + 0.2
    inner = _ROW * max(rows, 2)
    width, height = margin + _PULLS + _IMPACTS + 0.15, _HEAD + inner + _FOOT
    figure.set_size_inches(width, height)
    left.set_position((margin / width, _FOOT / height, _PULLS / width, inner / height))
    right.set_position(((margin + _PULLS) / width, _FOOT / height, _IMPACTS / width, inner / height))


def _stripes(figure: Figure, ax: Axes, rows: int) -> None:
    """Draw a gray stripe behind every second row, from edge to edge."""
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import blended_transform_factory

    for axes in figure.axes:
        axes.patch.set_visible(False)
    place = blended_transform_factory(figure.transFigure, ax.transData)
    for y in range(0, rows, 2):
        figure.add_artist(Rectangle((0, y - 0.5), 1, 1, transform=place, color="#ececec", linewidth=0, zorder=-5))


def _legend(figure: Figure, ax: Axes) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    cross: dict[str, Any] = {"color": _CROSS, "marker": "x", "markeredgewidth": 1.2, "linewidth": 0}
    handles = [
        Line2D([], [], color="black", marker="o", linewidth=1.3, label="fit"),
        Line2D([], [], label="pull", **cross),
        Patch(facecolor=_UP, alpha=0.6, label=r"$+1\sigma$ impact"),
        Patch(facecolor=_DOWN, alpha=0.6, label=r"$-1\sigma$ impact"),
    ]
    figure.legend(
        handles=handles, loc="lower center", ncols=4, frameon=False, fontsize=9, borderaxespad=0.3, columnspacing=1.2
    )
