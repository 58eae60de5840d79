"""Functions of parameters: from the workspace's expressions to operations of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.workspace.expressions import Expression, parse_expression
from wilks.workspace.spec import Document

_OPERATIONS = ("number", "name", "+", "-", "*", "/", "^", "exp", "log", "sqrt", "min", "max")
"""The engine knows them by their places (functions.hpp)."""


@dataclass(frozen=True)
class Functions:
    """The functions of a workspace by name, in an order in which each needs earlier ones only."""

    expressions: Mapping[str, Expression]
    penalties: frozenset[str] = frozenset()
    """Those whose values are added to the negative log-likelihood."""

    def __contains__(self, name: object) -> bool:
        return name in self.expressions

    def __len__(self) -> int:
        return len(self.expressions)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that the functions need, in the order of their first use."""
        every = (name for expression in self.expressions.values() for name in expression.names)
        return tuple(dict.fromkeys(name for name in every if name not in self.expressions))

    def needed_by(self, name: str) -> tuple[str, ...]:
        """Return the parameters that a function needs, also by way of others."""
        found: dict[str, None] = {}
        todo, seen = [name], {name}
        while todo:
            for one in self.expressions[todo.pop()].names:
                if one not in self.expressions:
                    found[one] = None
                elif one not in seen:
                    seen.add(one)
                    todo.append(one)
        return tuple(found)


def functions_of(document: Document) -> Functions:
    """Return the functions of a document, which has been validated."""
    parsed = {f.name: parse_expression(f.expression, f.parameters) for f in document.functions or ()}
    ordered: dict[str, Expression] = {}
    for start in parsed:
        todo = [start]
        while todo:
            open_ = [name for name in parsed[todo[-1]].names if name in parsed and name not in ordered]
            if open_:
                todo.extend(open_)
            else:
                name = todo.pop()
                ordered.setdefault(name, parsed[name])
    return Functions(ordered, frozenset(f.name for f in document.functions or () if f.penalty))


def engine_arrays(functions: Functions, first: Mapping[str, int]) -> dict[str, Any]:
    """Return the engine's arrays; `first` has the positions of the parameters. Same operations are done once."""
    operations: dict[tuple[int, int, int, float], int] = {}
    results: dict[str, int] = {}
    for function, expression in functions.expressions.items():
        places: list[int] = []
        for step in expression.steps:
            if step.operation == "name" and step.name in results:
                places.append(results[step.name])
                continue
            operands = [places[i] for i in step.operands] + [0, 0]
            if step.operation == "name":
                operands[0] = first[step.name]
            key = (_OPERATIONS.index(step.operation), operands[0], operands[1], step.number)
            places.append(operations.setdefault(key, len(operations)))
        results[function] = places[-1]
    rows = list(operations)

    def ints(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.asarray(values, np.int32)

    return {
        "function_operation": ints([row[0] for row in rows]),
        "function_first": ints([row[1] for row in rows]),
        "function_second": ints([row[2] for row in rows]),
        "function_number": np.array([row[3] for row in rows], np.float64),
        "function_result": ints([results[name] for name in functions.expressions]),
        "function_penalty": ints([name in functions.penalties for name in functions.expressions]),
    }
