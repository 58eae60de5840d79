"""Functions and correlated constraints of a workspace, as HS3 has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from wilks.formats.hs3.points import Measured, global_observable
from wilks.formats.hs3.spelling import Spelling
from wilks.workspace.expressions import Expression, Step, parse_expression
from wilks.workspace.spec import Document

_SIGNS = ("+", "-", "*", "/", "^")
_POWER = "**"  # which ROOT takes for a power, and Python too


def functions_out(document: Document, spelling: Spelling) -> list[dict[str, Any]]:
    """Return the functions of a document, with the names that parameters have in the file."""
    found = []
    for one in document.functions or ():
        expression = parse_expression(one.expression, one.parameters)
        entry = {"name": spelling.functions[one.name], "type": "generic_function"}
        found.append({**entry, "expression": worded(expression, spelling)})
    return found


def worded(expression: Expression, spelling: Spelling) -> str:
    """Return the text of an expression, with a bracket around everything but the whole."""
    texts: list[str] = []
    for step in expression.steps:
        texts.append(_text(step, [texts[i] for i in step.operands], expression.steps, spelling, len(texts)))
    whole = texts[-1]
    return whole[1:-1] if expression.steps[-1].operation in _SIGNS else whole


def _text(step: Step, operands: list[str], steps: tuple[Step, ...], spelling: Spelling, at: int) -> str:
    match step.operation:
        case "number":
            return repr(step.number)  # with a point: ROOT divides whole numbers as C++ does
        case "name":
            return spelling.of(step.name)
        case "-" if step.operands[0] == at - 1 and step.operands[1] < step.operands[0]:  # a sign, read as 0 - operand
            return f"(-{operands[1]})"
        case operation if operation in _SIGNS:
            sign = _POWER if operation == "^" else operation
            return f"({operands[0]} {sign} {operands[1]})"
    return f"{step.operation}({', '.join(operands)})"


def correlated_out(name: str, parameters: list[str], matrix: list[list[Any]], found: Measured) -> dict[str, Any]:
    """Return the normal distribution of several parameters."""
    width = np.array([found.parameters[parameter].width for parameter in parameters], np.float64)
    covariance = np.array(matrix, np.float64) * np.outer(width, width)
    return {
        "name": name,
        "type": "multivariate_normal_dist",
        "x": parameters,
        "mean": [global_observable(parameter) for parameter in parameters],
        "covariances": covariance.tolist(),
    }
