"""Chains of NUTS: nutpie walks, the engine gives the log posterior and its gradient."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks._types import FloatArray
from wilks.errors import WilksError
from wilks.fitting.many import Progress
from wilks.infer.unbounded import Target

_OFTEN = 0.05  # seconds between two looks at the chains
_VARIABLE = "theta"
LEAST_DRAWS = 10  # of a chain, for anything to be said about it


@dataclass(frozen=True)
class Walk:
    """How chains are run: their number, draws and those of the warm-up before, seed, threads, acceptance aimed at."""

    chains: int
    draws: int
    warmup: int
    seed: int
    threads: int
    acceptance: float


@dataclass(frozen=True, eq=False)
class Chains:
    """Samples, shape (chains, draws, n); steps that diverged; whether these are all that were asked for."""

    samples: FloatArray
    diverged: int
    complete: bool


def nutpie() -> Any:
    """Return the sampler's package. Raises WilksError where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ArviZ announces its next version
            import nutpie as package
            import nutpie.compiled_pyfunc
    except ImportError:
        raise WilksError('sampling a posterior needs nutpie: pip install "wilks[sampling]"') from None
    return package


def walk(target: Target, how: Walk, progress: Progress | None) -> Chains:
    """Return chains of a posterior. The numbers depend on target, number of chains, draws, warm-up and seed alone.

    Once `progress` returns False the chains end, and what they have made by then is returned.
    """
    package, n = nutpie(), target.free.size
    made = [0]

    def make_log_density() -> Any:
        return target.__call__

    def make_expand(*_: Any) -> Any:
        def expand(z: FloatArray) -> dict[str, FloatArray]:
            made[0] += 1
            return {_VARIABLE: target.theta(z)}

        return expand

    model = package.compiled_pyfunc.from_pyfunc(
        n, make_log_density, make_expand, [np.dtype(np.float64)], [(n,)], [_VARIABLE],
        make_initial_point_fn=lambda seed: 0.5 * np.random.default_rng(seed).standard_normal(n),
    )  # fmt: skip
    running = package.sample(
        model,
        draws=how.draws,
        tune=how.warmup,
        chains=how.chains,
        cores=min(how.threads, how.chains),
        seed=how.seed,
        target_accept=how.acceptance,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )
    total = how.chains * (how.draws + how.warmup)
    try:
        while True:
            try:
                return _chains(running.wait(timeout=_OFTEN), how, n)
            except TimeoutError:
                if progress is not None and progress(min(made[0], total), total) is False:
                    return _chains(running.abort(), how, n)
    except BaseException:
        running.cancel()
        raise


def _chains(trace: Any, how: Walk, n: int) -> Chains:
    """Return what the chains have made: of a run that was ended those with some draws, as many of each."""
    if "posterior" not in trace.groups():
        return Chains(np.empty((0, 0, n)), 0, False)
    samples = np.asarray(trace.posterior[_VARIABLE].values, np.float64).reshape(-1, trace.posterior.sizes["draw"], n)
    made = np.asarray(np.isfinite(samples).all(axis=2).sum(axis=1))
    started = np.flatnonzero(made >= min(LEAST_DRAWS, how.draws))
    draws = int(made[started].min()) if started.size else 0
    diverged = np.asarray(trace.sample_stats["diverging"].values)[started, :draws]
    return Chains(
        samples[started, :draws],
        int((diverged == 1).sum()),
        samples.shape == (how.chains, draws, n) and draws == how.draws,
    )
