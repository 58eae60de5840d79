"""Predictions against numerical derivatives of the reference and cabinetry's golden yields."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.reference.likelihood import Likelihood, central_gradient

from wilks import chi_square, compile_model, fit, load_workspace, predict, select_channels, transfer
from wilks.errors import ModelError, ResultError

LESSON = "ttbar-lesson/workspace_repaired.json"
EXAMPLE = "cabinetry-example/golden/example_histogram_workspace.json"


def propagated(jacobian: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("bi,ij,bj->b", jacobian, covariance, jacobian))


@pytest.mark.parametrize("name", [LESSON, EXAMPLE])
@pytest.mark.parametrize("after_fit", [False, True])
def test_bands_are_linear_propagation_of_the_covariance(shared_data: Path, name: str, after_fit: bool) -> None:
    spec = json.loads((shared_data / name).read_text())
    model, ref = compile_model(load_workspace(spec)), Likelihood(spec)
    result = fit(model)
    prediction = predict(model, result) if after_fit else predict(model)
    theta = result.values if after_fit else ref.inits
    widths = np.where(np.isnan(ref.sigmas), 0.0, ref.sigmas)
    widths[ref.fixed] = 0.0
    covariance = result.covariance if after_fit else np.diag(widths**2)
    jacobian = ref.jacobian(theta)
    by_sample = ref.expected_by_sample(theta)
    for channel in prediction.channels:
        bins = ref.channel_bins[channel.name]
        np.testing.assert_allclose(channel.total, ref.expected(theta)[bins], rtol=1e-12)
        np.testing.assert_allclose(channel.total_uncertainty, propagated(jacobian[bins], covariance), rtol=1e-8)
        summed = jacobian[bins].sum(axis=0, keepdims=True)
        assert channel.sum_uncertainty == pytest.approx(propagated(summed, covariance)[0], rel=1e-8)
        for i, sample in enumerate(channel.samples):
            row = ref.samples.index(sample)
            np.testing.assert_allclose(channel.yields[i], by_sample[row, bins], rtol=1e-12)

            def rate_of(b: int, row: int = row, bins: slice = bins) -> Any:
                return lambda t: ref.expected_by_sample(t)[row, bins][b]

            steps = 1e-5 * ref.scales()
            numerical = np.array([central_gradient(rate_of(b), theta, steps) for b in (0, 2)])
            expected = propagated(numerical, covariance)
            np.testing.assert_allclose(channel.uncertainties[i][[0, 2]], expected, rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(channel.data, ref.main_data[bins])


def test_yields_equal_cabinetry(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cabinetry-example/golden/example_ntuple_results.json").read_text())
    model = compile_model(load_workspace(shared_data / EXAMPLE))
    before, after = predict(model)["Signal_region"], predict(model, fit(model))["Signal_region"]
    order = [before.samples.index(sample) for sample in sorted(before.samples)]  # cabinetry sorts samples by name
    np.testing.assert_allclose(before.yields[order], golden["prefit"]["model_yields"][0], rtol=1e-8)
    # cabinetry's fit stops a little early, hence the tolerance.
    np.testing.assert_allclose(after.yields[order], golden["postfit"]["model_yields"][0], rtol=2e-3)


def test_bands_by_finite_variations_equal_cabinetry(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cabinetry-example/golden/example_ntuple_results.json").read_text())
    model = compile_model(load_workspace(shared_data / "cabinetry-example/golden/example_ntuple_workspace.json"))
    found, theirs = fit(model), golden["fit"]
    order = [theirs["labels"].index(name) for name in found.names]
    values, sigma = (np.array(theirs[key])[order] for key in ("bestfit", "uncertainty"))
    correlation = np.array(theirs["corr_mat"])[np.ix_(order, order)]
    # At cabinetry's own fit, which stops a little early.
    fitted = replace(found, values=values, uncertainties=sigma, covariance=correlation * np.outer(sigma, sigma))
    for key, prediction in (
        ("prefit", predict(model, method="cabinetry")),
        ("postfit", predict(model, fitted, method="cabinetry")),
    ):
        assert prediction.method == "cabinetry"
        channel = prediction["Signal_region"]
        rows = [channel.samples.index(sample) for sample in sorted(channel.samples)]
        bins, sums = (np.array(golden[key][f"total_stdev_model_{of}"][0]) for of in ("bins", "channels"))
        np.testing.assert_allclose(channel.uncertainties[rows], bins[:-1], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(channel.total_uncertainty, bins[-1], rtol=1e-9)
        np.testing.assert_allclose([*channel.sample_sums_uncertainty[rows], channel.sum_uncertainty], sums, rtol=1e-9)


def test_finite_variations_agree_where_rates_are_linear() -> None:
    model = compile_model(load_workspace(counting([{"name": "shape", "type": "shapesys", "data": [3.0, 4.0]}])))
    result = fit(model)
    linear, finite = predict(model, result)["SR"], predict(model, result, method="cabinetry")["SR"]
    assert linear.total_uncertainty.min() > 0
    np.testing.assert_allclose(finite.uncertainties, linear.uncertainties, rtol=1e-9)
    np.testing.assert_allclose(finite.total_uncertainty, linear.total_uncertainty, rtol=1e-9)


def test_parameters_at_a_bound_move_nothing() -> None:
    model = compile_model(load_workspace(counting([], data=[31.0, 35.0])))
    result = fit(model)
    assert result["mu"].at_bound
    assert (predict(model, result, method="cabinetry")["SR"].total_uncertainty == 0.0).all()


def test_an_unknown_method_is_refused(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / EXAMPLE))
    with pytest.raises(ModelError, match=r'no method "cabinetri" here; allowed are .*; did you mean "cabinetry"'):
        predict(model, method="cabinetri")


SIDES = (("norm", 0.1), ("scale", 0.2))


def counting(modifiers: list[dict[str, Any]], data: list[float] | None = None) -> dict[str, Any]:
    """Return a workspace with a signal of free size and a background of two bins."""
    signal = {"name": "s", "data": [8.0, 5.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    background = {"name": "b", "data": [40.0, 50.0], "modifiers": modifiers}
    return {
        "version": "1.0.0",
        "channels": [{"name": "SR", "samples": [signal, background]}],
        "observations": [{"name": "SR", "data": data or [49.0, 53.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    }


def test_prefit_uncertainty_of_unconstrained_parameters_is_left_out(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / LESSON))
    assert predict(model).label == "pre-fit"
    assert model.prefit_uncertainties[model.index("ttbar_norm")] == 0.0


def test_axes_follow_the_workspace(shared_data: Path) -> None:
    prediction = predict(compile_model(load_workspace(shared_data / LESSON)), label="nominal")
    assert prediction.label == "nominal"
    assert prediction.channel_names == ("4j1b CR", "4j2b SR")
    assert len(prediction["4j2b SR"].axis) == 11
    with pytest.raises(KeyError):
        prediction["no such channel"]


def test_a_result_of_another_model_is_refused(shared_data: Path) -> None:
    lesson, example = (compile_model(load_workspace(shared_data / name)) for name in (LESSON, EXAMPLE))
    result = fit(example)
    with pytest.raises(ResultError, match="other parameters"):
        predict(lesson, result)
    with pytest.raises(ResultError, match="gives no covariance"):
        predict(example, replace(result, covariance_valid=False))


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e200, 1e300])
def test_uncertainties_have_numbers_wherever_yields_have(size: float) -> None:
    """A background of 10 % and 20 % uncertainty, however large: exponentials, so that the slopes are logarithms."""
    sides = [(name, {"lo": 1 / (1 + x), "hi": 1 + x}) for name, x in SIDES]
    document = counting([{"name": name, "type": "normsys", "data": data} for name, data in sides])
    document["channels"][0]["samples"][1]["data"] = [size, 2 * size]
    model = compile_model(load_workspace(document), normsys="code1")
    found = predict(model).channels[0].uncertainties[1]
    slopes = [np.log(1 + x) for _, x in SIDES]
    np.testing.assert_allclose(found / np.hypot(*slopes), [size, 2 * size], rtol=1e-12)


def correlated(correlation: float, **settings: Any) -> dict[str, Any]:
    """Return a region SR that two systematics act on, and CR with one of them, whose constraints are correlated."""
    jes, jer = (
        {"name": name, "type": "histosys", "data": {"lo_data": [100.0 - size], "hi_data": [100.0 + size]}}
        for name, size in (("jes", 6.0), ("jer", 8.0))
    )
    channels = {"SR": [jes, jer], "CR": [jes]}
    config = {
        "poi": "",
        "parameters": [{"name": name, **said} for name, said in settings.items()],
        "correlations": [{"parameters": ["jes", "jer"], "matrix": [[1, correlation], [correlation, 1]]}],
    }
    return {
        "version": "wilks-1",
        "channels": [
            {"name": name, "samples": [{"name": "b", "data": [100.0], "modifiers": modifiers}]}
            for name, modifiers in channels.items()
        ],
        "observations": [{"name": "SR", "data": [115.0]}, {"name": "CR", "data": [108.0]}],
        "measurements": [{"name": "m", "config": config}],
    }


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
@pytest.mark.parametrize("method", ["linear", "cabinetry"])
def test_prefit_uncertainties_know_that_constraints_are_correlated(correlation: float, method: str) -> None:
    model = compile_model(load_workspace(correlated(correlation)))
    variance = 6.0**2 + 8.0**2 + 2 * correlation * 6.0 * 8.0
    found = predict(model, method=method)["SR"]
    np.testing.assert_allclose(found.total_uncertainty, [np.sqrt(variance)], rtol=1e-12)
    whole = np.array([[variance, 6.0 * (6.0 + correlation * 8.0)], [0.0, 36.0]])  # of SR and CR
    whole[1, 0] = whole[0, 1]
    residual = np.array([15.0, 8.0])
    statistic = residual @ np.linalg.solve(whole + 100.0 * np.eye(2), residual)
    assert chi_square(model).statistic == pytest.approx(statistic, rel=1e-12)


def test_prefit_uncertainties_beside_a_parameter_that_is_held() -> None:
    found = predict(compile_model(load_workspace(correlated(0.6, jes={"fixed": True}))))["SR"]
    np.testing.assert_allclose(found.total_uncertainty, [8.0 * 0.8], rtol=1e-12)


def test_a_parameter_that_a_fit_did_not_have_follows_its_constraint() -> None:
    model = compile_model(load_workspace(correlated(0.6)))
    alone = correlated(0.6)
    alone["measurements"][0]["config"].pop("correlations")
    fitted = fit(compile_model(select_channels(load_workspace({**alone, "version": "1.0.0"}), "CR"), poi=""))
    carried = transfer(fitted, model)
    value, sigma = fitted["jes"].value, fitted["jes"].uncertainty
    assert carried["jer"].value == pytest.approx(0.6 * value, rel=1e-12)
    assert carried["jer"].uncertainty == pytest.approx(np.sqrt(0.8**2 + (0.6 * sigma) ** 2), rel=1e-12)
    both = np.array([[sigma**2, 0.6 * sigma**2], [0.6 * sigma**2, 0.8**2 + (0.6 * sigma) ** 2]])
    uncertainty = propagated(np.array([[6.0, 8.0]]), both)
    np.testing.assert_allclose(predict(model, carried)["SR"].total_uncertainty, uncertainty, rtol=1e-12)
