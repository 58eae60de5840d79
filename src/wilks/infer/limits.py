"""`limit`: upper limits on the parameter of interest by CLs, observed and expected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.flags import every, some
from wilks.infer.asymptotic_tests import AsymptoticTests
from wilks.infer.asymptotics import SIGMAS, check_test
from wilks.infer.conditions import Bounds, far_from_zero, with_wider_bounds
from wilks.infer.hypotest import check_calculator, check_weighted
from wilks.infer.intervals import level_problems
from wilks.infer.likelihood_ratio import test_study
from wilks.infer.study import Running, Study
from wilks.infer.timed import timed
from wilks.infer.toy_tests import Counter, ToyTests
from wilks.infer.weighted_tests import WeightedTests
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.conditions import Condition
from wilks.results.fit import FitResult
from wilks.results.hypotest import BANDS, HypothesisTest, LimitResult
from wilks.results.many import CONVERGED, INTERRUPTED

# A limit is found where a step of the root finding is below this fraction of it.
PRECISION = 1e-6
# CLs there may differ from 1 - level by this, in log10; where it does in an interval this narrow, CLs jumps.
HEIGHT, JUMP = 1e-3, 1e-5
ROUNDS = 60


@verb("limit(model, level=0.95)")
@timed
def limit(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    level: float = 0.95,
    statistic: str = "q~",
    calculator: str = "asymptotic",
    base: str = "normal",
    toys: int = 10_000,
    importance: bool = False,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> LimitResult:
    """Return the upper limits of the parameter of interest, observed and expected at -2, -1, 0, 1, 2 sigma, by CLs.

    The limit is the value whose CLs is 1 - `level`. The search starts from the fit; bounds of the parameter of interest
    do not stop it. `statistic` is "q~" (best fit not below 0) or "q"; `calculator`, `base`, `toys`,
    `importance` and `seed` are those of `hypotest`.
    With toys every limit has an error, and the asymptotic ones stand beside them (`asymptotic`). A limit that is not
    found is NaN, and `statuses` says why; the others are there all the same. Raises ModelError for what can't be asked.

    CLs: A. L. Read, J. Phys. G 28 (2002) 2693; the asymptotic formulae: 1007.1727.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.limit(model)
    >>> print(f"{found.observed:.2f}, expected {found.expected[2]:.2f}")
    1.23, expected 0.49
    >>> found.expected.shape, found.converged
    ((5,), True)
    """
    check_test(statistic, base, ("q", "q~"))
    check_level(level)
    check_calculator(calculator, base, toys, seed, importance)
    check_weighted(importance, statistic, toys)
    asked = {"poi": poi, "fixed": fixed, "result": result}
    if calculator == "asymptotic":

        def ask(bounds: Bounds | None) -> LimitResult:
            found = test_study(statistic, bounds, model=model, data=data, running=running, **asked)
            tests = AsymptoticTests.of(found, statistic, base)
            return _told(_search(tests, first_values(tests, level), level, _none_because(found)), tests)

        return with_wider_bounds(
            ask(bounds), bounds, ask, lambda other: f"The observed limit is then {other.observed:.4g}."
        )
    # The first tests are at the six asymptotic limits; on average as many follow as a round has.
    counter = Counter(running.progress, again=1.0)
    counter.announce(((2 if importance else 3) * (1 + len(BANDS)) + 1) * toys)
    running = replace(running, progress=counter.wait)
    found = test_study(statistic, bounds, model=model, data=data, running=running, **asked)
    tests = AsymptoticTests.of(found, statistic, base)
    limits = _told(_search(tests, first_values(tests, level), level, _none_because(found)), tests)
    starts = np.array([limits.observed, *limits.expected])
    known = np.unique(starts[np.isfinite(starts)])
    if not known.size or INTERRUPTED in limits.statuses:
        return limits
    with_toys = (WeightedTests if importance else ToyTests)(tests, toys, seed, counter)
    return replace(_told(_search(with_toys, known, level), tests), asymptotic=starts)


def check_level(level: float) -> None:
    """Raise ModelError for a confidence level outside (0, 1)."""
    if problems := level_problems([level]):
        raise ModelError(problems)


def first_values(tests: AsymptoticTests, level: float) -> FloatArray:
    """Return where the six limits would be if mu_hat were normally distributed around 0 with one sigma.

    CLs = tail((mu - mu_hat) / sigma) / tail(-mu_hat / sigma).
    """
    from scipy.special import ndtr, ndtri

    found = tests.observed.study
    best, spread = found.best.values[found.poi], found.best.uncertainties[found.poi]
    sigma = tests.sigma if tests.sigma > 0 else max(abs(best), 1.0)
    spread = spread if spread > 0 else sigma
    # An excess or a deficit of many sigma: the tail of the other hypothesis is 1 or 0.
    pulls = np.clip(np.concatenate([[best / spread], -SIGMAS]), -5.0, None)
    scales = np.concatenate([[spread], np.full(SIGMAS.size, sigma)])
    return np.unique(scales * (pulls - ndtri((1 - level) * ndtr(pulls))))


def _told(limits: LimitResult, tests: AsymptoticTests) -> LimitResult:
    """Return limits that say where the best fit is a discovery."""
    (q0,), _ = tests.observed.statistic(np.zeros(1), "q0")
    best = tests.observed.study.best.values[tests.observed.study.poi]
    return replace(limits, origin=limits.origin.also(*far_from_zero(limits.poi, float(best), float(q0))))


class Tests(Protocol):
    """Tests of the parameter of interest that can be made at more values."""

    def extended(self, values: FloatArray) -> Tests:
        """Return the tests with these values too."""

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that were made."""

    def confirmed(self, observed: FloatArray, expected: FloatArray) -> Tests | None:
        """Return the tests with better fits at these values, None where there are none."""

    def told(self, values: FloatArray) -> tuple[Condition, ...]:
        """Return what answers at these values have too few events for."""


def _none_because(found: Study) -> str:
    """Return why no limit exists whatever the data are, or an empty text."""
    return f'no rate depends on "{found.model.parameter_names[found.poi]}"' if found.problem.idle[found.poi] else ""


def _search(tests: Tests, values: FloatArray, level: float, none: str = "") -> LimitResult:
    """Return the six limits, which share all tests: every round makes those that one of the limits asks for.

    `none` says why there are none, if that is known.
    """
    failed = dict.fromkeys(range(6), none) if none else {}
    done: FloatArray = np.empty(0)
    for turn in range(ROUNDS):
        tests = tests.extended(values)
        done = np.array(sorted({*done.tolist(), *values.tolist()}))
        test = tests.test(done)
        roots = [Root.of(test, curve, level) for curve in range(6)]
        if INTERRUPTED in test.statuses:
            failed |= {i: INTERRUPTED for i, root in enumerate(roots) if not root.found}
        if turn + 1 == ROUNDS:
            failed |= {i: f"not found in {ROUNDS} rounds" for i, root in enumerate(roots) if not root.found}
        asked = []
        for i, root in enumerate(roots):
            if root.found or i in failed:
                continue
            following = root.following(turn)
            if following is None:
                failed[i] = root.reason(test)
            else:
                asked.append(following)
        if not asked:
            better = tests.confirmed(*_tested(test, roots))
            if better is None or turn + 1 == ROUNDS:
                break
            tests = better
        values = np.array(sorted(set(asked)))
    statuses = tuple(failed.get(i, CONVERGED) for i in range(6))
    found = np.array([np.nan if i in failed else root.value for i, root in enumerate(roots)])
    errors = np.array([np.nan if i in failed else root.error for i, root in enumerate(roots)])
    return LimitResult(
        poi=test.poi,
        level=level,
        observed=float(found[0]),
        expected=found[1:],
        observed_error=float(errors[0]),
        expected_errors=errors[1:],
        statuses=statuses,
        curve=_without_toys(test),
        ranges=_ranges(test, level, found),
        origin=test.origin.also(*tests.told(found[:1]), level=level),
    )


def _tested(test: HypothesisTest, roots: list[Root]) -> tuple[FloatArray, FloatArray]:
    """Return the tested values beside the observed limit and beside the expected ones, as far as these are found."""
    beside = [root.x[np.argmin(np.abs(root.x - root.value))] if root.found else np.nan for root in roots]
    values = np.array(beside)
    return values[:1], values[1:]


def _ranges(test: HypothesisTest, level: float, limits: FloatArray) -> FloatArray:
    """Return where the six limits lie, whatever the toys without a fit would have given, shape (6, 2); (0, 2) without.

    These are the crossings of the lowest and of the highest possible CLs, as far as the tests tell.
    """
    if test.counts is None or test.counts.ranges is None:
        return np.empty((0, 2))
    ranges = np.tile(limits[:, None], 2)
    if not test.counts.failures.any():
        return ranges
    cls = np.concatenate([test.counts.ranges.cls[:, None], test.counts.ranges.expected_cls], axis=1)
    steps = np.ones(len(test))  # CLs of toys has steps: straight lines between the tests
    for i in np.flatnonzero(np.isfinite(limits)):
        for side in (0, 1):
            root = Root.through(test, np.log10(np.maximum(cls[:, i, side], 1e-300)), steps, level)
            ranges[i, side] = np.inf if root.bracket is None else root.value
    return np.stack([np.fmin(ranges[:, 0], limits), np.fmax(ranges[:, 1], limits)], axis=1)


def _without_toys(test: HypothesisTest) -> HypothesisTest:
    """Return a test without the statistics of single toys, which would be most of the file of a limit."""
    return test if test.counts is None else replace(test, counts=test.counts.without_toys())


@dataclass(frozen=True, eq=False)
class Root:
    """Where log10 CLs of one of six curves crosses that of the limit, as far as the tests at `x` tell.

    `heights` is log10(CLs / (1 - level)), `noise` its standard deviation (0 without toys); `tried` are all values with
    a test, also those without an answer. `x[0]` is 0, where CLs is 1. Of several crossings the last one counts.
    """

    x: FloatArray
    heights: FloatArray
    noise: FloatArray
    tried: FloatArray

    @classmethod
    def of(cls, test: HypothesisTest, curve: int, level: float) -> Root:
        """Return the crossing of the observed curve (0) or of an expected one (1 to 5)."""
        log10 = test.observed.log10_cls if curve == 0 else test.expected.log10_cls[:, curve - 1]
        noise = np.zeros(len(test))
        if test.counts is not None:
            counts = test.counts
            errors = counts.cls_error if curve == 0 else counts.expected_cls_error[:, curve - 1]
            noise = errors / (np.log(10) * np.maximum(10.0**log10, 1e-300))
        return cls.through(test, log10, noise, level)

    @classmethod
    def through(cls, test: HypothesisTest, log10: FloatArray, noise: FloatArray, level: float) -> Root:
        """Return the crossing of log10 CLs, shape (values,), with these errors."""
        use = np.isfinite(log10) & (test.values > 0)
        x = np.concatenate([[0.0], test.values[use]])
        heights = np.concatenate([[0.0], log10[use]]) - np.log10(1 - level)
        return cls(x, heights, np.concatenate([[0.0], noise[use]]), test.values)

    @cached_property
    def bracket(self) -> int | None:
        """The last interval in which CLs falls below that of the limit."""
        crossings = ((self.heights[:-1] > 0) & (self.heights[1:] <= 0)).nonzero()[0].tolist()
        return crossings[-1] if crossings else None

    @cached_property
    def value(self) -> float:
        """The limit, by inverse interpolation through up to four points, else by a straight line."""
        i = self.bracket
        if i is None:
            return np.nan
        (x0, x1), (h0, h1) = self.x[i : i + 2], self.heights[i : i + 2]
        straight = float(x0 + (x1 - x0) * h0 / (h0 - h1))
        near = slice(max(i - 1, 0), i + 3)
        x, heights = self.x[near], self.heights[near]
        if some(self.noise[near] != 0) or not every(heights[1:] < heights[:-1]):
            return straight
        curved = _interpolated(x, heights)
        return curved if x0 < curved < x1 else straight

    @property
    def error(self) -> float:
        """Standard deviation of the limit from toys, NaN without."""
        i = self.bracket
        if i is None or not some(self.noise != 0):
            return np.nan
        # The slope over several standard deviations: CLs of toys has steps.
        noise = float(np.max(self.noise[i : i + 2]))
        low, high = i, i + 1
        while low > 0 and self.heights[low] < 2 * noise:
            low -= 1
        while high < self.x.size - 1 and self.heights[high] > -2 * noise:
            high += 1
        return float(noise * (self.x[high] - self.x[low]) / (self.heights[low] - self.heights[high]))

    @cached_property
    def found(self) -> bool:
        """Whether CLs is right at a test: one at the limit, to `PRECISION`, or one within the error of toys."""
        value = self.value
        if not math.isfinite(value):
            return False
        nearest = int(np.abs(self.x - value).argmin())
        height, noise = abs(self.heights[nearest]), self.noise[nearest]
        close = abs(self.x[nearest] - value) <= PRECISION * value
        return bool(height <= 0.5 * noise or (close and (noise > 0 or height <= HEIGHT)))

    @cached_property
    def jumps(self) -> bool:
        """Whether CLs jumps over that of the limit, as far as fits without noise can tell."""
        i = self.bracket
        if i is None or some(self.noise != 0):
            return False
        narrow = self.x[i + 1] - self.x[i] <= JUMP * self.x[i + 1]
        return bool(narrow and np.abs(self.heights[i : i + 2]).min() > HEIGHT)

    def following(self, turn: int) -> float | None:
        """Return the value to test next, or None where there is none left."""
        i = self.bracket
        if i is None:
            return self._beyond()
        if self.jumps:
            return None
        x0, x1 = self.x[i], self.x[i + 1]
        middle = 0.5 * (x0 + x1)
        # Now and then the middle, so that the interval shrinks from both sides.
        choices = [middle] if turn % 5 == 4 else [self.value, middle]
        for choice in (*choices, 0.75 * x0 + 0.25 * x1, 0.25 * x0 + 0.75 * x1):
            if not some(np.abs(choice - self.tried) <= 1e-9 * np.abs(self.tried)):
                return float(choice)
        return None

    def _beyond(self) -> float | None:
        """Return a value above all that have an answer; None where the search has come too far without a crossing."""
        if self.x.size == 1:
            return None
        top, step = float(self.x[-1]), np.inf
        above = self.tried[self.tried > top]
        if above.size:
            # Tests have failed there: come closer.
            return None if above.min() < 1.05 * top else 0.5 * (top + float(above.min()))
        if top > 1e6 * self.x[1]:
            return None
        slope = (self.heights[-2] - self.heights[-1]) / (top - self.x[-2])
        if slope > 0:
            step = self.heights[-1] / slope
        return top + float(np.clip(1.1 * step, 0.1 * top, 3 * top))

    def reason(self, test: HypothesisTest) -> str:
        """Return why there is no limit."""
        bad = next((s for s in test.statuses if s != CONVERGED), "")
        cls = 10.0 ** (self.heights - self.heights[0])
        i = self.bracket
        if i is not None and self.jumps:
            return f"CLs jumps over it, from {cls[i]:.3g} to {cls[i + 1]:.3g} at {test.poi} = {self.x[i]:.6g}"
        if self.x.size == 1:
            return bad or "no test has an answer there: too few toys"
        if i is not None:
            return bad or "no value is left between the tests on both sides of the limit"
        here = f"it is {cls[-1]:.3g} at {test.poi} = {self.x[-1]:.4g}"
        if (self.tried > self.x[-1]).any():
            return f"not reached: CLs is not low enough ({here}), and beyond tests fail: {bad}"
        return f"there is no such limit: CLs stays above {cls[0] / 10 ** self.heights[0]:.3g} ({here})"


def _interpolated(x: FloatArray, heights: FloatArray) -> float:
    """Return x at height 0 of the polynomial x(height) through the points (Neville's scheme)."""
    p = x.copy()
    for k in range(1, x.size):
        p = (heights[k:] * p[:-1] - heights[:-k] * p[1:]) / (heights[k:] - heights[:-k])
    return float(p[0])
