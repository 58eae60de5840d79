"""Where profile likelihoods cross given heights: any parameters, both sides, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray, Positions
from wilks.infer.profiles import found, improved_by, lowest, rises
from wilks.infer.study import Study
from wilks.results.intervals import AT_BOUND
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits

_ROUNDS, _RESTARTS = 40, 10
# A step this small, relative to the distance from the best fit, is the last: Newton's next would be about its square.
# The rise must also be this close to its height: where the slope is noise, a small step means nothing.
_CLOSE, _SAME = 1e-4, 1e-2
# Below this fraction of the height a rise is rounding, as is its slope.
_NOISE = 1e-7
# A bracket this narrow has no crossing inside that could still be found: there the profile jumps, or fits fail.
_NARROW = 1e-6
_GROWTH = 3.0


@dataclass(frozen=True, eq=False)
class Crossings:
    """The answers, one for each question, and the study whose best fit they belong to.

    `values` are NaN where nothing was found; `statuses` are "converged", "at bound", or say why not. `notes` says what
    else is to be known.
    """

    study: Study
    values: FloatArray
    statuses: tuple[str, ...]
    notes: tuple[str, ...]


def crossings(asked: Study, index: npt.ArrayLike, sign: npt.ArrayLike, height: npt.ArrayLike) -> Crossings:
    """Return where 2NLL, minimised over all but the parameter at `index`, is `height` above its minimum.

    `index`, `sign` (the side of the best fit: -1 or 1) and `height` have shape (questions,). All questions are asked in
    rounds of conditional fits, in which Newton's method takes its slope from the gradient there, inside brackets. A
    lower minimum found on the way starts everything again.
    """
    where, sides = np.asarray(index, np.intp), np.asarray(sign, np.float64)
    if not np.isfinite(asked.best.values).all() or not np.isfinite(asked.best.twice_nll):
        return Crossings(asked, np.full(where.size, np.nan), (asked.best.status,) * where.size, ())
    for _ in range(_RESTARTS):
        search = _Search(asked, where, sides, np.asarray(height, np.float64))
        better = search.run()
        if better is None:
            break
        asked = better
    values = asked.best.values[search.index] + search.sign * search.end
    return Crossings(asked, values, tuple(search.statuses), tuple(search.notes))


def remarks(first: float, study: Study) -> tuple[str, ...]:
    """Return what is to be known about the best fit: that it is lower than the `first` one, in 2NLL."""
    drop = first - study.best.twice_nll
    if not drop > 0:
        return ()
    return (f"a better minimum was found on the way, 2NLL lower by {drop:.2g}; everything is relative to it",)


class _Search:
    """The state of all questions. Distances `x` from the best fit count in the direction of `sign`.

    The answer lies between `inner`, where the profile is below its height, and `outer`, where it is above or fits fail.
    `along` is how all parameters move per distance, for the starts of fits; `last` are those of the fit at `inner`.
    """

    def __init__(self, study: Study, index: Positions, sign: FloatArray, height: FloatArray) -> None:
        best, problem = study.best, study.problem
        self.study, self.index, self.sign, self.height = study, index, sign, height
        value, count = best.values[index], len(index)
        self.limit = np.where(sign > 0, problem.upper[index] - value, value - problem.lower[index])
        self.guess = np.sqrt(height) * _scales(study)[index]
        self.x = np.minimum(self.guess, self.limit)
        self.inner, self.outer, self.end = np.zeros(count), np.full(count, np.inf), np.full(count, np.nan)
        self.rise = np.zeros((2, count))  # of 2NLL at `inner` and `outer`
        self.along = _directions(study, index) * sign[:, None]
        self.last = np.broadcast_to(best.values, self.along.shape).copy()
        self.statuses = [""] * count
        self.failures = [""] * count
        self.notes: list[str] = []
        self._close(np.arange(count), self.limit <= 0, AT_BOUND, np.zeros(count))

    def run(self) -> Study | None:
        """Answer all questions; where a lower minimum turns up return a study with it instead."""
        better = self._pass_mirrors()
        for _ in range(_ROUNDS):
            rows = self._open()
            if better is not None or not rows.size:
                return better
            fits = self._fits(rows)
            better = self.study.improved(fits)
            self._narrow(rows, fits)
        rows = self._open()
        self._close(rows, np.ones(rows.size, np.bool_), f"not found in {_ROUNDS} rounds of fits", self.end[rows])
        return better

    def _open(self) -> Positions:
        return np.array([i for i, status in enumerate(self.statuses) if not status], dtype=np.intp)

    def _close(self, rows: Positions, which: BoolArray, status: str, end: FloatArray) -> None:
        for row in np.flatnonzero(which):
            if not self.statuses[rows[row]]:
                self.statuses[rows[row]], self.end[rows[row]] = status, end[row]

    def _fits(self, rows: Positions) -> ManyFits:
        """Return the conditional fits at the distances `x` of some questions.

        Where the start foreseen leads to nothing, for example to rates below zero, the last fit serves.
        """
        problem, best, each, index = self.study.problem, self.study.best.values, np.arange(rows.size), self.index[rows]
        start = np.clip(best + self.x[rows, None] * self.along[rows], problem.lower, problem.upper)
        start[:, problem.held] = best[problem.held]
        value = best[index] + self.sign[rows] * self.x[rows]
        start[each, index] = np.clip(value, problem.lower[index], problem.upper[index])
        held = np.broadcast_to(problem.held, start.shape).copy()
        held[each, index] = True
        fits = lowest(self.study, start, held)
        _, usable = self._rises(fits)
        failed = np.flatnonzero(~usable & np.array([status != INTERRUPTED for status in fits.statuses], np.bool_))
        if not failed.size:
            return fits
        other = self.last[rows[failed]]
        other[np.arange(failed.size), index[failed]] = start[failed, index[failed]]
        return improved_by(fits, failed, self.study.fits(other, held[failed]))[0]

    def _rises(self, fits: ManyFits) -> tuple[FloatArray, BoolArray]:
        """Return how far 2NLL is above its minimum, and where that is the minimum over the other parameters."""
        rise = rises(self.study, fits)
        return rise, found(fits) & np.isfinite(rise)

    def _narrow(self, rows: Positions, fits: ManyFits) -> None:
        """Narrow the brackets with fits at the distances `x`; close what is answered, and move on where it is not."""
        x, height, limit, each = self.x[rows], self.height[rows], self.limit[rows], np.arange(rows.size)
        rise, usable = self._rises(fits)
        below = usable & (rise < height)
        self.inner[rows] = np.where(below, x, self.inner[rows])
        self.outer[rows] = np.where(below, self.outer[rows], x)
        self.rise[:, rows] = np.where([below, ~below], rise, self.rise[:, rows])
        self.last[rows[below]] = fits.values[below]
        self.along[rows[usable]] = (fits.values[usable] - self.study.best.values) / x[usable, None]
        # The square root of the rise is nearly linear in the distance.
        gradient = self.study.model.gradient(fits.values, self.study.dataset)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = self.sign[rows] * gradient[each, self.index[rows]] / np.sqrt(rise)
            newton = x + (np.sqrt(height) - np.sqrt(rise)) / slope
        newton = np.where(usable & (slope > 0) & (rise > _NOISE * height), newton, np.nan)
        close = (np.abs(newton - x) <= _CLOSE * x) & (np.abs(rise - height) <= _SAME * height)

        self._close(rows, below & (x >= limit), AT_BOUND, limit)
        self._close(rows, close, CONVERGED, newton)
        for row, i in enumerate(rows):
            if not below[row]:
                self.failures[i] = "" if usable[row] else fits.statuses[row]
        if any(fits.statuses[row] == INTERRUPTED for row in np.flatnonzero(~usable)):
            self._close(rows, np.ones(rows.size, np.bool_), INTERRUPTED, self.end[rows])
        self._close_narrow(rows)
        self.x[rows] = self._next(rows, newton)

    def _close_narrow(self, rows: Positions) -> None:
        for i in rows:
            # Where the best fit is no minimum either, what fails fails everywhere: that takes long.
            narrow = np.inf if self.failures[i] and not self.study.best.minimised else _NARROW
            if self.outer[i] - self.inner[i] <= narrow * max(self.inner[i], self.guess[i]) and not self.statuses[i]:
                last = self.study.best.values[self.index[i]] + self.sign[i] * self.inner[i]
                reason, (low, high) = self.failures[i], self.rise[:, i]
                self.end[i] = np.nan if reason else self.outer[i]
                if reason:
                    self.statuses[i] = f"not reached: beyond {last:.4g} fits fail ({reason})"
                elif high - low > _SAME * self.height[i]:
                    self.statuses[i] = f"the profile jumps there, from {low:.4g} to {high:.4g} in 2NLL"
                else:
                    self.statuses[i] = CONVERGED

    def _next(self, rows: Positions, newton: FloatArray) -> FloatArray:
        """Return Newton's step where it stays inside the bracket and grows moderately, else the bracket's middle."""
        x, inner, outer = self.x[rows], self.inner[rows], self.outer[rows]
        reach = np.minimum(_GROWTH * np.maximum(x, self.guess[rows]), self.limit[rows])
        middle = np.where(np.isfinite(outer), 0.5 * (inner + np.where(np.isfinite(outer), outer, 0.0)), reach)
        step = np.minimum(np.where(np.isnan(newton), middle, newton), reach)
        return np.where((step > inner) & (step < outer), step, middle)

    def _pass_mirrors(self) -> Study | None:
        """Ask first how high 2NLL rises half-way to the other minimum of parameters whose sign the data can't tell.

        Where that is below the height, the answer lies beyond the other minimum, else before the middle.
        """
        best, names = self.study.best, self.study.best.names
        twins = {names.index(name): value for name, value in best.mirrored}
        distance = np.array(
            [(twins.get(i, np.nan) - best.values[i]) * s for i, s in zip(self.index, self.sign, strict=True)]
        )
        rows = np.flatnonzero((distance > 0) & (0.5 * distance < self.limit))
        if not rows.size:
            return None
        self.x[rows] = 0.5 * distance[rows]
        fits = self._fits(rows)
        rise, usable = self._rises(fits)
        holds = usable & (rise < self.height[rows])
        self.inner[rows] = np.where(holds, np.where(distance <= self.limit, distance, 0.5 * distance)[rows], 0.0)
        self.outer[rows] = np.where(holds, np.inf, self.x[rows])
        self.rise[:, rows] = np.where([holds, ~holds], rise, 0.0)
        for row in np.flatnonzero(~usable):
            self.failures[rows[row]] = fits.statuses[row]
        beyond = np.minimum(distance + self.guess, self.limit)[rows]
        self.x[rows] = np.where(holds, beyond, np.minimum(self.guess[rows], 0.5 * self.x[rows]))
        for i in dict.fromkeys(self.index[rows]):
            height = float(rise[self.index[rows] == i][0])
            self.notes.append(
                f'"{names[i]}" has another minimum, as deep, at {twins[i]:.4g}; between the two 2NLL rises by '
                f"{height:.3g}: intervals whose quantile is above that hold both, others that at {best.values[i]:.4g}"
            )
        return self.study.improved(fits)


def _scales(study: Study) -> FloatArray:
    """Return the scale of each parameter: its uncertainty; without one, from the curvature, or from before the fit."""
    best = study.best
    with np.errstate(divide="ignore", invalid="ignore"):
        curvature = 1.0 / np.sqrt(np.diag(study.model.hessian(best.values, study.dataset)))
    scale = np.ones(best.values.size)
    for candidate in (best.prefit_uncertainties, curvature, best.uncertainties):
        scale = np.where(np.isfinite(candidate) & (candidate > 0), candidate, scale)
    return scale


def _directions(study: Study, index: Positions) -> FloatArray:
    """Return, for each question, how the parameters move with the one asked about, to first order."""
    best = study.best
    along = np.zeros((index.size, best.values.size))
    if best.covariance_valid:
        variance = best.covariance[index, index]
        usable = np.isfinite(variance) & (variance > 0)
        along[usable] = best.covariance[index[usable]] / variance[usable, None]
    along[np.arange(index.size), index] = 1.0
    return np.where(np.isfinite(along), along, 0.0)
