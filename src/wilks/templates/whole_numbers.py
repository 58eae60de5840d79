"""Arithmetic of whole numbers in expressions: with 64 bits where these suffice, else decimal; nothing wraps around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from wilks.templates.expression_text import ExpressionError

Value: TypeAlias = Any
Operation: TypeAlias = Callable[..., Any]

_BEYOND = 2.0**63
# Decimal numbers this large may have been rounded up to it.
_NEAR = _BEYOND * (1 - 2.0**-50)
_OPERATIONS: dict[str, Operation] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "//": np.floor_divide,
    "%": np.remainder,
    "power": np.power,
    "negative": np.negative,
    "abs": np.abs,
}
WHOLE = frozenset(_OPERATIONS)


def type_of(value: Value) -> np.dtype[Any] | None:
    """Return the type of the numbers in a value, None where they aren't numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype if value.dtype.kind in "biuf" else None
    if isinstance(value, (int, float)):
        return np.asarray(value).dtype
    form = value.layout.form
    while True:
        if getattr(form, "parameters", None) and form.parameter("__array__") in ("string", "bytestring"):
            return None
        if form.is_numpy:
            return np.dtype(form.primitive) if np.dtype(form.primitive).kind in "biuf" else None
        if not (form.is_option or form.is_list or form.is_indexed):
            return np.dtype(np.float64) if form.is_unknown else None
        form = form.content


def wide(value: Value) -> Value:
    """Return integers and booleans with 64 bits and a sign; those beyond as decimal numbers."""
    if isinstance(value, (int, float, np.generic)):
        return float(value) if isinstance(value, int) and not -_BEYOND <= value < _BEYOND else value
    dtype = type_of(value)
    if dtype is None:
        raise ExpressionError("these are not numbers")
    if dtype.kind not in "biu" or dtype == np.int64:
        return value
    return _as(value, np.float64 if dtype == np.uint64 and _limits(value)[1] >= _BEYOND else np.int64)


def computed(op: str, values: list[Value]) -> Value:
    """Return the outcome of one of the operations in `WHOLE`; what 64 bits can't hold makes it decimal numbers.

    So does a division by zero, which no whole number can express.
    """
    operation = _OPERATIONS[op]
    given, values = values, [wide(value) for value in values]
    if not all((dtype := type_of(value)) is not None and dtype.kind == "i" for value in values):
        return operation(*values)
    for limits in (_limits_of_type, _limits):  # the second looks at every number
        if not _may_fail(op, [limits(value) for value in given]):
            return operation(*values)
    decimal = operation(*(_as(value, np.float64) for value in values))
    return decimal if _fails(decimal) else operation(*values)


def total(value: Value) -> Value:
    """Return the sum of each list."""
    import awkward

    given, value = value, wide(value)
    dtype = type_of(value)
    if dtype is not None and dtype.kind == "i" and max(map(abs, _limits_of_type(given))) >= 1 << 32:
        longest = awkward.max(awkward.num(value, axis=-1), axis=None) or 0
        if int(longest) * max(map(abs, _limits(value))) >= _BEYOND:
            decimal = awkward.sum(_as(value, np.float64), axis=-1)
            if _fails(decimal):
                return decimal
    return awkward.sum(value, axis=-1)


def bits(operation: Operation, left: Value, right: Value) -> Value:
    """Return an operation on the bits of whole numbers: all 64 of them, whether or not the first is a sign."""
    if any(type_of(value) == np.uint64 for value in (left, right)):
        return operation(*(_as(value, np.uint64) for value in (left, right)))
    return operation(wide(left), wide(right))


def compared(operation: Operation, left: Value, right: Value) -> Value:
    """Return a comparison; small types of numbers meet constants that they can't hold."""
    values = []
    for value, other in ((left, right), (right, left)):
        dtype = type_of(value)
        if dtype is not None and dtype.kind in "iu" and dtype.itemsize < 8:
            values.append(wide(value))
        else:
            unsigned = isinstance(value, int) and value < 0 and type_of(other) == np.uint64
            values.append(float(value) if unsigned else value)
    return operation(*values)


def _as(value: Value, dtype: Any) -> Value:
    if isinstance(value, int) and dtype == np.uint64:
        return np.uint64(value % (1 << 64))
    if isinstance(value, (int, float, np.generic)):
        return dtype(value)
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    import awkward

    return awkward.values_astype(value, dtype)


def _limits_of_type(value: Value) -> tuple[int, int]:
    """Return the smallest and the largest number that the type of whole numbers can hold; of one, itself."""
    if isinstance(value, (int, np.generic)):
        return int(value), int(value)
    dtype = type_of(value)
    if dtype is None or dtype.kind == "b":
        return 0, 1
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _limits(value: Value) -> tuple[int, int]:
    """Return the smallest and the largest of whole numbers, 0 and 0 where there are none."""
    if isinstance(value, (int, np.generic)):
        return int(value), int(value)
    if isinstance(value, np.ndarray):
        return (int(value.min()), int(value.max())) if value.size else (0, 0)
    import awkward

    low, high = awkward.min(value, axis=None), awkward.max(value, axis=None)
    return (0, 0) if low is None else (int(low), int(high))


def _may_fail(op: str, limits: list[tuple[int, int]]) -> bool:
    """Return whether numbers within these limits can leave 64 bits, or are divided by zero."""
    (low, high), (first, last) = limits[0], limits[-1]
    if op in ("//", "%"):
        return first <= 0 <= last or low <= -_BEYOND
    if op == "power":
        largest = max(-low, high)
        return largest > 1 and (last > 63 or largest ** max(last, 0) >= _BEYOND)
    ends = {
        "+": (low + first, high + last),
        "-": (low - last, high - first),
        "*": (low * first, low * last, high * first, high * last),
    }.get(op, (-low, -high))
    return min(ends) < -_BEYOND or max(ends) >= _BEYOND


def _fails(decimal: Value) -> bool:
    """Return whether any number is none that 64 bits can hold; a missing one is no such number."""
    far = ~(np.abs(decimal) < _NEAR)
    if isinstance(far, (bool, np.bool_, np.ndarray)):
        return bool(np.any(far))
    import awkward

    return bool(awkward.any(far, axis=None))
