"""`scan`: the profile likelihood along one parameter, total and with parameters frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, nearest
from wilks.fitting.many import Progress
from wilks.infer.crossings import crossings, remarks
from wilks.infer.few_events import for_interval
from wilks.infer.intervals import quantile, selected
from wilks.infer.profiles import profile, rises
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.intervals import Interval
from wilks.results.scan import STAT_ONLY, TOTAL, ScanCurve, ScanResult

Span: TypeAlias = tuple[float, float]

_RESTARTS = 10
_ONE_SIGMA = 0.6827
# The points reach this much further from the best fit than the 95 % interval.
_REACH = 1.1


@verb('scan(model, parameter="mu")')
@timed
def scan(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    parameter: str | None = None,
    values: ArrayLike | None = None,
    range: tuple[float, float] | None = None,
    points: int = 31,
    stat_only: bool = False,
    frozen: Mapping[str, str | Sequence[str]] | None = None,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> ScanResult:
    """Return the profile likelihood along a `parameter` (default: the parameter of interest).

    At each value 2NLL is minimised over all other parameters. The points are `values`, else `points` ones over `range`,
    else over a little more than the 95 % interval, inside the bounds.

    Further curves keep parameters at their best fit: all constrained ones (`stat_only`), or groups by label and names
    or patterns (`frozen={"no b-tagging": "b-tag*"}`). Each curve has its own 68.27 % interval; what it lacks of the
    total, in quadrature, is what the frozen parameters contribute.

    `data`, `fixed`, `bounds`, `poi`, `result`, `executor` and `running` are as for `intervals`. A point whose
    fit fails keeps its place and says why. Raises ModelError for unknown or fixed parameters and for values outside the
    bounds.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.scan(model, range=(0.9, 1.3), points=5, stat_only=True)
    >>> [curve.label for curve in found.curves]
    ['total', 'stat. only']
    >>> found.values.shape, found.delta.shape
    ((5,), (5,))
    >>> print([f"{delta:.1f}" for delta in found.delta])
    ['13.7', '2.7', '0.2', '6.1', '20.1']
    """
    asked = study(
        model, data, poi=poi, needs_poi=parameter is None, fixed=fixed, bounds=bounds, result=result, running=running
    )
    index = _one(asked, parameter)
    wanted = _wanted(asked, index, values, range, points)
    groups = _groups(asked, index, stat_only, frozen)
    first = asked.best.twice_nll
    asked, where, curves, notes = _curves(asked, index, wanted, points, groups)
    best = asked.best
    return ScanResult(
        parameter=best.names[index],
        value=float(best.values[index]),
        uncertainty=float(best.uncertainties[index]),
        twice_nll=best.twice_nll,
        values=where,
        curves=tuple(curves),
        notes=remarks(first, asked) + notes,
        origin=asked.origin(*for_interval(asked, [index])),
    )


def _one(asked: Study, parameter: str | None) -> int:
    index = selected(asked, parameter)
    if len(index) > 1:
        raise ModelError(f'"{parameter}" means {len(index)} parameters; a scan is along one')
    return index[0]


def _wanted(
    asked: Study, index: int, values: ArrayLike | None, range: tuple[float, float] | None, points: int
) -> FloatArray | None:
    """Return the points that are asked for, sorted; None where they are left to the interval. Raises ModelError."""
    name, problems = asked.model.parameter_names[index], []
    low, high = asked.problem.lower[index], asked.problem.upper[index]
    if values is not None and range is not None:
        raise ModelError("a scan takes values or a range, not both")
    if points < 2:
        problems.append(f"points: at least 2 are needed, found {points}")
    if range is not None and not range[0] < range[1]:
        problems.append(f"range: ({range[0]:g}, {range[1]:g}); the first must be below the second")
    where = np.unique(np.asarray(range if values is None else values, np.float64)) if values is not range else None
    if where is not None:
        outside = where[~((where >= low) & (where <= high))]
        problems += [f'{value:g} is outside the bounds of "{name}", {low:g} to {high:g}' for value in outside[:5]]
        if not where.size:
            problems.append("values: at least one is needed")
    if problems:
        raise ModelError(problems)
    return np.linspace(*range, points) if range is not None else where


def _groups(
    asked: Study, index: int, stat_only: bool, frozen: Mapping[str, str | Sequence[str]] | None
) -> dict[str, BoolArray]:
    """Return which parameters each further curve freezes, by label. Raises ModelError."""
    model, problems = asked.model, []
    free = ~asked.problem.held
    free[index] = False
    groups: dict[str, BoolArray] = {}
    if stat_only:
        groups[STAT_ONLY] = free & (np.array(model.constraints) != "none")
    for label, patterns in (frozen or {}).items():
        chosen = np.zeros(free.size, np.bool_)
        if not label or label == TOTAL or label in groups:
            problems.append(f'frozen: "{label}" can\'t be the label of a curve')
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            found = matching(model.parameter_names, pattern)
            chosen[found] = True
            if not found:
                problems.append(
                    f'frozen: no parameter "{pattern}" in this model{nearest(pattern, model.parameter_names)}'
                )
        groups[label] = chosen & free
    if problems:
        raise ModelError(problems)
    return groups


def _curves(
    asked: Study, index: int, wanted: FloatArray | None, points: int, groups: Mapping[str, BoolArray]
) -> tuple[Study, FloatArray, list[ScanCurve], tuple[str, ...]]:
    """Return the curves and their values; where a lower minimum turns up everything is done again from there."""
    for _ in range(_RESTARTS):
        asked, ends, notes = _interval(asked, index)
        if wanted is None:
            asked, (span,), _ = reach(asked, [index], quantile(0.95))
        values = np.linspace(*span, points) if wanted is None else wanted
        better: Study | None = None
        curves: list[ScanCurve] = []
        for label, group in {TOTAL: np.zeros_like(asked.problem.held), **groups}.items():
            part, interval = (asked, ends) if label == TOTAL else _frozen(asked, index, group)
            fits = profile(part, {index: values}, values.shape)
            better = better or asked.improved(fits)
            names = tuple(asked.model.parameter_names[i] for i in np.flatnonzero(group))
            curves.append(ScanCurve(label, names, rises(asked, fits), fits.statuses, interval))
        if better is None:
            break
        asked = better
    return asked, values, curves, notes


def _frozen(asked: Study, index: int, group: BoolArray) -> tuple[Study, Interval]:
    """Return the study with a group of parameters kept at the best fit, and its interval."""
    problem = replace(asked.problem, start=asked.best.values, held=asked.problem.held | group)
    part = replace(asked, problem=problem, given=None)
    return part, _interval(part, index)[1]


def _interval(asked: Study, index: int) -> tuple[Study, Interval, tuple[str, ...]]:
    """Return the 68.27 % interval, and the study that it belongs to."""
    found = crossings(asked, [index, index], [-1.0, 1.0], np.full(2, quantile(_ONE_SIGMA)))
    best, (lower, upper) = found.study.best, map(float, found.values)
    interval = Interval(best.names[index], _ONE_SIGMA, float(best.values[index]), lower, upper, *found.statuses)
    return found.study, interval, found.notes


def reach(
    asked: Study, index: Sequence[int], height: float
) -> tuple[Study, list[tuple[float, float]], tuple[str, ...]]:
    """Return for each parameter a little more than the interval in which 2NLL is less than `height` above its minimum.

    It ends at bounds, and has both minima of a parameter whose sign the data can't tell. Where one side is not found,
    the other or the uncertainty serves. Also returned are the study it belongs to, and notes.
    """
    found = crossings(asked, np.repeat(index, 2), np.tile([-1.0, 1.0], len(index)), np.full(2 * len(index), height))
    asked, best, spans = found.study, found.study.best, []
    for i, ends in zip(index, found.values.reshape(-1, 2), strict=True):
        distance, sigma = np.abs(ends - best.values[i]), best.uncertainties[i]
        spare = np.nanmax(distance, initial=0.0) or np.sqrt(height) * (sigma if sigma > 0 else 1.0)
        distance = _REACH * np.where(np.isfinite(distance), distance, spare)
        low, high = best.values[i] - distance[0], best.values[i] + distance[1]
        if best.names[i] in dict(best.mirrored):
            low, high = min(low, -high), max(high, -low)
        spans.append((float(max(low, asked.problem.lower[i])), float(min(high, asked.problem.upper[i]))))
    return asked, spans, found.notes
