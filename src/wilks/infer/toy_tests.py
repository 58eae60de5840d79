"""Hypothesis tests with toys: the distributions of the test statistic as they are, not as they are in the limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.elsewhere.ordered import in_order
from wilks.elsewhere.shipping import Job
from wilks.fitting.many import Progress, undone
from wilks.fitting.problem import Problem
from wilks.flags import every
from wilks.infer.asymptotic_tests import AsymptoticTests, alternative
from wilks.infer.counted import KEPT, Counted, add, as_recorded, compared_samples, gathered
from wilks.infer.likelihood_ratio import one_sided
from wilks.infer.study import Running, Study
from wilks.infer.toy_fits import countable, distinct, endings, fit_toys, helped, made, moved
from wilks.infer.toy_p_values import Sample, ranges, with_rows
from wilks.model.datasets import toy_data
from wilks.results.conditions import Condition
from wilks.results.hypotest import HypothesisTest
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits
from wilks.results.tested import ToyCounts

# Streams of the generator: toys of the tested values are the same random numbers for every value.
ALTERNATIVE, TESTED = 0, 1
# Toys of one piece: at most so many (of more than are kept one by one, the latter), and so many numbers. After Ctrl-C
# all hypotheses have the pieces that are done.
PIECE, LARGE_PIECE, BATCH = 1000, 20_000, 4_000_000


@dataclass(frozen=True, eq=False)
class Toys:
    """Toys made at one point, shape (toys, length), with their free fits.

    `which` says for each toy which of these it is, where equal ones are there once; None: all are there.
    """

    data: FloatArray
    free: ManyFits
    which: Positions | None = None


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
    tested: Mapping[float, Sample | Counted] = field(default_factory=dict)
    others: Mapping[float, Sample | Counted] = field(default_factory=dict)
    statuses: Mapping[float, str] = field(default_factory=dict)

    def extended(self, values: FloatArray) -> ToyTests:
        """Return the tests with toys of these values too; piece by piece, so that all have equally many at any time."""
        new = [float(v) for v in np.unique(values) if float(v) not in self.tested]
        self.counter.announce((3 * len(new) + (not self.shared)) * self.toys)
        tests, name = self.tests.extended(values), self.tests.statistic
        observed = tests.observed.extended(values)  # toys are made at these fits
        tests = replace(tests, observed=observed)
        theta, status = observed.row(alternative(name))
        possible = status == CONVERGED and tests.asimov is not None
        points = [v for v in new if possible and observed.row(v)[1] == CONVERGED]
        made_at = {v: observed.row(v)[0] for v in points}
        # The start is where the fits of the alternative's toys end on average.
        starts = {v: _start(tests, v) for v in points}
        q = dict(zip(points, observed.statistic(np.array(points), name)[0].tolist(), strict=True))
        work = PieceOfTests(observed.study, name, self.seed, theta, made_at, starts, q if self.toys > KEPT else None)
        shared, tested, others = self._made(work, new)
        both = [{v: gathered(found[v], self.toys) for v in new} for found in (tested, others)]
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

    def _made(
        self, work: PieceOfTests, new: list[float]
    ) -> tuple[list[Toys], dict[float, list[Sample | Counted]], dict[float, list[Sample | Counted]]]:
        """Return the toys of the alternative, unless they are counted, and pieces of the samples: as many of each."""
        tested: dict[float, list[Sample | Counted]] = {v: [] for v in new}
        others: dict[float, list[Sample | Counted]] = {v: [] for v in new}
        shared, counter = list(self.shared), self.counter
        wanted = list(pieces(self.toys, work.study)) if work.made_at else []
        if work.study.running.pool is not None:
            for samples in elsewhere(counter, work, wanted):
                for v in work.made_at:
                    add(tested[v], samples[v])
                    add(others[v], samples[-1, v])
            return [], tested, others
        for k, piece in enumerate(wanted):
            if counter.stopped:
                break
            toys = shared[k] if k < len(shared) else work.alternative(counter, piece)
            if k == len(shared) and work.observed is None:
                shared.append(toys)
            for v in work.made_at:
                add(tested[v], work.tested(counter, piece, v))
                add(others[v], work.other(counter, toys, piece, v))
        return shared, tested, others

    def _status(self, tested: Sample | Counted, other: Sample | Counted) -> str:
        if min(tested.done, other.done) < self.toys:
            return INTERRUPTED
        if all(sample.failures < sample.done for sample in (tested, other)):
            return CONVERGED
        return f"toys: {tested.reason or other.reason or 'no conditional fit'}"

    def told(self, values: FloatArray) -> tuple[Condition, ...]:
        """Return nothing: toys need no asymptotic formulae."""
        return ()

    def confirmed(self, observed: FloatArray, expected: FloatArray) -> None:
        """Return nothing: toys were made at these fits."""

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that have toys."""
        base = self.tests.test(values)
        rows = [
            compared_samples(float(q), self.tested[float(v)], self.others[float(v)])
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
            **as_recorded(*both),
            ranges=ranges(rows),
        )
        return with_rows(base, rows, statuses, counts, toys=self.toys, seed=self.seed)


@dataclass(frozen=True, eq=False)
class PieceOfTests:
    """The job of making pieces of the samples of several values: the toys at each of them, `made_at` {value:
    parameters}, and those of the alternative, made at `theta`, whose conditional fits begin at `starts`.

    With `observed` {value: statistic} the toys are counted, else every statistic is kept.
    """

    study: Study
    name: str
    seed: int
    theta: FloatArray
    made_at: Mapping[float, FloatArray]
    starts: Mapping[float, FloatArray]
    observed: Mapping[float, float] | None = None

    def __call__(self, item: Item, threads: int | None, progress: Progress | None) -> list[Sample | Counted]:
        """Return the samples of one piece: of the toys of one value; else of the alternative's, for several values."""
        running = replace(self.study.running, threads=threads, progress=progress)
        work, counter = replace(self, study=replace(self.study, running=running)), Counter(progress)
        if not item.alternative:
            return [work.tested(counter, item.piece, v) for v in item.values]
        toys = work.alternative(counter, item.piece)
        return [work.other(counter, toys, item.piece, v) for v in item.values]

    def alternative(self, counter: Counter, piece: tuple[int, int]) -> Toys:
        """Return a piece of the toys of the alternative."""
        return drawn(counter, self.study, self.theta, piece, self.seed, ALTERNATIVE)

    def tested(self, counter: Counter, piece: tuple[int, int], value: float) -> Sample | Counted:
        """Return the statistic of a piece of the toys made at a value."""
        at = self.made_at[value]
        toys = drawn(counter, self.study, at, piece, self.seed, TESTED)
        return self._reduced(statistics(counter, self.study, toys, at, self.name), piece, value)

    def other(self, counter: Counter, toys: Toys, piece: tuple[int, int], value: float) -> Sample | Counted:
        """Return the statistic of a piece of the toys of the alternative at a value."""
        return self._reduced(statistics(counter, self.study, toys, self.starts[value], self.name), piece, value)

    def _reduced(self, sample: Sample, piece: tuple[int, int], value: float) -> Sample | Counted:
        if self.observed is None:
            return sample
        return Counted.of(sample, piece[0] // piece[1], self.observed[value])


@dataclass(frozen=True)
class Item:
    """What a worker is asked at once: a piece of the toys of one value, or of the alternative's at several values."""

    piece: tuple[int, int]
    values: tuple[float, ...]
    alternative: bool

    @property
    def fits(self) -> int:
        """How many fits it takes, for progress."""
        return self.piece[1] * (1 + len(self.values))


def made_elsewhere(
    counter: Counter,
    running: Running,
    job: Job,
    items: Sequence[Any],
    *,
    shared: Sequence[object],
    fits: Callable[[Any, Any], int],
    whole: Callable[[Any, Any], bool] = lambda item, answer: True,
    made: Callable[[Any], Any] = lambda item: item,
) -> Iterator[Any]:
    """Yield what the workers of `running` make of items, in order; what arrives counts as `fits` of item and answer.

    Ends early where the counter is told to stop, and before the first answer that is not `whole`. `shared` and `made`
    are those of `Pool.each`.
    """
    pool = running.pool
    assert pool is not None

    def arriving() -> Iterator[tuple[int, Any]]:
        how: dict[str, Any] = {"threads": running.threads, "going_on": lambda: counter.wait(0, 0), "made": made}
        for place, answer in pool.each(job, items, shared=shared, **how):
            if not whole(items[place], answer):
                return
            counter.done += fits(items[place], answer)
            yield place, answer

    return in_order(arriving())


def elsewhere(counter: Counter, work: PieceOfTests, wanted: Sequence[tuple[int, int]]) -> Iterator[dict[Any, Any]]:
    """Yield the samples of each piece in order: of the toys of a value by that, of the alternative's by (-1, value).

    Ends before the first piece that is not whole for all hypotheses.
    """
    values, both = tuple(work.made_at), bool(work.starts)
    items = []
    for piece in wanted:
        items += [Item(piece, values, True)] * both + [Item(piece, (v,), False) for v in values]
    job = replace(work, study=work.study.sendable())
    found = made_elsewhere(
        counter,
        work.study.running,
        job,
        items,
        shared=[work.study.model],
        fits=lambda item, samples: item.fits,
        whole=lambda item, samples: all(sample.done >= item.piece[1] for sample in samples),
    )
    together: dict[Any, Sample] = {}
    for item, samples in zip(items, found, strict=False):
        together |= {(-1, v) if item.alternative else v: s for v, s in zip(item.values, samples, strict=True)}
        if len(together) == (1 + both) * len(values):
            yield together
            together = {}


def pieces(toys: int, found: Study, most: int = LARGE_PIECE) -> Iterator[tuple[int, int]]:
    """Yield the pieces that toys are made in, `most` in one: the number of the first one, and how many."""
    most = min(most, PIECE if toys <= KEPT else LARGE_PIECE)
    size = min(int(np.clip(BATCH // (found.data.values.size + found.model.n_parameters), 64, LARGE_PIECE)), most)
    for first in range(0, toys, size):
        yield first, min(size, toys - first)


def drawn(counter: Counter, found: Study, theta: FloatArray, piece: tuple[int, int], seed: int, stream: int) -> Toys:
    """Return a piece of the toys made at a point, with their free fits; where all data are counts equal ones once."""
    data = toy_data(found.model, values=theta, seed=seed, first=piece[0], count=piece[1], stream=stream)
    if not countable(found.model):
        return fitted(counter, found, theta, data)
    rows, which = distinct(data)
    toys = fitted(counter, found, theta, data[rows])
    counter.done += which.size - rows.size
    return replace(toys, which=which)


def fitted(counter: Counter, found: Study, theta: FloatArray, data: FloatArray) -> Toys:
    """Return toys made at a point, shape (toys, length), with their free fits."""
    problem = found.problem
    start = np.where(problem.held, problem.start, np.clip(theta, problem.lower, problem.upper))
    return Toys(data, _fits(counter, found, data, replace(problem, start=start)))


def statistics(
    counter: Counter, found: Study, toys: Toys, start: FloatArray, name: str, *, kept: Sequence[int] = ()
) -> Sample:
    """Return the test statistic of toys; `start` has the tested value of the parameter of interest, or for "t" those of
    the parameters `kept` (positions).

    Only those whose best fit is on the side that counts, or not known, take a conditional fit. Of the two fits each
    helps the other one where that is not the lowest, or has failed. After Ctrl-C the sample ends before the first toy
    that lacks a fit: those that need none would otherwise be too many.
    """
    kept, mu, model, before = list(kept or [found.poi]), start[found.poi], found.model, counter.done
    good, statuses = toys.free.minimised, np.array(endings(toys.free), object)
    counts = one_sided(np.ones(good.size), toys.free.values[:, found.poi], mu, name) > 0
    rows = np.flatnonzero((statuses != INTERRUPTED) & (~good | counts))
    held = found.problem.held.copy()
    held[kept] = True
    problem, few = replace(found.problem, start=start, held=held), replace(found.running, progress=counter.wait)
    data, free = toys.data[rows], toys.free.rows(rows)
    conditional = _fits(counter, found, data, problem)
    several = len(found.best.minima) > 1
    there = moved(model, data, free, kept, start[kept])
    conditional = helped(model, data, conditional, there, problem, few, all_of_them=several)
    free = helped(model, data, free, conditional, found.problem, few, all_of_them=several)
    t = one_sided(np.maximum(conditional.twice_nll - free.twice_nll, 0.0), free.values[:, found.poi], mu, name)
    q = np.where(good, 0.0, np.nan)
    q[rows] = np.where(conditional.minimised & free.minimised, t, np.nan)
    if not every(conditional.minimised & free.minimised):
        both = zip(endings(conditional), endings(free), strict=True)
        statuses[rows] = [b if a == CONVERGED or b == INTERRUPTED else a for a, b in both]
    done = made(tuple(statuses))
    q[done:] = np.nan
    reason = next((status for status in statuses[:done] if status != CONVERGED), "")
    if toys.which is not None:  # they are in the order in which they come first
        q, done = q[toys.which], int(np.append(np.flatnonzero(toys.which >= done), toys.which.size)[0])
        q[done:] = np.nan
    counter.done = before + q.size
    return Sample(q, done, reason)


def _fits(counter: Counter, found: Study, data: FloatArray, problem: Problem) -> ManyFits:
    """Return fits to data sets."""
    if counter.stopped or not len(data):
        return undone(found.model, len(data))
    fits = fit_toys(found.model, data, problem, replace(found.running, progress=counter.tell))
    counter.done += len(data)
    return fits


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
