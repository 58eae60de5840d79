"""p-values of toys by counting, and their intervals by trying every value that lost toys might have had."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from wilks.infer.toy_p_values import Sample, compared, fractions, ranges, usable

NAN = float("nan")
BIG, SMALL = 1e3, 0.0


def test_pieces_make_one_sample() -> None:
    pieces = [Sample(np.array([1.0, NAN]), 2, "lost"), Sample(np.array([0.5, NAN, NAN]), 2)]
    found = Sample.of(pieces, 7)
    assert (found.done, found.failures, found.reason) == (4, 2, "lost")
    np.testing.assert_array_equal(found.q, [1.0, NAN, 0.5, NAN, NAN, NAN, NAN])
    assert Sample.of([], 2).done == 0


def test_fractions_count_equal_statistics() -> None:
    tested, other = np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0, 4.0])
    found = fractions(np.array([0.0, 1.0 + 1e-9, 2.5, 9.0]), tested, other)
    np.testing.assert_allclose(found[:, 0], [1, 0.5, 0, 0])
    np.testing.assert_allclose(found[:, 1], [1, 0.75, 0.5, 0])
    np.testing.assert_allclose(found[:3, 2], [1, 2 / 3, 0])
    assert np.isnan(found[3, 2])


def lost(q: np.ndarray, count: int) -> Sample:
    """Return a sample with some toys lost, in the middle, and some not made."""
    values = np.concatenate([q[:3], np.full(count, NAN), q[3:], [NAN, NAN]])
    return Sample(values, values.size - 2, "lost" if count else "")


@pytest.mark.parametrize(("first", "second"), [(0, 0), (2, 0), (0, 2), (1, 2), (3, 3)])
@pytest.mark.parametrize("q", [0.4, 1.5, 7.0])
def test_intervals_hold_what_lost_toys_might_have_given(q: float, first: int, second: int) -> None:
    random = np.random.default_rng(5)
    tested, other = random.exponential(1.0, 40), random.exponential(4.0, 30)
    row = compared(q, lost(tested, first), lost(other, second))
    found = []
    for a, b in product(product([SMALL, 1.0, BIG], repeat=first), product([SMALL, 1.0, BIG], repeat=second)):
        whole = compared(q, lost(np.append(tested, a), 0), lost(np.append(other, b), 0))
        found.append(np.concatenate([whole.observed[None], whole.expected]))
    every = np.stack(found)
    assert (row.low <= every.min(axis=0) + 1e-12).all()
    possible = np.minimum(every.max(axis=0), np.fmax(1.0, np.concatenate([row.observed[None], row.expected])))
    assert (possible <= row.high + 1e-12).all()
    # The ends of the observed ones are reached, unless CLs would be above 1.
    np.testing.assert_allclose(row.low[0], every.min(axis=0)[0])
    np.testing.assert_allclose(row.high[0], possible[0])
    central = np.concatenate([row.observed[None], row.expected])
    assert (row.low <= central).all()
    assert (central <= row.high).all()


def test_without_lost_toys_there_is_nothing_open() -> None:
    random = np.random.default_rng(6)
    row = compared(1.0, Sample(random.exponential(1, 300), 300), Sample(random.exponential(3, 300), 300))
    np.testing.assert_array_equal(row.low, row.high)
    np.testing.assert_array_equal(row.low[0], row.observed)
    np.testing.assert_array_equal(row.low[1:], row.expected)


def test_errors_reach_to_the_farther_end() -> None:
    random = np.random.default_rng(7)
    tested, other = random.exponential(1, 400), random.exponential(3, 400)
    whole, part = compared(1.0, lost(tested, 0), lost(other, 0)), compared(1.0, lost(tested, 40), lost(other, 0))
    farther = max(part.observed[0] - part.low[0, 0], part.high[0, 0] - part.observed[0])
    assert farther > 0.03
    assert part.clsb_error == pytest.approx(np.hypot(whole.clsb_error, farther))
    assert part.cls_error > np.hypot(0.9 * whole.cls_error, farther)
    assert (part.expected_error >= whole.expected_error).all()


def test_lost_toys_alone_leave_everything_open() -> None:
    row = compared(1.0, Sample(np.full(5, NAN), 5, "lost"), lost(np.arange(1.0, 9.0), 0))
    assert np.isnan(row.observed).all()
    np.testing.assert_array_equal(row.low[0, [0, 2]], 0.0)
    np.testing.assert_array_equal(row.high[0, [0, 2]], 1.0)
    assert usable(np.array([NAN, 2.0, 1.0])).tolist() == [1.0, 2.0]


def test_ranges_of_several_values_have_their_shapes() -> None:
    random = np.random.default_rng(8)
    rows = [compared(q, lost(random.exponential(1, 50), 3), lost(random.exponential(2, 50), 1)) for q in (0.5, 2.0)]
    found = ranges(rows)
    assert found.clsb.shape == found.clb.shape == found.cls.shape == (2, 2)
    assert found.expected_clsb.shape == found.expected_cls.shape == (2, 5, 2)
    assert (found.cls[:, 0] < found.cls[:, 1]).all()
    assert found.clb[1, 1] == rows[1].high[0, 1]
    assert found.expected_cls[0, 2, 0] == rows[0].low[3, 2]
