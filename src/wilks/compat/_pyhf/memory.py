"""`Memory`: the last fits of a model: nothing is fitted twice, and a minimum is the same for all who ask."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.results.fit import FitResult

# So many fits are kept: a scan asks for most of them again and again.
_KEPT = 64
# Minima whose 2NLL differ by less are one.
_SAME = 1e-7


@dataclass(frozen=True, eq=False)
class Question:
    """A fit that is asked for: data, starting values (of what is held: its values), bounds (parameters, 2)."""

    data: FloatArray
    start: FloatArray
    bounds: FloatArray
    held: BoolArray
    maxiter: int

    def same_range(self, other: Question) -> bool:
        """Return whether another question has the same data and bounds."""
        return np.array_equal(self.data, other.data) and np.array_equal(self.bounds, other.bounds)

    def same(self, other: Question) -> bool:
        """Return whether another question is the same one."""
        return (
            self.same_range(other)
            and np.array_equal(self.start, other.start)
            and np.array_equal(self.held, other.held)
            and self.maxiter == other.maxiter
        )


@dataclass(eq=False)
class Memory:
    """Questions and answers, the last ones first."""

    kept: deque[tuple[Question, FitResult]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def known(self, asked: Question) -> FitResult | None:
        """Return the answer of a question that was asked before."""
        return next((result for question, result in self.kept if question.same(asked)), None)

    def added(self, asked: Question, result: FitResult) -> FitResult:
        """Return the result, and keep it. Where one with more, or less, held is the same minimum, it has its digits.

        A free fit that ends with the parameter of interest at its bound, and the conditional fit at this bound, are one
        minimum. So their likelihood ratio is 0 and not what rounding makes of it, which pyhf divides by.
        """
        for question, other in self.kept:
            if not asked.same_range(question):
                continue
            common = asked.held & question.held
            wider = (asked.held >= question.held).all() or (asked.held <= question.held).all()
            only = asked.held ^ question.held
            if (
                wider
                and only.any()
                and np.array_equal(asked.start[common], question.start[common])
                and np.array_equal(result.values[only], other.values[only])
                and abs(result.twice_nll - other.twice_nll) < _SAME
            ):
                result = replace(result, values=other.values, twice_nll=other.twice_nll)
                break
        self.kept.appendleft((asked, result))
        return result
