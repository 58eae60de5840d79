"""The numbers in a statistics box, and how browsers of ROOT files write numbers and names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wilks.drawables import Filled, HistogramND
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
    mean, nor have bins that are labels, and a variance that negative weights make negative has no root. A histogram
    that was filled here (`Filled`) knows mean and standard deviation of the values themselves.
    """
    contents, centers = histogram.contents, histogram.axis.centers
    integral = histogram.integral
    mean = stdev = None
    if isinstance(histogram, Filled):
        mean, stdev = histogram.mean, histogram.stdev_of_values
    elif integral != 0.0 and not histogram.axis.is_categorical and math.isfinite(integral):
        mean = float(np.dot(contents, centers)) / integral
        variance = float(np.dot(contents, (centers - mean) ** 2)) / integral
        stdev = math.sqrt(variance) if variance >= 0.0 else None
    return Statistics(histogram.entries, integral, mean, stdev, histogram.underflow, histogram.overflow)


def plane_statistics(plane: HistogramND) -> dict[str, float | None]:
    """Return what a statistics box shows of a histogram of two axes: entries, integral, means, standard deviations.

    As in `statistics`, those of the bins inside the edges; `outside` is the sum of the contents outside of them. Means
    of averages have no meaning, and are left out; bins that are labels have no mean.
    """
    inside = plane.inside
    found: dict[str, float | None] = {"entries": plane.entries}
    if plane.averaged:
        return found
    total = found["integral"] = float(inside.sum())
    for letter, axis, summed in (("x", plane.axes[0], 1), ("y", plane.axes[1], 0)):
        weights = inside.sum(axis=summed)
        mean = float(weights @ axis.centers) / total if total and not axis.is_categorical else None
        variance = None if mean is None else float(weights @ (axis.centers - mean) ** 2) / total
        if plane.moments:
            found[f"mean {letter}"], found[f"std dev {letter}"] = plane.moments["xy".index(letter)]
            continue
        found[f"mean {letter}"] = mean
        found[f"std dev {letter}"] = None if variance is None or not variance >= 0.0 else math.sqrt(variance)
    found["outside"] = float(plane.contents.sum()) - total
    return found


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
