"""Data sets against pyhf, cabinetry's published Asimov data, and fits that must return what they were made of."""

from __future__ import annotations

import copy
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.reference.likelihood import Likelihood
from tests.strategies import random_theta, workspaces

from wilks import compile_model, fit, fit_many, load_result, load_workspace
from wilks.errors import ModelError, ResultError
from wilks.model.datasets import Data, asimov, expected_data, labelled, mixed, parameters_at, toy, toy_data
from wilks.model.model import Model

RANDOM = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def modifier(name: str, kind: str, data: Any = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": data}


def specification() -> dict[str, Any]:
    """Return a control region with a free background, and a signal region with everything else."""
    signal = [modifier("mu", "normfactor"), modifier("jes_1", "normsys", {"lo": 0.9, "hi": 1.12})]
    background = [
        modifier("free", "normfactor"),
        modifier("jes_1", "normsys", {"lo": 0.95, "hi": 1.07}),
        modifier("jes_2", "histosys", {"lo_data": [45.0, 33.0], "hi_data": [54.0, 38.0]}),
    ]
    other = [modifier("gammas", "shapesys", [3.0, 1.5]), modifier("lumi", "lumi")]
    control = [modifier("free", "normfactor"), modifier("jes_1", "normsys", {"lo": 0.93, "hi": 1.05})]
    return {
        "version": "1.0.0",
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {"name": "signal", "data": [5.0, 14.0], "modifiers": signal},
                    {"name": "background", "data": [50.0, 35.0], "modifiers": background},
                    {"name": "other", "data": [12.0, 9.0], "modifiers": other},
                ],
            },
            {
                "name": "CR",
                "samples": [
                    {
                        "name": "background",
                        "data": [200.0],
                        "modifiers": [*control, modifier("staterror_CR", "staterror", [7.0])],
                    }
                ],
            },
        ],
        "observations": [{"name": "CR", "data": [231.0]}, {"name": "SR", "data": [70.0, 61.0]}],
        "measurements": [
            {
                "name": "m",
                "config": {
                    "poi": "mu",
                    "parameters": [
                        {"name": "lumi", "inits": [2.0], "auxdata": [2.1], "sigmas": [0.05], "bounds": [[1.0, 3.0]]},
                        {"name": "jes_2", "auxdata": [0.25]},
                        {"name": "mu", "inits": [0.5], "bounds": [[-5, 10]]},
                    ],
                },
            }
        ],
    }


def control_only() -> dict[str, Any]:
    spec = specification()
    spec["channels"], spec["observations"] = spec["channels"][1:], spec["observations"][:1]
    spec["measurements"][0]["config"] = {"poi": "", "parameters": []}
    return spec


@pytest.fixture(scope="module")
def model() -> Model:
    return compile_model(load_workspace(specification()))


@pytest.fixture(scope="module")
def control() -> Model:
    return compile_model(load_workspace(control_only()))


def theirs(spec: dict[str, Any], name: str | None = None) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pyhf's use of jsonschema
        return pyhf.Workspace(spec, validate=False).model(measurement_name=name, poi_name=None, validate=False)


@settings(RANDOM, max_examples=60)
@given(workspaces(), st.integers(0, 2**32 - 1))
def test_expected_data_equal_pyhf(spec: dict[str, Any], seed: int) -> None:
    model, ref = compile_model(load_workspace(spec), poi=""), Likelihood(spec)
    reference = theirs(spec, model.measurement)
    assert list(model.parameter_names) == reference.config.par_names
    theta = random_theta(np.random.default_rng(seed), ref)
    with np.errstate(divide="ignore", invalid="ignore"):  # bins of zero in pyhf
        expected = np.asarray(reference.expected_data(theta))
    np.testing.assert_allclose(expected_data(model, theta), expected, rtol=1e-11, atol=1e-11)


@settings(RANDOM, max_examples=60)
@given(workspaces(), st.integers(0, 2**32 - 1))
def test_the_likelihood_of_asimov_data_is_stationary_at_its_parameters(spec: dict[str, Any], seed: int) -> None:
    model, ref = compile_model(load_workspace(spec), poi=""), Likelihood(spec)
    theta = random_theta(np.random.default_rng(seed), ref)
    data = asimov(model, values=theta)
    assert data.label == "Asimov (given parameters)"
    # One-sided: where a rate is 0 and can only rise, the slope is not 0.
    if (model.expected(theta) > 0).all():
        scale = 1 + np.abs(np.diag(model.hessian(theta, data.values)))
        assert (np.abs(model.gradient(theta, data.values)) < 1e-9 * scale * (1 + data.values.max())).all()


def test_cabinetry_publishes_the_same_asimov_data(shared_data: Path) -> None:
    golden = shared_data / "cabinetry-example" / "golden"
    for kind in ("ntuple", "histogram"):
        results = json.loads((golden / f"example_{kind}_results.json").read_text())
        model = compile_model(load_workspace(golden / f"example_{kind}_workspace.json"))
        np.testing.assert_allclose(asimov(model).values, results["asimov_prefit"], rtol=1e-12)
        their_fit = replace(fit(model), values=np.array(results["fit"]["bestfit"]))
        after = asimov(model, their_fit, values={model.poi or "": 0})
        np.testing.assert_allclose(after.values, results["asimov_postfit_mu0"], rtol=1e-12)
        assert after.label == f"Asimov (post-fit), {model.poi} = 0"


def test_prefit_is_where_the_constraints_are_centred(model: Model) -> None:
    values = dict(zip(model.parameter_names, parameters_at(model), strict=True))
    assert values["mu"] == 0.5
    assert values["lumi"] == 2.1
    assert values["jes_2"] == 0.25
    data = asimov(model)
    assert data.label == "Asimov (pre-fit)"
    np.testing.assert_array_equal(data.values[3:], model.auxiliary)
    np.testing.assert_array_equal(data.values[:3], model.expected(model.prefit_values))


def test_a_fit_to_asimov_data_returns_its_parameters(model: Model) -> None:
    values = {"mu": 2.5, "jes_*": -0.4, "gammas[1]": 1.08}
    data = asimov(model, values=values)
    assert data.label == "Asimov (pre-fit), mu = 2.5, jes_* = -0.4, gammas[1] = 1.08"
    result = fit(model, data.values)
    for name, value in {"mu": 2.5, "jes_1": -0.4, "jes_2": -0.4, "gammas[0]": 1.0, "gammas[1]": 1.08}.items():
        assert result[name].value == pytest.approx(value, abs=1e-7)


def test_after_a_fit_all_values_are_the_fits(model: Model) -> None:
    result = fit(model)
    data = asimov(model, result)
    assert data.label == "Asimov (post-fit)"
    np.testing.assert_allclose(fit(model, data.values).values, result.values, atol=1e-7)
    injected = parameters_at(model, result, values={"mu": 3})
    assert (injected != result.values).tolist() == [name == "mu" for name in model.parameter_names]
    assert asimov(model, replace(result, converged=False)).label == "Asimov (post-fit, fit not converged)"


def test_a_hidden_value_is_to_be_put_in(model: Model) -> None:
    result = fit(model)
    blind = result.blinded()
    for values in ({"mu": 1}, {"m?": 1}, {"*": 1, "mu": 1}):
        np.testing.assert_array_equal(
            asimov(model, blind, values=values).values, asimov(model, result, values=values).values
        )
        np.testing.assert_array_equal(
            toy_data(model, blind, values=values, seed=1, count=2),
            toy_data(model, result, values=values, seed=1, count=2),
        )
    assert asimov(model, blind, values={"mu": 1}).label == "Asimov (post-fit), mu = 1"
    for values in (None, {"free": 1}):
        with pytest.raises(ResultError, match=r'hides the value of "mu": put one in .* --set mu=1'):
            asimov(model, blind, values=values)


def test_later_values_win(model: Model) -> None:
    theta = parameters_at(model, values={"gammas*": 1.1, "gammas[0]": 0.9, "m?": 4})
    chosen = dict(zip(model.parameter_names, theta, strict=True))
    assert (chosen["gammas[0]"], chosen["gammas[1]"], chosen["mu"]) == (0.9, 1.1, 4)
    assert asimov(model, values={"mu": 1, "free": 1, "jes_1": 0, "jes_2": 0, "lumi": 2}).label == (
        "Asimov (pre-fit), mu = 1, free = 1, jes_1 = 0, 2 more"
    )


def test_signal_regions_from_the_fit_of_control_regions(model: Model, control: Model, tmp_path: Path) -> None:
    fit(control).save(tmp_path / "control.json")
    result = load_result(tmp_path / "control.json")
    prediction = asimov(model, result, values={"mu": 1})
    kept = set(model.parameter_names) - set(control.parameter_names)
    assert prediction.label == (f"Asimov (post-fit, {len(kept)} of {model.n_parameters} parameters pre-fit), mu = 1")
    data = mixed(model, None, prediction, channels="S*")
    assert data.label == f'observed; {prediction.label} in "SR"'
    assert data.values[model.channel_slices["CR"]] == [231.0]
    np.testing.assert_array_equal(data.values[3:], model.auxiliary)
    # Each part has its minimum at the control fit, so their sum has.
    combined = fit(model, data.values)
    for parameter in combined:
        prefit = float(model.prefit_values[model.index(parameter.name)])
        expected = result[parameter.name].value if parameter.name in result.names else prefit
        assert parameter.value == pytest.approx(1.0 if parameter.name == "mu" else expected, abs=1e-6)


def test_mixed_takes_any_data_and_channels(model: Model) -> None:
    first, second = model.observed() + 1, model.observed() + 5
    data = mixed(model, first, Data(second, "shifted"), channels=["SR", "C*"])
    np.testing.assert_array_equal(data.values, np.concatenate([second[:3], first[3:]]))
    assert data.label == 'user data; shifted in "CR", "SR"'
    np.testing.assert_array_equal(mixed(model, first, second, channels=[]).values, first)
    assert (first == model.observed() + 1).all()
    with pytest.raises(ModelError) as error:
        mixed(model, None, asimov(model), channels=["SRR", "X*", "CR"])
    assert error.value.problems == (
        'no channel "SRR" in this model; did you mean "SR"?',
        'no channel "X*" in this model',
    )
    with pytest.raises(ModelError, match=r"data have shape \(4,\)"):
        mixed(model, None, np.ones(4), channels="SR")


def test_labels(model: Model) -> None:
    assert labelled(model, None).label == "observed"
    np.testing.assert_array_equal(labelled(model, None).values, model.observed())
    assert labelled(model, list(model.observed())).label == "user data"
    data = asimov(model)
    assert labelled(model, data) is data
    with pytest.raises(ModelError, match="finite"):
        labelled(model, np.full(model.observed().size, np.nan))


def test_numpy_takes_data_for_its_values(model: Model) -> None:
    data = asimov(model)
    assert np.asarray(data) is data.values
    assert np.array(data) is not data.values
    assert np.asarray(data, np.float32).dtype == np.float32
    assert model.nll(model.initial, data.values) == model.nll(model.initial, np.asarray(data))


def test_impossible_wishes_are_told_together(model: Model, control: Model) -> None:
    with pytest.raises(ModelError) as error:
        asimov(model, values={"fre": 1, "jez_*": 0, "mu": np.nan, "free": 2})
    assert error.value.problems == (
        'values: no parameter "fre" in this model; did you mean "free"?',
        'values: no parameter "jez_*" in this model; did you mean "jes_2"?',
        'values: "mu" needs a finite value, found nan',
    )
    with pytest.raises(ModelError) as error:
        asimov(model, values={"mu": -100, "free": -1})
    assert [problem.split(":")[0] for problem in error.value.problems] == [
        'channel "CR", bin 0',
        'channel "SR", bin 0',
        'channel "SR", bin 1',
    ]
    with pytest.raises(ModelError, match="auxiliary data of Poisson constraints can't be negative"):
        asimov(model, values={"gammas[0]": -0.1})
    with pytest.raises(ModelError, match="finite numbers needed, found an array of shape"):
        asimov(model, values=[1.0])
    with pytest.raises(TypeError, match="are `values`"):
        asimov(model, {"mu": 1})  # type: ignore[arg-type]
    result = fit(control)
    with pytest.raises(ResultError, match="no parameter in common"):
        asimov(model, replace(result, names=tuple(f"x{i}" for i in range(len(result.names)))))
    with pytest.raises(ResultError, match="not finite"):
        asimov(model, replace(result, values=result.values * np.nan))


def test_toys_are_distributed_as_the_model(model: Model) -> None:
    values = {"mu": 1.5, "free": 1.1, "jes_1": 0.3, "gammas[0]": 0.8}
    theta = parameters_at(model, values=values)
    number = 100_000
    rows = toy_data(model, values=values, seed=4, count=number)
    gammas = np.flatnonzero([c == "poisson" for c in model.constraints if c != "none"]) + 3
    poisson = [0, 1, 2, *gammas]
    means = np.asarray(theirs(specification()).expected_data(theta))
    for i, column in enumerate(rows.T):
        if i in poisson:
            p = stats.poisson.cdf(np.arange(column.max() + 2), means[i])
            observed = np.cumsum(np.bincount(column.astype(int), minlength=p.size)) / number
            assert np.abs(observed - p).max() < 1.95 / np.sqrt(number)
        else:
            sigma = {2.1: 0.05}.get(means[i], 0.035 if means[i] == 1 else 1.0)  # lumi, staterror 7/200, else jes
            assert stats.kstest((column - means[i]) / sigma, "norm").pvalue > 1e-3
    np.testing.assert_array_less(np.abs(np.corrcoef(rows.T) - np.eye(rows.shape[1])), 5 / np.sqrt(number))


def test_fits_of_toys_are_unbiased(model: Model) -> None:
    values = {"mu": 1.0}
    fits = fit_many(model, toy_data(model, values=values, seed=9, count=2000), start=values, uncertainties=True)
    pulls = (fits["mu"] - 1.0) / fits.uncertainties[:, model.index("mu")]  # type: ignore[index]
    assert abs(np.median(pulls)) < 0.1
    assert np.mean(np.abs(pulls) < 1) == pytest.approx(0.683, abs=0.04)


def test_one_toy_is_that_of_the_run(model: Model) -> None:
    result = fit(model)
    run = toy_data(model, result, values={"mu": 1}, seed=3, count=20)
    again = toy(model, result, values={"mu": 1}, seed=3, index=17)
    np.testing.assert_array_equal(again.values, run[17])
    np.testing.assert_array_equal(toy_data(model, result, values={"mu": 1}, seed=3, first=17, count=3), run[17:])
    assert again.label == "toy 17 of seed 3 (post-fit), mu = 1"
    other = toy(model, values=model.initial, seed=3, index=17, stream=1)
    assert other.label == "toy 17 of stream 1 of seed 3 (given parameters)"
    assert (other.values[3:] != toy(model, values=model.initial, seed=3, index=17).values[3:]).any()
    assert toy_data(model, seed=np.uint64(2**64 - 1), count=0).shape == (0, model.observed().size)


def test_wrong_seeds_are_told_together(model: Model) -> None:
    with pytest.raises(ModelError) as error:
        toy_data(model, seed=-1, count=2.5, first=2**63, stream=2**32)  # type: ignore[arg-type]
    assert [problem.split()[0] for problem in error.value.problems] == ["seed", "count", "first", "stream"]
    assert error.value.problems[0] == "seed must be a whole number from 0 to 2^64 - 1, found -1"


def test_data_with_enormous_auxiliary_counts_are_possible() -> None:
    spec = copy.deepcopy(specification())
    spec["channels"][0]["samples"][2]["modifiers"][0]["data"] = [1e-9, 1.0]
    model = compile_model(load_workspace(spec))
    rows = toy_data(model, seed=1, count=50)
    i = model.observed_main.size + [
        n for n, c in zip(model.parameter_names, model.constraints, strict=True) if c != "none"
    ].index("gammas[0]")
    assert np.abs(rows[:, i] / 144e18 - 1).max() < 1e-9


@pytest.mark.parametrize("data", [["a", "b"], [[1.0], [1.0, 2.0]]])
def test_data_that_are_no_numbers_are_a_sentence(shared_data: Path, data: Any) -> None:
    model = compile_model(load_workspace(shared_data / "ttbar-lesson/workspace.json"))
    with pytest.raises(ModelError, match="data must be numbers, main bins followed by auxiliary data"):
        labelled(model, data)


def test_values_that_are_no_numbers_are_a_sentence(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "ttbar-lesson/workspace.json"))
    with pytest.raises(ModelError, match="values: \"ttbar_norm\" needs a finite value, found 'a'"):
        asimov(model, values={"ttbar_norm": "a"})  # type: ignore[dict-item]
