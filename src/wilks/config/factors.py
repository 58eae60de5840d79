"""What scales samples: free factors, one or one for each bin, and functions of parameters."""

from __future__ import annotations

from pydantic import Field, StrictStr
from pydantic.json_schema import SkipJsonSchema

from wilks.config.block import Block
from wilks.config.constraint import ConstraintKey, constraint_schema
from wilks.config.values import Bounds, Names, Number


class Exclusion(Block):
    """Templates that a modifier leaves alone."""

    regions: Names = Field(default=(), description="Regions that are left alone; left out, all")
    samples: Names = Field(default=(), description="Samples that are left alone; left out, all")


DEFAULT_BOUNDS = 0, 10
"""Bounds of a factor in fits, where none are given."""

EXCLUDE = Field(default=(), description="Templates that are left alone", json_schema_extra={"minItems": 1})


class NormFactor(Block):
    """A scale factor of samples, free unless it has a constraint."""

    name: StrictStr = Field(description="Name of the parameter")
    samples: Names = Field(default=(), description="Samples that are scaled; left out, all")
    regions: Names = Field(default=(), description="Regions in which they are scaled; left out, all")
    exclude: tuple[Exclusion, ...] = EXCLUDE
    nominal: Number | SkipJsonSchema[None] = Field(default=None, description="Value before the fit")
    bounds: Bounds | SkipJsonSchema[None] = Field(default=None, description="Lower and upper bound in the fit")
    constraint: ConstraintKey | SkipJsonSchema[None] = Field(
        default=None, description="What is known of the factor; left out, nothing", json_schema_extra=constraint_schema
    )


class ShapeFactor(NormFactor):
    """Factors of samples, one for each bin."""


class FunctionParameter(Block):
    """A parameter that functions need, and that nothing else has."""

    name: StrictStr = Field(description="Name of the parameter")
    nominal: Number | SkipJsonSchema[None] = Field(default=None, description="Value before the fit; left out, 1")
    bounds: Bounds | SkipJsonSchema[None] = Field(
        default=None, description="Lower and upper bound in the fit; left out, [0, 10]"
    )
    constraint: ConstraintKey | SkipJsonSchema[None] = Field(
        default=None,
        description="What is known of the parameter; left out, nothing",
        json_schema_extra=constraint_schema,
    )


class Function(Block):
    """A function of parameters: it scales samples, or has the name of a systematic's parameter and takes its place."""

    name: StrictStr = Field(description="Name of the function; of a systematic's parameter: it steers the systematic")
    expression: StrictStr = Field(
        description="Formula of NormFactors, parameters of systematics, other functions and Parameters: numbers, "
        "names, + - * / ^, brackets, exp, log, sqrt, pow, min, max"
    )
    arguments: Names = Field(
        default=(), description="Names that @0, @1, ... stand for in Expression, such as names with spaces"
    )
    samples: Names = Field(default=(), description="Samples that are scaled; with Regions and no Samples, all")
    regions: Names = Field(default=(), description="Regions in which they are scaled; with Samples and no Regions, all")
    exclude: tuple[Exclusion, ...] = EXCLUDE
    parameters: tuple[FunctionParameter, ...] = Field(
        default=(), description="Parameters that nothing else has", json_schema_extra={"minItems": 1}
    )

    @property
    def scales(self) -> bool:
        """Whether it scales samples: it names some, or regions."""
        return bool(self.samples or self.regions)
