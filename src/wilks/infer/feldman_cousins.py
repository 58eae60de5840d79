"""`feldman_cousins`: intervals of one parameter, and regions of two, whose coverage comes from toys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.infer.crossings import crossings, remarks
from wilks.infer.fc_regions import region
from wilks.infer.hypotest import toys_problems
from wilks.infer.intervals import level_problems, quantile, selected
from wilks.infer.likelihood_ratio import Profile
from wilks.infer.point_spread import prepare
from wilks.infer.point_tests import PointTest, Rule, Tester, recorded
from wilks.infer.study import Running, Study, also, study
from wilks.infer.timed import timed
from wilks.infer.toy_tests import Counter
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.feldman_cousins import OUTSIDE, UNDECIDED, FeldmanCousinsResult
from wilks.results.fit import FitResult
from wilks.results.intervals import AT_BOUND
from wilks.results.many import CONVERGED, INTERRUPTED

_RESTARTS = 10
# Where points are looked at first, in units of the distance to the end of the profile likelihood's interval; further
# out by this factor while the outermost is inside, so often.
_FIRST, _FURTHER, _MOST = tuple(0.1 * i for i in range(4, 16)), 1.1, 30
_HALVINGS = 40


@verb("feldman_cousins(model, level=0.9)")
@timed
def feldman_cousins(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    parameters: str | Sequence[str] | None = None,
    level: float = 0.6827,
    toys: int = 10_000,
    certainty: float = 0.99,
    precision: float = 0.01,
    points: int = 25,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> FeldmanCousinsResult:
    """Return the Feldman-Cousins interval of a parameter (default: that of interest), or the region of two.

    A point is inside where more than 1 - `level` of the toys made there have a likelihood ratio to their best fit that
    is as large as that of the data; toys are made at the conditional fit (the profile construction), auxiliary data
    too, and fitted inside the bounds. Every point takes as many toys as it takes to tell on which side it is, at most
    `toys`: a decision is wrong with a probability of at most 1 - `certainty`.

    Of one parameter, both ends are found by bisection, from points around the ends of the profile likelihood's interval
    on, until they are known to the fraction `precision` of the distance to these, or as well as `toys` can tell. Where
    the points inside have gaps, the outermost counts; gaps narrower than a tenth of that may be missed. Of two
    `parameters`, the region is found on a grid of `points` x `points`: first on every fourth, then between those that
    differ.

    The same `seed` gives the same answer on any number of threads and workers. Where `running.progress` stops it, ends
    that are not found are NaN with the status "interrupted", and all tests made by then are there. Raises ModelError
    for what can't be asked.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`. G. J. Feldman, R. D.
    Cousins, Phys. Rev. D 57 (1998) 3873.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.feldman_cousins(model, level=0.9, toys=400, precision=0.1)
    >>> bool(found.ends[0] < found.best[0] < found.ends[1])
    True
    """
    problems = level_problems([level]) + toys_problems(toys, seed)
    problems += [f"certainty {certainty:g}: it must lie between 0.5 and 1"] * (not 0.5 <= certainty < 1)
    problems += [f"precision {precision:g}: it must lie between 0 and 1"] * (not 0 < precision < 1)
    problems += [f"points: at least 5 are needed, found {points}"] * (points < 5)
    options: dict[str, Any] = {"fixed": fixed, "bounds": bounds, "result": result, "running": running}
    with also(problems):
        asked = study(model, data, poi=poi, needs_poi=parameters is None, **options)
    chosen = selected(asked, parameters, problems)
    if len(chosen) > 2:
        raise ModelError(f"one parameter or two are needed, found {len(chosen)}")
    counter = Counter(running.progress)
    asked = replace(asked, running=replace(running, progress=counter.wait))
    asked.best  # noqa: B018  # before `poi` is another one: a fit does not depend on it
    rule = Rule(float(level), float(certainty), int(toys))
    if len(chosen) == 2:
        return region(asked, chosen, rule, points, seed, counter)
    return _interval(replace(asked, poi=chosen[0]), rule, precision, seed, counter)


def _interval(asked: Study, rule: Rule, precision: float, seed: int, counter: Counter) -> FeldmanCousinsResult:
    """Return the interval of the parameter of interest; a lower minimum found on the way starts everything again."""
    i, first = asked.poi, asked.best.twice_nll
    for _ in range(_RESTARTS):
        height = np.full(2, quantile(rule.level))
        known = crossings(asked, [i, i], [-1.0, 1.0], height)
        asked = known.study
        search = _Search(Profile.of(asked), rule, seed, counter, precision)
        ends = [search.end(sign, value) for sign, value in zip((-1.0, 1.0), known.values, strict=True)]
        if search.profile.study is asked:
            break
        asked = search.profile.study
    best, nothing = asked.best, np.empty(0)
    options = {"level": rule.level, "toys": rule.toys, "certainty": rule.certainty, "precision": precision}
    return FeldmanCousinsResult(
        parameters=(best.names[i],),
        best=best.values[[i]],
        level=rule.level,
        toys=rule.toys,
        certainty=rule.certainty,
        seed=seed,
        tested=recorded(list(search.tests.values()), rule.level),
        origin=asked.origin(**options, seed=seed),
        ends=np.array([end.value for end in ends]),
        end_errors=np.array([end.error for end in ends]),
        end_statuses=tuple(end.status for end in ends),
        profile_ends=known.values,
        x_values=nothing,
        y_values=nothing,
        region=np.empty((0, 0)),
        notes=(*remarks(first, asked), *known.notes),
    )


@dataclass(frozen=True)
class _End:
    value: float
    error: float
    status: str


@dataclass(eq=False)
class _Search:
    """The search of both ends; all tests are kept, by value."""

    profile: Profile
    rule: Rule
    seed: int
    counter: Counter
    precision: float
    tests: dict[float, PointTest] = field(default_factory=dict)

    def end(self, sign: float, asymptotic: float) -> _End:
        """Return one end, -1 or 1; `asymptotic` is that of the profile likelihood, NaN where there is none."""
        found = self.profile.study
        best, sides = float(found.best.values[found.poi]), (found.problem.lower, found.problem.upper)
        if not np.isfinite(found.best.twice_nll) or not found.best.minimised:
            return _End(np.nan, np.nan, f"the best fit: {found.best.status}")
        bound = float(sides[int(sign > 0)][found.poi])
        room, sigma = abs(bound - best), float(found.best.uncertainties[found.poi])
        if room == 0:
            return _End(bound, 0.0, AT_BOUND)
        scale = abs(asymptotic - best)
        if not scale > 0:
            scale = np.sqrt(quantile(self.rule.level)) * (sigma if sigma > 0 else max(abs(best), 1.0))
        first = np.unique(np.minimum(scale * np.array(_FIRST), room))
        return self._between(sign, best, self._around(best, sign, first, room), scale, room)

    def _around(self, best: float, sign: float, distances: FloatArray, room: float) -> list[tuple[float, PointTest]]:
        """Return tests at distances from the best fit, until the outermost is outside, or at the bound."""
        self._announce(distances.size)
        found = self._tested(best, sign, distances)
        for _ in range(_MOST):
            last, test = found[-1]
            if test.verdict == OUTSIDE or last >= room or self.counter.stopped or test.status != CONVERGED:
                break
            found += self._tested(best, sign, np.array([min(_FURTHER * last, room)]))
        return found

    def _between(
        self, sign: float, best: float, tests: list[tuple[float, PointTest]], scale: float, room: float
    ) -> _End:
        """Return the end between the outermost point that is inside and the next one, by bisection.

        Where all toys can't tell, the side is the one that they are on.
        """
        inner, outer = 0.0, tests[0]
        for i, (distance, test) in enumerate(tests):
            if self._inside(test):
                inner, outer = distance, tests[i + 1] if i + 1 < len(tests) else (np.inf, test)
        if self.counter.stopped:
            return _End(np.nan, np.nan, INTERRUPTED)
        if not np.isfinite(outer[0]):
            if inner >= room:
                return _End(best + sign * room, 0.0, AT_BOUND)
            return _End(np.nan, np.nan, f"not reached: {best + sign * inner:.4g} is inside")
        for _ in range(_HALVINGS):
            if outer[1].status != CONVERGED:
                return _End(np.nan, np.nan, f"not reached: at {best + sign * outer[0]:.4g} {outer[1].status}")
            if outer[0] - inner <= self.precision * scale:
                break
            (middle,) = self._tested(best, sign, np.array([0.5 * (inner + outer[0])]))
            if self.counter.stopped:
                return _End(np.nan, np.nan, INTERRUPTED)
            inner, outer = (middle[0], outer) if self._inside(middle[1]) else (inner, middle)
        value = best + sign * 0.5 * (inner + outer[0])
        return _End(
            value, float(np.hypot(0.5 * (outer[0] - inner), self._noise(sign, best, inner, outer[0]))), CONVERGED
        )

    def _inside(self, test: PointTest) -> bool:
        return test.status == CONVERGED and test.p_value > 1.0 - self.rule.level

    def _noise(self, sign: float, best: float, inner: float, outer: float) -> float:
        """Return how far an end may be shifted by the finite number of toys beside it.

        This is the error of the p-value there, divided by the slope between the points that are a standard deviation
        inside and outside; and where p-values hardly change, the distance of a point beside it that all toys can't
        decide, over the standard deviations that it is off.
        """
        p, around = 1.0 - self.rule.level, sorted((sign * (value - best), each) for value, each in self.tests.items())
        known = [(x, t, (t.p_value - p) / t.error) for x, t in around if x > 0 and t.status == CONVERGED]
        end = 0.5 * (inner + outer)
        decided = [x for x, t, _ in known if t.verdict != UNDECIDED]
        ends = (
            max((x for x in decided if x <= inner), default=0.0),
            min((x for x in decided if x >= outer), default=np.inf),
        )
        open_ = [abs(x - end) / max(abs(pull), 1.0) for x, _, pull in known if ends[0] < x < ends[1]]
        flat = max((distance for distance in open_ if distance > outer - inner), default=0.0)
        before = [(x, t) for x, t, pull in known if x <= inner and pull > 1]
        after = [(x, t) for x, t, pull in known if x >= outer and pull < -1]
        low, above = (before[-1][0], before[-1][1].p_value) if before else (0.0, 1.0)
        high, below = (after[0][0], after[0][1].p_value) if after else (outer, p)
        if high - low <= outer - inner:
            return flat  # p-values jump there
        error = next(t.error for x, t, _ in known if x >= inner)
        return max(flat, error * (high - low) / max(above - below, error))

    def _tested(self, best: float, sign: float, distances: FloatArray) -> list[tuple[float, PointTest]]:
        """Return tests at these distances from the best fit."""
        values = best + sign * distances
        new = np.array([value for value in values.tolist() if value not in self.tests])
        if new.size:
            self.profile = self.profile.extended(new)
            q, statuses = self.profile.statistic(np.sort(new), "t")
            tester = Tester(self.profile.study, (self.profile.study.poi,), self.rule, self.seed, self.counter)
            rows = [self.profile.row(value)[0] for value in np.sort(new).tolist()]
            good = [status == CONVERGED for status in statuses]
            prepare(tester, [(theta, t) for theta, t, usable in zip(rows, q.tolist(), good, strict=True) if usable])
            for value, theta, t, status in zip(np.sort(new).tolist(), rows, q.tolist(), statuses, strict=True):
                self.tests[value] = tester.examine(theta, t, status)
        return [(float(x), self.tests[v]) for x, v in zip(distances, values.tolist(), strict=True)]

    def _announce(self, points: int) -> None:
        """Say how many fits are foreseen: two for each toy, few toys where it is soon clear."""
        self.counter.announce(2 * points * min(1000, self.rule.toys))
