"""Variations scaled so that the common yield of some samples stays what it was (`KeepYield`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wilks.config.parameters import simulated
from wilks.config.schema import Config, KeepYield, Systematic, applies, selects
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.store import SIDES, TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
SCALED = "common yield kept"


def keep_yields(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the variations of systematics with `KeepYield`, each side multiplied by one factor for all samples.

    The factor is the nominal yield of the samples over their varied yield, in each region or (`Inclusive`) in all
    regions together; of a decorrelated systematic, of the templates that share a parameter. A side that mirrors the
    other keeps the yield where the other does. Where the varied yield is zero there is no factor, and the side stays as
    it is.
    """
    changes: Changes = {}
    problems: list[str] = []
    for systematic in config.systematics:
        keep = systematic.keep_yield
        if keep is None:
            continue
        for group in _groups(config, systematic, keep):
            for side in SIDES:
                keys = [TemplateKey(*pair, systematic.name, side) for pair in group]
                found = [key for key in keys if key in histograms]
                lacking = [key for key in found if TemplateKey(key.region, key.sample) not in histograms]
                problems += [f"{key}: its yield can't be kept without a nominal template" for key in lacking]
                if found and not lacking:
                    changes |= _scaled(histograms, found)
    return changes, problems


def _groups(config: Config, systematic: Systematic, keep: KeepYield) -> Iterator[list[tuple[str, str]]]:
    """Yield region and sample of the templates whose common yield is kept."""
    pairs = [
        (region.name, sample.name)
        for region, sample in simulated(config.regions, config.samples)
        if applies(systematic, region, sample) and selects(keep, region.name, sample.name)
    ]
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for region, sample in pairs:
        where = "" if keep.inclusive else region
        groups.setdefault((systematic.parameter_in(region, sample), where), []).append((region, sample))
    yield from groups.values()


def _scaled(histograms: Mapping[TemplateKey, Histogram], keys: list[TemplateKey]) -> Changes:
    nominal = sum(histograms[TemplateKey(key.region, key.sample)].integral for key in keys)
    varied = sum(histograms[key].integral for key in keys)
    if varied == 0.0:
        step = Step("common yield not kept", {"because": "the varied yield is zero"})
        return {key: (histograms[key], step) for key in keys}
    factor = nominal / varied
    numbers = {
        "factor": factor,
        "yield_before": varied,
        "yield": nominal,
        "samples": list(dict.fromkeys(key.sample for key in keys)),
        "regions": list(dict.fromkeys(key.region for key in keys)),
    }
    return {key: (histograms[key].scaled(factor), Step(SCALED, numbers)) for key in keys}
