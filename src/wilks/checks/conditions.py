"""The rule about every result: what its conditions tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wilks.checks.cases import parameter_case
from wilks.checks.thresholds import Thresholds
from wilks.errors import listed
from wilks.results.conditions import Condition, conditions_of
from wilks.results.findings import Finding


def told(result: Any, limits: Thresholds) -> Iterator[Finding]:
    """What is odd about the best fit, or about the way from it to the answer."""
    for condition in conditions_of(result):
        cases = tuple(
            case for name in condition.parameters for case in parameter_case(name, condition.numbers.get(name))
        )
        place = _place(condition, result)
        yield Finding(condition.rule, condition.severity, place, condition.message, condition.advice, cases)


def _place(condition: Condition, result: Any) -> str:
    names = condition.parameters
    if names:
        return f"{'parameter' if len(names) == 1 else 'parameters'} {listed(names, 3)}"
    measurement = getattr(getattr(result, "origin", result), "measurement", "")
    return f'fit of "{measurement}"' if measurement else "the fit"
