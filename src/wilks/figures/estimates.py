"""One parameter in several results, as rows: its values with statistical and total uncertainties."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError, ResultError, listed, nearest
from wilks.figures.conditions import noted
from wilks.figures.decoration import experiment_texts, in_red, lines_above
from wilks.figures.names import labels, row_height
from wilks.figures.style import TITLE, FigureStyle, as_style, compact, figure_of, label, signed, stacked
from wilks.figures.together import require_same
from wilks.results.estimate import Estimate, estimate
from wilks.results.ranking import BreakdownResult
from wilks.table import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _FRAME, _MOST = 0.3, 3.4, 100  # inches of a row and of the frame; rows
_BAND, _STAT = "#8be08b", "#bd1f01"
_LEAST_CERTAIN = 15  # times the uncertainty of the most certain result


@noted
def poi_summary(
    results: Mapping[str, Any],
    *,
    poi: str | None = None,
    band: str | None = None,
    reference: float | None = None,
    style: str | FigureStyle = "plain",
    ax: Axes | None = None,
) -> Figure:
    """Return a figure with one parameter in several results (channels, years, fits), a row for each label.

    Results are fits, scans, intervals, breakdowns and rankings; `poi` is the parameter, by itself that of interest.
    Thin bars are total uncertainties, thick ones the statistical parts: with all constrained parameters kept at their
    best fit, from the covariance of a fit, the curve "stat. only" of a scan. Of a breakdown it is what is left of all
    its groups, also those with free normalisations, which a line says beside others. Intervals and rankings have none.

    `band` is the label of a result (the combination) whose total uncertainty is also drawn over all rows,
    `reference` a value to compare with, as a dotted line. A value without uncertainty is an open symbol.

    Raises InputError for results of different parameters and unknown labels, ResultError for a result without the
    parameter.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> single = [wilks.select_channels(workspace, [name]) for name in ("electrons", "muons")]
    >>> fits = [wilks.fit(wilks.compile_model(one)) for one in (*single, workspace)]
    >>> named = dict(zip(("electrons", "muons", "both"), fits, strict=True))
    >>> figure = wilks.figures.poi_summary(named, band="both", reference=1.0)
    """
    found = _estimates(results, poi)
    name = require_same("parameters", {key: each.name for key, each in found.items()})
    if band is not None and band not in found:
        raise InputError(f'band: no result "{band}"; there are {listed(list(found))}{nearest(band, list(found))}')
    from wilks.figures.canvas import Drawing, fit_frame, styled

    chosen = as_style(style)
    rc = compact(chosen)
    with styled(rc):
        target = Drawing(rc).add_subplot() if ax is None else ax
        _draw_rows(target, found, band, reference)
        target.set_xlabel(label(name, TITLE), loc="center")
        experiment_texts(target, chosen, wide=_FRAME if ax is None else None)
        failed = [key for key, each in results.items() if not getattr(each, "converged", True)]
        notes = [f"{key}: not converged" for key in failed] + _other_definition(results, found)
        in_red(target, chosen, notes)
        _legend(target, found)
        figure = figure_of(target)
        if ax is None:
            row = row_height(_ROW, labels(found).values())
            fit_frame(figure, target, _FRAME, row * (len(found) + 0.2), margin=0.12)
    return figure


def _estimates(results: Mapping[str, Any], poi: str | None) -> dict[str, Estimate]:
    if not isinstance(results, Mapping):
        raise TypeError(f"poi_summary draws results by label, a dictionary; found a {type(results).__name__}")
    if not 0 < len(results) <= _MOST:
        raise InputError(f"poi_summary draws 1 to {_MOST} results, found {len(results)}")
    found, problems = {}, []
    for key, result in results.items():
        try:
            found[key] = estimate(result, poi)
        except ResultError as error:
            problems += [f"{key}: {problem}" for problem in error.problems]
    if problems:
        raise ResultError(problems)
    return found


def _other_definition(results: Mapping[str, Any], found: Mapping[str, Estimate]) -> list[str]:
    """Return what is to be said where statistical parts don't mean the same in all results."""
    parts = [key for key, each in found.items() if math.isfinite(sum(each.statistical))]
    split = [key for key in parts if isinstance(results[key], BreakdownResult)]
    return [f"stat. of {', '.join(split)}: all groups held"] if 0 < len(split) < len(parts) else []


def _draw_rows(ax: Axes, found: Mapping[str, Estimate], band: str | None, reference: float | None) -> None:
    low, high = _range(found, reference)
    space = 0.06 * (high - low)
    ax.set_xlim(low - space, high + space)
    ax.set_ylim(len(found) - 0.4, -0.6)
    if band is not None:
        whole = found[band]
        if math.isfinite(whole.value) and math.isfinite(sum(whole.total)):
            ax.axvspan(whole.value - whole.total[1], whole.value + whole.total[0], color=_BAND, linewidth=0, zorder=0)
        ax.axvline(whole.value, color="black", linestyle="--", linewidth=0.8, zorder=1)
    if reference is not None:
        ax.axvline(reference, color="0.3", linestyle=":", linewidth=1.2, zorder=1)
    titles = labels(found)
    ax.set_yticks(range(len(found)), [titles[key] for key in found])
    ax.tick_params(axis="y", which="both", length=0)
    for y, each in enumerate(found.values()):
        _draw_row(ax, y, each, (low - space, high + space))


def _draw_row(ax: Axes, y: int, each: Estimate, ends: tuple[float, float]) -> None:
    place: dict[str, Any] = {"va": "center_baseline", "transform": ax.get_yaxis_transform(), "fontsize": 9}
    if not math.isfinite(each.value):
        ax.text(1.03, y, "hidden", style="italic", **place)
        return
    at = min(max(each.value, ends[0]), ends[1])
    usable = any(size > 0 for size in each.total)
    for (up, down), width, color in ((each.total, 1.2, "black"), (each.statistical, 3.4, _STAT)):
        left, right = (each.value + shift if math.isfinite(shift) else at for shift in (-down, up))
        if right > left:
            ends_drawn = [min(max(x, ends[0]), ends[1]) for x in (left, right)]
            ax.plot(ends_drawn, [y, y], color=color, linewidth=width, solid_capstyle="butt", zorder=2 + width / 10)
    beyond = "<" if each.value < ends[0] else ">" if each.value > ends[1] else "o"
    ax.plot(at, y, beyond, color="black", markerfacecolor="black" if usable else "white", markersize=4.5, zorder=4)
    text = str(each) if usable else f"{number(each.value)} (no uncertainty)"
    ax.text(1.03, y, _text(text), **place)


def _text(text: str) -> str:
    """Return the numbers of a row with the uncertainties up and down above each other."""
    return stacked(text) if "+" in text else signed(text)


def _range(found: Mapping[str, Estimate], reference: float | None) -> tuple[float, float]:
    """Return what all results reach over, without the ends of those that are much less certain than the best."""
    sizes = {key: max((s for s in each.total if math.isfinite(s)), default=0.0) for key, each in found.items()}
    best = min((size for size in sizes.values() if size > 0), default=0.0)
    points = [] if reference is None else [reference]
    for key, each in found.items():
        if math.isfinite(each.value) and (sizes[key] <= _LEAST_CERTAIN * best or best == 0):
            points += [each.value - max(sizes[key], 0.0), each.value + max(sizes[key], 0.0)]
    low, high = (min(points), max(points)) if points else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _legend(ax: Axes, found: Mapping[str, Estimate]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color="black", marker="o", markersize=4.5, linewidth=1.2)]
    names = ["total"]
    if any(math.isfinite(sum(each.statistical)) for each in found.values()):
        handles.append(Line2D([], [], color=_STAT, linewidth=3.4))
        names.append("stat.")
    lines = 0.8 + 1.8 * lines_above(ax)
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": lines, "borderpad": 0.0}
    ax.legend(handles, names, ncols=2, fontsize=9, **place)
