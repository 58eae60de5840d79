"""What a steering file has that cabinetry does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from wilks.config.document import KeyPath, read_document
from wilks.config.draft import Draft, read_draft
from wilks.config.load import load_config
from wilks.config.paths import is_uhi_file
from wilks.config.schema import Block
from wilks.config.wildcards import is_pattern, known_names, lists_of_names

# The keys of cabinetry's schema, by kind of block.
KEYS: Mapping[str, frozenset[str]] = {
    kind: frozenset(keys.split())
    for kind, keys in {
        "General": "Measurement POI InputPath HistogramFolder Fixed VariationPath",
        "FixedParameter": "Name Value",
        "Region": "Name Variable Binning Filter RegionPath",
        "Sample": "Name Tree Filter Weight SamplePath Data DisableStaterror Regions",
        "NormFactor": "Name Samples Regions Nominal Bounds",
        "Systematic": "Name Type Up Down Regions Samples Smoothing ModifierName",
        "Template": "Tree Weight Variable Filter RegionPath SamplePath Normalization Symmetrize VariationPath",
        "Smoothing": "Algorithm Regions Samples",
    }.items()
}
_VALUES = {
    ("Smoothing", "Algorithm"): ("353QH, twice",),
    ("Systematic", "Type"): ("Normalization", "NormPlusShape"),
}


def beyond_cabinetry(source: str | Path | Mapping[str, Any] | TextIO) -> list[tuple[str, str]]:
    """Return place and sentence of everything in a steering file that cabinetry refuses or does not know.

    Raises ConfigError where the file has mistakes.

    >>> import wilks
    >>> from wilks.config.cabinetry import beyond_cabinetry
    >>> [sentence for place, sentence in beyond_cabinetry(wilks.examples.steering_file())]
    ['cabinetry reads histograms from ROOT files only']
    """
    document = read_document(source)
    load_config(document.data if document.source is None else document.source)
    # As written, before patterns become names and systematics several.
    draft = read_draft(document, [])
    equal = [
        (("Regions", index, "Binning"), "cabinetry needs a list of bin edges")
        for index, region in enumerate(document.data["Regions"])
        if isinstance(region.get("Binning"), dict)
    ]
    found = sorted([*_differences(draft), *equal], key=lambda item: document.line(item[0]))
    return [(document.place(path), text) for path, text in found]


def _differences(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    yield from _in_block(draft.general.block, ("General",))
    for ours in (draft.shape_factors, draft.functions):
        if ours.parts:
            yield (ours.key,), "cabinetry has no such key"
    for parts in (draft.regions, draft.samples, draft.norm_factors, draft.systematics):
        for path, block in parts.sound():
            yield from _in_block(block, path)
    yield from _patterns(draft)
    for index, systematic in enumerate(draft.systematics.blocks()):
        for side, template in (("Up", systematic.up), ("Down", systematic.down)):
            if systematic.type == "Normalization" and template.symmetrize:
                path = ("Systematics", index, side, "Symmetrize")
                yield path, "cabinetry mirrors varied histograms only, not a Normalization"
    if not draft.reads_ntuples:
        if is_uhi_file(draft.general.block.input_path.partition(":")[0]):
            yield ("General", "InputPath"), "cabinetry reads histograms from ROOT files only"
        for index, sample in enumerate(draft.samples.blocks()):
            if len(sample.sample_path) > 1:
                yield (
                    ("Samples", index, "SamplePath"),
                    "cabinetry sums several paths of ntuples only, not of histograms",
                )


def _patterns(draft: Draft) -> Iterator[tuple[KeyPath, str]]:
    """Yield the patterns in the lists of names that cabinetry has."""
    for path, kind, names in lists_of_names(draft):
        if path[0] in ("ShapeFactors", "Functions"):
            continue  # not cabinetry's at all
        if (len(path) == 3 and path[-1] in ("Regions", "Samples")) or path[2:3] == ("Smoothing",):
            known = known_names(draft, kind) or ()
            for name in names:
                if is_pattern(name) and name not in known:
                    yield path, f'cabinetry takes "{name}" for a name, not for a pattern'


def _in_block(block: Block, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield the keys and values of a block, and of those below it, that cabinetry lacks."""
    kind = type(block).__name__
    for name in type(block).model_fields:
        if name not in block.model_fields_set:
            continue
        key, value = type(block).model_fields[name].alias or name, getattr(block, name)
        here = (*path, key)
        if key not in KEYS.get(kind, frozenset()):
            yield here, "cabinetry has no such key"
            continue
        allowed = _VALUES.get((kind, key))
        if allowed is not None and value not in allowed:
            known = " and ".join(f'"{text}"' for text in allowed)
            yield here, f'cabinetry knows {known} only, not "{value}"'
        if isinstance(value, str) and key in ("Weight", "Filter") and f"{{{key}}}" in value:
            yield here, f"cabinetry puts nothing in the place of {{{key}}}"
        for place, inner in _blocks_in(value, here):
            yield from _in_block(inner, place)


def _blocks_in(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Block]]:
    if isinstance(value, Block):
        yield path, value
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            if isinstance(entry, Block):
                yield (*path, index), entry
