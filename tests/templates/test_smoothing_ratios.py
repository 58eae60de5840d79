from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.templates.smoothing import smooth_353qh_twice
from wilks.templates.smoothing_ratios import best_bandwidth, kernel, max_variation, merged_bins

RNG = np.random.default_rng(7)


def slow_kernel(ratio: list[float], weights: list[float], bandwidth: float, leave_out: bool = False) -> list[float]:
    found = []
    for i in range(len(ratio)):
        total = norm = 0.0
        for j in range(len(ratio)):
            if leave_out and i == j:
                continue
            weight = weights[j] * math.exp(-((i - j) ** 2) / (2 * bandwidth**2))
            total += weight * ratio[j]
            norm += weight
        found.append(total / norm if norm else ratio[i])
    return found


def slow_groups(nominal: list[float], sumw2: list[float], tolerance: float) -> list[list[int]]:
    """Bins merged from the left, written as the rule reads."""
    groups: list[list[int]] = [[]]
    for i in range(len(nominal)):
        groups[-1].append(i)
        total = sum(nominal[j] for j in groups[-1])
        error = math.sqrt(sum(sumw2[j] for j in groups[-1]))
        if total > 0 and error / total <= tolerance:
            groups.append([])
    last = groups.pop()
    if groups:
        groups[-1] += last
    else:
        groups = [last]
    return groups


def slow_max_variation(
    variation: list[float], nominal: list[float], sumw2: list[float], tolerance: float
) -> list[float]:
    while True:
        groups = slow_groups(nominal, sumw2, tolerance)
        ratios = [sum(variation[i] for i in g) / sum(nominal[i] for i in g) for g in groups]
        steps = [b - a for a, b in pairwise(ratios) if b != a]
        if sum(a * b < 0 for a, b in pairwise(steps)) <= 4:
            break
        tolerance /= 2
    flat = [0.0] * len(nominal)
    for group, ratio in zip(groups, ratios, strict=True):
        for i in group:
            flat[i] = ratio
    return smooth_353qh_twice(np.array(flat)).tolist()


@pytest.mark.parametrize("bandwidth", [0.3, 1.0, 4.5])
def test_kernel_is_the_sum_that_it_stands_for(bandwidth: float) -> None:
    ratio, weights = RNG.normal(1, 0.1, 9), RNG.uniform(0.5, 30, 9)
    np.testing.assert_allclose(
        kernel(ratio, weights, bandwidth), slow_kernel(ratio.tolist(), weights.tolist(), bandwidth), rtol=1e-12
    )


@given(st.floats(0.1, 10), st.lists(st.floats(0.1, 100), min_size=1, max_size=12), st.floats(0.1, 50))
def test_a_constant_ratio_stays_constant(value: float, weights: list[float], bandwidth: float) -> None:
    ratio = np.full(len(weights), value)
    np.testing.assert_allclose(kernel(ratio, np.array(weights), bandwidth), value, rtol=1e-12)
    nominal = np.array(weights)
    smooth, _, _ = max_variation(value * nominal, nominal, nominal, 0.5)
    np.testing.assert_allclose(smooth, value, rtol=1e-12)


def test_kernel_limits() -> None:
    ratio, weights = np.array([1.0, 2.0, 0.5]), np.array([1.0, 3.0, 1.0])
    np.testing.assert_allclose(kernel(ratio, weights, 1e-3), ratio)
    np.testing.assert_allclose(kernel(ratio, weights, 1e6), np.average(ratio, weights=weights))


def test_the_bandwidth_is_that_of_the_best_prediction_of_left_out_bins() -> None:
    x = np.arange(20)
    ratio, weights = 1 + 0.2 * np.sin(x / 4) + RNG.normal(0, 0.03, 20), RNG.uniform(50, 100, 20)
    found = best_bandwidth(ratio, weights)

    def error(bandwidth: float) -> float:
        predicted = slow_kernel(ratio.tolist(), weights.tolist(), bandwidth, leave_out=True)
        return sum(w * (r - p) ** 2 for w, r, p in zip(weights, ratio, predicted, strict=True))

    candidates = np.geomspace(0.5, 20, 25)
    assert found == pytest.approx(min(candidates, key=error))
    assert 0.5 < found < 5
    assert best_bandwidth(np.ones(8), np.ones(8)) == 8
    assert best_bandwidth(np.ones(1), np.ones(1)) == 1


@pytest.mark.parametrize("tolerance", [0.02, 0.08, 0.3])
def test_merged_bins_are_significant(tolerance: float) -> None:
    nominal = RNG.exponential(30, 25)
    sumw2 = nominal * RNG.uniform(0.5, 2, 25)
    group = merged_bins(nominal, sumw2, tolerance)
    expected = slow_groups(nominal.tolist(), sumw2.tolist(), tolerance)
    assert [np.flatnonzero(group == i).tolist() for i in range(group.max() + 1)] == expected


@pytest.mark.parametrize("tolerance", [0.05, 0.08, 0.5])
def test_max_variation_is_its_rule_written_out(tolerance: float) -> None:
    for _ in range(20):
        nominal = RNG.exponential(200, 15) + 1
        sumw2 = nominal * RNG.uniform(0.5, 2, 15)
        variation = nominal * RNG.normal(1.05, 0.2, 15)
        smooth, used, bins = max_variation(variation, nominal, sumw2, tolerance)
        expected = slow_max_variation(variation.tolist(), nominal.tolist(), sumw2.tolist(), tolerance)
        np.testing.assert_allclose(smooth, expected, rtol=1e-12)
        assert used <= tolerance
        assert 1 <= bins <= 15


def test_merging_goes_on_until_the_ratio_turns_little() -> None:
    nominal = np.full(12, 1e4)
    variation = nominal * (1 + 0.1 * (-1.0) ** np.arange(12))
    smooth, used, bins = max_variation(variation, nominal, nominal, 0.08)
    assert used < 0.08
    assert bins < 12
    np.testing.assert_allclose(smooth, 1, atol=0.04)
    # Without statistical uncertainties nothing can be merged, and this ends all the same.
    assert max_variation(variation, nominal, np.zeros(12), 0.08)[2] == 12
