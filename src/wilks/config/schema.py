"""The steering file as frozen pydantic models: which keys exist, of which type, with which default.

Field names are the keys in snake_case (`input_path` for `InputPath`); the keys are cabinetry's. What concerns a single
key or block is checked here; what concerns several blocks (names, placeholders) is checked in `rules`.
"""

from __future__ import annotations

import math
import numbers
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    WithJsonSchema,
)
from pydantic.alias_generators import to_pascal
from pydantic.json_schema import SkipJsonSchema

from wilks.config.words import described, number_hint


def _number(value: Any) -> int | float:
    """Return a finite number (integers stay integers); booleans and text are not numbers."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"must be a number, found {described(value)}{number_hint(value)}")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"must be a finite number, found {described(value)}")
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"must be text or a list of texts, found {described(value)}")
    for entry in value:
        if not isinstance(entry, str):
            raise ValueError(f"every entry must be text, found {described(entry)}; put it in quotes")
    for name in value:
        if value.count(name) > 1:
            raise ValueError(f'lists "{name}" more than once')
    return tuple(value)


def _binning(value: Any) -> tuple[int | float, ...]:
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        raise ValueError(f"must be a list of at least two bin edges, found {described(value)}")
    edges = tuple(_number(edge) for edge in value)
    for lower, upper in pairwise(edges):
        if not lower < upper:
            raise ValueError(f"bin edges must increase, found {upper} after {lower}")
    return edges


def _bounds(value: Any) -> tuple[int | float, int | float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"must be two numbers, [lower, upper], found {described(value)}")
    lower, upper = (_number(bound) for bound in value)
    if not lower < upper:
        raise ValueError(f"the lower bound must be below the upper bound, found [{lower}, {upper}]")
    return lower, upper


def _list_of(items: dict[str, Any], at_least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": at_least, "uniqueItems": True}


_NUMBER: dict[str, Any] = {"type": "number"}
_TEXT: dict[str, Any] = {"type": "string"}
_NAMES: dict[str, Any] = {"anyOf": [_TEXT, _list_of(_TEXT)]}

# `X | SkipJsonSchema[None]` is a key that may be left out, yet may not be null in the file.
Number: TypeAlias = Annotated[int | float, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_names), WithJsonSchema(_NAMES)]
Binning: TypeAlias = Annotated[
    tuple[int | float, ...], BeforeValidator(_binning), WithJsonSchema(_list_of(_NUMBER, at_least=2))
]
Bounds: TypeAlias = Annotated[
    tuple[int | float, int | float],
    BeforeValidator(_bounds),
    WithJsonSchema({**_list_of(_NUMBER, at_least=2), "maxItems": 2}),
]
OptionalText: TypeAlias = StrictStr | SkipJsonSchema[None]


class Block(BaseModel):
    """Base of all blocks: frozen, keys in PascalCase, unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True)


class FixedParameter(Block):
    """A parameter that is constant in fits."""

    name: StrictStr = Field(
        description="Parameter: a NormFactor, a systematic (its Name or ModifierName) or staterror_<region>"
    )
    value: Number = Field(description="Value at which the parameter is held")


class General(Block):
    """Settings of the whole analysis."""

    measurement: StrictStr = Field(description="Name of the measurement")
    poi: StrictStr = Field(default="", alias="POI", description="Parameter of interest; left out, the model has none")
    input_path: StrictStr = Field(
        description="Path of the input, with {RegionPath}, {SamplePath} and, for histograms, {VariationPath} to be "
        "filled in; histograms are given as file.root:path/in/file"
    )
    histogram_folder: StrictStr = Field(description="Folder for template histograms")
    fixed: tuple[FixedParameter, ...] = Field(
        default=(), description="Parameters that are constant in fits", json_schema_extra={"minItems": 1}
    )
    variation_path: StrictStr = Field(default="", description="Nominal value of {VariationPath} (histogram input only)")


class Region(Block):
    """A channel: which events, and binned in what."""

    name: StrictStr = Field(description="Name of the channel")
    variable: OptionalText = Field(
        default=None, description="Expression to histogram (ntuple input); label of the axis in figures"
    )
    binning: Binning | SkipJsonSchema[None] = Field(default=None, description="Bin edges, increasing")
    filter: OptionalText = Field(default=None, description="Selection of events (ntuple input)")
    region_path: OptionalText = Field(default=None, description="Value of {RegionPath}")


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
    data: StrictBool = Field(default=False, description="True for the one sample that holds the observed data")
    disable_staterror: StrictBool = Field(
        default=False, description="True: no parameters for the statistical uncertainty of this sample"
    )
    regions: Names = Field(default=(), description="Regions with this sample; left out, all")


class NormFactor(Block):
    """A free scale factor of samples."""

    name: StrictStr = Field(description="Name of the parameter")
    samples: Names = Field(default=(), description="Samples that are scaled; left out, all")
    regions: Names = Field(default=(), description="Regions in which they are scaled; left out, all")
    nominal: Number | SkipJsonSchema[None] = Field(default=None, description="Value before the fit")
    bounds: Bounds | SkipJsonSchema[None] = Field(default=None, description="Lower and upper bound in the fit")


class Template(Block):
    """One side of a systematic: what differs from nominal."""

    tree: OptionalText = Field(default=None, description="Name of the tree (ntuple input)")
    weight: OptionalText = Field(default=None, description="Weight of events (ntuple input)")
    variable: OptionalText = Field(default=None, description="Expression to histogram (ntuple input)")
    filter: OptionalText = Field(default=None, description="Selection of events (ntuple input)")
    region_path: OptionalText = Field(default=None, description="Value of {RegionPath} (ntuple input)")
    sample_path: Names = Field(default=(), description="Value or values of {SamplePath}")
    normalization: Number | SkipJsonSchema[None] = Field(
        default=None, description="Relative change of the yield, 0.05 for +5 % (Type Normalization)"
    )
    symmetrize: StrictBool = Field(default=False, description="True: this side mirrors the other one")
    variation_path: OptionalText = Field(default=None, description="Value of {VariationPath} (histogram input)")


class Smoothing(Block):
    """Smoothing of a systematic's templates."""

    algorithm: Literal["353QH, twice"] = Field(description="Smoothing algorithm")
    regions: Names = Field(default=(), description="Regions in which to smooth; left out, all")
    samples: Names = Field(default=(), description="Samples to smooth; left out, all")


class Systematic(Block):
    """A systematic uncertainty and the templates of its two sides."""

    name: StrictStr = Field(description="Name of the systematic")
    type: Literal["Normalization", "NormPlusShape"] = Field(
        description="Normalization: a change of the yield; NormPlusShape: a varied histogram"
    )
    up: Template = Field(description="The side at +1 sigma")
    down: Template = Field(description="The side at -1 sigma")
    regions: Names = Field(default=(), description="Regions that are affected; left out, all")
    samples: Names = Field(default=(), description="Samples that are affected; left out, all")
    smoothing: Smoothing | SkipJsonSchema[None] = Field(default=None, description="Smoothing of the varied histograms")
    modifier_name: OptionalText = Field(
        default=None, description="Name of the parameter if not Name; systematics that share it are correlated"
    )

    @property
    def parameter_name(self) -> str:
        """Name of the parameter in the workspace."""
        return self.modifier_name or self.name

    @property
    def normalizations(self) -> tuple[float, float]:
        """Relative changes of the yield at +1 and -1 sigma (Type Normalization); mirrored is minus the other side."""
        up, down = self.up.normalization, self.down.normalization
        if self.up.symmetrize and down is not None:
            return -down, down
        if self.down.symmetrize and up is not None:
            return up, -up
        if up is None or down is None:
            raise ValueError(f'the systematic "{self.name}" of Type "{self.type}" has no Normalization on both sides')
        return up, down


class Config(BaseModel):
    """A whole analysis. `source` is the steering file's path (None if it came from a dictionary or a stream)."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_pascal, populate_by_name=True)

    general: General = Field(description="Settings of the whole analysis")
    regions: Annotated[tuple[Region, ...], Field(min_length=1)] = Field(description="Channels of the fit")
    samples: Annotated[tuple[Sample, ...], Field(min_length=1)] = Field(description="Processes, and the data")
    norm_factors: Annotated[tuple[NormFactor, ...], Field(min_length=1)] = Field(description="Free scale factors")
    systematics: tuple[Systematic, ...] = Field(default=(), description="Systematic uncertainties")
    source: SkipJsonSchema[Path | None] = Field(default=None, exclude=True)

    def __repr__(self) -> str:
        source = f", from {self.source}" if self.source else ""
        return (
            f'<Config: "{self.general.measurement}", {len(self.regions)} regions, {len(self.samples)} samples, '
            f"{len(self.norm_factors)} norm factors, {len(self.systematics)} systematics{source}>"
        )

    def __str__(self) -> str:
        return repr(self)

    @property
    def data_sample(self) -> Sample:
        """The one sample with `Data: True`."""
        return next(sample for sample in self.samples if sample.data)

    @property
    def reads_ntuples(self) -> bool:
        """True where every sample names a tree."""
        return all(sample.tree is not None for sample in self.samples)

    @property
    def fixed_values(self) -> dict[str, int | float]:
        """Value of each fixed parameter, by its name in the workspace (`Fixed` may also use a systematic's `Name`)."""
        parameters = {systematic.parameter_name for systematic in self.systematics}
        by_name = {systematic.name: systematic.parameter_name for systematic in self.systematics}
        return {
            entry.name if entry.name in parameters else by_name.get(entry.name, entry.name): entry.value
            for entry in self.general.fixed
        }


def applies(block: Sample | NormFactor | Systematic | Smoothing, region: Region, sample: Sample) -> bool:
    """Return whether a block's `Regions` and `Samples` include this region and sample (empty means all)."""
    samples = getattr(block, "samples", ())
    return (not block.regions or region.name in block.regions) and (not samples or sample.name in samples)


def staterror_name(region: str) -> str:
    """Return the name of the parameters for the statistical uncertainty of the templates in a region.

    >>> staterror_name("4j2b SR")
    'staterror_4j2b-SR'
    """
    return "staterror_" + region.replace(" ", "-")
