"""p-values between those that were tested: as smooth as the test statistics that they come from."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.results.hypotest import HypothesisTest


def between(x: FloatArray, p: FloatArray, fine: FloatArray, from_one: bool) -> FloatArray:
    """Return p-values between the tested ones, shape (fine, ...); NaN outside of what was tested.

    What is interpolated, by monotone cubics, is nearly a straight line: of CLs (`from_one`: 1 at 0) the root s of the
    test statistic of Asimov data that gives it, (1 - Phi(s - n)) / Phi(n) = CLs for the band of n standard deviations
    (1007.1727, eq. 89); of other p-values their logarithms.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.special import log_ndtr, ndtri_exp

    values = np.log(np.maximum(p, 1e-300))
    bands = np.arange(-2.0, 3.0) if p.ndim == 2 else 0.0
    if from_one:
        # Toys may give a CLs above 1, and counts have an end.
        values = bands - ndtri_exp(np.minimum(values + log_ndtr(bands), -1e-12))
        if x[0] > 0:
            x, values = np.append(0.0, x), np.concatenate([np.zeros((1, *values.shape[1:])), values])
    x, first = np.unique(x, return_index=True)
    between: FloatArray = PchipInterpolator(x, values[first], axis=0, extrapolate=False)(fine)
    smooth: FloatArray = np.exp(log_ndtr(bands - between) - log_ndtr(bands) if from_one else between)
    return smooth


def observed_cls(test: HypothesisTest, fine: FloatArray) -> FloatArray | None:
    """Return the observed CLs at `fine` from the test statistics between the tested values (1007.1727, eq. 59 and 65).

    None where it doesn't follow from them: with toys, another base distribution or statistic, or fewer than two values.
    The statistic is 0 up to the best fit, where the curve has a bend that few values would not show.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.special import log_ndtr

    good = np.isfinite(test.test_statistic) & np.isfinite(test.asimov_statistic)
    asymptotic = test.calculator == "asymptotic" and test.base in ("", "normal")
    if test.statistic not in ("q", "q~") or not asymptotic or not np.isfinite(test.best_value) or good.sum() < 2:
        return None
    x, first = np.unique(test.values[good], return_index=True)
    above = x > test.best_value
    if x.size < 2 or x[0] < 0 or not above.any():
        return None
    q, asimov = (np.sqrt(np.maximum(each[good][first], 0.0)) for each in (test.test_statistic, test.asimov_statistic))
    start = [0.0] if x[0] > 0 else []
    s = PchipInterpolator(np.append(start, x), np.append(start, asimov), extrapolate=False)(fine)
    above_best = PchipInterpolator(np.append(test.best_value, x[above]), np.append(0.0, q[above]), extrapolate=False)
    r = np.where(fine > test.best_value, above_best(np.maximum(fine, test.best_value)), 0.0)
    far = (r > s) & (s > 0) if test.statistic == "q~" else np.zeros(fine.shape, np.bool_)
    divisor = np.where(far, 2.0 * s, 1.0)
    clsb = np.where(far, (r**2 + s**2) / divisor, r)
    clb = np.where(far, (r**2 - s**2) / divisor, r - s)
    found: FloatArray = np.exp(log_ndtr(-clsb) - log_ndtr(-clb))
    return found
