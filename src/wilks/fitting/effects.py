"""What parameters do to the rates: how much, which do nothing at all, and which nothing can tell apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.model.model import Model

# A change of a rate below this part of it, by a parameter that moves by one, is rounding.
_ROUNDING = 1e-14
# So many parameters are moved one by one; for more, all derivatives are computed.
_FEW = 100
# An effect beyond this is no other: its square has to be a number.
_LARGE = 1e100
# Effects of combinations below this part of the largest one are rounding.
_RANK = 1e-8
# The share of a parameter in a flat direction, by its effect, that is worth its name.
_NAMED = 1e-3
_GOLDEN = 0.6180339887498949


def without_effect(model: Model, theta: FloatArray, kept: BoolArray) -> BoolArray:
    """Return which parameters act on no rate near a point where others are kept: nothing determines them.

    Those with a constraint are determined by it. All others are moved away from the point, so that none is without
    effect only because a factor happens to be 0.
    """
    unconstrained = model.unconstrained
    candidates = unconstrained & ~kept
    if not candidates.any():
        return candidates
    where, point = np.flatnonzero(candidates), beside(model, theta, kept)
    rates = model.expected(point)
    candidates[where] = (np.abs(_effects(model, point, where)) <= _ROUNDING * np.abs(rates)[:, None]).all(axis=0)
    return candidates


def beside(model: Model, theta: FloatArray, kept: BoolArray) -> FloatArray:
    """Return a point near another one, at which nothing is as it is by chance: all parameters but those that are kept
    are moved, by different parts of their scale."""
    scale = np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, np.abs(theta) + 1.0)
    steps = 0.05 + 0.1 * (_GOLDEN * np.arange(1, theta.size + 1) % 1.0)
    return np.where(kept, theta, theta + steps * scale)


def inseparable(model: Model) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return the groups of free parameters that no data can tell apart, the largest effect first, each with the number
    of their combinations that change no rate.

    The Fisher matrix J^T diag(1/nu) J + constraints has no effect along these. A constraint is one, so they consist of
    unconstrained parameters. At a point like any other its rank is the highest: what is lost there is lost everywhere.
    """
    unconstrained = model.unconstrained
    kept = model.fixed | model.idle
    point = beside(model, np.clip(model.prefit_values, *model.bounds), kept)
    where, directions, _ = combinations_without_effect(model, point, unconstrained & ~kept)
    return tuple((tuple(int(where[i]) for i in group), count) for group, count in groups_of(directions))


def metric(model: Model, theta: FloatArray) -> FloatArray:
    """Return the diagonal of the Fisher metric J^T diag(1/nu) J + constraints, shape (n_parameters,).

    These are the squared effects of parameters, in standard deviations of the data and of constraints.
    """
    effects = _jacobian(model, theta) / np.sqrt(np.maximum(model.expected(theta), 0.1))[:, None]
    width = model.prefit_uncertainties
    effects = np.minimum(np.abs(effects), _LARGE)
    return np.asarray(np.sum(effects**2, axis=0) + np.where(width > 0, 1.0 / np.where(width > 0, width, 1.0) ** 2, 0.0))


def combinations_without_effect(
    model: Model, theta: FloatArray, among: BoolArray
) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Return the positions of some parameters that have an effect at a point; orthonormal combinations of them that
    have none, shape (parameters, combinations), in units of each one's effect; and these units.
    """
    where = np.flatnonzero(among)
    rates = model.expected(theta)
    if where.size < 2 or not np.isfinite(rates).all():
        return where, np.zeros((where.size, 0)), np.ones(where.size)
    with np.errstate(over="ignore", invalid="ignore"):
        weighted = _effects(model, theta, where) / np.sqrt(np.maximum(rates, 0.1))[:, None]
        size = np.linalg.norm(weighted, axis=0)
    usable = (size > 0) & np.isfinite(size)  # what is beyond all numbers is without effect in no combination
    where, weighted, size = where[usable], weighted[:, usable], size[usable]
    # The triangle has the same effects, and no more rows than there are parameters.
    _, effects, directions = np.linalg.svd(np.linalg.qr(weighted / size, mode="r"))
    rank = int(np.count_nonzero(effects > _RANK * effects.max(initial=0.0)))
    return where, directions[rank:].T, size


def _effects(model: Model, theta: FloatArray, where: npt.NDArray[np.intp]) -> FloatArray:
    """Return the derivatives of the rates with respect to unconstrained parameters, shape (bins, parameters).

    Rates are linear in each of these, so that a step gives them exactly.
    """
    if where.size > _FEW:
        return _jacobian(model, theta)[:, where]
    moved = np.tile(theta, (where.size, 1))
    moved[np.arange(where.size), where] += 1.0
    return np.asarray((model.expected(moved) - model.expected(theta)).T)


def _jacobian(model: Model, theta: FloatArray) -> FloatArray:
    """Return the derivatives of the rates, shape (bins, n_parameters)."""
    total = np.zeros((model.observed_main.size, model.n_parameters))
    for k, block in enumerate(model.blocks):
        total[model.channel_slices[block.channel]] += model.jacobian(theta, k)
    return total


def groups_of(directions: FloatArray) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Return which rows of orthonormal directions, shape (rows, directions), belong together, the largest share first,
    each group with the number of its directions."""
    projection = np.abs(directions @ directions.T)
    share = np.sqrt(np.diag(projection))
    left, found = set(np.flatnonzero(share > _NAMED).tolist()), []
    while left:
        group, new = set[int](), {max(left, key=lambda i: share[i])}
        while new:
            group |= new
            new = {i for i in left - group if (projection[i, list(group)] > _NAMED).any()}
        left -= group
        ordered = tuple(sorted(group, key=lambda i: (-round(float(share[i]), 6), i)))
        found.append((ordered, round(float(np.sum(share[list(group)] ** 2)))))
    return tuple(found)
