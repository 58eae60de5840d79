"""Batches: which rows of different points and data sets their entries take."""

from __future__ import annotations

import math

import numpy as np

from wilks._types import FloatArray, Positions


def row_of_each(axes: tuple[int, ...], shape: tuple[int, ...]) -> Positions:
    """Return which row of something with these leading axes each entry of a batch of a `shape` takes."""
    rows = np.arange(math.prod(axes), dtype=np.int64)
    return rows if axes == shape else np.broadcast_to(rows.reshape(axes), shape).reshape(-1)


def without_repetition(rows: FloatArray) -> FloatArray:
    """Return the rows with leading axes along which memory repeats cut to one entry."""
    return rows[tuple(slice(None if stride else 1) for stride in rows.strides[:-1])]
