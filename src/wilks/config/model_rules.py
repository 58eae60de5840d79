"""What has to hold for the terms of the model: statistical uncertainties, types of systematics, factors of bins.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.schema import KeepYield, Region, Staterror, Systematic, applies, selects, staterror_name
from wilks.config.staterrors import staterror_of, staterrors_of
from wilks.errors import listed


def staterrors_do_something(draft: Draft) -> Iterator[Mistake]:
    """A block `Staterror` asks for something, and its keys go together."""
    general = draft.general
    if general.sound("Staterror") and general.block.staterror:
        here = (*general.path, "Staterror")
        if general.block.staterror == Staterror():
            yield Mistake(here, "has no effect: give Threshold, PerSample, Constraint or PoissonBelow")
        yield from _staterror_keys(here, general.block.staterror)
    for path, region in draft.regions.sound("Staterror"):
        if region.staterror is None:
            continue
        here = (*path, "Staterror")
        yield from _staterror_keys(here, region.staterror)
        if general.sound("Staterror") and region.staterror == (general.block.staterror or Staterror()):
            yield Mistake(here, "has no effect: the same holds for all regions")


def _staterror_keys(path: KeyPath, staterror: Staterror) -> Iterator[Mistake]:
    """Yield combinations of keys that contradict each other."""
    if staterror.poisson_below is not None and (staterror.per_sample or staterror.constraint == "Poisson"):
        other = "PerSample" if staterror.per_sample else "Constraint: Poisson"
        text = f"can't be combined with {other}: the effective entries of a bin decide which parameters it gets"
        yield Mistake((*path, "PoissonBelow"), text)


def staterrors_have_samples(draft: Draft) -> Iterator[Mistake]:
    """A region with a block `Staterror` has a sample with statistical uncertainties."""
    templates = draft.templates
    if templates is None or not draft.samples.complete("DisableStaterror"):
        return
    for path, region in draft.regions.sound("Staterror"):
        inside = [sample for other, sample in templates if other is region]
        if region.staterror is not None and inside and all(sample.disable_staterror for sample in inside):
            yield Mistake((*path, "Staterror"), "has no effect: all samples of the region have DisableStaterror: True")


def distinct_bin_parameters(draft: Draft) -> Iterator[Mistake]:
    """Parameters of bins (statistical uncertainties of samples, Type ShapeSys) have names that nothing else has."""
    templates = draft.templates
    if templates is None:
        return
    first: dict[str, str] = {}
    if draft.general.sound("Staterror"):
        for path, region in draft.regions.sound("Name", "Staterror"):
            inside = [sample for place, sample in templates if place is region]
            samples = [sample.name for sample in inside if not sample.disable_staterror]
            separate = {sample.name for sample in inside if sample.separate_staterror}
            for name in staterrors_of(staterror_of(draft.general.block, region), region.name, samples, separate):
                # Of regions that differ in spaces and dashes only, another rule tells.
                if name in first and not name == staterror_name(region.name) == staterror_name(first[name]):
                    other = first[name]
                    where = "for two samples" if other == region.name else f'in "{other}" and "{region.name}"'
                    text = f'the parameters "{name}" would be made twice, {where}; rename a region or a sample'
                    yield Mistake((*path, "Name"), text)
                first.setdefault(name, region.name)
    users: dict[str, list[Systematic]] = {}
    paths: dict[str, KeyPath] = {}
    for path, systematic in draft.systematics.sound("Name", "Type", "ModifierName", "Decorrelate"):
        paths[systematic.name] = path
        for region, sample in templates:
            if applies(systematic, region, sample):
                users.setdefault(systematic.parameter_in(region.name, sample.name), []).append(systematic)
    for name, systematics in users.items():
        if len(systematics) > 1 and any(systematic.type == "ShapeSys" for systematic in systematics):
            last = systematics[-1]
            text = f'the parameters "{name}" of Type "ShapeSys" are also made by "{systematics[0].name}"'
            yield Mistake(paths[last.name], f"{text}; the format has them for one sample in one region")


def decorrelation_suits_type(draft: Draft) -> Iterator[Mistake]:
    """Bins can be decorrelated where there are varied histograms; Type ShapeSys has nothing to decorrelate."""
    for path, systematic in draft.systematics.sound("Type", "Decorrelate"):
        here = (*path, "Decorrelate")
        if systematic.type == "ShapeSys" and systematic.decorrelate:
            yield Mistake(here, 'has no effect in a systematic of Type "ShapeSys": every bin has its own parameter')
        elif systematic.parts_bins and systematic.type not in ("NormPlusShape", "ShapeOnly"):
            text = f'"bin" needs varied histograms, which Type "{systematic.type}" has not; is it "ShapeSys"?'
            yield Mistake(here, text if systematic.type == "Normalization" else _NORM_ONLY)


_NORM_ONLY = '"bin" has no effect in a systematic of Type "NormOnly", which keeps the shape'


def shape_factors_have_bins(draft: Draft) -> Iterator[Mistake]:
    """The regions of a ShapeFactor have the same number of bins (here of ntuples; of histograms when they are read)."""
    templates = draft.templates
    if templates is None or not draft.reads_ntuples:
        return
    for path, factor in draft.shape_factors.sound("Regions", "Samples"):
        acting = {region.name: region for region, sample in templates if applies(factor, region, sample)}
        bins = {name: number for name, region in acting.items() if (number := number_of_bins(region)) is not None}
        if len(set(bins.values())) > 1:
            found = ", ".join(f'"{name}" has {number}' for name, number in bins.items())
            yield Mistake(path, f"needs regions with the same number of bins: {found}; restrict Regions")


def number_of_bins(region: Region) -> int | None:
    """Return how many bins a region of ntuples has in the model, None where the steering file does not say."""
    if region.binning is None or region.auto_binning is not None:
        return None
    bins = len(region.binning) - 1
    if isinstance(region.rebin, tuple):
        bins = len(region.rebin) - 1
    elif region.rebin is not None:
        bins //= region.rebin
    return bins - len(region.drop_bins)


def types_have_effects(draft: Draft) -> Iterator[Mistake]:
    """A shape needs several bins; smoothing does not change a yield by itself, nor the size of a ShapeSys."""
    for path, systematic in draft.systematics.sound("Type", "Up", "Smoothing"):
        here = (*path, "Smoothing")
        if systematic.smoothing is None:
            continue
        plain = systematic.smoothing.reference is None and not systematic.variations
        if systematic.type == "NormOnly" and plain:
            yield Mistake(here, 'has no effect in a systematic of Type "NormOnly": smoothing keeps the yield')
        elif systematic.type == "ShapeSys" and not systematic.has_templates:
            yield Mistake(here, "has no effect: Up has a Normalization, and no histogram")
    templates = draft.templates
    if templates is None or not draft.reads_ntuples:
        return
    for path, systematic in draft.systematics.sound("Type", "Regions", "Samples"):
        acting = [region for region, sample in templates if applies(systematic, region, sample)]
        if systematic.type == "ShapeOnly" and acting and all(number_of_bins(region) == 1 for region in acting):
            yield Mistake((*path, "Type"), '"ShapeOnly" has no effect in regions with one bin')


def yields_can_be_kept(draft: Draft) -> Iterator[Mistake]:
    """`KeepYield` belongs to varied histograms that change yields, and names samples and regions that are affected."""
    for path, systematic in draft.systematics.sound("Type", "Up", "Regions", "Samples", "KeepYield", "Decorrelate"):
        keep = systematic.keep_yield
        if keep is None:
            continue
        here = (*path, "KeepYield")
        if systematic.type not in ("NormPlusShape", "NormOnly"):
            why = "which keeps every yield" if systematic.type == "ShapeOnly" else "which has no varied yields"
            yield Mistake(here, f'has no effect in a systematic of Type "{systematic.type}", {why}')
            continue
        if systematic.parts_bins:
            yield Mistake(here, 'has no place beside Decorrelate: "bin"; the parameter of one bin changes the yield')
            continue
        yield from _affected(draft, here, systematic, keep)


def _affected(draft: Draft, path: KeyPath, systematic: Systematic, keep: KeepYield) -> Iterator[Mistake]:
    """Yield samples and regions that a systematic does not act on, and that nothing is kept."""
    templates = draft.templates
    if templates is None:
        return
    affected = [(region.name, sample.name) for region, sample in templates if applies(systematic, region, sample)]
    strangers = False
    for key, place, own in (("Regions", 0, keep.regions), ("Samples", 1, keep.samples)):
        names = {pair[place] for pair in affected}
        known = {(region.name, sample.name)[place] for region, sample in templates}
        found = [name for name in own if name not in names]
        strangers = strangers or bool(found)
        if known.issuperset(found) and found:
            yield Mistake((*path, key), f"not affected by the systematic: {listed(found)}")
    acting = [pair for pair in affected if selects(keep, *pair)]
    if not acting and not strangers:
        yield Mistake(path, "keeps nothing: none of its samples is in any of its regions")
    regions = {(systematic.parameter_in(*pair), pair[0]) for pair in acting}
    if acting and keep.inclusive and len(regions) == len({parameter for parameter, _ in regions}):
        each = "for parameters that act" if len(regions) > 1 else ""
        yield Mistake((*path, "Inclusive"), " ".join(filter(None, ["has no effect", each, "in one region"])))


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    staterrors_do_something,
    staterrors_have_samples,
    distinct_bin_parameters,
    decorrelation_suits_type,
    shape_factors_have_bins,
    types_have_effects,
    yields_can_be_kept,
)
