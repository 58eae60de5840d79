"""The places that findings are about, one by one, with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from wilks._types import FloatArray
from wilks.checks.view import Block, View
from wilks.results.findings import Case


def rows_of(view: View, rows: Iterable[int], values: FloatArray | None = None) -> tuple[Case, ...]:
    """Return the cases of rows of `view.effects`: what both sides do to the yield, and what `values` has of them."""
    effects = view.effects
    cases = []
    for row in rows:
        block = view.blocks[effects.block[row]]
        sides = _known(1.0 + effects.up[row]), _known(1.0 + effects.down[row])
        value = None if values is None else _known(values[row])
        cases.append(Case(effects.names[row], block.channel, block.sample.name, *sides, value))
    return tuple(cases)


def block_case(block: Block, value: float | None = None, bins: Iterable[int] = ()) -> Case:
    """Return the case of one sample in one channel."""
    return Case(region=block.channel, sample=block.sample.name, value=_known(value), bins=tuple(map(int, bins)))


def channel_case(channel: str, value: float | None = None, bins: Iterable[int] = ()) -> Case:
    """Return the case of all samples of a channel, or of its data."""
    return Case(region=channel, value=_known(value), bins=tuple(map(int, bins)))


def parameter_case(names: str | Sequence[str], value: float | None = None) -> tuple[Case, ...]:
    """Return the one case of a parameter, or of several together."""
    name = names if isinstance(names, str) else ", ".join(names)
    return (Case(systematic=name, value=_known(value)),)


def _known(value: float | np.floating | None) -> float | None:
    """Return a number of Python; None for NaN, so that a file says the same as memory."""
    return None if value is None or math.isnan(value) else float(value)
