"""Smoothing of the ratio of a variation to its nominal template by a kernel, or by merging bins until they matter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks.templates.smoothing import smooth_353qh_twice

# How often the merged ratio may turn before bins are merged further.
_TURNS = 4
TOLERANCE = 0.08
# How many bandwidths cross-validation tries, in a geometric series.
_CANDIDATES = 25


def kernel(ratio: FloatArray, weights: FloatArray, bandwidth: float) -> FloatArray:
    """Return local means of the ratio, shape (n,): Gaussian in the distance in bins, times the weights of the bins.

    E. A. Nadaraya, Theory Probab. Appl. 9 (1964) 141; G. S. Watson, Sankhya A 26 (1964) 359. A constant stays the same
    constant, and no value leaves the range of the input. `weights` are not negative, and not all zero.
    """
    matrix = _gaussian(ratio.size, bandwidth) * weights
    smooth: FloatArray = matrix @ ratio / matrix.sum(axis=1)
    return smooth


def best_bandwidth(ratio: FloatArray, weights: FloatArray) -> float:
    """Return the bandwidth, in bins, with which each bin is best predicted by the others (weighted squares).

    Of equally good ones the largest; candidates go from half a bin to the number of bins.
    """
    candidates = np.geomspace(0.5, max(ratio.size, 1), _CANDIDATES)[::-1]
    others = _gaussian(ratio.size, candidates[:, None, None]) * (1.0 - np.eye(ratio.size)) * weights
    norm = others.sum(axis=2)
    # Where no other bin has a weight in reach there is no prediction, and no smoothing to judge.
    predicted = np.divide(others @ ratio, norm, out=np.tile(ratio, (_CANDIDATES, 1)), where=norm > 0.0)
    errors = (ratio - predicted) ** 2 @ weights
    equal = 1e-12 * float(ratio**2 @ weights)
    return float(candidates[np.flatnonzero(errors <= errors.min() + equal)[0]])


def _gaussian(bins: int, bandwidth: float | FloatArray) -> FloatArray:
    distance = np.subtract.outer(np.arange(bins), np.arange(bins)) / bandwidth
    weights: FloatArray = np.exp(-0.5 * distance**2)
    return weights


def max_variation(
    variation: FloatArray, nominal: FloatArray, sumw2: FloatArray, tolerance: float = TOLERANCE
) -> tuple[FloatArray, float, int]:
    """Return the smoothed ratio variation / nominal, shape (n,), the tolerance that was used, and the merged bins.

    Bins are merged from the left until the relative statistical uncertainty of the nominal yield (from `sumw2`) is at
    most the tolerance, which is halved until the ratio in merged bins turns at most four times; every bin then has the
    ratio of its merged bin, smoothed by 353QH, twice. This is how TRExFitter's MAXVARIATION works.
    """
    while True:
        group = merged_bins(nominal, sumw2, tolerance)
        sums = [np.bincount(group, values) for values in (variation, nominal)]
        ratio = np.divide(sums[0], sums[1], out=np.ones_like(sums[0]), where=sums[1] != 0.0)
        # Without statistical uncertainties no tolerance merges anything.
        if _turns(ratio) <= _TURNS or tolerance < 1e-9:
            break
        tolerance /= 2.0
    return smooth_353qh_twice(ratio[group]), tolerance, ratio.size


def merged_bins(nominal: FloatArray, sumw2: FloatArray, tolerance: float) -> npt.NDArray[np.intp]:
    """Return which merged bin each bin belongs to, shape (n,); what is left at the end joins the last one."""
    group = np.zeros(nominal.size, dtype=np.intp)
    current, total, variance = 0, 0.0, 0.0
    for i in range(nominal.size):
        group[i] = current
        total += abs(float(nominal[i]))
        variance += float(sumw2[i])
        if total > 0.0 and variance <= (tolerance * total) ** 2:
            current, total, variance = current + 1, 0.0, 0.0
    # The bins after the last complete merged bin are not significant by themselves.
    return np.minimum(group, max(current - 1, 0))


def _turns(ratio: FloatArray) -> int:
    """Return how often the ratio changes from rising to falling or back."""
    slopes = np.sign(np.diff(ratio))
    slopes = slopes[slopes != 0.0]
    return int(np.count_nonzero(slopes[1:] != slopes[:-1]))
