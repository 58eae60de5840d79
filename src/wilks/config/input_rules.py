"""What has to hold between a steering file and its input: trees, paths and the two sides of systematics.

One rule per function, as in `rules`. A key that would be read by nobody is a mistake: what the user wrote there would
not happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.paths import HISTOGRAM_PATH
from wilks.config.schema import Systematic, Template
from wilks.errors import listed, nearest

PLACEHOLDERS = ("RegionPath", "SamplePath", "VariationPath")
_NTUPLE_KEYS = frozenset({"Tree", "Weight", "Variable", "Filter", "RegionPath", "SamplePath"})
_HISTOGRAM_KEYS = frozenset({"SamplePath", "VariationPath"})
_ABOUT_TREES = "ntuple input has a Tree on every sample, histogram input on none"


def trees_on_all_or_none(draft: Draft) -> Iterator[Mistake]:
    """Either all samples name a tree (ntuple input) or none does (histogram input)."""
    having = [sample.name for sample in draft.samples.blocks() if sample.tree is not None]
    lacking = [sample.name for sample in draft.samples.blocks() if sample.tree is None]
    if having and lacking and draft.samples.complete("Tree"):
        text = f"Tree is given for {listed(having)} and missing for {listed(lacking)}; {_ABOUT_TREES}"
        yield Mistake(("Samples",), text)


def ntuples_have_binning(draft: Draft) -> Iterator[Mistake]:
    """Regions say what to histogram, and in which bins, where the input is ntuples."""
    if not draft.reads_ntuples:
        return
    for path, region in draft.regions.sound("Variable"):
        if region.variable is None:
            yield Mistake(path, f'missing key "Variable", needed to make histograms from ntuples ({_ABOUT_TREES})')
    for path, region in draft.regions.sound("Binning"):
        if region.binning is None:
            yield Mistake(path, f'missing key "Binning", needed to make histograms from ntuples ({_ABOUT_TREES})')


def placeholders_are_known(draft: Draft) -> Iterator[Mistake]:
    """`InputPath` has only placeholders that can be filled in."""
    allowed = PLACEHOLDERS[:2] if draft.reads_ntuples else PLACEHOLDERS
    for name in _placeholders(draft):
        if name not in allowed:
            reason = f"; it is for histogram input ({_ABOUT_TREES})" if name in PLACEHOLDERS else nearest(name, allowed)
            choice = listed(f"{{{key}}}" for key in allowed)
            hint = reason or f"; allowed: {choice}"
            yield Mistake(("General", "InputPath"), f'unknown placeholder "{{{name}}}"{hint}')


def placeholders_have_values(draft: Draft) -> Iterator[Mistake]:
    """Each region and sample gives the value of the placeholders in `InputPath`."""
    used = _placeholders(draft)
    for path, region in draft.regions.sound("RegionPath"):
        if "RegionPath" in used and region.region_path is None:
            yield Mistake(path, 'missing key "RegionPath", the value of {RegionPath} in InputPath')
    for path, sample in draft.samples.sound("SamplePath"):
        if "SamplePath" in used and not sample.sample_path:
            yield Mistake(path, 'missing key "SamplePath", the value of {SamplePath} in InputPath')


def histograms_are_named(draft: Draft) -> Iterator[Mistake]:
    """`InputPath` of histogram input says which object in the file; the colon may also be in a value."""
    path = draft.general.block.input_path
    if draft.reads_ntuples is not False or not draft.general.sound("InputPath"):
        return
    if not set(PLACEHOLDERS).issuperset(_placeholders(draft)) or HISTOGRAM_PATH.fullmatch(path):
        return
    values = [draft.general.block.variation_path]
    values += [region.region_path or "" for region in draft.regions.blocks()]
    values += [value for sample in draft.samples.blocks() for value in sample.sample_path]
    for _, template in _shape_templates(draft):
        values += [template.variation_path or "", *template.sample_path]
    if not any(":" in value for value in values):
        text = f'"{path}" names a file but no histogram in it; histograms are given as file.root:path/in/file'
        yield Mistake(("General", "InputPath"), f"{text} ({_ABOUT_TREES})")


def paths_are_used(draft: Draft) -> Iterator[Mistake]:
    """Values for placeholders are given only where `InputPath` has the placeholder."""
    used = _placeholders(draft)
    if not draft.general.sound("InputPath") or not set(PLACEHOLDERS).issuperset(used):
        return
    for path, given in _given_paths(draft):
        for key in PLACEHOLDERS:
            if key in given and key not in used:
                text = f'would be ignored: InputPath "{draft.general.block.input_path}" has no {{{key}}}'
                yield Mistake((*path, key), text)


def _given_paths(draft: Draft) -> Iterator[tuple[KeyPath, set[str]]]:
    """Yield each block that may give values for placeholders, and the keys that it gives."""
    if draft.general.sound("VariationPath") and draft.general.block.variation_path:
        yield draft.general.path, {"VariationPath"}
    for path, region in draft.regions.sound("RegionPath"):
        yield path, {"RegionPath"} if region.region_path is not None else set()
    for path, sample in draft.samples.sound("SamplePath"):
        yield path, {"SamplePath"} if sample.sample_path else set()
    for path, template in _shape_templates(draft):
        yield path, _written(template)


def keys_suit_input(draft: Draft) -> Iterator[Mistake]:
    """The templates of systematics say what differs in keys that this kind of input has."""
    ntuples = draft.reads_ntuples
    if ntuples is None:
        return
    if not ntuples:
        for path, region in draft.regions.sound("OutsideBinning"):
            if region.outside_binning != "drop":
                yield Mistake(
                    (*path, "OutsideBinning"), f'"{region.outside_binning}" is for ntuple input ({_ABOUT_TREES})'
                )
    key, needed = ("VariationPath", "histogram") if ntuples else ("RegionPath", "ntuple")
    for path, template in _shape_templates(draft):
        if key in _written(template):
            yield Mistake((*path, key), f"is for {needed} input ({_ABOUT_TREES})")


def _shape_templates(draft: Draft) -> Iterator[tuple[KeyPath, Template]]:
    for path, systematic in draft.systematics.sound("Type", "Up", "Down"):
        if systematic.type == "NormPlusShape":
            for side, template in _sides(systematic):
                yield (*path, side), template


def sides_are_given(draft: Draft) -> Iterator[Mistake]:
    """Each side of a systematic says what differs from nominal, or mirrors the other side."""
    for path, systematic in draft.systematics.sound("Type", "Up", "Down"):
        if systematic.up.symmetrize and systematic.down.symmetrize:
            yield Mistake(path, "Up and Down cannot both be Symmetrize: True; one side must say what differs")
            continue
        for side, template in _sides(systematic):
            here = (*path, side)
            if systematic.type == "Normalization":
                yield from _normalization_side(here, template)
            else:
                yield from _shape_side(here, template, draft.reads_ntuples)
        if _is_nominal(systematic, draft):
            yield Mistake(path, "has no effect: VariationPath is the nominal one")


def _normalization_side(path: KeyPath, template: Template) -> Iterator[Mistake]:
    if template.symmetrize and template.normalization is not None:
        yield Mistake(path, "has both Normalization and Symmetrize: True; a side is given or mirrored")
    if not template.symmetrize and template.normalization is None:
        yield Mistake(path, 'missing key "Normalization" (0.05 means +5 %), needed by Type "Normalization"')
    for key in sorted(_written(template) - {"Normalization", "Symmetrize"}):
        yield Mistake((*path, key), 'has no effect in a systematic of Type "Normalization"; is it "NormPlusShape"?')


def _shape_side(path: KeyPath, template: Template, ntuples: bool | None) -> Iterator[Mistake]:
    written = _written(template)
    if "Normalization" in written:
        text = 'has no effect in a systematic of Type "NormPlusShape"; is it "Normalization"?'
        yield Mistake((*path, "Normalization"), text)
    if template.symmetrize:
        return
    telling = {True: _NTUPLE_KEYS, False: _HISTOGRAM_KEYS, None: _NTUPLE_KEYS | _HISTOGRAM_KEYS}[ntuples]
    if not written & telling:
        allowed = listed(sorted(telling))
        yield Mistake(
            path, f"does not differ from nominal: give one of {allowed}, or mirror the other side with Symmetrize: True"
        )


def _is_nominal(systematic: Systematic, draft: Draft) -> bool:
    """Return whether every histogram of a systematic is the nominal one. One such side is a one-sided uncertainty."""
    if draft.reads_ntuples is not False or systematic.type == "Normalization":
        return False
    nominal = draft.general.block.variation_path
    return all(
        template.symmetrize or (template.variation_path == nominal and not template.sample_path)
        for _, template in _sides(systematic)
    )


def _sides(systematic: Systematic) -> tuple[tuple[str, Template], tuple[str, Template]]:
    return ("Up", systematic.up), ("Down", systematic.down)


def _written(template: Template) -> set[str]:
    """Return the keys that the steering file gives for a template."""
    fields = type(template).model_fields
    return {fields[name].alias or name for name in template.model_fields_set}


def _placeholders(draft: Draft) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\{([^{}]*)\}", draft.general.block.input_path)))


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    trees_on_all_or_none,
    ntuples_have_binning,
    placeholders_are_known,
    placeholders_have_values,
    histograms_are_named,
    paths_are_used,
    keys_suit_input,
    sides_are_given,
)
