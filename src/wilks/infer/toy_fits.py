"""Fits to toys: by everything that `fit` tries, and with the two fits of a test statistic helping each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.fitting.every import fit_every
from wilks.fitting.problem import Problem
from wilks.flags import every
from wilks.infer.study import BETTER, Running
from wilks.model.model import Model
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits

ABOVE = "the fit ends above a point that is known"


def fit_toys(
    model: Model, data: FloatArray, problem: Problem, running: Running, *, uncertainties: bool = False
) -> ManyFits:
    """Return fits to toys, shape (fits, length), by everything that `fit` tries.

    The problem may have one start for each. With one for all, toys with the same counts are fitted once: there are many
    of them where few events are expected, and all data are counts.
    """
    alone = problem.start.ndim == 2 or not countable(model)
    rows, toy = (np.arange(len(data)),) * 2 if alone else distinct(data)
    fits = fit_every(
        model,
        data[rows],
        problem,
        options=running.options,
        uncertainties=uncertainties,
        threads=running.threads,
        progress=running.progress,
    )
    return fits if rows.size == len(data) else fits.rows(toy)


def moved(
    model: Model, data: FloatArray, fits: ManyFits, parameters: int | Sequence[int], values: float | FloatArray
) -> ManyFits:
    """Return the points of fits to `data` with one parameter, or some, put to a value, and 2NLL there."""
    theta = fits.values.copy()
    theta[:, parameters] = values
    known = np.flatnonzero(fits.minimised)
    level = np.full(len(fits), np.inf)
    if known.size:
        level[known] = 2.0 * model.nll(theta[known], data[known])
    return replace(fits, values=theta, twice_nll=level)


def helped(
    model: Model,
    data: FloatArray,
    fits: ManyFits,
    others: ManyFits,
    problem: Problem,
    running: Running,
    *,
    all_of_them: bool = False,
) -> ManyFits:
    """Return fits to `data`, made again from the points of `others` where these are lower, or where a fit has failed.

    `problem` says what is held. A fit that does not go below a point that is known has failed. With `all_of_them` every
    fit is made again, and the lower answer counts: where there are several minima, the way down from a point that is
    higher may end lower.
    """
    done = fits.minimised
    if not every(done):
        done = np.array([status != INTERRUPTED for status in fits.statuses], np.bool_)
    needed = (done & ~fits.minimised) | (others.twice_nll < fits.twice_nll - BETTER)
    rows = np.flatnonzero(others.minimised & (needed | (done & all_of_them)))
    if not rows.size:
        return fits
    starts = replace(problem, start=np.ascontiguousarray(others.values[rows]))
    again = fit_toys(model, data[rows], starts, running, uncertainties=fits.uncertainties is not None)
    if all_of_them:
        lower = needed[rows] | (again.minimised & (again.twice_nll < fits.twice_nll[rows] - BETTER))
        rows, again = rows[lower], again.rows(np.flatnonzero(lower))
    above = again.minimised & ~(again.twice_nll <= others.twice_nll[rows] + BETTER)
    statuses = tuple(ABOVE if high else status for high, status in zip(above, again.statuses, strict=True))
    return fits.with_rows(rows, replace(again, converged=again.converged & ~above, statuses=statuses))


def endings(fits: ManyFits) -> tuple[str, ...]:
    """Return statuses in which all fits whose likelihood is known are converged."""
    if every(fits.minimised):
        return (CONVERGED,) * len(fits)
    return tuple(CONVERGED if good else s for good, s in zip(fits.minimised, fits.statuses, strict=True))


def made(statuses: tuple[str, ...]) -> int:
    """Return how many toys come before the first one that was interrupted.

    Fits that are done by then are not a random choice of those that come after it: they were the easier ones.
    """
    return statuses.index(INTERRUPTED) if INTERRUPTED in statuses else len(statuses)


def countable(model: Model) -> bool:
    """Return whether toys may be the same: all of their data are counts."""
    return bool(model.constraint_terms.poisson.all())


def distinct(data: FloatArray) -> tuple[Positions, Positions]:
    """Return where every distinct row of `data` is first seen, in this order, and which of them each row is.

    In their order, so that a run that is stopped ends with a toy, and not with some of all.
    """
    bytes_of = np.ascontiguousarray(data).view(np.dtype((np.void, data.itemsize * data.shape[1])))[:, 0]
    _, first, which = np.unique(bytes_of, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return first[order], place[which.reshape(-1)]
