"""`newton`: minima of the negative log density for many data sets at once, by Newton steps in one compiled batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from wilks.errors import ModelError
from wilks.jax.likelihood import Array, Likelihood

_HALVINGS = 12
_EDM = 1e-10


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
    minimum (in nll) below 1e-10.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> toys = wilks.toy_data(model, count=3, seed=1)
    >>> wilks.jax.newton(wilks.jax.export(model), toys).values.shape
    (3, 16)
    """
    data = jnp.asarray(data, jnp.float64)
    if data.ndim != 2:
        raise ModelError(f"data have shape {data.shape}; needed is (fits, main bins and auxiliary data)")
    model = likelihood.model
    free = (~(model.fixed | model.idle)).nonzero()[0]
    lower, upper = (side[free] for side in model.bounds)
    begin = likelihood.initial if start is None else jnp.asarray(start, jnp.float64)

    def nll(x: Array, row: Array) -> Array:
        return -likelihood.log_density(begin.at[free].set(x), row)

    gradient, hessian = jax.grad(nll), jax.hessian(nll)

    def direction(x: Array, row: Array) -> tuple[Array, Array]:
        g, H = gradient(x, row), hessian(x, row)
        values, vectors = jnp.linalg.eigh(H)
        positive = jnp.maximum(jnp.abs(values), 1e-8 * jnp.abs(values).max())
        step = -vectors @ ((vectors.T @ g) / positive)
        return step, jnp.where(values[0] > 0, -0.5 * (g @ step), jnp.inf)

    def one(row: Array) -> tuple[Array, Array, Array]:
        def again(state: tuple[Any, ...]) -> Array:
            _, edm, count, moved = state
            return (edm > _EDM) & (count < steps) & moved

        def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
            x, _, count, _ = state
            along, edm = direction(x, row)
            sizes = 0.5 ** jnp.arange(_HALVINGS)
            values = jax.vmap(lambda size: nll(x + size * along, row))(sizes)
            best = jnp.nanargmin(jnp.where(jnp.isfinite(values), values, jnp.inf))
            better = values[best] <= nll(x, row)
            return jnp.where(better, x + sizes[best] * along, x), edm, count + 1, better

        first = (begin[free], jnp.array(jnp.inf), jnp.array(0), jnp.array(True))
        x, *_ = jax.lax.while_loop(again, step, first)
        inside = ((x >= lower) & (x <= upper)).all()
        return begin.at[free].set(x), nll(x, row), inside & (direction(x, row)[1] < _EDM)

    values, nlls, converged = jax.jit(jax.vmap(one))(data)
    return Newton(values, nlls, converged, steps)
