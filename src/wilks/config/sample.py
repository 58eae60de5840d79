"""Samples as blocks of the steering file, with the sources that they may be a sum of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import Field, StrictBool, StrictStr
from pydantic.json_schema import SkipJsonSchema

from wilks.config.block import Block
from wilks.config.values import Color, Factor, Names, OptionalText, Positive


class SampleInput(Block):
    """Keys that replace those of a sample."""

    tree: OptionalText = Field(default=None, description="Name of the tree (ntuple input)")
    filter: OptionalText = Field(
        default=None, description="Selection of events (ntuple input); {Filter} in it stands for what it replaces"
    )
    weight: OptionalText = Field(
        default=None, description="Weight of events (ntuple input); {Weight} in it stands for what it replaces"
    )
    sample_path: Names = Field(default=(), description="Value or values of {SamplePath}")
    scale: Factor | SkipJsonSchema[None] = Field(
        default=None, description="Factor on yields, in place of what it replaces; with -1 a source is subtracted"
    )


class SampleSource(SampleInput):
    """One of several inputs whose sum is a sample."""

    name: OptionalText = Field(default=None, description="Name of the source, a year say")


class SampleOverride(SampleInput):
    """What differs in some regions, for all sources of a sample."""

    regions: Names = Field(default=(), description="Regions in which this differs; left out, all")
    variable: OptionalText = Field(default=None, description="Expression to histogram (ntuple input)")


class Sample(Block):
    """A process, or the data."""

    name: StrictStr = Field(description="Name of the sample")
    tree: OptionalText = Field(
        default=None, description="Name of the tree; on all samples it marks ntuple input, on none histogram input"
    )
    filter: OptionalText = Field(
        default=None, description="Selection of events, in place of the region's (ntuple input)"
    )
    weight: OptionalText = Field(default=None, description="Weight of events (ntuple input); left out, 1")
    sample_path: Names = Field(default=(), description="Value or values of {SamplePath}; several are summed")
    scale: Factor | SkipJsonSchema[None] = Field(
        default=None, description="Factor on the yields, nominal and varied; left out, 1"
    )
    data: StrictBool = Field(default=False, description="True for the one sample that holds the observed data")
    ghost: StrictBool = Field(
        default=False, description="True: templates are made, but the sample is not in the model, as a ReferenceSample"
    )
    disable_staterror: StrictBool = Field(
        default=False, description="True: no parameters for the statistical uncertainty of this sample"
    )
    separate_staterror: StrictBool = Field(
        default=False,
        description="True: parameters of its own for the statistical uncertainty of the sample, not shared with others",
    )
    staterror_scale: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Factor on the statistical uncertainty of the nominal template; left out, 1"
    )
    minimum_yield: Positive | SkipJsonSchema[None] = Field(
        default=None, description="What bins that are not positive are raised to; left out, they stay"
    )
    smooth: StrictBool = Field(default=False, description="True: the nominal template is smoothed")
    regions: Names = Field(default=(), description="Regions with this sample; left out, all")
    exclude: Names = Field(default=(), description="Regions without this sample")
    color: Color | SkipJsonSchema[None] = Field(
        default=None, description="Colour of the sample in figures: a name (tab:red) or '#rrggbb'"
    )
    sources: tuple[SampleSource, ...] = Field(
        default=(), description="Inputs whose sum is the sample", json_schema_extra={"minItems": 1}
    )
    overrides: tuple[SampleOverride, ...] = Field(
        default=(), description="What differs in some regions; of several the last", json_schema_extra={"minItems": 1}
    )

    @property
    def in_model(self) -> bool:
        """True where the sample is simulated, and no ghost."""
        return not (self.data or self.ghost)

    @property
    def has_tree(self) -> bool:
        """True where the sample or each of its sources names a tree."""
        return self.tree is not None or (bool(self.sources) and all(part.tree is not None for part in self.sources))


class Input(NamedTuple):
    """What a source of a sample says of its input, in one region."""

    tree: str | None
    weight: str | None
    filter: str | None
    scale: int | float
    paths: tuple[str, ...]

    def overlaps(self, other: Input) -> bool:
        """Return whether two sources have input in common, all of it alike: it would be counted once."""
        return self[:4] == other[:4] and (self.paths == other.paths or not set(self.paths).isdisjoint(other.paths))


def inputs_of(sample: Sample, overrides: Iterable[SampleOverride] = ()) -> list[Input]:
    """Return the input of each source of a sample; `overrides` are those that hold in a region."""
    return [_input([sample, source, *overrides]) for source in sample.sources]


def _input(blocks: Sequence[Sample | SampleInput]) -> Input:
    """Return what blocks say of an input, each in place of the ones before it."""
    tree: str | None = None
    weight: str | None = None
    filter_: str | None = None
    scale: int | float = 1
    paths: tuple[str, ...] = ()
    for block in blocks:
        scale = scale if block.scale is None else block.scale
        tree, paths = block.tree or tree, block.sample_path or paths
        if block.weight:
            weight = block.weight.replace("{Weight}", f"({weight or 1})")
        if block.filter is not None:
            filter_ = block.filter.replace("{Filter}", f"({filter_ or True})")
    return Input(tree, weight, filter_, scale, paths)
