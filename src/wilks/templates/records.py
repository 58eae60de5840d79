"""Values that aren't numbers: text, and records (structs, TLorentzVector, ...) whose members are."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from wilks.errors import listed, nearest
from wilks.templates.expression_text import ExpressionError

Value: TypeAlias = Any


def is_list(value: Value) -> bool:
    """Return whether a value has several numbers per entry."""
    return not isinstance(value, np.ndarray) and getattr(value, "ndim", 0) > 1


def has_missing(value: Value) -> bool:
    """Return whether some entries of a value may lack it."""
    return hasattr(value, "layout") and value.layout.is_option


def is_text(value: Value) -> bool:
    """Return whether a value is text, or a list of texts, per entry."""
    if isinstance(value, str):
        return True
    form = value.layout.form if hasattr(value, "layout") else None
    while form is not None and (form.is_option or form.is_list or form.is_indexed):
        if form.parameter("__array__") in ("string", "bytestring"):
            return True
        form = form.content
    return False


def column(array: Any) -> Value:
    """Return one number per entry as a NumPy array, all else (lists, text, records) as an awkward array."""
    import awkward

    layout = array.layout
    if layout.is_numpy:
        return np.asarray(layout.data) if layout.data.ndim == 1 else awkward.Array(layout.to_RegularArray())
    return array


def member(value: Value, name: str) -> Value:
    """Return a member of a record, per entry or per element of a list."""
    fields = list(getattr(value, "fields", ()))
    if not fields:
        raise ExpressionError(f'this has no members, so none called "{name}"')
    if name not in fields:
        raise ExpressionError(f'no member "{name}"{nearest(name, fields) or f"; there are {listed(fields)}"}')
    return column(value[name])


def text_comparison(op: str, left: Value, right: Value) -> Value:
    """Return where texts are equal, or ("!=") where they are not."""
    if not (is_text(left) and is_text(right)):
        raise ExpressionError("text can only be compared with text; a number stands without quotes")
    if isinstance(left, str) and isinstance(right, str):
        return int((left == right) == (op == "=="))
    import awkward

    if isinstance(left, str):
        left, right = right, left
    missing = [awkward.is_none(side) for side in (left, right) if has_missing(side)]
    left, right = (awkward.fill_none(side, "") if has_missing(side) else side for side in (left, right))
    found = column(_equal(left, right))
    found = found if op == "==" else np.logical_not(found)
    for where in missing:
        found = awkward.mask(found, np.logical_not(where))
    return found


def _equal(left: Any, right: Value) -> Any:
    import awkward

    if len(left) == 0:  # awkward can't tell the type of a comparison of nothing
        nothing = awkward.contents.NumpyArray(np.zeros(0, dtype=np.bool_))
        if is_list(left):
            nothing = awkward.contents.ListOffsetArray(awkward.index.Index64(np.zeros(1, dtype=np.int64)), nothing)
        return awkward.Array(nothing)
    return left == right
