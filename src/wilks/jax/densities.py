"""Densities in JAX: deviances and their constants, as the engine has them (engine/poisson.hpp)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.scipy.special import gammaln

# From here on n - n ln(n) + ln(n!) is taken from Stirling's series, which has no cancellation.
_SERIES = 64.0


def poisson_nll(n: Any, mean: Any) -> Any:
    """Return -ln of the Poisson density, continuous in n; infinite outside its domain."""
    counted = n > 0
    possible = (mean > 0) | ((mean == 0) & ~counted)
    safe_n = jnp.where(counted, n, 1.0)
    safe = jnp.where(mean > 0, mean, 1.0)
    d = (safe - safe_n) / safe_n
    near = jnp.abs(d) < 0.2
    d_near = jnp.where(near, d, 0.0)
    ratio = jnp.where(near, 1.0, safe / safe_n)
    deviance = jnp.where(near, safe_n * (d_near - jnp.log1p(d_near)), safe - safe_n - safe_n * jnp.log(ratio))
    return jnp.where(possible, jnp.where(counted, deviance + _constant(safe_n), mean), jnp.inf)


def _constant(n: Any) -> Any:
    """Return n - n ln(n) + ln(n!)."""
    small = jnp.where(n < _SERIES, n, 1.0)
    r = 1.0 / jnp.where(n < _SERIES, _SERIES, n)
    r2 = r * r
    series = 0.5 * jnp.log(2.0 * jnp.pi / r) + r * (1 / 12 + r2 * (-1 / 360 + r2 * (1 / 1260 - r2 / 1680)))
    return jnp.where(n < _SERIES, small - small * jnp.log(small) + gammaln(small + 1.0), series)
