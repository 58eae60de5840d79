"""Which keys of the steering file each kind of input uses: one table for mistakes, findings and documentation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypeAlias, get_args

from wilks.config.block import Block

Kind: TypeAlias = Literal["ntuples", "histograms", "function", "handed in"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Use(StrEnum):
    """What becomes of a key."""

    NEEDED = "needed"
    USED = "used"
    LABEL = "label of the axis"
    MERGED = "bins are merged to it"
    GIVEN = "given to the function"
    IDLE = "no effect"  # a finding: cabinetry ignores it, too
    REFUSED = "mistake"


_EVERYWHERE = (Use.USED,) * 4
_PATH = (Use.USED, Use.USED, Use.GIVEN, Use.IDLE)
_EVENTS = (Use.USED, Use.IDLE, Use.GIVEN, Use.IDLE)
# Beyond cabinetry there is no file that has to be read all the same: what has no effect is a mistake.
_OWN_EVENTS = (Use.USED, Use.REFUSED, Use.GIVEN, Use.IDLE)
_HISTOGRAM_PATH = (Use.REFUSED, Use.USED, Use.GIVEN, Use.IDLE)
_NTUPLE_PATH = (Use.USED, Use.REFUSED, Use.GIVEN, Use.IDLE)

# By kind of block (the name of its class) and key; the uses are in the order of KINDS.
TABLE: Mapping[tuple[str, str], tuple[Use, Use, Use, Use]] = {
    ("General", "InputPath"): (Use.NEEDED, Use.NEEDED, Use.IDLE, Use.IDLE),
    ("General", "VariationPath"): (Use.REFUSED, Use.USED, Use.IDLE, Use.IDLE),
    ("General", "Divisions"): (Use.USED, Use.REFUSED, Use.IDLE, Use.IDLE),
    ("Region", "Variable"): (Use.NEEDED, Use.LABEL, Use.LABEL, Use.LABEL),
    ("Region", "Binning"): (Use.NEEDED, Use.MERGED, Use.MERGED, Use.MERGED),
    ("Region", "Filter"): _EVENTS,
    ("Region", "RegionPath"): _PATH,
    ("Region", "OutsideBinning"): _EVERYWHERE,
    ("Sample", "Tree"): (Use.NEEDED, Use.REFUSED, Use.GIVEN, Use.IDLE),
    ("Sample", "Filter"): _EVENTS,
    ("Sample", "Weight"): _EVENTS,
    ("Sample", "SamplePath"): _PATH,
    ("Sample", "Scale"): _PATH,
    ("Sample", "Sources"): _PATH,
    ("Sample", "Overrides"): _PATH,
    ("SampleSource", "Tree"): _OWN_EVENTS,
    ("SampleSource", "Filter"): _OWN_EVENTS,
    ("SampleSource", "Weight"): _OWN_EVENTS,
    ("SampleSource", "SamplePath"): _PATH,
    ("SampleSource", "Scale"): _PATH,
    ("SampleOverride", "Tree"): _OWN_EVENTS,
    ("SampleOverride", "Filter"): _OWN_EVENTS,
    ("SampleOverride", "Weight"): _OWN_EVENTS,
    ("SampleOverride", "Variable"): _OWN_EVENTS,
    ("SampleOverride", "SamplePath"): _PATH,
    ("SampleOverride", "Scale"): _PATH,
    ("Template", "Tree"): _EVENTS,
    ("Template", "Weight"): _EVENTS,
    ("Template", "Variable"): _EVENTS,
    ("Template", "Filter"): _EVENTS,
    ("Template", "RegionPath"): _NTUPLE_PATH,
    ("Template", "SamplePath"): _PATH,
    ("Template", "VariationPath"): _HISTOGRAM_PATH,
    ("Template", "Overrides"): _PATH,
    ("SideOverride", "Tree"): _OWN_EVENTS,
    ("SideOverride", "Weight"): _OWN_EVENTS,
    ("SideOverride", "Variable"): _OWN_EVENTS,
    ("SideOverride", "Filter"): _OWN_EVENTS,
    ("SideOverride", "RegionPath"): _NTUPLE_PATH,
    ("SideOverride", "SamplePath"): _PATH,
    ("SideOverride", "VariationPath"): _HISTOGRAM_PATH,
}

# The other keys of these blocks, which say nothing about input and hold whatever it is.
OF_ANY_INPUT: Mapping[str, tuple[str, ...]] = {
    "General": (
        *("Measurement", "POI", "POIs", "Search", "HistogramFolder", "Fixed", "Pruning", "Checks", "Staterror"),
        *("Correlations", "Groups", "Clip"),
    ),
    "Region": ("Name", "Rebin", "AutoBinning", "DropBins", "Staterror"),
    "Sample": (
        "Name",
        "Data",
        "Ghost",
        "DisableStaterror",
        "SeparateStaterror",
        "StaterrorScale",
        "MinimumYield",
        "Smooth",
        "Regions",
        "Exclude",
        "Color",
    ),
    "SampleSource": ("Name",),
    "SampleOverride": ("Regions",),
    "Template": ("Normalization", "Symmetrize", "ScaleDifference"),
    "SideOverride": ("Normalization", "Regions", "Samples", "ScaleDifference"),
}

_TITLES = {
    "General": "General",
    "Region": "Regions",
    "Sample": "Samples",
    "SampleSource": "Sources of a sample",
    "SampleOverride": "Overrides of a sample",
    "Template": "Up, Down, Variations",
    "SideOverride": "Overrides of a side",
}


def kind_of(reads_ntuples: bool) -> Kind:
    """Return the kind of input that a steering file describes."""
    return "ntuples" if reads_ntuples else "histograms"


def use_of(block: Block, key: str, kind: Kind) -> Use:
    """Return what becomes of a key of a block for one kind of input.

    >>> from wilks.config.schema import Region
    >>> use_of(Region(name="SR"), "Filter", "histograms").value
    'no effect'
    """
    uses = TABLE.get((type(block).__name__, key), _EVERYWHERE)
    return uses[KINDS.index(kind)]


def written_keys(block: Block) -> list[str]:
    """Return the keys that the steering file gives in a block."""
    fields = type(block).model_fields
    return [info.alias or name for name, info in fields.items() if name in block.model_fields_set]


def as_markdown() -> str:
    """Return the table as the documentation has it, one block after the other."""
    lines: list[str] = []
    for block, title in _TITLES.items():
        lines += [f"## {title}", "", "| key | ntuples | histograms | function of a Router | handed in |"]
        lines += ["|:--|:--|:--|:--|:--|"]
        rows = [(key, uses) for (name, key), uses in TABLE.items() if name == block]
        lines += [f"| `{key}` | {' | '.join(uses)} |" for key, uses in rows]
        others = ", ".join(f"`{key}`" for key in OF_ANY_INPUT[block])
        lines += ["", f"For every kind of input: {others}.", ""]
    return "\n".join(lines)
