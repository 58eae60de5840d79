"""`goodness_of_fit` and `chi_square`: could the data come from the model?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, ResultError, listed
from wilks.fitting.many import Progress
from wilks.fitting.problem import FitOptions, pose
from wilks.infer.runs import Run
from wilks.infer.study import Running, Study, origin_of, study
from wilks.infer.timed import timed
from wilks.infer.toy_fits import fit_toys, made
from wilks.infer.transfer import transfer
from wilks.matrices import solution
from wilks.model.datasets import Data, labelled, toy_data
from wilks.model.model import ArrayLike, Model
from wilks.model.terms import prefit_covariance
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.goodness import ChannelGoodness, GoodnessOfFit, as_large
from wilks.results.lost_toys import between
from wilks.results.many import INTERRUPTED
from wilks.results.toy_folder import Piece

# Numbers of toy data and fitted values held in memory at a time.
_AT_A_TIME = 4_000_000


@verb("goodness_of_fit(model, toys=1000)")
@timed
def goodness_of_fit(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    toys: int = 0,
    seed: int = 1,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> GoodnessOfFit:
    """Return the likelihood ratio of the best fit and the saturated model, which describes every bin exactly.

    The statistic is 2NLL of the fit minus 2NLL of Poisson(n | n) in every bin and of the constraint terms of the free
    parameters at their best. Those of parameters that are kept are in neither: they would fluctuate in toys and cancel
    nowhere. Degrees of freedom: bins in which something is expected, minus free parameters without constraint (as
    cabinetry). Each channel is listed with its part of the statistic; the rest is the constraint terms'.

    The p-value of a chi-square distribution needs some ten events in a bin. With `toys` > 0 there is one from toys too,
    drawn from `seed` at the best fit (auxiliary data around its parameters) and fitted, and one for each channel.
    Raises ModelError and ResultError as `study`.

    R. D. Cousins, "Generalization of chisquare goodness-of-fit test for binned data using saturated models" (2013);
    S. Baker and R. D. Cousins, Nucl. Instrum. Meth. 221 (1984) 437.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.goodness_of_fit(model)
    >>> print(f"{found.statistic:.1f} for {found.ndof} degrees of freedom, p = {found.p_value:.2f}")
    9.3 for 9 degrees of freedom, p = 0.41
    >>> [channel.name for channel in found.channels]
    ['electrons', 'muons']
    """
    from scipy.special import chdtrc

    check_toys(toys, seed)
    asked = study(model, data, needs_poi=False, fixed=fixed, bounds=bounds, result=result, running=running)
    best, held = asked.best, asked.problem.held
    # Rounding may leave a little less than nothing, in Asimov data.
    statistic = max(best.twice_nll - float(_saturated(model, asked.data.values[None], best.values, held)[0]), 0.0)
    rates = model.expected(best.values)
    parts = _by_channel(model, asked.data.values[None], rates[None])[0]
    free = ~held & model.unconstrained
    bins = (rates > 0) | (model.expected(model.prefit_values) > 0)
    ndof = int(bins.sum() - free.sum())
    sample, of_channels, statuses = _toys(asked, int(toys), seed)
    usable = np.isfinite(sample)
    lost = sample.size - int(usable.sum()) - statuses[INTERRUPTED]
    return GoodnessOfFit(
        test="saturated",
        at="best fit",
        statistic=statistic,
        ndof=ndof,
        p_value=float(chdtrc(ndof, statistic)) if ndof > 0 else np.nan,
        channels=_channels(model, rates, parts, of_channels[usable], lost),
        constraints=max(float(statistic - parts.sum()), 0.0),
        converged=best.converged,
        status=best.status,
        origin=asked.origin(toys=int(toys), seed=int(seed)),
        seed=int(seed),
        toys=sample,
        toys_p_value=_fraction(sample[usable], statistic),
        statuses=dict(sorted(statuses.items())),
    )


def check_toys(toys: int, seed: int) -> None:
    """Raise ModelError for a number of toys or a seed that is none."""
    problems = []
    if not (isinstance(toys, int | np.integer) and toys >= 0):
        problems.append(f"toys must be a whole number from 0 on, found {toys!r}")
    if not (isinstance(seed, int | np.integer) and 0 <= seed < 2**64):
        problems.append(f"seed must be a whole number from 0 to 2^64 - 1, found {seed!r}")
    if problems:
        raise ModelError(problems)


@verb("chi_square(model, after=result)")
def chi_square(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    after: FitResult | None = None,
    fixed: Mapping[str, float] | None = None,
) -> GoodnessOfFit:
    """Return chi-square of the data with the covariance of all bins: (n - nu) V^-1 (n - nu), for all and per channel.

    nu are the expected rates and V = J C J^T + diag(nu), J their derivatives. Before a fit, C is the covariance
    of the constraints; parameters without one (and those in `fixed`) stay at their value. With `after`, nu and C are
    those of a fit that did not see these data: control regions fitted, validation regions tested (the fit is carried
    over by names, see `transfer`). Degrees of freedom are the bins in which something is expected. After a fit to the
    same data residuals and C are correlated, and this would be no chi-square: that raises ResultError, and
    `goodness_of_fit` is the test.

    `data` and `fixed` are as for `fit`. Raises ModelError for wrong names and values.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> found = wilks.chi_square(model)
    >>> print(f"{found.statistic:.1f} for {found.ndof} degrees of freedom, p = {found.p_value:.2f}")
    12.6 for 10 degrees of freedom, p = 0.25
    """
    from scipy.special import chdtrc

    used = labelled(model, data)
    if after is None:
        problem = pose(model, model.prefit_values, fixed, None)
        theta, at = problem.start, "pre-fit"
        covariance = prefit_covariance(model, problem.held)
    else:
        carried = _unseen(after, model)
        theta, covariance, at = carried.values, carried.covariance, "post-fit of other data"
    rates = model.expected(theta)
    jacobian = model.rates_jacobian(theta)
    matrix = jacobian @ covariance @ jacobian.T + np.diag(rates)
    residual = used.values[: rates.size] - rates
    everywhere = np.arange(rates.size)
    value, ndof = _quadratic(residual, matrix, rates, everywhere)
    channels = []
    for name, bins in model.channel_slices.items():
        part, size = _quadratic(residual, matrix, rates, everywhere[bins])
        channels.append(ChannelGoodness(name, size, part, float(chdtrc(size, part)) if size else np.nan))
    own = {} if after is None else {"after": after.workspace_digest}
    origin = origin_of(model, used.label, pose(model, None, fixed, None), FitOptions(), **own)
    if after is not None:
        origin = origin.also(*after.conditions)
    return GoodnessOfFit(
        test="chi-square",
        at=at,
        statistic=value,
        ndof=ndof,
        p_value=float(chdtrc(ndof, value)) if ndof else np.nan,
        channels=tuple(channels),
        constraints=0.0,
        converged=True if after is None else after.converged,
        status="no fit" if after is None else after.status,
        origin=origin,
    )


def _unseen(after: FitResult, model: Model) -> FitResult:
    if after.workspace_digest == model.workspace_digest and "transferred_from" not in after.settings:
        raise ResultError(
            "the fit used these data: chi-square after a fit is for channels that were not fitted; "
            "use goodness_of_fit for those that were"
        )
    carried = transfer(after, model)
    if hidden := [name for name, value in zip(carried.names, carried.values, strict=True) if np.isnan(value)]:
        raise ResultError(f"the fit does not tell the value of {listed(hidden)}, so nothing can be predicted from it")
    if not carried.covariance_valid:
        raise ResultError(f"the fit gives no covariance, so nothing can be predicted from it: {after.status}")
    return carried


def _quadratic(
    residual: FloatArray, matrix: FloatArray, rates: FloatArray, bins: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[float, int]:
    """Return chi-square of some bins, and how many of them expect anything; infinite for events where none are,
    NaN where the covariance has no inverse."""
    expecting = bins[rates[bins] > 0]
    if np.any(residual[bins[rates[bins] <= 0]] > 0):
        return float("inf"), int(expecting.size)
    r = residual[expecting]
    return float(r @ solution(matrix[np.ix_(expecting, expecting)], r)), int(expecting.size)


def _saturated(model: Model, data: FloatArray, theta: FloatArray, held: BoolArray) -> FloatArray:
    """Return 2NLL of the saturated model for data sets, shape (sets, length) -> (sets,).

    Constraint terms of the parameters that are kept are taken as they are, so that they cancel.
    """
    from scipy.special import gammaln, xlogy

    def log_poisson(n: FloatArray, mean: FloatArray) -> FloatArray:
        value: FloatArray = xlogy(n, mean) - mean - gammaln(n + 1.0)
        return value

    main = model.observed_main.size
    bins = data[:, :main]
    total: FloatArray = -2.0 * log_poisson(bins, bins).sum(axis=1)
    at, first = main, 0
    for s in model.parameter_sets:
        here = slice(first, first + len(s))
        first += len(s)
        if s.constraint == "none":
            continue
        measured, kept = data[:, at : at + len(s)], held[here]
        at += len(s)
        if s.constraint == "normal":
            lower = s.scale_below
            pull = np.where(kept, (measured - theta[here]) / np.where(theta[here] < measured, lower, s.scale), 0.0)
            total += (pull**2 + np.log(2.0 * np.pi * (0.5 * (lower + s.scale)) ** 2)).sum(axis=1)
        else:
            mean = np.where(kept, s.scale * theta[here], measured)
            total += -2.0 * log_poisson(measured, mean).sum(axis=1)
    return total + _correlated(model, data[:, main:], theta, held)


def _correlated(model: Model, auxiliary: FloatArray, theta: FloatArray, held: BoolArray) -> FloatArray:
    """Return what correlated constraints have beyond independent ones; free parameters follow those that are kept."""
    terms, more = model.constraint_terms, np.zeros(len(auxiliary))
    for which, covariance in terms.correlated:
        kept = held[terms.parameters[which]]
        entries, size = which[kept], int(kept.sum())
        residuals = auxiliary[:, entries] - theta[terms.parameters[entries]]
        widths = terms.scale[which]
        independent = ((residuals / terms.scale[entries]) ** 2).sum(axis=1) + np.log(2.0 * np.pi * widths**2).sum()
        inside = covariance[np.ix_(kept, kept)]
        pulls = np.linalg.solve(np.linalg.cholesky(inside), residuals.T) if size else np.zeros((0, len(auxiliary)))
        more += (pulls**2).sum(axis=0) + np.linalg.slogdet(2.0 * np.pi * covariance)[1] - independent
    return more


def _by_channel(model: Model, data: FloatArray, rates: FloatArray) -> FloatArray:
    """Return 2 log(Poisson(n | n) / Poisson(n | rate)), summed over the bins of each channel: (sets, channels)."""
    from scipy.special import rel_entr

    n = data[:, : model.observed_main.size]
    deviance = 2.0 * (rel_entr(n, rates) - n + rates)
    return np.stack([deviance[:, bins].sum(axis=1) for bins in model.channel_slices.values()], axis=1)


def _channels(
    model: Model, rates: FloatArray, parts: FloatArray, toys: FloatArray, lost: int
) -> tuple[ChannelGoodness, ...]:
    """Return part, bins and p-value of each channel; `toys` has their parts, shape (toys, channels)."""
    found = []
    for (name, bins), part, sample in zip(model.channel_slices.items(), parts, toys.T, strict=True):
        low, high = between(as_large(sample, part).sum(), sample.size, lost)
        size, p_value = int((rates[bins] > 0).sum()), _fraction(sample, part)
        found.append(ChannelGoodness(name, size, float(part), p_value, (float(low), float(high))))
    return tuple(found)


def _toys(asked: Study, count: int, seed: int) -> tuple[FloatArray, FloatArray, Counter[str]]:
    """Return statistic (toys,), parts of the channels (toys, channels) and statuses of toys at the best fit."""
    model = asked.model
    statuses: Counter[str] = Counter()
    sample, parts = np.full(count, np.nan), np.full((count, len(model.channel_names)), np.nan)
    rows = max(_AT_A_TIME // (model.observed_main.size + model.auxiliary.size + model.n_parameters), 100)
    run = Run(asked.running.progress, count)
    for piece, found in run.pieces(_Toys(asked.sendable(), seed), count, rows, asked.running, [model]):
        statuses.update(found.statuses)
        sample[piece.first : piece.first + piece.size] = found.sample
        parts[piece.first : piece.first + piece.size] = found.parts
    statuses.update([INTERRUPTED] * (count - sum(statuses.values())))
    return sample, parts, +statuses


@dataclass(frozen=True, eq=False)
class _Sample:
    """What a piece of toys gives: statistics (toys,), parts (toys, channels), NaN without a fit; statuses of those that
    were made."""

    sample: FloatArray
    parts: FloatArray
    statuses: Counter[str]


@dataclass(frozen=True, eq=False)
class _Toys:
    """The job of making a piece of the toys at the best fit."""

    asked: Study
    seed: int

    def __call__(self, piece: Piece, threads: int | None, progress: Progress | None) -> _Sample:
        asked = self.asked
        model, best, problem = asked.model, asked.best, asked.problem
        sample, parts = np.full(piece.size, np.nan), np.full((piece.size, len(model.channel_names)), np.nan)
        data = toy_data(model, values=best.values, seed=self.seed, count=piece.size, first=piece.first)
        running = replace(asked.running, threads=threads, progress=progress)
        fits = fit_toys(model, data, replace(problem, start=best.values), running)
        kept = made(fits.statuses)
        done = np.flatnonzero(fits.minimised[:kept])
        if done.size:
            rates = np.stack([model.expected(theta) for theta in fits.values[done]])
            saturated = _saturated(model, data[done], best.values, problem.held)
            sample[done] = np.maximum(fits.twice_nll[done] - saturated, 0.0)
            parts[done] = _by_channel(model, data[done], rates)
        return _Sample(sample, parts, Counter(fits.statuses[:kept]))


def _fraction(sample: FloatArray, value: float) -> float:
    return float(np.mean(as_large(sample, value))) if sample.size else float("nan")
