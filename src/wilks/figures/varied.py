"""What one systematic does to one sample, or to all of them together, as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError
from wilks.histogram import Histogram
from wilks.templates.rebinning import REBINNED, repeated
from wilks.templates.record import Effect
from wilks.templates.reference import GHOST
from wilks.templates.split import both_sides, split, whole_sides
from wilks.templates.store import SIDES, Side, TemplateKey, Templates


@dataclass(frozen=True)
class Content:
    """What is drawn of one systematic on one sample, or on all of them, in one region."""

    nominal: Histogram
    sides: dict[Side, FloatArray]
    stdev: dict[Side, FloatArray]
    originals: dict[Side, FloatArray]
    effect: Effect | None
    members: tuple[FloatArray, ...] = ()
    data: Histogram | None = None

    def relative(self, values: FloatArray) -> FloatArray:
        """Return the relative change from nominal in percent, shape (n,); NaN in empty bins."""
        own = self.nominal.contents
        with np.errstate(over="ignore", invalid="ignore"):
            return 100.0 * np.divide(values - own, own, out=np.full_like(own, np.nan), where=own != 0.0)

    def linewidth(self, side: Side) -> float:
        """Return the width of a side's line in points: one below the other, both must be seen where they are equal."""
        alike = np.allclose(self.sides["Up"], self.sides["Down"], rtol=1e-3, atol=0.0, equal_nan=True)
        return 3.6 if alike and side == "Up" else 1.4


def content_of(templates: Templates, region: str, sample: str, systematic: str) -> Content:
    """Return what is to be drawn; KeyError or InputError where there is nothing."""
    nominal = templates.nominal(region, sample)
    effect = templates.effect(region, sample, systematic)
    keys = {side: TemplateKey(region, sample, systematic, side) for side in SIDES}
    found = {side: templates[key] for side, key in keys.items() if key in templates}
    if effect is None and not found:
        templates.variation(region, sample, systematic, "Up")  # KeyError for a name that nothing has
    if nominal is None or (effect is None and not found):
        raise InputError(f'"{systematic}" does not act on "{sample}" in "{region}"')
    own = nominal.contents
    if found:
        contents = {side: histogram.contents for side, histogram in found.items()}
        mirror = _both(own, contents.get("Up"), contents.get("Down"), effect)
        sides = {side: contents.get(side, mirrored) for side, mirrored in zip(SIDES, mirror, strict=True)}
    else:
        # Without templates all bins change alike, together or (ShapeSys) each by itself.
        changes = (effect.shape or effect.norm) if effect is not None else (0.0, 0.0)
        sides = {side: own * (1.0 + change) for side, change in zip(SIDES, changes, strict=True)}
    originals = {side: before for side in found if (before := _original(templates, keys[side])) is not None}
    members = tuple(templates[key].contents for key in templates.combined(region, sample, systematic))
    return Content(nominal, sides, {side: h.stdev for side, h in found.items()}, originals, effect, members)


def _both(
    nominal: FloatArray, up: FloatArray | None, down: FloatArray | None, effect: Effect | None
) -> tuple[FloatArray, FloatArray]:
    """Return both sides, of which one may be missing, as the workspace has them.

    What has no effect on the yield apart from that on the bins (decorrelated bins, Type ShapeSys) is mirrored whole.
    """
    if effect is not None and not any(effect.norm):
        return whole_sides(nominal, up, down)
    sides = both_sides(nominal, up, down)
    return sides[0].variation, sides[1].variation


def _original(templates: Templates, key: TemplateKey) -> FloatArray | None:
    """Return what a template was before processing, in its bins; None where it is the same, or was made."""
    now, before = templates[key], templates.original(key)
    for step in templates.steps.get(key, ()):
        if step.name == REBINNED:
            before = repeated(before, step)
    return None if np.array_equal(before.contents, now.contents) else before.contents


def total_content(templates: Templates, region: str, systematic: str, data: str) -> Content:
    """Return what a systematic does to the sum of all samples but the data, as pruning leaves it, and the data."""
    observed = templates.nominal(region, data)
    if observed is None:
        raise InputError(f'"{data}" has no template in "{region}"')
    names = [
        key.sample
        for key in templates
        if key.systematic is None
        and key.region == region
        and key.sample != data
        and all(step.name != GHOST for step in templates.steps.get(key, ()))
    ]
    samples = [histogram for name in names if (histogram := templates.nominal(region, name)) is not None]
    acting = [
        content_of(templates, region, name, systematic) for name in names if _acts(templates, region, name, systematic)
    ]
    if not acting:
        templates.variation(region, data, systematic, "Up")  # KeyError for a name that nothing has
        raise InputError(f'"{systematic}" does not act in "{region}"')
    nominal = reduce(add, samples)
    kept, before = ({side: nominal.contents.copy() for side in SIDES} for _ in range(2))
    for content in acting:
        for side in SIDES:
            kept[side] += _kept(content, side) - content.nominal.contents
            before[side] += content.originals.get(side, content.sides[side]) - content.nominal.contents
    originals = {side: before[side] for side in SIDES if not np.allclose(before[side], kept[side], rtol=1e-12)}
    return Content(nominal, kept, {}, originals, None, data=observed)


def _acts(templates: Templates, region: str, sample: str, systematic: str) -> bool:
    sides = (TemplateKey(region, sample, systematic, side) for side in SIDES)
    return templates.effect(region, sample, systematic) is not None or any(key in templates for key in sides)


def _kept(content: Content, side: Side) -> FloatArray:
    """Return the varied yields of a side without what was pruned."""
    effect, own = content.effect, content.nominal.contents
    if effect is None or effect.status == "kept":
        return content.sides[side]
    part = split(content.sides[side], own)
    return (part.factor if effect.keep_norm else 1.0) * (part.shape if effect.keep_shape else own)
