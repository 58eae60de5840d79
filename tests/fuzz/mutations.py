"""Documents with something wrong: keys dropped, types changed, numbers beyond all measure, names repeated."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from tests.fuzz.dice import Dice
from tests.workspace.documents import at, places

ODD: tuple[Any, ...] = (
    None,
    True,
    "",
    "mu",
    "1.0",
    "converged",
    "\ud800",
    "$\\frac{$",
    "x" * 3000,
    [],
    {},
    [[1.0], [2.0, 3.0]],
    {"name": "mu"},
    0,
    -1,
    0.5,
    2**63,
    10**400,
    1e30,
    1e300,
    -1e300,
    1e-300,
    1.7e308,
    math.nan,
    math.inf,
    -math.inf,
)
NUMBERS = tuple(value for value in ODD if isinstance(value, float | int) and not isinstance(value, bool))


def mutated(document: Any, dice: Dice) -> Any:
    """Return a copy of a document after one to three changes."""
    changed = copy.deepcopy(document)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        found = places(changed)
        if found:
            path = dice.choice(found)
            dice.choice(CHANGES)(changed, at(changed, path[:-1]), path[-1], dice)
    return changed


def drop(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Take an entry away."""
    del holder[key]


def replace(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Put something odd in its place: a number for a number, more often than not."""
    number = isinstance(holder[key], int | float)
    holder[key] = copy.deepcopy(dice.choice(NUMBERS if number and dice.chance(0.7) else ODD))


def scale(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Multiply a number, or shuffle a list."""
    if isinstance(holder[key], list):
        holder[key] = dice.shuffled(holder[key])
    elif isinstance(holder[key], float):
        holder[key] *= dice.choice((-1.0, 1e-12, 1e-3, 1e3, 1e12))


def repeat(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Repeat an entry of a list; give one of an object another name."""
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[f"{key}s"] = holder.pop(key)


def swap(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Put another part of the document in its place."""
    holder[key] = copy.deepcopy(at(document, dice.choice(places(document))))


def rename(document: Any, holder: Any, key: Any, dice: Dice) -> None:
    """Let a name be that of something else."""
    names = [path for path in places(document) if path[-1] == "name"]
    if len(names) > 1:
        chosen = dice.choice(names)
        at(document, chosen[:-1])["name"] = at(document, dice.choice(names))


CHANGES: tuple[Callable[[Any, Any, Any, Dice], None], ...] = (drop, replace, replace, scale, repeat, swap, rename)


def moderate(document: Any) -> bool:
    """Return whether every number is one that doubles calculate with: 0, or between 1e-6 and 1e7 in size."""
    values = [at(document, path) for path in places(document)]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return all(v == 0 or 1e-6 <= abs(v) <= 1e7 for v in numbers)
