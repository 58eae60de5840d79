"""Points of parameters tested with as many toys as it takes to tell on which side of 1 - level a p-value is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wilks._types import FloatArray
from wilks.infer.study import Study
from wilks.infer.toy_p_values import SAME, Sample, error_of, usable
from wilks.infer.toy_tests import TESTED, Counter, drawn, pieces, statistics
from wilks.results.feldman_cousins import INSIDE, OUTSIDE, UNDECIDED, PointTests
from wilks.results.lost_toys import between, with_lost
from wilks.results.many import CONVERGED, INTERRUPTED

# Toys before a point is looked at for the first time; then as many again as there are.
FIRST = 100


@dataclass(frozen=True)
class Rule:
    """When a p-value is known to be above or below 1 - `level`: a wrong decision has a probability of at most
    1 - `certainty`, however often it is looked at before all `toys` are made.
    """

    level: float
    certainty: float
    toys: int

    def looks(self) -> list[int]:
        """Return the numbers of toys after which it is looked at."""
        sizes = [FIRST]
        while sizes[-1] < self.toys:
            sizes.append(2 * sizes[-1])
        return [*sizes[:-1], self.toys]

    def decided(self, above: int, used: int, lost: int = 0) -> float:
        """Return INSIDE, OUTSIDE or UNDECIDED for toys of which so many are as large as the observed statistic.

        Exact binomial tests, the allowed error shared by all looks; lost toys count for the other side.
        """
        from scipy.special import betainc

        made, alpha, p = used + lost, (1.0 - self.certainty) / len(self.looks()), 1.0 - self.level
        if not made:
            return UNDECIDED
        if above > 0 and betainc(above, made - above + 1, p) <= alpha:
            return INSIDE
        below = used - above
        return OUTSIDE if below > 0 and betainc(below, made - below + 1, self.level) <= alpha else UNDECIDED


@dataclass(frozen=True, eq=False)
class PointTest:
    """The toys of one point, and what they say about the observed statistic `q`."""

    at: FloatArray
    q: float
    sample: Sample
    verdict: float
    status: str

    @property
    def used(self) -> FloatArray:
        """The test statistics of the toys that have one, sorted."""
        return usable(self.sample.q)

    @property
    def above(self) -> int:
        """How many toys are as large as the observed statistic."""
        return as_large(self.used, self.q)

    @property
    def p_value(self) -> float:
        """Fraction of the toys that are as large as the observed statistic."""
        return self.above / self.used.size if self.used.size else np.nan

    @property
    def error(self) -> float:
        """Standard deviation of the p-value, with the distance to what lost toys leave open."""
        if not self.used.size:
            return np.nan
        ends = between(self.above, self.used.size, self.sample.failures)
        return float(with_lost(error_of(self.p_value, self.used.size), self.p_value, ends))

    def critical(self, level: float) -> float:
        """Return the statistic that this fraction of the toys does not exceed."""
        return float(np.quantile(self.used, level, method="higher")) if self.used.size else np.nan


def as_large(toys: FloatArray, q: float) -> int:
    """Return how many statistics of toys are not below an observed one."""
    return int((toys >= q - SAME * max(1.0, q)).sum())


@dataclass(frozen=True, eq=False)
class Tester:
    """Tests points of the parameters `kept` (positions) with toys made at conditional fits.

    Toy i is made of the same random numbers at all points of a `stream`. Toys made at one point serve all statistics
    that are compared with them (`known`).
    """

    study: Study
    kept: tuple[int, ...]
    rule: Rule
    seed: int
    counter: Counter
    known: dict[bytes, list[Sample]] = field(default_factory=dict)

    def examine(self, theta: FloatArray, q: float, status: str = CONVERGED, *, stream: int = TESTED) -> PointTest:
        """Return the test of a point whose conditional fit to the data is `theta`, with the observed statistic `q`."""
        at = theta[list(self.kept)]
        if status != CONVERGED or not np.isfinite(q):
            nothing = Sample(np.empty(0), 0)
            return PointTest(at, np.nan, nothing, UNDECIDED, status if status != CONVERGED else "no test statistic")
        found, sample = self.known.setdefault(theta.tobytes(), []), Sample(np.empty(0), 0)
        verdict, before = UNDECIDED, 0
        for look, size in enumerate(self.rule.looks()):
            if look == len(found):
                found.append(self.made(theta, (before, size), stream))
            before = size
            sample, verdict = self.looked(found[: look + 1], size, q)
            if sample.done < size or verdict != UNDECIDED:
                break
        ending = INTERRUPTED if sample.done < before else CONVERGED
        if ending == CONVERGED and not np.isfinite(sample.q).any():
            ending = f"toys: {sample.reason}"
        return PointTest(at, q, sample, verdict if ending == CONVERGED else UNDECIDED, ending)

    def looked(self, found: Sequence[Sample], size: int, q: float) -> tuple[Sample, float]:
        """Return the first `size` toys of a point as one sample, and what they say about an observed statistic."""
        sample = Sample.of(found, size)
        if sample.done < size:
            return sample, UNDECIDED
        used = usable(sample.q)
        return sample, self.rule.decided(as_large(used, q), used.size, sample.failures)

    def made(self, theta: FloatArray, numbers: tuple[int, int], stream: int) -> Sample:
        """Return the statistics of toys from one number to another."""
        found, parts = self.study, []
        for first, count in pieces(numbers[1] - numbers[0], found):
            toys = drawn(self.counter, found, theta, (numbers[0] + first, count), self.seed, stream)
            parts.append(statistics(self.counter, found, toys, theta, "t", kept=self.kept))
        return Sample.of(parts, numbers[1] - numbers[0])


def recorded(tests: Sequence[PointTest], level: float) -> PointTests:
    """Return tests as they are saved, in ascending order of the parameters."""
    order = sorted(tests, key=lambda test: tuple(test.at))
    width = len(order[0].at) if order else 1
    return PointTests(
        values=np.array([test.at for test in order]).reshape(len(order), width),
        statistic=np.array([test.q for test in order]),
        critical=np.array([test.critical(level) for test in order]),
        p_values=np.array([test.p_value for test in order]),
        errors=np.array([test.error for test in order]),
        toys=np.array([float(test.sample.done) for test in order]),
        failures=np.array([float(test.sample.failures) for test in order]),
        verdicts=np.array([test.verdict for test in order]),
        statuses=tuple(test.status for test in order),
    )
