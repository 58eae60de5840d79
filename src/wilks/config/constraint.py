"""The blocks `Constraint` and `Interpolation`: what is known of a parameter before the fit, and between its sides."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from wilks.config.block import Block
from wilks.config.values import Bounds, NotNegative, Number, Positive
from wilks.config.words import described
from wilks.errors import listed, nearest
from wilks.workspace.spec import HistoSysCode, NormSysCode

ConstraintKind: TypeAlias = Literal["Gaussian", "Poisson", "None"]
_KINDS: tuple[str, ...] = get_args(ConstraintKind)
_SAME = {"normal": "Gaussian", "gauss": "Gaussian", "gamma": "Poisson"} | dict.fromkeys(
    ("free", "flat", "uniform", "unconstrained"), "None"
)
"""Words of other programs, and what they are here."""


def _kind(value: Any) -> Any:
    if value in _KINDS:
        return value
    meant = _SAME.get(value.casefold()) if isinstance(value, str) else None
    hint = f'; did you mean "{meant}"?' if meant else nearest(value, _KINDS) if isinstance(value, str) else ""
    raise ValueError(f"must be one of {listed(_KINDS)}, found {described(value)}{hint}")


class Constraint(Block):
    """What is known of a parameter before the fit."""

    type: Annotated[ConstraintKind, BeforeValidator(_kind), WithJsonSchema({"enum": list(_KINDS)})] = Field(
        default="Gaussian",
        description="Gaussian: the parameter was measured as Center, with the uncertainty Width; Poisson: Count events "
        "were observed where Expected times the parameter are expected; None: nothing is known",
    )
    center: Number | SkipJsonSchema[None] = Field(
        default=None, description="Measured value; left out, 0 for systematics, for factors Nominal or 1"
    )
    width: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Standard deviation, above Center where WidthDown is given; 1 for systematics"
    )
    width_down: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Standard deviation below Center; left out, Width"
    )
    count: NotNegative | SkipJsonSchema[None] = Field(default=None, description="Observed events (Type Poisson)")
    expected: Positive | SkipJsonSchema[None] = Field(
        default=None, description="Events that are expected where the parameter is 1 (Type Poisson)"
    )

    bounds: Bounds | SkipJsonSchema[None] = Field(
        default=None,
        description="Lower and upper bound of a systematic's parameter in the fit; left out, 5 widths from Center",
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are given, besides Type."""
        given = {name: info.alias or name for name, info in type(self).model_fields.items() if name != "type"}
        return tuple(key for name, key in given.items() if getattr(self, name) is not None)

    @property
    def widths(self) -> tuple[int | float, int | float]:
        """Standard deviations below and above the centre, 1 where none is given."""
        above = 1 if self.width is None else self.width
        return above if self.width_down is None else self.width_down, above

    def measured(self, nominal: int | float | None = None) -> int | float:
        """Return where the constraint of a factor is centred; `nominal` is the factor's own value."""
        if self.type == "Poisson" and self.count is not None and self.expected is not None:
            return self.count / self.expected
        if self.center is not None:
            return self.center
        return 1 if nominal is None else nominal


def _constraint(value: Any) -> Any:
    """Return a block; a word alone is its Type."""
    if isinstance(value, str):
        return {"Type": value}
    if not isinstance(value, (dict, Constraint)):
        raise ValueError(f"must be one of {listed(_KINDS)}, or a block of keys, found {described(value)}")
    return value


def constraint_schema(schema: dict[str, Any]) -> None:
    """Add the words to what a JSON schema allows beside the block."""
    block = {key: schema.pop(key) for key in ("$ref", "allOf", "anyOf") if key in schema}
    schema["anyOf"] = [{"enum": list(_KINDS)}, block]


ConstraintKey: TypeAlias = Annotated[Constraint, BeforeValidator(_constraint)]


class Interpolation(Block):
    """How effects follow the parameter between and beyond the sides."""

    norm: NormSysCode | SkipJsonSchema[None] = Field(
        default=None, description="Interpolation code of the effect on the yield; left out, that of the model (code4)"
    )
    shape: HistoSysCode | SkipJsonSchema[None] = Field(
        default=None, description="Interpolation code of the effect on the shape; left out, that of the model (code4p)"
    )
