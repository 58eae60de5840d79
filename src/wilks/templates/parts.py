"""What a systematic does to a sample, in parts: an effect on the yield, one on the shape, uncertainties of bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Systematic
from wilks.templates.split import both_sides, has_shape, whole_sides


@dataclass(frozen=True, eq=False)
class Parts:
    """One systematic on one sample in one region: what there is of normsys, histosys and shapesys, each None or given.

    `factors` on the yield, up and down (`norm` is the same as relative changes); `shapes` are varied yields, up and
    down, shape (n,) each; `size` is the uncertainty of every bin by itself, shape (n,), absolute.
    """

    nominal: FloatArray
    norm: tuple[float, float] | None = None
    factors: tuple[float, float] | None = None
    shapes: tuple[FloatArray, FloatArray] | None = None
    size: FloatArray | None = None

    @property
    def changes(self) -> tuple[FloatArray, FloatArray] | None:
        """What is added to the nominal yields, beside `norm`, up and down, shape (n,) each; None for nothing."""
        if self.size is not None:
            return self.size, -self.size
        return None if self.shapes is None else (self.shapes[0] - self.nominal, self.shapes[1] - self.nominal)


def parts_of(
    systematic: Systematic,
    region: str,
    sample: str,
    nominal: FloatArray,
    up: FloatArray | None,
    down: FloatArray | None,
) -> Parts | None:
    """Return the parts that the type of a systematic asks for; None where it needs templates and there are none.

    With one parameter for each bin a shape is the whole variation; else it has the nominal yield (see `split`).
    """
    if systematic.type == "Normalization":
        high, low = systematic.normalizations_in(region, sample)
        return Parts(nominal, norm=(float(high), float(low)), factors=(1 + high, 1 + low))
    if systematic.type == "ShapeSys":
        relative = systematic.up.normalization_in(region, sample)
        if relative is None and up is None:
            return None
        return Parts(nominal, size=np.abs(up - nominal) if up is not None else np.abs((relative or 0.0) * nominal))
    if up is None and down is None:
        return None
    if systematic.parts_bins and systematic.type == "NormPlusShape":
        return Parts(nominal, shapes=whole_sides(nominal, up, down))
    sides = both_sides(nominal, up, down)
    factors = sides[0].factor, sides[1].factor
    norm = factors[0] - 1.0, factors[1] - 1.0
    shapes = (sides[0].shape, sides[1].shape) if has_shape(nominal, *sides) else None
    if systematic.type == "ShapeOnly":
        return Parts(nominal, shapes=shapes)
    return Parts(nominal, norm, factors, None if systematic.type == "NormOnly" else shapes)
