"""`significance`: the evidence for a signal, observed and expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.elsewhere.workers import Workers
from wilks.errors import ModelError
from wilks.fitting.many import Progress
from wilks.infer.asymptotics import log_tail
from wilks.infer.conditions import Bounds, with_wider_bounds
from wilks.infer.counted import KEPT, Counted, add, as_large, gathered
from wilks.infer.few_events import for_significance
from wilks.infer.hypotest import check_toys, check_weighted
from wilks.infer.importance import with_importance
from wilks.infer.likelihood_ratio import Profile, conditional_fits, test_study
from wilks.infer.study import Running
from wilks.infer.timed import timed
from wilks.infer.toy_p_values import Sample, error_of
from wilks.infer.toy_tests import Counter, PieceOfTests, elsewhere, pieces
from wilks.model.datasets import Data, expected_data
from wilks.model.model import ArrayLike, Model
from wilks.model.verbs import verb
from wilks.results.fit import FitResult
from wilks.results.hypotest import SignificanceResult
from wilks.results.lost_toys import between, with_lost
from wilks.results.many import CONVERGED, IMPOSSIBLE


@verb("significance(model, injected=1.0)")
@timed
def significance(
    model: Model,
    data: Data | ArrayLike | None = None,
    *,
    injected: float | Sequence[float] | FloatArray = 1.0,
    toys: int = 0,
    importance: bool = False,
    seed: int = 1,
    poi: str | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    result: FitResult | None = None,
    threads: int | None = None,
    executor: Workers | None = None,
    progress: bool | Progress | None = None,
    running: Running = Running(),
) -> SignificanceResult:
    """Return the significance of the parameter of interest being above 0: sqrt(q0), and p0 from its tail.

    Expected are the medians for signals of the sizes `injected`: sqrt(q0) of Asimov data made at the conditional fits
    of these sizes to the data (as pyhf and cabinetry do). For those of a model before the fit, hand in `asimov(model,
    values={"mu": 1})` as data. With `toys`, p0 is also the fraction of toys without signal, made at the conditional fit
    to the data from `seed`, that have at least the observed q0. With `importance` the toys are thrown at signals too,
    from none to the best fit, and weighted by the ratio of the densities of all their data: 10 000 give p-values of
    1e-9, and far below, to a few per cent.

    What can't be computed is NaN and has a status. Raises ModelError for what can't be asked.

    1007.1727 eqs. 12, 52 and 53.

    `data`, `poi`, `fixed`, `bounds`, `result`, `executor` and `running` are as for `intervals`.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> found = wilks.significance(model, injected=[0.5, 1.0])
    >>> print(f"{found.significance:.2f} sigma, expected", [f"{z:.2f}" for z in found.expected_significance])
    3.08 sigma, expected ['2.04', '3.91']
    """
    sizes = np.atleast_1d(np.asarray(injected, np.float64))
    if sizes.ndim != 1 or not np.isfinite(sizes).all() or (sizes < 0).any():
        raise ModelError(f"injected: signals of finite size, not below 0, are needed; found {injected!r}")
    if toys:
        check_toys(toys, seed)
        check_weighted(importance, "q0", toys)
    elif importance:
        raise ModelError("importance: toys are weighted; say how many (toys=10000)")
    counter = None
    if toys:
        counter = Counter(running.progress)
        counter.announce(2 * toys)
        running = replace(running, progress=counter.wait)
    asked = {"poi": poi, "fixed": fixed, "result": result, "running": running}

    def profiled(bounds: Bounds | None) -> Profile:
        found = test_study("q0", bounds, model=model, data=data, **asked)
        return Profile.of(found).extended(np.append(sizes, 0.0))

    def ask(bounds: Bounds | None) -> SignificanceResult:
        profile = profiled(bounds)
        observed = _asymptotic(profile, sizes)
        few = for_significance(profile.study, profile.nearest(0.0), observed.significance)
        return replace(observed, origin=observed.origin.also(*few))

    if counter is None:
        return with_wider_bounds(ask(bounds), bounds, ask, lambda z: f"The significance is then {z.significance:.4g}.")
    profile = profiled(bounds)
    thrown = with_importance if importance else _with_toys
    return thrown(_asymptotic(profile, sizes), profile, toys, seed, counter)


def _asymptotic(profile: Profile, sizes: FloatArray) -> SignificanceResult:
    """Return the significances of a profile that has no signal and the injected ones."""
    found = profile.study
    (q0,), (status,) = profile.statistic(np.zeros(1), "q0")
    expected, statuses = _expected(profile, sizes)
    return SignificanceResult(
        poi=found.model.parameter_names[found.poi],
        best_value=float(found.best.values[found.poi]),
        q0=float(q0),
        significance=float(np.sqrt(q0)),
        p_value=float(np.exp(log_tail(np.sqrt(q0)))),
        log10_p_value=float(log_tail(np.sqrt(q0)) / np.log(10)),
        injected=sizes,
        expected_significance=np.sqrt(expected),
        expected_p_value=np.exp(log_tail(np.sqrt(expected))),
        expected_log10_p_value=log_tail(np.sqrt(expected)) / np.log(10),
        status=_without_signal(status),
        expected_statuses=statuses,
        origin=found.origin(),
    )


def _expected(profile: Profile, sizes: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    """Return q0 of the Asimov data with signals of these sizes, and statuses: one batch of fits without signal.

    The best fits are known: they are where the data were made.
    """
    found, rows = profile.study, [profile.row(size) for size in sizes]
    statuses = [status for _, status in rows]
    good = [i for i, status in enumerate(statuses) if status == CONVERGED]
    q0 = np.full(sizes.size, np.nan)
    if good:
        data = np.stack([expected_data(found.model, rows[i][0]) for i in good])
        lowest = np.array([2 * found.model.nll(rows[i][0], values) for i, values in zip(good, data, strict=True)])
        starts = np.tile(profile.row(0.0)[0], (len(good), 1))
        fits = conditional_fits(found, starts, data)
        q0[good] = np.where(fits.minimised, np.maximum(fits.twice_nll - lowest, 0.0), np.nan)
        for i, minimised, status in zip(good, fits.minimised, fits.statuses, strict=True):
            statuses[i] = CONVERGED if minimised else f"Asimov data: {_without_signal(status)}"
    return q0, tuple(statuses)


def _without_signal(status: str) -> str:
    """Return the status of a fit without signal; where a bin has events that only signal can bring, what that means."""
    if not status.startswith(IMPOSSIBLE):
        return status
    place = status.removeprefix(IMPOSSIBLE)
    return f"without signal {place}; q0 is infinite unless another parameter brings a rate there"


def _with_toys(
    observed: SignificanceResult, profile: Profile, toys: int, seed: int, counter: Counter
) -> SignificanceResult:
    """Return a significance with p0 of toys without signal."""
    theta, status = profile.row(0.0)
    if status != CONVERGED or not np.isfinite(observed.q0):
        return observed
    found = profile.study
    q = {0.0: observed.q0} if toys > KEPT else None
    samples: list[Sample | Counted] = []
    for piece in _toys_without_signal(counter, PieceOfTests(found, "q0", seed, theta, {0.0: theta}, {}, q), toys):
        add(samples, piece)
    sample = gathered(samples, toys)
    large, used = as_large(sample, observed.q0), sample.done - sample.failures
    fraction, ends = large / used if used else np.nan, between(large, used, sample.failures)
    return replace(
        observed,
        toys=toys,
        failures=sample.failures,
        interrupted=toys - sample.done,
        toy_p_value=fraction,
        toy_error=float(with_lost(error_of(fraction, used), fraction, ends)) if used else np.nan,
        toy_p_range=(float(ends[0]), float(ends[1])),
        origin=replace(observed.origin, settings={**observed.origin.settings, "toys": toys, "seed": seed}),
    )


def _toys_without_signal(counter: Counter, work: PieceOfTests, toys: int) -> Iterator[Sample | Counted]:
    """Yield the statistic of toys without signal, piece by piece; ends early where it is stopped."""
    wanted, pool = list(pieces(toys, work.study)), work.study.running.pool
    if pool is not None:
        yield from (samples[0.0] for samples in elsewhere(counter, work, wanted))
        return
    for piece in wanted:
        yield work.tested(counter, piece, 0.0)
        if counter.stopped:
            return
