"""What a fit starts from: values, bounds, fixed parameters, checked all together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import ModelError, nearest
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching


@dataclass(frozen=True)
class FitOptions:
    """How far a fit goes: it stops where the EDM (in nll) is below `tolerance`, or after `max_iterations`."""

    tolerance: float = 1e-8
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < np.inf and self.max_iterations >= 1):
            raise ModelError(f"fits need a positive tolerance and at least one iteration, found {self}")


@dataclass(frozen=True, eq=False)
class Problem:
    """Starting values, bounds and which parameters are held, each of shape (n_parameters,)."""

    start: FloatArray
    lower: FloatArray
    upper: FloatArray
    held: BoolArray

    @property
    def mask(self) -> Any:
        """`held` as the engine wants it."""
        return self.held.astype(np.uint8)


def pose(
    model: Model,
    start: Mapping[str, float] | ArrayLike | None,
    fixed: Mapping[str, float] | None,
    bounds: Mapping[str, tuple[float, float]] | None,
) -> Problem:
    """Return the problem that the user's words mean; names may be patterns (see `matching`).

    Raises ModelError with every mistake: names that match nothing, values that are not finite, bounds in disorder.
    """
    if not isinstance(model, Model):
        raise TypeError(f"a fit needs a Model, found {type(model).__name__}: use wilks.compile_model(workspace)")
    problems: list[str] = []

    def positions(what: str, name: str) -> list[int]:
        found = matching(model.parameter_names, name)
        if not found:
            problems.append(f'{what}: no parameter "{name}" in this model{nearest(name, model.parameter_names)}')
        return found

    lower, upper = (side.copy() for side in model.bounds)
    theta, held = model.initial.copy(), model.fixed.copy()
    if start is not None and not isinstance(start, Mapping):
        theta = np.array(start, dtype=np.float64)
        if theta.shape != model.initial.shape or not np.isfinite(theta).all():
            problems.append(f"start: {model.n_parameters} finite numbers needed, found an array of shape {theta.shape}")
            theta = model.initial.copy()
    for name, (low, high) in (bounds or {}).items():
        chosen = positions("bounds", name)
        lower[chosen], upper[chosen] = low, high
        if not low < high:
            problems.append(f'bounds: "{name}" has ({low}, {high}); the first must be below the second')
    for what, values in (("start", start if isinstance(start, Mapping) else {}), ("fixed", fixed or {})):
        for name, value in values.items():
            chosen = positions(what, name)
            theta[chosen] = value
            if what == "fixed":
                held[chosen] = True
            if not np.isfinite(value):
                problems.append(f'{what}: "{name}" needs a finite value, found {value}')
    if problems:
        raise ModelError(problems)
    return Problem(theta, lower, upper, held)
