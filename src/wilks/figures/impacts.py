"""Impacts after the convention of CMS: pages of parameters with their pulls beside their impacts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, nearest
from wilks.figures.conditions import noted
from wilks.figures.decoration import Entry, experiment_texts, lines_above, scale_x
from wilks.figures.names import labels, letters, row_height
from wilks.figures.ranking import FAILED, Row, check_page, draw_pull, rows_at
from wilks.figures.row_axis import lines_in_rows
from wilks.figures.style import PETROFF10, FigureStyle, as_style, compact, figure_of, label, stacked
from wilks.results.impacts import with_sides
from wilks.results.ranking import RankingResult
from wilks.selection import matching

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UP, DOWN = "#cc6666", "#6677cc"
_CROSS = "#1f3fd0"
_ROW, _PULLS, _IMPACTS, _HEAD, _FOOT, _LINE = 0.25, 3.0, 2.2, 0.45, 0.8, 0.19  # inches
_COLUMNS = 4  # of the legend
_NUMBER, _UP = 30.0, 16.0  # points: from the frame to the names, left of their numbers; a line of text above it
_DOTTED: dict[str, Any] = {"linestyle": ":", "linewidth": 0.7, "zorder": 0.5}
_MEASURED = 12  # longest names by letters, among which is the widest
_REACH = 2.9
_TYPES = {"poisson": ("Poisson constraint", "#2f7d32"), "none": ("no constraint", "#7a5c00")}
ROWS = 30  # of a page
_SORTS = ("impact", "constraint", "pull")
Groups = Mapping[str, str | Sequence[str]]


@noted
def impacts(
    result: RankingResult,
    *,
    poi: str | None = None,
    page: int = 1,
    rows: int = ROWS,
    sort: str = "impact",
    relative: bool = False,
    blind: bool = False,
    groups: Groups | None = None,
    style: str | FigureStyle = "plain",
) -> Figure:
    """Return a page of parameters with their numbers: their pulls, and beside them their post-fit impacts.

    Dots are (value - pre-fit value) / pre-fit uncertainty with post-fit errors; blue crosses are the pull
    (value - pre-fit value) / sqrt(pre-fit variance - post-fit variance), which is normally distributed. Unconstrained
    parameters have their value in place of the dot.

    `sort` is "impact" (the largest first), "constraint" (the smallest post-fit uncertainty in units of the pre-fit one
    first) or "pull" (the largest dot first). `relative` divides impacts by the uncertainty of the parameter of
    interest. All pages of a ranking have the same scale and the same frame. `blind` hides the value of the parameter of
    interest. `groups` are labels with names or patterns of parameters, whose names are then
    drawn in the group's colour; else the colour is that of the constraint's type. Raises InputError for a page, an
    order or a name that does not exist, ResultError for a parameter of interest that is not in the result.

    `poi` is the parameter of interest where there are several; a `page` (from 1) has at most so many `rows`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.impacts(wilks.ranking(model), rows=15)
    """
    if not isinstance(result, RankingResult):
        raise TypeError(f"impacts draws a RankingResult, found a {type(result).__name__}; get one with wilks.ranking")
    chosen, k = as_style(style), result.poi_index(poi)
    first, pages = (page - 1) * rows + 1, math.ceil(len(result) / max(rows, 1))
    check_page(result, rows, first, f"page must be from 1 to {pages}, found {page}")
    colors, entries = _colors(result, groups)
    shown = rows_at(result, poi, sorted_by(result, poi, sort)[first - 1 : first - 1 + rows])
    rc = compact(chosen, ytick_labelsize=9.5, xtick_minor_visible=False, ytick_minor_visible=False)
    from wilks.figures.canvas import Drawing, styled

    with styled(rc):
        figure = Drawing(rc)
        left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
        _draw_pulls(left, shown, first, colors)
        title, uncertainty = label(result.pois[k], 40), float(np.mean(result.poi_uncertainties[k]))
        _draw_impacts(right, shown, title, _largest(result, k), uncertainty, relative)
        experiment_texts(left, chosen, wide=_PULLS)
        value = with_sides(math.nan if blind else float(result.poi_values[k]), result.poi_uncertainties[k])
        lines = _corner(right, f"{label(result.pois[k], 1000)} = {stacked(value)}", lines_above(left))
        kinds = {_TYPES[row.constraint][0] for row in shown if row.constraint in _TYPES}
        present = [entry for entry in entries if groups is not None or entry[1] in kinds]
        kinds = {_TYPES[kind][0] for kind in result.constraints if kind in _TYPES}
        legends = math.ceil(len(entries if groups is not None else kinds) / _COLUMNS)
        names = list(labels(result.names).values())
        _arrange(figure, left, right, names, len(shown), (lines, legends))
        _stripes(figure, left, len(shown))
        moved = "of the global observable" if result.method == "global observables" else "impact"
        _legend(figure, moved, present)
        counted = f"page {page} of {pages}: " if pages > 1 else ""
        figure.text(0.01, 0.01, f"{counted}{len(result)} parameters by {sort}", fontsize=8, style="italic", va="bottom")
    return figure


def sorted_by(result: RankingResult, poi: str | None, sort: str) -> npt.NDArray[np.intp]:
    """Return the positions of the parameters in the order asked for; those without a number come last."""
    if sort not in _SORTS:
        raise InputError(f'there is no order "{sort}"; allowed are {", ".join(_SORTS)}{nearest(sort, _SORTS)}')
    if sort == "impact":
        return result.order(poi)
    size = np.abs(pulls_of(result)) if sort == "pull" else -shrunk(result)
    return np.argsort(-np.nan_to_num(size, nan=-np.inf), kind="stable")


def pulls_of(result: RankingResult) -> FloatArray:
    """Return (value - pre-fit value) / pre-fit uncertainty of each parameter; NaN for those without constraint."""
    return (result.values - result.prefit_values) / _widths(result)


def shrunk(result: RankingResult) -> FloatArray:
    """Return the post-fit uncertainties in units of the pre-fit ones; NaN where there is none."""
    sides: FloatArray = np.where(np.isfinite(result.uncertainties), result.uncertainties, 0.0)
    size = sides.sum(axis=1) / np.maximum((sides > 0).sum(axis=1), 1) / _widths(result)
    return np.where(size > 0, size, np.nan)


def _widths(result: RankingResult) -> FloatArray:
    constrained = np.array([kind != "none" for kind in result.constraints]) & (result.prefit_uncertainties > 0)
    return np.where(constrained, result.prefit_uncertainties, np.nan)


def _colors(result: RankingResult, groups: Groups | None) -> tuple[dict[str, str], list[Entry]]:
    """Return the colour of each name that is not black, and what the legend says about colours."""
    from matplotlib.patches import Patch

    if groups is None:
        kinds = zip(result.names, result.constraints, strict=True)
        colors = {name: _TYPES[kind][1] for name, kind in kinds if kind in _TYPES}
        return colors, [(Patch(color=color), text) for text, color in _TYPES.values()]
    colors, entries, unknown = {}, [], []
    for i, (group, patterns) in enumerate(groups.items()):
        color = PETROFF10[i % len(PETROFF10)]
        entries.append((Patch(color=color), group))
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            found = matching(result.names, pattern)
            colors |= {result.names[j]: color for j in found}
            if not found:
                near = nearest(pattern, result.names)
                unknown.append(f'groups: there is no parameter "{pattern}" in this ranking{near}')
    if unknown:
        raise InputError(unknown)
    return colors, entries


def _draw_pulls(ax: Axes, rows: list[Row], first: int, colors: dict[str, str]) -> None:
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks([-2, -1, 0, 1, 2])
    lines_in_rows(ax, [-2, -1, 0, 1, 2], [not math.isnan(row.pull) for row in rows], **_DOTTED)
    texts = labels(row.name for row in rows)
    ax.set_yticks(range(len(rows)), [texts[row.name] for row in rows])
    ax.tick_params(axis="y", pad=_NUMBER)
    for i in range(len(rows)):
        place: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
        ax.annotate(str(first + i), (0, i), (-4, 0), ha="right", va="center_baseline", fontsize=9.5, **place)
    for text, row in zip(ax.get_yticklabels(), rows, strict=True):
        text.set_color(colors.get(row.name, "black"))
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_xlabel(r"$(\hat{\theta}-\theta_I)\,/\,\sigma_I$", loc="center")
    for y, row in enumerate(rows):
        if math.isnan(row.pull):
            ax.text(0, y, stacked(row.value), ha="center", va="center_baseline", fontsize=9)
        else:
            draw_pull(ax, y, row, _REACH, elinewidth=1.3, zorder=3)
            _draw_cross(ax, y, row)


def _largest(result: RankingResult, k: int) -> float:
    """Return the largest post-fit impact of all parameters."""
    sizes = np.abs(result.impacts[k, :, 2:])
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _draw_cross(ax: Axes, y: int, row: Row) -> None:
    reduced = 1.0 - (0.5 * sum(row.errors)) ** 2
    # A parameter that the data say nothing about has no pull in this sense.
    if reduced <= 1e-3 or not row.measured:
        return
    pull = row.pull / math.sqrt(reduced)
    if abs(pull) <= _REACH:
        ax.plot(pull, y, "x", color=_CROSS, markersize=5, markeredgewidth=1.2, zorder=4)
    elif abs(row.pull) <= _REACH:
        ax.plot(math.copysign(_REACH * 0.97, pull), y, ">" if pull > 0 else "<", color=_CROSS, markersize=5, zorder=4)


def _draw_impacts(ax: Axes, rows: list[Row], poi: str, largest: float, uncertainty: float, relative: bool) -> None:
    unit = 1.0 / uncertainty if relative and uncertainty > 0 else math.nan if relative else 1.0
    shifts = [tuple(shift * unit for shift in row.impacts[2:]) for row in rows]
    ax.set_ylim(len(rows) - 0.5, -0.5)
    reach = 1.1 * largest * (unit if math.isfinite(unit) else 0.0) or 1.0
    ax.set_xlim(-reach, reach)
    ax.locator_params(axis="x", nbins=4)
    ticks = [x for x in ax.get_xticks() if abs(x) < reach]
    lines_in_rows(ax, ticks, [not row.failure for row in rows], **_DOTTED)
    ax.set_yticks([])
    scale_x(ax, rf"$\Delta\,${poi}" + (r" $/\,\sigma$" if relative else ""), reach, loc="center")
    for side, color in zip(zip(*shifts, strict=True), (UP, DOWN), strict=True):
        seen = [y for y, shift in enumerate(side) if math.isfinite(shift)]
        ax.barh(seen, [side[y] for y in seen], height=1.0, color=color, alpha=0.6, linewidth=0)
    for y, row in enumerate(rows):
        if row.failure:
            short = row.failure if len(row.failure) < 30 else f"{row.failure[:29]}…"
            ax.text(0, y, short, ha="center", va="center_baseline", **FAILED)


def _corner(ax: Axes, text: str, above: int) -> int:
    """Put the fitted parameter of interest above the right corner; return the lines of text above the frames.

    One that is wider than its panel stands above the experiment's lines, of which there are `above`.
    """
    value = ax.annotate(text, (1, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", ha="right")
    if value.get_window_extent().width < _IMPACTS * figure_of(ax).dpi:
        return max(above, 1)
    value.xyann = (0, 3 + _UP * above)
    return above + 1


def _arrange(figure: Figure, left: Axes, right: Axes, names: Sequence[str], rows: int, lines: tuple[int, int]) -> None:
    """Set the size of the figure so that names (of all pages), and lines of text above and of a legend below, fit."""
    longest = left.annotate("", (0, 0), fontsize=9.5)
    margin = 0.0
    for name in sorted(names, key=lambda name: letters([name]))[-_MEASURED:]:
        longest.set_text(name)
        margin = max(margin, float(longest.get_window_extent().width) / figure.dpi)
    longest.remove()
    margin += _NUMBER / 72 + 0.1
    head = _HEAD + _UP / 72 * (max(lines[0], 1) - 1)
    inner = row_height(_ROW, (text.get_text() for text in left.get_yticklabels())) * max(rows, 2)
    foot = _FOOT + _LINE * lines[1]
    width, height = margin + _PULLS + _IMPACTS + 0.15, head + inner + foot
    figure.set_size_inches(width, height)
    left.set_position((margin / width, foot / height, _PULLS / width, inner / height))
    right.set_position(((margin + _PULLS) / width, foot / height, _IMPACTS / width, inner / height))


def _stripes(figure: Figure, ax: Axes, rows: int) -> None:
    """Draw a gray stripe behind every second row, from edge to edge."""
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import blended_transform_factory

    for axes in figure.axes:
        axes.patch.set_visible(False)
    place = blended_transform_factory(figure.transFigure, ax.transData)
    for y in range(0, rows, 2):
        figure.add_artist(Rectangle((0, y - 0.5), 1, 1, transform=place, color="#ececec", linewidth=0, zorder=-5))


def _legend(figure: Figure, moved: str, colors: list[Entry]) -> None:
    """Draw the legend below the axes, and under it what the colours of names mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    cross: dict[str, Any] = {"color": _CROSS, "marker": "x", "markeredgewidth": 1.2, "linewidth": 0}
    entries: list[Entry] = [
        (Line2D([], [], color="black", marker="o", linewidth=1.3), "fit"),
        (Line2D([], [], **cross), "pull"),
        (Patch(facecolor=UP, alpha=0.6), rf"$+1\sigma$ {moved}"),
        (Patch(facecolor=DOWN, alpha=0.6), rf"$-1\sigma$ {moved}"),
    ]
    options: dict[str, Any] = {"loc": "lower right", "frameon": False, "fontsize": 9, "columnspacing": 1.2}
    options |= {"borderpad": 0.1, "borderaxespad": 0.2, "ncols": _COLUMNS}
    if colors:
        handles, texts = zip(*colors, strict=True)
        shown = labels(texts, 30)
        figure.legend(handles, [shown[text] for text in texts], handlelength=1.0, **options)
    above = _LINE * math.ceil(len(colors) / _COLUMNS) / float(figure.get_size_inches()[1])
    handles, texts = zip(*entries, strict=True)
    figure.legend(handles, texts, bbox_to_anchor=(1.0, above), **options)
