"""How findings write numbers and places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from wilks._types import FloatArray
from wilks.bin_labels import places


def percent(value: float, *, sign: bool = True) -> str:
    """Return a fraction in percent with as many digits as are useful: `+3.0 %`, `-0.02 %`, `+250 %`; 0 is `0 %`."""
    number = 100.0 * value
    digits = 0 if abs(number) >= 99.95 else 1 if abs(number) >= 0.95 else 2 if abs(number) >= 0.095 else 3
    text = f"{number:.{digits}f}"
    if float(text) == 0.0:
        return "0 %"
    return f"+{text} %" if sign and number > 0 else f"{text} %"


def span(values: FloatArray) -> str:
    """Return one change, or the smallest and largest of several: `+3.0 %`, `+1.2 to +3.4 %`."""
    low, high = percent(float(np.min(values))), percent(float(np.max(values)))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def some(items: Sequence[str], limit: int = 3) -> str:
    """Return the first items separated by commas, the others counted: `a, b, c and 4 more`."""
    shown = ", ".join(items[:limit])
    return f"{shown} and {len(items) - limit} more" if len(items) > limit else shown


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return f'"{name}"'


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 bin`, `3 bins`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def bins(indices: Iterable[int], labels: Sequence[str] = ()) -> str:
    """Return bins as they are written everywhere: `bin 3 (from 0)`, `bins 1 "em", 2 "mm" (from 0)`."""
    return places(indices, labels)
