"""Numbers of cards that are computed, to so many digits that those of a card which is written are computed the same."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray

_BITS = 46
_DIGITS = 14


def settled(values: FloatArray) -> FloatArray:
    """Return numbers to 46 bits: a relative change below 7e-15, larger than what the order of operations does.

    >>> settled(np.array([0.1 + 0.2, 3.0])) == settled(np.array([0.3, 3.0]))
    array([ True,  True])
    """
    mantissas, exponents = np.frexp(values)
    found: FloatArray = np.ldexp(np.rint(np.ldexp(mantissas, _BITS)), exponents - _BITS)
    return found


def step_of(values: FloatArray) -> FloatArray:
    """Return the distances of settled numbers from the next ones."""
    found: FloatArray = np.where(values == 0, 0.0, np.ldexp(1.0, np.frexp(values)[1] - _BITS))
    return found


def decimal(value: float) -> float:
    """Return a number to 14 digits.

    >>> decimal(1.1000000000000003)
    1.1
    """
    return float(f"{value:.{_DIGITS}g}")


def settled_unless(before: FloatArray, values: FloatArray) -> FloatArray:
    """Return settled numbers, or those that were there before where they are the same."""
    return before if np.array_equal(before, values) else settled(values)


def scaled_by(values: FloatArray, factor: float) -> FloatArray:
    """Return numbers times a factor, settled."""
    return settled_unless(values, factor * values)


def with_sum(values: FloatArray, total: float) -> FloatArray:
    """Return numbers in the same proportions, with another sum."""
    return np.array([total]) if values.size == 1 else values * (total / float(values.sum()))
