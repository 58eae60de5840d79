"""Where a fit ends flat: what acts on nothing there, what only in combinations, and what is known all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.fitting.effects import combinations_without_effect, groups_of, metric, without_effect
from wilks.fitting.ladder import Answer, Ladder
from wilks.fitting.status import Status
from wilks.flags import some
from wilks.matrices import curvatures

Positions: TypeAlias = npt.NDArray[np.intp]
_Found: TypeAlias = tuple[Mapping[str, Any], Positions, FloatArray, FloatArray]
_Way: TypeAlias = Callable[[Ladder, Answer, BoolArray, BoolArray], _Found | None]

# Curvature, in units of the metric's diagonal, below which a direction is flat: at an exact minimum, and near one.
_CURVATURE, _ROUGH = 1e-9, 1e-3
# The share of a parameter in a flat direction, by its effect, that counts.
_SHARE = 1e-5
# The size in a direction from which a parameter can be held in its place, if it is to be.
_PIVOT = 1e-2
_ROUNDS = 3
# Differences of the nll below this are none.
_SAME = 5e-7
# An uncertainty, in units of the range that the bounds leave, that says nothing.
_FAR = 10.0
# The square of a slope, in units of the effect, below which nothing pushes.
_SLOPE = 1e-8


@dataclass(frozen=True, eq=False)
class Flat:
    """What the likelihood does not depend on where a fit ends; its parameters are those of the model.

    `idle` have no effect on any rate, given what is held or at a bound: they are held too. `directions`, shape
    (directions, n_parameters), are combinations of several that have none. `covariance` is that of a fit in which one
    parameter for each direction is held: right for all that does not change along the directions; None where there is
    none. `groups` are the positions of the parameters that are flat together, the largest effect first, each with the
    number of its directions.
    """

    idle: BoolArray
    directions: FloatArray
    covariance: FloatArray | None = None
    groups: tuple[tuple[tuple[int, ...], int], ...] = ()

    @classmethod
    def nowhere(cls, size: int) -> Flat:
        """Return that of a fit that determines all of so many parameters."""
        return cls(np.zeros(size, np.bool_), np.zeros((0, size)))

    @property
    def together(self) -> BoolArray:
        """Which parameters take part in a direction."""
        if not self.directions.size:
            return np.zeros(self.directions.shape[1], np.bool_)
        return np.asarray((self.directions != 0).any(axis=0))


def resolved(ladder: Ladder, answer: Answer) -> tuple[Answer, Flat]:
    """Return the answer of a fit with what is idle held, and what is flat then; other answers as they are.

    Where that leaves nothing flat the answer is a minimum like any other.
    """
    nowhere, at_bound = Flat.nowhere(ladder.model.n_parameters), answer.raw["at_bound"] != 0
    if answer.raw["status"] == Status.CONVERGED:
        unconstrained = ladder.model.unconstrained & ~ladder.problem.held
        bound = unconstrained & at_bound
        loose = _wide(ladder, answer, unconstrained & ~at_bound)
        if some(bound):
            loose |= _loose(ladder, answer, bound)
        if not some(loose):
            return answer, nowhere
        kept = ladder.problem.held | (at_bound & ~loose)
        resting, flat = _combinations(ladder, answer, nowhere.idle, kept, (_without_effect,))
        return (resting, flat) if (flat.together & loose).any() else (answer, nowhere)
    if answer.raw["status"] != Status.FLAT_DIRECTION:
        return answer, nowhere
    answer, idle = _without_idle(ladder, answer)
    if answer.raw["status"] != Status.FLAT_DIRECTION:
        return answer, replace(nowhere, idle=idle)
    kept = ladder.problem.held | idle | (answer.raw["at_bound"] != 0)
    return _combinations(ladder, answer, idle, kept, (_without_effect, _without_curvature))


def _without_idle(ladder: Ladder, answer: Answer) -> tuple[Answer, BoolArray]:
    """Return the answer with the parameters held that act on nothing where it is, and which these are."""
    model, problem = ladder.model, ladder.problem
    kept = problem.held | (answer.raw["at_bound"] != 0)
    idle = without_effect(model, answer.raw["theta"], kept)
    none = np.zeros_like(idle)
    if not idle.any():
        return answer, none
    start = np.where(idle, problem.start, answer.raw["theta"])
    again = replace(ladder, problem=replace(problem, start=start, held=problem.held | idle)).first()
    kept = problem.held | (again.raw["at_bound"] != 0)
    still = without_effect(model, again.raw["theta"], kept)
    if not again.settled or again.raw["nll"] > answer.raw["nll"] + _SAME or not still[idle].all():
        return answer, none
    return _after(answer, again.raw), idle


def _loose(ladder: Ladder, answer: Answer, candidates: BoolArray) -> BoolArray:
    """Return which of some unconstrained parameters nothing pushes to the bound that they are at: a valley without a
    slope may end there."""
    model, theta, loose = ladder.model, answer.raw["theta"], candidates.copy()
    slope, rates = model.gradient(theta, ladder.dataset), model.expected(theta)
    weights = 1.0 / np.maximum(rates, 0.1)
    for i in np.flatnonzero(candidates):
        moved = theta.copy()
        moved[i] += 1.0  # rates are linear in what has no constraint
        loose[i] = slope[i] ** 2 <= _SLOPE * (weights @ (model.expected(moved) - rates) ** 2)
    return loose


def _wide(ladder: Ladder, answer: Answer, candidates: BoolArray) -> BoolArray:
    """Return which of some unconstrained parameters have an uncertainty far beyond their range: hardly anything fixes
    them."""
    if "covariance" not in answer.raw:
        return np.zeros_like(candidates)
    sigma = np.sqrt(np.maximum(answer.raw["covariance"].diagonal(), 0.0))
    wide: BoolArray = candidates & (sigma > _FAR * (ladder.problem.upper - ladder.problem.lower))
    return wide


def _combinations(
    ladder: Ladder, answer: Answer, idle: BoolArray, kept: BoolArray, ways: tuple[_Way, ...]
) -> tuple[Answer, Flat]:
    """Return the answer at the exact minimum with one parameter for each flat direction held, and the directions.

    A constraint changes along its parameter: what is flat consists of others, and changes no rate. Where that is not
    all, because the second derivatives vanish though the rates change, the directions are those of the Hessian.
    """
    size = ladder.model.n_parameters
    for find in ways:
        found = find(ladder, answer, idle, kept)
        if found is None:
            continue
        other, free, directions, scale = found
        whole = np.zeros((directions.shape[1], size))
        share = np.linalg.norm(directions, axis=1)
        whole[:, free] = np.where(share > _SHARE, (directions / scale[:, None]).T, 0.0)
        named = tuple((tuple(int(free[i]) for i in rows), count) for rows, count in groups_of(directions))
        flat = Flat(idle, whole, other["covariance"], named)
        return _after(answer, {**other, "status": Status.FLAT_DIRECTION}), flat
    return answer, replace(Flat.nowhere(size), idle=idle)


def _without_effect(ladder: Ladder, answer: Answer, idle: BoolArray, kept: BoolArray) -> _Found | None:
    """Return the fit with pivots held, and the directions that change no rate there, as those of `_without_curvature`.

    None where there are none, or where others are left.
    """
    model, theta = ladder.model, answer.raw["theta"]
    among = ~kept & model.unconstrained
    free, directions, _ = combinations_without_effect(model, theta, among)
    # What is at a bound is held there anyway.
    other = _held_at(ladder, answer, idle, free[pivots(directions.T, answer.raw["at_bound"][free] != 0)])
    if not directions.size or other is None:
        return None
    where, exact, scale = combinations_without_effect(model, other["theta"], among)
    return (other, where, exact, scale) if exact.shape[1] == directions.shape[1] else None


def _without_curvature(ladder: Ladder, answer: Answer, idle: BoolArray, kept: BoolArray) -> _Found | None:
    """Return the fit with pivots held, the positions of free parameters, orthonormal directions without curvature, and
    the units of these, that is each parameter's effect; None where that can't be. Directions: (free, directions).

    Along a flat direction the curvature at the best fit is as good as the fit is: it is looked at again where the fit
    with the flat parameters held ends.
    """
    free = np.flatnonzero(~kept)
    directions, scale = _flat_directions(ladder, answer.raw["theta"], free, _ROUGH)
    for _ in range(_ROUNDS):
        other = _held_at(ladder, answer, idle, free[pivots(directions.T)])
        if not directions.size or other is None:
            return None
        before = directions.shape[1]
        directions, scale = _flat_directions(ladder, other["theta"], free, _CURVATURE)
        if directions.shape[1] == before:
            return other, free, directions, scale
    return None


def _held_at(ladder: Ladder, answer: Answer, idle: BoolArray, where: Positions) -> Mapping[str, Any] | None:
    """Return the fit from an answer with more parameters held there; None where it is not the same minimum."""
    problem = ladder.problem
    held = problem.held | idle
    theta = answer.raw["theta"]
    start = np.where(held, theta, np.clip(theta, problem.lower, problem.upper))
    held[where] = True
    other = replace(ladder, problem=replace(problem, start=start, held=held)).first().raw
    same = other["status"] == Status.CONVERGED and abs(other["nll"] - answer.raw["nll"]) < _SAME
    return other if same else None


def _after(answer: Answer, raw: Mapping[str, Any]) -> Answer:
    """Return a further fit as the end of an answer: it was found in the same way, and has the iterations of both."""
    counts = {name: answer.raw[name] + raw[name] for name in ("iterations", "evaluations")}
    return replace(answer, raw={**raw, **counts})


def _flat_directions(ladder: Ladder, theta: FloatArray, free: Positions, below: float) -> tuple[FloatArray, FloatArray]:
    """Return orthonormal directions of small curvature, shape (free, directions), in units of each parameter's effect;
    and these units. None of them where the second derivatives are no numbers."""
    hessian = ladder.model.hessian(theta, ladder.dataset)[np.ix_(free, free)]
    squares = metric(ladder.model, theta)[free]
    scale = np.sqrt(np.where(squares > 0, squares, 1.0))
    with np.errstate(over="ignore", invalid="ignore"):
        found = curvatures(hessian / np.outer(scale, scale))
    if found is None:
        return np.zeros((free.size, 0)), scale
    curvature, vectors = found
    return vectors[:, np.abs(curvature) < below], scale


def pivots(directions: FloatArray, rather: BoolArray | None = None) -> list[int]:
    """Return one parameter for each flat direction, shape (directions, parameters): held, they leave nothing flat.

    Those marked in `rather` are taken first, where they take part.
    """
    rest, chosen = directions.copy(), list[int]()
    for _ in range(len(directions)):
        size = np.linalg.norm(rest, axis=0)
        i = int(np.argmax(size if rather is None else np.where(rather & (size > _PIVOT), 1.0, 0.0) + size))
        chosen.append(i)
        column = rest[:, i] / np.linalg.norm(rest[:, i])
        rest = rest - np.outer(column, column @ rest)
    return chosen
