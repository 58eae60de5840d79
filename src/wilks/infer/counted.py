"""Test statistics of more toys than are kept one by one: how many toys have which statistic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.infer.toy_p_values import PARTS, QUANTILES, SAME, Row, Sample, compared, error_of
from wilks.results.hypotest import BANDS
from wilks.results.lost_toys import between, with_lost
from wilks.results.tested import ToyMultiplicities

# Toys of a hypothesis up to which the statistic of each is kept; of more, they are rounded to this many binary digits
# (to one part in 16 000, below 1 to 1 / 16 000) and counted.
KEPT = 1_000_000
BITS = 13
# Pieces that wait until they are made one.
_WAITING = 16


@dataclass(frozen=True, eq=False)
class Counted:
    """How many toys have which statistic: `counts` of `values`, shape (n,), in each of the `part`s of the toys, in
    ascending order of parts and values. Of all `done` toys, `failures` have none; `reason` as for a `Sample`.
    """

    values: FloatArray
    part: Positions
    counts: FloatArray
    failures: int
    done: int
    reason: str = ""

    @classmethod
    def of(cls, sample: Sample, part: int, observed: float) -> Self:
        """Return a piece of toys, all of one part. No statistic is rounded across the observed one."""
        usable = sample.q[np.isfinite(sample.q)]
        values, counts = np.unique(_rounded(usable, observed), return_counts=True)
        parts = np.full(values.size, part % PARTS)
        return cls(values, parts, counts.astype(np.float64), sample.failures, sample.done, sample.reason)

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """Return several as one."""
        values, part, counts = (
            np.concatenate([np.empty(0), *(getattr(piece, name) for piece in pieces)])
            for name in ("values", "part", "counts")
        )
        order = np.lexsort((values, part))
        values, part, counts = values[order], part[order], counts[order]
        first = np.flatnonzero(np.append(True, (np.diff(values) != 0) | (np.diff(part) != 0))[: values.size])
        return cls(
            values[first],
            part[first].astype(np.intp),
            np.add.reduceat(counts, first) if first.size else counts,
            sum(piece.failures for piece in pieces),
            sum(piece.done for piece in pieces),
            next((piece.reason for piece in pieces if piece.reason), ""),
        )

    def of_part(self, part: int) -> Tail:
        """Return the toys of one part."""
        return Tail(self.values[self.part == part], self.counts[self.part == part])

    @cached_property
    def tail(self) -> Tail:
        """All toys."""
        values, place = np.unique(self.values, return_inverse=True)
        return Tail(values, np.bincount(place, self.counts, values.size).astype(np.float64))


def add(found: list[Sample | Counted], piece: Sample | Counted) -> None:
    """Append a piece; counted ones are made one now and then, so that they take little memory."""
    found.append(piece)
    counted = [each for each in found if isinstance(each, Counted)]
    if len(counted) == len(found) > _WAITING:
        found[:] = [Counted.joined(counted)]


def gathered(found: Sequence[Sample | Counted], toys: int) -> Sample | Counted:
    """Return pieces as one sample of so many toys, counted if these are more than are kept."""
    if toys > KEPT:
        return Counted.joined([each for each in found if isinstance(each, Counted)])
    return Sample.of([each for each in found if isinstance(each, Sample)], toys)


def _rounded(q: FloatArray, observed: float) -> FloatArray:
    """Return rounded statistics; those that are as large as the observed one stay so, and the others too."""
    _, exponent = np.frexp(q)
    step = np.ldexp(1.0, np.maximum(exponent - 1, 0) - BITS)
    near = np.rint(q / step) * step
    if not np.isfinite(observed):
        return np.asarray(near)
    edge = observed - SAME * max(1.0, observed)
    return np.asarray(np.where(q >= edge, np.maximum(near, edge), np.minimum(near, np.nextafter(edge, -np.inf))))


@dataclass(frozen=True, eq=False)
class Tail:
    """Statistics in ascending order, shape (n,), and how many toys have each."""

    values: FloatArray
    counts: FloatArray

    @cached_property
    def size(self) -> float:
        """How many toys there are."""
        return float(self.counts.sum())

    @cached_property
    def _above(self) -> FloatArray:
        return np.append(np.cumsum(self.counts[::-1])[::-1], 0.0)

    def not_below(self, q: FloatArray) -> FloatArray:
        """Return how many toys are as large as each statistic."""
        return np.asarray(self._above[np.searchsorted(self.values, q - SAME * np.maximum(1.0, q))])


def as_large(sample: Sample | Counted, q: float) -> int:
    """Return how many toys are as large as a statistic."""
    if isinstance(sample, Counted):
        return int(sample.tail.not_below(np.array(q)))
    return int((sample.q >= q - SAME * max(1.0, q)).sum())


def as_recorded(tested: Sequence[Sample | Counted], other: Sequence[Sample | Counted]) -> dict[str, Any]:
    """Return the fields of `ToyCounts` with the statistics of toys of several values, shape (values, toys).

    Of counted ones the different statistics, and how many toys have each: NaN and 0 where there are no more.
    """
    if not any(isinstance(sample, Counted) for sample in (*tested, *other)):
        kept = [np.stack([s.q for s in samples if isinstance(s, Sample)]) for samples in (tested, other)]
        return {"tested": kept[0], "alternative": kept[1]}
    tails = [[s.tail for s in samples if isinstance(s, Counted)] for samples in (tested, other)]
    values = [_rectangle([tail.values for tail in each], np.nan) for each in tails]
    counts = [_rectangle([tail.counts for tail in each], 0.0) for each in tails]
    return {"tested": values[0], "alternative": values[1], "multiplicities": ToyMultiplicities(*counts)}


def _rectangle(rows: Sequence[FloatArray], rest: float) -> FloatArray:
    """Return rows of different lengths in one array."""
    found = np.full((len(rows), max(row.size for row in rows)), rest)
    for filled, row in zip(found, rows, strict=True):
        filled[: row.size] = row
    return found


def compared_samples(q: float, first: Sample | Counted, second: Sample | Counted) -> Row:
    """Return what toys of the tested value and of the alternative say about the observed statistic."""
    if isinstance(first, Counted) and isinstance(second, Counted):
        return compared_counts(q, first, second)
    assert isinstance(first, Sample)
    assert isinstance(second, Sample)
    return compared(q, first, second)


def compared_counts(q: float, first: Counted, second: Counted) -> Row:
    """Return what toys of the tested value and of the alternative say about the observed statistic."""
    tested, other = first.tail, second.tail
    lost = (first.failures, second.failures)
    if not tested.size or not other.size:
        nothing, none = np.full(3, np.nan), np.full((1 + len(BANDS), 3), np.nan)
        return Row(nothing, none[1:], np.nan, np.nan, none[1:, 2], none, none)
    bands = _bands(tested, other)
    observed = _fractions(np.array([q]), tested, other)[0] if np.isfinite(q) else np.full(3, np.nan)
    errors = [error_of(p, int(toys.size)) for p, toys in zip(observed[:2], (tested, other), strict=True)]
    relative = np.hypot(errors[0] / max(observed[0], 1 / tested.size), errors[1] / max(observed[1], 1 / other.size))
    several = [_bands(first.of_part(i), second.of_part(i))[:, 2] for i in range(PARTS)]
    low, high = (_extreme(q, tested, other, lost, side) for side in (0, 1))
    high[:, 2] = np.minimum(high[:, 2], np.fmax(1.0, np.append(observed[2], bands[:, 2])))
    ends, size = np.stack([low, high], axis=-1), max(observed[2], 1 / tested.size)
    return Row(
        observed=observed,
        expected=bands,
        clsb_error=float(with_lost(errors[0], observed[0], ends[0, 0])),
        cls_error=float(with_lost(size * relative, observed[2], ends[0, 2])),
        expected_error=with_lost(np.std(several, axis=0, ddof=1) / np.sqrt(PARTS), bands[:, 2], ends[1:, 2]),
        low=low,
        high=high,
    )


def _fractions(q: FloatArray, tested: Tail, other: Tail) -> FloatArray:
    """Return CLs+b, CLb and CLs of test statistics, shape (n, 3)."""
    clsb, clb = (toys.not_below(q) / toys.size for toys in (tested, other))
    return np.stack([clsb, clb, np.divide(clsb, clb, out=np.full(q.shape, np.nan), where=clb > 0)], axis=-1)


def _bands(tested: Tail, other: Tail) -> FloatArray:
    """Return the quantiles of the three p-values over the toys of the alternative, shape (5, 3)."""
    if not tested.size or not other.size:
        return np.full((len(BANDS), 3), np.nan)
    return _quantiles(_fractions(other.values, tested, other), other.counts)


def _quantiles(values: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the quantiles of values, shape (n, 3), that so many toys have, shape (5, 3)."""
    columns = []
    for column in values.T:
        order = np.argsort(column, kind="stable")
        reached = np.cumsum(counts[order])
        at = np.searchsorted(reached, np.array(QUANTILES) / 100 * reached[-1])
        columns.append(column[order[np.minimum(at, order.size - 1)]])
    return np.stack(columns, axis=-1)


def _extreme(q: float, tested: Tail, other: Tail, lost: tuple[int, int], side: int) -> FloatArray:
    """Return CLs+b, CLb and CLs, observed first and then expected, shape (6, 3), as lost toys make them extreme: with
    `side` 0 none of them is as large as a statistic, with 1 all are (see `compared`).
    """
    q_all = np.append(q, other.values)
    tails = [between(toys.not_below(q_all), toys.size, n) for toys, n in zip((tested, other), lost, strict=True)]
    clsb, clb, against = tails[0][:, side], tails[1][:, side], tails[1][:, 1 - side]
    cls = np.divide(clsb, against, out=np.full(clsb.shape, 1.0 if lost[1] else np.nan), where=against > 0)
    found = np.stack([clsb, clb, cls], axis=-1)
    found[0] = np.where(np.isfinite(q), found[0], np.nan)
    expected, counts = np.vstack([found[1:], np.full(3, float(side))]), np.append(other.counts, float(lost[1]))
    return np.concatenate([found[:1], _quantiles(expected, counts)])
