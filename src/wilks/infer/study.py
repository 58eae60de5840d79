"""`Study`: one model, one data set and what is held, with the fits that all of inference is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np

import wilks
from wilks._engine import Dataset
from wilks._types import BoolArray, FloatArray
from wilks.errors import ModelError, ResultError, listed, nearest
from wilks.fitting.many import Progress, fit_problems
from wilks.fitting.mle import fit_problem
from wilks.fitting.problem import FitOptions, Problem, pose
from wilks.model.datasets import Data, labelled
from wilks.model.model import ArrayLike, Model
from wilks.results.fit import FitResult
from wilks.results.many import CONVERGED, INTERRUPTED, ManyFits
from wilks.results.origin import Origin

# A conditional fit below the best one by more than this (in 2NLL) is a better minimum, not rounding.
BETTER = 1e-6


@dataclass(frozen=True, eq=False)
class Running:
    """How fits are run: their options, threads (None: all of the machine), and who is told about progress."""

    options: FitOptions = FitOptions()
    threads: int | None = None
    progress: Progress | None = None


@dataclass(frozen=True, eq=False)
class Study:
    """What a question is asked about. Made by `study`; the best fit is made when it is first needed.

    `poi` is the position of the parameter of interest, -1 where there is none.
    """

    model: Model
    data: Data
    problem: Problem
    poi: int
    running: Running
    given: FitResult | None = None

    @cached_property
    def best(self) -> FitResult:
        """The unconditional fit."""
        if self.given is not None:
            return self.given
        return self._again(self.problem.start, self.problem.held)

    def fits(self, start: FloatArray, held: BoolArray, data: FloatArray | None = None) -> ManyFits:
        """Return fits from the rows of `start`, shape (fits, n_parameters), with the parameters marked in `held` kept.

        `data` has a data set for each fit, shape (fits, length), in place of the study's own. Fits that do not converge
        are tried again with everything that `fit` tries. All that are settled (see ManyFits) count as converged, in
        their statuses too, since what conditional fits are asked for is their likelihood.
        """
        problem = replace(self.problem, start=start, held=held)
        many = fit_problems(
            self.model,
            self.data.values if data is None else data,
            problem,
            options=self.running.options,
            threads=self.running.threads,
            progress=self.running.progress,
        )
        values, twice_nll, edm = many.values.copy(), many.twice_nll.copy(), many.edm.copy()
        converged, statuses = many.converged.copy(), list(many.statuses)
        held = np.broadcast_to(held, start.shape)
        running = np.array([status != INTERRUPTED for status in many.statuses], np.bool_)  # also of no fit at all
        for row in np.flatnonzero(~many.minimised & running):
            again = self._again(start[row], held[row], None if data is None else data[row])
            if again.converged or again.twice_nll < twice_nll[row] or not np.isfinite(twice_nll[row]):
                values[row], twice_nll[row], edm[row] = again.values, again.twice_nll, again.edm
                converged[row], statuses[row] = again.converged, again.status
        many = replace(many, values=values, twice_nll=twice_nll, edm=edm, converged=converged, statuses=tuple(statuses))
        settled = many.settled
        endings = [CONVERGED if good else status for good, status in zip(settled, statuses, strict=True)]
        return replace(many, converged=settled, statuses=tuple(endings))

    def predicted(self, fixed: Mapping[int, FloatArray]) -> FloatArray:
        """Return where conditional fits are expected, shape (fits, n_parameters), to first order and inside the bounds.

        theta + C[:, I] C[I, I]^-1 (value - theta[I]) for the parameters I that are kept.
        """
        best, where = self.best, list(fixed)
        target = np.stack([np.asarray(values, np.float64) for values in fixed.values()], axis=1)
        theta = np.broadcast_to(best.values, (len(target), best.values.size)).copy()
        block = best.covariance[np.ix_(where, where)]
        if best.covariance_valid and np.isfinite(block).all() and np.linalg.matrix_rank(block) == len(where):
            theta += (target - best.values[where]) @ np.linalg.solve(block, best.covariance[where])
            theta = np.clip(theta, self.problem.lower, self.problem.upper)
            theta[:, self.problem.held] = best.values[self.problem.held]
        theta[:, where] = target
        return theta

    def improved(self, fits: ManyFits) -> Study | None:
        """Return a study with a better best fit, where a conditional fit lies below it; None where none does.

        The free fit then starts from there. A question asked before is to be asked again.
        """
        if not len(fits):
            return None
        usable = np.where(np.isfinite(fits.twice_nll) & fits.minimised, fits.twice_nll, np.inf)
        lowest = int(np.argmin(usable))
        if not usable[lowest] < self.best.twice_nll - BETTER:
            return None
        better = self._again(fits.values[lowest], self.problem.held)
        return replace(self, given=better) if better.twice_nll < self.best.twice_nll - BETTER else None

    def origin(self, **settings: object) -> Origin:
        """Return where results of this study come from; `settings` adds what else they depend on."""
        return origin_of(self.model, self.data.label, self.problem, self.running.options, **settings)

    @cached_property
    def _dataset(self) -> Dataset:
        return self.model.dataset(self.data.values)

    def _again(self, start: FloatArray, held: BoolArray, data: FloatArray | None = None) -> FitResult:
        problem = replace(self.problem, start=start, held=held)
        dataset = self._dataset if data is None else self.model.dataset(data)
        return fit_problem(self.model, dataset, problem, label=self.data.label, options=self.running.options)


def origin_of(model: Model, dataset: str, problem: Problem, options: FitOptions, **settings: object) -> Origin:
    """Return where results come from: model, label of the data, what was held, options, and other `settings`.

    Bounds are those that are not the model's own; None is an infinite one.
    """
    names = model.parameter_names
    kept = {names[i]: float(problem.start[i]) for i in np.flatnonzero(problem.held & ~problem.idle & ~model.fixed)}
    sides = np.stack([problem.lower, problem.upper])
    changed = np.flatnonzero((sides != np.stack(model.bounds)).any(axis=0) & ~problem.held)
    bounds = {names[i]: [float(side) if np.isfinite(side) else None for side in sides[:, i]] for i in changed}
    return Origin(
        measurement=model.measurement,
        dataset=dataset,
        workspace_digest=model.workspace_digest,
        version=wilks.__version__,
        settings={**model.settings, **asdict(options), "fixed": kept, "bounds": bounds, **settings},
    )


def study(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    poi: str | None = None,
    needs_poi: bool = True,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    running: Running = Running(),
) -> Study:
    """Return what a question is asked about, checked before any work starts.

    `poi` replaces the model's parameter of interest. `result` is the best fit, if it is at hand; one that kept other
    parameters, or had other bounds, is where the best fit starts. Raises ModelError for wrong names, a parameter of
    interest that is missing or fixed, data that don't fit; ResultError for a result that belongs to another workspace
    or other data, or hides values.
    """
    problem = pose(model, None, fixed, bounds)
    used = labelled(model, data)
    name = poi if poi is not None else model.poi
    index = -1
    if name is not None:
        if name not in model.parameter_names:
            raise ModelError(f'no parameter of interest "{name}" in this model{nearest(name, model.parameter_names)}')
        index = model.index(name)
        if needs_poi and problem.held[index] and not problem.idle[index]:
            raise ModelError(f'the parameter of interest "{name}" is fixed')
    elif needs_poi:
        raise ModelError('the model has no parameter of interest: name one (poi="...", command line: --poi NAME)')
    if result is not None:
        _check_result(model, used, result)
    return starting_from(Study(model, used, problem, index, running), result)


def starting_from(found: Study, result: FitResult | None) -> Study:
    """Return the study with a result as its best fit where it is one; else with the best fit starting there.

    It is one if it kept the same parameters at the same values, and none is outside the bounds, or was kept by others.
    """
    if result is None:
        return replace(found, given=None)
    held, values = found.problem.held, result.values
    low, high = found.problem.lower, found.problem.upper
    on_bound = (values == low) | (values == high)
    fits = np.where(held, values == found.problem.start, (low <= values) & (values <= high))
    if ((result.fixed == held) | result.idle).all() and fits.all() and (on_bound | held | ~result.at_bound).all():
        return replace(found, given=result)
    usable = np.isfinite(values) & ~held
    start = np.where(usable, np.clip(values, low, high), found.problem.start)
    return replace(found, given=None, problem=replace(found.problem, start=start))


def _check_result(model: Model, data: Data, result: FitResult) -> None:
    """Raise ResultError where a fit can't be that of this model to these data."""
    if not isinstance(result, FitResult):
        raise TypeError(f"result: needed is a FitResult, found {type(result).__name__}; see wilks.load_result")
    if result.names != model.parameter_names or result.workspace_digest != model.workspace_digest:
        raise ResultError("the fit result belongs to another workspace")
    if hidden := result.settings.get("hidden"):
        raise ResultError(f"the fit result hides the value of {listed(hidden)}; without `result` it is fitted again")
    value = 2.0 * model.nll(result.values, data.values)
    if not abs(value - result.twice_nll) <= 1e-8 * max(1.0, abs(value)):
        raise ResultError(f'the fit result was not made with these data ("{result.dataset}", here "{data.label}")')
