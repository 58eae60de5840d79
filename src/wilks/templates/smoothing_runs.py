"""TRExFitter's smoothing: bins are merged until they matter, and smoothed by running medians once or more.

The rule is that of TRExFitter's `Smoothing: 40` (option MAXVARIATION), as its public versions have it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks.templates.smoothing import smooth_353qh_twice

TURNS = 4
"""How often the ratio may turn before bins are merged further, where nothing else is said."""

_EQUAL, _SAME_RUN = 1e-7, 1e-5
_LONGEST = 4
_OFFSET = 100.0
# Far from 0, where running medians of positive numbers stop.
_SMALLEST = 1e-9


def smoothed_runs(
    variation: FloatArray, nominal: FloatArray, sumw2: FloatArray, tolerance: float, turns: int = TURNS
) -> tuple[FloatArray, float, int]:
    """Return the smoothed ratio variation / nominal, shape (n,), the tolerance that was used, and the merged bins.

    Bins are merged from the left until the relative statistical uncertainty of nominal (from `sumw2`) is below the
    tolerance, which is halved until the ratio in merged bins turns at most `turns` times. With runs of at least k bins
    of equal ratio (4 at most), 353QH, twice, is done 2 k times, if 2 k is below the distance of the first and the last
    bin.
    """
    while True:
        group = _merged(nominal, sumw2, tolerance)
        sums = np.bincount(group, variation), np.bincount(group, nominal)
        merged = np.divide(sums[0], sums[1], out=np.zeros_like(sums[0]), where=sums[1] != 0.0)
        variation = nominal * merged[group]
        if _turns(merged) <= turns or tolerance < _SMALLEST:
            break
        tolerance /= 2.0
    ratio = merged[group]
    filled = np.flatnonzero(ratio)
    if filled.size:
        inside = slice(int(filled[0]), int(filled[-1]) + 1)
        passes = 2 * _shortest_run(ratio)
        if passes < filled[-1] - filled[0]:
            part = ratio[inside] + _OFFSET
            for _ in range(passes):
                part = smooth_353qh_twice(part)
            ratio[inside] = part - _OFFSET
    return ratio, tolerance, merged.size


def _merged(nominal: FloatArray, sumw2: FloatArray, tolerance: float) -> npt.NDArray[np.intp]:
    """Return which merged bin each bin belongs to, shape (n,); what is left at the end joins the last one."""
    ends: list[int] = []
    total, variance = 0.0, 0.0
    for number in range(nominal.size):
        total += abs(float(nominal[number]))
        variance += float(sumw2[number])
        known = 0.0 < variance <= (tolerance * total) ** 2
        last = number == nominal.size - 1
        if known or last:
            if known or not ends:
                ends.append(number + 1)
            else:
                ends[-1] = number + 1
            total, variance = 0.0, 0.0
    return np.repeat(np.arange(len(ends)), np.diff([0, *ends]))


def _turns(ratio: FloatArray) -> int:
    """Return how often the ratio turns; of turns in successive bins each but the first counts twice."""
    count, used, before, rising, turned = 0, 0, 0.0, True, False
    for value in ratio[ratio != 0.0].tolist():
        step, before = value - before, value
        if abs(step) < _EQUAL:
            continue
        used += 1
        turns = used > 2 and (step > 0.0) != rising
        count += (1 + turned) if turns else 0
        turned, rising = turns, step > 0.0
    return count


def _shortest_run(ratio: FloatArray) -> int:
    """Return how many successive bins of equal ratio there are at least, 4 at most."""
    values = ratio[ratio != 0.0]
    ends = np.flatnonzero(np.abs(np.diff(values)) >= _SAME_RUN) + 1
    return min(int(np.diff([0, *ends.tolist(), values.size]).min()), _LONGEST)
