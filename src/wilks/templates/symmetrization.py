"""Both sides of a systematic made alike: mirror images, half differences, means, maxima, envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config, Symmetrization, Systematic, applies
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.split import Split, mirrored, split
from wilks.templates.store import SIDES, Side, TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
MIRRORED = "mirrored"
_MIRRORING = ("TWOSIDED", "ABSMEAN", "MAXIMUM")


def symmetrized(
    nominal: FloatArray, up: FloatArray, down: FloatArray, method: str, sign: str = "up"
) -> tuple[FloatArray, FloatArray]:
    """Return up and down after symmetrization, bin by bin, shape (n,) each; for any quantity with a nominal value.

    TWOSIDED: half the difference of both sides, up and down. ABSMEAN: the mean of the sizes of both shifts, MAXIMUM:
    the larger shift; with the sign of up (of minus down where up does not move), or "positive" (up is above nominal),
    or "larger": up is on the side of whichever is further from nominal, down included. ENVELOPE: the largest and the
    smallest of up, down and nominal, which leaves the sides different.
    """
    high, low = up - nominal, down - nominal
    if method == "TWOSIDED":
        shift = 0.5 * (high - low)
    elif method == "ABSMEAN":
        shift = _signs(high, low, sign) * 0.5 * (np.abs(high) + np.abs(low))
    elif method == "MAXIMUM":
        shift = _signs(high, low, sign) * np.maximum(np.abs(high), np.abs(low))
    elif method == "ENVELOPE":
        zero = np.zeros_like(high)
        return nominal + np.maximum.reduce([high, low, zero]), nominal + np.minimum.reduce([high, low, zero])
    else:
        raise ValueError(f"no symmetrization {method}")
    return nominal + shift, nominal - shift


def _signs(high: FloatArray, low: FloatArray, sign: str) -> FloatArray:
    """Return in which direction up moves, from the shifts of both sides."""
    if sign == "positive":
        return np.ones_like(high)
    if sign == "larger":
        return np.sign(np.where(np.abs(low) > np.abs(high), low, high))
    return np.where(high != 0.0, np.sign(high), -np.sign(low))


def _larger_side(
    nominal: FloatArray, up: FloatArray, down: FloatArray, normalize_first: bool, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Return both sides made of the one with the larger sum of differences from nominal; of equal ones of up.

    Where only yields or only shapes are left of sides that are normalized first, these are compared.
    """

    def difference(side: FloatArray) -> float:
        if normalize_first and kind == "NormOnly":
            return abs(split(side, nominal).factor - 1.0)
        left = split(side, nominal).shape if normalize_first and kind == "ShapeOnly" else side
        return float(np.abs(left - nominal).sum())

    further = difference(down) > difference(up)
    kept = down if further else up
    image = mirrored(split(kept, nominal), nominal).variation if normalize_first else 2.0 * nominal - kept
    return (image, kept) if further else (kept, image)


def _normalized_first(
    nominal: FloatArray, up: FloatArray, down: FloatArray, method: str, sign: str
) -> tuple[FloatArray, FloatArray]:
    """Return up and down, the factors on the yield and the shapes symmetrized each by itself."""
    sides = split(up, nominal), split(down, nominal)
    up_factor, down_factor = (np.array([side.factor]) for side in sides)
    factors = symmetrized(np.ones(1), up_factor, down_factor, method, sign)
    shapes = symmetrized(nominal, sides[0].shape, sides[1].shape, method, sign)
    results = []
    for factor, shape in zip(factors, shapes, strict=True):
        # The larger of two shapes in every bin has more than the nominal yield: it is to stay a shape.
        total, own = float(shape.sum()), float(nominal.sum())
        kept = shape * (own / total) if own != 0.0 and total != 0.0 else shape
        results.append(Split(float(factor[0]), kept).variation)
    return results[0], results[1]


def symmetrize_first(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of systematics that are symmetrized before they are smoothed."""
    return _symmetrized(histograms, config, before_smoothing=True)


def symmetrize(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of systematics with `Symmetrization`; a side that mirrors the other is made.

    A ONESIDED systematic that is normalized first is left alone: `build_workspace` mirrors factor and shape.
    Statistical uncertainties stay those of each side.
    """
    return _symmetrized(histograms, config, before_smoothing=False)


def _symmetrized(
    histograms: Mapping[TemplateKey, Histogram], config: Config, *, before_smoothing: bool
) -> tuple[Changes, list[str]]:
    changes: Changes = {}
    problems: list[str] = []
    for systematic in config.systematics:
        how = systematic.symmetrization
        if how is None or how.before_smoothing != before_smoothing:
            continue
        for region in config.regions:
            for sample in config.samples:
                if not (sample.in_model and applies(sample, region, sample) and applies(systematic, region, sample)):
                    continue
                keys = {side: TemplateKey(region.name, sample.name, systematic.name, side) for side in SIDES}
                nominal = histograms.get(TemplateKey(region.name, sample.name))
                found = {side: histograms[key] for side, key in keys.items() if key in histograms}
                if nominal is None or any(len(side.axis) != len(nominal.axis) for side in found.values()):
                    problems.append(f"{TemplateKey(region.name, sample.name)}: no nominal template of the same binning")
                elif len(found) == (1 if how.method == "ONESIDED" else 2):
                    changes |= {keys[side]: change for side, change in _both(systematic, nominal, found).items()}
    return changes, problems


def _both(
    systematic: Systematic, nominal: Histogram, found: Mapping[Side, Histogram]
) -> dict[Side, tuple[Histogram, Step]]:
    how = systematic.symmetrization
    if how is None:
        return {}
    if how.method == "ONESIDED":
        if how.normalize_first:
            return {}
        ((given, histogram),) = found.items()
        kept = _clipped(histogram.contents, how)
        image = replace(histogram, contents=_clipped(2.0 * nominal.contents - kept, how), entries=None)
        made = {SIDES[1 - SIDES.index(given)]: (image, Step(MIRRORED, {"of": given}))}
        if (kept != histogram.contents).any():
            step = Step("symmetrized", {"method": "ONESIDED", "yield_before": histogram.integral})
            made[given] = replace(histogram, contents=kept), step
        return made
    results = _sides(how, systematic.type, nominal.contents, found["Up"].contents, found["Down"].contents)
    changes = {}
    for side, contents in zip(SIDES, results, strict=True):
        before = found[side]
        numbers = {
            "method": how.method,
            **({"sign": how.sign} if how.sign != "up" else {}),
            "normalize_first": how.normalize_first,
            "yield_before": before.integral,
            "yield": float(contents.sum()),
        }
        changes[side] = replace(before, contents=contents), Step("symmetrized", numbers)
    return changes


def _sides(
    how: Symmetrization, kind: str, nominal: FloatArray, up: FloatArray, down: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return both sides of a systematic of some Type as a block `Symmetrization` wants them."""
    up, down = _clipped(up, how), _clipped(down, how)
    if how.method == "LARGERSIDE":
        sides = _larger_side(nominal, up, down, how.normalize_first, kind)
    elif how.normalize_first:
        sides = _normalized_first(nominal, up, down, how.method, how.sign)
    else:
        sides = symmetrized(nominal, up, down, how.method, how.sign)
    clipped = _clipped(sides[0], how)
    # Of what is cut off up, down is the mirror image.
    image = 2.0 * nominal - clipped if how.clip and how.method in _MIRRORING else sides[1]
    return clipped, _clipped(image, how)


def _clipped(contents: FloatArray, how: Symmetrization) -> FloatArray:
    return np.maximum(contents, 0.0) if how.clip else contents
