"""`Memory`: the last fits of a model: nothing is fitted twice, and a minimum is the same for all who ask."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

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
    maxiter: int | None

    @cached_property
    def place(self) -> tuple[bytes, bytes]:
        """What questions about the same data within the same bounds have in common."""
        return self.data.tobytes(), self.bounds.tobytes()

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What the same question has in common."""
        return *self.place, self.held.tobytes(), self.start.tobytes(), self.maxiter


@dataclass(eq=False)
class Memory:
    """Questions and answers by `Question.key`, the last ones last."""

    kept: dict[tuple[object, ...], tuple[Question, FitResult]] = field(default_factory=dict)

    def known(self, asked: Question) -> FitResult | None:
        """Return the answer of a question that was asked before."""
        found = self.kept.pop(asked.key, None)
        if found is None:
            return None
        self.kept[asked.key] = found
        return found[1]

    def added(self, asked: Question, result: FitResult) -> FitResult:
        """Return the result, and keep it. Where one with more, or less, held is the same minimum, it has its digits.

        A free fit that ends with the parameter of interest at its bound, and the conditional fit at this bound, are one
        minimum. So their likelihood ratio is 0 and not what rounding makes of it, which pyhf divides by.
        """
        level = result.twice_nll
        near = [one for one in self.kept.values() if -_SAME < one[1].twice_nll - level < _SAME]
        for question, other in near:
            if question.place == asked.place and _one_minimum(asked, result, question, other):
                result = replace(result, values=other.values, twice_nll=other.twice_nll)
                break
        while len(self.kept) >= _KEPT:
            self.kept.pop(next(iter(self.kept)))
        self.kept[asked.key] = asked, result
        return result


def _one_minimum(asked: Question, result: FitResult, question: Question, other: FitResult) -> bool:
    """Return whether what one of two questions holds, and not the other, is where the other ends all the same."""
    common, only = asked.held & question.held, asked.held ^ question.held
    nested = not ((asked.held & only).any() and (question.held & only).any())
    return (
        bool(only.any())
        and nested
        and np.array_equal(asked.start[common], question.start[common])
        and np.array_equal(result.values[only], other.values[only])
    )
