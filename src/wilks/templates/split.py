"""A variation as an effect on the yield and one on the shape: what normsys and histosys are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray


@dataclass(frozen=True, eq=False)
class Split:
    """One side of a systematic: the factor on the yield, and the variation scaled to the nominal yield, shape (n,)."""

    factor: float
    shape: FloatArray

    @property
    def variation(self) -> FloatArray:
        """The varied yields that this is the split of, shape (n,)."""
        return self.factor * self.shape


def split(variation: FloatArray, nominal: FloatArray) -> Split:
    """Return a variation as a factor on the yield and a shape with the nominal yield.

    Where one of the yields is zero there is no ratio: the factor is 1, and the shape is the variation.
    """
    # Added one by one, as cabinetry does: to the last digit.
    total, reference = float(np.cumsum(variation)[-1]), float(np.cumsum(nominal)[-1])
    if total == 0.0 or reference == 0.0:
        return Split(1.0, variation)
    factor = total / reference
    # Of a total that is all but zero: reported with the document.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return Split(factor, variation / factor)


def mirrored(side: Split, nominal: FloatArray) -> Split:
    """Return the mirror image of one side: 2 - factor, and 2 nominal - shape."""
    return Split(2.0 - side.factor, 2.0 * nominal - side.shape)


def both_sides(nominal: FloatArray, up: FloatArray | None, down: FloatArray | None) -> tuple[Split, Split]:
    """Return both sides of a systematic; a missing one is the mirror image of the other.

    Raises ValueError where both are missing.
    """
    if up is not None and down is not None:
        return split(up, nominal), split(down, nominal)
    if up is not None:
        high = split(up, nominal)
        return high, mirrored(high, nominal)
    if down is not None:
        low = split(down, nominal)
        return mirrored(low, nominal), low
    raise ValueError("a systematic has at least one side")


def whole_sides(nominal: FloatArray, up: FloatArray | None, down: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return the varied yields of both sides, shape (n,) each; a missing one is the mirror image, 2 nominal - other.

    Raises ValueError where both are missing.
    """
    if up is not None and down is not None:
        return up, down
    if up is not None:
        return up, 2.0 * nominal - up
    if down is not None:
        return 2.0 * nominal - down, down
    raise ValueError("a systematic has at least one side")


def has_shape(nominal: FloatArray, up: Split, down: Split) -> bool:
    """Return whether there is a shape beside the factors.

    One bin has none; only where no factor could be formed does a difference remain.
    """
    return nominal.size > 1 or not np.allclose([up.shape, down.shape], nominal, rtol=1e-12, atol=0.0)
