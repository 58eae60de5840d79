"""Rankings after ATLAS' convention, impacts after that of CMS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.errors import InputError
from wilks.figures.conditions import noted
from wilks.figures.decoration import FAILED_COLOR, experiment_texts, scale_x
from wilks.figures.joint_rankings import joint_rankings
from wilks.figures.names import labels, row_height
from wilks.figures.row_axis import lines_in_rows
from wilks.figures.style import FigureStyle, as_style, compact, figure_of, label, signed, stacked
from wilks.results.impacts import with_sides
from wilks.results.ranking import RankingResult

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UP, _DOWN = "#6699ff", "#00ffff"
_ROW, _BLOCK, _WIDTH = 0.26, 1.25, 3.6  # inches: a parameter, the labels above them, the frame
_PAD, _SIDE, _LINE = 0.06, 0.15, 0.15
_PULLS = 2.0
FAILED: dict[str, Any] = {
    "fontsize": 8,
    "style": "italic",
    "color": FAILED_COLOR,
    "bbox": {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1},
}


@dataclass(frozen=True)
class Row:
    """One parameter of a ranking as it is drawn: `pull` is NaN, and `value` its text, for an unconstrained one."""

    name: str
    pull: float
    errors: tuple[float, float]  # down, up
    value: str
    constraint: str
    impacts: tuple[float, ...]
    clipped: tuple[bool, ...]
    failure: str

    @property
    def measured(self) -> bool:
        """Whether there is an error on at least one side."""
        return sum(self.errors) > 0


def rows_at(result: RankingResult, poi: str | None, places: npt.NDArray[np.intp]) -> list[Row]:
    """Return the parameters at these places of a ranking."""
    failures, k = result.failures, result.poi_index(poi)
    rows = []
    for i in places:
        width, sides = float(result.prefit_uncertainties[i]), result.uncertainties[i]
        constrained = result.constraints[i] != "none" and width > 0
        up, down = (float(side) / width if constrained and math.isfinite(side) else 0.0 for side in sides)
        rows.append(
            Row(
                name=result.names[i],
                pull=float(result.values[i] - result.prefit_values[i]) / width if constrained else math.nan,
                errors=(down, up),
                value=with_sides(float(result.values[i]), sides),
                constraint=result.constraints[i],
                impacts=tuple(float(shift) for shift in result.impacts[k, i]),
                clipped=tuple(bool(cut) for cut in result.clipped[i]),
                failure=failures.get(result.names[i], ""),
            )
        )
    return rows


@noted
def ranking(
    result: RankingResult | Mapping[str, RankingResult],
    *,
    poi: str | None = None,
    rows: int = 20,
    first: int = 1,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with the impacts of the parameters, the largest first, and their pulls.

    Filled bars are post-fit impacts, open ones pre-fit (top axis); dots are (value - pre-fit value) / pre-fit
    uncertainty with post-fit errors (bottom axis), open where there is no error. The value of an unconstrained
    parameter stands beside its name. A black line ends a bar whose step was cut short by a bound. `rows` parameters
    are shown from number `first` on; a line at the bottom says how many there are.
    Several rankings, by label, are post-fit impacts and pulls side by side, the largest of any first. Raises InputError
    where there is no such parameter, ResultError for a parameter of interest that is not in the result.

    `poi` is the parameter of interest where there are several.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> figure = wilks.figures.ranking(wilks.ranking(model), rows=10)
    """
    if isinstance(result, Mapping):
        return joint_rankings(result, poi, rows, first, as_style(style), ax)
    if not isinstance(result, RankingResult):
        raise TypeError(f"ranking draws a RankingResult, found a {type(result).__name__}; get one with wilks.ranking")
    chosen = as_style(style)
    check_page(result, rows, first, f"first must be from 1 to {len(result)}, the number of parameters, found {first}")
    shown = rows_at(result, poi, result.order(poi)[first - 1 : first - 1 + rows])
    rc = settings(chosen)
    from wilks.figures.canvas import Drawing, styled

    with styled(rc):
        axes = Drawing(rc).add_subplot() if ax is None else ax
        entries = _entries(shown, result)
        block = max(_BLOCK, _LINE * (len(entries) + 2))
        _draw_rows(axes, shown, block)
        twin = _impact_axis(axes, shown, result.pois[result.poi_index(poi)])
        _draw_bars(twin, shown)
        legend = _legend(axes, entries, result.pois[result.poi_index(poi)])
        _count(axes, result, first, len(shown))
        figure = figure_of(axes)
        experiment_texts(axes, chosen, wide=_WIDTH if ax is None else None, up=_over((axes, twin)))
        if ax is None:
            row = row_height(_ROW, _names(shown))
            _arrange(figure, axes, twin, legend, block + row * (len(shown) + 0.2))
    return figure


def settings(style: FigureStyle) -> dict[str, Any]:
    return compact(style, xtick_major_size=5, xtick_minor_size=2.5, ytick_major_size=0, ytick_minor_visible=False)


def check_page(result: RankingResult, rows: int, first: int, sentence: str) -> None:
    """Raise InputError with a sentence where there are no rows from number `first` on."""
    if rows < 1 or not 1 <= first <= len(result):
        raise InputError(sentence if rows >= 1 else f"rows must be at least 1, found {rows}")


def _draw_rows(ax: Axes, rows: list[Row], block: float) -> None:
    """Draw names and pulls; the bottom axis is that of the pulls. `block` is the room above them in inches."""
    ax.set_ylim(len(rows) - 0.4, -0.6 - block / _ROW)
    ax.set_xlim(-_PULLS, _PULLS)
    ax.set_xticks(np.arange(-_PULLS, _PULLS + 0.1, 0.5))
    ax.set_xlabel(r"$(\hat{\theta}-\theta_0)\,/\,\Delta\theta$", loc="center")
    ax.set_yticks(range(len(rows)), _names(rows))
    ax.tick_params(axis="y", which="both", length=0)
    ax.tick_params(axis="x", which="both", top=False)
    lines_in_rows(ax, [-1.0, 0.0, 1.0], [not row.failure for row in rows], linestyle="--", zorder=2.5)
    for y, row in enumerate(rows):
        if row.failure:
            ax.text(-0.97 * _PULLS, y, _brief(row.failure), va="center_baseline", zorder=6, **FAILED)
        if math.isnan(row.pull):
            continue
        draw_pull(ax, y, row, _PULLS, elinewidth=1.5, zorder=5)


def draw_pull(ax: Axes, y: int, row: Row, limit: float, **options: Any) -> None:
    """Draw a pull with its errors; as an arrow with a number beyond `limit`, as an open symbol without errors."""
    if abs(row.pull) > limit:
        side = math.copysign(1, row.pull)
        ax.plot(side * limit * 0.97, y, ">" if side > 0 else "<", color="black", markersize=5, zorder=5)
        at: dict[str, Any] = {"ha": "right" if side > 0 else "left", "va": "center_baseline"}
        ax.text(side * limit * 0.93, y, signed(f"{row.pull:.1f}"), fontsize=8, zorder=5, **at)
        return
    face = "black" if row.measured else "white"
    errors = [[row.errors[0]], [row.errors[1]]] if row.measured else None
    ax.errorbar(row.pull, y, xerr=errors, fmt="o", color="black", markerfacecolor=face, markersize=4, **options)


def _count(ax: Axes, result: RankingResult, first: int, shown: int) -> None:
    """Say left of the bottom axis which of the parameters are shown, and how impacts were found if not by fits."""
    which = f"the {shown} largest" if first == 1 else f"numbers {first} to {first + shown - 1}"
    parts = [f"{which} of {len(result)} impacts"] if shown < len(result) else []
    parts += ["from the covariance"] if result.method == "covariance" else []
    text = ax.annotate(
        ", ".join(parts),
        (0, 0),
        (-6, -16),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
        style="italic",
    )
    text.set_in_layout(False)


def _names(rows: list[Row]) -> list[str]:
    """Return the names, with the values of unconstrained parameters."""
    long, short = labels(row.name for row in rows), labels((row.name for row in rows), 60)
    return [long[r.name] if not math.isnan(r.pull) else f"{short[r.name]} = {stacked(r.value)}" for r in rows]


def _brief(text: str) -> str:
    return text if len(text) <= 48 else f"{text[:47]}…"


def _impact_axis(ax: Axes, rows: list[Row], poi: str) -> Axes:
    """Return axes below `ax` with the impacts on their top axis."""
    twin = ax.twiny()
    sizes = [abs(shift) for row in rows for shift in row.impacts if math.isfinite(shift)]
    reach = 1.2 * max(sizes, default=0.0) or 1.0
    twin.set_xlim(-reach, reach)
    scale_x(twin, rf"$\Delta$ {label(poi, 40)}", reach, loc="center")
    twin.tick_params(axis="x", which="both", top=True, bottom=False)
    # Bars belong under the pulls.
    ax.set_zorder(twin.get_zorder() + 1)
    ax.patch.set_visible(False)
    return twin


def _draw_bars(ax: Axes, rows: list[Row]) -> None:
    for y, row in enumerate(rows):
        for column, color in ((2, UP), (3, _DOWN)):
            _bar(ax, y, row, column, facecolor=color, edgecolor="none", zorder=1)
        for column, color in ((0, UP), (1, _DOWN)):
            _bar(ax, y, row, column, facecolor="none", edgecolor=_edge(color), linewidth=1.0, zorder=2)


def _edge(color: str) -> str:
    """Return the colour as a line: cyan is too faint on white."""
    return "#00b8c8" if color == _DOWN else "#2f62d9"


def _bar(ax: Axes, y: int, row: Row, column: int, **options: Any) -> None:
    if not math.isfinite(row.impacts[column]):
        return
    ax.barh(y, row.impacts[column], height=0.8, **options)
    if row.clipped[column]:
        x = row.impacts[column]
        ax.plot([x, x], [y - 0.4, y + 0.4], color="black", linewidth=2, zorder=3, solid_capstyle="butt")


def _entries(rows: list[Row], result: RankingResult) -> list[Any]:
    """Return what the legend explains: only what is drawn."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    step = {"refit": r"\theta", "covariance": r"\theta", "global observables": "a"}[result.method]
    entries: list[Any] = []
    if any(math.isfinite(shift) for row in rows for shift in row.impacts[:2]):
        entries += [
            Patch(facecolor="none", edgecolor=_edge(color), label=rf"pre-fit, $\hat{{\theta}}{sign}\Delta\theta$")
            for color, sign in ((UP, "+"), (_DOWN, "-"))
        ]
    named = "post-fit, " if step == r"\theta" else "global obs., "
    moved = r"\hat{\theta}%s\Delta\hat{\theta}" if step == r"\theta" else r"a%s\Delta a"
    entries += [
        Patch(facecolor=color, edgecolor="none", label=f"{named}${moved % sign}$")
        for color, sign in ((UP, "+"), (_DOWN, "-"))
    ]
    entries.append(Line2D([], [], color="black", marker="o", markersize=4, linewidth=1.5, label="pull"))
    if any(not (row.measured or math.isnan(row.pull)) for row in rows):
        open_dot: dict[str, Any] = {"marker": "o", "markerfacecolor": "white", "markersize": 4, "linewidth": 0}
        entries.append(Line2D([], [], color="black", label="no uncertainty", **open_dot))
    if any(cut for row in rows for cut in row.clipped):
        entries.append(
            Line2D([], [], color="black", marker="|", markersize=8, mew=2, linewidth=0, label="cut by a bound")
        )
    return entries


def _legend(ax: Axes, entries: list[Any], poi: str) -> Any:
    """Draw the legend left of the labels, above the names."""
    legend = ax.legend(
        handles=entries,
        title=f"Impact on {label(poi, 36)}",
        loc="upper right",
        bbox_to_anchor=(-0.02, 1.0),
        borderaxespad=0.0,
        fontsize=8.5,
        title_fontsize=9,
        frameon=False,
        labelspacing=0.2,
        handlelength=1.6,
        alignment="left",
    )
    legend.set_in_layout(False)
    return legend


def _over(axes: tuple[Axes, Axes]) -> float:
    """Return how far numbers and title of the top axis reach over the frame, in points."""
    from wilks.figures.canvas import around, frame_of

    return 72 * (max(around(ax)[3] for ax in axes) - frame_of(axes[0])[3])


def _arrange(figure: Figure, ax: Axes, twin: Axes, legend: Any, inner: float) -> None:
    """Set the size of the figure so that all beside the frame has its room."""
    from wilks.figures.canvas import around, frame_of, inches

    edges = [inches(figure, text.get_window_extent()) for text in ax.get_yticklabels()]
    box = inches(figure, legend.get_window_extent())
    left = max([x1 - x0 for x0, _, x1, _ in edges] + [box[2] - box[0] + 0.05]) + 0.15
    frame, outer = frame_of(ax), [around(axes) for axes in (ax, twin)]
    above = max(box[3] for box in outer) - frame[3] + _PAD
    below = frame[1] - min(box[1] for box in outer) + _PAD
    width, height = left + _WIDTH + _SIDE, above + inner + below
    figure.set_size_inches(width, height)
    place = (left / width, below / height, _WIDTH / width, inner / height)
    ax.set_position(place)
    twin.set_position(place)
