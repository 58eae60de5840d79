"""Both sides of a systematic made alike: mirror images, half differences, means, maxima, envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config, Systematic, applies
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.split import Split, split
from wilks.templates.store import SIDES, Side, TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
MIRRORED = "mirrored"


def symmetrized(nominal: FloatArray, up: FloatArray, down: FloatArray, method: str) -> tuple[FloatArray, FloatArray]:
    """Return up and down after symmetrization, bin by bin, shape (n,) each; for any quantity with a nominal value.

    TWOSIDED: half the difference of both sides, up and down. ABSMEAN: the mean of the sizes of both shifts, MAXIMUM:
    the larger shift; with the sign of up (of minus down where up does not move). ENVELOPE: the largest and the smallest
    of up, down and nominal, which leaves the sides different.
    """
    high, low = up - nominal, down - nominal
    if method == "TWOSIDED":
        shift = 0.5 * (high - low)
    elif method == "ABSMEAN":
        sign = np.where(high != 0.0, np.sign(high), -np.sign(low))
        shift = sign * 0.5 * (np.abs(high) + np.abs(low))
    elif method == "MAXIMUM":
        sign = np.where(high != 0.0, np.sign(high), -np.sign(low))
        shift = sign * np.maximum(np.abs(high), np.abs(low))
    elif method == "ENVELOPE":
        zero = np.zeros_like(high)
        return nominal + np.maximum.reduce([high, low, zero]), nominal + np.minimum.reduce([high, low, zero])
    else:
        raise ValueError(f"no symmetrization {method}")
    return nominal + shift, nominal - shift


def _normalized_first(
    nominal: FloatArray, up: FloatArray, down: FloatArray, method: str
) -> tuple[FloatArray, FloatArray]:
    """Return up and down, the factors on the yield and the shapes symmetrized each by itself."""
    sides = split(up, nominal), split(down, nominal)
    up_factor, down_factor = (np.array([side.factor]) for side in sides)
    factors = symmetrized(np.ones(1), up_factor, down_factor, method)
    shapes = symmetrized(nominal, sides[0].shape, sides[1].shape, method)
    results = []
    for factor, shape in zip(factors, shapes, strict=True):
        # The larger of two shapes in every bin has more than the nominal yield: it is to stay a shape.
        total, own = float(shape.sum()), float(nominal.sum())
        kept = shape * (own / total) if own != 0.0 and total != 0.0 else shape
        results.append(Split(float(factor[0]), kept).variation)
    return results[0], results[1]


def symmetrize(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of systematics with `Symmetrization`; a side that mirrors the other is made.

    A ONESIDED systematic that is normalized first is left alone: `build_workspace` mirrors factor and shape.
    Statistical uncertainties stay those of each side.
    """
    changes: Changes = {}
    problems: list[str] = []
    for systematic in config.systematics:
        if systematic.symmetrization is None:
            continue
        for region in config.regions:
            for sample in config.samples:
                if sample.data or not (applies(sample, region, sample) and applies(systematic, region, sample)):
                    continue
                keys = {side: TemplateKey(region.name, sample.name, systematic.name, side) for side in SIDES}
                nominal = histograms.get(TemplateKey(region.name, sample.name))
                found = {side: histograms[key] for side, key in keys.items() if key in histograms}
                if nominal is None or any(len(side.axis) != len(nominal.axis) for side in found.values()):
                    problems.append(f"{TemplateKey(region.name, sample.name)}: no nominal template of the same binning")
                elif len(found) == (1 if systematic.symmetrization.method == "ONESIDED" else 2):
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
        image = replace(histogram, contents=2.0 * nominal.contents - histogram.contents, entries=None)
        return {SIDES[1 - SIDES.index(given)]: (image, Step(MIRRORED, {"of": given}))}
    make = _normalized_first if how.normalize_first else symmetrized
    results = make(nominal.contents, found["Up"].contents, found["Down"].contents, how.method)
    changes = {}
    for side, contents in zip(SIDES, results, strict=True):
        before = found[side]
        numbers = {
            "method": how.method,
            "normalize_first": how.normalize_first,
            "yield_before": before.integral,
            "yield": float(contents.sum()),
        }
        changes[side] = replace(before, contents=contents), Step("symmetrized", numbers)
    return changes
