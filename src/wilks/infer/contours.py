"""`contour`: the profile likelihood over two parameters, and its contours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, nearest
from wilks.fitting.many import Progress
from wilks.infer.crossings import remarks
from wilks.infer.few_events import for_interval
from wilks.infer.intervals import level_problems, selected
from wilks.infer.profiles import profile, rises
from wilks.infer.scans import Span, reach
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.many import ManyFits
from wilks.results.scan import ContourLine, ContourResult, contour_height

_RESTARTS = 10
# Points of a line are moved onto the contour until the next step is this fraction of a cell of the grid.
_CLOSE, _ROUNDS = 1e-3, 4
# More rounds for those that are still on their way: they are near a jump, or a kink.
_PATIENCE = 12


@verb('contour(model, parameters=("mu", "JES"))')
@timed
def contour(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    parameters: Sequence[str],
    levels: Sequence[float] = (0.6827, 0.95),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    points: int = 31,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> ContourResult:
    """Return the profile likelihood over two `parameters` and its contours at the `levels`.

    2NLL is minimised over all other parameters on a grid of `points` x `points`, inside the bounds, that holds the
    outermost contour, or that has the ends in `ranges` (by name, of one parameter or both). A contour at a level is
    where 2NLL is the chi-square quantile of two degrees of freedom above its minimum (2.30 for 68.27 %, 5.99 for
    95 %): found on the grid, then moved onto it by Newton's method with further fits. It ends where a bound or a range
    does. Pieces closer to each other than a cell of the grid may be taken for one.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`. A point whose
    fit fails keeps its place and says why. Raises ModelError for unknown, fixed or equal parameters, for levels outside
    (0, 1) and ranges outside the bounds.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.contour(model, parameters=("mu", "Luminosity"), points=11)
    >>> found.delta.shape
    (11, 11)
    >>> [line.level for line in found.lines]
    [0.6827, 0.95]
    """
    asked = study(model, data, poi=poi, needs_poi=False, fixed=fixed, bounds=bounds, result=result, running=running)
    problems = level_problems(levels) + ([f"points: at least 5 are needed, found {points}"] if points < 5 else [])
    pair = selected(asked, parameters, problems)
    if len(pair) != 2:
        raise ModelError(f"a contour needs two different parameters, found {len(pair)}")
    given = _given(asked, pair, ranges or {})
    first = asked.best.twice_nll
    asked, x, y, fits, notes = _grid(asked, pair, max(contour_height(level) for level in levels), given, points)
    best = asked.best
    delta = rises(asked, fits).reshape(y.size, x.size)
    lines, astray = _lines(asked, pair, x, y, fits, delta, levels)
    return ContourResult(
        parameters=(best.names[pair[0]], best.names[pair[1]]),
        best=(float(best.values[pair[0]]), float(best.values[pair[1]])),
        covariance=best.covariance[np.ix_(pair, pair)],
        twice_nll=best.twice_nll,
        x_values=x,
        y_values=y,
        delta=delta,
        statuses=tuple(fits.statuses[row * x.size : (row + 1) * x.size] for row in range(y.size)),
        levels=tuple(float(level) for level in levels),
        lines=lines,
        notes=(*remarks(first, asked), *notes, *_told(astray, sum(len(line.points) for line in lines))),
        origin=asked.origin(*for_interval(asked, pair)),
    )


def _given(asked: Study, pair: list[int], ranges: Mapping[str, Span]) -> list[Span | None]:
    """Return the range of each of the two parameters, None where none is given. Raises ModelError."""
    names, problems = [asked.model.parameter_names[i] for i in pair], []
    for name, (low, high) in ranges.items():
        if name not in names:
            problems.append(f'ranges: "{name}" is none of the two parameters{nearest(name, names)}')
            continue
        i = asked.model.index(name)
        lower, upper = asked.problem.lower[i], asked.problem.upper[i]
        if not low < high:
            problems.append(f'ranges: "{name}" ({low:g}, {high:g}); the first must be below the second')
        elif not (lower <= low and high <= upper):
            problems.append(f'ranges: ({low:g}, {high:g}) is outside the bounds of "{name}", {lower:g} to {upper:g}')
    if problems:
        raise ModelError(problems)
    return [ranges.get(name) for name in names]


def _grid(
    asked: Study, pair: list[int], height: float, given: list[Span | None], points: int
) -> tuple[Study, FloatArray, FloatArray, ManyFits, tuple[str, ...]]:
    """Return the conditional fits on the grid; where a lower minimum turns up they are made again around it."""
    for _ in range(_RESTARTS):
        asked, spans, notes = reach(asked, pair, height)
        x, y = (np.linspace(*(wanted or span), points) for wanted, span in zip(given, spans, strict=True))
        first, second = (side.ravel() for side in np.meshgrid(x, y))
        fits = profile(asked, {pair[0]: first, pair[1]: second}, (points, points))
        better = asked.improved(fits)
        if better is None:
            break
        asked = better
    return asked, x, y, fits, notes


def _lines(
    asked: Study,
    pair: list[int],
    x: FloatArray,
    y: FloatArray,
    fits: ManyFits,
    delta: FloatArray,
    levels: Sequence[float],
) -> tuple[tuple[ContourLine, ...], FloatArray]:
    """Return the contours: lines on the grid, with their points moved onto the exact place; and the points, shape
    (points, 2), that have none.
    """
    from contourpy import LineType, contour_generator

    # The square root is nearly linear along rays from the best fit.
    root = np.sqrt(np.maximum(delta, 0.0))
    generator = contour_generator(x, y, np.ma.masked_invalid(root), line_type=LineType.Separate)
    found = [(level, line) for level in levels for line in generator.lines(np.sqrt(contour_height(level)))]
    if not found:
        return (), np.empty((0, 2))
    height = np.concatenate([np.full(len(line), contour_height(level)) for level, line in found])
    exact, astray = _exact(asked, pair, x, y, fits, np.concatenate([line for _, line in found]), height)
    pieces = np.split(exact, np.cumsum([len(line) for _, line in found])[:-1])
    lines = tuple(ContourLine(float(level), piece) for (level, _), piece in zip(found, pieces, strict=True))
    return lines, exact[astray]


def _told(astray: FloatArray, count: int) -> tuple[str, ...]:
    """Return what is to be said of points of contours that have no exact place, of so many."""
    if not len(astray):
        return ()
    first = ", ".join(f"{value:.4g}" for value in astray[0])
    return (
        f"{len(astray)} of the {count} points of the contours are only as exact as the grid, the first at ({first}): "
        "fits fail there, or the profile jumps",
    )


def _exact(
    asked: Study,
    pair: list[int],
    x: FloatArray,
    y: FloatArray,
    fits: ManyFits,
    points: FloatArray,
    height: FloatArray,
) -> tuple[FloatArray, BoolArray]:
    """Return points, shape (points, 2), moved along the gradient to where 2NLL is `height` above its minimum; and which
    of them could not be moved there.

    Those on an edge of the grid stay on it: a bound. Those whose fits fail, or that step to and fro over a jump, stay
    where they were on the grid.
    """
    cell = np.array([x[1] - x[0], y[1] - y[0]])
    low, high = np.array([x[0], y[0]]), np.array([x[-1], y[-1]])
    on_edge = (np.abs(points - low) < 1e-9 * cell) | (np.abs(points - high) < 1e-9 * cell)
    nearest = np.rint((points - low) / cell).astype(np.intp)
    theta = fits.values[nearest[:, 1] * x.size + nearest[:, 0]].copy()
    theta = np.where(np.isfinite(theta), theta, asked.best.values)
    held = asked.problem.held.copy()
    held[pair] = True
    begun, points, rows = points, points.copy(), np.arange(len(points))
    astray = np.zeros(len(points), np.bool_)
    for _ in range(_ROUNDS + _PATIENCE):
        theta[rows[:, None], pair] = points[rows]
        there = asked.fits(theta[rows], np.broadcast_to(held, (rows.size, held.size)))
        theta[rows] = np.where(there.converged[:, None], there.values, theta[rows])
        step = _steps(asked, pair, there, height[rows], cell * ~on_edge[rows])
        points[rows] = np.clip(points[rows] + step, low, high)
        astray[rows] = ~there.converged | (np.abs(step / cell).max(axis=1) > _CLOSE)
        rows = rows[there.converged & astray[rows]]
        if not rows.size:
            break
    points[astray] = begun[astray]
    return points, astray


def _steps(asked: Study, pair: list[int], there: ManyFits, height: FloatArray, scale: FloatArray) -> FloatArray:
    """Return Newton's steps for the root of the rise, along its gradient in units of `scale`, at most that long."""
    gradient = 2.0 * asked.model.gradient(there.values, asked.data.values)[:, pair] * scale
    rise = rises(asked, there)
    square = (gradient**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(rise)
        length = 2.0 * root * (np.sqrt(height) - root) / square
    usable: BoolArray = there.converged & np.isfinite(length)
    step = np.where(usable[:, None], np.where(usable, length, 0.0)[:, None] * gradient, 0.0)
    size = np.sqrt((step**2).sum(axis=1))[:, None]
    return np.where(size > 1.0, step / np.maximum(size, 1.0), step) * scale
