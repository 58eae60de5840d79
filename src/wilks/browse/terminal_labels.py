"""Labels of bins in a picture made of characters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wilks._types import Positions
from wilks.histogram import Axis
from wilks.moments import printable
from wilks.tlatex import plain

_LONGEST = 20


def shown_labels(axis: Axis, unicode: bool, longest: int = _LONGEST) -> list[str]:
    """Return the labels of bins as a terminal can show them, of long ones the end; nothing where there are none."""
    names = [printable(plain(text, unicode=unicode)) for text in axis.bin_labels]
    return [name if len(name) <= longest else "..." + name[len(name) - longest + 3 :] for name in names]


def labelled_axis(names: Sequence[str], places: Positions, columns: int, line_of: tuple[str, str, str]) -> list[str]:
    """Return the axis line with a tick at every edge, and labels under the bins; nothing if bins are too narrow.

    `places` are the columns of the edges; `line_of` are corner, line and tick. Labels that don't fit side by side stand
    under each other, letter by letter.
    """
    room = int(np.diff(places).min())
    if room < 2:
        return []
    corner, horizontal, tick = line_of
    line = [horizontal] * (columns + 1)
    for place in places:
        line[place] = tick
    line[0] = corner
    upright = max(map(len, names)) >= room
    rows = [[" "] * (columns + 1) for _ in range(max(map(len, names)) if upright else 1)]
    for name, low, high in zip(names, places[:-1], places[1:], strict=True):
        middle = (low + high + 1) // 2
        if upright:
            for row, letter in zip(rows, name, strict=False):
                row[middle] = letter
        else:
            start = middle - len(name) // 2
            rows[0][start : start + len(name)] = name
    return ["".join(line), *("".join(row).rstrip() for row in rows)]
