"""Mistakes in the functions of a workspace document."""

from __future__ import annotations

from typing import Any

from wilks.errors import listed
from wilks.workspace.either import get, items, modifier_type
from wilks.workspace.expressions import Expression, ExpressionError, parse_expression

STEERED = ("normfactor", "normsys", "histosys")
"""Types of modifiers that a function can steer."""


def function_mistakes(document: Any) -> list[str]:
    """Return a sentence for every expression that can't be read, every cycle, and modifiers that can't be steered."""
    mistakes, found = [], {}
    for i, function in enumerate(items(document, "functions")):
        name, text, parameters = (get(function, key) for key in ("name", "expression", "parameters"))
        if not (isinstance(name, str) and isinstance(text, str)):
            continue  # a mistake of form
        names = [p for p in parameters if isinstance(p, str)] if isinstance(parameters, list) else None
        try:
            found[name] = parse_expression(text, names)
        except ExpressionError as error:
            mistakes.append(f"functions[{i}].expression: {error}")
    mistakes += [f"functions: {' -> '.join(cycle)}: a function can't need itself" for cycle in cycles(found)]
    return mistakes + _not_steered(document, set(found))


def cycles(functions: dict[str, Expression]) -> list[list[str]]:
    """Return every way from a function back to itself, one per cycle."""
    done: set[str] = set()
    cycles = []
    for start in functions:
        path: list[str] = []
        # Names to look at, or None where the last function of the path has no more.
        todo: list[str | None] = [start]
        while todo:
            name = todo.pop()
            if name is None:
                done.add(path.pop())
            elif name in path:
                cycles.append([*path[path.index(name) :], name])
            elif name in functions and name not in done:
                path.append(name)
                todo += [None, *reversed(functions[name].names)]
    return cycles


def _not_steered(document: Any, functions: set[str]) -> list[str]:
    """Return a sentence for every modifier with the name of a function that no function can steer."""
    mistakes = []
    for i, channel in enumerate(items(document, "channels") if functions else []):
        for j, sample in enumerate(items(channel, "samples")):
            for k, modifier in enumerate(items(sample, "modifiers")):
                kind, name = modifier_type(modifier), get(modifier, "name")
                if isinstance(name, str) and name in functions and kind not in STEERED:
                    at = f"channels[{i}].samples[{j}].modifiers[{k}]"
                    mistakes.append(f'{at}: a {kind} can\'t be steered by the function "{name}"; {listed(STEERED)} can')
    return mistakes
