"""`breakdown`: the uncertainty of parameters of interest, split into the parts of groups of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, listed, nearest
from wilks.fitting.many import Progress
from wilks.infer.crossings import crossings
from wilks.infer.flat import Determined, determined
from wilks.infer.groups import Groups, Patterns, first_poi, group_positions, poi_positions
from wilks.infer.observables import data_variance, responses
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.matrices import solution
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.ranking import DONE, BreakdownResult

METHODS = ("frozen", "sequential", "global observables")


@verb('breakdown(model, groups={"JES": "JES*"})')
@timed
def breakdown(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    groups: Groups = None,
    method: str = "frozen",
    profile: bool = False,
    poi: Patterns | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> BreakdownResult:
    """Return the parts of groups of parameters, and of statistics, in the uncertainty of parameters of interest.

    `groups` is a mapping from labels to names or patterns, the path of a YAML or JSON file with such a mapping,
    "modifier type", or None for those of the workspace; where it has none, for normalisation factors, MC statistics
    (staterror, shapesys) and systematics. Free parameters in no group make a last one, "other parameters", so that the
    statistical part is what remains when everything but the parameters of interest is held.

    `method` "frozen" holds each group alone at the best fit: its part is sqrt(total^2 - held^2), and what the quadratic
    sum misses is stated. "sequential" holds the groups one after the other, in their order: the sum is exact.
    "global observables" adds up the impacts of the auxiliary data of a group (arXiv:2307.04007), exact where the rates
    are linear in the parameters; what has no auxiliary data belongs to the statistics. With parameters held at the best
    fit the minimum stays where it is, so the covariance gives all of this without another fit. With `profile`
    uncertainties are those of the profile likelihood (MINOS), up and down; not for "global observables". `poi` is a
    name, or several names or patterns.

    A parameter of interest along which the likelihood is flat has no parts. Raises ModelError for wrong names, groups
    and files, ResultError for a result that does not belong here.

    `data`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.breakdown(model, groups={"modelling": "WZ modelling", "detector": ["Jet*", "Electron*"]})
    >>> found.groups
    ('modelling', 'detector', 'other parameters')
    >>> found.total.shape, found.contributions.shape
    ((1, 2), (1, 3, 2))
    >>> print(f"total {found.total[0, 0]:.3f}, statistical {found.statistical[0, 0]:.3f}")
    total 0.048, statistical 0.025
    """
    if method not in METHODS:
        raise ModelError(f'no breakdown method "{method}"; allowed are {listed(METHODS)}{nearest(method, METHODS)}')
    if profile and method == "global observables":
        raise ModelError('profile: uncertainties of the profile likelihood are not for the method "global observables"')
    asked = study(model, data, poi=first_poi(model, poi), fixed=fixed, bounds=bounds, result=result, running=running)
    pois = poi_positions(asked, poi)
    members = group_positions(asked, pois, groups)
    if profile:
        asked, found = _profiled(asked, pois, list(members.values()), method == "sequential")
    else:
        found = _from_covariance(asked, pois, list(members.values()), method)
    best = asked.best
    return BreakdownResult(
        method=method,
        profile=profile,
        pois=tuple(best.names[i] for i in pois),
        poi_values=best.values[pois],
        total=found.total,
        groups=tuple(members),
        members=tuple(tuple(best.names[i] for i in where) for where in members.values()),
        contributions=found.parts,
        statistical=found.statistical,
        statuses=found.statuses,
        origin=asked.origin(),
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a method finds, in the shapes of `BreakdownResult`."""

    total: FloatArray
    parts: FloatArray
    statistical: FloatArray
    statuses: tuple[tuple[str, ...], ...]


def _from_covariance(asked: Study, pois: list[int], members: list[list[int]], method: str) -> _Parts:
    known = determined(asked)
    best, sequential = known.study.best, method == "sequential"
    problems = [_problem(best, i) or (known.reason if i in known.flat else "") for i in pois]
    parts, statistical = np.full((len(pois), len(members)), np.nan), np.full(len(pois), np.nan)
    usable = best.converged and best.covariance_valid
    if usable:
        split = _from_observables if method == "global observables" else _by_holding
        parts, statistical = split(known.study, pois, members, sequential)
        unusable = np.array([bool(problem) for problem in problems])
        parts[unusable], statistical[unusable] = np.nan, np.nan
    divided = [] if method == "global observables" else _divided(known, members, sequential)
    parts[:, divided] = np.nan
    reasons = dict.fromkeys(divided, f"it holds some of the parameters that are flat together ({known.reason})")
    statuses = tuple(tuple(problem or reasons.get(j, DONE) for j in range(len(members))) for problem in problems)
    total = known.uncertainties()[pois] if usable else np.full(len(pois), np.nan)
    return _Parts(_both(total), _both(parts), _both(statistical), statuses)


def _divided(known: Determined, members: list[list[int]], sequential: bool) -> list[int]:
    """Return the groups whose part is not known, because before or after them flat parameters are held in part."""
    found, held, before = [], list[int](), False
    for j, where in enumerate(members):
        held = [*held, *where] if sequential else where
        after = known.divides(held)
        if after or (sequential and before):
            found.append(j)
        before = after
    return found


def _profiled(asked: Study, pois: list[int], members: list[list[int]], sequential: bool) -> tuple[Study, _Parts]:
    """Return the parts from intervals of the profile likelihood, with groups held at the best fit."""
    asked, total, statuses = _sides(asked, pois)
    held: list[int] = []
    squares, before = [], total**2
    rows = [statuses]
    for where in members:
        held = [*held, *where] if sequential else where
        sides, texts = _sides(_holding(asked, held), pois)[1:]
        squares.append(before - sides**2)
        before = sides**2 if sequential else before
        rows.append(texts)
    everything = [i for where in members for i in where]
    statistical = _sides(_holding(asked, everything), pois)[1]
    parts = np.sqrt(np.maximum(np.array(squares).reshape(-1, len(pois), 2), 0.0)).swapaxes(0, 1)
    said = tuple(
        tuple(next((text for text in (rows[0][k], row[k]) if text != DONE), DONE) for row in rows[1:])
        for k in range(len(pois))
    )
    return asked, _Parts(total, parts, statistical, said)


def _holding(asked: Study, held: list[int]) -> Study:
    """Return the study with more parameters held at its best fit."""
    mask = asked.problem.held.copy()
    mask[held] = True
    return replace(asked, problem=replace(asked.problem, start=asked.best.values, held=mask), given=None)


def _sides(asked: Study, pois: list[int]) -> tuple[Study, FloatArray, list[str]]:
    """Return the uncertainties up and down, NaN where a bound or a failure prevents them, and what prevents them."""
    n = len(pois)
    found = crossings(asked, np.tile(pois, 2), np.repeat([1.0, -1.0], n), np.ones(2 * n))
    sides = np.abs(found.values.reshape(2, n).T - found.study.best.values[pois][:, None])
    statuses = np.array(found.statuses, dtype=object).reshape(2, n).T
    sides[statuses != DONE] = np.nan
    texts = [
        "; ".join(f"{side}: {text}" for side, text in zip(("up", "down"), row, strict=True) if text != DONE) or DONE
        for row in statuses
    ]
    return found.study, sides, texts


def _problem(best: FitResult, poi: int) -> str:
    """Return why a parameter of interest has no uncertainty to split, or an empty text."""
    if not (best.converged and best.covariance_valid):
        return f"no best fit: {best.status}"
    if best.idle[poi]:
        return f'no rate depends on "{best.names[poi]}"'
    return "the parameter of interest is at its bound" if best.at_bound[poi] else ""


def _both(uncertainties: FloatArray) -> FloatArray:
    """Return uncertainties with a last axis up, down."""
    return np.repeat(uncertainties[..., None], 2, axis=-1)


def _by_holding(
    asked: Study, pois: list[int], members: list[list[int]], sequential: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the parts of the groups, shape (pois, groups), and the statistical part, shape (pois,)."""
    covariance = asked.best.covariance
    total = np.diag(covariance)[pois]
    variances: list[FloatArray] = []
    held: list[int] = []
    for where in members:
        held = [*held, *where] if sequential else where
        variances.append(_held_variance(covariance, pois, held))
    before = [total, *variances[:-1]] if sequential else [total] * len(members)
    squares = np.array(before).reshape(-1, len(pois)) - np.array(variances).reshape(-1, len(pois))
    everything = [i for where in members for i in where]
    return np.sqrt(np.maximum(squares.T, 0.0)), np.sqrt(_held_variance(covariance, pois, everything))


def _held_variance(covariance: FloatArray, pois: list[int], held: list[int]) -> FloatArray:
    """Return the variances of `pois` with other parameters held: the Schur complement C_pp - C_ph C_hh^-1 C_hp."""
    where = [i for i in dict.fromkeys(held) if covariance[i, i] > 0]
    if not where:
        return np.diag(covariance)[pois]
    cross = covariance[np.ix_(where, pois)]
    scale = np.sqrt(np.diag(covariance)[where])
    correlation = covariance[np.ix_(where, where)] / np.outer(scale, scale)
    explained = solution(correlation, cross / scale[:, None]) * (cross / scale[:, None])
    return np.asarray(np.maximum(np.diag(covariance)[pois] - explained.sum(axis=0), 0.0))


def _from_observables(
    asked: Study, pois: list[int], members: list[list[int]], sequential: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the same from the responses to the auxiliary data."""
    parts = [np.sqrt(np.square(responses(asked, where)[:, pois]).sum(axis=0)) for where in members]
    return np.array(parts).reshape(-1, len(pois)).T.copy(), np.sqrt(data_variance(asked)[pois])
