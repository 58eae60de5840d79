"""Are limits, scans and intervals what their words say? Each is held against conditional fits made anew."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tests.fuzz.verdict import Fault
from tests.reference.likelihood import Likelihood

import wilks
from wilks.model.model import Model
from wilks.results.hypotest import LimitResult
from wilks.results.intervals import IntervalResult
from wilks.results.many import CONVERGED
from wilks.results.scan import ScanResult

# |CLs - alpha| at a limit, and |delta 2NLL - quantile| at the end of an interval.
ROOT = 1e-3
# 2NLL of a scanned point above what another conditional fit reaches.
ABOVE = 1e-3


def judge(model: Model, reference: Likelihood, answer: object) -> list[Fault]:
    """Return what is not true about an answer to a question; nothing is said of other kinds of answers."""
    match answer:
        case LimitResult():
            return list(limit(model, answer))
        case ScanResult():
            return list(scan(model, reference, answer))
        case IntervalResult():
            return list(intervals(model, answer))
        case _:
            return []


def limit(model: Model, answer: LimitResult) -> Iterator[Fault]:
    """A limit is where CLs is alpha, be it the observed or an expected one."""
    alpha = 1 - answer.level
    for i, value in enumerate((answer.observed, *answer.expected)):
        if answer.statuses[i] != CONVERGED or not np.isfinite(value):
            continue
        test = wilks.hypotest(model, value=float(value))
        cls = test.observed.cls[0] if i == 0 else test.expected.cls[0][i - 1]
        if test.converged and not abs(cls - alpha) < ROOT:
            yield Fault("limit that is no root", f"limit {i} of 6 is {value:.6g}, where CLs is {cls:.4g}")
            return


def scan(model: Model, reference: Likelihood, answer: ScanResult) -> Iterator[Fault]:
    """No point of a scan lies above what conditional fits reach from other starts."""
    at = model.index(answer.parameter)
    rng = np.random.default_rng(3)
    moves = np.where(model.fixed, 0.0, rng.normal(size=(6, model.n_parameters)) * reference.scales())
    starts = np.where(model.fixed, model.initial, np.clip(model.initial + moves, *model.bounds))
    for value, delta, status in zip(answer.values, answer.curves[0].delta, answer.curves[0].statuses, strict=True):
        if status != CONVERGED:
            continue
        starts[:, at] = value
        many = wilks.fit_many(model, start=starts, fixed={answer.parameter: float(value)}, threads=1)
        best = int(np.nanargmin(np.where(many.converged, many.twice_nll, np.inf)))
        if not many.converged[best]:
            continue
        with np.errstate(all="ignore"):
            lowest = float(2 * reference.nll(many.values[best]))
        if answer.twice_nll + delta > lowest + ABOVE:
            below = answer.twice_nll + delta - lowest
            yield Fault("scan above the profile", f"{answer.parameter} = {value:.6g}: lower by {below:.4g} exists")
            return


def intervals(model: Model, answer: IntervalResult) -> Iterator[Fault]:
    """At the ends of a one-sigma interval 2NLL is above its minimum by 1, and no conditional fit is lower."""
    for name in answer.names:
        one = answer[name]
        for end, status in ((one.lower, one.lower_status), (one.upper, one.upper_status)):
            if status != CONVERGED or not np.isfinite(end):
                continue
            there = wilks.fit(model, fixed={name: float(end)})
            height = there.twice_nll - answer.twice_nll
            if there.converged and height < 1 - ROOT:
                yield Fault("interval too narrow", f"{name} = {end:.6g}: 2NLL is higher by {height:.4g} only")
                return
