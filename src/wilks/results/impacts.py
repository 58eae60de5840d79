"""Rankings and breakdowns as tables and text, and as `impacts.json` of CMS CombineHarvester."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.table import Table, measured, number, rounded

if TYPE_CHECKING:
    from wilks._types import FloatArray
    from wilks.results.ranking import BreakdownResult, RankingResult

# More rows than this are not printed on a terminal.
_PRINTED = 30
_TYPES = {"normal": "Gaussian", "poisson": "Poisson", "none": "Unconstrained"}
_METHODS = {"refit": "default", "covariance": "hesse", "global observables": "global observables"}


def with_sides(value: float, sides: FloatArray) -> str:
    """Return a value with its uncertainties up and down, as `1.05 ± 0.10` where they are equal.

    A value that is hidden (NaN, though it has uncertainties) is called so.

    >>> with_sides(1.3, np.array([0.32, 0.27]))
    '1.30 +0.32 -0.27'
    """
    up, down = float(sides[0]), float(sides[1])
    if up == down or not (math.isfinite(up) and math.isfinite(down)):
        return measured(value, up if up == down else math.nan)
    shown, high, low = rounded(value, up, down)
    return f"{shown} +{high} -{low}"


def ranking_table(result: RankingResult, poi: str | None, rows: int | None) -> Table:
    """Return a ranking as a table."""
    k = result.poi_index(poi)
    title = f"Impacts on {result.pois[k]} = {with_sides(result.poi_values[k], result.poi_uncertainties[k])}"
    title += f" ({result.method}, {result.origin.dataset})"
    prefit = not np.isnan(result.impacts[k, :, :2]).all()
    shifts = ("post-fit up", "post-fit down", *(("pre-fit up", "pre-fit down") if prefit else ()))
    header = ("parameter", "value", *shifts)
    failures = result.failures
    body = [
        (
            result.names[i],
            with_sides(result.values[i], result.uncertainties[i]),
            *(_shift(result.impacts[k, i, j]) for j in ((2, 3, 0, 1) if prefit else (2, 3))),
            failures.get(result.names[i], "stopped at a bound" if result.clipped[i].any() else ""),
        )
        for i in result.order(poi)[:rows]
    ]
    return Table(title, (*header, "remark"), tuple(body), "l" + "r" * (len(header) - 1) + "l")


def ranking_text(result: RankingResult) -> str:
    """Return a ranking as text: a table for each parameter of interest."""
    parts = []
    for k, poi in enumerate(result.pois):
        parts.append(ranking_table(result, poi, _PRINTED).text())
        if len(result) > _PRINTED:
            parts[-1] += f"\n({len(result) - _PRINTED} parameters with smaller impacts not shown)"
        if result.method == "global observables":
            total = float(np.mean(result.poi_uncertainties[k]))
            parts[-1] += (
                f"\n\nstatistics of the data {number(float(result.data_statistics[k]), 3)}, "
                f"global observables {number(math.sqrt(result.sum_of_squares(poi)), 3)}, total {number(total, 3)}; "
                f"not explained: {_of_variance(result.remainder(poi), total)}"
            )
    return "\n\n".join(parts)


def breakdown_table(result: BreakdownResult, poi: str | None) -> Table:
    """Return a breakdown as a table: the groups (the largest first, unless their order matters), and the rest."""
    k = result.poi_index(poi)
    title = f"Uncertainty of {result.pois[k]} = {with_sides(result.poi_values[k], result.total[k])}"
    order = np.arange(len(result.groups))
    if result.method != "sequential":
        order = np.argsort(-np.nan_to_num(result.contributions[k].mean(axis=1), nan=-1.0), kind="stable")
    lines = [
        (result.groups[i], result.contributions[k, i], result.problem(k, int(i)) or _counted(len(result.members[i])))
        for i in order
    ]
    lines += [("statistical", result.statistical[k], ""), ("total", result.total[k], "")]
    total = result.total[k]
    body = [(name, *_sides(part, result.profile), _share(part**2, total), text) for name, part, text in lines]
    left = _share(result.remainder(poi), total)
    if left not in ("", "0.0 %", "-0.0 %"):
        blank = ("",) * (2 if result.profile else 1)
        body.insert(-1, ("not in the quadratic sum", *blank, left, ""))
    columns = ("up", "down") if result.profile else ("uncertainty",)
    header = ("group", *columns, "of the variance", "")
    title += f" ({result.method}, {result.origin.dataset})"
    return Table(title, header, tuple(body), "l" + "r" * (len(columns) + 1) + "l")


def breakdown_text(result: BreakdownResult) -> str:
    """Return a breakdown as text, with a sentence on how its parts add up."""
    meaning = {
        "frozen": "Each group is held alone; correlations between groups are not in the quadratic sum.",
        "sequential": "The groups are held one after the other in this order; the quadratic sum is exact.",
        "global observables": "Parts of the auxiliary data; the quadratic sum is exact where the rates are linear.",
    }[result.method]
    return "\n\n".join([*(breakdown_table(result, poi).text() for poi in result.pois), meaning])


def impacts_json(result: RankingResult) -> str:
    """Return a ranking in the format of CombineHarvester's `impacts.json`.

    Groups are those of the workspace; where it has none, they are the modifier types. `prefit` has the ends that the
    constraint alone gives, as CombineHarvester's has: not equally far where it is asymmetric, or a Poisson term.

    Parameters without post-fit impacts are left out, as CombineHarvester does.
    """
    complete = [i for i in range(len(result)) if np.isfinite(result.impacts[:, i, 2:]).all()]
    document = {
        "POIs": [
            {"name": poi, "fit": _three(value, sides)}
            for poi, value, sides in zip(result.pois, result.poi_values, result.poi_uncertainties, strict=True)
        ],
        "params": [_parameter(result, i) for i in complete],
        "method": _METHODS[result.method],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _parameter(result: RankingResult, i: int) -> dict[str, Any]:
    width = result.prefit_sides[i] if len(result.prefit_sides) else np.repeat(result.prefit_uncertainties[i], 2)
    entry: dict[str, Any] = {
        "name": result.names[i],
        "type": _type(result.constraints[i], width),
        "groups": list((result.groups or result.modifier_types)[i]),
        "prefit": _three(result.prefit_values[i], width),
        "fit": _three(result.values[i], result.uncertainties[i]),
    }
    for k, poi in enumerate(result.pois):
        up, down = (float(shift) for shift in result.impacts[k, i, 2:])
        value = float(result.poi_values[k])
        entry[poi] = [value + down, value, value + up]
        entry[f"impact_{poi}"] = max(abs(up), abs(down))
    return entry


def _type(constraint: str, sides: FloatArray) -> str:
    """Return what CombineHarvester calls a constraint."""
    return "AsymmetricGaussian" if constraint == "normal" and sides[0] != sides[1] else _TYPES[constraint]


def _three(value: float, sides: FloatArray) -> list[float]:
    """Return low, centre, high; sides without number count as 0."""
    up, down = (float(side) if math.isfinite(side) else 0.0 for side in sides)
    return [float(value) - down, float(value), float(value) + up]


def _shift(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.3g}"


def _sides(part: FloatArray, profile: bool) -> tuple[str, ...]:
    return tuple(number(float(side), 3) if math.isfinite(side) else "" for side in (part if profile else part[:1]))


def _share(part: FloatArray, total: FloatArray) -> str:
    """Return a variance, up and down averaged, in percent of the total one; of the sides that have both."""
    usable = np.isfinite(part) & np.isfinite(total)
    if not usable.any():
        return ""
    return f"{100.0 * float(np.mean(part[usable])) / float(np.mean(total[usable] ** 2)):.1f} %"


def _of_variance(rest: float, total: float) -> str:
    return f"{100.0 * rest / total**2:.1f} % of the variance" if math.isfinite(rest) and total > 0 else "n/a"


def _counted(count: int) -> str:
    return f"{count} parameter" if count == 1 else f"{count} parameters"
