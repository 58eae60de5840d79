"""New names from patterns: `JES_*` to `ATLAS_JES_*`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from wilks.errors import listed, nearest
from wilks.selection import matching

_WILD = re.compile(r"[*?]")


def new_names(
    names: Sequence[str], changes: Mapping[str, str], what: str, problems: list[str], *, keep: Collection[str] = ()
) -> dict[str, str]:
    """Return the new name of each name that a key of `changes` (a name or pattern) means; adds to `problems`.

    What `*` and `?` stand for in a pattern is put in their place in the new name, which has the same ones in the same
    order. An exact name wins over patterns, and its new name is taken as it is; names in `keep` are changed by exact
    names only.
    """
    found: dict[str, str] = {}
    for pattern, new in changes.items():
        exact = pattern in names
        places = matching(names, pattern)
        if not places:
            known = f"the workspace has {listed(names)}" if names else "the workspace has none"
            problems.append(f'no {what} "{pattern}", {known}{nearest(pattern, names)}')
        if not new:
            problems.append(f'{what} "{pattern}": the new name is empty')
            continue
        if not exact and places and _WILD.findall(pattern) != _WILD.findall(new):
            wild = " ".join(_WILD.findall(pattern))
            problems.append(f'{what} "{pattern}": the new name must have the same {wild} in this order, found "{new}"')
            continue
        for name in (names[i] for i in places):
            if not exact and (name in keep or name in changes):
                continue
            renamed = new if exact else _filled(name, pattern, new)
            if found.setdefault(name, renamed) != renamed:
                problems.append(f'{what} "{name}" would get two names, "{found[name]}" and "{renamed}"')
    return found


def _filled(name: str, pattern: str, new: str) -> str:
    """Return a new name with what the wildcards of a pattern stand for in a name that fits it.

    Each `*` stands for as little as it can, the last for the rest; the time does not grow with what it could be.
    """
    pieces = [re.compile(re.escape(piece).replace(r"\?", "(.)"), re.DOTALL) for piece in pattern.split("*")]
    last = len(name) - (len(pattern) - pattern.rfind("*") - 1)
    texts: list[str] = []
    end = 0
    for i, piece in enumerate(pieces):
        if i == 0:
            match = piece.match(name)
        else:
            match = piece.match(name, last) if i == len(pieces) - 1 else piece.search(name, end)
        if match is not None:  # it fits: matching said so
            texts += [name[end : match.start()]] * (i > 0) + list(match.groups())
            end = match.end()
    filled = iter(texts)
    return _WILD.sub(lambda _: next(filled), new)


def clashes(names: Sequence[str], changed: Mapping[str, str], what: str, advice: str = "") -> list[str]:
    """Return a sentence for each new name that two of the names would have."""
    owners: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        owners.setdefault(changed.get(name, name), []).append(name)
    return [
        f'{what} {listed(olds)} would have one name, "{new}"{advice}'
        for new, olds in owners.items()
        if len(olds) > 1 and any(old in changed for old in olds)
    ]
