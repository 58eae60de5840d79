"""Grids of conditional fits, in which neighbours help each other out of wrong minima."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from wilks._types import BoolArray, FloatArray, Positions
from wilks.fitting.convex import one_minimum
from wilks.fitting.search import search_minima
from wilks.infer.study import BETTER, Study
from wilks.results.fit import Minimum
from wilks.results.many import INTERRUPTED, ManyFits, minimised

_SWEEPS = 20
# Other minima of the free fit are followed if they are not higher than this, in 2NLL, and so many of them.
_FOLLOWED, _MINIMA = 50.0, 2
# A neighbour lies elsewhere if a parameter differs by more than this, in standard deviations of its constraint; it
# nearly is as low if 2NLL there is not higher than this.
_ELSEWHERE, _NEARLY = 0.3, 1.0
# Which parts of a way that leads too high are tried instead.
_PARTS = (0.5, 0.25, 0.125, 0.0)


def profile(asked: Study, fixed: Mapping[int, FloatArray], shape: tuple[int, ...]) -> ManyFits:
    """Return conditional fits on a grid: each parameter (by position) kept at its values, shape (fits,).

    `shape` is that of the grid, the last axis fastest. The lowest minimum is searched for at the corners and in the
    middle of the grid; then neighbours exchange their solutions (see `exchanged`).
    """
    foreseen = asked.predicted(fixed)
    held = np.broadcast_to(asked.problem.held, foreseen.shape).copy()
    held[:, list(fixed)] = True
    fits = lowest(asked, foreseen, held)
    return exchanged(asked, searched(asked, fits, held, _landmarks(shape)), foreseen, held, shape)


def _landmarks(shape: tuple[int, ...]) -> list[int]:
    """Return the positions of the corners and of the middle of a grid."""
    corners = product(*({0, size - 1} for size in shape))
    middle = tuple(size // 2 for size in shape)
    return sorted({int(np.ravel_multi_index(point, shape)) for point in (*corners, middle)})


def exchanged(asked: Study, fits: ManyFits, foreseen: FloatArray, held: BoolArray, shape: tuple[int, ...]) -> ManyFits:
    """Return the fits of a grid after neighbours have exchanged their solutions, in all directions, until none gains.

    Where the parameters of a neighbour, as they are or moved along as `foreseen`, give a higher likelihood than a fit
    found, or lie elsewhere and nearly do, or where a fit failed, it is made again from there: a profile has no steps
    that only the starts have made. Where there is one minimum only, there is nothing to exchange.
    """
    if fits.minimised.all() and one_minimum(asked.model, np.logical_and.reduce(held)):
        return fits
    neighbours = _neighbours(shape)
    for sweep in range(_SWEEPS):
        start, promising = _promising(asked, fits, neighbours, foreseen, held, first=sweep == 0)
        rows = np.flatnonzero(promising)
        if not rows.size:
            break
        again = asked.fits(start[rows], held[rows])
        fits, gained = improved_by(fits, rows, again)
        if not gained:
            break
    return fits


def searched(asked: Study, fits: ManyFits, held: BoolArray, rows: Sequence[int]) -> ManyFits:
    """Return the fits after the lowest minimum has been searched for in some rows, as `fit` does."""
    running = asked.running
    if running.options.search == "none":
        return fits
    for row in rows:
        if not np.isfinite(fits.twice_nll[row]) or fits.statuses[row] == INTERRUPTED:
            continue
        here = Minimum(float(fits.twice_nll[row]), fits.values[row])
        problem = replace(asked.problem, start=here.values, held=held[row])
        minima = search_minima(
            asked.model,
            asked.data.values,
            problem,
            here,
            settled=True,
            flat=bool(asked.best.flat.size),
            along=None,
            iterations=int(fits.iterations[row]),
            options=running.options,
            threads=running.threads,
            among=len(rows),
        ).minima
        if minima[0].twice_nll < here.twice_nll - BETTER:
            again = asked.fits(minima[0].values[None], held[row][None])
            fits, _ = improved_by(fits, np.array([row]), again)
    return fits


def lowest(
    asked: Study, start: FloatArray, held: BoolArray, data: FloatArray | None = None, *, together: bool = True
) -> ManyFits:
    """Return conditional fits as `Study.fits`, each the lowest of several: from `start`, from the initial values and,
    to the study's own data, from where `start` would be if it had been foreseen from another minimum of the free fit.

    Where the likelihood has several minima, the way from the best fit may lead into one that is not the lowest. The
    iterations are those from the best of the starts.
    """
    if not len(start):
        return asked.fits(start, held, data)
    count, low, high = len(start), asked.problem.lower, asked.problem.upper
    initial = np.where(held, start, np.clip(asked.model.initial, low, high))
    if data is None:
        start = _shortened(asked, start, initial, held)
    starts = [start, initial]
    if data is None:
        best = asked.best
        near = [one for one in best.minima[1:] if one.twice_nll < best.twice_nll + _FOLLOWED][:_MINIMA]
        starts += [np.clip(start + one.values - best.values, low, high) for one in near]
    fits = asked.fits(
        np.concatenate([np.where(held, start, each) for each in starts]),
        np.tile(held, (len(starts), 1)),
        None if data is None else np.tile(data, (len(starts), 1)),
        starts=len(starts),
        together=together,
    )
    each = np.arange(count)
    found = fits.rows(each)
    for turn in range(1, len(starts)):
        found = improved_by(found, each, fits.rows(each + turn * count))[0]
    return replace(found, iterations=fits.iterations.reshape(len(starts), count).min(axis=0))


def _shortened(asked: Study, start: FloatArray, initial: FloatArray, held: BoolArray) -> FloatArray:
    """Return the starts, or, for those that are higher than the initial values, the lowest of some points on the way
    from the best fit. What is held stays.

    First order leads anywhere far from the best fit, also where the data are impossible.
    """

    def height(theta: FloatArray) -> FloatArray:
        nll: FloatArray = asked.model.nll(theta, asked.dataset)
        return np.where(np.isnan(nll), np.inf, nll)

    lowest = height(start)
    far = np.flatnonzero(~(lowest <= height(initial)))
    start, shift = start.copy(), start[far] - asked.best.values
    for part in _PARTS:
        if far.size:
            there = np.where(held[far], start[far], asked.best.values + part * shift)
            level = height(there)
            lower = level < lowest[far]
            start[far[lower]], lowest[far[lower]] = there[lower], level[lower]
    return start


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
    asked: Study, fits: ManyFits, neighbours: Positions, foreseen: FloatArray, held: BoolArray, *, first: bool
) -> tuple[FloatArray, BoolArray]:
    """Return for each fit the start that its best neighbour suggests, and whether it may lead lower.

    In the `first` round failed fits are tried from any neighbour that did not fail, and a neighbour that lies elsewhere
    counts even if it does not promise a lower minimum at once.
    """
    done = found(fits)
    own = np.where(np.isfinite(fits.twice_nll), fits.twice_nll, np.inf)
    best, start = np.full(own.size, np.inf), foreseen.copy()
    for side in neighbours.T:
        for shift in (foreseen - foreseen[side], 0.0):
            there = np.clip(fits.values[side] + shift, asked.problem.lower, asked.problem.upper)
            there = np.where(held, foreseen, there)
            usable = (side >= 0) & done[side] & np.isfinite(there).all(axis=1)
            level = np.full(own.size, np.inf)
            level[usable] = 2.0 * asked.model.nll(there[usable], asked.dataset)
            lower = level < best
            best, start = np.where(lower, level, best), np.where(lower[:, None], there, start)
    width = np.where(asked.model.prefit_uncertainties > 0, asked.model.prefit_uncertainties, np.inf)
    elsewhere = (np.abs(start - fits.values) > _ELSEWHERE * width).any(axis=1) & (best < own + _NEARLY)
    interrupted = np.array([status == INTERRUPTED for status in fits.statuses], dtype=np.bool_)
    promising = (best < own - BETTER) | (first & ((~done & np.isfinite(best)) | elsewhere))
    return start, promising & ~interrupted


def found(fits: ManyFits) -> BoolArray:
    """Return which fits found the minimum over the parameters that have an effect."""
    endings = zip(fits.statuses, fits.edm, strict=True)
    return np.array([minimised(status, edm) for status, edm in endings], dtype=np.bool_)


def improved_by(fits: ManyFits, rows: Positions, again: ManyFits) -> tuple[ManyFits, int]:
    """Return the fits with some rows made again, where that succeeded and led lower, and how many these are."""
    before = np.where(found(fits)[rows], fits.twice_nll[rows], np.inf)
    chosen = np.flatnonzero(found(again) & (again.twice_nll < before - BETTER))
    return fits.with_rows(rows[chosen], again.rows(chosen)), chosen.size
