"""What toys leave open whose fit failed: p-values and coverages as intervals, and in their errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.table import number


def between(counted: Any, usable: Any, lost: Any) -> FloatArray:
    """Return a fraction of toys with none, and with all, of the `lost` ones counted too; shape (..., 2).

    `counted` of `usable` toys have what is asked for. NaN where there is no toy at all.
    """
    counted, usable, lost = (np.asarray(a, np.float64) for a in (counted, usable, lost))
    with np.errstate(invalid="ignore", divide="ignore"):
        ends: FloatArray = np.stack([counted / (usable + lost), (counted + lost) / (usable + lost)], axis=-1)
    return ends


def with_lost(error: Any, value: Any, ends: FloatArray) -> FloatArray:
    """Return a statistical error together with the distance to the farther end of the interval (..., 2)."""
    distance = np.nan_to_num(np.abs(ends - np.asarray(value)[..., None])).max(axis=-1)
    total: FloatArray = np.hypot(error, distance)
    return total


def from_to(ends: Any) -> str:
    """Return an interval in words.

    >>> from_to((0.11, 0.1432))
    '0.11 to 0.1432'
    """
    return f"{number(float(ends[0]))} to {number(float(ends[1]))}"


def sentence(what: str, lost: int, ends: Any) -> str:
    """Return what lost toys mean, in words.

    >>> sentence("CLs", 12, (0.11, 0.1432))
    'with the 12 toys without a fit CLs lies between 0.11 and 0.1432'
    """
    toys = "the toy" if lost == 1 else f"the {lost} toys"
    return f"with {toys} without a fit {what} lies between {number(float(ends[0]))} and {number(float(ends[1]))}"
