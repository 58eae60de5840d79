"""p-values of the profile likelihood ratio in the asymptotic limit (Cowan, Cranmer, Gross, Vitells, 1007.1727).

Everything is written in y = -mu_hat / sigma, which is normally distributed: around -sqrt(qA) where the tested value is
true, around 0 where the alternative is. qA is the test statistic of the alternative's Asimov data, and sqrt(qA) the
distance of the two in standard deviations (eq. 29 of the paper). Logarithms keep tails of any depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ModelError, listed, nearest
from wilks.flags import every

STATISTICS = ("t", "t~", "q", "q~", "q0")
TWO_SIDED = ("t", "t~")
BOUNDED = ("t~", "q~", "q0")
"""Statistics with a best fit that is not below 0."""
BASES = ("normal", "clipped_normal")
SIGMAS = np.array([2.0, 1.0, 0.0, -1.0, -2.0])
"""Background fluctuations (in y) of the expected bands: from the smallest to the largest p-value."""


@dataclass(frozen=True, eq=False)
class Tails:
    """Natural logarithms of p-values: of the tested hypothesis (CLs+b) and of the alternative (CLb)."""

    log_clsb: FloatArray
    log_clb: FloatArray

    @property
    def log_cls(self) -> FloatArray:
        """Logarithm of CLs = CLs+b / CLb."""
        return self.log_clsb - self.log_clb


def check_test(statistic: str, base: str = "normal", allowed: tuple[str, ...] = STATISTICS) -> None:
    """Raise ModelError for a test statistic or a base distribution that does not exist."""
    problems = []
    if statistic not in allowed:
        problems.append(f'no test statistic "{statistic}" here; allowed are {listed(allowed)}')
    if base not in BASES:
        problems.append(f'no base distribution "{base}"; allowed are {listed(BASES)}{nearest(base, BASES)}')
    if problems:
        raise ModelError(problems)


def observed_tails(q: FloatArray, asimov: FloatArray, statistic: str) -> Tails:
    """Return the p-values of the observed test statistic; `asimov` is that of the alternative's Asimov data.

    q, q0: eqs. 57, 59; q~: eq. 65; t: eq. 36; t~: eq. 43.
    """
    root, distance = np.sqrt(q), np.sqrt(asimov)
    return _tails(root, _downward(root, distance, statistic), distance, statistic)


def all_tails(q: FloatArray, asimov: FloatArray, statistic: str, base: str = "normal") -> Tails:
    """Return the p-values of `observed_tails`, then in five columns those of `expected_tails`, shape (..., 6)."""
    root, distance = np.sqrt(q)[..., None], np.sqrt(asimov)[..., None]
    observed = root, _downward(root, distance, statistic)
    both = zip(observed, _expected(distance, statistic, base), strict=True)
    root, y = (np.concatenate(sides, axis=-1) for sides in both)
    return _tails(root, y, distance, statistic)


def expected_tails(asimov: FloatArray, statistic: str, base: str = "normal") -> Tails:
    """Return the p-values, shape (..., 5), that are expected from the alternative at its quantiles `SIGMAS`.

    As in pyhf, the fluctuations of q, q~ and q0 are those of mu_hat; "clipped_normal" keeps them from passing the
    tested value, where the test statistic is 0 ("normal", as ROOT, does not). t and t~ have quantiles of their own.
    """
    distance = np.sqrt(asimov)[..., None]
    return _tails(*_expected(distance, statistic, base), distance, statistic)


def _expected(distance: FloatArray, statistic: str, base: str) -> tuple[FloatArray, FloatArray]:
    """Return the square roots of the test statistic at the quantiles of the alternative, and y, shape (..., 5)."""
    if statistic in TWO_SIDED:
        root = _two_sided_quantile(distance, statistic)
        return root, _downward(root, distance, statistic)
    y = SIGMAS + np.zeros_like(distance)
    if base == "clipped_normal":
        y = np.maximum(y, -distance)
    return y + distance, y


def log_tail(z: FloatArray) -> FloatArray:
    """Return the logarithm of the probability that a standard normal variable is above z."""
    from scipy.special import log_ndtr

    tail: FloatArray = log_ndtr(-z)
    return tail


def _downward(root: FloatArray, distance: FloatArray, statistic: str) -> FloatArray:
    """Return y for a test statistic (its square root) with mu_hat below the tested value."""
    if statistic not in ("q~", "t~"):
        return root - distance
    inside = root <= distance
    if every(inside):
        return root - distance
    # mu_hat < 0: the statistic is linear in mu_hat. At a distance of 0 there is nothing below the tested value.
    below = np.full(np.shape(root), np.inf) if statistic == "t~" else root
    linear = np.divide(root**2 - distance**2, 2 * distance, out=below + 0 * distance, where=distance > 0)
    return np.where(inside, root - distance, linear)


def _tails(root: FloatArray, y: FloatArray, distance: FloatArray, statistic: str) -> Tails:
    clsb, clb = log_tail(y + distance), log_tail(y)
    if statistic in TWO_SIDED:
        # mu_hat above the tested value counts as well. NaN, of values without a fit, stays what it is.
        with np.errstate(invalid="ignore"):
            clsb = np.logaddexp(clsb, log_tail(root))
            clb = np.logaddexp(clb, log_tail(root + distance))
    return Tails(clsb, clb)


def _two_sided_quantile(distance: Any, statistic: str) -> FloatArray:
    """Return sqrt(t) at the quantiles `SIGMAS` of the alternative's distribution of t, by bisection."""
    wanted = log_tail(SIGMAS)
    low = np.zeros(np.broadcast_shapes(distance.shape, SIGMAS.shape))
    high = low + 10.0 + 2 * distance
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = _tails(middle, _downward(middle, distance, statistic), distance, statistic).log_clb > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    root: FloatArray = 0.5 * (low + high)
    return root
