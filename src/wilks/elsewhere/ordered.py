"""`in_order`: results in the order of their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def in_order(found: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    """Yield results in the order of their places; ends before the first that is missing.

    >>> list(in_order(iter([(1, "b"), (0, "a"), (3, "d")])))
    ['a', 'b']
    """
    early: dict[int, Any] = {}
    following = 0
    for place, made in found:
        early[place] = made
        while following in early:
            yield early.pop(following)
            following += 1
