"""Poisson intervals for data points."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray


def garwood(counts: FloatArray, level: float = 0.682689492137086) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper ends of the central Poisson intervals of observed counts, each of the same shape.

    F. Garwood, Biometrika 28 (1936) 437: half a chi-square quantile with 2n (lower) and 2n + 2 (upper) degrees of
    freedom, which also serves for counts that are not integers; the lower end of an empty bin is 0. NaN stays NaN.
    """
    from scipy.special import gammaincinv

    counts = np.asarray(counts, dtype=np.float64)
    tail = 0.5 * (1.0 - level)
    filled = np.where(counts > 0, counts, 1.0)
    lower: FloatArray = np.where(counts > 0, gammaincinv(filled, tail), np.where(np.isnan(counts), np.nan, 0.0))
    upper: FloatArray = gammaincinv(np.maximum(counts, 0.0) + 1.0, 1.0 - tail)
    return lower, upper
