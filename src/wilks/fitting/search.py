"""The search for the lowest minimum: where else a fit should start, and which minima were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from wilks._engine import sample
from wilks._types import BoolArray, FloatArray
from wilks.fitting.convex import one_minimum
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import FitOptions, Problem, Search
from wilks.model.model import Model
from wilks.results.fit import Minimum
from wilks.results.many import ManyFits

# Parameters whose two variations have this much in common, in standard deviations of the data, may have two minima.
BENT = 0.1
# Values at which such a parameter is tried, in standard deviations of its constraint from the centre.
GRID = np.array([-3.0, -2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0])
# A move by less than this, in standard deviations, leads back.
CLOSE = 0.3
# Two minima are one if their 2NLL differ by less than this, and no parameter by more than a part of its width.
SAME, NEAR = 1e-4, 0.05
# A fit below another by more than this, in 2NLL, is lower.
LOWER = 1e-6
# Of the random starts; they are the same in every fit.
_SEED = 1
# What the fits of a search may take with up to 200 parameters, on one thread that nothing else keeps busy; and looking
# at moves of parameters, which takes that long for so many iterations of a fit.
_SECONDS, _MOVES = 0.014, 0.03
# A start is given up after so many iterations, or so many times those of the fit itself, and when it has had this part
# of all, unless it is lower by then than any minimum known. However long the fit itself took, there are some.
_ITERATIONS, _TIMES, _PART, _LEAST = 30, 2, 6, 4


@dataclass(frozen=True)
class Effort:
    """How much is tried: starts that the model suggests, the best of so many `moves` of parameters that bend the rates,
    and of as many of free ones; random ones, as long as all fits together take no more than so many `iterations`, each
    at `most` so many; and how often the search begins anew.
    """

    suggested: int
    random: int
    rounds: int
    moves: int
    iterations: float
    most: float


def effort(search: Search, model: Model, iterations: int, among: int = 1) -> Effort:
    """Return what a search tries: with up to 200 parameters what takes some 20 ms, above 500 at most one more fit.

    Where so many searches are made for one answer (`among`), they share the time of one with up to 200 parameters.
    The time is that of arithmetic, where the fit itself took so many `iterations`: the answer depends on no clock.
    """
    if search == "thorough":
        return Effort(suggested=60, random=400, rounds=5, moves=100_000, iterations=np.inf, most=np.inf)
    long = max(_ITERATIONS, _TIMES * iterations)
    if model.n_parameters > 500:
        return Effort(suggested=1, random=0, rounds=1, moves=44, iterations=long, most=long)
    seconds = _seconds(model)
    total, moves = _SECONDS / seconds / among, int(np.clip(_MOVES / seconds / among, 110, 2200))
    if model.n_parameters > 200:
        return Effort(suggested=3, random=1, rounds=2, moves=moves, iterations=4 * long, most=long)
    most = min(long, max(total / _PART, _TIMES * iterations))
    total = max(total, _LEAST * most)
    suggested = int(np.clip(total / most - 1, 3, 6))
    return Effort(suggested=suggested, random=48, rounds=3, moves=moves, iterations=total, most=most)


def _seconds(model: Model) -> float:
    """Return what an iteration of a fit of up to some 200 parameters takes."""
    shared, bins = len(model.engine.shared_parameters), model.observed_main.size
    return 10e-6 + 0.25e-6 * bins + 15e-9 * shared**2


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found: all minima, the lowest first, and from how many starts."""

    minima: tuple[Minimum, ...]
    starts: int


def search_minima(
    model: Model,
    data: FloatArray,
    problem: Problem,
    first: Minimum,
    settled: bool,
    flat: bool,
    along: FloatArray | None,
    iterations: int,
    options: FitOptions,
    threads: int | None = None,
    among: int = 1,
) -> Found:
    """Return the minima of a problem with one row, `first` among them if it is one (`settled`).

    Where the likelihood is `flat` along something, minima of the same height are one, wherever they lie.
    `along` is the covariance at `first`, None without one: it tells how the others move along with a parameter;
    `iterations` are what the fit took that found it; `among` how many searches there are for one answer.
    """
    if settled and one_minimum(model, problem.held):
        return Found((first,), 0)
    tried = effort(options.search, model, iterations, among)
    minima, starts, left, lowest = [first] if settled else [], 0, tried.iterations, first
    for turn in range(tried.rounds):
        suggested = _suggested(model, data, problem, lowest, along if turn == 0 else None, tried)
        points = np.concatenate([suggested, _random(model, problem, lowest.values, tried.random, turn)])
        while len(points) and left > 0:
            count = int(min(max(left / tried.most, 1), len(points))) if np.isfinite(left) else len(points)
            level = minima[0].twice_nll if minima else np.inf
            fits = _ends(model, data, replace(problem, start=points[:count]), options, tried.most, level, threads)
            points, starts, left = points[count:], starts + count, left - float(fits.iterations.sum())
            minima = distinct(model, [*minima, *minima_of(fits)], anywhere=flat)
        if not minima or not minima[0].twice_nll < lowest.twice_nll - LOWER:
            break
        lowest, left = minima[0], max(left, tried.most)
    return Found(tuple(minima), starts)


def _ends(
    model: Model,
    data: FloatArray,
    problem: Problem,
    options: FitOptions,
    most: float,
    level: float,
    threads: int | None,
) -> ManyFits:
    """Return fits from many starts; after `most` iterations only those that are below a `level` of 2NLL go on."""
    first = replace(options, max_iterations=int(min(most, options.max_iterations)))
    fits = fit_problems(model, data, problem, options=first, threads=threads)
    rows = np.flatnonzero(~fits.minimised & (fits.twice_nll < level))
    if not rows.size or most >= options.max_iterations:
        return fits
    onwards = fit_problems(model, data, replace(problem, start=fits.values[rows]), options=options, threads=threads)
    return fits.with_rows(rows, replace(onwards, iterations=fits.iterations[rows] + onwards.iterations))


def minima_of(fits: ManyFits) -> Iterator[Minimum]:
    """Yield where fits ended that found a minimum."""
    for row in np.flatnonzero(fits.minimised):
        yield Minimum(float(fits.twice_nll[row]), fits.values[row])


def distinct(model: Model, minima: list[Minimum], *, anywhere: bool = False) -> list[Minimum]:
    """Return the minima without repetition, lowest first; those of one height are one if they may lie `anywhere`."""
    width = np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, 1.0)
    kept: list[Minimum] = []
    for minimum in sorted(minima, key=lambda one: one.twice_nll):
        for other in kept:
            near = np.abs(minimum.values - other.values) < NEAR * np.maximum(width, NEAR * np.abs(other.values))
            if abs(minimum.twice_nll - other.twice_nll) < SAME and (anywhere or near.all()):
                break
        else:
            kept.append(minimum)
    return kept


def _suggested(
    model: Model, data: FloatArray, problem: Problem, lowest: Minimum, covariance: FloatArray | None, tried: Effort
) -> FloatArray:
    """Return the most promising starts that the model suggests, shape (up to `tried.suggested`, n_parameters).

    Each moves one parameter: one that bends the rates, along its constraint; a free one, to its bounds. The others
    stay, or move along to first order: what gives the lower nll. The less 2NLL rises, of what the curvature at the
    minimum promises, the more promising. Everything mirrored at once, and the constraints' centres, come last.
    """
    theta, count = lowest.values, tried.suggested
    moved, value = _moves(model, problem, theta, tried.moves)
    whole = [point for point in _whole(model, problem, theta) if (point != theta).any()]
    each = np.arange(moved.size)
    rows = np.tile(theta, (moved.size, 1))
    rows[each, moved] = value
    rows, nll = _lower(model, data, rows, _along(problem, theta, covariance, moved, value))
    rise = 2.0 * nll - (lowest.twice_nll if np.isfinite(lowest.twice_nll) else 0.0)
    width = model.prefit_uncertainties if covariance is None else np.sqrt(np.maximum(np.diag(covariance), 0.0))
    distance = np.abs(value - theta[moved]) / np.where(width > 0, width, 1.0)[moved]
    share = np.where(distance > CLOSE, rise / distance**2, np.inf)
    best: dict[tuple[int, bool], int] = {}
    for i in np.argsort(share, kind="stable"):
        if np.isfinite(share[i]):
            best.setdefault((int(moved[i]), bool(value[i] > theta[moved[i]])), int(i))
    single = [rows[i] for i in best.values()][: max(count - len(whole), (count + 1) // 2)]
    return np.array([*single, *whole][:count]).reshape(-1, theta.size)


def _moves(model: Model, problem: Problem, theta: FloatArray, most: int) -> tuple[np.ndarray, FloatArray]:
    """Return which parameter is moved, and whereto, shape (moves,) each; at `most` so many of those that bend the rates
    most, and of free ones.
    """
    sigma, free = model.prefit_uncertainties, ~problem.held
    bends = model.engine.bends(theta)
    bent = np.flatnonzero((bends > BENT) & free & (sigma > 0))
    bent = np.sort(bent[np.argsort(-bends[bent], kind="stable")][: most // (GRID.size + 1)])
    values = model.nominal[bent, None] + GRID * sigma[bent, None]
    values = np.concatenate([values, _mirrored(model, theta)[bent, None]], axis=1)
    values = np.clip(values, problem.lower[bent, None], problem.upper[bent, None])
    index = np.repeat(bent, values.shape[1])
    unconstrained = model.unconstrained
    loose = np.flatnonzero(unconstrained & free)[: most // 2]
    bounds = np.concatenate([problem.lower[loose], problem.upper[loose]])
    index, flat = np.concatenate([index, loose, loose]), np.concatenate([values.ravel(), bounds])
    use = np.isfinite(flat) & (np.abs(flat - theta[index]) > 1e-6 * np.maximum(1.0, np.abs(theta[index])))
    return index[use], flat[use]


def _along(
    problem: Problem, theta: FloatArray, covariance: FloatArray | None, moved: np.ndarray, value: FloatArray
) -> FloatArray:
    """Return where all parameters are expected when one is moved, to first order, inside the bounds."""
    rows = np.tile(theta, (moved.size, 1))
    rows[np.arange(moved.size), moved] = value
    if covariance is None:
        return rows
    variance = covariance[moved, moved]
    usable = np.isfinite(variance) & (variance > 0)
    step = (value - theta[moved])[usable] / variance[usable]
    rows[usable] = theta + step[:, None] * covariance[moved[usable]]
    rows = np.where(problem.held, theta, np.clip(rows, problem.lower, problem.upper))
    rows[np.arange(moved.size), moved] = value
    return rows


def _lower(model: Model, data: FloatArray, one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the points with the lower nll of each pair, and their nll."""
    first, second = model.nll(one, data), model.nll(other, data)
    lower = second < first
    chosen: FloatArray = np.where(lower[:, None], other, one)
    return chosen, np.where(lower, second, first)


def _mirrored(model: Model, theta: FloatArray) -> FloatArray:
    """Return the mirror image at the centres of the constraints, infinite where no number is so large."""
    with np.errstate(over="ignore"):
        return 2.0 * model.nominal - theta


def _whole(model: Model, problem: Problem, theta: FloatArray) -> list[FloatArray]:
    """Return starts that move many parameters: constrained ones mirrored at their centres, and put there."""
    constrained: BoolArray = ~model.unconstrained & ~problem.held
    mirrored = np.where(constrained, _mirrored(model, theta), theta)
    centred = np.where(constrained, model.nominal, theta)
    inside = [np.clip(point, problem.lower, problem.upper) for point in (mirrored, centred)]
    return [np.where(problem.held, theta, point) for point in inside]


def _random(model: Model, problem: Problem, theta: FloatArray, count: int, turn: int) -> FloatArray:
    """Return starts with the constrained parameters drawn from their constraints, once, twice and three times as wide
    in turn, and the others where they are, or every other time about as large as they are initially: one that has
    ended at its bound stays there.
    """
    ones = np.ones(theta.size)
    normal = sample(ones, ones, seed=_SEED, stream=turn, first=0, count=count) - 1.0
    sigma = model.prefit_uncertainties * (1.0 + np.arange(count)[:, None] % 3)
    loose = np.where(np.arange(count)[:, None] % 2 == 1, model.initial * np.exp(normal), theta)
    drawn = np.where(sigma > 0, model.nominal + sigma * normal, loose)
    points: FloatArray = np.where(problem.held, theta, np.clip(drawn, problem.lower, problem.upper))
    return points
