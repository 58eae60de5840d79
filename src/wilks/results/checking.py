"""What every record checks when it is made: shapes, names and choices that fit together. ValueError where not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from wilks.errors import listed, nearest


def require_shapes(record: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError for the first array of another shape; arrays without entries get theirs: a file has none."""
    for name, shape in shapes.items():
        array = getattr(record, name)
        if array.shape == shape:
            continue
        if array.size or math.prod(shape):
            raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        object.__setattr__(record, name, array.reshape(shape))


def require_distinct(what: str, names: Sequence[str]) -> None:
    """Raise ValueError where a name stands twice."""
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ValueError(f"{what} has {listed(repeated)} more than once")


def require_known(what: str, name: str | None, allowed: Sequence[str]) -> None:
    """Raise ValueError, with the nearest, where a name is not among those that are there."""
    if name is not None and name not in allowed:
        raise ValueError(f'{what} "{name}" is not among {listed(allowed)}{nearest(name, allowed)}')


def require_levels(levels: Sequence[float]) -> None:
    """Raise ValueError where a confidence level is none."""
    for level in levels:
        if not 0 < level < 1:
            raise ValueError(f"a confidence level is between 0 and 1, found {level}")
