"""The numbers in a statistics box, and how browsers of ROOT files write numbers and names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wilks.histogram import Histogram


@dataclass(frozen=True)
class Statistics:
    """What a statistics box shows; `mean` and `stdev` are None where they are not defined."""

    entries: float | None
    integral: float
    mean: float | None
    stdev: float | None
    underflow: float
    overflow: float


def statistics(histogram: Histogram) -> Statistics:
    """Return entries, integral, mean, standard deviation, underflow and overflow of a histogram.

    Integral, mean and standard deviation are those of the bins inside the edges, every bin's content sitting at its
    centre: what ROOT's TH1 gives after SetRange over all bins. (Without a range ROOT takes the sums it kept while
    filling, which a histogram that was rebinned or scaled by hand no longer has.) Contents that sum to zero have no
    mean, nor have bins that are labels, and a variance that negative weights make negative has no root.
    """
    contents, centers = histogram.contents, histogram.axis.centers
    integral = histogram.integral
    mean = stdev = None
    if integral != 0.0 and not histogram.axis.is_categorical and math.isfinite(integral):
        mean = float(np.dot(contents, centers)) / integral
        variance = float(np.dot(contents, (centers - mean) ** 2)) / integral
        stdev = math.sqrt(variance) if variance >= 0.0 else None
    return Statistics(histogram.entries, integral, mean, stdev, histogram.underflow, histogram.overflow)


def spill(histogram: Histogram) -> str:
    """Return a sentence on what lies outside the edges where that is over 1 % of everything, else an empty string."""
    outside = abs(histogram.underflow) + abs(histogram.overflow)
    total = outside + float(np.abs(histogram.contents).sum())
    if not outside > 0.01 * total:
        return ""
    parts = []
    for yield_, edge in ((histogram.underflow, "below the first edge"), (histogram.overflow, "above the last edge")):
        if abs(yield_) > 0.001 * total:
            parts.append(f"{number(yield_)} {edge} ({abs(yield_) / total:.1%} of everything)")
    return " and ".join(parts)


def number(value: float | None) -> str:
    """Return a number with six significant digits, whole numbers in full, `-` where there is none.

    >>> number(98989.27364), number(28341083.0), number(None)
    ('98989.3', '28341083', '-')
    """
    if value is None:
        return "-"
    if math.isfinite(value) and value == int(value) and abs(value) < 1e12:
        return str(int(value))
    return f"{value:.6g}"


def printable(text: str) -> str:
    r"""Return text with control characters written out, so that a name in a file can't steer the terminal.

    >>> printable("a\x1b[31m")
    'a\\x1b[31m'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
