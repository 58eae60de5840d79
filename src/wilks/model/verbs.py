"""`verb`: what every function that asks something of a model says about a call that can't be meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from numbers import Number
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from wilks.errors import KindError, listed, nearest
from wilks.model.model import Model
from wilks.results.fit import FitResult

P = ParamSpec("P")
R = TypeVar("R")


def verb(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for functions of a model: calls that can't be meant raise KindError, and say what to write.

    `example` is a call as it should be, after `wilks.`.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        by_kind: dict[Any, list[str]] = {}
        for parameter in signature.parameters.values():
            by_kind.setdefault(parameter.kind, []).append(parameter.name)
        places = by_kind[inspect.Parameter.POSITIONAL_OR_KEYWORD]
        known = frozenset(signature.parameters)
        needed = [p.name for p in signature.parameters.values() if p.default is p.empty]
        required = frozenset(needed)

        @functools.wraps(function)
        def called(*args: P.args, **keywords: P.kwargs) -> R:
            named = {**dict(zip(places, args, strict=False)), **keywords}
            if len(args) > len(places) or not (known.issuperset(named) and required.issubset(named)):
                raise KindError(f"{_misplaced(args, keywords, places, known, needed)}; write {_written(example)}")
            if not isinstance(named["model"], Model):
                raise KindError(_no_model(function.__name__, named["model"], example))
            if len(args) > 1 and (wrong := _wrong(places[1], args[1])):
                raise KindError(f"{function.__name__}: {wrong}; other settings have names, as {_written(example)}")
            return function(*args, **keywords)

        return called

    return decorate


def _written(example: str) -> str:
    return f"wilks.{example}"


def _no_model(name: str, found: object, example: str) -> str:
    """Return what to write where something else than a model was handed in."""
    kind = type(found).__name__
    if isinstance(found, str | Path):
        how = f"wilks.compile_model(wilks.load_workspace({str(found)!r}))"
    elif isinstance(found, FitResult):
        how = f"the model first: {_written(example)}"
    else:
        how = "wilks.compile_model(workspace)"
    return f"{name} needs a Model, found a {kind}: write {how}"


def _misplaced(
    args: tuple[object, ...],
    keywords: Mapping[str, object],
    places: list[str],
    known: frozenset[str],
    needed: list[str],
) -> str:
    """Return what is wrong with the arguments, as a part of a sentence."""
    problems = []
    if len(args) > len(places):
        only = " and ".join(places)
        problems.append(f"only {only} are given without a name, found {len(args)} values")
    options = sorted(known.difference(places))
    for name in keywords:
        if name not in known:
            near = nearest(name, known).rstrip("?") or f"; there are {listed(options, 20)}"
            problems.append(f'there is no option "{name}"{near}')
    given = {*places[: len(args)], *keywords}
    if missing := [name for name in needed if name not in given]:
        problems.append(f"needed is {listed(missing)}")
    return "; ".join(problems)


def _wrong(place: str, found: object) -> str:
    """Return why something can't be the second argument, or an empty text."""
    if place == "data":
        if isinstance(found, FitResult):
            return "found a FitResult as data; a fit that is at hand is result=..."
        if isinstance(found, Number | str | Path):
            return f"found {str(found)!r} as data, needed is one array (None: the observed data)".replace("'", '"')
        if not hasattr(found, "__array__") and not hasattr(found, "__len__") and found is not None:
            return f"found a {type(found).__name__} as data, needed is one array (None: the observed data)"
    if place == "result" and isinstance(found, Mapping):
        return "parameters by name are `values`, not a fit"
    if place == "result" and not isinstance(found, FitResult) and found is not None:
        return f"found a {type(found).__name__} as result, needed is a FitResult (of wilks.fit)"
    return ""
