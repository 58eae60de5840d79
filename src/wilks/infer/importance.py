"""Small p-values by importance sampling: toys of a mixture of signals, weighted as toys without signal."""

from __future__ import annotations

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
class Weighted:
    """Toys of one part of a mixture: their test statistics, and their weights as toys without signal."""

    sample: Sample
    weights: FloatArray

    def terms(self, q0: float) -> FloatArray:
        """Return the weight of every usable toy, 0 where its statistic is below the observed one."""
        usable = np.isfinite(self.sample.q)
        return np.where(self.sample.q >= q0 - SAME * max(1.0, q0), self.weights, 0.0)[usable]

    @property
    def lost(self) -> float:
        """The sum of the weights of toys without a fit."""
        made = np.arange(self.sample.q.size) < self.sample.done
        return float(self.weights[made & np.isnan(self.sample.q)].sum())


def with_importance(
    observed: SignificanceResult, profile: Profile, toys: int, seed: int, counter: Counter
) -> SignificanceResult:
    """Return a significance with p0 of toys thrown at a mixture of signals between none and the best fit.

    A toy x has the weight p(x | no signal) / sum_k f_k p(x | signal k), with the densities of all data, auxiliary ones
    too, and the fractions f_k of the toys that each part has; so the weighted fraction of toys that have at least the
    observed statistic is p0 without bias (A. Owen, Y. Zhou, J. Am. Stat. Assoc. 95 (2000) 135: the balance heuristic).
    """
    _, status = profile.row(0.0)
    if status != CONVERGED or not np.isfinite(observed.q0):
        return observed
    best = observed.best_value if observed.q0 > 0 else 0.0
    profile = profile.extended(best * np.array([part for part, _ in MIXTURE]))
    known = [(best * part, share) for part, share in MIXTURE if profile.row(best * part)[1] == CONVERGED]
    sizes = _sizes(dict(known) if best > 0 else {0.0: 1.0}, toys)
    thetas = np.stack([profile.row(value)[0] for value in sizes])
    thrown = np.array(list(sizes.values()), np.float64)
    found: list[list[Weighted]] = [[] for _ in sizes]
    for part, (value, count) in enumerate(sizes.items()):
        for piece in pieces(count, profile.study):
            if not counter.stopped:
                found[part].append(_thrown(profile, thetas, (value, thrown), piece, (seed, part), counter))
    return _summed(observed, [_joined(parts) for parts in found], thrown, toys, seed, tuple(sizes))


def _sizes(shares: dict[float, float], toys: int) -> dict[float, int]:
    """Return how many toys every part of a mixture has; at least one each, as far as there are toys."""
    total = sum(shares.values())
    sizes = {value: max(round(toys * share / total), 1) for value, share in shares.items()}
    last = list(sizes)[-1]
    sizes[last] = toys - sum(count for value, count in sizes.items() if value != last)
    return {value: count for value, count in sizes.items() if count > 0} if sizes[last] > 0 else {last: toys}


def _thrown(
    profile: Profile,
    thetas: FloatArray,
    part: tuple[float, FloatArray],
    piece: tuple[int, int],
    generator: tuple[int, int],
    counter: Counter,
) -> Weighted:
    """Return a piece of the toys of one part, a signal of that size; `part` also has the numbers of toys of all."""
    (value, thrown), (seed, number), found = part, generator, profile.study
    made = drawn(counter, found, profile.row(value)[0], piece, seed, _STREAM + number)
    sample = statistics(counter, found, made, profile.row(0.0)[0], "q0")
    log = np.stack([-found.model.nll(np.tile(theta, (len(made.data), 1)), made.data) for theta in thetas])
    none = -found.model.nll(np.tile(profile.row(0.0)[0], (len(made.data), 1)), made.data)
    mixed = np.logaddexp.reduce(log + np.log(thrown / thrown.sum())[:, None], axis=0)
    return Weighted(sample, np.exp(none - mixed))


def _joined(pieces: list[Weighted]) -> Weighted:
    weights = np.concatenate([np.empty(0), *(piece.weights for piece in pieces)])
    return Weighted(Sample.of([piece.sample for piece in pieces], weights.size), weights)


def _summed(
    observed: SignificanceResult,
    parts: list[Weighted],
    thrown: FloatArray,
    toys: int,
    seed: int,
    signals: tuple[float, ...],
) -> SignificanceResult:
    """Return a significance with p0, its error and the effective number of toys from those of all parts.

    After Ctrl-C a part may lack toys, or have none: then there is no p0, which takes all of them.
    """
    done = sum(part.sample.done for part in parts)
    settings = {"toys": toys, "seed": seed, "thrown_at": list(signals)}
    origin = replace(observed.origin, settings={**observed.origin.settings, **settings})
    failures = sum(part.sample.failures for part in parts)
    answer = replace(observed, toys=toys, failures=failures, interrupted=toys - done, importance=True, origin=origin)
    if done < toys:
        return replace(answer, toy_p_range=(np.nan, np.nan))
    terms = [part.terms(observed.q0) for part in parts]
    p = float(sum(each.sum() for each in terms)) / toys
    # Of each part the variance is its own: how many toys it has is no chance.
    variance = sum(n * each.var(ddof=1) for n, each in zip(thrown, terms, strict=True) if each.size > 1)
    squares = float(sum((each**2).sum() for each in terms))
    ends = (p, p + sum(part.lost for part in parts) / toys)
    # Where no toy is large, as if one had been: the largest weight.
    error = float(np.sqrt(variance)) / toys if squares > 0 else max(float(part.weights.max()) for part in parts) / toys
    return replace(
        answer,
        toy_p_value=p,
        toy_error=float(with_lost(error, p, np.array(ends))),
        toy_p_range=ends,
        effective_toys=float((p * toys) ** 2 / squares) if squares > 0 else 0.0,
    )
