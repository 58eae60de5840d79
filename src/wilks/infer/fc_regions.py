"""Feldman-Cousins regions of two parameters: on a grid, with toys where neighbours differ."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.infer.crossings import remarks
from wilks.infer.point_spread import prepare
from wilks.infer.point_tests import PointTest, Rule, Tester, recorded
from wilks.infer.profiles import profile, rises
from wilks.infer.scans import reach
from wilks.infer.study import Study
from wilks.infer.toy_tests import Counter
from wilks.results.feldman_cousins import FeldmanCousinsResult
from wilks.results.many import CONVERGED
from wilks.results.scan import contour_height

_RESTARTS = 10
# The grid reaches to where 2NLL is so much higher than at the contour of the profile likelihood.
_HIGHER = 1.6
_STRIDE = 4


def region(asked: Study, pair: list[int], rule: Rule, points: int, seed: int, counter: Counter) -> FeldmanCousinsResult:
    """Return the region of two parameters (positions) on a grid that holds the contour of the profile likelihood."""
    first = asked.best.twice_nll
    for _ in range(_RESTARTS):
        asked, spans, notes = reach(asked, pair, _HIGHER * contour_height(rule.level))
        x, y = (np.linspace(*span, points) for span in spans)
        columns, rows = (side.ravel() for side in np.meshgrid(x, y))
        fits = profile(asked, {pair[0]: columns, pair[1]: rows}, (points, points))
        better = asked.improved(fits)
        if better is None:
            break
        asked = better
    q = np.maximum(rises(asked, fits), 0.0).reshape(points, points)
    tester = Tester(asked, tuple(pair), rule, seed, counter)
    tests: dict[tuple[int, int], PointTest] = {}
    verdicts, stride = np.full((points, points), np.nan), _STRIDE
    wanted = _every(points, stride)
    while True:
        counter.announce(2 * int(wanted.sum()) * min(1000, rule.toys))
        places = [row * points + column for row, column in zip(*wanted.nonzero(), strict=True)]
        prepare(tester, [(fits.values[place], float(q.flat[place])) for place in places if fits.minimised[place]])
        for row, column in zip(*(where.tolist() for where in wanted.nonzero()), strict=True):
            if counter.stopped:
                break
            place = row * points + column
            status = CONVERGED if fits.minimised[place] else fits.statuses[place]
            test = tester.examine(fits.values[place], float(q[row, column]), status)
            tests[row, column] = test
            verdicts[row, column] = test.verdict if test.status == CONVERGED else np.nan
        if stride == 1 or counter.stopped:
            break
        stride //= 2
        wanted = _refined(verdicts, stride)
        # What is not wanted lies between points that agree.
        filled = _every(points, stride) & np.isnan(verdicts) & ~wanted & ~_failed(tests, points)
        verdicts[filled] = _filled(verdicts, stride)[filled]
    best, nothing = asked.best, np.empty(0)
    return FeldmanCousinsResult(
        parameters=(best.names[pair[0]], best.names[pair[1]]),
        best=best.values[pair],
        level=rule.level,
        toys=rule.toys,
        certainty=rule.certainty,
        seed=seed,
        tested=recorded(list(tests.values()), rule.level),
        origin=asked.origin(level=rule.level, toys=rule.toys, certainty=rule.certainty, seed=seed),
        ends=nothing,
        end_errors=nothing,
        end_statuses=(),
        profile_ends=nothing,
        x_values=x,
        y_values=y,
        region=verdicts,
        notes=(*remarks(first, asked), *notes),
    )


def _places(points: int, stride: int) -> Positions:
    """Return every so manyth place of an axis, and the last one."""
    return np.unique(np.append(np.arange(0, points, stride), points - 1))


def _every(points: int, stride: int) -> BoolArray:
    """Return which points of the grid are in every so manyth row and column."""
    chosen = np.zeros((points, points), np.bool_)
    chosen[np.ix_(_places(points, stride), _places(points, stride))] = True
    return chosen


def _failed(tests: dict[tuple[int, int], PointTest], points: int) -> BoolArray:
    """Return which points of the grid have been tested without an answer."""
    failed = np.zeros((points, points), np.bool_)
    for place, test in tests.items():
        failed[place] = test.status != CONVERGED
    return failed


def _corners(verdicts: FloatArray, stride: int) -> list[tuple[slice, slice, FloatArray]]:
    """Return the cells of the coarser grid, twice the `stride` wide, each with the verdicts at its corners."""
    places = _places(len(verdicts), 2 * stride).tolist()
    cells = []
    for low, high in pairwise(places):
        for left, right in pairwise(places):
            corners = verdicts[np.ix_([low, high], [left, right])]
            cells.append((slice(low, high + 1), slice(left, right + 1), corners.ravel()))
    return cells


def _refined(verdicts: FloatArray, stride: int) -> BoolArray:
    """Return the points of a finer grid to be tested: those in and around cells whose corners don't agree."""
    chosen = np.zeros(verdicts.shape, np.bool_)
    for rows, columns, corners in _corners(verdicts, stride):
        if not (corners == corners[0]).all() or corners[0] == 0:
            # A step further too: a boundary may turn inside a neighbour.
            near = [slice(max(side.start - stride, 0), side.stop + stride) for side in (rows, columns)]
            chosen[near[0], near[1]] = True
    return chosen & _every(len(verdicts), stride) & np.isnan(verdicts)


def _filled(verdicts: FloatArray, stride: int) -> FloatArray:
    """Return the verdicts of points in cells whose corners agree."""
    filled = np.full(verdicts.shape, np.nan)
    for rows, columns, corners in _corners(verdicts, stride):
        if (corners == corners[0]).all():
            filled[rows, columns] = corners[0]
    return filled
