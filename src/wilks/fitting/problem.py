"""What fits start from: values, bounds, fixed parameters, checked all together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, get_args

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import KindError, ModelError, listed, nearest
from wilks.fitting.effects import without_effect
from wilks.model.model import ArrayLike, Model
from wilks.model.selection import matching

Numbers: TypeAlias = float | ArrayLike
"""One number, or one for each fit."""
Entries = TypeVar("Entries", bound=np.ndarray[Any, Any])
Search: TypeAlias = Literal["none", "default", "thorough"]
"""How far the lowest minimum is searched for: not at all, in milliseconds, or from hundreds of starts."""
_SEARCHES = get_args(Search)


@dataclass(frozen=True)
class FitOptions:
    """How far a fit goes: it stops where the EDM (in nll) is below `tolerance`, or after `max_iterations`, those
    of its ways into the domain and along its edge included.

    `search` says how far the lowest minimum is searched for once there is one: "none", "default" (other starts that the
    model suggests and some random ones: milliseconds), "thorough" (hundreds of starts).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> from wilks.fitting.problem import FitOptions
    >>> wilks.fit(model, options=FitOptions(search="none")).starts
    0
    """

    tolerance: float = 1e-8
    max_iterations: int = 3000
    search: Search = "default"

    def __post_init__(self) -> None:
        if not (0 < self.tolerance < np.inf and self.max_iterations >= 1):
            raise ModelError(f"fits need a positive tolerance and at least one iteration, found {self}")
        if self.search not in _SEARCHES:
            allowed = listed(_SEARCHES)
            raise ModelError(f'no search "{self.search}"; allowed are {allowed}{nearest(self.search, _SEARCHES)}')

    @property
    def settings(self) -> dict[str, Any]:
        """The options by name, as results keep them."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class Problem:
    """Starting values, bounds and which parameters are held.

    Each has shape (n_parameters,); for many fits that differ in it, shape (fits, n_parameters). `idle` marks those that
    are held because no rate depends on them, and not because somebody wished so.
    """

    start: FloatArray
    lower: FloatArray
    upper: FloatArray
    held: BoolArray
    idle: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        if not self.idle.size:
            object.__setattr__(self, "idle", np.zeros_like(self.held))

    @property
    def mask(self) -> Any:
        """`held` as the engine wants it."""
        return self.held.view(np.uint8)


def pose(
    model: Model,
    start: Mapping[str, Numbers] | ArrayLike | None,
    fixed: Mapping[str, Numbers] | None,
    bounds: Mapping[str, tuple[Numbers, Numbers]] | None,
    fits: int | None = None,
) -> Problem:
    """Return the problem that the user's words mean; names may be patterns (see `matching`).

    With `fits`, every number may be an array of shape (fits,), and `start` one of shape (fits, n_parameters). NaN in an
    array of `fixed` leaves the parameters as they are in that fit.

    Raises ModelError with every mistake: names that match nothing, values that are not finite, bounds in disorder.
    """
    if not isinstance(model, Model):
        raise KindError(f"a fit needs a Model, found {type(model).__name__}: use wilks.compile_model(workspace)")
    words = _Words(model, fits)
    lower, upper = (side.copy() for side in model.bounds)
    theta, held = words.start(start), model.fixed.copy()
    for name, sides in (bounds or {}).items():
        chosen = words.positions("bounds", name)
        low, high = (words.numbers("bounds", name, side) for side in sides)
        lower, upper = _put(lower, chosen, low), _put(upper, chosen, high)
        if not (low < high).all():
            words.problems.append(f'bounds: "{name}" has ({sides[0]}, {sides[1]}); the first must be below the second')
    by_name = start if start is not None and isinstance(start, Mapping) else {}
    for name, value in by_name.items():
        chosen, numbers = words.positions("start", name), words.numbers("start", name, value)
        theta = _put(theta, chosen, numbers)
        if not np.isfinite(numbers).all():
            words.problems.append(f'start: "{name}" needs a finite value, found {value}')
    for name, value in (fixed or {}).items():
        chosen, numbers = words.positions("fixed", name), words.numbers("fixed", name, value)
        left = np.isnan(numbers)
        theta = _put(theta, chosen, np.where(left, theta[..., chosen], numbers))
        held = _put(held, chosen, held[..., chosen] | ~left if left.any() else np.array([True]))
        if np.isinf(numbers).any() or (left.any() and numbers.ndim == 1):
            words.problems.append(f'fixed: "{name}" needs a finite value, found {value}')
    if words.problems:
        raise ModelError(words.problems)
    idle = model.idle & ~held
    if fixed and _removes(model, theta, held):
        idle = idle | without_effect(model, theta, held | idle)
    return Problem(theta, lower, upper, held | idle, idle)


def _removes(model: Model, theta: FloatArray, held: BoolArray) -> bool:
    """Return whether a factor is held at 0, so that others may be left without effect; not known for many fits."""
    if held.ndim > 1 or theta.ndim > 1:
        return False
    return bool((held & ~model.fixed & ~model.interpolated & (theta == 0)).any())


@dataclass(frozen=True)
class _Words:
    """What names and numbers mean for a model and a number of fits, and what is wrong with them."""

    model: Model
    fits: int | None
    problems: list[str] = field(default_factory=list)

    def positions(self, what: str, name: str) -> list[int]:
        names = self.model.parameter_names
        found = matching(names, name)
        if not found:
            self.problems.append(f'{what}: no parameter "{name}" in this model{nearest(name, names)}')
        return found

    def numbers(self, what: str, name: str, value: Numbers) -> FloatArray:
        """Return one number, shape (1,), or one for each fit, shape (fits, 1)."""
        try:
            numbers = np.asarray(value, np.float64)
        except (TypeError, ValueError):
            numbers = np.empty((0, 0))
        if numbers.size == 1:
            return numbers.reshape(1)
        if self.fits is not None and numbers.shape == (self.fits,):
            return numbers[:, None]
        several = "" if self.fits is None else f" or an array of shape ({self.fits},)"
        self.problems.append(f'{what}: "{name}" needs a number{several}, found {value!r}')
        return np.zeros(1)

    def start(self, start: Mapping[str, Numbers] | ArrayLike | None) -> FloatArray:
        initial = self.model.initial
        if start is None or isinstance(start, Mapping):
            return initial.copy()
        theta = np.array(start, dtype=np.float64)
        if len(theta) == 1 and theta.ndim == 2:
            theta = theta[0]
        allowed = (initial.shape,) if self.fits is None else (initial.shape, (self.fits, initial.size))
        if theta.shape in allowed and np.isfinite(theta).all():
            return theta
        self.problems.append(f"start: {initial.size} finite numbers needed, found an array of shape {theta.shape}")
        return initial.copy()


def _put(target: Entries, columns: list[int], value: Entries) -> Entries:
    """Return `target` with columns set; it gets one row for each fit where `value` has."""
    if value.ndim > target.ndim:
        target = np.tile(target, (len(value), 1))  # type: ignore[assignment]
    target[..., columns] = value
    return target
