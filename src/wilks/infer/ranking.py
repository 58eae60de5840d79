"""`ranking`: how far each parameter moves the parameters of interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.errors import ModelError, listed, nearest
from wilks.infer.crossings import crossings
from wilks.infer.groups import Patterns, first_poi, poi_positions, selected
from wilks.infer.observables import data_variance, shifted
from wilks.infer.study import Running, Study, study
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.results.fit import FitResult
from wilks.results.many import ManyFits
from wilks.results.ranking import DONE, RankingResult

METHODS = ("refit", "covariance", "global observables")
# A conditional fit may find a better minimum; the whole ranking then starts again from there, so many times.
_RESTARTS = 3


def ranking(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    method: str = "refit",
    parameters: Patterns | None = None,
    exclude: Patterns | None = None,
    profile: bool = False,
    poi: Patterns | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    running: Running = Running(),
) -> RankingResult:
    """Return the impacts of parameters (default: all that are free) on one or several parameters of interest.

    `method` "refit" keeps a parameter at its best fit plus and minus its post-fit uncertainty, then plus and minus its
    pre-fit one, and fits all others again: four fits per parameter, in one batch. A step ends at the bound of the
    parameter, and is marked. "covariance" is the same to first order, C[poi, i] / sigma_i, without any fit.
    "global observables" shifts the auxiliary datum of each constrained parameter by its standard deviation and fits
    again (arXiv:2307.04007): squared and together with the statistics of the main data, these impacts add up to the
    variance of the parameter of interest where the rates are linear in the parameters.

    With `profile` post-fit uncertainties are those of the profile likelihood (MINOS), up and down ("refit" only).
    `parameters` and `exclude` are names or patterns; `poi` is a name, or several names or patterns. A fit that fails
    leaves NaN and its status. Raises ModelError for wrong names and values, ResultError for a result that does not
    belong here.

    >>> ranking(model, exclude="staterror_*").table(rows=10)  # doctest: +SKIP
    """
    _check_method(method, profile)
    asked = study(model, data, poi=first_poi(model, poi), fixed=fixed, bounds=bounds, result=result, running=running)
    pois = poi_positions(asked, poi)
    where = _ranked(asked, pois, parameters, exclude, method)
    done = _by_refit(asked, pois, where, profile) if method == "refit" else _METHODS[method](asked, pois, where)
    best = done.asked.best
    return RankingResult(
        method=method,
        pois=tuple(best.names[i] for i in pois),
        poi_values=best.values[pois],
        poi_uncertainties=done.poi_uncertainties,
        names=tuple(best.names[i] for i in where),
        values=best.values[where],
        uncertainties=done.uncertainties,
        prefit_values=best.prefit_values[where],
        prefit_uncertainties=best.prefit_uncertainties[where],
        constraints=tuple(best.constraints[i] for i in where),
        modifier_types=tuple(best.modifier_types[i] for i in where),
        targets=done.targets,
        clipped=done.clipped,
        impacts=done.impacts,
        statuses=done.statuses,
        data_statistics=done.data_statistics,
        origin=done.asked.origin(),
    )


@dataclass(frozen=True, eq=False)
class _Moved:
    """What a method finds, in the shapes of `RankingResult`; `asked` has the best fit that it starts from."""

    asked: Study
    uncertainties: FloatArray
    poi_uncertainties: FloatArray
    targets: FloatArray
    clipped: BoolArray
    impacts: FloatArray
    statuses: tuple[tuple[str, ...], ...]
    data_statistics: FloatArray


def _check_method(method: str, profile: bool) -> None:
    if method not in METHODS:
        raise ModelError(f'no ranking method "{method}"; allowed are {listed(METHODS)}{nearest(method, METHODS)}')
    if profile and method != "refit":
        raise ModelError(f'profile: uncertainties of the profile likelihood are for the method "refit", not "{method}"')


def _ranked(
    asked: Study, pois: list[int], parameters: Patterns | None, exclude: Patterns | None, method: str
) -> list[int]:
    """Return the positions of the parameters to rank: of global observables, those that have one."""
    names = asked.model.parameter_names
    chosen = range(len(names)) if parameters is None else selected(names, parameters, "parameters")
    dropped = {*pois, *(selected(names, exclude, "exclude") if exclude is not None else ())}
    where = [i for i in chosen if i not in dropped and not asked.problem.held[i]]
    kind = "parameter"
    if method == "global observables":
        where, kind = [i for i in where if asked.model.constraints[i] != "none"], "constrained parameter"
    if not where:
        raise ModelError(f"there is no {kind} to rank: all are parameters of interest, fixed or excluded")
    return where


def _symmetric(best: FitResult, where: list[int]) -> FloatArray:
    """Return the uncertainties of the covariance, up and down, shape (parameters, 2)."""
    return np.repeat(best.uncertainties[where, None], 2, axis=1)


def _missing(best: FitResult, where: list[int]) -> list[list[str]]:
    """Return why uncertainties of the covariance are missing, up and down."""
    reason = "no post-fit uncertainty"
    return [[f"at a bound, {reason}" if best.at_bound[i] else reason] * 2 for i in where]


def _profiled(asked: Study, where: list[int]) -> tuple[Study, FloatArray, list[list[str]]]:
    """Return uncertainties of the profile likelihood and why some are missing; and a study, its best fit if better."""
    n = len(where)
    found = crossings(asked, np.tile(where, 2), np.repeat([1.0, -1.0], n), np.ones(2 * n))
    best = found.study.best.values[where]
    sides = np.abs(found.values.reshape(2, n).T - best[:, None])
    return found.study, sides, [[found.statuses[row], found.statuses[n + row]] for row in range(n)]


def _steps(
    best: FitResult, where: list[int], sides: FloatArray, missing: list[list[str]]
) -> tuple[FloatArray, list[list[str]]]:
    """Return the four steps of each parameter, shape (parameters, 4), and why post-fit ones are NaN."""
    width = best.prefit_uncertainties[where]
    width = np.where(width > 0, width, np.nan)
    steps = np.stack([width, -width, sides[:, 0], -sides[:, 1]], axis=1)
    reasons = [
        ["", "", *("" if np.isfinite(side) else text for side, text in zip(row, texts, strict=True))]
        for row, texts in zip(sides, missing, strict=True)
    ]
    return steps, reasons


def _by_refit(asked: Study, pois: list[int], where: list[int], profile: bool) -> _Moved:
    for attempt in range(_RESTARTS + 1):
        if not asked.best.converged:
            return _nothing(asked, pois, where, f"no best fit: {asked.best.status}")
        every = [*where, *pois]
        sides, missing = _symmetric(asked.best, every), _missing(asked.best, every)
        if profile:
            asked, sides, missing = _profiled(asked, every)
        best, n = asked.best, len(where)
        steps, reasons = _steps(best, where, sides[:n], missing[:n])
        wanted = best.values[where][:, None] + steps
        lower, upper = asked.problem.lower[where][:, None], asked.problem.upper[where][:, None]
        targets = np.clip(wanted, lower, upper)
        rows = np.argwhere(np.isfinite(targets))
        fits = _conditional(asked, where, targets, rows)
        better = asked.improved(fits)
        if better is None or attempt == _RESTARTS:
            break
        asked = better
    impacts, statuses = _impacts(fits, best, pois, rows, reasons)
    clipped = np.isfinite(targets) & (targets != wanted)
    none = np.full(len(pois), np.nan)
    return _Moved(asked, sides[:n], sides[n:], targets, clipped, impacts, statuses, none)


def _conditional(asked: Study, where: list[int], targets: FloatArray, rows: npt.NDArray[np.intp]) -> ManyFits:
    """Return the fits with parameter `where[row]` kept at `targets[row, column]`, for the (row, column) in `rows`."""
    start = np.empty((len(rows), asked.model.n_parameters))
    held = np.broadcast_to(asked.problem.held, start.shape).copy()
    first = 0
    for row, i in enumerate(where):
        values = targets[row][np.isfinite(targets[row])]
        if values.size:
            start[first : first + values.size] = asked.predicted({i: values})
            held[first : first + values.size, i] = True
            first += values.size
    return asked.fits(start, held)


def _impacts(
    fits: ManyFits, best: FitResult, pois: list[int], rows: npt.NDArray[np.intp], reasons: list[list[str]]
) -> tuple[FloatArray, tuple[tuple[str, ...], ...]]:
    """Return impacts, shape (parameters of interest, parameters, 4), and statuses from fits; row by row of `rows`."""
    impacts = np.full((len(pois), len(reasons), 4), np.nan)
    statuses = [list(row) for row in reasons]
    for fit, (row, column) in enumerate(rows):
        statuses[row][column] = fits.statuses[fit]
        if fits.converged[fit]:
            impacts[:, row, column] = fits.values[fit, pois] - best.values[pois]
    return impacts, tuple(tuple(row) for row in statuses)


def _by_covariance(asked: Study, pois: list[int], where: list[int]) -> _Moved:
    best = asked.best
    if not (best.converged and best.covariance_valid):
        return _nothing(asked, pois, where, f"no best fit: {best.status}")
    sides = _symmetric(best, where)
    steps, reasons = _steps(best, where, sides, _missing(best, where))
    variance = np.diag(best.covariance)[where]
    slopes = np.zeros((len(pois), len(where)))
    np.divide(best.covariance[np.ix_(pois, where)], variance, out=slopes, where=variance > 0)
    slopes[best.at_bound[pois]] = np.nan
    impacts = slopes[:, :, None] * steps
    statuses = tuple(
        tuple(reason or (DONE if np.isfinite(step) else "") for reason, step in zip(line, row, strict=True))
        for line, row in zip(reasons, steps, strict=True)
    )
    targets = best.values[where][:, None] + steps
    clipped, none = np.zeros(targets.shape, np.bool_), np.full(len(pois), np.nan)
    return _Moved(asked, sides, _symmetric(best, pois), targets, clipped, impacts, statuses, none)


def _by_observables(asked: Study, pois: list[int], where: list[int]) -> _Moved:
    best = asked.best
    if not best.converged:
        return _nothing(asked, pois, where, f"no best fit: {best.status}")
    data, start, rows, cut = shifted(asked, where)
    fits = asked.fits(start, asked.problem.held, data)
    impacts, statuses = _impacts(fits, best, pois, rows, [[""] * 4 for _ in where])
    clipped = np.zeros((len(where), 4), np.bool_)
    clipped[tuple(rows[cut].T)] = True
    statistics = np.sqrt(data_variance(asked)[pois]) if best.covariance_valid else np.full(len(pois), np.nan)
    sides, targets = _symmetric(best, where), np.full(clipped.shape, np.nan)
    return _Moved(asked, sides, _symmetric(best, pois), targets, clipped, impacts, statuses, statistics)


def _nothing(asked: Study, pois: list[int], where: list[int], reason: str) -> _Moved:
    """Return a ranking in which everything is missing for one reason."""
    shape = (len(where), 4)
    return _Moved(
        asked,
        _symmetric(asked.best, where),
        _symmetric(asked.best, pois),
        np.full(shape, np.nan),
        np.zeros(shape, np.bool_),
        np.full((len(pois), *shape), np.nan),
        tuple((reason,) * 4 for _ in where),
        np.full(len(pois), np.nan),
    )


_METHODS = {"covariance": _by_covariance, "global observables": _by_observables}
