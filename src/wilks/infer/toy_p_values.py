"""p-values from the test statistics of toys, with their errors, and with what toys leave open whose fit failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from wilks._types import FloatArray
from wilks.results.hypotest import BANDS, HypothesisTest
from wilks.results.lost_toys import between, with_lost
from wilks.results.tested import PValues, ToyCounts, ToyRanges

# Two test statistics closer than this are the same: fits are not more exact.
SAME = 1e-6
QUANTILES = (2.275, 15.866, 50.0, 84.134, 97.725)
PARTS = 8


@dataclass(frozen=True, eq=False)
class Sample:
    """Test statistics of toys, shape (toys,), NaN without a fit; those from number `done` on were not made.

    `reason` is how the first of the fits ended that failed, an empty text where none did.
    """

    q: FloatArray
    done: int
    reason: str = ""

    @classmethod
    def of(cls, pieces: Sequence[Sample], toys: int) -> Sample:
        """Return the pieces as one sample of so many toys."""
        q = np.concatenate([np.empty(0), *(piece.q for piece in pieces)])
        missing = np.full(toys - q.size, np.nan)
        reason = next((piece.reason for piece in pieces if piece.reason), "")
        return cls(np.concatenate([q, missing]), sum(piece.done for piece in pieces), reason)

    @property
    def failures(self) -> int:
        """How many of the toys that were made have no fit."""
        return int(np.isnan(self.q[: self.done]).sum())


@dataclass(frozen=True, eq=False)
class Row:
    """What toys say about one value: CLs+b, CLb, CLs, shape (3,), and expected, shape (5, 3); errors.

    `low` and `high` are the same with toys whose fit failed, observed first, shape (6, 3).
    """

    observed: FloatArray
    expected: FloatArray
    clsb_error: float
    cls_error: float
    expected_error: FloatArray
    low: FloatArray
    high: FloatArray


def compared(q: float, first: Sample, second: Sample) -> Row:
    """Return what toys of the tested value and of the alternative say about the observed statistic."""
    parts = [(first.q[i::PARTS], second.q[i::PARTS]) for i in range(PARTS)]
    tested, other = usable(first.q), usable(second.q)
    nothing = np.full(3, np.nan)
    low, high = (_extreme(q, tested, other, (first.failures, second.failures), side) for side in (0, 1))
    bands = _bands(tested, other)
    if not tested.size or not other.size:
        high[:, 2] = np.minimum(high[:, 2], 1.0)
        return Row(nothing, bands, np.nan, np.nan, bands[:, 2], low, high)
    observed = fractions(np.array([q]), tested, other)[0] if np.isfinite(q) else nothing
    errors = [error_of(p, side.size) for p, side in zip(observed[:2], (tested, other), strict=True)]
    relative = np.hypot(errors[0] / max(observed[0], 1 / tested.size), errors[1] / max(observed[1], 1 / other.size))
    several = [_bands(usable(one), usable(two))[:, 2] for one, two in parts]
    spread: FloatArray = np.std(several, axis=0, ddof=1) / np.sqrt(PARTS)
    size = max(observed[2], 1 / tested.size)
    # That toys have CLs above 1 is chance; those that are lost make it no larger.
    high[:, 2] = np.minimum(high[:, 2], np.fmax(1.0, np.append(observed[2], bands[:, 2])))
    ends = np.stack([low, high], axis=-1)
    return Row(
        observed=observed,
        expected=bands,
        clsb_error=float(with_lost(errors[0], observed[0], ends[0, 0])),
        cls_error=float(with_lost(size * relative, observed[2], ends[0, 2])),
        expected_error=with_lost(spread, bands[:, 2], ends[1:, 2]),
        low=low,
        high=high,
    )


def _extreme(q: float, tested: FloatArray, other: FloatArray, lost: tuple[int, int], side: int) -> FloatArray:
    """Return CLs+b, CLb and CLs, observed first and then expected, shape (6, 3), as lost toys make them extreme.

    With `side` 0 none of them is as large as a statistic, with 1 all are; CLs is smallest, and largest, if it is the
    other way round for those of the alternative. Lost toys of the alternative expect nothing (0) or everything (1).
    """
    statistics = np.append(q, other)
    tails = [between(_not_below(statistics, toys), toys.size, n) for toys, n in zip((tested, other), lost, strict=True)]
    clsb, clb, against = tails[0][:, side], tails[1][:, side], tails[1][:, 1 - side]
    cls = np.divide(clsb, against, out=np.full(clsb.shape, 1.0 if lost[1] else np.nan), where=against > 0)
    found = np.stack([clsb, clb, cls], axis=-1)
    found[0] = np.where(np.isfinite(q), found[0], np.nan)
    expected = np.concatenate([found[1:], np.full((lost[1], 3), float(side))])
    if not len(expected):
        return np.concatenate([found[:1], np.full((len(BANDS), 3), np.nan)])
    return np.concatenate([found[:1], np.percentile(expected, QUANTILES, axis=0)])


def usable(q: FloatArray) -> FloatArray:
    """Return the test statistics of toys that have one, sorted."""
    return np.sort(q[np.isfinite(q)])


def _not_below(q: FloatArray, toys: FloatArray) -> FloatArray:
    """Return how many of (sorted) toys are as large as each statistic."""
    return np.asarray(toys.size - np.searchsorted(toys, q - SAME * np.maximum(1, q)), np.float64)


def fractions(q: FloatArray, tested: FloatArray, other: FloatArray) -> FloatArray:
    """Return CLs+b, CLb and CLs of test statistics, shape (..., 3): fractions of (sorted) toys that are not below."""
    clsb, clb = (_not_below(q, toys) / toys.size for toys in (tested, other))
    cls = np.divide(clsb, clb, out=np.full(q.shape, np.nan), where=clb > 0)
    return np.stack([clsb, clb, cls], axis=-1)


def _bands(tested: FloatArray, other: FloatArray) -> FloatArray:
    """Return the quantiles of the three p-values over the toys of the alternative (pyhf's), shape (5, 3)."""
    if not tested.size or not other.size:
        return np.full((len(BANDS), 3), np.nan)
    return cast(FloatArray, np.percentile(fractions(other, tested, other), QUANTILES, axis=0))


def error_of(fraction: float, count: int) -> float:
    """Return the standard deviation of a fraction; one toy in addition keeps that of 0 and 1 from vanishing."""
    p = (fraction * count + 1) / (count + 2)
    return float(np.sqrt(p * (1 - p) / count))


def ranges(rows: Sequence[Row]) -> ToyRanges:
    """Return where p-values lie, of several values."""
    ends = np.stack([np.stack([row.low, row.high], axis=-1) for row in rows])
    return ToyRanges(
        clsb=ends[:, 0, 0],
        clb=ends[:, 0, 1],
        cls=ends[:, 0, 2],
        expected_clsb=ends[:, 1:, 0],
        expected_cls=ends[:, 1:, 2],
    )


def p_values(p: FloatArray) -> PValues:
    """Return p-values from CLs+b, CLb and CLs on the last axis."""

    def log10(values: FloatArray) -> FloatArray:
        return np.log10(values, out=np.full(values.shape, -np.inf), where=values > 0) + 0 * values

    return PValues(p[..., 0], p[..., 1], p[..., 2], log10(p[..., 0]), log10(p[..., 2]))


def with_rows(
    base: HypothesisTest, rows: Sequence[Row], statuses: Sequence[str], counts: ToyCounts, **settings: object
) -> HypothesisTest:
    """Return a test with what toys say about each value in place of the asymptotic answers; `settings` are of toys."""
    kept = {name: value for name, value in base.origin.settings.items() if name != "base"}
    return replace(
        base,
        calculator="toys",
        base="",
        observed=p_values(np.array([row.observed for row in rows])),
        expected=p_values(np.stack([row.expected for row in rows])),
        statuses=tuple(statuses),
        origin=replace(base.origin, settings={**kept, "calculator": "toys", **settings}),
        counts=counts,
    )
