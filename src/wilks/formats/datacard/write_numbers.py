"""Contents of histograms from which the reader gets given yields, to the last bit where there are such contents."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from wilks._types import FloatArray
from wilks.formats.datacard.effects import FLOOR, reached
from wilks.formats.datacard.numbers import settled_unless, step_of, with_sum

_STEPS = 12
_NEAR, _ROUNDING = 1e-13, 1e-12
_MOST = 0.98  # of what a number can be moved without another one being read
_PARTS = (1.0, 0.99, 1.01, 0.97, 1.03, 0.9, 1.1, 0.7, 1.3, 0.5, 1.5, 0.0)


def varied_contents(
    yields: FloatArray, nominal: FloatArray, whole: float, norm: float, zone: float, logs: bool
) -> FloatArray:
    """Return contents of a varied histogram that give `yields`, scaled to the sum of `nominal`, at the end of a zone.

    `whole` is the sum of the nominal histogram, `norm` the ratio of theirs to that.
    """
    total, wanted = float(nominal.sum()), whole * norm
    start = yields if zone == 1.0 else far(nominal, yields, zone)
    summed = float(start.sum())
    first = start * (wanted / (total if abs(summed / total - 1.0) < _ROUNDING else summed))

    def reading(contents: FloatArray) -> FloatArray:
        return settled_unless(contents, reached(nominal, with_sum(contents, total), zone, logs))

    for contents in _moved(first, wanted):
        same_sum = abs(float(contents.sum()) - wanted) < _slack(wanted / whole) * wanted
        if same_sum and np.array_equal(reading(contents), yields):
            return contents
    return first


def _slack(norm: float) -> float:
    """Return the relative change of a norm, nearly, with which it is read as the same one."""
    return 1e-13 if norm == 1.0 else 0.4 * 10.0 ** (math.floor(math.log10(norm)) - 13) / norm


def zone_of(nominal: FloatArray, side: FloatArray) -> float:
    """Return the part of the way in logarithms to a variation of the nominal sum at which the yields `side` are.

    >>> nominal, varied = np.array([4.0, 2.0]), np.array([3.0, 3.0])
    >>> zone_of(nominal, nominal * (varied / nominal) ** 0.5)
    0.5
    """
    low, high, total = 0.0, 1.0, float(nominal.sum())
    possible = (nominal > 0) & (side > 0)
    ratio = np.where(possible, side / np.where(possible, nominal, 1.0), 1.0)
    for _ in range(60):
        middle = 0.5 * (low + high)
        with np.errstate(over="ignore"):
            larger = float((nominal * ratio ** (1.0 / middle)).sum()) > total
        low, high = (middle, high) if larger else (low, middle)
    return float(f"{high:.9g}")


def far(nominal: FloatArray, side: FloatArray, zone: float) -> FloatArray:
    """Return the variation of which `side` is reached in logarithms at the end of the smooth zone."""
    possible = (nominal > 0) & (side > 0)
    ratio = np.divide(side, nominal, out=np.ones_like(side), where=possible)
    return np.where(possible, nominal * ratio ** (1.0 / zone), side)


def cut_contents(yields: FloatArray) -> FloatArray | None:
    """Return contents that give `yields` where they are cut at a fraction of their sum, and scaled back to it.

    None where there are none: bins are lower than cut ones become. Contents of cut bins are 0, or below it as far as
    others are scaled down for them.
    """
    total = float(yields.sum())
    if (yields >= FLOOR * total).all():
        return yields
    cut = yields < FLOOR * total
    lowest, count = float(yields[cut][0]), int(cut.sum())
    if (yields[cut] != lowest).any() or lowest <= 0 or FLOOR * total / lowest < 1.0 + FLOOR * count - _NEAR:
        return None
    found = None
    steps = sorted(range(-_STEPS, _STEPS + 1), key=abs)
    for step, other in product(steps, steps):
        summed = total * (1.0 + step * 2.0**-51)
        factor = FLOOR * summed / lowest * (1.0 + other * 2.0**-51)
        others = np.where(cut, 0.0, yields) * factor
        for contents in _moved(others, factor * (summed - count * lowest)):
            contents[cut] = min(0.0, (summed - float(contents.sum())) / count)
            if found is None:
                found = contents
            sums = float(contents.sum())
            clipped = np.maximum(contents, FLOOR * sums)
            if np.array_equal(settled_unless(clipped, with_sum(clipped, sums)), yields):
                return contents
    return found


def _moved(first: FloatArray, total: float) -> Iterator[FloatArray]:
    """Yield numbers that are read as the first ones are, with sums nearer to a total."""
    rest, room = total - float(first.sum()), step_of(first) / 2.0
    share = rest / float(room.sum()) if room.any() else 0.0
    for part in _PARTS:
        yield first + max(min(part * share, _MOST), -_MOST) * room
