"""What values of a steering file's keys may be: numbers, names, binnings, each with its own sentence when it is not."""

from __future__ import annotations

import math
import numbers
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, StrictStr, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from wilks.config.words import described, number_hint
from wilks.errors import nearest


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
        raise ValueError(f"must be text or a list of texts, found {described(value)}{_quotes(value)}")
    for entry in value:
        if not isinstance(entry, str):
            raise ValueError(f"every entry must be text, found {described(entry)}{_quotes(entry)}")
    for name in value:
        if value.count(name) > 1:
            raise ValueError(f'lists "{name}" more than once')
    return tuple(value)


def _quotes(value: Any) -> str:
    """Return advice where text may have been meant: a year is a number for YAML."""
    return "" if value is None or isinstance(value, (bool, list, tuple, dict)) else "; put it in quotes"


def _binning(value: Any) -> tuple[int | float, ...]:
    """Return bin edges; the first may be -.inf and the last .inf. A block with Bins, From and To means equal bins."""
    if isinstance(value, dict):
        return _equal_bins(value)
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        raise ValueError(f"must be a list of at least two bin edges, found {described(value)}")
    last = len(value) - 1
    edges = tuple(
        float(edge) if (place, edge) in ((0, -math.inf), (last, math.inf)) else _number(edge)
        for place, edge in enumerate(value)
    )
    for lower, upper in pairwise(edges):
        if not lower < upper:
            raise ValueError(f"bin edges must increase, found {upper} after {lower}")
    return edges


def _equal_bins(value: dict[Any, Any]) -> tuple[int | float, ...]:
    for key in value:
        if key not in _EQUAL:
            raise ValueError(f'unknown key "{key}"{nearest(str(key), _EQUAL)}; equal bins have Bins, From and To')
    missing = [key for key in _EQUAL if key not in value]
    if missing:
        raise ValueError(f'missing key "{missing[0]}"; equal bins have Bins, From and To')
    bins, low, high = _count(value["Bins"]), _number(value["From"]), _number(value["To"])
    if not low < high:
        raise ValueError(f"bin edges must increase, found From {low} and To {high}")
    return (low, *(low + (high - low) * number / bins for number in range(1, bins)), high)


_EQUAL = ("Bins", "From", "To")


def _bounds(value: Any) -> tuple[int | float, int | float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"must be two numbers, [lower, upper], found {described(value)}")
    lower, upper = (_number(bound) for bound in value)
    if not lower < upper:
        raise ValueError(f"the lower bound must be below the upper bound, found [{lower}, {upper}]")
    return lower, upper


def _fraction(value: Any) -> int | float:
    number = _number(value)
    if not 0 <= number < 1:
        raise ValueError(f"must be a fraction from 0 up to 1 (0.01 is one percent), found {described(value)}")
    return number


def _positive(value: Any) -> int | float:
    number = _number(value)
    if not number > 0:
        raise ValueError(f"must be above 0, found {described(value)}")
    return number


def _factor(value: Any) -> int | float:
    number = _number(value)
    if number == 0:
        raise ValueError("must not be 0: nothing would be left")
    return number


def _not_negative(value: Any) -> int | float:
    number = _number(value)
    if number < 0:
        raise ValueError(f"must not be below 0, found {described(value)}")
    return number


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"must be a whole number above 0, found {described(value)}")
    return value


def _rebinning(value: Any) -> int | tuple[int | float, ...]:
    if isinstance(value, (list, tuple)):
        return _binning(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"must be a number of bins to merge (2, 3, ...) or a list of edges, found {described(value)}")
    return value


def _bin_numbers(value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    for entry in values:
        if isinstance(entry, bool) or not isinstance(entry, int) or entry < 0:
            raise ValueError(f"must be bin numbers, counted from 0, found {described(entry)}")
    return tuple(sorted(set(values)))


def _color(value: Any) -> str:
    """Return a colour that figures know; only where there is one is matplotlib needed."""
    from matplotlib.colors import get_named_colors_mapping, is_color_like

    if not isinstance(value, str):
        raise ValueError(f"must be the name of a colour or '#rrggbb', found {described(value)}{_quotes(value)}")
    if not is_color_like(value) or value.lower() == "none":
        near = nearest(value, get_named_colors_mapping())
        raise ValueError(f"must be the name of a colour or '#rrggbb', found {described(value)}{near}")
    return value


def _matrix(value: Any) -> tuple[tuple[int | float, ...], ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in value):
        raise ValueError(f"must be a list of rows, [[1, 0.3], [0.3, 1]], found {described(value)}")
    return tuple(tuple(map(_number, row)) for row in value)


def _coefficient(value: Any) -> int | float:
    number = _number(value)
    if not -1 < number < 1:
        raise ValueError(f"must lie between -1 and 1, found {described(value)}")
    return number


def _group_name(value: Any) -> str:
    """Return the name of a group; a year may be written as a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ValueError(f"the name of a group must be text, found {described(value)}; put it in quotes")
    return str(value)


def _list_of(items: dict[str, Any], at_least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": at_least, "uniqueItems": True}


_NUMBER: dict[str, Any] = {"type": "number"}
_TEXT: dict[str, Any] = {"type": "string"}
_NAMES: dict[str, Any] = {"anyOf": [_TEXT, _list_of(_TEXT)]}

# `X | SkipJsonSchema[None]` is a key that may be left out, yet may not be null in the file.
Number: TypeAlias = Annotated[int | float, BeforeValidator(_number), WithJsonSchema(_NUMBER)]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_names), WithJsonSchema(_NAMES)]
Binning: TypeAlias = Annotated[
    tuple[int | float, ...],
    BeforeValidator(_binning),
    WithJsonSchema(
        {
            "anyOf": [
                _list_of(_NUMBER, at_least=2),
                {
                    "type": "object",
                    "properties": {"Bins": {"type": "integer", "minimum": 1}, "From": _NUMBER, "To": _NUMBER},
                    "required": list(_EQUAL),
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Bounds: TypeAlias = Annotated[
    tuple[int | float, int | float],
    BeforeValidator(_bounds),
    WithJsonSchema({**_list_of(_NUMBER, at_least=2), "maxItems": 2}),
]
Fraction: TypeAlias = Annotated[
    int | float, BeforeValidator(_fraction), WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 1})
]
NotNegative: TypeAlias = Annotated[
    int | float, BeforeValidator(_not_negative), WithJsonSchema({"type": "number", "minimum": 0})
]
Count: TypeAlias = Annotated[int, BeforeValidator(_count), WithJsonSchema({"type": "integer", "minimum": 1})]
Positive: TypeAlias = Annotated[
    int | float, BeforeValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
Factor: TypeAlias = Annotated[
    int | float, BeforeValidator(_factor), WithJsonSchema({"type": "number", "not": {"const": 0}})
]
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
Rebinning: TypeAlias = Annotated[
    int | tuple[int | float, ...],
    BeforeValidator(_rebinning),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, _list_of(_NUMBER, at_least=2)]}),
]
BinNumbers: TypeAlias = Annotated[
    tuple[int, ...], BeforeValidator(_bin_numbers), WithJsonSchema({"anyOf": [_COUNT, _list_of(_COUNT)]})
]
Part: TypeAlias = Literal["region", "sample", "source", "bin"]
_PARTS: dict[str, Any] = {"enum": list(get_args(Part))}
Parting: TypeAlias = Annotated[
    tuple[Part, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [_PARTS, _list_of(_PARTS)]}),
]
GroupName: TypeAlias = Annotated[str, BeforeValidator(_group_name), WithJsonSchema(_TEXT)]
Matrix: TypeAlias = Annotated[
    tuple[tuple[int | float, ...], ...],
    BeforeValidator(_matrix),
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": _NUMBER, "minItems": 2}, "minItems": 2}),
]
Coefficient: TypeAlias = Annotated[
    int | float,
    BeforeValidator(_coefficient),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -1, "exclusiveMaximum": 1}),
]
Color: TypeAlias = Annotated[str, BeforeValidator(_color), WithJsonSchema(_TEXT)]
OptionalText: TypeAlias = StrictStr | SkipJsonSchema[None]
