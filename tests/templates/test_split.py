from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.templates.split import Split, both_sides, has_shape, mirrored, split


@given(st.integers(2, 6).flatmap(lambda n: st.tuples(*[st.lists(st.floats(0.1, 1e4), min_size=n, max_size=n)] * 2)))
def test_a_split_is_put_together_again(pair: tuple[list[float], list[float]]) -> None:
    nominal, variation = map(np.array, pair)
    part = split(variation, nominal)
    assert part.shape.sum() == pytest.approx(nominal.sum())
    np.testing.assert_allclose(part.variation, variation, rtol=1e-12)


@pytest.mark.parametrize(("variation", "nominal"), [([0.0, 0.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0])])
def test_without_a_ratio_the_shape_is_all(variation: list[float], nominal: list[float]) -> None:
    part = split(np.array(variation), np.array(nominal))
    assert (part.factor, part.shape.tolist()) == (1.0, variation)


def test_a_missing_side_is_mirrored() -> None:
    nominal, up = np.array([10.0, 30.0]), np.array([22.0, 22.0])
    high, low = both_sides(nominal, up, None)
    assert (high.factor, high.shape.tolist()) == (pytest.approx(1.1), [20.0, 20.0])
    assert (low.factor, low.shape.tolist()) == (pytest.approx(0.9), [0.0, 40.0])
    other, given_side = both_sides(nominal, None, up)
    assert (other.factor, given_side.factor) == (low.factor, high.factor)
    assert mirrored(low, nominal).factor == pytest.approx(high.factor)
    with pytest.raises(ValueError, match="at least one side"):
        both_sides(nominal, None, None)


def test_one_bin_has_no_shape_unless_there_is_no_factor() -> None:
    one = np.array([3.0])
    assert not has_shape(one, split(np.array([4.0]), one), split(np.array([2.0]), one))
    assert has_shape(one, Split(1.0, np.array([0.0])), Split(1.0, one))
    assert has_shape(np.array([1.0, 1.0]), Split(1.0, np.ones(2)), Split(1.0, np.ones(2)))
