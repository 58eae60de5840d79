"""Global significances against models whose answer is known, and against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import MU, modifier, workspace

import wilks
from wilks._types import FloatArray
from wilks.errors import ModelError
from wilks.infer.study import Running
from wilks.workspace.workspace import Workspace

BACKGROUND = 30.0
BINS = 12


def one_bin_each(observed: FloatArray) -> dict[float, Workspace]:
    """Return signals of one bin each on a background that is known: local searches that are independent."""
    found = {}
    for place in range(BINS):
        signal = [10.0 * (bin == place) for bin in range(BINS)]
        samples = {"s": (signal, [MU]), "b": ([BACKGROUND] * BINS, [])}
        found[float(place)] = wilks.load_workspace(workspace({"SR": samples}, {"SR": observed.tolist()}))
    return found


def bumps(observed: FloatArray, masses: FloatArray, events: float = 200.0) -> dict[float, Workspace]:
    """Return wide signals on an uncertain, falling background; each has an uncertainty of its own."""
    x = np.arange(observed.size) + 0.5
    falling = events * np.exp(-x / 25)
    found = {}
    for mass in masses:
        signal = 20 * np.exp(-0.5 * ((x - mass) / 2.5) ** 2)
        own = modifier(f"resolution {mass:g}", "normsys", {"lo": 0.9, "hi": 1.1})
        norm = modifier("norm", "normsys", {"lo": 0.9, "hi": 1.1})
        samples = {"s": (signal.tolist(), [MU, own]), "b": (falling.tolist(), [norm])}
        found[float(mass)] = wilks.load_workspace(workspace({"SR": samples}, {"SR": observed.tolist()}))
    return found


def test_independent_searches_multiply() -> None:
    observed = np.full(BINS, BACKGROUND)
    observed[4] = 44
    found = wilks.global_significance(one_bin_each(observed), labels=["bin"], toys=2000)
    assert found.where == 4
    q0 = 2 * (44 * np.log(44 / BACKGROUND) - 14)
    assert found.q0[4] == pytest.approx(q0, rel=1e-6)
    assert found.log_local_p == pytest.approx(stats.norm.logsf(np.sqrt(q0)), rel=1e-6)
    exact = 1 - stats.poisson.cdf(43, BACKGROUND) ** BINS
    assert abs(found.toy_p_value - exact) < 3.5 * found.toy_error
    assert found.toy_error < 0.01
    assert found.trials > 8
    # A toy rises where one bin is below the threshold and the next is not.
    high = float(stats.poisson.sf(BACKGROUND + np.sqrt(BACKGROUND), BACKGROUND))
    assert found.crossings == pytest.approx((BINS - 1) * high * (1 - high), abs=4 * found.crossings_error)


def observed_with_bump() -> FloatArray:
    x = np.arange(40) + 0.5
    background = 200 * np.exp(-x / 25)
    return np.round(background + 26 * np.exp(-0.5 * ((x - 20) / 2.5) ** 2))


MASSES = np.arange(5.0, 36.0)


def test_crossings_are_as_brute_force() -> None:
    """3.1 sigma locally: few toys, and the crossings that they have, against many."""
    few = wilks.global_significance(bumps(observed_with_bump(), MASSES), toys=150)
    assert few.names[few.where] in ("19", "20", "21")
    assert few.labels == ("x",)
    many = wilks.global_significance(bumps(observed_with_bump(), MASSES[::2]), toys=1500, seed=7)
    quantile = np.quantile(many.largest, 0.98)
    p = stats.norm.sf(np.sqrt(quantile)) + few.crossings * np.exp(0.5 * (few.threshold - quantile))
    assert p == pytest.approx(0.02, rel=0.5)
    assert few.significance < few.local_significance - 0.5
    assert few.local_for(few.significance) == pytest.approx(few.local_significance, abs=1e-6)
    assert few.coarse > 0.7 * few.crossings


def test_signals_share_toys_and_numbers_do_not_depend_on_threads(tmp_path: Path) -> None:
    signals = bumps(observed_with_bump(), MASSES[::6])
    one, two = (wilks.global_significance(signals, toys=40, threads=threads) for threads in (1, 3))
    np.testing.assert_array_equal(one.largest, two.largest)
    same = wilks.global_significance(dict.fromkeys(range(3), signals[17.0]), toys=40)
    alone = wilks.global_significance({0: signals[17.0]}, toys=40)
    np.testing.assert_allclose(same.largest, alone.largest, atol=1e-5)
    one.save(tmp_path / "global.json")
    assert str(wilks.load_result(tmp_path / "global.json")) == str(one)


def test_patches_and_statistical_uncertainties_of_the_signal() -> None:
    found = wilks.global_significance(*wilks.examples.search_grid(), toys=100)
    assert found.converged
    assert found.labels == ("mass",)
    local = wilks.significance(wilks.compile_model(wilks.examples.search()))
    assert found.local_significance == pytest.approx(local.significance, rel=1e-3)
    assert "more would be seen between the points" in str(found)


def test_ctrl_c_keeps_the_toys_that_are_done() -> None:
    signals = bumps(observed_with_bump(), MASSES[::10])
    stopped = wilks.global_significance(signals, toys=5000, running=Running(progress=lambda done, _: done < 9000))
    assert 0 < stopped.interrupted < 5000
    made = stopped.largest[: 5000 - stopped.interrupted]
    assert np.isfinite(made).all()
    assert "interrupted" in str(stopped)


def test_mistakes() -> None:
    signals = bumps(observed_with_bump(), MASSES[:2])
    with pytest.raises(ModelError) as caught:
        wilks.global_significance(signals, toys=0, seed=-1, threshold=0)
    assert len(caught.value.problems) == 3
    other = bumps(observed_with_bump()[:-1], MASSES[:1])
    with pytest.raises(ModelError, match="other channels or bins"):
        wilks.global_significance({1: signals[5.0], 2: other[5.0]}, toys=10)
    other = bumps(observed_with_bump(), MASSES[:1], events=205)
    with pytest.raises(ModelError, match="another background"):
        wilks.global_significance({1: signals[5.0], 2: other[5.0]}, toys=10)
