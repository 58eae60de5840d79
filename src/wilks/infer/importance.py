"""Small p-values by importance sampling: toys of a mixture of signals, weighted as toys without signal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wilks._types import FloatArray
from wilks.infer.likelihood_ratio import Profile
from wilks.infer.thrown import Mixture, Throwing, Thrown, weights
from wilks.infer.toy_p_values import SAME
from wilks.infer.toy_tests import Counter
from wilks.infer.weighted_p_values import ENOUGH
from wilks.results.hypotest import SignificanceResult
from wilks.results.lost_toys import with_lost
from wilks.results.many import CONVERGED

# What toys are thrown at: parts of the best fit of the signal, each with its share of the toys. Most lie around the
# observed statistic; those without signal bound the weights.
MIXTURE = ((0.0, 0.1), (0.25, 0.1), (0.5, 0.15), (0.75, 0.2), (1.0, 0.45))
# The first of the streams of random numbers that the parts have.
_STREAM = 16


def with_importance(
    observed: SignificanceResult, profile: Profile, toys: int, seed: int, counter: Counter
) -> SignificanceResult:
    """Return a significance with p0 of toys thrown at a mixture of signals between none and the best fit.

    A toy x has the weight p(x | no signal) / sum_k f_k p(x | signal k), with the densities of all data, auxiliary ones
    too, and the fractions f_k of the toys that each part has; so the weighted fraction of toys that have at least the
    observed statistic is p0 without bias (A. Owen, Y. Zhou, J. Am. Stat. Assoc. 95 (2000) 135: the balance heuristic).
    That holds for any fractions: after Ctrl-C, for those of the toys made by then.
    """
    _, status = profile.row(0.0)
    if status != CONVERGED or not np.isfinite(observed.q0):
        return observed
    best = observed.best_value if observed.q0 > 0 else 0.0
    profile = profile.extended(best * np.array([part for part, _ in MIXTURE]))
    shares = {best * part: share for part, share in MIXTURE if profile.row(best * part)[1] == CONVERGED}
    shares = shares if best > 0 else {0.0: 1.0}
    mixture = Mixture.of(shares, np.stack([profile.row(value)[0] for value in shares]), toys)
    work = Throwing.at(profile.study, "q0", [profile.row(0.0)[0]], mixture, seed, _STREAM)
    return _summed(observed, work.all(counter), toys, seed, mixture.values)


def _summed(
    observed: SignificanceResult, parts: list[Thrown], toys: int, seed: int, signals: tuple[float, ...]
) -> SignificanceResult:
    """Return a significance with p0, its error and the effective number of toys; without p0 where too few count."""
    done = sum(part.sample.done for part in parts)
    settings = {"toys": toys, "seed": seed, "importance": True, "thrown_at": list(signals)}
    origin = replace(observed.origin, settings={**observed.origin.settings, **settings})
    failures = sum(part.sample.failures for part in parts)
    answer = replace(
        observed,
        toys=toys,
        failures=failures,
        interrupted=toys - done,
        importance=True,
        origin=origin,
        effective_toys=0.0,
    )
    if not done:
        return answer
    weighted = [each[0] for each in weights(parts, 1)]
    every = zip(parts, weighted, strict=True)
    terms = [_terms(part.sample.q, each, observed.q0) for part, each in every]
    p = float(sum(each.sum() for each in terms)) / done
    # Of each part the variance is its own: how many toys it has is no chance.
    variance = sum(each.size * each.var(ddof=1) for each in terms if each.size > 1)
    squares = float(sum((each**2).sum() for each in terms))
    effective = float((p * done) ** 2 / squares) if squares > 0 else 0.0
    if effective < ENOUGH:
        return replace(answer, effective_toys=effective)
    lost = sum(float(each[np.isnan(part.sample.q)].sum()) for part, each in zip(parts, weighted, strict=True))
    ends = (p, p + lost / done)
    error = float(with_lost(float(np.sqrt(variance)) / done, p, np.array(ends)))
    return replace(answer, toy_p_value=p, toy_error=error, toy_p_range=ends, effective_toys=effective)


def _terms(q: FloatArray, weights: FloatArray, observed: float) -> FloatArray:
    """Return the weight of every usable toy, 0 where its statistic is below the observed one."""
    return np.where(q >= observed - SAME * max(1.0, observed), weights, 0.0)[np.isfinite(q)]
