"""Significances against cabinetry's and pyhf's, closed forms, and far beyond what a p-value can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, canonical, counting, model, modifier, workspace

import wilks
from wilks.errors import ModelError
from wilks.model.datasets import asimov


def z(signal: float, background: float, n: float) -> float:
    """Return sqrt(q0) of a counting experiment (1007.1727 eq. 96 with n observed)."""
    return float(np.sqrt(2 * (n * np.log(n / background) - n + background))) if n > background else 0.0


@pytest.mark.parametrize(("signal", "background", "n"), [(5, 10, 7), (5, 10, 16), (100, 3, 250), (1, 1e4, 10300)])
def test_a_counting_experiment(signal: float, background: float, n: float) -> None:
    result = wilks.significance(model(counting(signal, background, n)), injected=[0.0, 1.0, 2.5, 40.0])
    assert result.converged
    assert result.significance == pytest.approx(z(signal, background, n), abs=1e-6)
    expected = [z(signal, background, background + m * signal) for m in (0, 1, 2.5, 40)]
    np.testing.assert_allclose(result.expected_significance, expected, atol=1e-6)
    assert result.q0 == pytest.approx(result.significance**2)


@pytest.mark.parametrize("n", [150, 1500, 20000])
def test_tails_of_many_sigma_are_finite(n: int) -> None:
    result = wilks.significance(model(counting(10, 50, n)))
    assert result.significance == pytest.approx(z(10, 50, n), rel=1e-9)
    x = result.significance
    # The asymptotic series of the normal tail.
    log = -(x**2) / 2 - np.log(x * np.sqrt(2 * np.pi)) + np.log(1 - x**-2 + 3 * x**-4 - 15 * x**-6)
    assert result.log10_p_value == pytest.approx(log / np.log(10), rel=1e-8)
    assert (result.p_value == 0) == (result.significance > 38.6)
    assert "e-" in str(result)


def test_cabinetrys_example(shared_data: Path) -> None:
    folder = shared_data / "cabinetry-example" / "golden"
    golden = json.loads((folder / "example_ntuple_results.json").read_text())["significance"]
    result = wilks.significance(wilks.compile_model(wilks.load_workspace(folder / "example_ntuple_workspace.json")))
    assert result.p_value == pytest.approx(golden["observed_p_value"], rel=1e-3)
    assert result.significance == pytest.approx(golden["observed_significance"], abs=1e-3)
    assert result.expected_p_value[0] == pytest.approx(golden["expected_p_value"], rel=1e-3)
    assert result.expected_significance[0] == pytest.approx(golden["expected_significance"], abs=1e-3)


def test_the_published_lesson(shared_data: Path) -> None:
    for name in ("workspace.json", "workspace_repaired.json"):
        result = wilks.significance(wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / name)))
        assert result.converged
        assert 100 < result.significance < 1000
        assert -1e6 < result.log10_p_value < -1000


def test_it_is_the_test_of_q0() -> None:
    found = model(canonical())
    data = np.concatenate([[60, 65], found.auxiliary])
    result, test = wilks.significance(found, data), wilks.hypotest(found, data, statistic="q0")
    assert result.p_value == pytest.approx(test.observed.clsb[0])
    assert result.expected_p_value[0] == pytest.approx(test.expected.clsb[0, 2], rel=1e-6)
    assert result.significance == pytest.approx(np.sqrt(2.98339447), abs=1e-5)


def test_expected_before_the_fit_is_that_of_asimov_data() -> None:
    found = model(counting(8, 20, 60))
    data = asimov(found, values={"mu": 1.5})
    result = wilks.significance(found, data, injected=1.5)
    assert result.significance == pytest.approx(z(8, 20, 32), abs=1e-6)
    assert result.significance == pytest.approx(result.expected_significance[0], abs=1e-6)
    assert result.best_value == pytest.approx(1.5, abs=1e-6)


def test_a_deficit_is_no_signal() -> None:
    result = wilks.significance(model(counting(8, 20, 11)))
    assert (result.significance, result.p_value) == (0, 0.5)
    assert result.best_value == 0


def test_a_signal_that_must_be_there_has_a_status() -> None:
    """One bin has events and nothing but signal: without signal there is no fit."""
    samples = {
        "signal": ([5.0, 2.0], [MU]),
        "background": ([10.0, 0.0], [modifier("k", "normsys", {"lo": 0.9, "hi": 1.1})]),
    }
    result = wilks.significance(model(workspace({"SR": samples}, {"SR": [14, 3]})))
    assert not result.converged
    assert np.isnan(result.significance)
    where = 'channel "SR", bin 1 has {} events and no positive rate; q0 is infinite unless another parameter brings'
    assert where.format(3) in result.status
    assert result.status.startswith("without signal")
    assert where.format(2) in result.expected_statuses[0]
    assert result.status in str(result)
    assert str(result).count("n/a") == 4


def test_another_parameter_of_interest() -> None:
    first = workspace({"SR": {"s": ([5.0], [modifier("x", "normfactor")]), "b": ([9.0], [MU])}}, {"SR": [17]}, poi="mu")
    result = wilks.significance(model(first), poi="x", fixed={"mu": 1})
    assert result.poi == "x"
    assert result.significance == pytest.approx(z(5, 9, 17), abs=1e-6)


def test_it_is_saved(tmp_path: Path) -> None:
    result = wilks.significance(model(counting(10, 50, 1500)), injected=[1, 2], toys=40)
    result.save(tmp_path / "result.json")
    again = wilks.load_result(tmp_path / "result.json")
    assert str(again) == str(result)
    assert again.log10_p_value == result.log10_p_value
    assert repr(again) == repr(result)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"injected": -1.0}, "not below 0"),
        ({"injected": [1.0, np.inf]}, "finite"),
        ({"poi": "m"}, "no parameter of interest"),
        ({"toys": -1}, "at least one"),
        ({"toys": 5, "seed": -1}, "seed must be a whole number"),
    ],
)
def test_bad_input(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        wilks.significance(model(canonical()), **options)
