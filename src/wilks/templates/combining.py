"""Several variations combined to the two sides of one systematic: envelopes, standard deviations (`Combine`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wilks._types import FloatArray, IntArray
from wilks.config.parameters import simulated
from wilks.config.schema import Config, Systematic, applies
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.store import SIDES, TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
COMBINED = "combined"


def envelope(nominal: FloatArray, variations: FloatArray) -> tuple[IntArray, IntArray]:
    """Return which yields are the largest and the smallest of each bin, shape (n,) each.

    `variations` has shape (variations, n); -1 stands for nominal, which also counts where others are equal to it.
    """
    all_of_them = np.vstack([nominal, variations])
    return np.argmax(all_of_them, axis=0) - 1, np.argmin(all_of_them, axis=0) - 1


def deviation(variations: FloatArray) -> FloatArray:
    """Return the standard deviation of each bin, shape (n,), of variations with shape (variations, n).

    It is the one of a sample, about its mean: sums of squares are divided by the number of variations minus 1, as for
    the replicas of a Monte Carlo set of parton densities (PDF4LHC recommendations, arXiv:1510.03865).
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of yields that aren't finite: told with the workspace
        size: FloatArray = np.std(variations, axis=0, ddof=1)
    return size


def combined(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return both sides of systematics with `Variations`, and a sentence for each template that is missing.

    All bins of a side vary together. In an envelope, bins have the statistical uncertainty of the variation that they
    are taken from; else both sides have the nominal one.
    """
    changes: Changes = {}
    problems: list[str] = []
    for systematic, region, sample in _acting(config):
        nominal_key = TemplateKey(region, sample)
        keys = [TemplateKey(region, sample, systematic.name, side) for side in systematic.sides]
        missing = [key for key in (nominal_key, *keys) if key not in histograms]
        if missing:
            problems += [f'{key}: no template to make "{systematic.name}" of' for key in missing]
            continue
        nominal, variations = histograms[nominal_key], [histograms[key] for key in keys]
        if len({len(histogram.axis) for histogram in (nominal, *variations)}) > 1:
            problems.append(f'{nominal_key}: variations of "{systematic.name}" have other numbers of bins')
            continue
        for side, change in zip(SIDES, _sides(systematic, nominal, variations), strict=True):
            changes[TemplateKey(region, sample, systematic.name, side)] = change
    return changes, problems


def combined_templates(config: Config) -> tuple[TemplateKey, ...]:
    """Return the keys of all templates that are made by combining others."""
    return tuple(
        TemplateKey(region, sample, systematic.name, side)
        for systematic, region, sample in _acting(config)
        for side in SIDES
    )


def _acting(config: Config) -> Iterator[tuple[Systematic, str, str]]:
    """Yield each systematic with `Variations`, and region and sample that it acts on."""
    pairs = simulated(config.regions, config.samples)
    for systematic in config.systematics:
        for region, sample in pairs if systematic.variations else ():
            if applies(systematic, region, sample):
                yield systematic, region.name, sample.name


def _sides(
    systematic: Systematic, nominal: Histogram, variations: Sequence[Histogram]
) -> tuple[tuple[Histogram, Step], ...]:
    """Return the templates at +1 and -1 sigma, and how they were made."""
    contents = np.array([variation.contents for variation in variations])
    if systematic.combine == "ENVELOPE":
        return tuple(_taken(chosen, nominal, variations) for chosen in envelope(nominal.contents, contents))
    size = deviation(contents)
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.where(nominal.contents != 0.0, size / np.abs(nominal.contents), 0.0).max()
    numbers = {"method": systematic.combine, "variations": len(variations), "largest_relative": float(largest)}
    made = (Histogram(nominal.axis, nominal.contents + sign * size, nominal.sumw2) for sign in (1.0, -1.0))
    return tuple((histogram, Step(COMBINED, numbers | {"yield": histogram.integral})) for histogram in made)


def _taken(chosen: IntArray, nominal: Histogram, variations: Sequence[Histogram]) -> tuple[Histogram, Step]:
    """Return a side of an envelope; `chosen` is the number of the variation that each bin is taken from."""
    sources = [*variations, nominal]  # -1 is the last one
    bins = np.arange(chosen.size)
    contents = np.array([source.contents for source in sources])[chosen, bins]
    sumw2 = np.array([source.sumw2 for source in sources])[chosen, bins]
    taken = ["nominal" if number < 0 else int(number) for number in chosen]
    numbers = {"method": "ENVELOPE", "variations": len(variations), "taken_from": taken, "yield": float(contents.sum())}
    return Histogram(nominal.axis, contents, sumw2), Step(COMBINED, numbers)
