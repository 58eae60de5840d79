"""Where ROOT sets yields to 0 that variations bring below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wilks.formats.hs3.channels import HS3Channel
from wilks.formats.hs3.values import Values
from wilks.workspace.spec import Document, HistoSys

_USUAL = (-5.0, 5.0)


def may_be_negative(channels: Iterable[HS3Channel], values: Values) -> bool:
    """Return whether histosys can bring a yield of a file below 0, within the ranges of parameters."""
    for channel in channels:
        for sample in channel.samples:
            shapes = [
                (effect.lo, effect.hi, values.bounds(effect.parameters[0]) or _USUAL)
                for effect in sample.effects
                if effect.kind == "histosys"
            ]
            if _below_zero(sample.contents, shapes):
                return True
    return False


def clipped_by_root(document: Document) -> bool:
    """Return whether ROOT would set a yield of a workspace to 0 that its first measurement lets be negative."""
    config = document.measurements[0].config
    bounds = {entry.name: entry.bounds[0] for entry in config.parameters if entry.bounds}
    samples = [sample for channel in document.channels for sample in channel.samples]
    if config.clip:
        return False
    return any(
        _below_zero(
            sample.data,
            [
                (m.data.lo_data, m.data.hi_data, bounds.get(m.name, _USUAL))
                for m in sample.modifiers
                if isinstance(m, HistoSys)
            ],
        )
        for sample in samples
    )


def _below_zero(contents: Sequence[Any], shapes: Sequence[tuple[Any, Any, Sequence[Any]]]) -> bool:
    """Return whether variations (lo, hi, range of the parameter) can bring a yield below 0, or it is there already.

    Each is taken at its lowest, linear beyond 1 (inside it stays near the line): more yields may count than ever become
    negative, none fewer.
    """
    if not shapes:
        return False
    nominal = np.array(contents, np.float64)
    lowest = nominal.copy()
    with np.errstate(over="ignore"):  # what overflows is below 0
        for lo, hi, (low, high) in shapes:
            up, down = (np.array(side, np.float64) - nominal for side in (hi, lo))
            reach = np.stack([up * max(high, 1.0), down * max(-low, 1.0), -np.abs(up), -np.abs(down)])
            lowest += np.minimum(reach.min(axis=0), 0.0)
    return bool((lowest < 0).any())
