"""Small p-values by importance sampling: toys of a mixture of signals, weighted as toys without signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.infer.likelihood_ratio import Profile
from wilks.infer.toy_p_values import SAME, Sample
from wilks.infer.toy_tests import Counter, drawn, pieces, statistics
from wilks.results.hypotest import SignificanceResult
from wilks.results.lost_toys import with_lost
from wilks.results.many import CONVERGED

# What toys are thrown at: parts of the best fit of the signal, each with its share of the toys. Most lie around the
# observed statistic; those without signal bound the weights.
MIXTURE = ((0.0, 0.1), (0.25, 0.1), (0.5, 0.15), (0.75, 0.2), (1.0, 0.45))
# The first of the streams of random numbers that the parts have.
_STREAM = 16


@dataclass(frozen=True, eq=False)
class Thrown:
    """Toys thrown at one part of a mixture: their test statistics, and the log densities of their data, shape
    (1 + parts, toys): without signal, then at each part.
    """

    sample: Sample
    log: FloatArray

    @classmethod
    def of(cls, pieces: Sequence[Thrown], parts: int) -> Thrown:
        """Return pieces as one, without the toys that were not made."""
        q = np.concatenate([np.empty(0), *(piece.sample.q[: piece.sample.done] for piece in pieces)])
        empty = np.empty((1 + parts, 0))
        return cls(Sample(q, q.size), np.concatenate([empty, *(p.log[:, : p.sample.done] for p in pieces)], axis=1))

    def weights(self, fractions: FloatArray) -> FloatArray:
        """Return the weight of each toy, p(no signal) / p(mixture), with the fractions of the toys that parts have."""
        with np.errstate(divide="ignore"):
            mixed = np.logaddexp.reduce(self.log[1:] + np.log(fractions)[:, None], axis=0)
        weights: FloatArray = np.exp(self.log[0] - mixed)
        return weights


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
    known = {best * part: share for part, share in MIXTURE if profile.row(best * part)[1] == CONVERGED}
    sizes = _sizes(known if best > 0 else {0.0: 1.0}, toys)
    thetas = np.stack([profile.row(value)[0] for value in (0.0, *sizes)])
    found: list[list[Thrown]] = [[] for _ in sizes]
    # All parts together, in rounds.
    rounds = max(len(list(pieces(toys, profile.study))), 1)
    for turn in range(rounds):
        for part, size in enumerate(sizes.values()):
            first, last = (size * n // rounds for n in (turn, turn + 1))
            if last > first and not counter.stopped:
                found[part].append(_thrown(profile, thetas, part, (first, last - first), seed, counter))
    return _summed(observed, [Thrown.of(parts, len(sizes)) for parts in found], toys, seed, tuple(sizes))


def _sizes(shares: dict[float, float], toys: int) -> dict[float, int]:
    """Return how many toys every part of a mixture has, all of them together `toys`."""
    total = sum(shares.values())
    sizes = {value: round(toys * share / total) for value, share in shares.items()}
    last = list(sizes)[-1]  # has the largest share
    sizes[last] += toys - sum(sizes.values())
    return {value: count for value, count in sizes.items() if count > 0}


def _thrown(
    profile: Profile, thetas: FloatArray, part: int, piece: tuple[int, int], seed: int, counter: Counter
) -> Thrown:
    """Return a piece of the toys of one part; `thetas` has the parameters without signal, then those of all parts."""
    found = profile.study
    made = drawn(counter, found, thetas[1 + part], piece, seed, _STREAM + part)
    sample = statistics(counter, found, made, thetas[0], "q0")
    rows = [-found.model.nll(np.tile(theta, (len(made.data), 1)), made.data) for theta in thetas]
    return Thrown(sample, np.stack(rows))


def _summed(
    observed: SignificanceResult, parts: list[Thrown], toys: int, seed: int, signals: tuple[float, ...]
) -> SignificanceResult:
    """Return a significance with p0, its error and the effective number of toys from those of all parts."""
    made = np.array([part.sample.done for part in parts], np.float64)
    done = int(made.sum())
    settings = {"toys": toys, "seed": seed, "thrown_at": list(signals)}
    origin = replace(observed.origin, settings={**observed.origin.settings, **settings})
    failures = sum(part.sample.failures for part in parts)
    answer = replace(observed, toys=toys, failures=failures, interrupted=toys - done, importance=True, origin=origin)
    if not done:
        return answer
    weights = [part.weights(made / done) for part in parts]
    every = zip(parts, weights, strict=True)
    terms = [_terms(part.sample.q, each, observed.q0) for part, each in every]
    p = float(sum(each.sum() for each in terms)) / done
    # Of each part the variance is its own: how many toys it has is no chance.
    variance = sum(each.size * each.var(ddof=1) for each in terms if each.size > 1)
    squares = float(sum((each**2).sum() for each in terms))
    lost = sum(float(each[np.isnan(part.sample.q)].sum()) for part, each in zip(parts, weights, strict=True))
    ends = (p, p + lost / done)
    # Where no toy is large, as if one had been: the largest weight.
    error = np.sqrt(variance) / done if squares > 0 else max(each.max(initial=0.0) for each in weights) / done
    return replace(
        answer,
        toy_p_value=p,
        toy_error=float(with_lost(float(error), p, np.array(ends))),
        toy_p_range=ends,
        effective_toys=float((p * done) ** 2 / squares) if squares > 0 else 0.0,
    )


def _terms(q: FloatArray, weights: FloatArray, observed: float) -> FloatArray:
    """Return the weight of every usable toy, 0 where its statistic is below the observed one."""
    return np.where(q >= observed - SAME * max(1.0, observed), weights, 0.0)[np.isfinite(q)]
