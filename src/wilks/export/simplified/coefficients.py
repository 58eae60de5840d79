"""Coefficients of a simplified likelihood from its moments, in closed form (arXiv:1809.05548, equations 3.9 to 3.12).

The background of bin I is A_I + B_I theta_I + C_I theta_I^2 with standard normal theta, correlated by rho. So

    m1_I = A_I + C_I,    m2_IJ = B_I B_J rho_IJ + 2 C_I C_J rho_IJ^2,    m3_I = 6 B_I^2 C_I + 8 C_I^3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import BoolArray, FloatArray

# The smallest eigenvalue of correlations: bins that move together leave none.
SMALLEST = 1e-6


@dataclass(frozen=True, eq=False)
class Coefficients:
    """`constant`, `linear` and `quadratic` (bins,) and the correlation matrix `rho` (bins, bins) of the thetas.

    `cut` marks bins whose third moment is larger than a parabola can have: m3^2 <= 8 m2^3. `moved` is the largest
    change of a correlation that made the matrix positive definite.
    """

    constant: FloatArray
    linear: FloatArray
    quadratic: FloatArray
    rho: FloatArray
    cut: BoolArray
    moved: float

    def moments(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the moments that these coefficients have: mean, covariance and third moments."""
        b, c = self.linear, self.quadratic
        covariance = np.outer(b, b) * self.rho + 2.0 * np.outer(c, c) * self.rho**2
        return self.constant + c, covariance, 6.0 * b**2 * c + 8.0 * c**3


def coefficients(mean: FloatArray, covariance: FloatArray, third: FloatArray) -> Coefficients:
    """Return the coefficients with these moments: of shape (bins,), (bins, bins) and (bins,).

    >>> found = coefficients(np.array([50.0]), np.array([[25.0]]), np.array([0.0]))
    >>> float(found.constant[0]), float(found.linear[0]), float(found.quadratic[0])
    (50.0, 5.0, 0.0)
    """
    variance = np.diag(covariance)
    highest = np.sqrt(8.0 * np.maximum(variance, 0.0) ** 3)
    cut = np.abs(third) > highest
    quadratic = _quadratic(variance, np.clip(third, -highest, highest))
    linear = np.sqrt(np.maximum(variance - 2.0 * quadratic**2, 0.0))
    rho, moved = _positive(_correlations(linear, quadratic, covariance))
    return Coefficients(mean - quadratic, linear, quadratic, rho, cut, moved)


def _quadratic(variance: FloatArray, third: FloatArray) -> FloatArray:
    """Return the small root of 6 (m2 - 2 C^2) C + 8 C^3 = m3: of the three the one that vanishes with m3."""
    scale = np.sqrt(2.0 * np.maximum(variance, 0.0))
    # With C = sqrt(2 m2) sin(x) the equation is sqrt(8 m2^3) sin(3 x) = m3.
    highest = scale**3
    ratio = np.clip(np.divide(third, highest, out=np.zeros_like(third), where=highest > 0), -1.0, 1.0)
    return np.asarray(scale * np.sin(np.arcsin(ratio) / 3.0))


def _correlations(b: FloatArray, c: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return rho from m2 = b rho + 2 c rho^2: the root that is m2 / b where nothing is quadratic."""
    straight, curved = np.outer(b, b), np.outer(c, c)
    root = np.sqrt(np.maximum(straight**2 + 8.0 * curved * covariance, 0.0))
    whole = straight + root
    rho = np.divide(2.0 * covariance, whole, out=np.zeros_like(whole), where=whole > 0)
    np.fill_diagonal(rho, 1.0)
    return np.asarray(np.clip(0.5 * (rho + rho.T), -1.0, 1.0))


def _positive(rho: FloatArray) -> tuple[FloatArray, float]:
    """Return the matrix with no eigenvalue below the smallest that is allowed, and how far an entry moved for that."""
    values, vectors = np.linalg.eigh(rho)
    if values[0] >= SMALLEST:
        return rho, 0.0
    raised = (vectors * np.maximum(values, 2.0 * SMALLEST)) @ vectors.T
    sizes = np.sqrt(np.diag(raised))
    raised /= np.outer(sizes, sizes)
    raised = 0.5 * (raised + raised.T)
    np.fill_diagonal(raised, 1.0)
    return raised, float(np.abs(raised - rho).max())
