"""Chains of NUTS: nutpie walks, the engine gives the log posterior and its gradient."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import WilksError
from wilks.fitting.many import Progress
from wilks.infer.study import Running
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


def walk(target: Target, data: FloatArray, how: Walk, running: Running) -> Chains:
    """Return chains of the posterior of `data`. The numbers of a chain depend on target, draws, warm-up, seed and its
    place alone.

    Once `running.progress` returns False the chains end, and what they have made by then is returned: here all draws,
    of an executor's workers the chains that are whole.
    """
    pool, total = running.pool, how.chains * (how.draws + how.warmup)
    if pool is None:
        return _joined(_walked(target, how, range(how.chains), running.progress), how, target.free.size)
    found: dict[int, Chain] = {}
    job, chains = OneChain(target, data, how), range(how.chains)
    told = lambda: running.told(len(found) * (how.draws + how.warmup), total)  # noqa: E731
    for place, chain in pool.each(job, chains, shared=[target.model], threads=1, going_on=told, most=1):
        found[place] = chain
    return _joined([found[place] for place in sorted(found)], how, target.free.size)


@dataclass(frozen=True, eq=False)
class Chain:
    """Draws of a chain, shape (draws, n), and which of these steps diverged."""

    draws: FloatArray
    diverged: BoolArray


@dataclass(frozen=True, eq=False)
class OneChain:
    """The job of making a chain, by its place."""

    target: Target
    data: FloatArray
    how: Walk

    def __call__(self, place: int, threads: int | None, progress: Progress | None) -> Chain:
        """Return the chain."""
        target = replace(self.target, dataset=self.target.model.engine.dataset(self.data))
        (chain,) = _walked(target, self.how, [place], progress)
        return chain


def _walked(target: Target, how: Walk, places: Sequence[int], progress: Progress | None) -> list[Chain]:
    """Return chains, in their order; of a run that was ended those that have begun, as far as they are."""
    made, total = [0], len(places) * (how.draws + how.warmup)
    waiting, running, found = list(places), dict[int, Any](), dict[int, Chain]()
    try:
        while waiting or running:
            while waiting and len(running) < how.threads:
                place = waiting.pop(0)
                running[place] = _begun(target, how, place, made)
            for place, one in list(running.items()):
                with suppress(TimeoutError):
                    found[place] = _chain(one.wait(timeout=_OFTEN / len(running)), target.free.size)
                    del running[place]
            if progress is not None and progress(min(made[0], total), total) is False:
                waiting.clear()
                for place in list(running):
                    found[place] = _chain(running.pop(place).abort(), target.free.size)
    except BaseException:
        for one in running.values():
            one.cancel()
        raise
    return [found[place] for place in sorted(found)]


def _begun(target: Target, how: Walk, place: int, made: list[int]) -> Any:
    """Return a chain that has begun; it counts its draws in `made`."""
    package, n = nutpie(), target.free.size

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
    # A run for each chain, which any process can make.
    return package.sample(
        model,
        draws=how.draws,
        tune=how.warmup,
        chains=1,
        cores=1,
        seed=int(np.random.SeedSequence((how.seed, place)).generate_state(1, np.uint64)[0]),
        target_accept=how.acceptance,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )


def _chain(trace: Any, n: int) -> Chain:
    """Return what a chain has made."""
    if "posterior" not in trace.groups():
        return Chain(np.empty((0, n)), np.empty(0, np.bool_))
    draws = np.asarray(trace.posterior[_VARIABLE].values, np.float64).reshape(-1, n)
    made = int(np.isfinite(draws).all(axis=1).sum())
    return Chain(draws[:made], np.asarray(trace.sample_stats["diverging"].values).reshape(-1)[:made] == 1)


def _joined(chains: Sequence[Chain], how: Walk, n: int) -> Chains:
    """Return chains as they are summarised: of a run that was ended those with some draws, as many of each."""
    begun = [chain for chain in chains if len(chain.draws) >= min(LEAST_DRAWS, how.draws)]
    draws = min((len(chain.draws) for chain in begun), default=0)
    if not draws:
        return Chains(np.empty((0, 0, n)), 0, False)
    return Chains(
        np.stack([chain.draws[:draws] for chain in begun]),
        sum(int(chain.diverged[:draws].sum()) for chain in begun),
        len(begun) == how.chains and draws == how.draws,
    )
