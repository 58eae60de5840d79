"""Hypothesis tests with toys thrown at a mixture of signals, for p-values far below one in as many as there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from wilks._types import FloatArray
from wilks.infer.asymptotic_tests import AsymptoticTests, alternative
from wilks.infer.mixtures import mixture
from wilks.infer.thrown import Throwing
from wilks.infer.toy_p_values import ranges, with_rows
from wilks.infer.toy_tests import Counter
from wilks.infer.weighted_p_values import ENOUGH, Weighted, WeightedRow, weighed
from wilks.results.conditions import Condition
from wilks.results.hypotest import HypothesisTest
from wilks.results.many import CONVERGED, INTERRUPTED
from wilks.results.tested import ToyCounts, ToyWeights
from wilks.table import number

# The first of the streams of random numbers that the parts have.
_STREAM = 32


@dataclass(frozen=True, eq=False)
class WeightedTests:
    """Tests with weighted toys: of every value `toys`, which stand for it and for the alternative.

    A toy x has the weights p(x | value) / sum_k f_k p(x | signal k) and p(x | alternative) / the same, with the
    densities of all data, auxiliary ones too, and the fractions f_k of the toys thrown at each signal; weighted
    fractions are then CLs+b and CLb without bias (A. Owen, Y. Zhou, J. Am. Stat. Assoc. 95 (2000) 135).
    """

    tests: AsymptoticTests
    toys: int
    seed: int
    counter: Counter
    thrown: Mapping[float, Weighted] = field(default_factory=dict)
    thrown_at: Mapping[float, tuple[float, ...]] = field(default_factory=dict)

    def extended(self, values: FloatArray) -> WeightedTests:
        """Return the tests with toys for these values too."""
        new = [float(v) for v in np.unique(values) if float(v) not in self.thrown]
        self.counter.announce(2 * len(new) * self.toys)
        tests = self.tests.extended(values)
        tests = replace(tests, observed=tests.observed.extended(values))  # toys are made at these fits
        thrown, thrown_at = dict(self.thrown), dict(self.thrown_at)
        for value in new:
            thrown[value], thrown_at[value] = self._made(tests, value)
        return replace(self, tests=tests, thrown=thrown, thrown_at=thrown_at)

    def _made(self, tests: AsymptoticTests, value: float) -> tuple[Weighted, tuple[float, ...]]:
        """Return the toys for a value, and what they were thrown at; none where a fit that they need has failed."""
        profile, other = tests.observed, alternative(tests.statistic)
        theta, status = profile.row(value)
        without, known = profile.row(other)
        if {status, known} != {CONVERGED} or not profile.study.best.minimised or self.counter.stopped:
            return Weighted.of(()), ()
        signals = mixture(profile, tests.statistic, value, other, tests.sigma, self.toys)
        work = Throwing.at(profile.study, tests.statistic, [theta, without], signals, self.seed, _STREAM)
        return Weighted.of(work.all(self.counter)), signals.values

    def told(self, values: FloatArray) -> tuple[Condition, ...]:
        """Return nothing: toys need no asymptotic formulae."""
        return ()

    def confirmed(self, observed: FloatArray, expected: FloatArray) -> None:
        """Return nothing: toys were made at these fits."""

    def test(self, values: FloatArray) -> HypothesisTest:
        """Return the test at values that have toys."""
        base = self.tests.test(values)
        samples = [self.thrown[float(v)] for v in values]
        rows = [weighed(float(q), toys) for q, toys in zip(base.test_statistic, samples, strict=True)]
        one_sided = base.statistic in ("q", "q~")
        every = zip(base.statuses, samples, rows, strict=True)
        statuses = [s if s != CONVERGED else self._status(toys, row, one_sided) for s, toys, row in every]
        made = np.array([sample.q.size for sample in samples], np.float64)
        possible = np.array([status in (CONVERGED, INTERRUPTED) for status in statuses], np.bool_)
        q = np.stack([self._padded(sample.q) for sample in samples])
        effective = np.stack([row.effective for row in rows], axis=1)
        both = [np.stack([self._padded(sample.weights[i]) for sample in samples]) for i in (0, 1)]
        counts = ToyCounts(
            seed=str(self.seed),
            toys=np.full(values.size, float(self.toys)),
            failures=np.array([sample.failures for sample in samples], np.float64),
            interrupted=np.where(possible | (made > 0), self.toys - made, 0.0),
            clsb_error=np.array([row.clsb_error for row in rows]),
            cls_error=np.array([row.cls_error for row in rows]),
            expected_cls_error=np.stack([row.expected_error for row in rows]),
            tested=q,
            alternative=q,
            ranges=ranges(rows),
            weights=ToyWeights(both[0], both[1], effective[0], effective[1]),
        )
        at = [list(self.thrown_at[float(v)]) for v in values]
        settings = {"toys": self.toys, "seed": self.seed, "importance": True, "thrown_at": at}
        return with_rows(base, rows, statuses, counts, **settings)

    def _padded(self, row: FloatArray) -> FloatArray:
        """Return a row with NaN for the toys that were not made."""
        return np.concatenate([row, np.full(self.toys - row.size, np.nan)])

    def _status(self, toys: Weighted, row: WeightedRow, one_sided: bool) -> str:
        """Return why toys give no answer, or that they do."""
        if toys.q.size < self.toys:
            return INTERRUPTED
        if toys.failures == toys.q.size:
            return f"toys: {toys.reason or 'no conditional fit'}"
        fewest = float(row.effective.min() if one_sided else row.effective[0])
        if fewest >= ENOUGH:
            return CONVERGED
        which = "CLs+b" if row.effective[0] < ENOUGH else "CLb"
        return (
            f"toys: too few count: the {self.toys} weighted ones are as good as {number(fewest, 2)} at or above the "
            f"observed statistic, and {which} takes {ENOUGH:g}; ask for more"
        )
