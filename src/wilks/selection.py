"""Things by name or pattern: parameters, channels, samples."""

from __future__ import annotations

import re
from collections.abc import Sequence


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
    expression = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    return [i for i, name in enumerate(names) if expression.fullmatch(name)]
