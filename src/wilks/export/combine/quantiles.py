"""Expected limits at the quantiles that Combine has, which are not quite whole standard deviations."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from wilks._types import FloatArray

# What Combine calls its expected limits: probability of a lower limit, and key in limits.json.
QUANTILES = {0.025: "exp-2", 0.16: "exp-1", 0.5: "exp0", 0.84: "exp+1", 0.975: "exp+2"}
_SIGMAS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
_NEAR = 0.1  # standard deviations: a quantile of Combine is as close to one of ours


def at_quantiles(expected: FloatArray, level: float) -> FloatArray:
    """Return expected CLs limits at Combine's `QUANTILES`, shape (5,), from those at -2, -1, 0, 1, 2 sigma.

    A limit at N sigma is s(N) (N + z(1 - alpha F(N))), alpha = 1 - `level`, F the cumulative normal distribution and z
    its inverse (arXiv:1007.1727, equation 89, for CLs). s, the uncertainty of the parameter at the limit, is constant
    where the likelihood is a parabola and smooth elsewhere; it is interpolated by the polynomial through all limits
    that there are. NaN where the nearest limit is missing.

    >>> import numpy as np
    >>> found = at_quantiles(np.array([1.05, 1.41, 1.96, 2.73, 3.66]), 0.95)
    >>> print(" ".join(f"{limit:.3f}" for limit in found))
    1.062 1.412 1.960 2.725 3.621
    """
    finite = np.isfinite(expected)
    nodes = _SIGMAS[finite]
    spreads = expected[finite] / np.array([_reach(n, level) for n in nodes])
    found = np.full(len(QUANTILES), np.nan)
    for i, quantile in enumerate(QUANTILES):
        n = NormalDist().inv_cdf(quantile)
        if nodes.size and np.abs(nodes - n).min() < _NEAR:
            found[i] = _lagrange(nodes, spreads, n) * _reach(n, level)
    return found


def _reach(n: float, level: float) -> float:
    """Return the limit expected at n sigma, in units of the uncertainty of the parameter."""
    normal = NormalDist()
    return n - normal.inv_cdf((1.0 - level) * normal.cdf(n))


def _lagrange(nodes: FloatArray, values: FloatArray, x: float) -> float:
    """Return the polynomial through all points at x."""
    total = 0.0
    for i, node in enumerate(nodes):
        others = np.delete(nodes, i)
        total += float(values[i] * np.prod((x - others) / (node - others)))
    return total
