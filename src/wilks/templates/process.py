"""(Templates, Config) -> Templates: rebinned, smoothed, symmetrized, pruned, with a record of what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config, Smoothing, applies
from wilks.errors import TemplateError, listed
from wilks.histogram import Histogram
from wilks.templates.binning import BINNED
from wilks.templates.build import other_bins
from wilks.templates.combining import COMBINED, combined
from wilks.templates.differences import scale_differences, scale_smoothed_differences
from wilks.templates.keep_yield import keep_yields
from wilks.templates.kept_parts import keep_parts
from wilks.templates.nominal import raise_bins, scale_uncertainties, smooth_nominal
from wilks.templates.pruning import pruned
from wilks.templates.rebinning import rebinned
from wilks.templates.record import Step
from wilks.templates.reference import mark_ghosts, relative_to_reference
from wilks.templates.smoothing import smooth_353qh_twice
from wilks.templates.smoothing_ratios import TOLERANCE, best_bandwidth, kernel, max_variation
from wilks.templates.smoothing_runs import TURNS, smoothed_runs
from wilks.templates.store import SIDES, TemplateKey, Templates
from wilks.templates.symmetrization import MIRRORED, symmetrize, symmetrize_first

Changes = dict[TemplateKey, tuple[Histogram, Step]]
Stage = Callable[[Mapping[TemplateKey, Histogram], Config], tuple[Changes, list[str]]]


def process_templates(templates: Templates, config: Config) -> Templates:
    """Return the templates as they enter the workspace; what changed is kept in `originals`, what was done in `steps`.

    In this order, each where the steering file asks for it: bins are merged and dropped (`Rebin`, `DropBins`);
    undefined statistical uncertainties become 0 (always), others are scaled (`StaterrorScale`); variations become
    ratios to another sample (`ReferenceSample`); bins are raised and nominal templates smoothed (`MinimumYield`,
    `Smooth`); differences from nominal are scaled (`ScaleDifference`, where one side is mirrored after smoothing);
    variations are smoothed (`Smoothing`), combined where there are several (`Combine`), symmetrized (`Symmetrization`,
    with `BeforeSmoothing` earlier), scaled so that samples keep their common yield (`KeepYield`), and reduced to what
    their Type asks for (`ShapeOnly`, `NormOnly`); effects are measured, and those that are too small are left out of
    the workspace (`Pruning`, the decisions are in `effects`).

    Processing starts from the originals, so processing twice changes nothing. Raises one TemplateError with all
    templates that can't be processed as asked.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.process_templates(wilks.build_templates(config), config)
    >>> effect = templates.effect("muons", "WZ", "WZ modelling")
    >>> print(f"{effect.norm[0]:+.3f} {effect.norm[1]:+.3f}")
    +0.008 -0.008
    """
    originals = {key: templates.original(key) for key in templates if not _made(templates.steps.get(key, ()))}
    if problems := other_bins(originals):
        raise TemplateError(problems)
    histograms, steps = dict(originals), _before_processing(templates)
    for stage in _STAGES:
        changes, problems = stage(histograms, config)
        if problems:
            raise TemplateError(problems)
        for key, (histogram, step) in changes.items():
            histograms[key] = histogram
            steps[key] = (*steps.get(key, ()), step)
    histograms = _in_order(histograms, originals)
    changed = {key: original for key, original in originals.items() if histograms[key] is not original}
    return replace(
        templates,
        histograms=histograms,
        originals=changed,
        steps=steps,
        effects=tuple(pruned(histograms, config)),
    )


def _before_processing(templates: Templates) -> dict[TemplateKey, tuple[Step, ...]]:
    """Return what was done to the originals when they were built."""
    kept = {key: tuple(step for step in steps if step.name == BINNED) for key, steps in templates.steps.items()}
    return {key: steps for key, steps in kept.items() if steps}


def _made(steps: tuple[Step, ...]) -> bool:
    """Return whether a template is no original but made of others: a mirror image, or combined variations."""
    return any(step.name in (MIRRORED, COMBINED) for step in steps)


def _in_order(
    histograms: Mapping[TemplateKey, Histogram], originals: Mapping[TemplateKey, Histogram]
) -> dict[TemplateKey, Histogram]:
    """Return the histograms in the order of the originals; a side that was made stands beside the other."""
    ordered: dict[TemplateKey, Histogram] = {}
    for key in originals:
        sides = [replace(key, side=side) for side in SIDES] if key.systematic is not None else [key]
        for each in (*sides, key) if key not in ordered else ():
            if each in histograms:
                ordered.setdefault(each, histograms[each])
    return ordered


def _with_defined_variances(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates that had undefined statistical uncertainties."""
    changes: Changes = {}
    for key, histogram in histograms.items():
        undefined = np.isnan(histogram.sumw2) | (histogram.sumw2 < 0.0)
        if undefined.any():
            defined = replace(histogram, sumw2=np.where(undefined, 0.0, histogram.sumw2))
            changes[key] = defined, Step("variance set to 0", {"bins": np.flatnonzero(undefined).tolist()})
    return changes, []


def _smooth(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the smoothed variations, and a sentence for each that lacks what it needs."""
    regions = {region.name: region for region in config.regions}
    samples = {sample.name: sample for sample in config.samples}
    smoothings = {s.name: s.smoothing for s in config.systematics if s.smoothing is not None}
    changes: Changes = {}
    problems: list[str] = []
    ratios: dict[TemplateKey, FloatArray] = {}
    for key, variation in histograms.items():
        smoothing = smoothings.get(key.systematic or "")
        if smoothing is None or key.region not in regions or key.sample not in samples:
            continue
        if not applies(smoothing, regions[key.region], samples[key.sample]):
            continue
        source = replace(key, sample=smoothing.reference or key.sample)
        nominal, lacking = _nominal(histograms, key), _nominal(histograms, source) is None
        if variation.axis.is_categorical:
            labels = listed(variation.axis.bin_labels)
            text = f"bins with labels ({labels}) have no neighbours to be smoothed with"
            problems.append(f"{key}: {text}; restrict the Regions of Smoothing")
            continue
        if nominal is None or lacking:
            missing = "a nominal template" if nominal is None else f'the template of "{source.sample}"'
            problems.append(f"{key}: can't be smoothed without {missing} of the same binning")
        elif source == key:
            changes[key] = smoothed(variation, nominal, smoothing)
        else:
            if source not in ratios:
                ratios[source] = _smooth_ratio(histograms, source, smoothing)
            changes[key] = _copied(variation, nominal, ratios[source], source.sample)
    return changes, problems


def _nominal(histograms: Mapping[TemplateKey, Histogram], key: TemplateKey) -> Histogram | None:
    """Return the nominal template of a variation, None where one of them is missing or the bins differ."""
    nominal, variation = histograms.get(TemplateKey(key.region, key.sample)), histograms.get(key)
    same = nominal is not None and variation is not None and len(nominal.axis) == len(variation.axis)
    return nominal if same else None


def smoothed(variation: Histogram, nominal: Histogram, smoothing: Smoothing) -> tuple[Histogram, Step]:
    """Return the smoothed variation, and the step with its numbers.

    What is smoothed is the ratio to the nominal template; the total yield and the statistical uncertainties stay. Bins
    that are empty in the nominal template have no ratio: they don't take part and keep their share of the variation.
    """
    if not (np.isfinite(variation.contents).all() and np.isfinite(nominal.contents).all()):
        return variation, Step("not smoothed", {"because": "a yield is not a finite number"})
    filled = nominal.contents != 0.0
    if not filled.any():
        return variation, Step("not smoothed", {"because": "the nominal template is empty"})
    own, varied, sumw2 = (array[filled] for array in (nominal.contents, variation.contents, nominal.sumw2))
    ratio, numbers = _smoothed_ratio(own, varied, sumw2, smoothing)
    smooth = variation.contents.copy()
    smooth[filled] = ratio * own
    total = float(smooth.sum())
    # A sum of zero can't be scaled back to the yield of the variation: better no smoothing than another yield.
    if total == 0.0:
        return variation, Step("not smoothed", {"because": "the yield would be zero"})
    smooth *= variation.integral / total
    if smoothing.algorithm == "TREXFITTER":
        smooth = np.maximum(smooth, 0.0)
    result = replace(variation, contents=smooth)
    change = np.abs(result.contents - variation.contents)[filled] / np.abs(own)
    return result, Step("smoothed", {**numbers, "largest_change": float(change.max()), "yield": variation.integral})


def _smoothed_ratio(
    nominal: FloatArray, variation: FloatArray, sumw2: FloatArray, smoothing: Smoothing
) -> tuple[FloatArray, dict[str, Any]]:
    """Return the smoothed ratio of filled bins, and with which numbers it was smoothed."""
    numbers: dict[str, Any] = {"algorithm": smoothing.algorithm}
    ratio = variation / nominal
    if smoothing.algorithm == "KERNEL":
        weights = _weights(nominal, sumw2)
        bandwidth = smoothing.bandwidth or best_bandwidth(ratio, weights)
        return kernel(ratio, weights, bandwidth), numbers | {"bandwidth": float(bandwidth)}
    if smoothing.algorithm == "MAXVARIATION":
        asked = TOLERANCE if smoothing.tolerance is None else smoothing.tolerance
        found, tolerance, bins = max_variation(variation, nominal, sumw2, asked)
        return found, numbers | {"tolerance": tolerance, "merged_bins": bins}
    if smoothing.algorithm == "TREXFITTER":
        asked = TOLERANCE if smoothing.tolerance is None else smoothing.tolerance
        found, tolerance, bins = smoothed_runs(variation, nominal, sumw2, asked, smoothing.turns or TURNS)
        return found, numbers | {"tolerance": tolerance, "merged_bins": bins}
    return smooth_353qh_twice(ratio), numbers


def _weights(nominal: FloatArray, sumw2: FloatArray) -> FloatArray:
    """Return effective entries of the nominal template; equal weights where statistical uncertainties are missing."""
    if not (np.isfinite(sumw2).all() and (sumw2 > 0.0).all()):
        return np.ones_like(nominal)
    return nominal**2 / sumw2


def _smooth_ratio(histograms: Mapping[TemplateKey, Histogram], key: TemplateKey, smoothing: Smoothing) -> FloatArray:
    """Return the ratio of a smoothed variation to its nominal template, shape (n,); NaN in empty bins."""
    nominal = histograms[TemplateKey(key.region, key.sample)]
    result, _ = smoothed(histograms[key], nominal, smoothing)
    own = nominal.contents
    return np.divide(result.contents, own, out=np.full_like(own, np.nan), where=own != 0.0)


def _copied(variation: Histogram, nominal: Histogram, ratio: FloatArray, source: str) -> tuple[Histogram, Step]:
    """Return the variation that the ratio of another sample leads to; where that has none, bins stay as they were."""
    contents = np.where(np.isfinite(ratio), ratio * nominal.contents, variation.contents)
    numbers = {"reference": source, "yield_before": variation.integral, "yield": float(contents.sum())}
    return replace(variation, contents=contents), Step("smoothed like", numbers)


_STAGES: tuple[Stage, ...] = (
    rebinned,
    _with_defined_variances,
    scale_uncertainties,
    mark_ghosts,
    relative_to_reference,
    raise_bins,
    smooth_nominal,
    scale_differences,
    symmetrize_first,
    _smooth,
    scale_smoothed_differences,
    combined,
    symmetrize,
    keep_yields,
    keep_parts,
)
