"""What is tried when a fit does not converge: other starts, Fisher scoring, Minuit; the lowest answer counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wilks._engine import Dataset
from wilks._types import BoolArray, FloatArray
from wilks.errors import WilksError
from wilks.fitting.problem import FitOptions, Problem
from wilks.fitting.status import BRIEF, Status
from wilks.model.model import Model
from wilks.results.fit import Minimum
from wilks.results.many import minimised

NEWTON = "trust-region Newton"
ANOTHER_START = "trust-region Newton, from another start"
SCORING = "Fisher scoring"
MINUIT = "minuit, polished by trust-region Newton"

# Differences of the nll below this don't decide between answers.
LEVEL = 1e-7
# Calls of the nll that MIGRAD gets: where rates vanish it would go on for long.
MINUIT_CALLS = 5_000


@dataclass(frozen=True)
class Answer:
    """What the engine said, and by which way it was found; `calls` are evaluations outside the engine."""

    raw: Mapping[str, Any]
    minimizer: str = NEWTON
    calls: int = 0

    @property
    def settled(self) -> bool:
        """Whether the exact Hessian shows a minimum, be it a flat one."""
        return self.raw["status"] in (Status.CONVERGED, Status.FLAT_DIRECTION)

    @property
    def minimised(self) -> bool:
        """Whether its likelihood is known to be that of a minimum."""
        return minimised(BRIEF[Status(self.raw["status"])], self.raw["edm"])


@dataclass(frozen=True, eq=False)
class Ladder:
    """A problem, and the ways to fit it one after the other."""

    model: Model
    dataset: Dataset
    problem: Problem
    options: FitOptions = field(default_factory=FitOptions)

    def answer(self) -> Answer:
        """Return the fit from the start of the problem, or the best one of the climb where that is not final."""
        first = self.first()
        return first if final(first, self.options) else self.climb(first)

    def first(self) -> Answer:
        """Return the fit from the start of the problem."""
        return Answer(self._fit(self.problem.start))

    def lowest(self, answer: Answer, minima: tuple[Minimum, ...]) -> Answer:
        """Return the answer, or, if one of the minima is lower, the fit that starts there.

        The lowest counts, be it where a rate vanishes.
        """
        if not minima or not 2.0 * answer.raw["nll"] - minima[0].twice_nll > 2.0 * LEVEL:
            return answer
        other = Answer(self._fit(minima[0].values), ANOTHER_START)
        if _best([answer, other]) is answer:
            return answer
        both = {key: answer.raw[key] + other.raw[key] for key in ("iterations", "evaluations")}
        return replace(other, raw={**other.raw, **both}, calls=answer.calls)

    def climb(self, first: Answer, *, likelihood: bool = False) -> Answer:
        """Return the best answer of the rungs above `first`, or `first` itself.

        The climb ends at the first minimum that is as low as anything seen. If there is none, the lowest answer wins.
        Iterations and evaluations are those of all rungs. With `likelihood` nothing but the likelihood is asked for,
        and a minimum on the edge of the possible is one.
        """
        answers = [first]
        for answer in self._rungs(first, answers):
            answers.append(answer)
            if (answer.minimised if likelihood else answer.settled) and answer is _best(answers):
                break
        best = _best(answers)
        iterations = sum(a.raw["iterations"] for a in answers)
        evaluations = sum(a.raw["evaluations"] for a in answers)
        raw = {**best.raw, "iterations": iterations, "evaluations": evaluations}
        return Answer(raw, best.minimizer, sum(a.calls for a in answers))

    def _rungs(self, first: Answer, answers: list[Answer]) -> Iterator[Answer]:
        for start in self._starts(first):
            yield Answer(self._fit(start), ANOTHER_START)
        yield Answer(self._fit(self.problem.start, scoring=True), SCORING)
        lowest = _best(answers).raw
        if np.isfinite(lowest["nll"]):
            yield from self._minuit(lowest["theta"])

    def _starts(self, first: Answer) -> Iterator[FloatArray]:
        """Other starts: values before the fit (free factors 1); free ones fitted alone; constrained ones mirrored."""
        start, held = self.problem.start, self.problem.held
        constrained = ~self.model.unconstrained
        nominal = np.where(held, start, self._inside(np.where(constrained, self.model.nominal, self.model.initial)))
        if (nominal != start).any():
            yield nominal
        if first.raw["status"] == Status.START_OUTSIDE:  # as where a signal of zero is all that a bin has
            nominal = self._inside(np.where(constrained | held, nominal, 1.0))
            yield nominal
        if (constrained & ~held).any() and (~constrained & ~held).any():
            yield self._fit(nominal, held | constrained)["theta"]
        mirrored = self._inside(np.where(constrained & ~held, 2.0 * nominal - first.raw["theta"], first.raw["theta"]))
        if (mirrored != first.raw["theta"]).any():
            yield mirrored

    def _inside(self, theta: FloatArray) -> FloatArray:
        inside: FloatArray = np.where(self.problem.held, theta, np.clip(theta, self.problem.lower, self.problem.upper))
        return inside

    def _fit(self, start: FloatArray, held: BoolArray | None = None, scoring: bool = False) -> Mapping[str, Any]:
        problem = self.problem if held is None else replace(self.problem, held=held)
        return self.model.engine.fit(
            self.dataset,
            np.ascontiguousarray(start),
            problem.lower,
            problem.upper,
            problem.mask,
            self.options.tolerance,
            self.options.max_iterations,
            scoring=scoring,
        )

    def _minuit(self, start: FloatArray) -> Iterator[Answer]:
        from wilks.fitting.minuit import minimise

        try:
            theta, calls = minimise(self.model, self.dataset, replace(self.problem, start=start), MINUIT_CALLS)
        except WilksError:  # not installed
            return
        yield Answer(self._fit(theta), MINUIT, calls)


def final(answer: Answer, options: FitOptions) -> bool:
    """Return whether nothing more is to be tried.

    True for a minimum, for a flat direction, and where fewer iterations were asked for than usual.
    """
    match Status(answer.raw["status"]):
        case Status.CONVERGED | Status.FLAT_DIRECTION | Status.INTERRUPTED:
            return True
        case Status.ITERATION_LIMIT:
            return options.max_iterations < FitOptions.max_iterations
        case _:
            return False


def _best(answers: list[Answer]) -> Answer:
    """Return the lowest; among equals a settled one, else one that is known to be a minimum, and the earlier."""
    lowest = min(a.raw["nll"] for a in answers)
    level = [a for a in answers if a.raw["nll"] <= lowest + LEVEL]
    good = [a for a in level if a.settled] or [a for a in level if a.minimised]
    return good[0] if good else min(level, key=lambda a: float(a.raw["nll"]))
