"""Several results in one figure: what they must have in common, and how they are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from wilks.errors import InputError, listed
from wilks.figures.style import PETROFF10

# In the order of the results; the first is what the others are compared with.
COLORS = ("black", PETROFF10[2], PETROFF10[0], PETROFF10[1], PETROFF10[4], PETROFF10[5], PETROFF10[3], PETROFF10[6])
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

Record = TypeVar("Record")


def several(results: Mapping[str, Any], kind: type[Record], verb: str, most: int = len(COLORS)) -> dict[str, Record]:
    """Return results by label. Raises TypeError for one of another kind, InputError for none and for too many."""
    for label, result in results.items():
        if not isinstance(result, kind):
            raise TypeError(f'{verb} draws results of kind {kind.__name__}, "{label}" is a {type(result).__name__}')
    if not 0 < len(results) <= most:
        raise InputError(f"{verb} draws 1 to {most} results in one figure, found {len(results)}")
    return dict(results)


def require_same(what: str, found: Mapping[str, Any]) -> Any:
    """Return what all results have; InputError where it is not the same, with who has what."""
    values = list(dict.fromkeys(found.values()))
    if len(values) > 1:
        parts = (f"{value} in {listed([n for n, v in found.items() if v == value], 4)}" for value in values[:4])
        raise InputError(f"results of different {what} don't go into one figure: {'; '.join(parts)}")
    return values[0]


def offsets(count: int, height: float = 0.66) -> list[float]:
    """Return where in a row each of several results lies, from the top: the row is the interval -0.5 to 0.5.

    >>> offsets(1), offsets(2, 0.5)
    ([0.0], [-0.125, 0.125])
    """
    return [height * ((i + 0.5) / count - 0.5) for i in range(count)]


def union(lists: Iterable[Iterable[str]]) -> list[str]:
    """Return all names, each once, in the order in which they first come."""
    return list(dict.fromkeys(name for names in lists for name in names))
