"""What has to hold between a steering file and its input: trees, paths and the two sides of systematics.

One rule per function, as in `rules`. A key that would be read by nobody is a mistake: what the user wrote there would
not happen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.keys_by_input import Use, kind_of, use_of, written_keys
from wilks.config.paths import histogram_path, is_uhi_file
from wilks.config.sample import SampleInput
from wilks.config.schema import Sample, Systematic, Template, Variation
from wilks.errors import listed, nearest

PLACEHOLDERS = ("RegionPath", "SamplePath", "VariationPath")
_NTUPLE_KEYS = frozenset({"Tree", "Weight", "Variable", "Filter", "RegionPath", "SamplePath"})
_HISTOGRAM_KEYS = frozenset({"SamplePath", "VariationPath"})
_ABOUT_TREES = "ntuple input has a Tree on every sample, histogram input on none"


def trees_on_all_or_none(draft: Draft) -> Iterator[Mistake]:
    """Either all samples name a tree (ntuple input) or none does (histogram input)."""
    having = [sample.name for sample in draft.samples.blocks() if sample.has_tree]
    lacking = [sample.name for sample in draft.samples.blocks() if not sample.has_tree]
    if having and lacking and draft.samples.complete("Tree", "Sources"):
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


def open_bins_are_filled(draft: Draft) -> Iterator[Mistake]:
    """Bins that begin at -.inf or end at .inf are filled from ntuples; histograms have what lies outside instead."""
    if draft.reads_ntuples is not False:
        return
    for path, region in draft.regions.sound("Binning", "Rebin"):
        for key, edges in (("Binning", region.binning), ("Rebin", region.rebin)):
            if isinstance(edges, tuple) and any(map(math.isinf, edges)):
                yield Mistake((*path, key), f"an edge at infinity is for ntuple input ({_ABOUT_TREES})")


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
    for path, sample in draft.samples.sound("SamplePath", "Sources"):
        if "SamplePath" not in used or sample.sample_path:
            continue
        sources = [(*path, "Sources", index) for index, source in enumerate(sample.sources) if not source.sample_path]
        for place in sources if sample.sources else [path]:
            yield Mistake(place, 'missing key "SamplePath", the value of {SamplePath} in InputPath')


def histograms_are_named(draft: Draft) -> Iterator[Mistake]:
    """`InputPath` of histogram input says which object in the file; the colon may also be in a value."""
    path = draft.general.block.input_path
    if draft.reads_ntuples is not False or not draft.general.sound("InputPath"):
        return
    if not set(PLACEHOLDERS).issuperset(_placeholders(draft)) or histogram_path(path):
        return
    values = [draft.general.block.variation_path]
    values += [region.region_path or "" for region in draft.regions.blocks()]
    values += [value for _, part in _sample_parts(draft) for value in part.sample_path]
    for _, template in _shape_templates(draft):
        values += [template.variation_path or "", *template.sample_path]
    if not any(":" in value or is_uhi_file(value) for value in values):
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
    for path, part in _sample_parts(draft):
        yield path, {"SamplePath"} if part.sample_path else set()
    for path, template in _shape_templates(draft):
        yield path, _written(template)


def _sample_parts(draft: Draft) -> Iterator[tuple[KeyPath, Sample | SampleInput]]:
    """Yield every sample, and what is below it in which a sample's keys may stand."""
    for path, sample in draft.samples.sound():
        yield path, sample
        for index, source in enumerate(sample.sources):
            yield (*path, "Sources", index), source
        for index, override in enumerate(sample.overrides):
            yield (*path, "Overrides", index), override


def keys_suit_input(draft: Draft) -> Iterator[Mistake]:
    """The templates of systematics say what differs in keys that this kind of input has."""
    ntuples = draft.reads_ntuples
    if ntuples is None:
        return
    needed = "histogram" if ntuples else "ntuple"
    for path, template in _shape_templates(draft):
        for key in PLACEHOLDERS:
            if key in _written(template) and use_of(template, key, kind_of(ntuples)) == Use.REFUSED:
                yield Mistake((*path, key), f"is for {needed} input ({_ABOUT_TREES})")


def expressions_are_there(draft: Draft) -> Iterator[Mistake]:
    """How expressions divide matters where there are some."""
    if draft.reads_ntuples is False and "divisions" in draft.general.block.model_fields_set:
        yield Mistake(("General", "Divisions"), f"is for ntuple input ({_ABOUT_TREES})")


def _shape_templates(draft: Draft) -> Iterator[tuple[KeyPath, Variation]]:
    for path, systematic in draft.systematics.sound("Type", "Up", "Down", "Variations"):
        if systematic.has_templates:
            for side, template in sides_of(systematic):
                yield (*path, *side), template
                for index, override in enumerate(template.overrides):
                    yield (*path, *side, "Overrides", index), override


def sides_are_given(draft: Draft) -> Iterator[Mistake]:
    """Each side of a systematic says what differs from nominal, or mirrors the other side."""
    for path, systematic in draft.systematics.sound("Type", "Up", "Down", "Variations"):
        written = systematic.model_fields_set
        combined = systematic.variations and systematic.type not in ("Normalization", "ShapeSys")
        if not ({"up", "down"} <= written or combined):
            continue  # told by `sides_or_variations`
        if systematic.type == "ShapeSys":
            yield from _shapesys_sides(path, systematic, draft.reads_ntuples)
        elif systematic.up.symmetrize and systematic.down.symmetrize:
            yield Mistake(path, "Up and Down cannot both be Symmetrize: True; one side must say what differs")
            continue
        for side, template in sides_of(systematic) if systematic.type != "ShapeSys" else ():
            here = (*path, *side)
            if systematic.type == "Normalization":
                yield from _normalization_side(here, template)
            else:
                yield from _shape_side(here, template, draft.reads_ntuples, systematic.type)
        if _is_nominal(systematic, draft):
            yield Mistake(path, "has no effect: VariationPath is the nominal one")


def _normalization_side(path: KeyPath, template: Template) -> Iterator[Mistake]:
    if template.symmetrize and template.normalization is not None:
        yield Mistake(path, "has both Normalization and Symmetrize: True; a side is given or mirrored")
    if not template.symmetrize and template.normalization is None and not template.overrides:
        yield Mistake(path, 'missing key "Normalization" (0.05 means +5 %), needed by Type "Normalization"')
    for key in sorted(_written(template) - {"Normalization", "Symmetrize", "Overrides"}):
        yield Mistake((*path, key), 'has no effect in a systematic of Type "Normalization"; is it "NormPlusShape"?')


def _shapesys_sides(path: KeyPath, systematic: Systematic, ntuples: bool | None) -> Iterator[Mistake]:
    """Yield what is wrong where one side gives the size of an uncertainty that has no sign."""
    if not systematic.down.symmetrize or systematic.up.symmetrize:
        text = 'Type "ShapeSys" has one size, given under Up (a varied histogram, or Normalization); Down is its mirror'
        yield Mistake(path, f"{text} image: write Down: {{Symmetrize: True}}")
    elif systematic.up.normalization is None:
        yield from _shape_side((*path, "Up"), systematic.up, ntuples, systematic.type)
    else:
        here = (*path, "Up", "Normalization")
        others = sorted(_written(systematic.up) - {"Normalization", "Symmetrize"})
        if others:
            yield Mistake(here, f"has no place beside {listed(others)}: the size is a histogram's or a fraction")
        if systematic.up.normalization <= 0:
            yield Mistake(here, "must be above 0: it is the size of the uncertainty (0.05 means 5 % of each bin)")


def _shape_side(path: KeyPath, template: Template, ntuples: bool | None, kind: str) -> Iterator[Mistake]:
    written = _written(template)
    if "Normalization" in written and kind != "ShapeSys":
        text = f'has no effect in a systematic of Type "{kind}"; is it "Normalization"?'
        yield Mistake((*path, "Normalization"), text)
    if template.symmetrize or template.overrides:
        return
    telling = {True: _NTUPLE_KEYS, False: _HISTOGRAM_KEYS, None: _NTUPLE_KEYS | _HISTOGRAM_KEYS}[ntuples]
    if not written & telling:
        allowed = listed(sorted(telling))
        mirror = "" if path[-2] == "Variations" else ", or mirror the other side with Symmetrize: True"
        yield Mistake(path, f"does not differ from nominal: give one of {allowed}{mirror}")


def _is_nominal(systematic: Systematic, draft: Draft) -> bool:
    """Return whether every histogram of a systematic is the nominal one. One such side is a one-sided uncertainty."""
    if draft.reads_ntuples is not False or not systematic.has_templates:
        return False
    nominal = draft.general.block.variation_path
    return all(
        template.symmetrize or (template.variation_path == nominal and not (template.sample_path or template.overrides))
        for _, template in sides_of(systematic)
    )


def sides_of(systematic: Systematic) -> list[tuple[KeyPath, Template]]:
    """Return place and content of each side, or variation, that the steering file gives."""
    sides = (("Up", systematic.up), ("Down", systematic.down))
    given: list[tuple[KeyPath, Template]] = [
        ((side,), template) for side, template in sides if side.lower() in systematic.model_fields_set
    ]
    return given + [(("Variations", number), template) for number, template in enumerate(systematic.variations)]


def _written(template: Variation) -> set[str]:
    """Return the keys that the steering file gives for a template."""
    return set(written_keys(template))


def _placeholders(draft: Draft) -> list[str]:
    # With a comma it is a choice of files, mc_{1,2}.root.
    return list(dict.fromkeys(re.findall(r"\{([^{},]*)\}", draft.general.block.input_path)))


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    trees_on_all_or_none,
    ntuples_have_binning,
    open_bins_are_filled,
    placeholders_are_known,
    placeholders_have_values,
    histograms_are_named,
    paths_are_used,
    keys_suit_input,
    expressions_are_there,
    sides_are_given,
)
