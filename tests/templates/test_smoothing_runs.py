"""TRExFitter's smoothing by hand; its own example is in tests/assemble/test_trexfitter_example.py."""

from __future__ import annotations

import numpy as np
import pytest

from wilks.templates.smoothing import smooth_353qh_twice
from wilks.templates.smoothing_runs import _merged, _shortest_run, _turns, smoothed_runs


def test_bins_are_merged_until_they_are_known() -> None:
    # Relative uncertainties 0.1 each; of two 0.07, so that pairs are known to 8 %, and the last bin joins them.
    nominal, sumw2 = np.full(5, 100.0), np.full(5, 100.0)
    assert _merged(nominal, sumw2, 0.08).tolist() == [0, 0, 1, 1, 1]
    assert _merged(nominal, sumw2, 0.2).tolist() == [0, 1, 2, 3, 4]
    assert _merged(nominal, sumw2, 0.01).tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("ratio", "turns"),
    [
        ([1.0, 1.1, 1.2, 1.1], 1),
        ([1.1, 1.0, 1.1], 1),  # the first step is from nothing, and no turn by itself
        ([1.0, 1.1, 1.0, 1.1, 1.0], 5),  # 1, and two for each turn that follows a turn
        ([1.0, 1.0, 1.1, 1.2, 0.0, 1.3], 0),
    ],
)
def test_turns(ratio: list[float], turns: int) -> None:
    assert _turns(np.array(ratio)) == turns


def test_passes_are_twice_the_shortest_run() -> None:
    assert _shortest_run(np.array([1.0, 1.0, 1.1, 1.1, 1.1])) == 2
    assert _shortest_run(np.full(9, 1.2)) == 4
    nominal, variation = np.full(8, 100.0), np.array([104.0, 108, 110, 114, 104, 108, 100, 100])
    ratio, tolerance, bins = smoothed_runs(variation, nominal, np.full(8, 100.0), 0.08)
    pairs = np.array([1.06, 1.06, 1.12, 1.12, 1.06, 1.06, 1.0, 1.0])
    for _ in range(4):
        pairs = smooth_353qh_twice(pairs)
    np.testing.assert_allclose(ratio, pairs, rtol=1e-12)
    assert (tolerance, bins) == (0.08, 4)
    # Of 4 bins in pairs 4 passes are too many: the range is 3.
    ratio, _, _ = smoothed_runs(variation[:4], nominal[:4], np.full(4, 100.0), 0.08)
    np.testing.assert_allclose(ratio, [1.06, 1.06, 1.12, 1.12])


def test_bins_are_merged_further_where_the_ratio_turns_too_often() -> None:
    nominal, variation = np.full(8, 1000.0), np.array([1100.0, 1000, 1100, 1000, 1100, 1000, 1100, 1000])
    _, tolerance, bins = smoothed_runs(variation, nominal, np.full(8, 1000.0), 0.08, 4)
    assert (tolerance, bins) == (0.02, 2)
    _, tolerance, bins = smoothed_runs(variation, nominal, np.full(8, 1000.0), 0.08, 20)
    assert (tolerance, bins) == (0.08, 8)


def test_empty_bins_stay() -> None:
    zeros = np.zeros(4)
    ratio, _, _ = smoothed_runs(zeros, zeros, zeros, 0.08)
    assert ratio.tolist() == [0.0] * 4
