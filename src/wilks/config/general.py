"""The block `General`: settings of the whole analysis."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictStr
from pydantic.json_schema import SkipJsonSchema

from wilks.config.block import Block
from wilks.config.checks import Checks
from wilks.config.values import Coefficient, Fraction, GroupName, Matrix, Names, Number, Positive


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
    remove_large: StrictBool = Field(
        default=False, description="True: where the yield changes by more than Large, yield and shape are left out"
    )


class Staterror(Block):
    """Parameters for the statistical uncertainty of the templates."""

    threshold: Fraction = Field(
        default=0,
        description="Bins in which the relative statistical uncertainty of all samples together is below this get none",
    )
    per_sample: StrictBool = Field(default=False, description="True: each sample has parameters of its own")
    constraint: Literal["Gaussian", "Poisson"] = Field(default="Gaussian", description="Constraint of the parameters")
    poisson_below: Positive | SkipJsonSchema[None] = Field(
        default=None,
        description="Bins with at most this many effective entries get a Poisson-constrained parameter for each sample",
    )


class Correlation(Block):
    """Gaussian constraints that are correlated."""

    parameters: Names = Field(description="Parameters, two or more", json_schema_extra={"minItems": 2})
    matrix: Matrix | SkipJsonSchema[None] = Field(
        default=None, description="Matrix of the correlations: symmetric, ones on the diagonal"
    )
    correlation: Coefficient | SkipJsonSchema[None] = Field(
        default=None, description="Correlation of two parameters, in place of Matrix"
    )

    @property
    def rows(self) -> tuple[tuple[int | float, ...], ...]:
        """The matrix, also where a single number stands for it."""
        if self.matrix is not None:
            return self.matrix
        return (1, self.correlation or 0), (self.correlation or 0, 1)


class General(Block):
    """Settings of the whole analysis."""

    measurement: StrictStr = Field(description="Name of the measurement")
    poi: StrictStr = Field(default="", alias="POI", description="Parameter of interest; left out, the model has none")
    pois: Names = Field(
        default=(), alias="POIs", description="Parameters of interest where there are several; the first is POI"
    )
    search: StrictBool = Field(
        default=False,
        description="True: a POI of 0 means that there is no signal; a run then finds upper limit and significance",
    )
    input_path: StrictStr = Field(
        description="Path of the input, with {RegionPath}, {SamplePath} and, for histograms, {VariationPath} to be "
        "filled in; histograms are given as file.root:path/in/file"
    )
    histogram_folder: StrictStr = Field(description="Folder for template histograms")
    fixed: tuple[FixedParameter, ...] = Field(
        default=(), description="Parameters that are constant in fits", json_schema_extra={"minItems": 1}
    )
    divisions: Literal["NumPy", "ROOT"] = Field(
        default="NumPy",
        description="How expressions divide (ntuple input): as NumPy does, or as ROOT, where x/0 is 0, and % has the "
        "sign of the first number",
    )
    variation_path: StrictStr = Field(default="", description="Nominal value of {VariationPath} (histogram input only)")
    pruning: Pruning | SkipJsonSchema[None] = Field(default=None, description="Small effects that are left out")
    checks: Checks | SkipJsonSchema[None] = Field(default=None, description="What is worth a finding")
    staterror: Staterror | SkipJsonSchema[None] = Field(
        default=None, description="Parameters for the statistical uncertainty of the templates"
    )
    correlations: tuple[Correlation, ...] = Field(
        default=(), description="Gaussian constraints that are correlated", json_schema_extra={"minItems": 1}
    )
    groups: dict[GroupName, Names] = Field(
        default_factory=dict,
        description="Parameters that belong together, by label: names or patterns of parameters and systematics",
    )
    clip: StrictBool = Field(
        default=False, description="True: yields of a sample that variations bring below 0 are 0, as in ROOT"
    )

    @property
    def of_interest(self) -> tuple[str, ...]:
        """All parameters of interest, the first one is the POI."""
        return self.pois or (self.poi,) * bool(self.poi)
