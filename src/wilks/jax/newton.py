"""`newton`: minima of the negative log density for many data sets at once, by Newton steps in one compiled batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from wilks.errors import ModelError
from wilks.jax.likelihood import Array, Likelihood

_EDM, _SHORTEST, _ROUNDING = 1e-12, 1e-6, 1e-13


@dataclass(frozen=True, eq=False)
class Newton:
    """Fits of a batch: `values` (fits, parameters), `nll` and `converged` (fits,), Newton steps made at most."""

    values: Array
    nll: Array
    converged: Array
    steps: int


def newton(likelihood: Likelihood, data: Array, *, start: Array | None = None, steps: int = 30) -> Newton:
    """Return fits to each row of `data`, shape (fits, main bins and auxiliary data), all from one start.

    Parameters that the model fixes stay. There is no search for other minima and no bound: a minimum beyond the bounds
    of the model, or none, is for `wilks.fit`, and is marked as not converged. Converged is an estimated distance to the
    minimum (in nll) below 1e-12.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> toys = wilks.toy_data(model, count=3, seed=1)
    >>> wilks.jax.newton(wilks.jax.export(model), toys).values.shape
    (3, 16)
    """
    data = jnp.asarray(data, jnp.float64)
    if data.ndim != 2:
        raise ModelError(f"data have shape {data.shape}; needed is (fits, main bins and auxiliary data)")
    begin = likelihood.initial if start is None else jnp.asarray(start, jnp.float64)
    values, nll, converged = _fits(likelihood, begin, data, steps)
    return Newton(values, nll, converged, steps)


@partial(jax.jit, static_argnums=(0, 3))
def _fits(likelihood: Likelihood, begin: Array, data: Array, steps: int) -> tuple[Array, Array, Array]:
    """Return values, nll and convergence of all fits; compiled once for a likelihood and a number of fits."""
    model = likelihood.model
    free = (~(model.fixed | model.idle)).nonzero()[0]
    lower, upper = (side[free] for side in model.bounds)

    def nll(x: Array, row: Array) -> Array:
        return -likelihood.log_density(begin.at[free].set(x), row)

    def direction(x: Array, row: Array) -> tuple[Array, Array, Array]:
        """Return nll, step and estimated distance to the minimum (infinite where there is a saddle point)."""
        value, g = jax.value_and_grad(nll)(x, row)
        values, vectors = jnp.linalg.eigh(jax.hessian(nll)(x, row))
        size = jnp.maximum(jnp.abs(values), 1e-8 * jnp.abs(values).max())
        step = -vectors @ ((vectors.T @ g) / size)
        return value, step, jnp.where(values[0] > 0, -0.5 * (g @ step), jnp.inf)

    def one(row: Array) -> tuple[Array, Array, Array]:
        def unfinished(state: tuple[Any, ...]) -> Array:
            *_, edm, size, count = state
            return (edm > _EDM) & (count < steps) & (size > _SHORTEST)

        def again(state: tuple[Any, ...]) -> tuple[Any, ...]:
            x, value, step, edm, size, count = state
            trial = x + size * step
            found = direction(trial, row)
            better = found[0] <= value + _ROUNDING * jnp.abs(found[0])
            new = (jnp.where(better, b, a) for a, b in zip((x, value, step, edm), (trial, *found), strict=True))
            return (*new, jnp.where(better, jnp.minimum(1.0, 4.0 * size), 0.25 * size), count + 1)

        first = (
            begin[free],
            jnp.array(jnp.inf),
            jnp.zeros(len(free)),
            jnp.array(jnp.inf),
            jnp.array(1.0),
            jnp.array(0),
        )
        x, value, _, edm, *_ = jax.lax.while_loop(unfinished, again, first)
        return begin.at[free].set(x), value, ((x >= lower) & (x <= upper)).all() & (edm <= _EDM)

    return jax.vmap(one)(data)  # type: ignore[no-any-return]
