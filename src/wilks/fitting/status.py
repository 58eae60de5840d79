"""What the engine's status codes mean, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from wilks._engine import Dataset
from wilks._types import FloatArray
from wilks.errors import listed
from wilks.model.model import Model
from wilks.results.many import CONVERGED, EDGE, IMPOSSIBLE, INTERRUPTED


class Status(IntEnum):
    """Status codes of the engine."""

    CONVERGED = 0
    FLAT_DIRECTION = 1
    ITERATION_LIMIT = 2
    START_OUTSIDE = 3
    RATE_BOUNDARY = 4
    STALLED = 5
    INTERRUPTED = 6


# One line for each code, for fits that come by the thousand.
BRIEF = {
    Status.CONVERGED: CONVERGED,
    Status.FLAT_DIRECTION: "the likelihood is flat along some combination of parameters",
    Status.ITERATION_LIMIT: "no minimum found in the iterations allowed",
    Status.START_OUTSIDE: f"{IMPOSSIBLE}a rate is not positive",
    Status.RATE_BOUNDARY: EDGE,
    Status.STALLED: "no step improves the likelihood any more",
    Status.INTERRUPTED: INTERRUPTED,
}


def describe(model: Model, dataset: Dataset, raw: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether the fit converged, and a sentence that says so or why not."""
    match Status(raw["status"]):
        case Status.CONVERGED:
            return True, CONVERGED
        case Status.FLAT_DIRECTION:
            flat = _flat(model, raw.get("direction", np.zeros(1)))
            return False, f"the likelihood is flat: {flat}; no uncertainties can be given"
        case Status.ITERATION_LIMIT:
            return False, f"no minimum found in {raw['iterations']} iterations (EDM {raw['edm']:.1e})"
        case Status.START_OUTSIDE:
            return False, f"{IMPOSSIBLE}{_place(model, dataset, raw['bad_bin'])}"
        case Status.RATE_BOUNDARY:
            return False, f"{EDGE}: {_place(model, dataset, raw['bad_bin'])}"
        case Status.STALLED if raw["iterations"] == 0:
            return False, f"not at a minimum (EDM {raw['edm']:.1e})"
        case Status.STALLED:
            return False, f"no step improves the likelihood any more, but the EDM is {raw['edm']:.1e}"
        case Status.INTERRUPTED:
            return False, INTERRUPTED


def _flat(model: Model, direction: FloatArray) -> str:
    size = np.abs(direction)
    names = [
        model.parameter_names[i]
        for i in np.argsort(-size, kind="stable")
        if size[i] > 0.05 * size.max() and size[i] > 0
    ]
    if not names:
        return "some combination of parameters has no effect"
    if len(names) == 1:
        return f'it does not depend on "{names[0]}"'
    return f"it does not depend on a combination of {listed(names)}"


def _place(model: Model, dataset: Dataset, where: int) -> str:
    main = model.observed_main.size
    if where >= main:
        constrained = [
            name for name, kind in zip(model.parameter_names, model.constraints, strict=True) if kind != "none"
        ]
        return f'"{constrained[where - main]}" is at or below zero'
    for name, bins in model.channel_slices.items():
        if bins.start <= where < bins.stop:
            events = f"{dataset.values[where]:g} events and no positive rate"
            return f'channel "{name}", bin {where - bins.start} has {events}'
    return "a rate is not positive"
