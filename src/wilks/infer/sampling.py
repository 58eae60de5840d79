"""`sample`: the posterior of all free parameters, by Hamiltonian Monte Carlo with the engine's gradient."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from wilks._types import FloatArray
from wilks.errors import ModelError, WilksError, listed
from wilks.fitting.many import Progress
from wilks.infer.chains import ess_bulk, ess_tail, r_hat, shortest
from wilks.infer.priors import Priors, asked_priors, checked_range, described
from wilks.infer.sampler import Chains, Walk, nutpie, walk
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.infer.unbounded import FLAT, Target, target_of
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.posterior import PosteriorResult, cut_off

_LEAST_DRAWS = 10  # of each chain, for anything to be said about them


@verb("sample(model, draws=2000)")
@timed
def sample(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    priors: Mapping[str, str] | None = None,
    draws: int = 1000,
    warmup: int = 500,
    chains: int = 4,
    seed: int = 1,
    acceptance: float = 0.9,
    levels: Sequence[float] = (0.6827, 0.95),
    keep: int = 4000,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> PosteriorResult:
    """Return the posterior of all free parameters, sampled by the No-U-Turn sampler. Needs the extra `sampling`.

    The posterior is the likelihood of the data, constraint terms included, times a prior for each free parameter
    without constraint, flat within its bounds unless `priors` says otherwise, by name or pattern:

    - `"flat"`, or `"uniform:LOW,HIGH"` for another range;
    - `"normal:MEAN,SD"`; `"log-normal:MEDIAN,KAPPA"`, of which the logarithm is normal with the width ln(kappa);
    - `"gamma:SHAPE,RATE"`, with the mean SHAPE / RATE;
    - `"power:EXPONENT"`: `power:-0.5` is Jeffreys' prior of a rate without background.

    A constrained parameter has its constraint term, with a flat density of the parameter, and takes no other prior.
    All densities end at the bounds. Fixed parameters and those that nothing depends on stay where they are.

    Each of the `chains` makes `draws` after `warmup` ones from a point near the mode; `acceptance` is what the step
    size aims at. The numbers depend on `seed` and on the number of chains and draws, not on `threads`. `levels` are
    those of intervals and upper limits; the result keeps at most `keep` samples, evenly spaced. Whether the chains
    agree stands in `status`. Once `progress` returns False the chains end, and what they have made by then counts.

    `data`, `fixed`, `bounds`, `poi`, `result` and `running` are as for `intervals`. Raises ModelError for priors and
    numbers that can't be, all at once; WilksError where the extra is missing.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> posterior = wilks.sample(model, priors={"mu": "uniform:0,20"})  # doctest: +SKIP
    >>> posterior.upper[-1, posterior.index("mu")]  # doctest: +SKIP
    4.1
    """
    asked = study(model, data, poi=poi, needs_poi=False, fixed=fixed, bounds=bounds, result=result, running=running)
    wishes = _priors(asked, priors, _impossible(draws, warmup, chains, seed, acceptance, levels, keep))
    nutpie()
    target = _target(asked, wishes)
    how = Walk(chains, draws, warmup, seed, running.threads or os.cpu_count() or 1, acceptance)
    made = walk(target, how, running.progress)
    if made.samples.shape[1] < min(_LEAST_DRAWS, draws):
        raise WilksError("the run was ended before its chains had samples")
    return _summary(asked, wishes, target, how, made, tuple(sorted(levels)), keep)


def _impossible(
    draws: int, warmup: int, chains: int, seed: int, acceptance: float, levels: Sequence[float], keep: int
) -> list[str]:
    """Return what is wrong with the numbers that say how to sample."""
    least = {"draws": (draws, _LEAST_DRAWS), "warmup": (warmup, 50), "chains": (chains, 1), "seed": (seed, 0), "keep": (keep, 1)}
    found = [f"{name}: at least {low}, found {value}" for name, (value, low) in least.items() if value < low]
    if not 0 < acceptance < 1:
        found.append(f"acceptance lies between 0 and 1, found {acceptance:g}")
    if wrong := [f"{level:g}" for level in levels if not 0 < level < 1]:
        found.append(f"levels lie between 0 and 1, found {listed(wrong)}")
    if not levels:
        found.append("at least one level is needed")
    return found


def _priors(asked: Study, priors: Mapping[str, str] | None, problems: list[str]) -> Priors:
    """Return the priors that are asked for; ModelError with everything that can't be."""
    try:
        wishes = asked_priors(asked.model, priors, asked.problem.held)
    except ModelError as error:
        raise ModelError([*problems, *error.problems]) from None
    free = np.flatnonzero(~asked.problem.held)
    if problems:
        raise ModelError(problems)
    if not free.size:
        raise ModelError("no parameter is free: there is nothing to sample")
    checked_range(asked.model, *wishes.limited(asked.problem.lower, asked.problem.upper), free)
    return wishes


def _target(asked: Study, wishes: Priors) -> Target:
    problem, model = asked.problem, asked.model
    best = asked.best.values
    start = np.where(np.isfinite(best) & ~problem.held, best, problem.start)
    target = target_of(
        model, asked.dataset, wishes, problem.held, start, wishes.limited(problem.lower, problem.upper)
    )
    open_ended = ~(np.isfinite(target.bounds.lower) & np.isfinite(target.bounds.upper))
    if target.spectrum.min() <= 2 * FLAT * target.spectrum.max() and open_ended.any():
        flat = np.abs(target.scale[:, np.argmin(target.spectrum)])
        names = [model.parameter_names[target.free[i]] for i in np.argsort(-flat * open_ended)[: int(open_ended.sum())]]
        raise ModelError(
            f"the posterior can't be normalised: nothing holds a direction with {listed(names, 3)}; give bounds or a prior"
        )
    return target


def _summary(
    asked: Study, wishes: Priors, target: Target, how: Walk, made: Chains, levels: tuple[float, ...], keep: int
) -> PosteriorResult:
    model, free = asked.model, target.free
    flat = made.samples.reshape(-1, free.size)
    names = tuple(model.parameter_names[i] for i in free)
    poi = model.parameter_names[asked.poi] if asked.poi in free else None
    kept = np.linspace(0, len(flat) - 1, min(keep, len(flat))).round().astype(np.int64)
    tails = [(0.5 - 0.5 * level, 0.5 + 0.5 * level) for level in levels]
    held_by = tuple(described(wishes.by_position.get(int(i)), model.constraints[i]) for i in free)
    several = made.samples.shape[1] >= 4
    unknown = np.full(free.size, np.nan)
    return PosteriorResult(
        names=names,
        poi=poi,
        mean=flat.mean(axis=0),
        standard_deviation=flat.std(axis=0, ddof=1),
        median=np.median(flat, axis=0),
        levels=levels,
        central=np.stack([np.quantile(flat, ends, axis=0).T for ends in tails]),
        shortest=np.stack([np.stack(shortest(flat, level), axis=1) for level in levels]),
        upper=np.quantile(flat, levels, axis=0),
        correlations=_correlations(flat),
        r_hat=r_hat(made.samples) if several else unknown,
        ess_bulk=ess_bulk(made.samples) if several else unknown,
        ess_tail=ess_tail(made.samples) if several else unknown,
        priors=held_by,
        lower_bounds=target.bounds.lower,
        upper_bounds=target.bounds.upper,
        best_fit=asked.best.values[free],
        uncertainties=asked.best.uncertainties[free],
        edges=tuple(n for n, cut in zip(names, cut_off(flat, target.bounds.lower, target.bounds.upper), strict=True) if cut),
        chains=how.chains,
        draws=made.samples.shape[1],
        warmup=how.warmup,
        seed=how.seed,
        divergences=made.diverged,
        complete=made.complete,
        origin=asked.origin(priors={n: p for n, p in zip(names, held_by, strict=True) if "constraint" not in p}),
        samples=np.ascontiguousarray(flat[kept]),
    )


def _correlations(samples: FloatArray) -> FloatArray:
    return np.atleast_2d(np.corrcoef(samples.T))
