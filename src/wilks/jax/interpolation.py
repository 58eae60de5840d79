"""Interpolation between variations in JAX: the formulas of engine/interpolation.hpp, safe to differentiate anywhere.

Where a formula is asked on one side only, its argument on the other side is replaced before it is evaluated, so that no
NaN of the side that is not taken gets into derivatives. At a kink derivatives are those above it, as in the engine.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np


def exponential(alpha: Any, log_base: Any) -> Any:
    """Return base^alpha; a base of 0 (logarithm -inf) gives 0 but for alpha = 0, one below (NaN) gives NaN."""
    value = jnp.exp(alpha * jnp.where(jnp.isfinite(log_base), log_base, 0.0))
    value = jnp.where(jnp.isneginf(log_base), jnp.where(alpha == 0, 1.0, 0.0), value)
    return jnp.where(jnp.isnan(log_base), jnp.nan, value)


def sides(alpha: Any, log_hi: Any, log_lo: Any) -> Any:
    """Return the exponential factor of either side (code 1)."""
    above = alpha >= 0
    return exponential(jnp.where(above, alpha, -alpha), jnp.where(above, log_hi, log_lo))


def polynomial(alpha: Any, log_hi: Any, log_lo: Any, hi: Any, lo: Any) -> Any:
    """Return the factor of code 4: the polynomial inside |alpha| < 1, the exponential outside."""
    up = jnp.where(jnp.isfinite(log_hi), log_hi, 0.0)
    down = jnp.where(jnp.isfinite(log_lo), log_lo, 0.0)
    up1, down1 = hi * up, -lo * down
    up2, down2 = up1 * up, -down1 * down
    s0, a0 = 0.5 * (hi + lo) - 1.0, 0.5 * (hi - lo)
    s1, a1 = 0.5 * (up1 + down1), 0.5 * (up1 - down1)
    s2, a2 = 0.5 * (up2 + down2), 0.5 * (up2 - down2)
    coefficients = (
        (15.0 * a0 - 7.0 * s1 + a2) / 8.0,
        (24.0 * s0 - 9.0 * a1 + s2) / 8.0,
        (-10.0 * a0 + 10.0 * s1 - 2.0 * a2) / 8.0,
        (-24.0 * s0 + 14.0 * a1 - 2.0 * s2) / 8.0,
        (3.0 * a0 - 3.0 * s1 + a2) / 8.0,
        (8.0 * s0 - 5.0 * a1 + s2) / 8.0,
    )
    inside = jnp.abs(alpha) < 1
    x = jnp.where(inside, alpha, 0.0)
    total = jnp.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = x * (coefficient + total)
    return jnp.where(inside, 1.0 + total, sides(jnp.where(inside, 1.0, alpha), log_hi, log_lo))


def straight(alpha: Any, hi: Any, lo: Any) -> Any:
    """Return the factor of code 0, straight on either side."""
    return 1.0 + alpha * jnp.where(alpha >= 0, hi - 1.0, 1.0 - lo)


def parabola(alpha: Any, hi: Any, lo: Any) -> Any:
    """Return the factor of code 2, a parabola inside |alpha| <= 1 and straight outside."""
    odd, even = 0.5 * (hi - lo), 0.5 * (hi + lo) - 1.0
    end = jnp.clip(alpha, -1.0, 1.0)
    return 1.0 + end * (odd + end * even) + (odd + 2.0 * end * even) * (alpha - end)


def combined(alpha: Any, log_hi: Any, log_lo: Any) -> Any:
    """Return Combine's factor: the exponential of alpha times a logarithm that goes smoothly between both."""
    t = 2.0 * alpha
    inside = jnp.abs(t) < 1
    x = jnp.where(inside, t, 0.0)
    step = jnp.where(inside, x * (15.0 + x * x * (-10.0 + 3.0 * x * x)) / 8.0, jnp.where(t < 0, -1.0, 1.0))
    return jnp.exp(alpha * (0.5 * (log_hi - log_lo) + 0.5 * (log_hi + log_lo) * step))


def factors(code: np.ndarray[Any, Any], alpha: Any, lo: np.ndarray[Any, Any], hi: np.ndarray[Any, Any]) -> Any:
    """Return scalar factors, shape (entries,), each by its code (0: the input itself)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_hi, log_lo = np.log(hi), np.log(lo)
    formulas = {
        0: lambda i: alpha[i],
        1: lambda i: sides(alpha[i], log_hi[i], log_lo[i]),
        2: lambda i: parabola(alpha[i], hi[i], lo[i]),
        4: lambda i: polynomial(alpha[i], log_hi[i], log_lo[i], hi[i], lo[i]),
        6: lambda i: combined(alpha[i], log_hi[i], log_lo[i]),
        10: lambda i: straight(alpha[i], hi[i], lo[i]),
    }
    where = {int(c): np.flatnonzero(code == c) for c in np.unique(code)}
    parts = [formulas[c](i) for c, i in where.items()]
    order = np.argsort(np.concatenate([np.empty(0, np.int64), *where.values()]), kind="stable")
    return jnp.concatenate([jnp.zeros(0), *parts])[order]


def even_part(code: int, alpha: Any) -> Any:
    """Return what the even part of a shape variation is multiplied with (codes 0, 2 and 4p)."""
    size = jnp.where(alpha >= 0, alpha, -alpha)
    if code == 0:
        return 8.0 * size
    inside = size <= 1 if code == 2 else size < 1
    square = jnp.where(inside, alpha, 0.0) ** 2
    if code == 2:
        return jnp.where(inside, 8.0 * square, 8.0 * (2.0 * size - 1.0))
    return jnp.where(inside, square * (15.0 + square * (-10.0 + 3.0 * square)), 8.0 * size)


def bent(code: np.ndarray[Any, Any], alpha: Any, hi: Any, lo: Any) -> Any:
    """Return the factors of single bins (codes 1 and 5) for ratios to the nominal yields."""
    log_hi, log_lo = jnp.log(hi), jnp.log(lo)
    return jnp.where(code == 5, polynomial(alpha, log_hi, log_lo, hi, lo), sides(alpha, log_hi, log_lo))
