"""Keys of a sound steering file that do nothing, or less than they seem to: another key is read in their place.

cabinetry ignores most of them, too, so that they can't be mistakes: its files have to load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wilks.config.block import Block
from wilks.config.keys_by_input import Use, kind_of, use_of, written_keys
from wilks.config.schema import Config, FunctionParameter, NormFactor, Region, Sample, Systematic, applies, selects
from wilks.config.staterrors import staterror_of

_AS_THEY_ARE = "the input is histograms, which are taken as they are"
_FIELDS = {
    "Tree": "tree",
    "Weight": "weight",
    "Filter": "filter",
    "Variable": "variable",
    "SamplePath": "sample_path",
    "Scale": "scale",
    "RegionPath": "region_path",
    "VariationPath": "variation_path",
    "Normalization": "normalization",
}


@dataclass(frozen=True)
class IdleKey:
    """A key that does nothing (or not everywhere), and why; `kind` and `name` are those of the block.

    `serious` is what probably was meant otherwise.
    """

    key: str
    kind: str
    name: str
    why: str
    advice: str
    serious: bool = False


def unused_keys(config: Config) -> Iterator[IdleKey]:
    """Yield the keys that nobody reads: not for this kind of input, type of systematic or sample."""
    kind = kind_of(config.reads_ntuples)
    advice = "Leave it out; only functions that make templates (Router) see it."
    for region in config.regions:
        for key in written_keys(region):
            if use_of(region, key, kind) == Use.IDLE:
                yield IdleKey(key, "region", region.name, _AS_THEY_ARE, advice)
        if region.rebin == 1:
            yield IdleKey("Rebin", "region", region.name, "groups of 1 bin are the bins themselves", "Leave it out.")
    for sample in config.samples:
        for key in written_keys(sample):
            if use_of(sample, key, kind) == Use.IDLE:
                yield IdleKey(key, "sample", sample.name, _AS_THEY_ARE, advice)
        if sample.data and sample.disable_staterror:
            why = "data have no parameters for a statistical uncertainty"
            yield IdleKey("DisableStaterror", "sample", sample.name, why, "Leave it out.")
        for key in ("DisableStaterror", "SeparateStaterror", "Color") if sample.ghost else ():
            if key in written_keys(sample):
                yield IdleKey(key, "sample", sample.name, "a ghost is not in the model", "Leave it out.")
        yield from _idle_separation(config, sample)
        if sample.data and sample.color is not None:
            yield IdleKey("Color", "sample", sample.name, "data are black points", "Leave it out.")
    if config.general.staterror is not None and all(s.disable_staterror for s in config.samples if s.in_model):
        why = "all samples have DisableStaterror: True"
        yield IdleKey("Staterror", "block", "General", why, "Leave one of them out.", serious=True)
    for systematic in _as_written(config):
        yield from _unused_in_systematic(config, systematic)


def _idle_separation(config: Config, sample: Sample) -> Iterator[IdleKey]:
    """Yield `SeparateStaterror` where no parameters would be shared."""
    if not sample.separate_staterror or sample.ghost:
        return
    inside = [region for region in config.regions if applies(sample, region, sample)]
    why = ""
    if sample.data:
        why = "data have no parameters for a statistical uncertainty"
    elif sample.disable_staterror:
        why = "DisableStaterror: True leaves no parameters"
    elif all(staterror_of(config.general, region).per_sample for region in inside):
        why = "with PerSample every sample has its own parameters"
    if why:
        yield IdleKey(
            "SeparateStaterror", "sample", sample.name, why, "Leave it out.", serious=sample.disable_staterror
        )


def _as_written(config: Config) -> Iterator[Systematic]:
    """Yield each systematic of the steering file once, of which `Decorrelate: source` made several."""
    yield from {systematic.written_name: systematic for systematic in config.systematics}.values()


def _unused_in_systematic(config: Config, systematic: Systematic) -> Iterator[IdleKey]:
    kind, name = kind_of(config.reads_ntuples), systematic.written_name
    if systematic.type == "Normalization" and systematic.smoothing is not None:
        why = 'Type "Normalization" has no histograms to smooth'
        yield IdleKey("Smoothing", "systematic", name, why, "Leave it out.", serious=True)
    for side, template in systematic.sides.items() if systematic.has_templates else ():
        for key in written_keys(template):
            if template.symmetrize and key not in ("Symmetrize", "Overrides"):
                why = "the side is Symmetrize: True, the mirror image of the other one"
                advice = "Leave it out, or Symmetrize."
                yield IdleKey(f"{side}.{key}", "systematic", name, why, advice, serious=True)
            elif use_of(template, key, kind) == Use.IDLE:
                advice = "Give the path of another histogram (SamplePath, VariationPath) if it should differ."
                why = _AS_THEY_ARE
                yield IdleKey(f"{side}.{key}", "systematic", name, why, advice, serious=True)


def replaced_keys(config: Config) -> Iterator[IdleKey]:
    """Yield the keys that are read nowhere, or not everywhere, because a more special block gives the same key."""
    if config.reads_ntuples:
        for region in config.regions:
            yield from _replaced_filter(config, region)
    for sample in config.samples:
        yield from _replaced_in_sample(config, sample)
    for systematic in _as_written(config):
        yield from _replaced_in_sides(config, systematic)
    if config.general.staterror is not None and all(region.staterror is not None for region in config.regions):
        why = "every region has its own"
        yield IdleKey("Staterror", "block", "General", why, "Leave it out there or in the regions.", serious=True)
    values = {entry.name: entry.value for entry in config.general.fixed}
    factors: list[NormFactor | FunctionParameter] = [*config.norm_factors, *config.shape_factors]
    factors += [parameter for function in config.functions for parameter in function.parameters]
    for factor in factors:
        value = values.get(factor.name)
        if value is not None and factor.nominal is not None and factor.nominal != value:
            why = f"the parameter is Fixed at {value:g}, which goes before {factor.nominal:g}"
            kind = "parameter" if isinstance(factor, FunctionParameter) else "norm factor"
            yield IdleKey("Nominal", kind, factor.name, why, "Leave it out, or make them equal.")


def _replaced_filter(config: Config, region: Region) -> Iterator[IdleKey]:
    """Yield the selection of a region that samples replace by their own, as cabinetry has it."""
    wanted = (region.filter or "").strip()
    if not wanted:
        return
    inside = [sample for sample in config.samples if applies(sample, region, sample)]
    own = [sample.name for sample in inside if _replaces(sample, wanted)]
    if own and len(own) == len(inside):
        why = "every sample has its own Filter"
        yield IdleKey("Filter", "region", region.name, why, 'Write "{Filter} & (...)" in a sample to have both.', True)
    elif own:
        samples = ", ".join(f'"{name}"' for name in own[:3]) + (f" and {len(own) - 3} more" if len(own) > 3 else "")
        why = f"{samples} {'has its' if len(own) == 1 else 'have their'} own Filter, and this one does not act there"
        yield IdleKey("Filter", "region", region.name, why, 'Write "{Filter} & (...)" there to have both.')


def _replaces(sample: Sample, wanted: str) -> bool:
    """Return whether a sample has another selection than its region's, and not in addition to it."""
    given = [sample.filter, *(source.filter for source in sample.sources)]
    texts = [text for text in given if text is not None]
    if sample.sources and sample.filter is None and len(texts) < len(sample.sources):
        return False
    return bool(texts) and all("{Filter}" not in text and wanted not in text for text in texts)


def _replaced_in_sample(config: Config, sample: Sample) -> Iterator[IdleKey]:
    """Yield keys of a sample, its sources or overrides that a later override replaces wherever they would hold."""
    regions = [region.name for region in config.regions if applies(sample, region, sample)]
    places: list[tuple[str, Block, list[str]]] = [("", sample, regions)]
    places += [(f"Sources[{number}].", source, regions) for number, source in enumerate(sample.sources)]
    for number, override in enumerate(sample.overrides):
        held = [name for name in regions if selects(override, name, sample.name)]
        places.append((f"Overrides[{number}].", override, held))
    yield from _covered(places, "sample", sample.name, len(sample.sources) + 1)


def _replaced_in_sides(config: Config, systematic: Systematic) -> Iterator[IdleKey]:
    """Yield keys of sides that their overrides replace wherever they would hold."""
    pairs = [
        (region.name, sample.name)
        for region in config.regions
        for sample in config.samples
        if sample.in_model and applies(sample, region, sample) and applies(systematic, region, sample)
    ]
    for side, template in systematic.sides.items():
        places: list[tuple[str, Block, list[tuple[str, str]]]] = [(f"{side}.", template, pairs)]
        for number, override in enumerate(template.overrides):
            held = [pair for pair in pairs if selects(override, *pair)]
            places.append((f"{side}.Overrides[{number}].", override, held))
        yield from _covered(places, "systematic", systematic.written_name, 1)


def _covered(places: Sequence[tuple[str, Block, Sequence[Any]]], kind: str, name: str, below: int) -> Iterator[IdleKey]:
    """Yield keys of blocks that later ones give again wherever the first would hold.

    `places` are what stands before a key, the block, and where it holds; the first `below` don't replace each other.
    """
    for number, (place, block, held) in enumerate(places):
        later = places[max(below, number + 1) :]
        for key, field in _FIELDS.items():
            needed = kind == "sample" and number < below and key in ("Tree", "SamplePath")
            if needed or not held or not getattr(block, field, None):
                continue
            left = set(held)
            for _, other, taken in later:
                text = getattr(other, field, None)
                if isinstance(text, str) and f"{{{key}}}" in text:
                    break  # it stands in the other's expression
                left -= set(taken) if text else set()
            if not left:
                why = "Overrides give it again wherever it would hold"
                yield IdleKey(
                    f"{place}{key}", kind, name, why, "Leave it out, or restrict the Overrides.", serious=True
                )
