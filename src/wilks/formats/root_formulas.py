"""ROOT's formulas, which are C++: functions have other names, and 1/2 is 0."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wilks.workspace.expressions import Expression, Step, parse_expression

CALLS = {
    "TMath::Exp": "exp",
    "TMath::Log": "log",
    "TMath::Sqrt": "sqrt",
    "TMath::Power": "pow",
    "TMath::Min": "min",
    "TMath::Max": "max",
}
"""Functions by ROOT's names, as expressions call them."""

_NUMBER = re.compile(r"(?<![\w.@\[])(?P<whole>\d+)(?![\w.]|\s*\])|@\d+|\w[\w.]*")
_MARK = "whole_number_"


def as_root_divides(expression: str, parameters: Sequence[str] | None) -> str | None:
    """Return an expression with whole numbers divided as ROOT divides them; None where that makes no difference.

    Raises ZeroDivisionError.

    >>> as_root_divides("1/2 * a + 4/2", None)
    '(0 * a) + 2'
    """
    steps = _marked(expression, parameters).steps
    values = _whole(steps)
    if not _differs(steps, values):
        return None
    return _text(steps, values, parameters or ())


def with_fractions(expression: str, parameters: Sequence[str] | None) -> str:
    """Return an expression that has in ROOT the value that it has here: whole numbers get a decimal point if they must.

    >>> with_fractions("1/2 * a", None), with_fractions("a / 2", None)
    ('1.0/2.0 * a', 'a / 2')
    """
    marked = _marked(expression, parameters)
    try:
        needed = marked.has_kinks or _differs(marked.steps, _whole(marked.steps))
    except ZeroDivisionError:
        needed = True
    return (
        _NUMBER.sub(lambda found: f"{found[0]}.0" if found["whole"] else found[0], expression) if needed else expression
    )


def _marked(expression: str, parameters: Sequence[str] | None) -> Expression:
    """Return the operations of an expression with names in place of its whole numbers."""
    text = _NUMBER.sub(lambda found: f"{_MARK}{found[0]}" if found["whole"] else found[0], expression)
    return parse_expression(text, parameters)


def _whole(steps: Sequence[Step]) -> list[int | None]:
    """Return the value of each step that C++ computes with whole numbers, None of the others."""
    values: list[int | None] = []
    for step in steps:
        value: int | None = None
        operands = [values[i] for i in step.operands]
        if step.operation == "name" and step.name.startswith(_MARK):
            value = int(step.name.removeprefix(_MARK))
        elif step.operation == "-" and _is_sign(steps, step) and operands[1] is not None:
            value = -operands[1]
        elif len(operands) == 2 and operands[0] is not None and operands[1] is not None:
            value = _computed(step.operation, operands[0], operands[1])
        values.append(value)
    return values


def _is_sign(steps: Sequence[Step], minus: Step) -> bool:
    """Return whether a difference is one from 0: a minus sign."""
    first = steps[minus.operands[0]]
    return first.operation == "number" and first.number == 0.0


def _computed(operation: str, a: int, b: int) -> int | None:
    if operation == "/":
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    results = {"+": a + b, "-": a - b, "*": a * b, "min": min(a, b), "max": max(a, b)}
    return results.get(operation)


def _differs(steps: Sequence[Step], values: Sequence[int | None]) -> bool:
    for step, value in zip(steps, values, strict=True):
        if step.operation == "/" and value is not None:
            a, b = (values[i] for i in step.operands)
            if a is not None and b is not None and value * b != a:
                return True
    return False


def _text(steps: Sequence[Step], values: Sequence[int | None], parameters: Sequence[str]) -> str:
    """Return operations as text, `parameters` by their place."""
    texts: list[str] = []
    for step, value in zip(steps, values, strict=True):
        operands = [texts[i] for i in step.operands]
        if value is not None:
            texts.append(str(value) if value >= 0 else f"({value})")
        elif step.operation == "name":
            by_place = step.name in parameters
            texts.append(f"@{parameters.index(step.name)}" if by_place else step.name)
        elif step.operation == "number":
            texts.append(repr(step.number))
        elif step.operation in "+-*/^":
            texts.append(f"({operands[0]} {step.operation} {operands[1]})")
        else:
            texts.append(f"{step.operation}({', '.join(operands)})")
    last = texts[-1]
    return last[1:-1] if last.startswith("(") and steps[-1].operation in "+-*/^" else last
