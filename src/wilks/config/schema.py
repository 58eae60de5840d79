"""The steering file as frozen pydantic models: which keys exist, of which type, with which default.

Field names are the keys in snake_case (`input_path` for `InputPath`); the keys are cabinetry's. What concerns a single
key or block is checked here; what concerns several blocks (names, placeholders) is checked in `rules`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr
from pydantic.alias_generators import to_pascal
from pydantic.json_schema import SkipJsonSchema

from wilks.config.values import (
    Binning,
    BinNumbers,
    Bounds,
    Fraction,
    Names,
    Number,
    OptionalText,
    Parting,
    Positive,
    Rebinning,
)


class Block(BaseModel):
    """Base of all blocks: frozen, keys in PascalCase, unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True)


class FixedParameter(Block):
    """A parameter that is constant in fits."""

    name: StrictStr = Field(
        description="Parameter: a NormFactor, a systematic (its Name or ModifierName) or staterror_<region>"
    )
    value: Number = Field(description="Value at which the parameter is held")


class Pruning(Block):
    """Which effects of systematics are too small to keep."""

    norm: Fraction = Field(default=0, description="Effects on the yield below this fraction are dropped")
    shape: Fraction = Field(default=0, description="Shapes that change each bin by less than this are dropped")
    reference: Literal["sample", "background", "total"] = Field(
        default="sample",
        description="What effects are fractions of: the sample itself, the sum of samples that the POI does not scale, "
        "or the sum of all",
    )
    large: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Effects above this fraction of the sample are flagged; left out, none"
    )


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
    pruning: Pruning | SkipJsonSchema[None] = Field(default=None, description="Small effects that are left out")


class Region(Block):
    """A channel: which events, and binned in what."""

    name: StrictStr = Field(description="Name of the channel")
    variable: OptionalText = Field(
        default=None, description="Expression to histogram (ntuple input); label of the axis in figures"
    )
    binning: Binning | SkipJsonSchema[None] = Field(default=None, description="Bin edges, increasing")
    filter: OptionalText = Field(default=None, description="Selection of events (ntuple input)")
    region_path: OptionalText = Field(default=None, description="Value of {RegionPath}")
    outside_binning: Literal["drop", "merge"] = Field(
        default="drop",
        description="What becomes of events below the first and above the last edge: left out, or put into the first "
        "and the last bin (ntuple input)",
    )
    rebin: Rebinning | SkipJsonSchema[None] = Field(
        default=None, description="Bins that are merged into one, or the edges that are kept"
    )
    drop_bins: BinNumbers = Field(default=(), description="Bins that are left out, counted from 0 after Rebin")


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

    algorithm: Literal["353QH, twice", "KERNEL", "MAXVARIATION"] = Field(description="Smoothing algorithm")
    regions: Names = Field(default=(), description="Regions in which to smooth; left out, all")
    samples: Names = Field(default=(), description="Samples to smooth; left out, all")
    reference: OptionalText = Field(
        default=None, description="Sample that is smoothed; the others get its relative variation"
    )
    bandwidth: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Width of the kernel in bins (KERNEL); left out, by cross-validation"
    )
    tolerance: Fraction | SkipJsonSchema[None] = Field(
        default=None, description="Statistical uncertainty up to which bins are merged (MAXVARIATION); left out, 0.08"
    )


class Symmetrization(Block):
    """How the two sides of a systematic are made alike."""

    method: Literal["ONESIDED", "TWOSIDED", "ABSMEAN", "MAXIMUM", "ENVELOPE"] = Field(description="What is done")
    normalize_first: StrictBool = Field(
        default=True, description="True: yield and shape are symmetrized each by itself; False: the varied histograms"
    )


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
    symmetrization: Symmetrization | SkipJsonSchema[None] = Field(
        default=None, description="Symmetrization of the varied histograms"
    )
    modifier_name: OptionalText = Field(
        default=None, description="Name of the parameter if not Name; systematics that share it are correlated"
    )
    decorrelate: Parting = Field(default=(), description="One parameter for each region, each sample, or both")

    @property
    def parameter_name(self) -> str:
        """Name of the parameter in the workspace."""
        return self.modifier_name or self.name

    def parameter_in(self, region: str, sample: str) -> str:
        """Return the name of the parameter in the workspace for one sample in one region."""
        parts = {"region": region, "sample": sample}
        apart = [name.replace(" ", "-") for by, name in parts.items() if by in self.decorrelate]
        return "_".join([self.parameter_name, *apart])

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
        from wilks.config.parameters import fixed_values

        return fixed_values(self)


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
