"""Names on figures: shortened where they are long, and never two alike for names that differ."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, takewhile

from wilks.figures.style import label, pieces_of, shortened

_LEAST = 8  # characters that are left of what long names have in common


def labels(names: Iterable[str], limit: int = 48) -> dict[str, str]:
    """Return what to draw for each name, as `label` has it; names that differ are drawn differently.

    Where long names differ in the middle, what they have in common is left out instead of it.

    >>> list(labels([f"a name that is long, number {i}, of 2016 to 2018" for i in (2, 10)], 24).values())
    ['a name that is…2…o 2018', 'a name that is…10…o 2018']
    """
    found = {name: label(name, limit) for name in names}
    for alike in _alike(found):
        found |= _told_apart(alike, limit)
    for alike in _alike(found):
        numbers = count(1)
        for name in alike:
            taken = set(found.values())
            found[name] = next(text for number in numbers if (text := _numbered(name, number, limit)) not in taken)
    return found


def _alike(found: dict[str, str]) -> list[list[str]]:
    """Return the names of which the same would be drawn, together."""
    by_text: dict[str, list[str]] = {}
    for name, text in found.items():
        by_text.setdefault(text, []).append(name)
    return [names for names in by_text.values() if len(names) > 1]


def _told_apart(names: list[str], limit: int) -> dict[str, str]:
    """Return names without a part of what all of them begin and end with; not always enough."""
    pieces = [pieces_of(name) for name in names]
    first = _common(pieces)
    last = _common([each[first:][::-1] for each in pieces])
    middles = [each[first : len(each) - last] for each in pieces]
    left = limit - 2 - max(map(len, middles))
    if left < _LEAST:  # they differ at more than one place: the first has to do
        head = min(first, _LEAST)
        before = ["…"] * (head < first)
        return {
            name: "".join([*each[:head], *before, *shortened(each[first:], limit - head - len(before))])
            for name, each in zip(names, pieces, strict=True)
        }
    tail = min(last, left // 3)
    head = min(first, left - tail)
    start, end = pieces[0][:head], pieces[0][len(pieces[0]) - tail :]
    before, after = ["…"] * (head < first), ["…"] * (tail < last)
    return {
        name: "".join([*start, *before, *middle, *after, *end]) for name, middle in zip(names, middles, strict=True)
    }


def _common(names: list[list[str]]) -> int:
    """Return how many pieces all names begin with; no part of a number."""
    same = list(takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False)))
    while same and same[-1][0].isdigit():
        same.pop()
    return len(same)


def _numbered(name: str, number: int, limit: int) -> str:
    mark = f" ({number})"
    return "".join(shortened(pieces_of(name), limit - len(mark))) + mark
