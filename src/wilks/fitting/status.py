"""What the engine's status codes mean, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._engine import Dataset
from wilks.errors import listed
from wilks.fitting.effects import metric
from wilks.model.model import Model
from wilks.results.many import CONVERGED, EDGE, FLAT, IMPOSSIBLE, INTERRUPTED

if TYPE_CHECKING:
    from wilks.fitting.flat import Flat


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
BRIEF: dict[int, str] = {
    Status.CONVERGED: CONVERGED,
    Status.FLAT_DIRECTION: "the likelihood is flat along some combination of parameters",
    Status.ITERATION_LIMIT: "no minimum found in the iterations allowed",
    Status.START_OUTSIDE: f"{IMPOSSIBLE}a rate is not positive",
    Status.RATE_BOUNDARY: EDGE,
    Status.STALLED: "no step improves the likelihood any more",
    Status.INTERRUPTED: INTERRUPTED,
}


def describe(model: Model, dataset: Dataset, raw: Mapping[str, Any], flat: Flat | None = None) -> tuple[bool, str]:
    """Return whether the fit converged, and a sentence that says so or why not; `flat`: what it does not depend on."""
    match Status(raw["status"]):
        case Status.CONVERGED:
            return True, CONVERGED
        case Status.FLAT_DIRECTION:
            return False, f"{FLAT}: {_flat(model, raw, () if flat is None else flat.groups)}"
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


def _flat(model: Model, raw: Mapping[str, Any], groups: Sequence[tuple[tuple[int, ...], int]]) -> str:
    """Return what the likelihood does not depend on; each parameter counts by its effect on the rates."""
    known = "no uncertainties can be given"
    if groups:
        known = "what is not named has its uncertainty"
    elif (size := np.abs(raw.get("direction", np.zeros(1)))).any():
        size = size * np.sqrt(metric(model, raw["theta"])) if np.count_nonzero(size) > 1 else size
        free = model.unconstrained & (size > 0)
        size = np.where(free, size, 0.0) if free.any() else size  # a constraint depends on its parameter
        order = np.argsort(-size, kind="stable")
        groups = ((tuple(int(i) for i in order if size[i] > 1e-3 * size.max() and size[i] > 0), 1),)
    if not groups:
        return f"some combination of parameters has no effect; {known}"
    names = model.parameter_names
    parts = []
    for group, count in groups:
        chosen = listed(names[i] for i in group)
        several = "" if count == 1 else f"in {count} ways "
        parts.append(f"{several}on a combination of {chosen}" if len(group) > 1 else f"on {chosen}")
    return f"it does not depend {'; nor '.join(parts)}; {known}; {_advice(model, groups)}"


def _advice(model: Model, groups: Sequence[tuple[tuple[int, ...], int]]) -> str:
    """Return what is to be held, as code and as an option; rather not the parameter of interest."""
    names, count = model.parameter_names, sum(count for _, count in groups)
    which = next((i for i in groups[0][0] if names[i] != model.poi), groups[0][0][0])
    name, value = names[which], f"{model.initial[which]:.4g}"
    several = f"{'one' if count == 1 else count} of them"
    what = "it" if len(groups) == 1 and len(groups[0][0]) == 1 else several
    return f'hold {what}, as fixed={{"{name}": {value}}} (command line: --fix {name}={value})'


def _place(model: Model, dataset: Dataset, where: int) -> str:
    if where < 0:
        return "a rate is not positive"
    if where >= dataset.values.size:
        return "a function that is added to the likelihood has no finite value"
    if where >= model.observed_main.size:
        name = model.place(where).removeprefix("auxiliary data of ")
        poisson = model.constraints[model.index(name.strip('"'))] == "poisson"
        return f"{name} is {'at or below zero' if poisson else 'too far from its auxiliary datum'}"
    return f"{model.place(where)} has {dataset.values[where]:g} events and no positive rate"
