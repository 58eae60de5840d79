"""Limits against pyhf's and cabinetry's, closed forms, and root finding by brute force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats
from tests.fuzz.models import random_workspace
from tests.infer.searches import MU, canonical, counting, model, modifier, one_channel, poisson_q, workspace

import wilks
from wilks.errors import ModelError
from wilks.infer.study import Running
from wilks.model.datasets import asimov


def closed_form(signal: float, background: float, n: float, level: float = 0.95) -> tuple[float, list[float]]:
    """Return observed and expected limits of a counting experiment, from 1007.1727 and Brent's method."""

    def log_cls(mu: float, y: float | None) -> float:
        qa = poisson_q(signal, background, background, mu)
        if y is None:
            q = poisson_q(signal, background, n, mu)
            y = np.sqrt(q) - np.sqrt(qa) if q <= qa else (q - qa) / (2 * np.sqrt(qa))
        return float(stats.norm.logsf(y + np.sqrt(qa)) - stats.norm.logsf(y) - np.log(1 - level))

    limits = [optimize.brentq(log_cls, 1e-6, 1e5, args=(y,), xtol=1e-13) for y in (None, 2.0, 1.0, 0.0, -1.0, -2.0)]
    return limits[0], limits[1:]


@pytest.mark.parametrize("level", [0.6, 0.9, 0.95, 0.999])
@pytest.mark.parametrize(
    ("signal", "background", "n"), [(5, 10, 7), (5, 10, 16), (0.01, 3, 3), (3, 1000, 1100), (2, 0.4, 0)]
)
def test_a_counting_experiment(signal: float, background: float, n: float, level: float) -> None:
    """Limits of 10 and more are beyond the parameter's range; the model with a signal of 0.01 has them at 500."""
    observed, expected = closed_form(signal, background, n, level)
    result = wilks.limit(model(counting(signal, background, n)), level=level)
    assert result.converged, result
    assert result.observed == pytest.approx(observed, rel=2e-6)
    np.testing.assert_allclose(result.expected, expected, rtol=2e-6)


def test_pyhfs_canonical_limits() -> None:
    """pyhf's numbers come from fits that stop early and a root to 1e-4."""
    result = wilks.limit(model(canonical()))
    assert result.observed == pytest.approx(1.01156939, rel=2e-5)
    np.testing.assert_allclose(result.expected, [0.55988001, 0.75702336, 1.06234693, 1.50116923, 2.05078596], rtol=2e-5)
    assert "observed" in str(result)
    assert result.best_value == 0


def test_limits_are_where_cls_is_that_of_the_level() -> None:
    for statistic in ("q", "q~"):
        for base in ("normal", "clipped_normal"):
            found = model(canonical())
            limits = wilks.limit(found, level=0.9, statistic=statistic, base=base)
            values = [limits.observed, *limits.expected]
            tests = wilks.hypotest(found, value=values, statistic=statistic, base=base)
            assert tests.observed.cls[0] == pytest.approx(0.1, rel=1e-5)
            np.testing.assert_allclose(np.diag(tests.expected.cls[1:]), 0.1, rtol=1e-5)


@pytest.mark.parametrize("seed", [7000020, 1000052])
def test_limits_of_models_with_several_minima(seed: int) -> None:
    """Between the first values another minimum may be the lowest: a test of the limit alone, which looks, agrees."""
    m = wilks.compile_model(wilks.load_workspace(random_workspace(seed)))
    found = wilks.limit(m)
    assert found.converged
    for i, value in enumerate(found.expected):
        alone = wilks.hypotest(m, value=float(value))
        assert alone.expected.cls[0, i] == pytest.approx(0.05, abs=1e-4)


def test_a_model_with_systematics_by_brute_force() -> None:
    samples = {
        "signal": ([4.0, 9.0], [MU, modifier("jes", "normsys", {"lo": 0.9, "hi": 1.15})]),
        "background": ([35.0, 20.0], [modifier("jes", "histosys", {"lo_data": [33.0, 18.5], "hi_data": [37.5, 21.0]})]),
    }
    found = model(workspace({"SR": samples}, {"SR": [41, 30]}))
    data = found.observed()

    def twice_nll(mu: float, values: np.ndarray) -> tuple[float, float]:
        fit = optimize.minimize_scalar(
            lambda a: 2 * found.nll(_theta(found, mu, a), values),
            bounds=(-5, 5),
            method="bounded",
            options={"xatol": 1e-9},
        )
        return float(fit.fun), float(fit.x)

    def lowest(values: np.ndarray) -> tuple[float, float]:
        fit = optimize.minimize_scalar(
            lambda mu: twice_nll(mu, values)[0], bounds=(0, 8), method="bounded", options={"xatol": 1e-9}
        )
        return float(fit.fun), float(fit.x)

    alpha = twice_nll(0.0, data)[1]
    expected = asimov(found, values={"mu": 0, "jes": alpha}).values
    (best, muhat), (asimov_best, _) = lowest(data), lowest(expected)

    def height(mu: float, y: float | None) -> float:
        root = np.sqrt(max(twice_nll(mu, expected)[0] - asimov_best, 0))
        if y is None:
            q = max(twice_nll(mu, data)[0] - best, 0) if mu > muhat else 0.0
            y = np.sqrt(q) - root if q <= root**2 else (q - root**2) / (2 * root)
        return float(stats.norm.logsf(y + root) - stats.norm.logsf(y) - np.log(0.05))

    limits = [optimize.brentq(height, 0.1, 20, args=(y,), xtol=1e-7) for y in (None, 2.0, 1.0, 0.0, -1.0, -2.0)]
    result = wilks.limit(found)
    np.testing.assert_allclose([result.observed, *result.expected], limits, rtol=1e-5)


def _theta(found: Any, mu: float, alpha: float) -> np.ndarray:
    theta = found.initial.copy()
    theta[found.index("mu")], theta[found.index("jes")] = mu, alpha
    return theta


def test_cabinetrys_example(shared_data: Path) -> None:
    folder = shared_data / "cabinetry-example" / "golden"
    golden = json.loads((folder / "example_ntuple_results.json").read_text())["limit"]
    found = wilks.compile_model(wilks.load_workspace(folder / "example_ntuple_workspace.json"))
    result = wilks.limit(found)
    # cabinetry's root finding stops at 0.01.
    assert result.observed == pytest.approx(golden["observed_limit"], abs=0.01)
    np.testing.assert_allclose(result.expected, golden["expected_limit"], atol=0.01)
    assert result.observed == pytest.approx(3.1502, rel=1e-2)
    np.testing.assert_allclose(result.expected, [1.0054, 1.3975, 1.9689, 2.7174, 3.5426], rtol=1e-2)
    tests = wilks.hypotest(found, value=golden["poi_values"])
    np.testing.assert_allclose(tests.observed.cls, golden["observed_CLs"], rtol=2e-3)
    np.testing.assert_allclose(tests.expected.cls, golden["expected_CLs"], rtol=5e-3)


@pytest.mark.parametrize("name", ["workspace.json", "workspace_repaired.json"])
def test_the_published_lesson(shared_data: Path, name: str) -> None:
    found = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / name))
    result = wilks.limit(found)
    assert result.converged
    fit = wilks.fit(found)["ttbar_norm"]
    # A signal of many sigma: CLs is CLs+b, one-sided 95 %.
    assert result.observed == pytest.approx(fit.value + 1.645 * fit.uncertainty, rel=0.03)
    tests = wilks.hypotest(found, value=[result.observed, result.expected[2]])
    assert tests.observed.cls[0] == pytest.approx(0.05, rel=1e-4)
    assert tests.expected.cls[1, 2] == pytest.approx(0.05, rel=1e-4)


def test_a_model_whose_linear_prediction_is_impossible(shared_data: Path) -> None:
    """Without its signal, 10 sigma away, the model has bins without a positive rate at the predicted parameters."""
    path = shared_data / "likelihoods" / "agc-cms-ttbar" / "workspace_ml.json"
    result = wilks.limit(wilks.compile_model(wilks.load_workspace(path)))
    assert result.converged
    assert 1.0 < result.observed < 1.1


def test_data_and_parameters_of_choice() -> None:
    found = model(one_channel([10.0], [50.0], [55.0], [modifier("norm", "normsys", {"lo": 0.8, "hi": 1.2})]))
    expected = wilks.limit(found, asimov(found, values={"mu": 0}))
    assert expected.observed == pytest.approx(expected.expected[2], rel=1e-6)
    fixed = wilks.limit(found, fixed={"norm": 0})
    observed, bands = closed_form(10, 50, 55)
    assert fixed.observed == pytest.approx(observed, rel=2e-6)
    np.testing.assert_allclose(fixed.expected, bands, rtol=2e-6)
    assert fixed.origin.settings["fixed"] == {"norm": 0.0}
    assert fixed.origin.settings["level"] == 0.95


def test_a_background_normalisation_of_interest() -> None:
    """The limit on a normalisation that is 1 lies above 1, by the uncertainty of the count."""
    samples = {"big": ([1000.0], [modifier("k", "normfactor")]), "small": ([2.0], []), "signal": ([10.0], [MU])}
    result = wilks.limit(model(workspace({"SR": samples}, {"SR": [1002]})), poi="k", fixed={"mu": 0})
    assert result.poi == "k"
    assert result.observed == pytest.approx(closed_form(1000, 2, 1002)[0], rel=2e-6)
    assert result.observed == pytest.approx(1 + 1.645 / np.sqrt(1000), abs=2e-3)


def test_a_parameter_that_cannot_be_zero_has_a_status() -> None:
    spec = workspace({"SR": {"background": ([100.0], [modifier("k", "normfactor")])}}, {"SR": [100]}, poi="k")
    result = wilks.limit(model(spec))
    assert not result.converged
    assert "the fit at 0" in result.statuses[0]


def test_no_sensitivity_is_said_and_not_a_number() -> None:
    """A signal that other parameters can always make up for is never excluded."""
    samples = {"signal": ([10.0], [MU]), "background": ([50.0], [modifier("k", "normfactor")])}
    settings = [{"name": "k", "bounds": [[-1e9, 1e9]]}]
    result = wilks.limit(model(workspace({"SR": samples}, {"SR": [50]}, settings)))
    assert not result.converged
    assert np.isnan(result.observed)
    assert all(status != "converged" for status in result.statuses)
    assert str(result).count("n/a") == 6


def test_an_interrupted_search_says_so() -> None:
    result = wilks.limit(
        model(counting(5, 10, 7)),
        calculator="toys",
        toys=500,
        running=Running(progress=lambda done, total: total < 100),
    )
    assert set(result.statuses) == {"interrupted"}


def test_limits_are_saved(tmp_path: Path) -> None:
    for options in ({}, {"calculator": "toys", "toys": 50}):
        result = wilks.limit(model(canonical()), **options)
        result.save(tmp_path / "limit.json")
        again = wilks.load_result(tmp_path / "limit.json")
        assert again.observed == result.observed or np.isnan(result.observed)
        np.testing.assert_array_equal(again.expected, result.expected)
        np.testing.assert_array_equal(again.curve.observed.cls, result.curve.observed.cls)
        assert str(again) == str(result)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"level": 1.0}, "between 0 and 1"),
        ({"level": 95}, "between 0 and 1"),
        ({"level": float("nan")}, "between 0 and 1"),
        ({"statistic": "t"}, 'no test statistic "t" here'),
        ({"calculator": "toy"}, 'no calculator "toy"'),
        ({"poi": "nu"}, "no parameter of interest"),
        ({"calculator": "toys", "toys": -3}, "at least one"),
    ],
)
def test_bad_input(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        wilks.limit(model(canonical()), **options)
