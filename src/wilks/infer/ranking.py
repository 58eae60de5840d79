"""`ranking`: how far each parameter moves the parameters of interest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, listed, nearest
from wilks.fitting.many import Progress
from wilks.infer.constraint_sides import constraint_sides
from wilks.infer.crossings import crossings
from wilks.infer.flat import Determined, determined
from wilks.infer.groups import Patterns, first_poi, poi_positions, selected, ungrouped
from wilks.infer.observables import data_variance, shifted
from wilks.infer.profiles import lowest
from wilks.infer.study import Running, Study, starting_from, study
from wilks.infer.timed import timed
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.many import ManyFits
from wilks.results.ranking import DONE, RankingResult

METHODS = ("refit", "covariance", "global observables")
# A conditional fit may find a better minimum; the whole ranking then starts again from there, so many times.
_RESTARTS = 3


@verb('ranking(model, parameters="JES*")')
@timed
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
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
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
    `parameters` and `exclude` are names, patterns or groups of the workspace; `poi` is a name, or several names or
    patterns (default: all that the model has). A fit that fails leaves NaN and its status; a best fit that is flat
    along some parameters leaves it for these only. Raises ModelError for wrong names and values, ResultError for a
    result that does not belong here.

    `data`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.ranking(model, exclude="staterror_*")
    >>> found.impacts.shape
    (1, 5, 4)
    >>> print([found.names[i] for i in found.order()[:2]])
    ['Fakes', 'Luminosity']
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
        groups=tuple(_groups_of(model, best.names[i]) for i in where) if model.groups else (),
        prefit_sides=constraint_sides(done.asked.model)[where],
    )


def _groups_of(model: Model, name: str) -> tuple[str, ...]:
    """Return the groups of the workspace that a parameter is in."""
    return tuple(group for group, members in model.groups.items() if name in members)


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
    chosen = (
        range(len(names)) if parameters is None else selected(names, ungrouped(asked.model, parameters), "parameters")
    )
    dropped = {*pois, *(selected(names, ungrouped(asked.model, exclude), "exclude") if exclude is not None else ())}
    where = [i for i in chosen if i not in dropped and not asked.problem.held[i]]
    kind = "parameter"
    if method == "global observables":
        where, kind = [i for i in where if asked.model.constraints[i] != "none"], "constrained parameter"
    if not where:
        all_of_them = "parameters of interest, fixed, without effect or excluded"
        raise ModelError(f"there is no {kind} to rank: all are {all_of_them}")
    return where


def _symmetric(sigma: FloatArray, where: list[int]) -> FloatArray:
    """Return uncertainties up and down, shape (parameters, 2)."""
    return np.repeat(sigma[where, None], 2, axis=1)


def _missing(known: Determined, where: list[int]) -> list[list[str]]:
    """Return why uncertainties of the covariance are missing, up and down."""
    best, none = known.study.best, "no post-fit uncertainty"

    def reason(i: int) -> str:
        if i in known.flat:
            return f"{'no rate depends on it' if i in known.alone else 'the likelihood is flat along it'}, {none}"
        if not best.converged:
            return f"{none}: {best.status}"
        return f"at a bound, {none}" if best.at_bound[i] else none

    return [[reason(i)] * 2 for i in where]


def _profiled(known: Determined, where: list[int]) -> tuple[Study, FloatArray, list[list[str]]]:
    """Return uncertainties of the profile likelihood and why some are missing; and a study, its best fit if better."""
    rows = [row for row, i in enumerate(where) if i not in known.flat]
    index = [where[row] for row in rows]
    n = len(rows)
    found = crossings(known.study, np.tile(index, 2), np.repeat([1.0, -1.0], n), np.ones(2 * n))
    best = found.study.best.values[index]
    sides, missing = np.full((len(where), 2), np.nan), _missing(known, where)
    sides[rows] = np.abs(found.values.reshape(2, n).T - best[:, None])
    for k, row in enumerate(rows):
        missing[row] = [found.statuses[k], found.statuses[n + k]]
    return found.study, sides, missing


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
    every, n = [*where, *pois], len(where)
    for attempt in range(_RESTARTS + 1):
        known = determined(asked)
        if not asked.best.minimised or known.flat.issuperset(pois):
            return _nothing(asked, pois, where, _no_best_fit(known, pois))
        used, sides, missing = known.study, _symmetric(known.uncertainties(), every), _missing(known, every)
        if profile:
            used, sides, missing = _profiled(known, every)
        best = used.best
        steps, reasons = _steps(best, where, sides[:n], missing[:n])
        wanted = best.values[where][:, None] + steps
        lower, upper = asked.problem.lower[where][:, None], asked.problem.upper[where][:, None]
        targets = np.clip(wanted, lower, upper)
        rows = np.argwhere(np.isfinite(targets))
        fits = _conditional(used, where, targets, rows)
        better = used.improved(fits)
        if better is None or attempt == _RESTARTS:
            break
        asked = starting_from(asked, better.best) if known.flat else better
    impacts, statuses = _impacts(fits, best, pois, rows, reasons)
    clipped = np.isfinite(targets) & (targets != wanted)
    none = np.full(len(pois), np.nan)
    moved = _Moved(_told(asked, used), sides[:n], sides[n:], targets, clipped, impacts, statuses, none)
    return _without(moved, pois, known)


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
    return lowest(asked, start, held)


def _impacts(
    fits: ManyFits, best: FitResult, pois: list[int], rows: npt.NDArray[np.intp], reasons: list[list[str]]
) -> tuple[FloatArray, tuple[tuple[str, ...], ...]]:
    """Return impacts, shape (parameters of interest, parameters, 4), and statuses from fits; row by row of `rows`."""
    impacts = np.full((len(pois), len(reasons), 4), np.nan)
    statuses = [list(row) for row in reasons]
    good = fits.minimised
    for fit, (row, column) in enumerate(rows):
        statuses[row][column] = DONE if good[fit] else fits.statuses[fit]
        if good[fit]:
            impacts[:, row, column] = fits.values[fit, pois] - best.values[pois]
    return impacts, tuple(tuple(row) for row in statuses)


def _by_covariance(asked: Study, pois: list[int], where: list[int]) -> _Moved:
    known = determined(asked)
    best = known.study.best
    if not (best.converged and best.covariance_valid) or known.flat.issuperset(pois):
        return _nothing(asked, pois, where, _no_best_fit(known, pois))
    sides = _symmetric(known.uncertainties(), where)
    steps, reasons = _steps(best, where, sides, _missing(known, where))
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
    own = _symmetric(known.uncertainties(), pois)
    return _without(
        _Moved(_told(asked, known.study), sides, own, targets, clipped, impacts, statuses, none), pois, known
    )


def _by_observables(asked: Study, pois: list[int], where: list[int]) -> _Moved:
    known = determined(asked)
    used, best = known.study, known.study.best
    if not best.minimised or known.flat.issuperset(pois):
        return _nothing(asked, pois, where, _no_best_fit(known, pois))
    data, start, rows, cut = shifted(used, where)
    fits = used.fits(start, used.problem.held, data)
    impacts, statuses = _impacts(fits, best, pois, rows, [[""] * 4 for _ in where])
    clipped = np.zeros((len(where), 4), np.bool_)
    clipped[tuple(rows[cut].T)] = True
    usable = best.converged and best.covariance_valid
    statistics = np.sqrt(data_variance(used)[pois]) if usable else np.full(len(pois), np.nan)
    sides, targets = _symmetric(known.uncertainties(), where), np.full(clipped.shape, np.nan)
    own = _symmetric(known.uncertainties(), pois)
    return _without(
        _Moved(_told(asked, known.study), sides, own, targets, clipped, impacts, statuses, statistics), pois, known
    )


def _no_best_fit(known: Determined, pois: list[int]) -> str:
    """Return why nothing is known about any of the parameters of interest."""
    best = known.study.best
    if best.converged and known.alone.issuperset(pois):
        return f"no rate depends on {listed(best.names[i] for i in pois)}"
    return f"no best fit: {known.reason or best.status}"


def _told(asked: Study, used: Study) -> Study:
    """Return the study that was asked about with the best fit that was used: it knows what was to be held."""
    return replace(asked, given=used.best)


def _without(moved: _Moved, pois: list[int], known: Determined) -> _Moved:
    """Return what was found without the parameters of interest that are flat: every row says which these are."""
    lost = [k for k, i in enumerate(pois) if i in known.flat]
    if not lost:
        return moved
    impacts, statistics = moved.impacts.copy(), moved.data_statistics.copy()
    impacts[lost], statistics[lost] = np.nan, np.nan
    names = listed(known.study.best.names[pois[k]] for k in lost)
    alone = known.alone.issuperset(pois[k] for k in lost)
    text = f"no rate depends on {names}" if alone else f"the likelihood is flat along {names}"
    statuses = tuple(tuple(text if status == DONE else status for status in row) for row in moved.statuses)
    return replace(moved, impacts=impacts, data_statistics=statistics, statuses=statuses)


def _nothing(asked: Study, pois: list[int], where: list[int], reason: str) -> _Moved:
    """Return a ranking in which everything is missing for one reason."""
    shape = (len(where), 4)
    return _Moved(
        asked,
        _symmetric(asked.best.uncertainties, where),
        _symmetric(asked.best.uncertainties, pois),
        np.full(shape, np.nan),
        np.zeros(shape, np.bool_),
        np.full((len(pois), *shape), np.nan),
        tuple((reason,) * 4 for _ in where),
        np.full(len(pois), np.nan),
    )


_METHODS = {"covariance": _by_covariance, "global observables": _by_observables}
