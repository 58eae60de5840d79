"""Limits of many signals: along a parameter of the signal, as rows, as a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, listed, nearest
from wilks.figures.brazil import RED, canvas_for, check_kind, colors, draw_bands
from wilks.figures.conditions import noted
from wilks.figures.decoration import FAILED_COLOR, Entry, counted, decorate, experiment_texts, in_red
from wilks.figures.exclusion import exclusion_map, plane_of
from wilks.figures.names import labels, letters, row_height
from wilks.figures.ranking import FAILED
from wilks.figures.style import TITLE, FigureStyle, as_style, compact, figure_of, label, signed, weight
from wilks.results.grid import GridResult
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _AXIS = 0.2, 4.2  # inches
_FEW = 41
_ONE_COLUMN = 55


@noted
def grid(
    result: GridResult,
    *,
    x: str | None = None,
    at: Mapping[str, float] | None = None,
    theory: tuple[Sequence[float], Sequence[float]] | None = None,
    title: str | None = None,
    axis_titles: Mapping[str, str] | None = None,
    unit: str | None = None,
    forbidden: float | bool | None = None,
    rows: int = 150,
    log: bool | None = None,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure of the limits (or CLs) of many signals.

    Along one label (`x`; the others kept `at` their values) it is the Brazil band; of two labels without `x` and `at`
    it is a map with the contours of exclusion; points without numbers are rows, at most so many `rows`. Points without
    an answer are gaps, and counted. `theory` is a curve to compare with: x and y. `title` is that of the limits,
    `axis_titles` those of labels: `{"m1": "$m_{1}$ [GeV]"}`; the others are their names, with the `unit`. `log`
    (default: where they spread over more than a factor 20) makes that axis logarithmic. Raises InputError for labels
    that don't exist, and where no point is left.

    Contours are where the smooth surface through the logarithms of the limits of all points crosses 1 (of CLs: 0.05),
    inside the points; of fewer than ten they are a sketch, and the figure says so. `forbidden` shades where the second
    label is above the first minus that number (True: 0); by default that is done for two masses of which the second
    never reaches the first (or the other way round) while points come close, False shades nothing.

    >>> import wilks
    >>> found = wilks.grid(*wilks.examples.search_grid())
    >>> benchmark = ([400, 1200], [1, 1])
    >>> figure = wilks.figures.grid(found, theory=benchmark, log=True, axis_titles={"mass": "$m_X$ [GeV]"})
    """
    check_kind(result, GridResult, "grid")
    chosen = as_style(style)
    numbers = [bool(np.isfinite(column).all()) for column in result.coordinates.T]
    if rows < 1:
        raise InputError(f"rows must be at least 1, found {rows}")
    for name in (*([x] if x is not None else []), *(at or {}), *(axis_titles or {})):
        if name not in result.labels:
            raise InputError(
                f'the grid has no label "{name}"; it has {listed(result.labels)}{nearest(name, result.labels)}'
            )
    asked = np.arange(len(result))
    for name, value in (at or {}).items():
        asked = asked[np.isclose(result.coordinates[asked, result.labels.index(name)], value)]
    shown = asked[np.isfinite(result.observed[asked]) | np.isfinite(result.expected[asked, 2])]
    if not shown.size:
        raise InputError("the grid has no point to draw: none has an answer, or none lies at these values")
    texts = _Texts(label(title, TITLE) if title is not None else _grid_title(result), dict(axis_titles or {}), unit)
    lost = counted(asked.size - shown.size, "point", "without an answer")
    usable = [n for n, good in zip(result.labels, numbers, strict=True) if good and n not in (at or {})]
    if x is None and len(usable) == 2 and shown.size > 2:
        if theory is not None or log is not None:
            raise InputError("theory and log are for limits along one label; choose it with x, and at")
        across, up = (result.coordinates[shown, result.labels.index(name)] for name in usable)
        names = usable[0], usable[1]
        plane = plane_of(across, up, names, (texts.of(names[0]), texts.of(names[1])), forbidden)
        return exclusion_map(result, shown, plane, texts.limits, lost, chosen, ax)
    if forbidden is not None and forbidden is not False:
        raise InputError("forbidden: only a map of two labels has a forbidden region")
    if x is None and len(usable) != 1:
        if theory is not None or unit is not None:
            raise InputError("theory and unit are for limits along a label; choose it with x, and at")
        return _rows(result, asked, rows, texts, lost, chosen, log, ax)
    return _band(result, asked, x or usable[0], theory, texts, lost, chosen, log, ax)


@dataclass(frozen=True)
class _Texts:
    """Titles of axes: that of limits, and those of labels that have another than their name."""

    limits: str
    labels: dict[str, str]
    unit: str | None = None

    def of(self, name: str) -> str:
        plain = name if self.unit is None else f"{name} [{self.unit}]"
        return label(self.labels.get(name, plain), TITLE)


def _grid_title(result: GridResult) -> str:
    if result.question == "CLs":
        return rf"CL$_{{s}}$ of {label(result.poi, TITLE)} = {signed(number(result.tested))}"
    return f"{100 * result.level:g}% CL upper limit on {label(result.poi, TITLE)}"


def _band(
    result: GridResult,
    shown: Any,
    x: str,
    theory: tuple[Sequence[float], Sequence[float]] | None,
    texts: _Texts,
    lost: list[str],
    style: FigureStyle,
    log: bool | None,
    ax: Axes | None,
) -> Figure:
    """Draw limits along one label, with gaps where there is no answer."""
    coordinate = result.coordinates[:, result.labels.index(x)]
    shown = shown[np.argsort(coordinate[shown], kind="stable")]
    along, values = coordinate[shown], np.column_stack([result.observed, result.expected])[shown]
    if np.unique(along).size < along.size:
        raise InputError(f'several points have the same "{x}": say where the other labels are kept, with at={{...}}')
    curve = np.empty(0) if theory is None else np.asarray(theory[1], np.float64)
    with canvas_for(style, ax) as target:
        entries = draw_bands(target, along, values[:, 1:], style)
        thick = weight(style)
        dots: dict[str, Any] = {"marker": "o", "markersize": 3.5 * thick} if along.size <= _FEW else {}
        (line,) = target.plot(along, values[:, 0], color="black", linewidth=1.3 * thick, zorder=4, **dots)
        entries = [(line, "Observed"), *entries]
        if theory is not None:
            (line,) = target.plot(np.asarray(theory[0]), curve, color=RED, linewidth=1.4 * thick, zorder=3)
            entries.append((line, "Theory"))
        elif result.question == "limit":
            target.axhline(1, color=RED, linewidth=1.0 * thick, linestyle=":", zorder=3)
        _scale(target, np.append(values.ravel(), curve), log, texts.limits, entries, style)
        margin = 0.02 * (along[-1] - along[0]) or 0.1 * max(abs(along[0]), 1.0)
        target.set_xlim(along[0] - margin, along[-1] + margin)
        target.set_xlabel(texts.of(x))
        in_red(target, style, lost)
    return figure_of(target)


def _scale(
    ax: Axes, values: FloatArray, log: bool | None, title: str, entries: list[Entry], style: FigureStyle
) -> None:
    """Scale the y axis of limits, with the legend above."""
    positive = values[np.isfinite(values) & (values > 0)]
    low, high = (float(positive.min()), float(positive.max())) if positive.size else (0.1, 1.0)
    logarithmic = high > 20 * low if log is None else log
    if logarithmic:
        ax.set_yscale("log")
    ax.set_ylabel(title)
    decorate(ax, style, [], entries, tallest=1.1 * high, lowest=0.7 * low if logarithmic else None)


def _rows(
    result: GridResult,
    asked: Any,
    rows: int,
    texts: _Texts,
    lost: list[str],
    style: FigureStyle,
    log: bool | None,
    ax: Axes | None,
) -> Figure:
    """Draw points without numbers as rows: names on the left, limits along x; many rows in several columns."""
    from wilks.figures.canvas import Drawing, fit_margins, styled

    shown = asked[:rows]
    columns = 1 if ax is not None else -(-shown.size // _ONE_COLUMN)
    parts = np.array_split(shown, columns)
    titles = labels(result.names[i] for i in shown)
    names_width = 0.075 * letters(titles.values()) + 0.2
    width, height = columns * (names_width + _AXIS) + 0.2, row_height(_ROW, titles.values(), 9) * parts[0].size + 1.3
    rc = compact(style, ytick_labelsize=9)
    with styled(rc):
        panels: Any = [ax]
        if ax is None:
            panels = Drawing(rc, figsize=(width, height)).subplots(1, columns, squeeze=False, sharex=True)[0]
        figure = figure_of(panels[0])
        values = np.column_stack([result.observed, result.expected])
        for panel, part in zip(panels, parts, strict=True):
            handles = _draw_rows(panel, [titles[result.names[i]] for i in part], values[part], style)
            if result.question == "limit":
                panel.axvline(1, color=RED, linewidth=1.0, linestyle=":")
        positive = values[shown][np.isfinite(values[shown]) & (values[shown] > 0)]
        if positive.size and (positive.max() > 20 * positive.min() if log is None else log):
            panels[0].set_xscale("log")
        else:
            panels[0].set_xlim(left=0)
        hidden = f" ({asked.size - shown.size} more points not shown)" if shown.size < asked.size else ""
        panels[-1].set_xlabel(f"{texts.limits}{hidden}")
        experiment_texts(panels[0], style)
        below: dict[str, Any] = {"textcoords": "offset points", "color": FAILED_COLOR, "fontsize": 9, "va": "top"}
        panels[0].annotate("".join(lost), (0, 0), (0, -24), xycoords="axes fraction", **below)
        names = ["Observed", "Expected", r"$\pm$ 1$\sigma$", r"$\pm$ 2$\sigma$"]
        above = {"bbox_to_anchor": (1, 1), "loc": "lower right", "borderaxespad": 0 if columns > 1 else 2.0}
        panels[-1].legend(handles, names, ncols=4, borderpad=0.1, columnspacing=1.0, **above)
        if ax is None:
            figure.subplots_adjust(wspace=names_width / _AXIS)
            fit_margins(figure, list(panels))
    return figure


def _draw_rows(ax: Axes, names: list[str], values: FloatArray, style: FigureStyle) -> list[Any]:
    """Draw one column of rows; return what the legend is about."""
    from matplotlib.patches import Patch

    one, two = colors(style)
    y = np.arange(len(names))
    box: dict[str, Any] = {"height": 0.6, "linewidth": 0}
    for row in np.flatnonzero(np.isnan(values).all(axis=1)):
        ax.text(0.02, y[row], "no answer", transform=ax.get_yaxis_transform(), va="center_baseline", **FAILED)
    ax.barh(y, values[:, 5] - values[:, 1], left=values[:, 1], color=two, **box)
    ax.barh(y, values[:, 4] - values[:, 2], left=values[:, 2], color=one, **box)
    (median,) = ax.plot(values[:, 3], y, "|", color="black", markersize=9, markeredgewidth=1.5)
    (dots,) = ax.plot(values[:, 0], y, "o", color="black", markersize=3.5)
    ax.set_yticks(y, names)
    ax.tick_params(axis="y", which="both", length=0)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return [dots, median, Patch(color=one), Patch(color=two)]
