"""Rules about results that toys are behind: what too many of them leave open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from wilks.checks.thresholds import Thresholds
from wilks.checks.wording import percent
from wilks.results.feldman_cousins import FeldmanCousinsResult
from wilks.results.findings import Finding, Severity
from wilks.results.goodness import Compatibility, GoodnessOfFit
from wilks.results.hypotest import HypothesisTest, LimitResult, SignificanceResult
from wilks.results.look_elsewhere import GlobalSignificance
from wilks.results.many import CONVERGED, INTERRUPTED
from wilks.results.toys import ToysResult
from wilks.table import number

WithToys: TypeAlias = (
    HypothesisTest
    | LimitResult
    | SignificanceResult
    | GoodnessOfFit
    | Compatibility
    | ToysResult
    | FeldmanCousinsResult
    | GlobalSignificance
)


def lost_toys(result: WithToys, limits: Thresholds) -> Iterator[Finding]:
    """More than a fraction of the toys have no fit: what they say is an interval."""
    for place, lost, made in _lost(result):
        if lost > limits.lost_toys * made:
            yield Finding(
                "lost-toys",
                Severity.WARNING,
                place,
                f"{lost} of {made} toys ({percent(lost / made, sign=False)}) have no fit that can be used: what they "
                "would say is open, so the answer is an interval, which its error includes.",
                "Quote the interval; look at how these fits ended, since they are no random choice of the toys.",
            )


def _lost(result: WithToys) -> Iterator[tuple[str, int, int]]:
    """Yield where toys are, how many of them have no fit, and how many were made."""
    match result:
        case LimitResult():
            yield from _lost(result.curve)
        case HypothesisTest():
            yield from _of_values(result)
        case FeldmanCousinsResult():
            yield from _of_points(result)
        case GlobalSignificance():
            yield "toys without signal", result.failures, result.toys - result.interrupted
        case SignificanceResult():
            yield f'toys without "{result.poi}"', result.failures, result.toys - result.interrupted
        case ToysResult():
            yield f"toys of {result.origin.dataset}", result.lost, result.done
        case GoodnessOfFit() | Compatibility():
            made = result.toys.size - (result.statuses or {}).get(INTERRUPTED, 0)
            yield f"toys of the best fit to {result.origin.dataset} data", result.lost_toys, made


def _of_points(result: FeldmanCousinsResult) -> Iterator[tuple[str, int, int]]:
    """Yield the tested point that has the largest part of its toys lost."""
    tested = result.tested
    part = np.divide(tested.failures, tested.toys, out=np.zeros(len(tested)), where=tested.toys > 0)
    if part.any():
        i = int(np.argmax(part))
        at = zip(result.parameters, tested.values[i], strict=True)
        place = ", ".join(f"{name} = {number(float(value))}" for name, value in at)
        yield f"toys of {place}", int(tested.failures[i]), int(tested.toys[i])


def _of_values(result: HypothesisTest) -> Iterator[tuple[str, int, int]]:
    """Yield the tested value that has the largest part of its toys lost: the others share half of them with it."""
    if result.counts is None:
        return
    counts = result.counts
    asked = np.array([status in (CONVERGED, INTERRUPTED) for status in result.statuses], np.bool_)
    made = np.where(asked, 2.0 * counts.toys - counts.interrupted, 0.0)
    part = np.divide(counts.failures, made, out=np.zeros(made.size), where=made > 0)
    if part.any():
        i = int(np.argmax(part))
        yield f"toys of {result.poi} = {number(float(result.values[i]))}", int(counts.failures[i]), int(made[i])
