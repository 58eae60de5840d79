"""p-values from weighted toys, with their errors, the effective numbers of toys, and what lost toys leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.infer.thrown import Thrown, weights
from wilks.infer.toy_p_values import PARTS, QUANTILES, SAME, Row
from wilks.results.hypotest import BANDS
from wilks.results.lost_toys import with_lost

# A p-value that rests on fewer toys than as many of equal weight is none.
ENOUGH = 10.0


@dataclass(frozen=True, eq=False)
class Weighted:
    """Toys thrown at a mixture: their statistics `q`, shape (toys,), NaN without a fit; weights as toys of the tested
    value and as those of the alternative, shape (2, toys); and the part of the mixture that each is of.
    """

    q: FloatArray
    weights: FloatArray
    part: Positions
    reason: str = ""

    @classmethod
    def of(cls, parts: Sequence[Thrown]) -> Weighted:
        """Return the toys of all parts."""
        if not sum(part.sample.done for part in parts):
            return cls(np.empty(0), np.empty((2, 0)), np.empty(0, np.intp))
        q = np.concatenate([part.sample.q for part in parts])
        which = np.repeat(np.arange(len(parts)), [part.sample.done for part in parts])
        reason = next((part.sample.reason for part in parts if part.sample.reason), "")
        return cls(q, np.concatenate(weights(parts, 2), axis=1), which, reason)

    def every(self, first: int, step: int) -> Weighted:
        """Return every so many of the toys."""
        return Weighted(self.q[first::step], self.weights[:, first::step], self.part[first::step])

    @property
    def failures(self) -> int:
        """How many toys have no fit."""
        return int(np.isnan(self.q).sum())

    @cached_property
    def lost(self) -> FloatArray:
        """The weights of toys without a fit, all together, shape (2,)."""
        return np.asarray(self.weights[:, np.isnan(self.q)].sum(axis=1))

    @cached_property
    def _sorted(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Usable statistics in ascending order; sums of the weights from each on, and of their squares, (2, n + 1), and
        of the weights below.
        """
        order = np.argsort(np.where(np.isnan(self.q), np.inf, self.q), kind="stable")[: self.q.size - self.failures]
        w, nothing = self.weights[:, order], np.zeros((2, 1))
        above, squares = (np.cumsum(np.hstack([nothing, each[:, ::-1]]), axis=1)[:, ::-1] for each in (w, w**2))
        return self.q[order], above, squares, np.cumsum(np.hstack([nothing, w]), axis=1)

    def tails(self, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probabilities of both hypotheses to reach statistics, shape (2, n), and effective numbers of toys.

        From the toys above where these are less than half, else from those below: so the probability of anything is 1.
        """
        known, above, squares, below = self._sorted
        at = np.searchsorted(known, lowest_same(q))
        total = (self.q.size - self.lost)[:, None]
        p = np.where(above[:, at] < 0.5 * total, above[:, at], total - below[:, at]) / total
        effective = np.divide(above[:, at] ** 2, squares[:, at], out=np.zeros(p.shape), where=squares[:, at] > 0)
        return np.clip(p, 0.0, 1.0), effective

    def deviations(self, q: float, p: FloatArray) -> tuple[float, float]:
        """Return the standard deviations of the p-values of a statistic: of CLs+b, and of CLs.

        Of each part of the mixture the variance is its own: how many toys it has is no chance.
        """
        use, total = np.isfinite(self.q), self.q.size - self.lost
        large = self.q[use] >= lowest_same(np.array(q))
        w, part = self.weights[:, use], self.part[use]
        terms = np.stack([np.where(large, each, 0.0) for each in w])
        for i in np.flatnonzero(terms.sum(axis=1) >= 0.5 * total):
            terms[i] = np.where(large, 0.0, -w[i])
        # Where no toy is on the other side though some could be, as if one had been: the largest weight.
        if q > SAME and not terms[0].any():
            return (one := float(w[0].max(initial=0.0) / total[0])), one
        terms /= total[:, None]
        ratio = (terms[0] - p[0] / p[1] * terms[1]) / p[1] if p[1] > 0 else np.full(part.size, np.nan)
        variances = np.zeros(2)
        for i in np.unique(part):
            rows = part == i
            if rows.sum() > 1:
                variances += rows.sum() * np.array([one[rows].var(ddof=1) for one in (terms[0], ratio)])
        return float(np.sqrt(variances[0])), float(np.sqrt(variances[1]))


@dataclass(frozen=True, eq=False)
class WeightedRow(Row):
    """What weighted toys say about one value; effective numbers of toys behind CLs+b and CLb, shape (2,)."""

    effective: FloatArray


def weighed(q: float, toys: Weighted) -> WeightedRow:
    """Return what weighted toys say about the observed statistic; NaN where too few of them count."""
    nothing, none = np.full(3, np.nan), np.full((1 + len(BANDS), 3), np.nan)
    if not toys.q.size or toys.failures == toys.q.size:
        return WeightedRow(nothing, none[1:], np.nan, np.nan, none[1:, 2], none, none, np.full(2, np.nan))
    bands = _bands(toys)
    observed, effective, errors = nothing, np.full(2, np.nan), (np.nan, np.nan)
    if np.isfinite(q):
        p, found = toys.tails(np.array([q]))
        effective, errors = found[:, 0], toys.deviations(q, p[:, 0])
        observed = np.where(np.append(effective, effective.min()) >= ENOUGH, _with_cls(p)[0], np.nan)
    several = [_bands(toys.every(i, PARTS), enough=ENOUGH / PARTS)[:, 2] for i in range(PARTS)]
    spread: FloatArray = np.std(several, axis=0, ddof=1) / np.sqrt(PARTS)
    low = high = np.concatenate([observed[None], bands])
    if toys.failures:
        low, high = (np.concatenate([_extreme(q, toys, side), _bands(toys, side)]) for side in (0, 1))
    ends = np.stack([low, high], axis=-1)
    return WeightedRow(
        observed=observed,
        expected=bands,
        clsb_error=float(with_lost(errors[0], observed[0], ends[0, 0])),
        cls_error=float(with_lost(errors[1], observed[2], ends[0, 2])),
        expected_error=with_lost(spread, bands[:, 2], ends[1:, 2]),
        low=low,
        high=high,
        effective=effective,
    )


def lowest_same(q: FloatArray) -> FloatArray:
    """Return the smallest statistics that are the same as these."""
    return np.asarray(q - SAME * np.maximum(1.0, q))


def _with_cls(p: FloatArray) -> FloatArray:
    """Return CLs+b, CLb and CLs, shape (n, 3), from the first two, shape (2, n)."""
    cls = np.divide(p[0], p[1], out=np.full(p[0].shape, np.nan), where=p[1] > 0)
    return np.stack([p[0], p[1], cls], axis=-1)


def _shifted(toys: Weighted, p: FloatArray, side: int | None) -> FloatArray:
    """Return p-values, shape (n, 3), as lost toys make them extreme (side 0: low, 1: high); None as they are."""
    if side is None or not toys.failures:
        return _with_cls(p)
    share = (toys.lost / toys.q.size)[:, None]
    ends = [p * (1 - share), p * (1 - share) + share]
    cls = np.divide(ends[side][0], ends[1 - side][1], out=np.ones(p[0].shape), where=ends[1 - side][1] > 0)
    return np.stack([ends[side][0], ends[side][1], np.minimum(cls, np.maximum(1.0, _with_cls(p)[:, 2]))], axis=-1)


def _extreme(q: float, toys: Weighted, side: int) -> FloatArray:
    """Return the observed p-values at one end of what lost toys leave open, shape (1, 3)."""
    if not np.isfinite(q):
        return np.full((1, 3), np.nan)
    p, effective = toys.tails(np.array([q]))
    good = np.append(effective, effective.min()) >= ENOUGH
    return np.where(good, _shifted(toys, p, side), np.nan)


def _bands(toys: Weighted, side: int | None = None, enough: float = ENOUGH) -> FloatArray:
    """Return the quantiles of the three p-values over the toys of the alternative, shape (5, 3).

    With a side lost toys expect nothing (0) or everything (1). NaN where fewer than `enough` are behind a quantile.
    """
    likely = np.isfinite(toys.q) & (toys.weights[1] > 0)
    if not likely.any():
        return np.full((len(BANDS), 3), np.nan)
    w = toys.weights[1, likely]
    p, effective = toys.tails(toys.q[likely])
    values = _shifted(toys, p, side)
    if side is not None and toys.failures:
        values, w = np.vstack([values, np.full(3, float(side))]), np.append(w, toys.lost[1])
        effective = np.hstack([effective, np.full((2, 1), np.inf)])
    needed = np.vstack([effective, effective.min(axis=0)])
    found = np.empty((len(BANDS), 3))
    for column in range(3):
        order = np.argsort(values[:, column], kind="stable")
        reached = np.cumsum(w[order])
        at = np.minimum(np.searchsorted(reached, np.array(QUANTILES) / 100 * reached[-1]), order.size - 1)
        found[:, column] = np.where(needed[column, order[at]] >= enough, values[order[at], column], np.nan)
    return found
