"""`Study`: one model, one data set and what is held, with the fits that all of inference is made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks._engine import Dataset
from wilks._types import BoolArray, FloatArray
from wilks._version import __version__
from wilks.elsewhere.workers import Workers, pool_of
from wilks.errors import KindError, ModelError, ResultError, listed, nearest
from wilks.fitting.conditions import Fitted, conditions
from wilks.fitting.every import fit_every
from wilks.fitting.many import Progress
from wilks.fitting.mle import fit_problem
from wilks.fitting.problem import FitOptions, Problem, pose
from wilks.flags import every, some
from wilks.infer.conditions import rules
from wilks.model.datasets import Data, labelled
from wilks.model.model import ArrayLike, Model
from wilks.results.conditions import Condition
from wilks.results.fit import FitResult
from wilks.results.many import CONVERGED, ManyFits
from wilks.results.origin import Origin

if TYPE_CHECKING:
    from wilks.elsewhere.pieces import PieceFolder
    from wilks.elsewhere.pool import Pool

# A conditional fit below the best one by more than this (in 2NLL) is a better minimum, not rounding.
BETTER = 1e-6


@dataclass(frozen=True, eq=False)
class Running:
    """How fits are run: their options, threads (None: all of the machine), who is told about progress, and who else
    works on them (an executor of `concurrent.futures`, or a client of dask.distributed).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> from wilks.infer.study import Running
    >>> wilks.intervals(model, running=Running(threads=1)).converged
    True
    """

    options: FitOptions = FitOptions()
    threads: int | None = None
    progress: Progress | None = None
    executor: Workers | None = None

    @property
    def pool(self) -> Pool | PieceFolder | None:
        """Who else makes pieces of questions, or keeps them; None for nobody."""
        return pool_of(self.executor)

    @property
    def workers(self) -> Pool | None:
        """Who else works on the fits of one moment, None for nobody; a folder keeps none of these."""
        if self.executor is None:
            return None
        from wilks.elsewhere.pieces import PieceFolder

        pool = self.pool
        return pool.pool if isinstance(pool, PieceFolder) else pool

    def told(self, done: int, total: int) -> bool:
        """Tell about progress; returns False to stop."""
        return self.progress is None or self.progress(done, total) is not False


@dataclass(frozen=True)
class Tested:
    """A test of the parameter of interest: whether its statistic ends at 0, and whether the user gave its range."""

    bounded: bool
    range_given: bool


@dataclass(frozen=True, eq=False)
class Study:
    """What a question is asked about. Made by `study`; the best fit is made when it is first needed.

    `poi` is the position of the parameter of interest, -1 where there is none. `tested` says that its values are to be
    tested.
    """

    model: Model
    data: Data
    problem: Problem
    poi: int
    running: Running
    given: FitResult | None = None
    tested: Tested | None = None

    @cached_property
    def best(self) -> FitResult:
        """The unconditional fit."""
        if self.given is not None:
            return self.given
        return self._again(self.problem.start, self.problem.held)

    def sendable(self) -> Study:
        """Return the study with its best fit, as workers take it: nobody is told about progress there."""
        return replace(self, given=self.best, running=Running(options=self.running.options))

    def fits(
        self,
        start: FloatArray,
        held: BoolArray,
        data: FloatArray | None = None,
        *,
        starts: int = 1,
        together: bool = True,
    ) -> ManyFits:
        """Return fits from the rows of `start`, shape (fits, n_parameters), with the parameters marked in `held` kept.

        `data` has a data set for each fit, shape (fits, length), in place of the study's own. With several `starts` the
        rows are all fits from one start, then the same ones from another, and so on. Fits `together`
        share what can be shared; which others are made with one may change its last digits. Fits that do not converge
        are tried again with everything that `fit` tries. All that are settled (see ManyFits) count as converged, in
        their statuses too, since what conditional fits are asked for is their likelihood.
        """
        values = self.data.values if data is None else data
        problem = Problem(start, self.problem.lower, self.problem.upper, held, self.problem.idle)
        running, pool = self.running, self.running.workers
        anchor = self._anchor if together else None
        how: dict[str, Any] = {"options": running.options, "threads": running.threads, "progress": running.progress}
        if pool is None or start.ndim == 1:
            many = fit_every(self.model, values, problem, sentences=True, starts=starts, anchor=anchor, **how)
        else:
            from wilks.fitting.spread import fit_spread

            many = fit_spread(pool, self.model, values, problem, starts=starts, anchor=anchor, **how)
        if every(many.converged):
            return many
        settled = many.settled
        endings = [CONVERGED if good else status for good, status in zip(settled, many.statuses, strict=True)]
        return replace(many, converged=settled, statuses=tuple(endings))

    def predicted(self, fixed: Mapping[int, FloatArray]) -> FloatArray:
        """Return where conditional fits are expected, shape (fits, n_parameters), to first order and inside the bounds.

        theta + C[:, I] C[I, I]^-1 (value - theta[I]) for the parameters I that are kept.
        """
        best, kept = self.best, list(fixed)
        where: Any = kept if len(kept) > 1 else slice(kept[0], kept[0] + 1)  # a slice takes no copies
        target = np.array(list(fixed.values()), np.float64).T.copy()
        theta = np.empty((len(target), best.values.size))
        theta[:] = best.values
        along = best.covariance[where]
        block = along[:, where]
        if best.covariance_valid and every(np.isfinite(block)) and _invertible(block):
            shift = target - best.values[where]
            theta += shift * (along / block) if len(kept) == 1 else shift @ np.linalg.solve(block, along)
            inside = np.minimum(np.maximum(theta, self.problem.lower), self.problem.upper)
            theta = np.where(self.problem.held, best.values, inside)
        theta[:, where] = target
        return theta

    def improved(self, fits: ManyFits) -> Study | None:
        """Return a study with a better best fit, where a conditional fit lies below it; None where none does.

        The free fit then starts from there. A question asked before is to be asked again.
        """
        below = self.best.twice_nll - BETTER
        if not some(fits.twice_nll < below):
            return None
        usable = np.where(np.isfinite(fits.twice_nll) & fits.minimised, fits.twice_nll, np.inf)
        lowest = int(np.argmin(usable))
        if not usable[lowest] < below:
            return None
        better = self._again(fits.values[lowest], self.problem.held)
        return replace(self, given=better) if better.twice_nll < below else None

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What is odd about the best fit."""
        bounded = self.tested is not None and self.tested.bounded
        fitted = Fitted(self.model, self.problem, self.best, self.poi, self._without_search, bounded)
        return conditions(fitted, rules(self.tested))

    def origin(self, *more: Condition, **settings: object) -> Origin:
        """Return where results of this study come from, with its conditions and `more`.

        `settings` adds what else they depend on.
        """
        told, options = (*self.conditions, *more), self.running.options
        return origin_of(self.model, self.data.label, self.problem, options, *told, **settings)

    @property
    def _anchor(self) -> FloatArray | None:
        """Where most fits end near: the best fit, if it is known."""
        best: FitResult | None = self.given or self.__dict__.get("best")
        return best.values if best is not None and best.minimised else None

    @cached_property
    def dataset(self) -> Dataset:
        """The data as the engine takes them."""
        return self.model.engine.dataset(self.data.values)  # checked where they were handed in, or made

    def _without_search(self, problem: Problem) -> FitResult:
        """Return the fit of a problem to the data, from its start only."""
        options = replace(self.running.options, search="none")
        return fit_problem(self.model, self.dataset, problem, label=self.data.label, options=options)

    def _again(self, start: FloatArray, held: BoolArray) -> FitResult:
        problem = Problem(start, self.problem.lower, self.problem.upper, held, self.problem.idle)
        return fit_problem(self.model, self.dataset, problem, label=self.data.label, options=self.running.options)


def origin_of(
    model: Model,
    dataset: str,
    problem: Problem,
    options: FitOptions,
    *conditions: Condition,
    **settings: object,
) -> Origin:
    """Return where results come from: model, label of the data, what was held, options, conditions of the best fit,
    and other `settings`.

    Bounds are those that are not the model's own; None is an infinite one.
    """
    names = model.parameter_names
    held = (problem.held & ~problem.idle & ~model.fixed).nonzero()[0].tolist()
    kept = {names[i]: float(problem.start[i]) for i in held}
    sides = problem.lower, problem.upper
    changed = ((sides[0] != model.bounds[0]) | (sides[1] != model.bounds[1])) & ~problem.held
    bounds = {
        names[i]: [float(side[i]) if math.isfinite(side[i]) else None for side in sides]
        for i in changed.nonzero()[0].tolist()
    }
    return Origin(
        measurement=model.measurement,
        dataset=dataset,
        workspace_digest=model.workspace_digest,
        version=__version__,
        settings={**model.settings, **options.settings, "fixed": kept, "bounds": bounds, **settings},
        conditions=conditions,
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


@contextmanager
def also(problems: Sequence[str]) -> Iterator[None]:
    """Raise the ModelError of a block with these problems before its own."""
    try:
        yield
    except ModelError as error:
        raise ModelError([*problems, *error.problems]) from None


def _invertible(block: FloatArray) -> bool:
    """Return whether a block of a covariance has an inverse; of one parameter that takes no decomposition."""
    return bool(block[0, 0] > 0) if block.size == 1 else np.linalg.matrix_rank(block) == len(block)


def starting_from(found: Study, result: FitResult | None) -> Study:
    """Return the study with a result as its best fit where it is one; else with the best fit starting there.

    It is one if it kept the same parameters at the same values, and none is outside the bounds, or was kept by others.
    """
    if result is None:
        return found if found.given is None else replace(found, given=None)
    held, values = found.problem.held, result.values
    low, high = found.problem.lower, found.problem.upper
    on_bound = (values == low) | (values == high)
    fits = np.where(held, values == found.problem.start, (low <= values) & (values <= high))
    kept = (result.fixed == held) | result.idle
    if every(kept & fits & (on_bound | held | ~result.at_bound)):
        return replace(found, given=result)
    usable = np.isfinite(values) & ~held
    start = np.where(usable, np.clip(values, low, high), found.problem.start)
    return replace(found, given=None, problem=replace(found.problem, start=start))


def _check_result(model: Model, data: Data, result: FitResult) -> None:
    """Raise ResultError where a fit can't be that of this model to these data."""
    if not isinstance(result, FitResult):
        raise KindError(f"result: needed is a FitResult, found {type(result).__name__}; see wilks.load_result")
    if result.names != model.parameter_names or result.workspace_digest != model.workspace_digest:
        raise ResultError("the fit result belongs to another workspace")
    if hidden := result.settings.get("hidden"):
        raise ResultError(f"the fit result hides the value of {listed(hidden)}; without `result` it is fitted again")
    value = 2.0 * model.nll(result.values, data.values)
    if not abs(value - result.twice_nll) <= 1e-8 * max(1.0, abs(value)):
        raise ResultError(f'the fit result was not made with these data ("{result.dataset}", here "{data.label}")')
