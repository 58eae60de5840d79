"""Grids of conditional fits, in which neighbours help each other out of wrong minima."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.infer.study import BETTER, Study
from wilks.results.many import INTERRUPTED, ManyFits, minimised

_SWEEPS = 20
Positions: TypeAlias = npt.NDArray[np.signedinteger[Any]]


def profile(asked: Study, fixed: Mapping[int, FloatArray], shape: tuple[int, ...]) -> ManyFits:
    """Return conditional fits on a grid: each parameter (by position) kept at its values, shape (fits,).

    `shape` is that of the grid, the last axis fastest. Where the parameters of a neighbour, moved along to first order,
    give a higher likelihood than a fit found, or where a fit failed, it is made again from there: a profile has no
    steps that only the starts have made.
    """
    foreseen, neighbours = asked.predicted(fixed), _neighbours(shape)
    held = np.broadcast_to(asked.problem.held, foreseen.shape).copy()
    held[:, list(fixed)] = True
    fits = lowest(asked, foreseen, held)
    for sweep in range(_SWEEPS):
        start, promising = _promising(asked, fits, neighbours, foreseen, held, retry=sweep == 0)
        rows = np.flatnonzero(promising)
        if not rows.size:
            break
        again = asked.fits(start[rows], held[rows])
        fits, gained = improved_by(fits, rows, again)
        if not gained:
            break
    return fits


def lowest(
    asked: Study, start: FloatArray, held: BoolArray, data: FloatArray | None = None, *, together: bool = True
) -> ManyFits:
    """Return conditional fits as `Study.fits`, each the lower one of two: from `start`, and from the initial values.

    Where the likelihood has several minima, the way from the best fit may lead into one that is not the lowest.
    """
    count = len(start)
    initial = np.clip(asked.model.initial, asked.problem.lower, asked.problem.upper)
    both = asked.fits(
        np.concatenate([start, np.where(held, start, initial)]),
        np.concatenate([held, held]),
        None if data is None else np.concatenate([data, data]),
        starts=2,
        together=together,
    )
    return improved_by(_rows(both, slice(count)), np.arange(count), _rows(both, slice(count, None)))[0]


def _rows(fits: ManyFits, rows: slice) -> ManyFits:
    """Return some of the fits; their uncertainties are not looked at here."""
    return replace(
        fits,
        values=fits.values[rows],
        uncertainties=None,
        twice_nll=fits.twice_nll[rows],
        edm=fits.edm[rows],
        converged=fits.converged[rows],
        statuses=fits.statuses[rows],
    )


def rises(asked: Study, fits: ManyFits) -> FloatArray:
    """Return how far 2NLL is above that of the best fit; NaN where a fit gave nothing."""
    best = asked.best.twice_nll
    level: FloatArray = np.where(np.isfinite(fits.twice_nll), fits.twice_nll, np.nan)
    return level - (best if np.isfinite(best) else np.nan)


def _neighbours(shape: tuple[int, ...]) -> Positions:
    """Return the positions of the neighbours of each point along each axis, shape (points, 2 x axes); -1 for none."""
    padded = np.pad(np.arange(np.prod(shape)).reshape(shape), 1, constant_values=-1)
    inner = tuple(slice(1, -1) for _ in shape)
    sides = [np.roll(padded, step, axis)[inner].ravel() for axis in range(len(shape)) for step in (1, -1)]
    return np.stack(sides, axis=1)


def _promising(
    asked: Study, fits: ManyFits, neighbours: Positions, foreseen: FloatArray, held: BoolArray, *, retry: bool
) -> tuple[FloatArray, BoolArray]:
    """Return for each fit the start that its best neighbour suggests, and whether it may lead lower.

    Failed fits are tried (`retry`) from any neighbour that did not fail.
    """
    done = found(fits)
    own = np.where(np.isfinite(fits.twice_nll), fits.twice_nll, np.inf)
    best, start = np.full(own.size, np.inf), foreseen.copy()
    for side in neighbours.T:
        there = np.clip(fits.values[side] + foreseen - foreseen[side], asked.problem.lower, asked.problem.upper)
        there = np.where(held, foreseen, there)
        usable = (side >= 0) & done[side] & np.isfinite(there).all(axis=1)
        level = np.full(own.size, np.inf)
        level[usable] = 2.0 * asked.model.nll(there[usable], asked.data.values)
        lower = level < best
        best, start = np.where(lower, level, best), np.where(lower[:, None], there, start)
    interrupted = np.array([status == INTERRUPTED for status in fits.statuses], dtype=np.bool_)
    promising = (best < own - BETTER) | (retry & ~done & np.isfinite(best))
    return start, promising & ~interrupted


def found(fits: ManyFits) -> BoolArray:
    """Return which fits found the minimum over the parameters that have an effect."""
    endings = zip(fits.statuses, fits.edm, strict=True)
    return np.array([minimised(status, edm) for status, edm in endings], dtype=np.bool_)


def improved_by(fits: ManyFits, rows: Positions, again: ManyFits) -> tuple[ManyFits, int]:
    """Return the fits with some rows made again, where that succeeded and led lower, and how many these are."""
    before = np.where(found(fits)[rows], fits.twice_nll[rows], np.inf)
    chosen = np.flatnonzero(found(again) & (again.twice_nll < before - BETTER))
    where = rows[chosen]
    values, twice_nll, edm = fits.values.copy(), fits.twice_nll.copy(), fits.edm.copy()
    converged, statuses = fits.converged.copy(), list(fits.statuses)
    values[where], twice_nll[where], edm[where] = again.values[chosen], again.twice_nll[chosen], again.edm[chosen]
    converged[where] = again.converged[chosen]
    for row, i in zip(where, chosen, strict=True):
        statuses[row] = again.statuses[i]
    better = replace(fits, values=values, twice_nll=twice_nll, edm=edm, converged=converged, statuses=tuple(statuses))
    return better, chosen.size
