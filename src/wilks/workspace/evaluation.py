"""Values of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from wilks._types import FloatArray
from wilks.workspace.expressions import Expression


def _smaller(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.where(b < a, b, a), np.float64)


def _larger(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.where(b > a, b, a), np.float64)


_OPERATIONS: Mapping[str, Callable[..., FloatArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "min": _smaller,
    "max": _larger,
}
"""Minima and maxima choose as the engine does where one side is no number."""


def evaluated(expression: Expression, values: Mapping[str, FloatArray | float]) -> FloatArray:
    """Return the value of an expression for values of what it needs, numbers or arrays of one shape.

    What is undefined is NaN or infinite, without a warning.

    >>> from wilks.workspace.expressions import parse_expression
    >>> evaluated(parse_expression("2 * a^2"), {"a": np.array([1.0, 3.0])}).tolist()
    [2.0, 18.0]
    """
    done: list[FloatArray] = []
    with np.errstate(all="ignore"):
        for step in expression.steps:
            found: FloatArray | float
            if step.operation == "number":
                found = step.number
            elif step.operation == "name":
                found = values[step.name]
            else:
                found = _OPERATIONS[step.operation](*(done[i] for i in step.operands))
            done.append(np.asarray(found, np.float64))
    return done[-1]
