"""Fits against closed forms, published values, numerical Hessians of the reference, and other minimisers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.likelihood import Likelihood
from tests.strategies import random_theta, workspaces

from wilks import compile_model, fit, load_workspace
from wilks.errors import FitError, ModelError
from wilks.fitting.many import fit_many
from wilks.fitting.problem import FitOptions
from wilks.model.model import Model

Spec = dict[str, Any]


def modifier(name: str, kind: str, data: Any = None) -> Spec:
    return {"name": name, "type": kind, "data": data}


def one_channel(observed: list[float], samples: dict[str, tuple[list[float], list[Spec]]], **settings: Spec) -> Spec:
    return {
        "channels": [
            {"name": "SR", "samples": [{"name": k, "data": d, "modifiers": m} for k, (d, m) in samples.items()]}
        ],
        "observations": [{"name": "SR", "data": observed}],
        "measurements": [
            {"name": "m", "config": {"poi": "", "parameters": [{"name": k, **v} for k, v in settings.items()]}}
        ],
        "version": "1.0.0",
    }


def compiled(spec: Spec, **options: Any) -> Model:
    return compile_model(load_workspace(spec), **options)


def test_counting_experiment_in_closed_form() -> None:
    # mu_hat = (n - b)/s, sigma = sqrt(n)/s
    spec = one_channel([37.0], {"signal": ([8.0], [modifier("mu", "normfactor")]), "background": ([20.0], [])})
    result = fit(compiled(spec))
    assert result.converged
    assert result["mu"].value == pytest.approx(17.0 / 8.0, rel=1e-12)
    # The covariance is that of the last point but one, up to 1e-8 standard deviations away.
    assert result["mu"].uncertainty == pytest.approx(np.sqrt(37.0) / 8.0, rel=1e-8)
    assert result.edm < 1e-12


def test_two_poisson_measurements_in_closed_form() -> None:
    # One bin with a Poisson-constrained background (on/off): gamma_hat = 1 where mu is free, and
    # sigma_mu^2 = (n + b^2/tau) / s^2.
    spec = one_channel(
        [30.0],
        {"signal": ([5.0], [modifier("mu", "normfactor")]), "background": ([20.0], [modifier("g", "shapesys", [4.0])])},
    )
    result = fit(compiled(spec))
    assert result["g[0]"].value == pytest.approx(1.0, abs=1e-10)
    assert result["mu"].value == pytest.approx(2.0, rel=1e-10)
    assert result["mu"].uncertainty == pytest.approx(np.sqrt(30.0 + 20.0**2 / 25.0) / 5.0, rel=1e-9)


def test_barlow_beeston_root() -> None:
    # A Gaussian gamma on everything (engines: B = 0): gamma = ((1 - s^2 A) + sqrt((1 - s^2 A)^2 + 4 n s^2)) / 2.
    yields, sigma, n = 50.0, 0.1, 63.0
    spec = one_channel([n], {"all": ([yields], [modifier("stat", "staterror", [yields * sigma])])})
    b = 1.0 - sigma**2 * yields
    gamma = 0.5 * (b + np.sqrt(b * b + 4 * n * sigma**2))
    result = fit(compiled(spec))
    assert result["stat[0]"].value == pytest.approx(gamma, rel=1e-12)
    assert result["stat[0]"].uncertainty == pytest.approx(1 / np.sqrt(n / gamma**2 + 1 / sigma**2), rel=1e-8)


def test_lesson_as_published(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "ttbar-lesson" / "workspace.json"))
    result = fit(model)
    assert result.converged
    assert result.twice_nll == pytest.approx(57.054474, abs=1e-6)  # not the saddle at 58.3325
    assert result["ttbar_norm"].value == pytest.approx(0.9642, abs=5e-5)
    assert result["ttbar_norm"].uncertainty == pytest.approx(0.0757, abs=5e-5)
    (name, other), *rest = result.mirrored
    assert name == "W+jets scale variations"
    assert not rest
    assert other == pytest.approx(-result[name].value)
    assert abs(other) == pytest.approx(0.0715, abs=5e-5)


def test_lesson_repaired(shared_data: Path) -> None:
    result = fit(compile_model(load_workspace(shared_data / "ttbar-lesson" / "workspace_repaired.json")))
    assert result.twice_nll == pytest.approx(55.849878, abs=1e-6)
    assert result["ttbar_norm"].value == pytest.approx(0.98102, abs=5e-6)
    assert result["ttbar_norm"].uncertainty == pytest.approx(0.07545, abs=5e-6)
    assert result.mirrored == ()


KNOWN = [  # lowest 2NLL, value and uncertainty of the parameter of interest by an exact-Hessian minimiser
    ("agc-cms-ttbar/workspace.json", 141.41401135, 0.969777, 0.105127),
    ("agc-cms-ttbar/workspace_ml.json", 861.78960164, 0.950722, 0.053996),
    ("atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json", 294.94606950, 0.994214, 0.042369),
    ("atlas-tHu-fcnc/workspace_tHu.json", 358.97063533, -0.030269, 0.153714),
    ("pyhf-tutorial/bkg_only.json", 84.84185454, -0.010884, 1.247603),
]


@pytest.mark.parametrize(("name", "twice_nll", "value", "uncertainty"), KNOWN)
def test_public_likelihoods(shared_data: Path, name: str, twice_nll: float, value: float, uncertainty: float) -> None:
    result = fit(compile_model(load_workspace(shared_data / "likelihoods" / name)))
    assert result.converged
    assert result.edm < 1e-8
    assert result.twice_nll < twice_nll + 1e-6
    assert result.poi is not None
    assert result[result.poi].value == pytest.approx(value, abs=1e-4 * uncertainty)
    assert result[result.poi].uncertainty == pytest.approx(uncertainty, rel=1e-4)


def test_cabinetry_example(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cabinetry-example/golden/example_histogram_results.json").read_text())["fit"]
    path = shared_data / "cabinetry-example/golden/example_histogram_workspace.json"
    result = fit(compile_model(load_workspace(path)))
    assert result.twice_nll < golden["best_twice_nll"] + 1e-6
    for name, value, uncertainty in zip(golden["labels"], golden["bestfit"], golden["uncertainty"], strict=True):
        assert result[name].value == pytest.approx(value, abs=2e-3 * max(uncertainty, 1e-3))
        # MIGRAD's numerical Hessian is good to some per cent of the uncertainty on Signal_norm.
        assert result[name].uncertainty == pytest.approx(uncertainty, rel=0.02)


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(workspaces(max_channels=2), st.integers(0, 2**32 - 1))
def test_random_models_end_in_a_minimum(spec: Spec, seed: int) -> None:
    model = compiled(spec, poi="")
    ref = Likelihood(spec)
    result = fit(model)
    lower, upper = model.bounds
    assert ((result.values >= lower) & (result.values <= upper) | result.fixed).all()
    assert result.status
    if not result.converged:
        assert "flat" in result.status or "rate" in result.status or "starting point" in result.status
        return
    free = ~result.fixed & ~result.at_bound
    gradient = ref.gradient(result.values)
    hessian = ref.hessian(result.values)[np.ix_(free, free)]
    # Nothing is gained by a Newton step of the reference, nor by leaving a bound.
    edm = 0.5 * gradient[free] @ np.linalg.solve(hessian, gradient[free])
    assert abs(edm) < 1e-6
    at_lower = result.at_bound & (result.values <= lower)
    at_upper = result.at_bound & (result.values >= upper)
    curvature = np.abs(np.diag(ref.hessian(result.values))) + 1e-3
    assert (gradient[at_lower] > -1e-4 * np.sqrt(curvature[at_lower])).all()
    assert (gradient[at_upper] < 1e-4 * np.sqrt(curvature[at_upper])).all()
    # A numerical Hessian is good to 1e-6; its inverse to that times the condition number.
    scale = np.sqrt(np.diag(hessian))
    condition = np.linalg.cond(hessian / np.outer(scale, scale)) if free.any() else 1.0
    if condition < 1e5:
        covariance = np.linalg.inv(hessian)
        unit = np.sqrt(np.diag(covariance))
        difference = np.abs(result.covariance[np.ix_(free, free)] - covariance) / np.outer(unit, unit)
        assert difference.max(initial=0.0) < 1e-6 * max(condition, 10.0)
    # And no random point nearby is lower.
    rng = np.random.default_rng(seed)
    for _ in range(5):
        theta = np.where(result.fixed, result.values, random_theta(rng, ref, 0.5))
        assert model.nll(theta) >= 0.5 * result.twice_nll - 1e-9


def test_an_even_parameter_does_not_stop_at_the_saddle() -> None:
    # Up and down both raise the rate by 30 %: 2NLL is even, alpha = 0 is a maximum along alpha for these data.
    spec = one_channel([130.0], {"all": ([100.0], [modifier("a", "normsys", {"lo": 1.3, "hi": 1.3})])})
    model = compiled(spec)
    result = fit(model)
    assert model.hessian([0.0])[0, 0] < 0
    assert result.converged
    assert abs(result["a"].value) > 0.5
    assert result.twice_nll < 2 * model.nll([0.0])
    assert result.mirrored == (("a", pytest.approx(-result["a"].value)),)


def test_a_parameter_at_its_bound_has_no_symmetric_error() -> None:
    spec = one_channel(
        [10.0],
        {
            "signal": ([5.0], [modifier("mu", "normfactor")]),
            "background": ([20.0], [modifier("b", "normsys", {"lo": 0.9, "hi": 1.1})]),
        },
    )
    result = fit(compiled(spec))
    assert result.converged
    assert result["mu"].value == 0.0
    assert result["mu"].at_bound
    assert np.isnan(result["mu"].uncertainty)
    assert result["b"].uncertainty > 0
    free = fit(compiled(spec), bounds={"mu": (-5.0, 10.0)})
    assert free["mu"].value == pytest.approx(-2.0, rel=1e-6)
    assert free.twice_nll < result.twice_nll


def test_a_gamma_crossing_its_bound_is_put_there() -> None:
    spec = one_channel(
        [2.0, 50.0],
        {"all": ([60.0, 50.0], [modifier("g", "staterror", [40.0, 5.0])])},
        g={"bounds": [[0.5, 10.0], [0.5, 10.0]]},
    )
    result = fit(compiled(spec))
    assert result.converged
    assert result["g[0]"].value == 0.5
    assert result["g[0]"].at_bound
    assert result["g[1]"].value == pytest.approx(1.0, abs=1e-8)


def test_a_product_of_factors_is_told() -> None:
    spec = one_channel([30.0], {"W": ([10.0], [modifier("mu_W", "normfactor"), modifier("mu_Z", "normfactor")])})
    result = fit(compiled(spec))
    assert not result.converged
    assert not result.covariance_valid
    assert '"mu_W"' in result.status
    assert '"mu_Z"' in result.status
    assert result["mu_W"].value * result["mu_Z"].value == pytest.approx(3.0, rel=1e-4)


def test_a_parameter_without_effect_is_held_and_told() -> None:
    spec = one_channel(
        [30.0], {"empty": ([0.0], [modifier("mu", "normfactor")]), "W": ([10.0], [modifier("k", "normfactor")])}
    )
    result = fit(compiled(spec))
    assert result.converged
    assert result.covariance_valid
    assert [p.name for p in result if p.idle] == ["mu"]
    assert result["mu"].value == 1.0
    assert np.isnan(result["mu"].uncertainty)
    assert result["k"].value == pytest.approx(3.0, rel=1e-6)
    assert result["k"].uncertainty == pytest.approx(np.sqrt(30.0) / 10.0, rel=1e-9)
    held = fit(compiled(spec), fixed={"mu": 1.0})
    assert not held.idle.any()
    assert held["k"].uncertainty == result["k"].uncertainty


def test_a_minimum_on_a_vanishing_rate_is_told() -> None:
    spec = one_channel(
        [0.0],
        {"signal": ([5.0], [modifier("mu", "normfactor")]), "background": ([2.0], [])},
        mu={"bounds": [[-10.0, 10.0]]},
    )
    model = compiled(spec)
    result = fit(model)
    assert not result.converged
    assert 'channel "SR", bin 0' in result.status
    assert result["mu"].value == pytest.approx(-0.4, abs=1e-6)
    # The likelihood ends there with a slope: it has no symmetric uncertainty.
    assert not result.covariance_valid
    assert np.isnan(result["mu"].uncertainty)
    assert np.isnan(fit_many(model, [model.observed()], uncertainties=True).uncertainties).all()


def test_a_vanishing_rate_does_not_hide_the_minimum_along_it() -> None:
    # The rate of the empty bin is 1 - 2 a and ends the range of a at 0.5; b is free to fit the other bin all the same.
    shape = {"lo_data": [3.0, 10.0], "hi_data": [-1.0, 10.0]}
    push = {"lo_data": [1.0, 5.0], "hi_data": [1.0, 15.0]}
    spec = one_channel(
        [0.0, 18.0], {"all": ([1.0, 10.0], [modifier("a", "histosys", shape), modifier("b", "histosys", push)])}
    )
    model = compiled(spec, histosys="code0")
    result = fit(model)
    grid = [model.nll([0.5 - 1e-9, b]) for b in np.linspace(0.0, 3.0, 3001)]
    assert 0.5 * result.twice_nll <= min(grid) + 1e-6


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_saddle_on_bounds_is_left(start: float) -> None:
    # The rate is 20 + 10 a b: at a = b = 0 the gradient vanishes, and no single parameter gains by leaving its bound.
    factors = [modifier("a", "normfactor"), modifier("b", "normfactor")]
    spec = one_channel([50.0], {"signal": ([10.0], factors), "background": ([20.0], [])})
    result = fit(compiled(spec), start={"a": start, "b": start})
    assert result["a"].value * result["b"].value == pytest.approx(3.0, rel=1e-4)


def test_negative_curvature_at_a_bound_is_seen() -> None:
    spec = one_channel(
        [150.0],
        {"all": ([100.0], [modifier("a", "histosys", {"lo_data": [110.0], "hi_data": [110.0]})])},
        a={"bounds": [[0.0, 5.0]]},
    )
    result = fit(compiled(spec))
    assert result.converged
    assert result["a"].value == pytest.approx(2.247, abs=1e-3)


def test_scales_of_parameters_do_not_matter() -> None:
    # 120 and 50 events over 100 and 30, a signal of 1e-7 and 2e-7: mu is of the order of 1e8.
    def spec(unit: float) -> Spec:
        signal = ([unit, 2 * unit], [modifier("mu", "normfactor")])
        return one_channel(
            [120.0, 50.0], {"signal": signal, "background": ([100.0, 30.0], [])}, mu={"bounds": [[0.0, 1e3 / unit]]}
        )

    small, usual = fit(compiled(spec(1e-7))), fit(compiled(spec(1.0)))
    assert small.converged
    assert small["mu"].value == pytest.approx(1e7 * usual["mu"].value, rel=1e-7)
    assert small["mu"].uncertainty == pytest.approx(1e7 * usual["mu"].uncertainty, rel=1e-7)


def test_mirror_and_messages_are_about_the_data_that_were_fitted() -> None:
    # Auxiliary data off zero break the symmetry that the observed data have.
    even = {"lo_data": [120.0], "hi_data": [120.0]}
    model = compiled(one_channel([150.0], {"all": ([100.0], [modifier("a", "histosys", even)])}))
    assert fit(model).mirrored
    assert fit(model, [150.0, 1.0]).mirrored == ()
    spec = one_channel([198.0], {"s": ([5.0], [modifier("mu", "normfactor")])}, mu={"bounds": [[-10.0, 100.0]]})
    assert "has 7 events" in fit(compiled(spec), [7.0], fixed={"mu": 0.0}).status


def test_an_impossible_model_is_told() -> None:
    spec = one_channel([3.0], {"signal": ([5.0], [modifier("mu", "normfactor")])})
    result = fit(compiled(spec), fixed={"mu": 0.0})
    assert not result.converged
    assert result.status == 'no possible point was found: channel "SR", bin 0 has 3 events and no positive rate'
    with pytest.raises(FitError, match="no possible point"):
        fit(compiled(spec), fixed={"mu": 0.0}, raise_on_failure=True)


@pytest.mark.parametrize(("observed", "inside"), [(104.0, True), (150.0, False)])
def test_kinks_of_piecewise_interpolation(observed: float, inside: bool) -> None:
    # code 0 in one bin: rate 100 + 10 alpha above, 100 + 2 alpha below, a kink at alpha = 0.
    spec = one_channel(
        [observed], {"all": ([100.0], [modifier("a", "histosys", {"lo_data": [98.0], "hi_data": [110.0]})])}
    )
    model = compiled(spec, histosys="code0")
    result = fit(model)
    grid = np.linspace(-4.9, 4.9, 20001)
    lowest = min(model.nll([x]) for x in grid)
    assert result.converged
    assert 0.5 * result.twice_nll <= lowest + 1e-9
    assert (abs(result["a"].value) < 1) == inside


def test_a_minimum_at_a_kink() -> None:
    # Up and down both lower the rate; the data want more: alpha = 0 is the minimum, with a corner.
    spec = one_channel([120.0], {"all": ([100.0], [modifier("a", "histosys", {"lo_data": [80.0], "hi_data": [85.0]})])})
    result = fit(compiled(spec, histosys="code0"))
    assert result.converged
    assert result["a"].value == 0.0

    assert result["a"].at_bound
    assert "has a kink" in str(result.conditions[0])


@pytest.mark.parametrize(
    ("code", "low", "high", "slope"),
    [
        ("code0", 0.9, 1.1, 0.1),  # the same slope on both sides, no kink
        ("code0", 0.9, 1.2, 0.2),
        ("code0", 1.0, 1.2, 0.2),
        ("code1", 0.9, 1.2, np.log(1.2)),
        ("code1", 1 / 1.1, 1.1, np.log(1.1)),
    ],
)
def test_asimov_data_are_level_in_a_kink(code: str, low: float, high: float, slope: float) -> None:
    """The covariance is that of the slope above 0: (J^T J / nu + constraint)^-1, with two bins."""
    systematic = modifier("x", "normsys", {"lo": low, "hi": high})
    samples = {"s": ([5.0, 12.0], [modifier("mu", "normfactor")]), "b": ([50.0, 40.0], [systematic])}
    model = compiled(one_channel([55.0, 52.0], samples), normsys=code)
    jacobian = np.array([[5.0, 50.0 * slope], [12.0, 40.0 * slope]]) / np.sqrt([[55.0], [52.0]])
    wanted = np.linalg.inv(jacobian.T @ jacobian + np.diag([0.0, 1.0]))
    for start in (None, {"x": -0.8, "mu": 2.0}):
        result = fit(model, start=start)
        assert not result.at_bound.any()
        order = [result.names.index("mu"), result.names.index("x")]
        np.testing.assert_allclose(result.covariance[np.ix_(order, order)], wanted, rtol=1e-6)


def test_minuit_agrees(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "likelihoods" / "atlas-tHu-fcnc" / "workspace_tHu.json"))
    ours, theirs = fit(model), fit(model, minimizer="minuit")
    assert theirs.minimizer == "minuit"
    assert ours.twice_nll <= theirs.twice_nll + 1e-9
    assert theirs.twice_nll == pytest.approx(ours.twice_nll, abs=1e-3)
    poi = model.poi or ""
    assert theirs[poi].value == pytest.approx(ours[poi].value, abs=0.02 * ours[poi].uncertainty)


def test_minuit_at_a_bound() -> None:
    samples = {
        "signal": ([10.0, 5.0], [modifier("mu", "normfactor")]),
        "background": ([50.0, 45.0], [modifier("b", "normsys", {"lo": 0.95, "hi": 1.05})]),
    }
    model = compiled(one_channel([40.0, 40.0], samples))
    result = fit(model, minimizer="minuit")
    assert result.converged
    assert result["mu"].at_bound
    assert result.twice_nll == pytest.approx(fit(model).twice_nll, abs=1e-4)


def test_same_bits_every_time(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "likelihoods" / "agc-cms-ttbar" / "workspace_ml.json"))
    first, second = fit(model), fit(model)
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.covariance, second.covariance)


def test_data_fixed_start_and_limits() -> None:
    spec = one_channel(
        [37.0],
        {
            "signal": ([8.0], [modifier("mu", "normfactor")]),
            "background": ([20.0], [modifier("b", "normsys", {"lo": 0.8, "hi": 1.2})]),
        },
    )
    model = compiled(spec)
    asimov = np.concatenate([model.expected([0.3, 1.5][:: 1 if model.parameter_names[0] == "b" else -1]), [0.3]])
    result = fit(model, asimov, start={"mu": 4.0})
    assert result["mu"].value == pytest.approx(1.5, rel=1e-6)
    assert result["b"].value == pytest.approx(0.3, rel=1e-6)
    assert result.dataset == "user data"
    held = fit(model, fixed={"b": 1.0})
    assert held["b"].value == 1.0
    assert held["b"].fixed
    assert held["b"].uncertainty == 0.0
    assert held["mu"].uncertainty == pytest.approx(np.sqrt(37.0) / 8.0, rel=1e-9)
    everything = fit(model, fixed={"b": 1.0, "mu": 2.0})
    assert everything.converged
    assert (everything.uncertainties == 0).all()
    short = fit(model, options=FitOptions(max_iterations=1))
    assert not short.converged
    assert "iterations" in short.status


def test_every_wrong_name_at_once() -> None:
    model = compiled(one_channel([3.0], {"signal": ([5.0], [modifier("mu", "normfactor")])}))
    with pytest.raises(ModelError) as error:
        fit(model, start={"mo": 1.0}, fixed={"nu": 1.0}, bounds={"x": (0.0, 1.0)})
    assert len(error.value.problems) == 3
    with pytest.raises(ModelError, match="the first must be below the second"):
        fit(model, bounds={"mu": (2.0, 1.0)})
    with pytest.raises(ModelError, match="finite value"):
        fit(model, fixed={"mu": float("nan")})
    with pytest.raises(ModelError, match=r"start: .* finite value"):
        fit(model, start={"mu": float("nan")})
    with pytest.raises(ModelError, match="positive tolerance"):
        FitOptions(tolerance=-1.0)
    with pytest.raises(ModelError, match='no minimizer "migrad"'):
        fit(model, minimizer="migrad")


def test_a_workspace_is_no_model() -> None:
    workspace = load_workspace(one_channel([3.0], {"signal": ([5.0], [modifier("mu", "normfactor")])}))
    with pytest.raises(TypeError, match=r"write wilks\.compile_model"):
        fit(workspace)  # type: ignore[arg-type]


def test_an_even_parameter_at_zero_has_no_twin() -> None:
    spec = one_channel([100.0], {"all": ([100.0], [modifier("a", "normsys", {"lo": 1.01, "hi": 1.01})])})
    assert fit(compiled(spec), minimizer="minuit").mirrored == ()
