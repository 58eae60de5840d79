"""The steering file as frozen pydantic models: which keys exist, of which type, with which default.

Field names are the keys in snake_case (`input_path` for `InputPath`); the keys are cabinetry's. What concerns a single
key or block is checked here; what concerns several blocks (names, placeholders) is checked in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PrivateAttr, StrictBool, StrictStr, Tag
from pydantic.alias_generators import to_pascal
from pydantic.json_schema import SkipJsonSchema

from wilks.config.auto_binning import AutoBinning as AutoBinning
from wilks.config.block import Block as Block
from wilks.config.constraint import Constraint as Constraint
from wilks.config.constraint import ConstraintKey, constraint_schema
from wilks.config.constraint import Interpolation as Interpolation
from wilks.config.factors import EXCLUDE
from wilks.config.factors import Exclusion as Exclusion
from wilks.config.factors import Function as Function
from wilks.config.factors import FunctionParameter as FunctionParameter
from wilks.config.factors import NormFactor as NormFactor
from wilks.config.factors import ShapeFactor as ShapeFactor
from wilks.config.general import Correlation as Correlation
from wilks.config.general import FixedParameter as FixedParameter
from wilks.config.general import General as General
from wilks.config.general import Pruning as Pruning
from wilks.config.general import Staterror as Staterror
from wilks.config.sample import Sample as Sample
from wilks.config.values import (
    Binning,
    BinNumbers,
    Count,
    Factor,
    Fraction,
    GroupName,
    Names,
    Number,
    OptionalText,
    Parting,
    Positive,
    Rebinning,
)


class Region(Block):
    """A channel: which events, and binned in what."""

    name: StrictStr = Field(description="Name of the channel")
    variable: OptionalText = Field(
        default=None, description="Expression to histogram (ntuple input); label of the axis in figures"
    )
    binning: Binning | SkipJsonSchema[None] = Field(
        default=None, description="Bin edges, increasing; to these the bins of histograms are merged"
    )
    filter: OptionalText = Field(default=None, description="Selection of events (ntuple input)")
    region_path: OptionalText = Field(default=None, description="Value of {RegionPath}")
    outside_binning: Literal["drop", "merge"] = Field(
        default="drop",
        description="What becomes of events below the first and above the last edge: left out, or put into the first "
        "and the last bin",
    )
    rebin: Rebinning | SkipJsonSchema[None] = Field(
        default=None, description="Bins that are merged into one, or the edges that are kept"
    )
    auto_binning: AutoBinning | SkipJsonSchema[None] = Field(
        default=None, description="Bins that are merged until each has its share of signal and background"
    )
    drop_bins: BinNumbers = Field(default=(), description="Bins that are left out, counted from 0 after Rebin")
    staterror: Staterror | SkipJsonSchema[None] = Field(
        default=None, description="Parameters for the statistical uncertainty, in place of General's"
    )


class Variation(Block):
    """What differs from nominal."""

    tree: OptionalText = Field(default=None, description="Name of the tree (ntuple input)")
    weight: OptionalText = Field(
        default=None, description="Weight of events (ntuple input); {Weight} in it stands for the nominal one"
    )
    variable: OptionalText = Field(default=None, description="Expression to histogram (ntuple input)")
    filter: OptionalText = Field(
        default=None, description="Selection of events (ntuple input); {Filter} in it stands for the nominal one"
    )
    region_path: OptionalText = Field(default=None, description="Value of {RegionPath} (ntuple input)")
    sample_path: Names = Field(default=(), description="Value or values of {SamplePath}")
    normalization: Number | SkipJsonSchema[None] = Field(
        default=None,
        description="Relative change of the yield, 0.05 for +5 % (Type Normalization), or of every bin (Type ShapeSys)",
    )
    variation_path: OptionalText = Field(default=None, description="Value of {VariationPath} (histogram input)")
    scale_difference: Factor | SkipJsonSchema[None] = Field(
        default=None, description="Factor on the difference from nominal, of varied histograms; left out, 1"
    )


class SideOverride(Variation):
    """What a side of a systematic is for some regions and samples."""

    regions: Names = Field(default=(), description="Regions in which this holds; left out, all")
    samples: Names = Field(default=(), description="Samples for which this holds; left out, all")


class Template(Variation):
    """One side of a systematic."""

    symmetrize: StrictBool = Field(default=False, description="True: this side mirrors the other one")
    overrides: tuple[SideOverride, ...] = Field(
        default=(),
        description="What differs for some regions and samples; of several the last",
        json_schema_extra={"minItems": 1},
    )

    def normalization_in(self, region: str, sample: str) -> int | float | None:
        """Return the relative change of the yield of one sample in one region, None where there is none."""
        values = [each.normalization for each in self.overrides if selects(each, region, sample)]
        return next((value for value in reversed(values) if value is not None), self.normalization)

    def factor_in(self, region: str, sample: str) -> float:
        """Return the factor on the difference from nominal, of one sample in one region."""
        blocks = [self, *(each for each in self.overrides if selects(each, region, sample))]
        values = [block.scale_difference for block in reversed(blocks)]
        return float(next((value for value in values if value is not None), 1))


class Smoothing(Block):
    """Smoothing of a systematic's templates."""

    algorithm: Literal["353QH, twice", "KERNEL", "MAXVARIATION", "TREXFITTER"] = Field(
        description="Smoothing algorithm"
    )
    regions: Names = Field(default=(), description="Regions in which to smooth; left out, all")
    samples: Names = Field(default=(), description="Samples to smooth; left out, all")
    reference: OptionalText = Field(
        default=None, description="Sample that is smoothed; the others get its relative variation"
    )
    bandwidth: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Width of the kernel in bins (KERNEL); left out, by cross-validation"
    )
    tolerance: Fraction | SkipJsonSchema[None] = Field(
        default=None,
        description="Statistical uncertainty up to which bins are merged (MAXVARIATION, TREXFITTER); left out, 0.08",
    )
    turns: Count | SkipJsonSchema[None] = Field(
        default=None, description="How often the ratio of merged bins may turn (TREXFITTER); left out, 4"
    )


class Symmetrization(Block):
    """How the two sides of a systematic are made alike."""

    method: Literal["ONESIDED", "TWOSIDED", "ABSMEAN", "MAXIMUM", "ENVELOPE", "LARGERSIDE"] = Field(
        description="What is done"
    )
    normalize_first: StrictBool = Field(
        default=True, description="True: yield and shape are symmetrized each by itself; False: the varied histograms"
    )
    sign: Literal["up", "positive", "larger"] = Field(
        default="up",
        description="Sign of the shift of Up (ABSMEAN, MAXIMUM): that of Up, always above nominal, or that of the side "
        "that is further from nominal",
    )
    before_smoothing: StrictBool = Field(
        default=False, description="True: what is smoothed are the symmetrized sides; False: smoothing comes first"
    )
    clip: StrictBool = Field(default=False, description="True: yields below 0 become 0 (NormalizeFirst: False)")


class Group(Block):
    """Templates that share a parameter of their own."""

    regions: Names = Field(default=(), description="Regions in the group; left out, all")
    samples: Names = Field(default=(), description="Samples in the group; left out, all")


Groups: TypeAlias = Annotated[
    Annotated[Parting, Tag("<names>")] | Annotated[dict[GroupName, Group], Tag("<groups>")],
    Discriminator(lambda value: "<groups>" if isinstance(value, dict) else "<names>"),
]


class KeepYield(Block):
    """Samples whose common yield a systematic does not change."""

    samples: Names = Field(default=(), description="Samples that keep their common yield; left out, all affected")
    regions: Names = Field(default=(), description="Regions in which they keep it; left out, all affected")
    inclusive: StrictBool = Field(
        default=False, description="True: the yield in all these regions together is kept, not in each of them"
    )


class Systematic(Block):
    """A systematic uncertainty and the templates of its two sides, or the variations that are combined to them."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["Up", "Down"]}, {"required": ["Variations", "Combine"]}]}
    )

    name: StrictStr = Field(description="Name of the systematic")
    type: Literal["Normalization", "NormPlusShape", "ShapeOnly", "NormOnly", "ShapeSys"] = Field(
        description="Normalization: a change of the yield; NormPlusShape: varied histograms; ShapeOnly, NormOnly: what "
        "these do to the shape, or to the yield, alone; ShapeSys: an uncertainty of each bin by itself"
    )
    up: Template = Field(default_factory=Template, description="The side at +1 sigma")
    down: Template = Field(default_factory=Template, description="The side at -1 sigma")
    variations: tuple[Template, ...] = Field(
        default=(),
        description="Varied histograms that are combined to both sides, in place of Up and Down",
        json_schema_extra={"minItems": 2},
    )
    combine: Literal["ENVELOPE", "STANDARDDEVIATION"] | SkipJsonSchema[None] = Field(
        default=None,
        description="What Variations are combined to, bin by bin: an envelope, or a standard deviation",
    )
    regions: Names = Field(default=(), description="Regions that are affected; left out, all")
    samples: Names = Field(default=(), description="Samples that are affected; left out, all")
    exclude: tuple[Exclusion, ...] = EXCLUDE
    sources: Names = Field(default=(), description="Sources of the samples that are affected; left out, all")
    smoothing: Smoothing | SkipJsonSchema[None] = Field(default=None, description="Smoothing of the varied histograms")
    symmetrization: Symmetrization | SkipJsonSchema[None] = Field(
        default=None, description="Symmetrization of the varied histograms"
    )
    modifier_name: OptionalText = Field(
        default=None, description="Name of the parameter if not Name; systematics that share it are correlated"
    )
    keep_yield: KeepYield | SkipJsonSchema[None] = Field(
        default=None, description="Samples whose common yield the systematic does not change"
    )
    decorrelate: Groups = Field(
        default=(), description="One parameter for each region, sample, source or bin, or for each group of templates"
    )
    constraint: ConstraintKey | SkipJsonSchema[None] = Field(
        default=None,
        description="What is known of the parameter; left out, 0 +- 1 (Type ShapeSys: Poisson)",
        json_schema_extra=constraint_schema,
    )
    interpolation: Interpolation | SkipJsonSchema[None] = Field(
        default=None, description="How the effects follow the parameter; left out, as the model does"
    )
    reference_sample: OptionalText = Field(
        default=None,
        description="Sample that the varied histograms are compared with; what is varied gets their ratio to it",
    )
    keep_reference_yield: StrictBool = Field(
        default=False,
        description="True: the yield changes by the ratio of the yields of varied histogram and ReferenceSample",
    )
    disable_pruning: StrictBool = Field(default=False, description="True: no effect of it is too small or too large")
    _written_name: str | None = PrivateAttr(default=None)

    @property
    def written_name(self) -> str:
        """Name in the steering file, of which `Decorrelate: source` makes several."""
        return self._written_name or self.name

    def part_for_source(self, name: str, changes: Mapping[str, Any]) -> Systematic:
        """Return what varies one source alone, under another name."""
        part = self.model_copy(update={**changes, "name": name})
        part._written_name = self.written_name
        return part

    @property
    def parameter_name(self) -> str:
        """Name of the parameter in the workspace."""
        return self.modifier_name or self.name

    def parameter_in(self, region: str, sample: str) -> str:
        """Return the name of the parameter in the workspace for one sample in one region.

        Where bins are decorrelated it is what their names have in common: `bin_parameter` makes it a name. The
        parameters of Type ShapeSys always belong to one sample in one region, as the format has it.
        """
        if isinstance(self.decorrelate, dict):
            groups = [name for name, group in self.decorrelate.items() if selects(group, region, sample)]
            return "_".join([self.parameter_name, *(name.replace(" ", "-") for name in groups[:1])])
        parts = {"region": region, "sample": sample}
        apart = set(self.decorrelate)
        if self.type == "ShapeSys":
            apart = {"region", "sample"}
        elif self.parts_bins:
            apart.add("region")
        names = [name.replace(" ", "-") for by, name in parts.items() if by in apart]
        return "_".join([self.parameter_name, *names])

    @property
    def parts_bins(self) -> bool:
        """True where every bin has a parameter of its own."""
        return not isinstance(self.decorrelate, dict) and "bin" in self.decorrelate

    @property
    def sides(self) -> dict[str, Template]:
        """What the file says of each template, by side: "Up" and "Down", or else "Variations[0]" and so on."""
        if self.variations:
            return {f"Variations[{number}]": variation for number, variation in enumerate(self.variations)}
        return {"Up": self.up, "Down": self.down}

    @property
    def has_templates(self) -> bool:
        """True where the sides are varied histograms, and not mere changes of the yield."""
        return self.type != "Normalization" and not (self.type == "ShapeSys" and self.up.normalization is not None)

    def normalizations_in(self, region: str, sample: str) -> tuple[float, float]:
        """Return relative changes of the yield at +1 and -1 sigma (Type Normalization); mirrored is minus the other."""
        up, down = (side.normalization_in(region, sample) for side in (self.up, self.down))
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
    norm_factors: tuple[NormFactor, ...] = Field(description="Free scale factors; an empty list where Functions scale")
    shape_factors: tuple[ShapeFactor, ...] = Field(default=(), description="Free scale factors of each bin")
    systematics: tuple[Systematic, ...] = Field(default=(), description="Systematic uncertainties")
    functions: tuple[Function, ...] = Field(default=(), description="Functions of parameters")
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
        """True where every sample, or each of its sources, names a tree."""
        return all(sample.has_tree for sample in self.samples)


def selects(block: Block, region: str, sample: str) -> bool:
    """Return whether a block's `Regions` and `Samples` name this region and sample (empty means all)."""
    regions, samples = getattr(block, "regions", ()), getattr(block, "samples", ())
    return (not regions or region in regions) and (not samples or sample in samples)


def applies(block: Sample | NormFactor | Function | Systematic | Smoothing, region: Region, sample: Sample) -> bool:
    """Return whether a block acts on a sample in a region: both are named, not excluded, and have the sources named."""
    if isinstance(block, Function) and not block.scales:
        return False
    if not selects(block, region.name, sample.name):
        return False
    if isinstance(block, Sample):
        return region.name not in block.exclude
    sources = block.sources if isinstance(block, Systematic) else ()
    if sources and not any(part.name in sources for part in sample.sources):
        return False
    return not any(selects(taken, region.name, sample.name) for taken in getattr(block, "exclude", ()))


def bin_parameter(name: str, number: int | str) -> str:
    """Return the name of a decorrelated systematic's parameter for one bin, counted from 0."""
    return f"{name}_bin_{number}"


def is_bin_parameter(parameter: str, name: str) -> bool:
    """Return whether a parameter is what `bin_parameter` makes of a name, for some bin."""
    number = parameter.removeprefix(bin_parameter(name, ""))
    return number != parameter and number.isdecimal()


def staterror_name(region: str) -> str:
    """Return the name of the parameters for the statistical uncertainty of the templates in a region.

    >>> staterror_name("4j2b SR")
    'staterror_4j2b-SR'
    """
    return "staterror_" + region.replace(" ", "-")
