"""What has to hold for the parts that samples and systematics consist of: sources, overrides, exclusions, groups.

One rule per function, as in `rules`. What would do nothing is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import get_args

from wilks.config.block import Block
from wilks.config.by_source import by_source, parts_sources
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.input_rules import PLACEHOLDERS, sides_of
from wilks.config.keys_by_input import Use, use_of, written_keys
from wilks.config.sample import inputs_of
from wilks.config.schema import NormFactor, Region, Sample, Systematic, Template, applies, selects
from wilks.config.values import Part
from wilks.errors import listed

Pairs = Sequence[tuple[Region, Sample]]
_INPUT_KEYS = ("Tree", "Weight", "Filter", "SamplePath", "Scale")


def sources_differ(draft: Draft) -> Iterator[Mistake]:
    """The sources of a sample differ from each other, and leave something to the sample's own keys."""
    for path, sample in draft.samples.sound("Sources"):
        names: dict[str, int] = {}
        inputs = inputs_of(sample)
        for index, source in enumerate(sample.sources):
            here = (*path, "Sources", index)
            if source.name is not None and names.setdefault(source.name, index) != index:
                yield Mistake((*here, "Name"), f'the name "{source.name}" is taken by Sources[{names[source.name]}]')
            same = [number for number in range(index) if inputs[number].overlaps(inputs[index])]
            if same:
                what = "is the same input as" if inputs[same[0]] == inputs[index] else "has some of the input of"
                yield Mistake(here, f"{what} Sources[{same[0]}]; it would be counted once")
        for key in _INPUT_KEYS:
            field = _field(key)
            given = [getattr(source, field) for source in sample.sources]
            uses = any(isinstance(value, str) and f"{{{key}}}" in value for value in given)
            if given and getattr(sample, field) and all(value or value == "" for value in given) and not uses:
                yield Mistake((*path, key), "would be ignored: every source has its own")


def _field(key: str) -> str:
    return "sample_path" if key == "SamplePath" else key.lower()


def something_is_replaced(draft: Draft) -> Iterator[Mistake]:
    """`{Weight}` and `{Filter}` stand for an expression that is replaced, so there must be one below."""
    for path, region in draft.regions.sound("Filter"):
        if "{Filter}" in (region.filter or ""):
            yield Mistake((*path, "Filter"), "{Filter} stands for the selection that is replaced; here there is none")
    for path, sample in draft.samples.sound("Weight"):
        if "{Weight}" in (sample.weight or ""):
            yield Mistake((*path, "Weight"), "{Weight} stands for the weight that is replaced; here there is none")


def replaced_texts_are_known(draft: Draft) -> Iterator[Mistake]:
    """In a `Weight` stands nothing in braces but `{Weight}`, in a `Filter` `{Filter}`, in a `Variable` nothing."""
    if not draft.reads_ntuples:
        return
    sides = ((*p, *side) for p, s in draft.systematics.sound() for side, _ in sides_of(s))
    templates = (template for _, s in draft.systematics.sound() for _, template in sides_of(s))
    blocks = chain(draft.regions.sound(), draft.samples.sound(), zip(sides, templates, strict=True), _parts(draft))
    for path, block in blocks:
        for key in ("Weight", "Filter", "Variable"):
            for found in re.findall(r"\{[^{}]*\}", getattr(block, key.lower(), None) or ""):
                known = f"{{{key}}}"
                if found != known or key == "Variable":
                    hint = f'; "{known}" stands for what is replaced' if key != "Variable" else ""
                    yield Mistake((*path, key), f'nothing is put in the place of "{found}"{hint}')


def parts_suit_input(draft: Draft) -> Iterator[Mistake]:
    """Trees and expressions in sources and overrides are for ntuples."""
    if draft.reads_ntuples is not False:
        return
    text = "is for ntuple input, which has a Tree on every sample"
    for path, block in _parts(draft):
        for key in written_keys(block):
            if use_of(block, key, "histograms") == Use.REFUSED and key not in PLACEHOLDERS:
                yield Mistake((*path, key), text)


def _parts(draft: Draft) -> Iterator[tuple[KeyPath, Block]]:
    """Yield all sources and overrides."""
    for path, sample in draft.samples.sound():
        for index, source in enumerate(sample.sources):
            yield (*path, "Sources", index), source
        for index, override in enumerate(sample.overrides):
            yield (*path, "Overrides", index), override
    for path, systematic in draft.systematics.sound():
        for side, template in sides_of(systematic):
            for index, changed in enumerate(template.overrides):
                yield (*path, *side, "Overrides", index), changed


def samples_are_overridden(draft: Draft) -> Iterator[Mistake]:
    """Every override of a sample says what differs, in a region that the sample is in."""
    for path, sample in draft.samples.sound("Overrides"):
        for index, override in enumerate(sample.overrides):
            here = (*path, "Overrides", index)
            if not override.model_fields_set - {"regions"}:
                yield Mistake(here, f"changes nothing; give one of {listed((*_INPUT_KEYS, 'Variable'))}")
            if not draft.regions.complete("Name") or not _known(draft, override):
                continue
            inside = [region for region in draft.regions.blocks() if applies(sample, region, sample)]
            if not any(selects(override, region.name, sample.name) for region in inside):
                yield Mistake((*here, "Regions"), f'"{sample.name}" is in none of these regions')


def sides_are_overridden(draft: Draft) -> Iterator[Mistake]:
    """Every override of a side says what differs, for templates that are affected; none of them stays nominal."""
    keys = ("Type", "Up", "Down", "Variations", "Regions", "Samples", "Exclude", "Sources")
    for path, systematic in draft.systematics.sound(*keys):
        affected = _affected(draft, systematic)
        for side, template in sides_of(systematic):
            here = (*path, *side, "Overrides")
            if template.overrides and template.symmetrize:
                yield Mistake(here, "has no effect beside Symmetrize: True; the other side's Overrides are mirrored")
            elif template.overrides:
                yield from _side_overrides(draft, here, systematic, template, affected)


def _side_overrides(
    draft: Draft, path: KeyPath, systematic: Systematic, template: Template, affected: Pairs
) -> Iterator[Mistake]:
    for index, override in enumerate(template.overrides):
        here = (*path, index)
        written = override.model_fields_set - {"regions", "samples"}
        if not written:
            yield Mistake(here, "changes nothing; give one of the keys of a side")
        if not systematic.has_templates and written - {"normalization"}:
            yield Mistake(here, f'a systematic of Type "{systematic.type}" has Normalization only')
        if systematic.has_templates and "normalization" in written:
            text = f'has no effect in a systematic of Type "{systematic.type}"'
            yield Mistake((*here, "Normalization"), text)
        hit = any(selects(override, region.name, sample.name) for region, sample in affected)
        if affected and not hit and _known(draft, override):
            yield Mistake(here, f'overrides nothing: "{systematic.name}" affects no such template')
    if template.model_fields_set - {"overrides"}:
        return
    for region, sample in affected:
        if not any(selects(override, region.name, sample.name) for override in template.overrides):
            text = (
                f'"{sample.name}" in "{region.name}" would not differ from nominal; none of the Overrides is about it'
            )
            yield Mistake(path, text)
            return


def _affected(draft: Draft, systematic: Systematic) -> Pairs:
    return [pair for pair in draft.templates or [] if applies(systematic, *pair)]


def _known(draft: Draft, block: Block) -> bool:
    """Return whether all names in a block exist: else the mistake has been reported."""
    regions = {region.name for region in draft.regions.blocks()}
    samples = {sample.name for sample in draft.samples.blocks() if sample.in_model}
    return regions.issuperset(getattr(block, "regions", ())) and samples.issuperset(getattr(block, "samples", ()))


def exclusions_exclude(draft: Draft) -> Iterator[Mistake]:
    """Every entry of `Exclude` takes something out of what would be there without it."""
    templates = draft.templates
    if templates is None:
        return
    for path, sample in draft.samples.sound("Exclude"):
        idle = [name for name in sample.exclude if sample.regions and name not in sample.regions]
        for name in idle:
            yield Mistake((*path, "Exclude"), f'"{name}" is not among the Regions of "{sample.name}" anyway')
        if sample.exclude and not any(applies(sample, region, sample) for region in draft.regions.blocks()):
            yield Mistake((*path, "Exclude"), f'leaves "{sample.name}" in no region')
    for parts in (draft.norm_factors, draft.shape_factors, draft.systematics):
        for path, block in parts.sound("Regions", "Samples", "Exclude", "Sources"):
            yield from _exclusions(draft, (*path, "Exclude"), block, templates)


def _exclusions(draft: Draft, path: KeyPath, block: NormFactor | Systematic, templates: Pairs) -> Iterator[Mistake]:
    without = block.model_copy(update={"exclude": ()})
    inside = [(region.name, sample.name) for region, sample in templates if applies(without, region, sample)]
    for index, taken in enumerate(block.exclude):
        if not (taken.regions or taken.samples):
            yield Mistake((*path, index), "names neither Regions nor Samples")
        elif inside and _known(draft, taken) and not any(selects(taken, *pair) for pair in inside):
            yield Mistake((*path, index), f'excludes nothing that "{block.name}" would act on')


def groups_part_templates(draft: Draft) -> Iterator[Mistake]:
    """The groups of a decorrelated systematic each have templates that no other one has."""
    keys = ("Name", "Regions", "Samples", "Exclude", "Sources", "Decorrelate")
    for path, systematic in draft.systematics.sound(*keys):
        if not isinstance(systematic.decorrelate, dict):
            continue
        here = (*path, "Decorrelate")
        if not systematic.decorrelate:
            yield Mistake(here, "must not be empty; name at least one group or leave the key out")
        affected = _affected(draft, systematic)
        owner: dict[tuple[str, str], str] = {}
        for name, group in systematic.decorrelate.items():
            if name in get_args(Part):
                yield Mistake((*here, name), f'"{name}" has a meaning of its own; give the group another name')
            if not (group.regions or group.samples):
                yield Mistake((*here, name), "names neither Regions nor Samples")
                continue
            inside = [(r.name, s.name) for r, s in affected if selects(group, r.name, s.name)]
            if affected and not inside and _known(draft, group):
                yield Mistake((*here, name), f'is empty: "{systematic.name}" affects no such template')
            shared = [(pair, owner[pair]) for pair in inside if pair in owner]
            if shared:
                (region, sample), other = shared[0]
                yield Mistake((*here, name), f'"{sample}" in "{region}" is in the group "{other}", too')
            owner |= dict.fromkeys(inside, name)


def sources_can_be_parted(draft: Draft) -> Iterator[Mistake]:
    """A systematic with a parameter for each source finds sources with names, and makes names that are free."""
    templates = draft.templates
    if templates is None or not draft.samples.complete("Sources"):
        return
    first = {block.name: path for path, block in draft.systematics.sound("Name")}
    for path, systematic in draft.systematics.sound("Name", "Regions", "Samples", "Exclude", "Sources", "Decorrelate"):
        if not parts_sources(systematic):
            continue
        here = (*path, "Decorrelate")
        sources = [
            (s, part) for s in {s.name: s for _, s in _affected(draft, systematic)}.values() for part in s.sources
        ]
        unnamed = [sample.name for sample, part in sources if part.name is None]
        if unnamed:
            yield Mistake(here, f'"source" needs a Name on every source, missing in {listed(dict.fromkeys(unnamed))}')
        elif not sources:
            yield Mistake(here, f'"source" has no effect: no sample that "{systematic.name}" affects has Sources')
        for part in by_source(systematic, templates):
            if part.name != systematic.name and part.name in first:
                yield Mistake(here, f'"{part.name}" for one source is the name of another systematic, or source')
            first.setdefault(part.name, path)


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    sources_differ,
    something_is_replaced,
    replaced_texts_are_known,
    parts_suit_input,
    samples_are_overridden,
    sides_are_overridden,
    exclusions_exclude,
    groups_part_templates,
    sources_can_be_parted,
)
