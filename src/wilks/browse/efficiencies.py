"""Efficiencies (ROOT's TEfficiency): passed over total, with intervals that are theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.bin_labels import mismatch
from wilks.drawables import Points
from wilks.histogram import Axis

AxesOf: TypeAlias = Callable[[Any, BoolArray], tuple[tuple[Axis, ...], tuple[Positions, ...]]]
_CLASS = 0x80000000  # set in the tag of a class that is known

_ONE_SIGMA = 0.682689492137086
_CLOPPER_PEARSON, _NORMAL = 0, 1
_OTHERS = {2: "Wilson", 3: "Agresti-Coull", 4: "Feldman-Cousins", 5: "Jeffreys", 6: "uniform prior", 7: "Bayesian"}


def efficiency(
    passed: FloatArray, total: FloatArray, weighted: tuple[FloatArray, FloatArray] | None, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return efficiencies and the lengths of their error bars, down and up, all of shape (n,); NaN where total is 0.

    Counts have central Clopper-Pearson intervals. Sums of weights, with `weighted` their sums of squares (passed,
    total), have the normal approximation, whose bars end at 0 and 1. `level` is the probability of the interval.
    """
    from scipy.stats import beta, norm

    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(total != 0, passed / total, np.nan)
        if weighted is not None:
            variance = (weighted[0] * (1 - 2 * value) + weighted[1] * value**2) / total**2
            length = float(norm.isf((1 - level) / 2)) * np.sqrt(np.maximum(variance, 0.0))
            return value, np.minimum(length, value), np.minimum(length, 1 - value)
        tail = (1 - level) / 2
        low = np.where(passed > 0, beta.ppf(tail, passed, total - passed + 1), 0.0)
        high = np.where(passed < total, beta.isf(tail, passed + 1, total - passed), 1.0)
    return value, value - low, high - value


def read_efficiency(file: Any, name: str, axes_of: AxesOf) -> Points:
    """Return a TEfficiency of one axis as points. Raises ValueError for others.

    `axes_of` tells of a histogram, and which of its bins (with flow) are filled, the axes and how bins are taken out.
    """
    members = _members(file, name)
    passed, total = members["passed"], members["total"]
    if len(total.axes) != 1:
        raise ValueError(f"it has {len(total.axes)} axes; efficiencies of one axis can be drawn")
    values = [np.asarray(h.values(flow=True), dtype=np.float64) for h in (passed, total)]
    squares = [np.asarray(h.variances(flow=True), dtype=np.float64) for h in (passed, total)]
    (axis,), bins = axes_of(total, values[1] != 0)
    (other,), _ = axes_of(passed, values[1] != 0)
    if axis.bin_labels != other.bin_labels:
        raise ValueError(f"passed and total have other bins: {mismatch(other.bin_labels, axis.bin_labels)}")
    values, squares = [v[bins][1:-1] for v in values], [s[bins][1:-1] for s in squares]
    # Counts that were stored as weights of 1 are counts.
    weighted = any(not np.array_equal(v, s) for v, s in zip(values, squares, strict=True))
    option, level = members["option"], members["level"] if 0 < members["level"] < 1 else _ONE_SIGMA
    normal = weighted or option == _NORMAL
    found, down, up = efficiency(values[0], values[1], (squares[0], squares[1]) if normal else None, level)
    note = f"error bars: {'normal approximation' if normal else 'Clopper-Pearson'} at {level:.1%}"
    if option in _OTHERS:
        note += f" (the file asks for {_OTHERS[option]} intervals)"
    there = np.isfinite(found)
    half = 0.5 * axis.widths[there]
    title, *rest = str(members["title"]).split(";")
    label = axis.label or (rest[0] if rest else "")
    y_label = rest[1] if len(rest) > 1 else "efficiency"
    return Points(
        axis.centers[there],
        found[there],
        half,
        half,
        down[there],
        up[there],
        title,
        label,
        y_label or "efficiency",
        note,
        axis if axis.bin_labels else None,
    )


def _members(file: Any, name: str) -> dict[str, Any]:
    """Return what is needed of a TEfficiency from its bytes: uproot has no reader for one of its members.

    TNamed, three sets of attributes, two numbers, a vector (all but the numbers with their length in front), the level,
    a list of functions, passed, option, total.
    """
    import struct

    from uproot.deserialization import numbytes_version, read_object_any
    from uproot.models.TNamed import Model_TNamed

    key = file.key(name)
    chunk, cursor = key.get_uncompressed_chunk_cursor()
    context: dict[str, Any] = {"breadcrumbs": (), "TKey": key, "reading": True}
    number = struct.Struct(">d")

    def after_block() -> None:
        start = cursor.index
        length, _, _ = numbytes_version(chunk, cursor, context)
        if length is None:
            raise ValueError("a part of it has no length")
        cursor.move_to(start + length)

    numbytes_version(chunk, cursor, context)
    named = Model_TNamed.read(chunk, cursor, context, file.file, file.file, None)
    for _ in range(3):
        after_block()
    cursor.skip(16)
    after_block()
    level = cursor.field(chunk, number, context)
    read_object_any(chunk, cursor, context, file.file, file.file, None)
    passed = read_object_any(chunk, cursor, context, file.file, file.file, None)
    option = cursor.field(chunk, struct.Struct(">i"), context)
    # Total is of the class of passed, and says so by where its name stood, which uproot before 5.7.6 loses.
    tag = cursor.copy().fields(chunk, struct.Struct(">II"), context)[1]
    cursor.refs.setdefault(tag & ~_CLASS, file.file.class_named(passed.classname))
    total = read_object_any(chunk, cursor, context, file.file, file.file, None)
    title = named.member("fTitle")
    return {"title": title, "level": level, "passed": passed, "option": option, "total": total}
