"""Weighted toys against exact counting models and against toys without weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import counting, model, modifier, one_channel

import wilks
from wilks.errors import ModelError
from wilks.infer.study import Running


@pytest.mark.parametrize(("background", "n"), [(3.0, 22), (100.0, 165), (0.5, 9), (20.0, 23), (1e4, 10_700)])
def test_tails_of_a_count(background: float, n: int) -> None:
    found = wilks.significance(model(counting(5, background, n, bounds=(0, 500))), toys=4000, importance=True)
    exact = float(stats.poisson.sf(n - 1, background))
    assert abs(found.toy_p_value - exact) < 4 * found.toy_error
    assert found.toy_error < 0.08 * exact
    assert 100 < found.effective_toys < 4000
    assert found.toy_significance == pytest.approx(stats.norm.isf(found.toy_p_value), rel=1e-9)


def test_nothing_is_seen_with_certainty() -> None:
    found = wilks.significance(model(counting(5, 20, 15)), toys=200, importance=True)
    assert found.q0 == 0
    assert found.toy_p_value == 1
    assert np.isnan(found.toy_significance)


def on_off(n: int, m: int, tau: float) -> float:
    """Return p0 of an on/off count given the estimate of the background: summed over n and m where q0 is as large."""

    def q0(n: np.ndarray, m: np.ndarray) -> np.ndarray:
        rate = (n + m) / (1 + tau)
        up = n - m / tau > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            t = 2 * (np.where(n > 0, n * np.log(n / rate), 0) + np.where(m > 0, m * np.log(m / (tau * rate)), 0))
        return np.where(up, t, 0.0)

    rate = (n + m) / (1 + tau)
    on, off = np.meshgrid(np.arange(200.0), np.arange(300.0), indexing="ij")
    p = stats.poisson.pmf(on, rate) * stats.poisson.pmf(off, tau * rate)
    return float(p[q0(on, off) >= q0(np.array(float(n)), np.array(float(m))) - 1e-9].sum())


def test_auxiliary_counts_are_weighted_too() -> None:
    """A background of 10 from 40 events in a region four times as large: Poisson auxiliary data."""
    background, tau = 10.0, 4.0
    spec = one_channel([5], [background], [28], [modifier("k", "shapesys", [background / np.sqrt(40.0)])])
    found = wilks.significance(model(spec), toys=4000, importance=True)
    exact = on_off(28, 40, tau)
    assert 1e-6 < exact < 1e-4
    assert abs(found.toy_p_value - exact) < 4 * found.toy_error
    assert found.toy_error < 0.1 * exact


def test_normal_auxiliary_data_as_by_brute_force() -> None:
    spec = one_channel([6, 4], [20, 30], [33, 38], [modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1})])
    weighted = wilks.significance(model(spec), toys=3000, importance=True)
    plain = wilks.significance(model(spec), toys=40_000)
    assert 0.002 < plain.toy_p_value < 0.03
    assert abs(weighted.toy_p_value - plain.toy_p_value) < 4 * np.hypot(weighted.toy_error, plain.toy_error)


def test_the_same_numbers_with_any_number_of_threads_and_from_a_file(tmp_path: Path) -> None:
    asked = model(one_channel([12, 11], [50, 52], [80, 80], [modifier("uncorrelated", "shapesys", [3, 7])]))
    one, two = (wilks.significance(asked, toys=400, importance=True, threads=threads) for threads in (1, 3))
    assert one.toy_p_value == two.toy_p_value
    one.save(tmp_path / "significance.json")
    assert str(wilks.load_result(tmp_path / "significance.json")) == str(one)
    assert "as good as" in str(one)


def test_after_ctrl_c_the_toys_that_are_made_count() -> None:
    """In the second of several rounds: the weights are those of the fractions that parts have by then."""
    stop = Running(progress=lambda done, _: done < 3500)
    found = wilks.significance(model(counting(5, 3, 18)), toys=5000, importance=True, running=stop)
    assert 1000 < found.interrupted < 4500
    exact = float(stats.poisson.sf(17, 3))
    assert abs(found.toy_p_value - exact) < 4 * found.toy_error
    assert found.toy_error < 0.2 * exact
    assert "interrupted" in str(found)
    nothing = wilks.significance(
        model(counting(5, 3, 18)), toys=500, importance=True, running=Running(progress=lambda done, _: False)
    )
    assert np.isnan(nothing.toy_p_value)


def test_a_best_fit_at_a_bound_does_not_reach_the_data() -> None:
    """40 events where the largest signal allowed brings 13: no toy is as large, and the answer is none."""
    asked = {"bounds": {"mu": (0.0, 2.0)}, "toys": 500, "importance": True}
    found = wilks.significance(model(counting(5, 3, 40)), **asked)
    assert np.isnan(found.toy_p_value)
    assert found.effective_toys < 10
    assert "too few count for p0" in str(found)


def test_weights_need_toys() -> None:
    with pytest.raises(ModelError, match="say how many"):
        wilks.significance(model(counting(5, 3, 22)), importance=True)
