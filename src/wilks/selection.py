"""Things by name or pattern, and in order: parameters, channels, samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

_DIGITS = re.compile(r"(\d+)")


def matching(names: Sequence[str], pattern: str) -> list[int]:
    """Return the positions of the names that a pattern means; empty if none.

    An exact name wins. Otherwise `*` stands for any text and `?` for one character; nothing else is special, since
    names contain brackets.

    >>> matching(["mu", "staterror_SR[0]", "staterror_SR[1]"], "staterror_*")
    [1, 2]
    """
    if pattern in names:
        return [names.index(pattern)]
    if "*" not in pattern and "?" not in pattern:
        return []
    fits = fitting(pattern)
    return [i for i, name in enumerate(names) if fits(name)]


def fitting(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a name fits a pattern, in a time that does not grow with what `*` could stand for.

    >>> fitting("jet_*_20?7")("jet_pt_2017"), fitting("*a*a*a*a*a*a*a*a*ab")("a" * 40)
    (True, False)
    """
    pieces = [re.compile(re.escape(piece).replace(r"\?", "."), re.DOTALL) for piece in pattern.split("*")]
    last = len(pattern) - pattern.rfind("*") - 1

    def fits(name: str) -> bool:
        if len(pieces) == 1:
            return pieces[0].fullmatch(name) is not None
        match = pieces[0].match(name)
        # Of each piece between two `*` the first place will do: what follows has the more to choose from.
        for piece in pieces[1:-1]:
            match = match and piece.search(name, match.end())
        return (
            match is not None and match.end() <= len(name) - last and bool(pieces[-1].fullmatch(name, len(name) - last))
        )

    return fits


def natural(names: Iterable[str]) -> list[str]:
    """Return names in a natural order, 2 before 10, where they stand in that of the alphabet; else as they are.

    Any other order is somebody's choice, and so is where one alphabetical list ends and the next begins.

    >>> natural(["bin 1", "bin 10", "bin 2"]), natural(["bin 10", "CR", "bin 2"])
    (['bin 1', 'bin 2', 'bin 10'], ['bin 10', 'CR', 'bin 2'])
    """
    lists: list[list[str]] = []
    for name in names:
        if not lists or name < lists[-1][-1]:
            lists.append([])
        lists[-1].append(name)
    return [name for each in lists for name in sorted(each, key=_natural_key)]


def _natural_key(name: str) -> list[tuple[bool, int, str]]:
    digits = [part.lstrip("0") if i % 2 else part for i, part in enumerate(_DIGITS.split(name))]
    return [(i % 2 == 1, len(part) * (i % 2), part) for i, part in enumerate(digits)]
