"""Conditions that tests of the parameter of interest have, and what an answer is once a bound no longer decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wilks.fitting.conditions import Fitted, Rule, failure
from wilks.results.conditions import BELOW_ZERO, FAR_FROM_ZERO, OTHER_RANGE, Condition, conditions_of, with_conditions
from wilks.results.findings import Severity
from wilks.results.many import EDGE, FLAT

if TYPE_CHECKING:
    from wilks.infer.study import Tested

# Standard deviations above 0 from which on a signal is there, and an upper limit tells nothing about whether it is.
DISCOVERED = 5.0

Answer = TypeVar("Answer")
Bounds = Mapping[str, tuple[float, float]]


def rules(tested: Tested | None) -> tuple[Rule, ...]:
    """Return the rules for the best fit of a test, none for other questions."""
    if tested is None:
        return ()
    return (*((below_zero,) if tested.bounded else ()), *(() if tested.range_given else (other_range,)))


def below_zero(fitted: Fitted) -> Iterator[Condition]:
    """The test statistic keeps the best fit at 0; said is where it is without."""
    i, best = fitted.poi, fitted.best
    if not best.at_bound[i] or best.values[i] != fitted.problem.lower[i]:
        return
    lower = fitted.problem.lower.copy()
    lower[i] = -np.inf
    start = np.where(fitted.problem.held, fitted.problem.start, best.values)
    free = fitted.refit(replace(fitted.problem, lower=lower, start=start))
    if free.status.startswith(FLAT):
        yield failure(fitted, free.status)
    if not (free.converged or free.status.startswith(EDGE)):
        return
    name, value, drop = best.names[i], float(free.values[i]), best.twice_nll - free.twice_nll
    edge = "" if free.converged else f" ({free.status})"
    yield Condition(
        BELOW_ZERO,
        Severity.NOTE,
        f"best fit of {name} without its bound: {value:.3g}",
        f'The test statistic keeps "{name}" at {best.values[i]:.4g} or above; the free fit is at {value:.4g}{edge}, '
        f"where 2NLL is lower by {drop:.3g}.",
        advice="Half of all data without signal do that; a value far below zero speaks of a background too high.",
        parameters=(name,),
        numbers={name: value, "2NLL": -float(drop)},
    )


def other_range(fitted: Fitted) -> Iterator[Condition]:
    """The parameter of interest has bounds in the model that the test leaves: 0 or the best fit lies beyond."""
    i, (lower, upper) = fitted.poi, (side[fitted.poi] for side in fitted.model.bounds)
    name, value = fitted.best.names[i], float(fitted.best.values[i])
    beyond = [
        f"{where} = {x:.4g}" for where, x in (("no signal", 0.0), ("the best fit", value)) if not lower <= x <= upper
    ]
    if beyond:
        yield Condition(
            OTHER_RANGE,
            Severity.NOTE,
            f"{name} beyond the model's bounds",
            f'The model keeps "{name}" between {lower:.4g} and {upper:.4g}; the test does not: {", ".join(beyond)}.',
            "",
            "To keep a range, give it (bounds=, --bounds).",
            (name,),
            {"lower": float(lower), "upper": float(upper), name: value},
        )


def far_from_zero(name: str, value: float, q0: float) -> tuple[Condition, ...]:
    """Return what an upper limit has to say where the best fit, `value`, is a discovery; none where it is not.

    `q0` is twice the log likelihood ratio of the best fit and no signal.
    """
    distance = float(np.sqrt(q0))
    if not distance >= DISCOVERED:
        return ()
    return (
        Condition(
            FAR_FROM_ZERO,
            Severity.NOTE,
            f"best fit of {name} {distance:.3g} sigma above 0",
            f'"{name}" is {distance:.3g} standard deviations above 0 (best fit {value:.4g}): the data have the signal, '
            "and an upper limit does not measure it.",
            advice="Ask for an interval (wilks.intervals, wilks intervals); "
            "limits expected without signal are on Asimov data (--asimov).",
            parameters=(name,),
            numbers={name: value, "standard deviations": distance},
        ),
    )


def with_wider_bounds(
    answer: Answer, bounds: Bounds | None, ask: Callable[[Bounds], Answer], say: Callable[[Answer], str]
) -> Answer:
    """Return an answer whose conditions tell what it would be without the bounds that decide it.

    It is asked again with those bounds in place; `say` makes a sentence of the other answer.
    """
    known = conditions_of(answer)
    wider = {name: ends for condition in known for name, ends in condition.bounds.items()}
    if not wider:
        return answer
    others = {name: ends for name, ends in (bounds or {}).items() if name not in wider}
    other = say(ask({**others, **wider}))
    told = (replace(each, effect=f"{each.effect} {other}".strip()) if each.bounds else each for each in known)
    return with_conditions(answer, told)  # type: ignore[no-any-return]
