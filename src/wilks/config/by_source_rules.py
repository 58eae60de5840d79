"""What has to hold for systematics that vary some of a sample's sources, and leave the others nominal.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from wilks.config.by_source import by_source, parts_sources
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.sample import inputs_of
from wilks.config.schema import Region, Sample, Systematic, applies, selects

_KEYS = ("Name", "Type", "Up", "Regions", "Samples", "Exclude", "Sources", "Decorrelate")


def _picking(draft: Draft) -> Iterator[tuple[KeyPath, Systematic, Region, Sample, Sequence[bool]]]:
    """Yield each template of which a systematic varies some sources, and which of them, with the place that says so."""
    templates = draft.templates or [] if draft.samples.complete("Sources", "Overrides") else []
    for path, systematic in draft.systematics.sound(*_KEYS):
        here = (*path, "Decorrelate" if parts_sources(systematic) else "Sources")
        for part, (region, sample) in product(by_source(systematic, templates), templates):
            picked = [source.name in part.sources for source in sample.sources]
            if part.sources and applies(part, region, sample) and not all(picked):
                yield here, systematic, region, sample, picked


def numbers_are_for_whole_samples(draft: Draft) -> Iterator[Mistake]:
    """A change that is given as a number is one of the whole sample."""
    told: set[KeyPath] = set()
    for path, systematic, _, sample, _ in _picking(draft):
        if systematic.has_templates or path in told:
            continue
        told.add(path)
        how = "varied histograms"
        if draft.reads_ntuples:
            how = f'Up: {{Weight: "{{Weight}} * {1 + (systematic.up.normalization or 0.02):g}"}}'
        if systematic.type == "Normalization":
            how += ' with Type "NormOnly"'
        text = f'Normalization changes all of "{sample.name}", not one source; the yield of a source is changed by'
        yield Mistake(path, f"{text} {how}")


def sources_can_be_told_apart(draft: Draft) -> Iterator[Mistake]:
    """Overrides leave a difference between a source that is varied and one that is not: else they count once."""
    told: set[KeyPath] = set()
    for path, _, region, sample, picked in _picking(draft):
        overrides = [each for each in sample.overrides if selects(each, region.name, sample.name)]
        inputs = inputs_of(sample, overrides) if overrides and path not in told else []
        for first, second in product(range(len(inputs)), repeat=2):
            if picked[first] and not picked[second] and inputs[first].overlaps(inputs[second]) and path not in told:
                told.add(path)
                names = " and ".join(f'"{sample.sources[number].name}"' for number in sorted((first, second)))
                text = f'Overrides make the sources {names} of "{sample.name}" one input in "{region.name}"'
                yield Mistake(path, f"{text}, so that none can be varied by itself; leave it out there with Exclude")


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (numbers_are_for_whole_samples, sources_can_be_told_apart)
