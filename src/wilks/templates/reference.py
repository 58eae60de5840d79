"""Variations as ratios to another sample (`ReferenceSample`), and samples that are there for that alone (`Ghost`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.store import TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
GHOST = "not in the model"


def mark_ghosts(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of ghosts as they are, with a step that tells them from the samples of the model."""
    ghosts = {sample.name for sample in config.samples if sample.ghost}
    return {key: (found, Step(GHOST)) for key, found in histograms.items() if key.sample in ghosts}, []


def relative_to_reference(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the variations of systematics with `ReferenceSample`, and a sentence for each that lacks what it needs.

    Each is multiplied, bin by bin, by the nominal template of its sample over that of the reference sample: what
    remains is the ratio of variation and reference. Where the reference has no positive yield there is no ratio, and
    the bin is nominal. With `KeepReferenceYield` all bins are then scaled, so that the yield changes by the ratio of
    the yields of variation and reference. Statistical uncertainties are multiplied by the same factors.
    """
    references = {systematic.name: systematic.reference_sample for systematic in config.systematics}
    keeping = {systematic.name for systematic in config.systematics if systematic.keep_reference_yield}
    changes: Changes = {}
    problems: list[str] = []
    for key, variation in histograms.items():
        reference = references.get(key.systematic or "")
        if reference is None:
            continue
        needed = [TemplateKey(key.region, sample) for sample in (key.sample, reference)]
        found = [histograms[each] for each in needed if each in histograms]
        if len(found) < 2 or any(len(each.axis) != len(variation.axis) for each in found):
            problems.append(f'{key}: has no ratio to "{reference}" without nominal templates of the same binning')
            continue
        made = _moved(variation, found[0].contents, found[1].contents)
        if key.systematic in keeping:
            made = _with_yield(made, found[0].integral, variation, found[1])
        numbers = {"reference": reference, "yield_before": variation.integral, "yield": made.integral}
        changes[key] = made, Step("relative to", numbers)
    return changes, problems


def _moved(variation: Histogram, nominal: FloatArray, reference: FloatArray) -> Histogram:
    there = reference > 0.0
    factor = np.divide(nominal, reference, out=np.zeros_like(nominal), where=there)
    with np.errstate(over="ignore", invalid="ignore"):  # of yields that aren't finite: told with the workspace
        contents = np.where(there, variation.contents * factor, nominal)
    return Histogram(variation.axis, contents, variation.sumw2 * factor**2, title=variation.title)


def _with_yield(made: Histogram, nominal: float, variation: Histogram, reference: Histogram) -> Histogram:
    """Return a histogram scaled to the nominal yield times the ratio of the yields of variation and reference."""
    there = reference.contents > 0.0
    own, varied = float(reference.contents[there].sum()), float(variation.contents[there].sum())
    if not own > 0.0 or not varied > 0.0 or not made.integral > 0.0:
        return made
    factor = nominal * varied / own / made.integral
    return Histogram(made.axis, made.contents * factor, made.sumw2 * factor**2, title=made.title)
