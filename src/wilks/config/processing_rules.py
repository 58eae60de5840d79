"""What has to hold for the processing of templates: pruning, rebinning, smoothing, symmetrization.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from wilks.config.by_source import by_source, parts_sources
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.functions import scaling
from wilks.config.schema import Region, Sample, Smoothing, Symmetrization, Systematic, applies
from wilks.errors import listed, nearest

_OPTIONS = {"Bandwidth": ("KERNEL",), "Tolerance": ("MAXVARIATION", "TREXFITTER"), "Turns": ("TREXFITTER",)}


def background_is_defined(draft: Draft) -> Iterator[Mistake]:
    """Pruning against the background needs a signal: samples that the parameter of interest scales."""
    general = draft.general
    pruning = general.block.pruning
    if not general.sound("Pruning", "POI", "POIs") or pruning is None or pruning.reference != "background":
        return
    if not (draft.norm_factors.complete("Name") and draft.functions.complete("Name", "Expression", "Arguments")):
        return
    pois = general.block.of_interest
    if not any(scaling(draft.norm_factors.blocks(), list(draft.functions.blocks()), pois)):
        found = f"{listed(pois)} {'is' if len(pois) == 1 else 'are'} none" if pois else "there is none"
        text = f"background is what the POI does not scale, which must be a NormFactor; {found}"
        yield Mistake(("General", "Pruning", "Reference"), text)


def pruning_does_something(draft: Draft) -> Iterator[Mistake]:
    """A block `Pruning` has a threshold."""
    pruning = draft.general.block.pruning
    if draft.general.sound("Pruning") and pruning is not None and not (pruning.norm or pruning.shape or pruning.large):
        yield Mistake(("General", "Pruning"), "has no effect: give Norm, Shape or Large above 0")
    if draft.general.sound("Pruning") and pruning is not None and pruning.remove_large and pruning.large is None:
        yield Mistake(("General", "Pruning", "RemoveLarge"), "needs Large, the size above which effects are left out")
    for path, systematic in draft.systematics.sound("DisablePruning"):
        if systematic.disable_pruning and draft.general.sound("Pruning") and pruning is None:
            yield Mistake((*path, "DisablePruning"), "has no effect without General.Pruning")


def references_are_there(draft: Draft) -> Iterator[Mistake]:
    """A `ReferenceSample` is a simulated sample that is in all regions in which it is compared with."""
    if draft.templates is None:
        return
    samples = {sample.name: sample for sample in draft.samples.blocks() if not sample.data}
    keys = ("Type", "Up", "Regions", "Samples", "Exclude", "Sources", "Decorrelate", "ReferenceSample")
    for path, systematic in draft.systematics.sound(*keys):
        name, here = systematic.reference_sample, (*path, "ReferenceSample")
        if name is None:
            continue
        affected = [pair for pair in draft.templates if applies(systematic, *pair)]
        if name not in samples:
            hint = nearest(name, samples) or f"; allowed: {listed(samples)}"
            yield Mistake(here, f'no simulated sample "{name}"{hint}')
        elif not systematic.has_templates:
            yield Mistake(here, "has no effect without varied histograms")
        elif systematic.sources or parts_sources(systematic):
            yield Mistake(here, "has no place beside sources that are varied one at a time")
        elif affected and all(sample.name == name for _, sample in affected):
            yield Mistake(here, f'"{name}" itself is all that is varied: the ratio to it changes nothing')
        else:
            regions = {region.name: region for region, _ in affected}
            missing = [key for key, region in regions.items() if not applies(samples[name], region, samples[name])]
            if missing:
                yield Mistake(here, f'"{name}" is not in {listed(missing)}, where the systematic acts')


def kept_yields_have_a_reference(draft: Draft) -> Iterator[Mistake]:
    """`KeepReferenceYield` is about a `ReferenceSample`."""
    for path, systematic in draft.systematics.sound("KeepReferenceYield", "ReferenceSample"):
        if systematic.keep_reference_yield and systematic.reference_sample is None:
            yield Mistake((*path, "KeepReferenceYield"), "has no effect without ReferenceSample")


def checks_say_something(draft: Draft) -> Iterator[Mistake]:
    """A block `Checks` has a threshold."""
    checks = draft.general.block.checks
    if draft.general.sound("Checks") and checks is not None and not checks.model_dump(exclude_none=True):
        yield Mistake(("General", "Checks"), "has no effect: give a threshold, such as LargeEffect: 0.2")


def kept_edges_exist(draft: Draft) -> Iterator[Mistake]:
    """The edges under `Rebin` are edges of `Binning` (of ntuples), and `DropBins` leaves some bin."""
    if not draft.reads_ntuples:
        return
    for path, region in draft.regions.sound("Rebin", "Binning", "DropBins"):
        if region.binning is None or region.auto_binning is not None:
            continue
        bins = len(region.binning) - 1
        if isinstance(region.rebin, tuple):
            wrong = [edge for edge in region.rebin if edge not in region.binning]
            if wrong:
                known = ", ".join(map(str, region.binning))
                yield Mistake((*path, "Rebin"), f"{wrong[0]} is no edge of Binning; there are {known}")
                continue
            bins = len(region.rebin) - 1
        elif region.rebin is not None:
            if bins % region.rebin:
                yield Mistake((*path, "Rebin"), f"{bins} bins can't be merged in groups of {region.rebin}")
                continue
            bins //= region.rebin
        wrong = [number for number in region.drop_bins if number >= bins]
        if wrong:
            yield Mistake((*path, "DropBins"), f"there is no bin {wrong[0]}; they are counted from 0 to {bins - 1}")
        elif len(region.drop_bins) == bins:
            yield Mistake((*path, "DropBins"), "drops all bins of the region")


def data_stay(draft: Draft) -> Iterator[Mistake]:
    """Data are neither raised nor smoothed, and have no statistical uncertainty to be scaled."""
    own = (("MinimumYield", "minimum_yield"), ("Smooth", "smooth"), ("StaterrorScale", "staterror_scale"))
    for key, field in own:
        for path, sample in draft.samples.sound("Data", key):
            if sample.data and getattr(sample, field):
                yield Mistake((*path, key), "is for simulated samples: data stay as they were observed")


def mirrored_sides_are_not_scaled(draft: Draft) -> Iterator[Mistake]:
    """`ScaleDifference` is about a varied histogram that is given."""
    for path, systematic in draft.systematics.sound("Up", "Down"):
        for side, template in (("Up", systematic.up), ("Down", systematic.down)):
            if template.symmetrize and template.scale_difference is not None:
                yield Mistake(
                    (*path, side, "ScaleDifference"), "has no effect beside Symmetrize: True: give the other's"
                )


def automatic_bins_can_be_found(draft: Draft) -> Iterator[Mistake]:
    """`AutoBinning` is all that merges the bins of its region, gives each a share, and knows the signal."""
    for path, region in draft.regions.sound("AutoBinning", "Rebin"):
        how, here = region.auto_binning, (*path, "AutoBinning")
        if how is None:
            continue
        if region.rebin is not None:
            yield Mistake(here, "has no place beside Rebin: one of both says which bins are merged")
        if not (how.signal or how.background):
            yield Mistake(here, "Signal and Background are both 0; at least one is the number of bins it is worth")
        general = draft.general
        if how.samples or not general.sound("POI", "POIs") or not draft.functions.complete("Name", "Expression"):
            continue
        pois, factors = general.block.of_interest, draft.norm_factors
        if factors.complete("Name") and not any(scaling(factors.blocks(), list(draft.functions.blocks()), pois)):
            yield Mistake(here, "needs Samples, the signal: there is no POI that scales some")


def symmetrization_suits_sides(draft: Draft) -> Iterator[Mistake]:
    """ONESIDED has one side to mirror, the other methods have two."""
    for path, systematic in draft.systematics.sound("Type", "Up", "Down", "Symmetrization"):
        if systematic.symmetrization is None:
            continue
        here = (*path, "Symmetrization")
        one_sided = systematic.up.symmetrize or systematic.down.symmetrize
        method = systematic.symmetrization.method
        if systematic.type == "ShapeSys":
            yield Mistake(here, 'has no effect in a systematic of Type "ShapeSys", which has one size')
        elif systematic.type == "Normalization":
            text = f'has no effect in a systematic of Type "{systematic.type}"; write Symmetrize: True on a side'
            yield Mistake(here, text)
        elif method == "ONESIDED" and not one_sided:
            yield Mistake(here, "ONESIDED needs a side with Symmetrize: True, which mirrors the other")
        elif method != "ONESIDED" and one_sided:
            yield Mistake(here, f"{method} needs both sides; Symmetrize: True on a side is ONESIDED")
        else:
            yield from _symmetrization_options(here, systematic.symmetrization)


def _symmetrization_options(path: KeyPath, how: Symmetrization) -> Iterator[Mistake]:
    """Yield the options that have no effect with a method."""
    if how.sign != "up" and how.method not in ("ABSMEAN", "MAXIMUM"):
        yield Mistake((*path, "Sign"), f"has no effect with {how.method}; it is for ABSMEAN and MAXIMUM")
    if how.before_smoothing and how.method == "ONESIDED":
        text = "the image of a side is that of the smoothed one; it is for methods that need both sides"
        yield Mistake((*path, "BeforeSmoothing"), text)
    if how.clip and how.normalize_first:
        yield Mistake((*path, "Clip"), "is for varied histograms as they are: write NormalizeFirst: False")


def symmetrized_sides_are_smoothed(draft: Draft) -> Iterator[Mistake]:
    """What is symmetrized before it is smoothed is smoothed, and not combined from several variations."""
    for path, systematic in draft.systematics.sound("Symmetrization", "Smoothing", "Variations"):
        how, here = systematic.symmetrization, (*path, "Symmetrization", "BeforeSmoothing")
        if how is None or not how.before_smoothing:
            continue
        if systematic.variations:
            yield Mistake(here, "has no place beside Variations, which are smoothed before they are combined")
        elif systematic.smoothing is None:
            yield Mistake(here, "has no effect without Smoothing")


def smoothing_options_are_used(draft: Draft) -> Iterator[Mistake]:
    """Options of a smoothing belong to its algorithm, and its reference sample has the variation."""
    keys = ("Regions", "Samples", "Exclude", "Sources", "Smoothing", "Decorrelate")
    for path, systematic in draft.systematics.sound(*keys):
        smoothing = systematic.smoothing
        if smoothing is None:
            continue
        here = (*path, "Smoothing")
        for key, algorithms in _OPTIONS.items():
            if getattr(smoothing, key.lower()) is not None and smoothing.algorithm not in algorithms:
                text = f'has no effect with "{smoothing.algorithm}"; it is for {" and ".join(algorithms)}'
                yield Mistake((*here, key), text)
        if smoothing.reference is not None:
            yield from _reference(draft, here, systematic, smoothing, smoothing.reference)


def _reference(
    draft: Draft, path: KeyPath, systematic: Systematic, smoothing: Smoothing, name: str
) -> Iterator[Mistake]:
    """Yield why a sample can't be the reference of a smoothing."""
    if draft.templates is None:
        return
    samples = {sample.name: sample for sample in draft.samples.blocks() if sample.in_model}
    here = (*path, "Reference")
    if name not in samples:
        hint = nearest(name, samples) or f"; allowed: {listed(samples)}"
        yield Mistake(here, f'no simulated sample "{name}"{hint}')
        return
    if systematic.samples and name not in systematic.samples:
        yield Mistake(here, f'"{systematic.name}" does not act on "{name}", only on {listed(systematic.samples)}')
        return
    for part in by_source(systematic, draft.templates):
        text = _without_reference(part, samples[name], draft.templates)
        if text is not None:
            yield Mistake(here, text)
            return


def _without_reference(
    systematic: Systematic, reference: Sample, templates: Sequence[tuple[Region, Sample]]
) -> str | None:
    """Return where something is smoothed like a sample that has no such variation there, None if nowhere."""
    smoothing = systematic.smoothing
    if smoothing is None:
        return None
    smoothed = [pair for pair in templates if applies(systematic, *pair) and applies(smoothing, *pair)]
    regions = {region.name: region for region, _ in smoothed}
    missing = [key for key, region in regions.items() if not applies(reference, region, reference)]
    if missing:
        return f'"{reference.name}" is not in {listed(missing)}, which would be smoothed; restrict Regions'
    missing = [key for key, region in regions.items() if not applies(systematic, region, reference)]
    if not missing:
        return None
    others = listed(dict.fromkeys(sample.name for region, sample in smoothed if region.name in missing))
    where = f'"{systematic.name}" does not act on "{reference.name}" in {listed(missing)}'
    return f"{where}, as it does on {others}; restrict Regions or Samples"


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    background_is_defined,
    pruning_does_something,
    references_are_there,
    kept_yields_have_a_reference,
    checks_say_something,
    kept_edges_exist,
    data_stay,
    automatic_bins_can_be_found,
    symmetrization_suits_sides,
    symmetrized_sides_are_smoothed,
    mirrored_sides_are_not_scaled,
    smoothing_options_are_used,
)
