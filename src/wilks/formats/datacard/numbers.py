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


def decimal(value: float) -> float:
    """Return a number to 14 digits.

    >>> decimal(1.1000000000000003)
    1.1
    """
    return float(f"{value:.{_DIGITS}g}")


def scaled_by(values: FloatArray, factor: float) -> FloatArray:
    """Return numbers times a factor."""
    return values if factor == 1.0 else settled(factor * values)


def shared_out(values: FloatArray, total: float) -> FloatArray:
    """Return numbers in the same proportions, with another sum."""
    if values.size == 1:
        return np.array([total])
    return scaled_by(values, total / float(values.sum()))
