from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.templates.smoothing import smooth_353qh_twice


def one_pass(x: list[float]) -> list[float]:
    """353QH bin by bin, as the lectures describe it."""
    n = len(x)
    a = [x[0], *(median(x[i - 1 : i + 2]) for i in range(1, n - 1)), x[-1]]
    a[0] = median([x[0], a[1], 3 * a[1] - 2 * a[2]])
    a[-1] = median([x[-1], a[-2], 3 * a[-2] - 2 * a[-3]])
    b = list(a)
    b[1], b[-2] = median(a[:3]), median(a[-3:])
    for i in range(2, n - 2):
        b[i] = median(a[i - 2 : i + 3])
    c = [b[0], *(median(b[i - 1 : i + 2]) for i in range(1, n - 1)), b[-1]]
    d = list(c)
    for i in range(2, n - 2):
        left, right = c[i - 2] - c[i], c[i + 2] - c[i]
        if c[i - 1] == c[i] == c[i + 1] and left * right > 0:
            # The parabola through the flat part and two steps to either side, flatter side first.
            j = -1 if abs(right) > abs(left) else 1
            d[i] = -c[i - 2 * j] / 2 + 4 * c[i] / 3 + c[i + 2 * j] / 6
            d[i + j] = (c[i + 2 * j] - c[i - 2 * j]) / 2 + c[i]
    return [d[0], *(d[i - 1] / 4 + d[i] / 2 + d[i + 1] / 4 for i in range(1, n - 1)), d[-1]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # PP-04
        ([1, 3, 2, 5], [1, 2, 3.25, 5]),
        ([1, 3, 2, 5, 11, 3, 8], [1, 2.125, 3.66666667, 5.08333333, 6.16666667, 7.375, 8]),
        ([], []),
        ([4, 9], [4, 9]),
        ([2, 2, 2, 2, 2], [2, 2, 2, 2, 2]),
    ],
)
def test_known_numbers(values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(smooth_353qh_twice(np.array(values, dtype=float)), expected, rtol=1e-8)


@given(st.lists(st.integers(-20, 20).map(float), min_size=3, max_size=30))
def test_agrees_with_a_bin_by_bin_calculation(values: list[float]) -> None:
    smooth = one_pass(values)
    rough = one_pass([value - s for value, s in zip(values, smooth, strict=True)])
    expected = np.add(smooth, rough)
    if min(values) >= 0:
        expected = np.maximum(expected, 0)
    np.testing.assert_allclose(smooth_353qh_twice(np.array(values)), expected, rtol=1e-9, atol=1e-9)


def test_the_input_is_left_alone() -> None:
    values = np.array([1.0, 9.0, 2.0, 5.0])
    smooth_353qh_twice(values)
    assert values.tolist() == [1.0, 9.0, 2.0, 5.0]
