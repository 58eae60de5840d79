"""Hypothesis tests with toys: the distributions of the test statistic as they are, not as they are in the limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.fitting.many import Progress
from wilks.infer.asymptotic_tests import AsymptoticTests, alternative
from wilks.infer.likelihood_ratio import Profile, one_sided
from wilks.infer.study import Study
from wilks.infer.toys import fit_toys
from wilks.model.datasets import toy_data
from wilks.results.hypotest import BANDS, HypothesisTest, PValues, SignificanceResult, ToyCounts
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits

# Streams of the generator: toys of the tested values are the same random numbers for every value.
ALTERNATIVE, TESTED = 0, 1
# Two test statistics closer than this are the same: fits are not more exact.
SAME = 1e-6
# A point below a fit by more than this belongs to a better minimum.
BETTER = 1e-6
ABOVE = "the fit ends above a point that is known"
# Toys of one piece: at most so many, and so many numbers. After Ctrl-C all hypotheses have the pieces that are done.
PIECE, BATCH = 1000, 4_000_000
_QUANTILES = (2.275, 15.866, 50.0, 84.134, 97.725)
_PARTS = 8


@dataclass(frozen=True, eq=False)
class Toys:
    """Toys made at one point, with fits to them: shape (toys, ...)."""

    data: FloatArray
    values: FloatArray
    twice_nll: FloatArray
    statuses: tuple[str, ...]

    @property
    def good(self) -> BoolArray:
        """Which toys have a fit."""
        return np.array([status == CONVERGED for status in self.statuses], np.bool_)

    def chosen(self, rows: Positions) -> Toys:
        """Return some of them."""
        statuses = tuple(self.statuses[row] for row in rows)
        return Toys(self.data[rows], self.values[rows], self.twice_nll[rows], statuses)


@dataclass(frozen=True, eq=False)
class Sample:
    """Test statistics of toys, shape (toys,), NaN without a fit; those from number `done` on were not made.

    `reason` is how the first of the fits ended that failed, an empty text where none did.
    """

    q: FloatArray
    done: int
    reason: str = ""

    @classmethod
    def of(cls, pieces: Sequence[Sample], toys: int) -> Sample:
        """Return the pieces as one sample of so many toys."""
        q = np.concatenate([np.empty(0), *(piece.q for piece in pieces)])
        missing = np.full(toys - q.size, np.nan)
        reason = next((piece.reason for piece in pieces if piece.reason), "")
        return cls(np.concatenate([q, missing]), sum(piece.done for piece in pieces), reason)

    @property
    def failures(self) -> int:
        """How many of the toys that were made have no fit."""
        return int(np.isnan(self.q[: self.done]).sum())


@dataclass(eq=False)
class Counter:
    """Tells about many batches of fits: how many are done of how many, and whether to stop.

    `again` says how many more are foreseen when fits are announced, as a fraction of these.
    """

    progress: Progress | None
    again: float = 0.0
    total: int = 0
    done: int = 0
    stopped: bool = False

    def announce(self, fits: int) -> None:
        """Say how many fits are to come."""
        self.total = self.done + round(fits * (1 + self.again))

    def tell(self, done: int, total: int) -> bool:
        """Tell about the batch that is running; returns False to stop it."""
        return self._tell(self.done + done)

    def wait(self, done: int, total: int) -> bool:
        """Tell about fits that don't count, because they are few; returns False to stop them."""
        return self._tell(self.done)

    def _tell(self, done: int) -> bool:
        told = self.progress is None or self.progress(done, max(self.total, done)) is not False
        self.stopped = self.stopped or not told
        return not self.stopped


@dataclass(frozen=True, eq=False)
class ToyTests:
    """Tests with toys; more values cost their own toys, those of the alternative are shared."""

    tests: AsymptoticTests
    toys: int
    seed: int
    counter: Counter
    shared: tuple[Toys, ...] = ()
    tested: Mapping[float, Sample] = field(default_factory=dict)
    others: Mapping[float, Sample] = field(default_factory=dict)
    statuses: Mapping[float, str] = field(default_factory=dict)

    def extended(self, values: FloatArray) -> ToyTests:
        """Return the tests with toys of these values too; piece by piece, so that all have equally many at any time."""
        new = [float(v) for v in np.unique(values) if float(v) not in self.tested]
        self.counter.announce((3 * len(new) + (not self.shared)) * self.toys)
        tests, name, counter = self.tests.extended(values), self.tests.statistic, self.counter
        observed = tests.observed.extended(values)  # toys are made at these fits
        tests = replace(tests, observed=observed)
        theta, status = observed.row(alternative(name))
        possible = status == CONVERGED and tests.asimov is not None
        points = [v for v in new if possible and observed.row(v)[1] == CONVERGED]
        tested: dict[float, list[Sample]] = {v: [] for v in new}
        others: dict[float, list[Sample]] = {v: [] for v in new}
        shared = list(self.shared)
        for k, (first, size) in enumerate(pieces(self.toys, observed.study) if points else ()):
            if counter.stopped:
                break
            if k == len(shared):
                shared.append(made(counter, observed.study, theta, (first, size), self.seed, ALTERNATIVE))
            for v in points:
                at = observed.row(v)[0]
                toys = made(counter, observed.study, at, (first, size), self.seed, TESTED)
                tested[v].append(statistics(counter, observed.study, toys, at, name))
                # The start is where the fits of the alternative's toys end on average.
                others[v].append(statistics(counter, observed.study, shared[k], _start(tests, v), name))
        both = [{v: Sample.of(found[v], self.toys) for v in new} for found in (tested, others)]
        statuses = {v: observed.row(v)[1] for v in new}
        statuses |= {v: self._status(both[0][v], both[1][v]) for v in points}
        return replace(
            self,
            tests=tests,
            shared=tuple(shared),
            tested={**self.tested, **both[0]},
            others={**self.others, **both[1]},
            statuses={**self.statuses, **statuses},
        )

    def _status(self, tested: Sample, other: Sample) -> str:
        if min(tested.done, other.done) < self.toys:
            return INTERRUPTED
        if np.isfinite(tested.q).any() and np.isfinite(other.q).any():
            return CONVERGED
        return f"toys: {tested.reason or other.reason or 'no conditional fit'}"

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that have toys."""
        base = self.tests.test(values)
        rows = [
            _compared(float(q), self.tested[float(v)].q, self.others[float(v)].q)
            for v, q in zip(values, base.test_statistic, strict=True)
        ]
        statuses = [
            status if status != CONVERGED else self.statuses[float(v)]
            for v, status in zip(values, base.statuses, strict=True)
        ]
        both = [[known[float(v)] for v in values] for known in (self.tested, self.others)]
        failures, done = (
            np.array([[getattr(sample, name) for sample in samples] for samples in both], np.float64).sum(axis=0)
            for name in ("failures", "done")
        )
        possible = np.array([status in (CONVERGED, INTERRUPTED) for status in statuses], np.bool_)
        counts = ToyCounts(
            seed=str(self.seed),
            toys=np.full(values.size, float(self.toys)),
            failures=failures,
            interrupted=np.where(possible, 2.0 * self.toys - done, 0.0),
            clsb_error=np.array([row.clsb_error for row in rows]),
            cls_error=np.array([row.cls_error for row in rows]),
            expected_cls_error=np.stack([row.expected_error for row in rows]),
            tested=np.stack([sample.q for sample in both[0]]),
            alternative=np.stack([sample.q for sample in both[1]]),
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


def pieces(toys: int, found: Study) -> Iterator[tuple[int, int]]:
    """Yield the pieces that toys are made in: the number of the first one, and how many."""
    size = int(np.clip(BATCH // (found.data.values.size + found.model.n_parameters), 64, PIECE))
    for first in range(0, toys, size):
        yield first, min(size, toys - first)


def made(counter: Counter, found: Study, theta: FloatArray, piece: tuple[int, int], seed: int, stream: int) -> Toys:
    """Return a piece of the toys made at a point, with their free fits."""
    model, problem = found.model, found.problem
    data = toy_data(model, values=theta, seed=seed, first=piece[0], count=piece[1], stream=stream)
    start = np.where(problem.held, problem.start, np.clip(theta, problem.lower, problem.upper))
    return Toys(data, *_fits(counter, found, data, start, problem.held))


def statistics(counter: Counter, found: Study, toys: Toys, start: FloatArray, name: str) -> Sample:
    """Return the test statistic of toys; `start` has the tested value.

    Only those whose best fit is on the side that counts, or not known, take a conditional fit. Of the two fits each
    helps the other one where that is not the lowest, or has failed. After Ctrl-C the sample ends before the first toy
    that lacks a fit: those that need none would otherwise be too many.
    """
    mu = start[found.poi]
    counts = one_sided(np.ones(len(toys.data)), toys.values[:, found.poi], mu, name)
    q = np.where(toys.good, 0.0, np.nan)
    statuses = np.array(toys.statuses, object)
    rows = np.flatnonzero((statuses != INTERRUPTED) & (~toys.good | (counts > 0)))
    held = found.problem.held.copy()
    held[found.poi] = True
    before = counter.done
    conditional = Toys(toys.data[rows], *_fits(counter, found, toys.data[rows], start, held))
    free = toys.chosen(rows)
    conditional = _helped(counter, found, conditional, _moved(found, free, mu), held)
    free = _helped(counter, found, free, conditional, found.problem.held)
    t = one_sided(np.maximum(conditional.twice_nll - free.twice_nll, 0.0), free.values[:, found.poi], mu, name)
    q[rows] = np.where(conditional.good & free.good, t, np.nan)
    statuses[rows] = [b if a == CONVERGED else a for a, b in zip(conditional.statuses, free.statuses, strict=True)]
    counter.done = before + len(toys.data)
    interrupted = np.flatnonzero(statuses == INTERRUPTED)
    done = int(interrupted[0]) if interrupted.size else q.size
    q[done:] = np.nan
    return Sample(q, done, next((status for status in statuses[:done] if status != CONVERGED), ""))


def _moved(found: Study, free: Toys, mu: float) -> Toys:
    """Return the points of the free fits with the parameter of interest put to a value, and 2NLL there."""
    if not free.good.any():
        return free
    theta = free.values.copy()
    theta[:, found.poi] = mu
    return replace(free, values=theta, twice_nll=2.0 * found.model.nll(theta, free.data))


def _helped(counter: Counter, found: Study, toys: Toys, others: Toys, held: BoolArray) -> Toys:
    """Return the fits, made again from other points where these are lower, or a fit has failed.

    A fit that does not go below a point that is known has failed.
    """
    statuses = np.array(toys.statuses, object)
    failed = ~toys.good & (statuses != INTERRUPTED)
    rows = np.flatnonzero(others.good & (failed | (toys.good & (others.twice_nll < toys.twice_nll - BETTER))))
    if not rows.size:
        return toys
    problem = replace(found.problem, start=np.ascontiguousarray(others.values[rows]), held=held)
    again = fit_toys(found.model, toys.data[rows], problem, replace(found.running, progress=counter.wait))
    below = again.twice_nll <= others.twice_nll[rows] + BETTER
    values, twice_nll = toys.values.copy(), toys.twice_nll.copy()
    values[rows], twice_nll[rows] = again.values, again.twice_nll
    statuses[rows] = [s if s != CONVERGED or low else ABOVE for s, low in zip(_endings(again), below, strict=True)]
    return replace(toys, values=values, twice_nll=twice_nll, statuses=tuple(statuses))


def _endings(fits: ManyFits) -> tuple[str, ...]:
    """Return statuses in which all whose likelihood is known are converged."""
    return tuple(CONVERGED if good else s for good, s in zip(fits.minimised, fits.statuses, strict=True))


def _fits(
    counter: Counter, found: Study, data: FloatArray, start: FloatArray, held: BoolArray
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return best fits, 2 NLL and statuses of data sets."""
    if counter.stopped or not len(data):
        nothing = np.full((len(data), start.size), np.nan)
        return nothing, np.full(len(data), np.nan), (INTERRUPTED,) * len(data)
    problem = replace(found.problem, start=start, held=held)
    fits = fit_toys(found.model, data, problem, replace(found.running, progress=counter.tell))
    counter.done += len(data)
    return fits.values, fits.twice_nll, _endings(fits)


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


def with_toys(
    observed: SignificanceResult, profile: Profile, toys: int, seed: int, counter: Counter
) -> SignificanceResult:
    """Return a significance with p0 of toys without signal."""
    theta, status = profile.row(0.0)
    if status != CONVERGED or not np.isfinite(observed.q0):
        return observed
    found, samples = profile.study, []
    for piece in pieces(toys, found):
        free = made(counter, found, theta, piece, seed, TESTED)
        samples.append(statistics(counter, found, free, theta, "q0"))
        if counter.stopped:
            break
    sample = Sample.of(samples, toys)
    q0 = _usable(sample.q)
    settings = {**observed.origin.settings, "toys": toys, "seed": seed}
    fraction = float(np.mean(q0 >= observed.q0 - SAME * max(1.0, observed.q0))) if q0.size else np.nan
    return replace(
        observed,
        toys=toys,
        failures=sample.failures,
        interrupted=toys - sample.done,
        toy_p_value=fraction,
        toy_error=_error(fraction, q0.size) if q0.size else np.nan,
        origin=replace(observed.origin, settings=settings),
    )
