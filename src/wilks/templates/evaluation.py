"""What the operations of expressions do, on the arrays of some entries of a tree.

A value is a number, a NumPy array with one value per entry, or an awkward array: lists (several values per entry), or
one value per entry where some are missing, such as `jet_pt[0]` of an event without jets. What is made of a missing
value is missing, except where it doesn't matter (`n_jets == 0 || jet_pt[0] > 30`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from wilks._types import BoolArray
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import ELEMENTWISE, Node
from wilks.templates.records import has_missing, is_list, is_text, member, text_comparison
from wilks.templates.whole_numbers import WHOLE, bits, compared, computed, total, type_of, wide

Value: TypeAlias = Any

_LARGEST = 2.0**63

_PLAIN: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.remainder,
    "negative": np.negative,
    "positive": np.positive,
    "minimum": lambda *values: reduce(np.minimum, values),
    "maximum": lambda *values: reduce(np.maximum, values),
    **{name: getattr(np, name) for name in ELEMENTWISE if name not in ("where", "power")},
}
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "power", "negative", "positive"})
_WHOLE: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "power": operator.pow,
    "negative": operator.neg,
    "positive": operator.pos,
}
_COMPARE: dict[str, Callable[..., Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def evaluate(node: Node, columns: Mapping[str, Value], memo: dict[int, Value], shared: frozenset[int]) -> Value:
    """Return the value of an expression; those of its parts that are in `shared` are kept in `memo` (both by `id`).

    Numbers are those of NumPy in the precision of the branches; integers are computed with 64 bits, and as decimal
    numbers where these don't suffice. Raises ExpressionError where types don't fit.
    """
    if node.op == "branch":
        return columns[str(node.args[0])]
    if node.op in ("number", "text"):
        return node.args[0]
    if id(node) in memo:
        return memo[id(node)]
    values = [evaluate(arg, columns, memo, shared) if isinstance(arg, Node) else arg for arg in node.args]
    try:
        value = _apply(node.op, values)
    except ExpressionError as error:
        raise ExpressionError(error.message, node.column) from None
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ExpressionError(_reason(error), node.column) from None
    if id(node) in shared:
        memo[id(node)] = value
    return value


def _apply(op: str, values: list[Value]) -> Value:
    if op == "member":
        return member(*values)
    if any(map(is_text, values)):
        return _of_text(op, values)
    if op in _COMPARE:
        return compared(_COMPARE[op], *values)
    if op in _OPERATORS and all(isinstance(value, (int, float)) for value in values):
        return _of_constants(op, values)
    if op in ("%", "//") and type_of(values[0]) == np.uint64 and isinstance(values[1], int) and values[1] > 0:
        return _PLAIN[op](*values)  # event numbers may have all 64 bits
    if op in _SPECIAL:
        value = _SPECIAL[op](*values)
    else:
        value = computed(op, values) if op in WHOLE else _PLAIN[op](*map(wide, values))
    # Python's numbers take the precision of the branch that they meet (0.7*weight); NumPy's would make it double.
    return value.item() if op in _OPERATORS and isinstance(value, np.generic) else value


def _of_text(op: str, values: list[Value]) -> Value:
    """Return what can be done with text: comparing it, and taking it out of lists."""
    if op in ("==", "!="):
        return text_comparison(op, *values)
    if op in ("element", "masked", "count") and not isinstance(values[0], str):
        return _SPECIAL[op](*values)
    if op in _COMPARE:
        raise ExpressionError("values of these types can't be compared; text only with text, with == and !=")
    raise ExpressionError("these are not numbers; text can only be compared, with == and !=")


def _of_constants(op: str, values: list[Value]) -> int | float:
    """Return the outcome for two of Python's numbers, or one: for whole ones a whole one if 64 bits can have it."""
    rounded = float(_PLAIN.get(op, np.power)(*map(float, values)))
    if op in _WHOLE and all(isinstance(value, int) for value in values) and abs(rounded) < _LARGEST:
        exact: int | float = _WHOLE[op](*values)
        return exact
    return rounded


def _reason(error: Exception) -> str:
    text = str(error)
    if "broadcast" in text:
        return "lists of different lengths, or a list and something that isn't one, can't be combined"
    if "negative integer power" in text:
        return "whole numbers can't have negative powers; with 1.0* before the number it is a decimal one"
    return "the operation can't be done with values of these types"


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, int) and exponent < 0:
        exponent = float(exponent)  # NumPy refuses negative powers of integers
    return computed("power", [base, exponent])


def truth(value: Value) -> Value:
    """Return a condition as booleans: a number is true where it isn't zero."""
    dtype = type_of(value)
    if dtype is None:
        raise ExpressionError("these are not numbers")
    return value if dtype.kind == "b" else value != 0


def _joined(operation: Callable[..., Any], values: tuple[Value, ...]) -> Value:
    """Return the values joined by "and" or "or"; missing only where the outcome depends on what is missing."""
    flags = [truth(value) for value in values]
    if not any(map(has_missing, flags)):
        return reduce(operation, flags)
    import awkward

    low, high = (
        reduce(operation, [awkward.fill_none(flag, fill) if has_missing(flag) else flag for flag in flags])
        for fill in (False, True)
    )
    return awkward.mask(low, low == high)


def _bits(operation: Callable[..., Any], logical: Callable[..., Any], left: Value, right: Value) -> Value:
    kinds = {dtype.kind if (dtype := type_of(value)) is not None else "O" for value in (left, right)}
    if not kinds <= set("biu"):
        raise ExpressionError("& and | need conditions or whole numbers; put comparisons in brackets")
    return _joined(logical, (left, right)) if kinds == {"b"} else bits(operation, left, right)


def _invert(value: Value) -> Value:
    dtype = type_of(value)
    if dtype is None or dtype.kind != "b":
        raise ExpressionError("~ needs a condition; of a number write !x")
    return np.logical_not(value)


def _where(condition: Value, yes: Value, no: Value) -> Value:
    flags = truth(condition)
    if {type_of(yes), type_of(no)} != {np.dtype(np.bool_)}:
        yes, no = wide(yes), wide(no)
    if not any(hasattr(value, "layout") for value in (flags, yes, no)):
        return np.where(flags, yes, no)
    import awkward

    if has_missing(flags):
        return awkward.mask(awkward.where(awkward.fill_none(flags, False), yes, no), ~awkward.is_none(flags))
    return awkward.where(flags, yes, no)


def _reduced(name: str) -> Callable[[Value], Value]:
    def operation(value: Value) -> Value:
        import awkward

        if not is_list(value):
            raise ExpressionError(f"{name} is of the elements of a list; this is one value per entry")
        if name == "count":
            return awkward.num(value, axis=1)
        found = total(value) if name == "sum" else getattr(awkward, name)(value, axis=-1)
        return found if found.ndim > 1 or has_missing(found) else awkward.to_numpy(found)

    return operation


def _element(value: Value, index: int) -> Value:
    """Return one element of each list, missing where the list is too short."""
    import awkward

    if not is_list(value):
        raise ExpressionError("this has one value per entry, not a list; nothing can be taken out of it")
    layout = awkward.to_layout(value)
    if layout.is_list and not layout.is_regular and layout.content.is_numpy and layout.content.data.ndim == 1:
        starts, stops = np.asarray(layout.starts), np.asarray(layout.stops)
        places = (starts if index >= 0 else stops) + index
        present = (places >= starts) & (places < stops)
        content = np.asarray(layout.content.data)
        if present.all():
            return content[places]
        values = content[np.where(present, places, 0)] if content.size else np.zeros(len(places), content.dtype)
        return awkward.mask(values, present)
    sizes = awkward.num(value, axis=1)
    present = sizes > index if index >= 0 else sizes >= -index
    if layout.is_regular and not (0 <= index < layout.size or 0 < -index <= layout.size):
        raise ExpressionError(f"there are {layout.size} elements, and no number {index} (the first is 0)")
    return value[:, index] if awkward.all(present) else awkward.mask(value, present)[:, index]


def _masked(value: Value, mask: Value) -> Value:
    dtype = type_of(mask)
    if is_list(value) and not is_list(mask) and dtype is not None and dtype.kind in "iu":
        return _element_of_each(value, mask)
    if not (is_list(value) and is_list(mask) and dtype is not None and dtype.kind == "b"):
        raise ExpressionError("in brackets stands a whole number, or a condition on lists of the same lengths")
    return value[mask]


def _element_of_each(value: Value, index: Value) -> Value:
    """Return the element of each list whose number the entry has, missing where the list has none."""
    import awkward

    starts_at, sizes = wide(index), awkward.num(value, axis=1)
    if has_missing(starts_at):
        raise ExpressionError("the number of an element may not be missing")
    present = (starts_at >= 0) & (starts_at < sizes)
    places = awkward.from_regular(awkward.to_numpy(awkward.where(present, starts_at, 0))[:, np.newaxis])
    found = awkward.mask(value, present)[awkward.mask(places, present)]
    return found[:, 0]


def _alternative(value: Value, other: Value) -> Value:
    """Return a value, and another one where it is missing."""
    import awkward

    return _where(awkward.is_none(value), other, awkward.fill_none(value, 0)) if has_missing(value) else value


def _inner_sizes(value: Value) -> Value:
    """Return how many elements the innermost lists have."""
    import awkward

    if not is_list(value):
        raise ExpressionError("size() is of a list; this is one value per entry")
    return awkward.num(value, axis=-1)


def _root_quotient(value: Value, divisor: Value) -> Value:
    """Return the quotient, 0 where the divisor is 0, as TTree::Draw has it."""
    zero = wide(divisor) == 0
    if isinstance(zero, (bool, np.bool_)):
        return 0.0 if zero else _PLAIN["/"](wide(value), wide(divisor))
    return _where(zero, 0.0, _PLAIN["/"](wide(value), wide(divisor)))


def _root_remainder(value: Value, divisor: Value) -> Value:
    """Return the remainder of whole numbers with the sign of the first, as in C++; decimal ones lose their fractions.

    Where the divisor is 0 it is no number.
    """
    whole = [wide(each) if _is_whole(each) else np.trunc(wide(each)) for each in (value, divisor)]
    zero = whole[1] == 0
    if isinstance(zero, (bool, np.bool_)):
        return np.nan if zero else np.fmod(*whole)
    return _where(zero, np.nan, np.fmod(*whole)) if np.any(zero) else np.fmod(*whole)


def _is_whole(value: Value) -> bool:
    dtype = type_of(value)
    return dtype is not None and dtype.kind in "biu"


_SPECIAL: dict[str, Callable[..., Any]] = {
    "power": _power,
    "root /": _root_quotient,
    "root %": _root_remainder,
    "alternative": _alternative,
    "size": _inner_sizes,
    "where": _where,
    "and": lambda *values: _joined(np.logical_and, values),
    "or": lambda *values: _joined(np.logical_or, values),
    "not": lambda value: np.logical_not(truth(value)),
    "~": _invert,
    "&": lambda left, right: _bits(np.bitwise_and, np.logical_and, left, right),
    "|": lambda left, right: _bits(np.bitwise_or, np.logical_or, left, right),
    "element": _element,
    "masked": _masked,
    **{name: _reduced(name) for name in ("all", "any", "count", "sum", "min", "max")},
}


def per_entry(value: Value, entries: int) -> tuple[Any, BoolArray | None]:
    """Return one number per entry as a NumPy array, shape (entries,), and where there is one (None: everywhere)."""
    if isinstance(value, np.ndarray):
        return value, None
    if not hasattr(value, "layout"):
        return np.full(entries, value), None
    import awkward

    if not has_missing(value):
        return awkward.to_numpy(value), None
    present = ~awkward.to_numpy(awkward.is_none(value))
    return awkward.to_numpy(awkward.fill_none(value, 0)), present
