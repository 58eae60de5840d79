"""`sample`: the posterior of all free parameters, by Hamiltonian Monte Carlo with the engine's gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError, WilksError, listed
from wilks.fitting.many import Progress
from wilks.infer.chains import ess_bulk, ess_tail, r_hat, shortest
from wilks.infer.priors import Priors, asked_priors, checked_range, described
from wilks.infer.sampler import LEAST_DRAWS, Chains, Walk, nutpie, walk
from wilks.infer.study import Running, Study, study
from wilks.infer.timed import timed
from wilks.infer.unbounded import FLAT, Target, target_of
from wilks.model.datasets import Data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.origin import Origin
from wilks.results.posterior import PosteriorResult, cut_off


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
    executor: Workers | None = None,
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
    size aims at. The numbers depend on `seed` and on the number of chains and draws, not on `threads`, nor on the
    workers of an `executor`, each of which makes a chain at a time. `levels` are those of intervals and upper limits;
    the result keeps at most `keep` samples, evenly spaced. Whether the chains agree stands in `status`. Once `progress`
    returns False the chains end, and what they have made by then counts; of workers, the chains that are whole.

    `data`, `fixed`, `bounds`, `poi`, `result`, `executor` and `running` are as for `intervals`. Raises ModelError for
    priors and numbers that can't be, all at once; WilksError where the extra is missing.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> wilks.sample(model, priors={"mu": "uniform:0,20", "Luminosity": "normal:0,1"}, seed=3)
    Traceback (most recent call last):
        ...
    wilks.errors.ModelError: prior of "Luminosity": its constraint term holds it already, both would count it twice
    """
    asked = study(model, data, poi=poi, needs_poi=False, fixed=fixed, bounds=bounds, result=result, running=running)
    wishes = _priors(asked, priors, _impossible(draws, warmup, chains, seed, acceptance, levels, keep))
    nutpie()
    target = _target(asked, wishes)
    how = Walk(chains, draws, warmup, seed, running.threads or chains, acceptance)
    made = walk(target, asked.data.values, how, running)
    if not made.samples.size:
        raise WilksError("the run was ended before its chains had samples")
    return _summary(asked, wishes, target, how, made, tuple(sorted(levels)), keep)


def _impossible(
    draws: int, warmup: int, chains: int, seed: int, acceptance: float, levels: Sequence[float], keep: int
) -> list[str]:
    """Return what is wrong with the numbers that say how to sample."""
    least = {
        "draws": (draws, LEAST_DRAWS),
        "warmup": (warmup, 50),
        "chains": (chains, 1),
        "seed": (seed, 0),
        "keep": (keep, 1),
    }
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
    target = target_of(model, asked.dataset, wishes, problem.held, start, wishes.limited(problem.lower, problem.upper))
    open_ended = ~(np.isfinite(target.bounds.lower) & np.isfinite(target.bounds.upper))
    if target.spectrum.min() <= 2 * FLAT * target.spectrum.max() and open_ended.any():
        flat = np.abs(target.scale[:, np.argmin(target.spectrum)])
        names = [model.parameter_names[target.free[i]] for i in np.argsort(-flat * open_ended)[: int(open_ended.sum())]]
        raise ModelError(
            f"the posterior can't be normalised: nothing holds a direction with {listed(names, 3)}; "
            "give bounds or a prior"
        )
    return target


def _summary(
    asked: Study, wishes: Priors, target: Target, how: Walk, made: Chains, levels: tuple[float, ...], keep: int
) -> PosteriorResult:
    model, free = asked.model, target.free
    held_by = tuple(described(wishes.by_position.get(int(i)), model.constraints[i]) for i in free)
    names = tuple(model.parameter_names[i] for i in free)
    return summarised(
        made.samples,
        names,
        asked.origin(priors={n: p for n, p in zip(names, held_by, strict=True) if "constraint" not in p}),
        poi=model.parameter_names[asked.poi] if asked.poi in free else None,
        levels=levels,
        keep=keep,
        priors=held_by,
        lower_bounds=target.bounds.lower,
        upper_bounds=target.bounds.upper,
        best_fit=asked.best.values[free],
        uncertainties=asked.best.uncertainties[free],
        warmup=how.warmup,
        seed=how.seed,
        divergences=made.diverged,
        complete=made.complete,
    )


@verb("posterior_result(model, chains=chains)")
def posterior_result(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    chains: ArrayLike,
    levels: Sequence[float] = (0.6827, 0.95),
    keep: int = 4000,
    result: FitResult | None = None,
) -> PosteriorResult:
    """Return the summary of a posterior that was sampled elsewhere, for its table, its file and its figure.

    `chains` are points of all parameters, in the order of `model.parameter_names`, shape (chains, draws, n_parameters)
    or (draws, n_parameters), of any sampler: one of JAX that walks in `wilks.jax`, say. `data`, `levels`, `keep` and
    `result` are as for `sample`; the priors are taken to be flat within the model's bounds. Raises ModelError for
    chains of another shape, and for numbers that are none.

    >>> import numpy as np, wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> fit = wilks.fit(model)
    >>> chains = np.random.default_rng(1).multivariate_normal(fit.values, fit.covariance, (2, 500))
    >>> posterior = wilks.posterior_result(model, chains=chains)
    >>> abs(posterior["mu"] - fit["mu"].value) < 0.2 * fit["mu"].uncertainty
    True
    """
    points = np.asarray(chains, np.float64)
    points = points[None] if points.ndim == 2 else points
    problems = _impossible(LEAST_DRAWS, 50, 1, 0, 0.5, levels, keep)
    if points.ndim != 3 or points.shape[-1] != model.n_parameters or points.shape[1] < LEAST_DRAWS:
        needed = f"(chains, {LEAST_DRAWS} draws or more, {model.n_parameters} parameters)"
        problems.append(f"chains have shape {points.shape}, needed is {needed}")
    elif not np.isfinite(points).all():
        problems.append("chains have entries that are no finite numbers")
    if problems:
        raise ModelError(problems)
    asked = study(model, data, needs_poi=False, result=result)
    free = np.flatnonzero(~asked.problem.held)
    return summarised(
        points[..., free],
        tuple(model.parameter_names[i] for i in free),
        asked.origin(),
        poi=model.parameter_names[asked.poi] if asked.poi in free else None,
        levels=tuple(sorted(levels)),
        keep=keep,
        priors=tuple(described(None, model.constraints[i]) for i in free),
        lower_bounds=asked.problem.lower[free],
        upper_bounds=asked.problem.upper[free],
        best_fit=asked.best.values[free],
        uncertainties=asked.best.uncertainties[free],
        warmup=0,
        seed=0,
        divergences=0,
        complete=True,
    )


def summarised(
    chains: FloatArray,
    names: tuple[str, ...],
    origin: Origin,
    *,
    levels: tuple[float, ...],
    keep: int,
    lower_bounds: FloatArray,
    upper_bounds: FloatArray,
    **known: Any,
) -> PosteriorResult:
    """Return the record of samples of shape (chains, draws, n); `known` are fields that are taken as they are."""
    flat = chains.reshape(-1, len(names))
    kept = np.linspace(0, len(flat) - 1, min(keep, len(flat))).round().astype(np.int64)
    cut = cut_off(flat, lower_bounds, upper_bounds)
    return PosteriorResult(
        names=names,
        origin=origin,
        levels=levels,
        mean=flat.mean(axis=0),
        standard_deviation=flat.std(axis=0, ddof=1),
        median=np.median(flat, axis=0),
        central=np.stack([np.quantile(flat, (0.5 - 0.5 * x, 0.5 + 0.5 * x), axis=0).T for x in levels]),
        shortest=np.stack([np.stack(shortest(flat, level), axis=1) for level in levels]),
        upper=np.quantile(flat, levels, axis=0),
        correlations=np.atleast_2d(np.corrcoef(flat.T)),
        r_hat=r_hat(chains),
        ess_bulk=ess_bulk(chains),
        ess_tail=ess_tail(chains),
        lower_bounds=lower_bounds,
        upper_bounds=upper_bounds,
        edges=tuple(name for name, at_edge in zip(names, cut, strict=True) if at_edge),
        chains=chains.shape[0],
        draws=chains.shape[1],
        samples=np.ascontiguousarray(flat[kept]),
        **known,
    )
