"""Functions of parameters in JAX: the operations of engine/functions.hpp, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

# Roots and powers of 0 have the derivatives of a point beside it, as in the engine.
_BESIDE_ZERO = 1e-10


def function_values(arrays: Mapping[str, Any], theta: Any) -> list[Any]:
    """Return the value of every function of a model at a point."""
    values: list[Any] = []
    columns = (arrays[f"function_{key}"].tolist() for key in ("operation", "first", "second", "number"))
    for operation, first, second, number in zip(*columns, strict=True):
        if operation == 0:
            values.append(number)
        elif operation == 1:
            values.append(theta[first])
        else:
            values.append(_operate(operation, values[first], values[second]))
    return [values[i] for i in arrays["function_result"].tolist()]


def _operate(operation: int, x: Any, y: Any) -> Any:
    match operation:
        case 2:
            return x + y
        case 3:
            return x - y
        case 4:
            return x * y
        case 5:
            return jnp.divide(x, y)
        case 6:
            return _power(x, y)
        case 7:
            return jnp.exp(x)
        case 8:
            return jnp.log(x)
        case 9:
            return _power(x, 0.5, root=True)
        case 10:
            return jnp.where(y < x, y, x)
    return jnp.where(y > x, y, x)


def _power(x: Any, y: Any, *, root: bool = False) -> Any:
    """Return x^y, at x = 0 with the slope beside it where that is infinite."""
    constant = isinstance(y, float)
    if constant and not (0 < y < 2 and y != 1):
        return jnp.power(x, y)
    at_zero = (jnp.asarray(x) == 0) & (jnp.asarray(y) > 0)
    safe = jnp.where(at_zero, 1.0, x)
    slope = y * jnp.power(_BESIDE_ZERO, y - 1.0)
    return jnp.where(at_zero, x * slope, jnp.sqrt(safe) if root else jnp.power(safe, y))
