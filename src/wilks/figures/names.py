"""Names on figures: whole, in lines where they are long, and never two alike for names that differ."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from wilks.figures.style import WIDTH, label

_LINE = 1.25  # height of a line of text, in font sizes


def labels(names: Iterable[str], width: int = WIDTH) -> dict[str, str]:
    """Return what to draw for each name, as `label` has it; names that differ are drawn differently.

    >>> labels(["W", "top and its antiparticle"], 16)
    {'W': 'W', 'top and its antiparticle': 'top and its\\nantiparticle'}
    """
    found = {name: label(name, width) for name in names}
    for alike in _alike(found):
        numbers = count(1)
        for name in alike:
            taken = set(found.values())
            found[name] = next(text for number in numbers if (text := f"{found[name]} ({number})") not in taken)
    return found


def letters(texts: Iterable[str]) -> int:
    """Return the number of characters in the longest line of texts."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def row_height(least: float, texts: Iterable[str], size: float = 10.0) -> float:
    """Return the height in inches of rows, at `least` this, that have room for texts in a font of a size in points.

    >>> row_height(0.25, ["one line"]), row_height(0.25, ["two\\nlines"])
    (0.25, 0.3888888888888889)
    """
    return max(least, (_LINE * size * max((text.count("\n") + 1 for text in texts), default=1) + 3.0) / 72)


def _alike(found: dict[str, str]) -> list[list[str]]:
    """Return the names of which the same would be drawn, together."""
    by_text: dict[str, list[str]] = {}
    for name, text in found.items():
        by_text.setdefault(text, []).append(name)
    return [names for names in by_text.values() if len(names) > 1]
