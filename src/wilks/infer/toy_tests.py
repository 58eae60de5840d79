"""Hypothesis tests with toys: the distributions of the test statistic as they are, not as they are in the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.infer.hypotest import AsymptoticTests, alternative, check_toys
from wilks.infer.likelihood_ratio import Profile, one_sided
from wilks.infer.study import Study
from wilks.infer.toys import fit_toys
from wilks.model.datasets import toy_data
from wilks.results.hypotest import BANDS, HypothesisTest, PValues, SignificanceResult, ToyCounts
from wilks.results.many import CONVERGED, INTERRUPTED

# Streams of the generator: toys of the tested values are the same random numbers for every value.
ALTERNATIVE, TESTED = 0, 1
# Two test statistics closer than this are the same: fits are not more exact.
SAME = 1e-6
# A conditional fit below the free one by more than this has found a better minimum.
BETTER = 1e-6
# Numbers held at once by a batch of toys.
BATCH = 4_000_000
_QUANTILES = (2.275, 15.866, 50.0, 84.134, 97.725)
_PARTS = 8


@dataclass(frozen=True, eq=False)
class Toys:
    """Toys made at one point, with their free fits: shape (toys, ...)."""

    data: FloatArray
    values: FloatArray
    twice_nll: FloatArray
    statuses: tuple[str, ...]

    @property
    def good(self) -> BoolArray:
        """Which toys have a fit."""
        return np.array([status == CONVERGED for status in self.statuses], np.bool_)


@dataclass(eq=False)
class Counter:
    """Tells the study's progress about many batches of fits: how many are done of how many, and whether to stop."""

    study: Study
    total: int
    done: int = 0
    stopped: bool = False

    def tell(self, done: int, total: int) -> bool:
        """Tell about the batch that is running; returns False to stop it."""
        progress = self.study.running.progress
        told = progress is None or progress(self.done + done, max(self.total, self.done + total)) is not False
        self.stopped = self.stopped or not told
        return not self.stopped


@dataclass(frozen=True, eq=False)
class ToyTests:
    """Tests with toys; more values cost their own toys, those of the alternative are shared."""

    tests: AsymptoticTests
    toys: int
    seed: int
    shared: Toys | None = None
    tested: Mapping[float, FloatArray] = field(default_factory=dict)
    others: Mapping[float, FloatArray] = field(default_factory=dict)
    statuses: Mapping[float, str] = field(default_factory=dict)

    def extended(self, values: FloatArray) -> ToyTests:
        """Return the tests with toys of these values too."""
        tests, name = self.tests.extended(values), self.tests.statistic
        observed = tests.observed.extended(values)  # toys are made at these fits
        tests = replace(tests, observed=observed)
        new = [float(v) for v in np.unique(values) if float(v) not in self.tested]
        counter = Counter(observed.study, (3 * len(new) + (self.shared is None)) * self.toys)
        other = alternative(name)
        shared, statuses = self.shared, dict(self.statuses)
        tested, others = dict(self.tested), dict(self.others)
        nothing = np.full(self.toys, np.nan)
        if shared is None and observed.row(other)[1] == CONVERGED:
            shared = made(counter, observed.row(other)[0], self.toys, self.seed, ALTERNATIVE)
        for value in new:
            theta, status = observed.row(value)
            tested[value], others[value], statuses[value] = nothing, nothing, status
            if status != CONVERGED or shared is None or tests.asimov is None:
                continue
            toys = made(counter, theta, self.toys, self.seed, TESTED)
            tested[value] = statistics(counter, toys, theta, name)
            # Where the fits of the alternative's toys end on average.
            others[value] = statistics(counter, shared, _start(tests, value), name)
            if not (np.isfinite(tested[value]).any() and np.isfinite(others[value]).any()):
                bad = [s for s in (*toys.statuses, *shared.statuses) if s != CONVERGED]
                statuses[value] = f"toys: {bad[0]}" if bad else "toys: no conditional fit"
            if counter.stopped:
                statuses[value] = INTERRUPTED
        return replace(self, tests=tests, shared=shared, tested=tested, others=others, statuses=statuses)

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that have toys."""
        base = self.tests.test(values)
        rows = [
            _compared(float(q), self.tested[float(v)], self.others[float(v)])
            for v, q in zip(values, base.test_statistic, strict=True)
        ]
        tested, others = (np.stack([known[float(v)] for v in values]) for known in (self.tested, self.others))
        statuses = [
            status if status != CONVERGED else self.statuses[float(v)]
            for v, status in zip(values, base.statuses, strict=True)
        ]
        counts = ToyCounts(
            seed=str(self.seed),
            toys=np.full(values.size, float(self.toys)),
            failures=(np.isnan(tested).sum(axis=1) + np.isnan(others).sum(axis=1)).astype(np.float64),
            clsb_error=np.array([row.clsb_error for row in rows]),
            cls_error=np.array([row.cls_error for row in rows]),
            expected_cls_error=np.stack([row.expected_error for row in rows]),
            tested=tested,
            alternative=others,
        )
        settings = {k: v for k, v in base.origin.settings.items() if k != "base"}
        settings |= {"calculator": "toys", "toys": self.toys, "seed": self.seed}
        return replace(
            base,
            calculator="toys",
            base="",
            observed=_p_values(np.array([row.observed for row in rows])),
            expected=_p_values(np.stack([row.expected for row in rows])),
            statuses=tuple(statuses),
            origin=replace(base.origin, settings=settings),
            counts=counts,
        )


def made(counter: Counter, theta: FloatArray, count: int, seed: int, stream: int) -> Toys:
    """Return toys made at a point, with their free fits."""
    model, problem = counter.study.model, counter.study.problem
    data = toy_data(model, values=theta, seed=seed, count=count, stream=stream)
    start = np.where(problem.held, problem.start, np.clip(theta, problem.lower, problem.upper))
    best, twice_nll, statuses = _fits(counter, data, start, problem.held)
    return Toys(data, best, twice_nll, statuses)


def statistics(counter: Counter, toys: Toys, start: FloatArray, name: str) -> FloatArray:
    """Return the test statistic of toys, shape (toys,), NaN without a fit; `start` has the tested value.

    Only those whose best fit is on the side that counts take a conditional fit.
    """
    found = counter.study
    mu, best = start[found.poi], toys.values[:, found.poi]
    good = toys.good
    q = np.where(good, 0.0, np.nan)
    rows = np.flatnonzero(good & (one_sided(np.ones(best.size), best, mu, name) > 0))
    held = found.problem.held.copy()
    held[found.poi] = True
    before = counter.done
    conditional, twice_nll, statuses = _fits(counter, toys.data[rows], start, held)
    converged = np.array([status == CONVERGED for status in statuses], np.bool_)
    lowest = toys.twice_nll[rows].copy()
    better = np.flatnonzero(converged & (twice_nll < lowest - BETTER))
    if better.size:
        problem = replace(found.problem, start=conditional[better])
        again = fit_toys(found.model, toys.data[rows[better]], problem, replace(found.running, progress=None))
        lowest[better] = np.fmin(again.twice_nll, twice_nll[better])
        best = best.copy()
        best[rows[better]] = np.where(again.settled, again.values[:, found.poi], mu)
    t = one_sided(np.maximum(twice_nll - lowest, 0.0), best[rows], mu, name)
    q[rows] = np.where(converged, t, np.nan)
    counter.done = before + best.size
    return q


def _fits(
    counter: Counter, data: FloatArray, start: FloatArray, held: BoolArray
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return best fits, 2 NLL and statuses of data sets, batch by batch."""
    found = counter.study
    values, twice_nll = np.full((len(data), start.size), np.nan), np.full(len(data), np.nan)
    statuses: list[str] = []
    running = replace(found.running, progress=counter.tell)
    size = max(BATCH // max(data.shape[1] + start.size, 1), 64)
    for first in range(0, len(data), size):
        batch = slice(first, first + size)
        if counter.stopped:
            statuses += [INTERRUPTED] * len(data[batch])
            continue
        problem = replace(found.problem, start=start, held=held)
        fits = fit_toys(found.model, data[batch], problem, running)
        counter.done += len(data[batch])
        values[batch], twice_nll[batch] = fits.values, fits.twice_nll
        endings = zip(fits.settled, fits.statuses, strict=True)
        statuses += [CONVERGED if good else status for good, status in endings]
    return values, twice_nll, tuple(statuses)


def _start(tests: AsymptoticTests, value: float) -> FloatArray:
    """Return the conditional fit at a value to the alternative's Asimov data, else to the observed ones."""
    assert tests.asimov is not None
    if value in tests.asimov.values:
        theta, status = tests.asimov.row(value)
        if status == CONVERGED:
            return theta
    theta = tests.asimov.study.problem.start.copy()
    theta[tests.observed.study.poi] = value
    return theta


@dataclass(frozen=True, eq=False)
class _Row:
    """What toys say about one value: CLs+b, CLb, CLs, shape (3,), and expected, shape (5, 3); errors."""

    observed: FloatArray
    expected: FloatArray
    clsb_error: float
    cls_error: float
    expected_error: FloatArray


def _compared(q: float, tested: FloatArray, other: FloatArray) -> _Row:
    parts = [(tested[i::_PARTS], other[i::_PARTS]) for i in range(_PARTS)]
    tested, other = _usable(tested), _usable(other)
    nothing = np.full(3, np.nan)
    if not tested.size or not other.size:
        return _Row(nothing, np.full((len(BANDS), 3), np.nan), np.nan, np.nan, np.full(len(BANDS), np.nan))
    observed = fractions(np.array([q]), tested, other)[0] if np.isfinite(q) else nothing
    errors = [_error(p, side.size) for p, side in zip(observed[:2], (tested, other), strict=True)]
    relative = np.hypot(errors[0] / max(observed[0], 1 / tested.size), errors[1] / max(observed[1], 1 / other.size))
    several = [_bands(_usable(first), _usable(second))[:, 2] for first, second in parts]
    spread: FloatArray = np.std(several, axis=0, ddof=1) / np.sqrt(_PARTS)
    size = max(observed[2], 1 / tested.size)
    return _Row(observed, _bands(tested, other), errors[0], float(size * relative), spread)


def _usable(q: FloatArray) -> FloatArray:
    """Return the test statistics of toys that have one, sorted."""
    return np.sort(q[np.isfinite(q)])


def fractions(q: FloatArray, tested: FloatArray, other: FloatArray) -> FloatArray:
    """Return CLs+b, CLb and CLs of test statistics, shape (..., 3): fractions of (sorted) toys that are not below."""
    tails = [1 - np.searchsorted(toys, q - SAME * np.maximum(1, q)) / toys.size for toys in (tested, other)]
    clsb, clb = np.maximum(tails[0], 0.0), np.maximum(tails[1], 0.0)
    cls = np.divide(clsb, clb, out=np.full(q.shape, np.nan), where=clb > 0)
    return np.stack([clsb, clb, cls], axis=-1)


def _bands(tested: FloatArray, other: FloatArray) -> FloatArray:
    """Return the quantiles of the three p-values over the toys of the alternative (pyhf's), shape (5, 3)."""
    if not tested.size or not other.size:
        return np.full((len(BANDS), 3), np.nan)
    return cast(FloatArray, np.percentile(fractions(other, tested, other), _QUANTILES, axis=0))


def _error(fraction: float, count: int) -> float:
    """Return the standard deviation of a fraction; one toy in addition keeps that of 0 and 1 from vanishing."""
    p = (fraction * count + 1) / (count + 2)
    return float(np.sqrt(p * (1 - p) / count))


def _p_values(p: FloatArray) -> PValues:
    """Return p-values from CLs+b, CLb and CLs on the last axis."""

    def log10(values: FloatArray) -> FloatArray:
        return np.log10(values, out=np.full(values.shape, -np.inf), where=values > 0) + 0 * values

    return PValues(p[..., 0], p[..., 1], p[..., 2], log10(p[..., 0]), log10(p[..., 2]))


def with_toys(observed: SignificanceResult, profile: Profile, toys: int, seed: int) -> SignificanceResult:
    """Return a significance with p0 of toys without signal."""
    check_toys(toys, seed)
    theta, status = profile.row(0.0)
    if status != CONVERGED or not np.isfinite(observed.q0):
        return observed
    counter = Counter(profile.study, 2 * toys)
    sample = made(counter, theta, toys, seed, TESTED)
    q0 = statistics(counter, sample, theta, "q0")
    good = np.isfinite(q0)
    used = int(good.sum())
    settings = {**observed.origin.settings, "toys": toys, "seed": seed}
    fraction = float(np.mean(q0[good] >= observed.q0 - SAME * max(1.0, observed.q0))) if used else np.nan
    return replace(
        observed,
        toys=toys,
        failures=toys - used,
        toy_p_value=fraction,
        toy_error=_error(fraction, used) if used else np.nan,
        origin=replace(observed.origin, settings=settings),
    )
