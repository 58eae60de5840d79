"""`Condition`: what is odd about a best fit, or about the way from it to an answer; part of every result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wilks.errors import listed
from wilks.results.findings import Severity
from wilks.table import number

# All rules; those of the first line are also rules about fits.
FAILED, FLAT, AT_BOUND = "failed-fit", "flat-direction", "at-bound"
OTHER_MINIMA, IDLE_POI = "other-minima", "idle-poi"
FEW_EVENTS, BELOW_ZERO, FAR_FROM_ZERO, OTHER_RANGE, KEPT_BY_START, NO_RATE = (
    "few-events",
    "below-zero",
    "far-from-zero",
    "other-range",
    "kept-by-start",
    "no-rate",
)
RULES = (
    FAILED,
    FLAT,
    AT_BOUND,
    OTHER_MINIMA,
    IDLE_POI,
    FEW_EVENTS,
    BELOW_ZERO,
    FAR_FROM_ZERO,
    OTHER_RANGE,
    KEPT_BY_START,
    NO_RATE,
)


@dataclass(frozen=True)
class Condition:
    """One thing that whoever uses a result has to know; `rule` is its name, as in `wilks check`.

    `text` says what was found, `effect` what that does to the parameter of interest or to the answer, `advice` what to
    do; `brief` is what a figure has room for. `parameters` are those that it is about, `numbers` what the sentences
    say, and `bounds` those that would end it.
    """

    rule: str
    severity: Severity
    brief: str
    text: str
    effect: str = ""
    advice: str = ""
    parameters: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What was found, and what it does."""
        return " ".join(part for part in (self.text, self.effect) if part)

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.severity}: {self.message}", self.advice, f"[{self.rule}]") if part)


def has_conditions(result: Any) -> bool:
    """Return whether something is a result that tells its conditions."""
    return isinstance(getattr(getattr(result, "origin", result), "conditions", None), tuple)


def conditions_of(result: Any) -> tuple[Condition, ...]:
    """Return the conditions of any result, none for what has none.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> from wilks.results.conditions import conditions_of
    >>> [condition.rule for condition in conditions_of(wilks.limit(model))]
    ['far-from-zero']
    """
    origin = getattr(result, "origin", result)
    found: tuple[Condition, ...] = getattr(origin, "conditions", ())
    return found


def with_conditions(result: Any, conditions: Iterable[Condition]) -> Any:
    """Return a result with other conditions; one that can't have any as it is."""
    if hasattr(result, "origin"):
        return replace(result, origin=replace(result.origin, conditions=tuple(conditions)))
    return replace(result, conditions=tuple(conditions)) if hasattr(result, "conditions") else result


def beyond_status(conditions: Iterable[Condition]) -> list[Condition]:
    """Return those that the status of a fit does not tell."""
    return [condition for condition in conditions if condition.rule not in (FAILED, FLAT)]


def without(result: Any, known: Iterable[Condition]) -> Any:
    """Return a result without conditions that were told before."""
    told = list(known)
    return with_conditions(result, (condition for condition in conditions_of(result) if condition not in told))


def best_fit(poi: str, value: float, statistic: str, conditions: Iterable[Condition]) -> str:
    """Return the best fit of a test as text: where the statistic keeps it at its bound, that and the free fit's value.

    A condition tells the latter.
    """
    free = [each.numbers[poi] for each in conditions if each.rule == BELOW_ZERO and poi in each.numbers]
    if not free:
        return number(value)
    return f"{number(value)} ({statistic} keeps it at {number(value)} or above; the free fit gives {number(free[0])})"


def condition_lines(conditions: Iterable[Condition]) -> list[str]:
    """Return conditions as lines below a text, an empty one first; nothing where there are none."""
    lines = [str(condition) for condition in conditions]
    return ["", *lines] if lines else []


def condition_html(conditions: Iterable[Condition]) -> str:
    """Return conditions as paragraphs of HTML."""
    from html import escape

    return "".join(f"<p>{escape(str(condition))}</p>" for condition in conditions)


def blinded(conditions: Iterable[Condition], hidden: Iterable[str]) -> tuple[Condition, ...]:
    """Return conditions without what tells the value of parameters: those about them, and effects of the others."""
    names = set(hidden)
    return tuple(
        replace(condition, effect="", numbers={k: v for k, v in condition.numbers.items() if k not in names})
        for condition in conditions
        if condition.rule in (FAILED, FLAT) or not names.intersection(condition.parameters)
    )


def merged(points: Mapping[str, Iterable[Condition]]) -> tuple[Condition, ...]:
    """Return the conditions of many answers, by the name of the point: each kind once, with the points that have it."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, Condition]] = {}
    for point, conditions in points.items():
        for condition in conditions:
            found.setdefault((condition.rule, condition.parameters), {})[point] = condition
    return tuple(_merged(by_point, len(points)) for by_point in found.values())


def _merged(by_point: Mapping[str, Condition], points: int) -> Condition:
    first = next(iter(by_point.values()))
    if points == 1:
        return first
    which = f"{len(by_point)} of {points} points"
    where = f"At {which} ({listed(tuple(by_point), 6)})" if len(by_point) < points else f"At all {points} points"
    example = f", as at the first: {first.text}" if len(by_point) > 1 else f": {first.text}"
    severity = min((each.severity for each in by_point.values()), key=list(Severity).index)
    return replace(
        first,
        severity=severity,
        brief=first.brief if len(by_point) == points else f"{first.brief} ({which})",
        text=where + example,
    )
