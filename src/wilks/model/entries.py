"""The entries of data, main bins followed by auxiliary data: what each is in words, and values that none can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wilks import bin_labels
from wilks._types import FloatArray
from wilks.flags import some

if TYPE_CHECKING:
    from wilks.model.model import Model


def impossible(model: Model, values: FloatArray) -> list[str]:
    """Return a sentence for every impossible value of data, up to ten; of many data sets, for the first with any."""
    wrong = ~np.isfinite(values) | ((values < 0) & model.counts)
    if not some(wrong):
        return []
    row = tuple(int(i) for i in np.argwhere(wrong)[0][:-1])
    rules = {
        True: "observed counts and auxiliary data of Poisson constraints can't be negative",
        False: "data must be finite numbers",
    }
    return [
        f"{place(model, entry)}: {rules[bool(np.isfinite(values[row][entry]))]}; entry "
        f"{', '.join(map(str, (*row, entry)))} is {values[row][entry]:g}"
        for entry in np.flatnonzero(wrong[row])[:10].tolist()
    ]


def place(model: Model, entry: int) -> str:
    """Return what an entry of the data is, in words: `channel "SR", bin 3`, `auxiliary data of "jes"`."""
    for name, bins in model.channel_slices.items():
        if bins.start <= entry < bins.stop:
            return f'channel "{name}", bin {bin_labels.place(entry - bins.start, model.axes[name].bin_labels)}'
    kinds = zip(model.parameter_names, model.constraints, strict=True)
    constrained = [name for name, kind in kinds if kind != "none"]
    return f'auxiliary data of "{constrained[entry - model.observed_main.size]}"'
