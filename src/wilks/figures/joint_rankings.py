"""Impacts and pulls of several rankings side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.figures.decoration import counted, scale_x
from wilks.figures.joint_rows import Column, arrange, below, columns, dots, head, write_names
from wilks.figures.names import labels
from wilks.figures.style import FigureStyle, compact, figure_of, label
from wilks.figures.together import COLORS, offsets, require_same, several, union
from wilks.results.ranking import RankingResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PULL = r"$(\hat{\theta}-\theta_0)\,/\,\Delta\theta$"
_PALE, _HEIGHT, _PULLS = 0.35, 0.76, 2.0
_UP, _DOWN = 2, 3  # post-fit, of the last axis of impacts


def joint_rankings(
    results: Mapping[str, RankingResult], poi: str | None, rows: int, first: int, style: FigureStyle, ax: Axes | None
) -> Figure:
    """Return the figure of several rankings by label; on `ax` without the pulls.

    Raises InputError where they are about different parameters of interest, or have no parameter in common.
    """
    rankings = several(results, RankingResult, "ranking")
    target = require_same(
        "parameters of interest", {name: each.pois[each.poi_index(poi)] for name, each in rankings.items()}
    )
    every = union(each.names for each in rankings.values())
    if len(rankings) > 1 and all(sum(name in each.names for each in rankings.values()) == 1 for name in every):
        raise InputError(f"these rankings have no parameter in common: {', '.join(rankings)}")
    if rows < 1 or not 1 <= first <= len(every):
        allowed = f"first must be from 1 to {len(every)}, the number of parameters, found {first}"
        raise InputError(allowed if rows >= 1 else f"rows must be at least 1, found {rows}")
    sizes = dict.fromkeys(every, -1.0)
    for each in rankings.values():
        for name, size in zip(each.names, np.nan_to_num(each.largest(target), nan=-1.0), strict=True):
            sizes[name] = max(sizes[name], float(size))
    shown = sorted(every, key=lambda name: -sizes[name])[first - 1 : first - 1 + rows]
    return _draw(rankings, target, shown, (first, len(every)), style, ax)


def _draw(
    rankings: Mapping[str, RankingResult],
    poi: str,
    names: list[str],
    page: tuple[int, int],
    style: FigureStyle,
    ax: Axes | None,
) -> Figure:
    from matplotlib.patches import Patch

    from wilks.figures.canvas import Drawing, styled

    rc = compact(style)
    notes = [f"{name}: {text}" for name, each in rankings.items() for text in _gaps(each)]
    if len({each.method for each in rankings.values()}) > 1:
        notes.append("methods: " + ", ".join(f"{name} {each.method}" for name, each in rankings.items()))
    with styled(rc):
        parts = [Column(names, ax, None)] if ax is not None else columns(Drawing(rc), names, len(rankings))
        titles = labels(names)
        tables = {name: _by_name(each, each.poi_index(poi)) for name, each in rankings.items()}
        found = [abs(x) for table in tables.values() for name in names for x in table.get(name, ())]
        reach = 1.15 * max((x for x in found if math.isfinite(x)), default=0.0) or 1.0
        for part in parts:
            write_names(part, titles)
            _draw_impacts(part, list(tables.values()), reach, poi)
            if part.right is not None:
                _draw_pulls(part.right, part.names, list(rankings.values()))
        sides = [("0.3", r"$\hat{\theta}+\Delta\hat{\theta}$"), ("0.8", r"$\hat{\theta}-\Delta\hat{\theta}$")]
        handles = [Patch(facecolor=COLORS[i], edgecolor="none") for i in range(len(rankings))]
        handles += [Patch(facecolor=color, edgecolor="none") for color, _ in sides]
        head(parts[0], [*rankings, *(text for _, text in sides)], style, notes, handles)
        if len(names) < page[1]:
            last = page[0] + len(names) - 1
            which = f"the {last} largest" if page[0] == 1 else f"numbers {page[0]} to {last}"
            below(parts[-1].right or parts[-1].left, f"{which} of {page[1]} impacts")
        figure = figure_of(parts[0].left)
        if ax is None:
            arrange(figure, parts, len(rankings))
    return figure


def _gaps(result: RankingResult) -> list[str]:
    return counted(len(result.failures), "parameter", "incomplete")


def _by_name(result: RankingResult, k: int) -> dict[str, FloatArray]:
    """Return the post-fit impacts up and down of each parameter."""
    return dict(zip(result.names, result.impacts[k][:, [_UP, _DOWN]], strict=True))


def _draw_impacts(part: Column, tables: Sequence[Mapping[str, FloatArray]], reach: float, poi: str) -> None:
    ax = part.left
    ax.set_xlim(-reach, reach)
    scale_x(ax, rf"$\Delta$ {label(poi, 40)}", reach, loc="center")
    ax.axvline(0, color="black", linestyle="--", linewidth=0.8, zorder=3)
    height = _HEIGHT / len(tables)
    for y, name in enumerate(part.names):
        for i, (table, place) in enumerate(zip(tables, offsets(len(tables), _HEIGHT), strict=True)):
            for shift, alpha in zip(table.get(name, ()), (1.0, _PALE), strict=False):
                if math.isfinite(shift):
                    ax.barh(y + place, shift, height=0.9 * height, color=COLORS[i], alpha=alpha, linewidth=0, zorder=2)


def _draw_pulls(ax: Axes, names: Sequence[str], rankings: Sequence[RankingResult]) -> None:
    ax.set_xlim(-_PULLS, _PULLS)
    ax.set_xlabel(_PULL, loc="center")
    for x in (-1.0, 0.0, 1.0):
        ax.axvline(x, color="black", linestyle="--" if x == 0 else ":", linewidth=0.8, zorder=1)
    for i, (each, place) in enumerate(zip(rankings, offsets(len(rankings), _HEIGHT), strict=True)):
        for y, name in enumerate(names):
            if name not in each.names:
                continue
            k = each.names.index(name)
            width = float(each.prefit_uncertainties[k])
            if each.constraints[k] == "none" or not width > 0:
                continue
            pull = float(each.values[k] - each.prefit_values[k]) / width
            up, down = (float(side) / width if math.isfinite(side) else 0.0 for side in each.uncertainties[k])
            _draw_pull(ax, y + place, pull, (down, up), i)


def _draw_pull(ax: Axes, y: float, pull: float, errors: tuple[float, float], i: int) -> None:
    if abs(pull) > _PULLS:
        side = math.copysign(1, pull)
        ax.plot(side * _PULLS * 0.95, y, **dots(i, marker=">" if side > 0 else "<", markersize=5))
        return
    measured = sum(errors) > 0
    look: dict[str, Any] = dots(i, markerfacecolor=COLORS[i] if measured else "white")
    ax.errorbar(pull, y, xerr=[[errors[0]], [errors[1]]] if measured else None, elinewidth=1.2, **look)
