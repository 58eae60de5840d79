"""What every systematic does to every sample, and which effects are too small to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.config.functions import scaling
from wilks.config.parameters import constraints, simulated
from wilks.config.schema import Config, Constraint, Pruning, Region, Sample, Systematic, applies
from wilks.histogram import Histogram
from wilks.templates.parts import parts_of
from wilks.templates.record import Effect
from wilks.templates.store import SIDES, TemplateKey

# Sides that move the yield in the same direction are odd from here on.
_VISIBLE = 1e-3


def pruned(histograms: Mapping[TemplateKey, Histogram], config: Config) -> Iterator[Effect]:
    """Yield the effect of each systematic on each sample in each region, with what pruning leaves of it.

    Norm and shape are judged apart. An effect on the yield is dropped where both sides are below the threshold, a shape
    where all bins of both sides are, after both yields were made equal. Effects are fractions of the sample itself, of
    the background (the samples that the parameter of interest does not scale) or of all simulated samples in the
    region, in the same bins. A systematic without templates for a sample has no effect in the list.

    Where a constraint is wider or narrower than 1 an effect is judged by what one standard deviation does. A systematic
    without constraint, or one that a function steers, has none: it is kept, but for what changes nothing at all.

    With `RemoveLarge`, what changes the yield by more than `Large` of the reference on any side is dropped as a whole.
    """
    given = constraints(config.systematics, simulated(config.regions, config.samples))
    steered = {function.name for function in config.functions}
    for region in config.regions:
        samples = [sample for sample in config.samples if sample.in_model and applies(sample, region, sample)]
        nominal = {
            sample.name: histograms[key].contents
            for sample in samples
            if (key := TemplateKey(region.name, sample.name)) in histograms
        }
        reference = _reference(config, region, samples, nominal)
        for sample in samples:
            for systematic in config.systematics:
                if sample.name not in nominal or not applies(systematic, region, sample):
                    continue
                key = TemplateKey(region.name, sample.name, systematic.name)
                own = nominal[sample.name]
                of = own if reference is None else reference
                parameter = systematic.parameter_in(region.name, sample.name)
                width = _width(parameter in steered, given[parameter][1] if parameter in given else None)
                pruning = (None if systematic.disable_pruning else config.general.pruning) or Pruning()
                effect = _effect(histograms, systematic, key, own, of, pruning, width)
                if effect is not None:
                    yield effect


def _reference(
    config: Config, region: Region, samples: list[Sample], nominal: Mapping[str, FloatArray]
) -> FloatArray | None:
    """Return the yields that effects are fractions of, shape (n,); None for each sample itself."""
    kind = config.general.pruning.reference if config.general.pruning else "sample"
    if kind == "sample":
        return None
    pois = config.general.of_interest if kind == "background" else ()
    signal = list(scaling(config.norm_factors, config.functions, pois))
    chosen = [s.name for s in samples if not any(applies(factor, region, s) for factor in signal)]
    size = next((own.size for own in nominal.values()), 0)
    total = np.zeros(size)
    for name in chosen:
        total = total + nominal.get(name, 0.0)
    return total


def _width(steered: bool, constraint: Constraint | None) -> float:
    """Return how many times the sides one standard deviation of the parameter is; infinite where it has none."""
    if steered or (constraint is not None and constraint.type == "None"):
        return np.inf
    return 1.0 if constraint is None else float(max(constraint.widths))


def _effect(
    histograms: Mapping[TemplateKey, Histogram],
    systematic: Systematic,
    key: TemplateKey,
    own: FloatArray,
    reference: FloatArray,
    pruning: Pruning,
    width: float,
) -> Effect | None:
    found = [histograms.get(replace(key, side=side)) for side in SIDES]
    up, down = (None if side is None else side.contents for side in found)
    parts = parts_of(systematic, key.region, key.sample, own, up, down)
    if parts is None:
        return None
    norm = parts.norm or (0.0, 0.0)
    norm_judged = max(_fraction(value * float(own.sum()), float(reference.sum())) for value in norm)
    shape, shape_judged, changes = None, 0.0, parts.changes
    if changes is not None:
        shape = _largest(changes[0], own), _largest(changes[1], own)
        shape_judged = max(float(np.max(_fractions(change, reference))) for change in changes)
    effect = Effect(key.region, key.sample, systematic.name, norm, shape, (norm_judged, shape_judged))
    return _judged(effect, pruning, width, has_norm=parts.norm is not None)


def _fraction(change: float, reference: float) -> float:
    return float(_fractions(np.array([change]), np.array([reference]))[0])


def _fractions(change: FloatArray, reference: FloatArray) -> FloatArray:
    """Return sizes of changes as fractions; of nothing any change is infinite, and none is 0."""
    size, of = np.abs(change), np.abs(reference)
    fractions = np.where(size > 0.0, np.inf, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        np.divide(size, of, out=fractions, where=of > 0.0)
    return fractions


def _largest(change: FloatArray, own: FloatArray) -> float:
    """Return the largest relative change of a filled bin, with its sign."""
    with np.errstate(over="ignore", invalid="ignore"):
        relative = np.divide(change, own, out=np.zeros_like(change), where=own != 0.0)
    return float(relative[np.argmax(np.abs(relative))])


def _judged(effect: Effect, pruning: Pruning, width: float, *, has_norm: bool) -> Effect:
    """Return an effect with the decisions and flags that thresholds lead to.

    `width` is what sizes are multiplied by before they are compared with thresholds.

    Where a type has no effect on the yield of its own, all of it is kept or left out with the shape.
    """
    norm, shape = (size * width if size else 0.0 for size in effect.judged)
    flags = []
    if pruning.large is not None:
        sizes = {"large norm": effect.norm, "large shape": effect.shape or ()}
        flags += [flag for flag, values in sizes.items() if any(abs(value) > pruning.large for value in values)]
    up, down = effect.norm
    if up * down > 0.0 and min(abs(up), abs(down)) > max(_VISIBLE, pruning.norm):
        flags.append("same side")
    removed = pruning.remove_large and pruning.large is not None and effect.judged[0] > pruning.large
    keep_norm, keep_shape = not (norm < pruning.norm or removed), not (shape < pruning.shape or removed)
    if not has_norm:
        keep_norm = keep_shape and effect.shape is not None
    return replace(effect, keep_norm=keep_norm, keep_shape=keep_shape or effect.shape is None, flags=tuple(flags))
