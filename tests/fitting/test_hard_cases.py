"""Fits that are hard on a minimiser, each against an answer found by other means: see `lowest` and the closed forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from iminuit import Minuit
from scipy.optimize import brentq, minimize_scalar
from tests.reference.likelihood import Likelihood
from tests.strategies import workspaces

from wilks import compile_model, fit, load_workspace
from wilks.fitting.problem import FitOptions
from wilks.model.model import Model
from wilks.results.fit import FitResult

Spec = dict[str, Any]
Sample = tuple[list[float], list[Spec]]


def free(name: str) -> Spec:
    return {"name": name, "type": "normfactor", "data": None}


def factor(name: str, lo: float, hi: float) -> Spec:
    return {"name": name, "type": "normsys", "data": {"lo": lo, "hi": hi}}


def shape(name: str, lo: list[float], hi: list[float]) -> Spec:
    return {"name": name, "type": "histosys", "data": {"lo_data": lo, "hi_data": hi}}


def per_bin(name: str, kind: str, data: list[float] | None = None) -> Spec:
    return {"name": name, "type": kind, "data": data}


def workspace(channels: dict[str, tuple[list[float], dict[str, Sample]]], **settings: Spec) -> Spec:
    """Return a workspace from {channel: (observed, {sample: (yields, modifiers)})} and settings by parameter."""
    return {
        "channels": [
            {"name": name, "samples": [{"name": s, "data": d, "modifiers": m} for s, (d, m) in samples.items()]}
            for name, (_, samples) in channels.items()
        ],
        "observations": [{"name": name, "data": observed} for name, (observed, _) in channels.items()],
        "measurements": [
            {"name": "m", "config": {"poi": "", "parameters": [{"name": k, **v} for k, v in settings.items()]}}
        ],
        "version": "1.0.0",
    }


def compiled(spec: Spec) -> Model:
    return compile_model(load_workspace(spec))


def lowest(spec: Spec, start: np.ndarray, bounds: Mapping[str, tuple[float, float]] | None = None) -> np.ndarray:
    """Return where MIGRAD ends on the independent likelihood with its gradient, started close to the truth."""
    ref = Likelihood(spec)
    minuit = Minuit(ref.twice_nll, start, grad=lambda theta: 2 * ref.gradient(theta), name=ref.parameter_names)
    minuit.limits = [(bounds or {}).get(n, limits) for n, limits in zip(ref.parameter_names, ref.bounds, strict=True)]
    minuit.fixed = list(ref.fixed)
    minuit.strategy, minuit.tol, minuit.errordef = 2, 1e-5, Minuit.LEAST_SQUARES
    minuit.migrad(ncall=20_000)
    return np.array(minuit.values)


def assert_best(spec: Spec, result: FitResult, other: np.ndarray) -> None:
    """A converged minimum, not above `other`, with the covariance of the independent likelihood."""
    ref = Likelihood(spec)
    assert result.converged, result.status
    assert result.edm < 1e-8
    assert result.twice_nll == pytest.approx(
        ref.twice_nll(result.values), rel=0, abs=2 * ref.nll_tolerance(result.values)
    )
    assert ref.twice_nll(result.values) <= ref.twice_nll(other) + 1e-6
    moving = ~result.fixed & ~result.at_bound
    covariance = np.linalg.inv(ref.hessian(result.values)[np.ix_(moving, moving)])
    np.testing.assert_allclose(result.uncertainties[moving], np.sqrt(np.diag(covariance)), rtol=1e-4)


def test_gammas_that_know_nothing_and_gammas_that_know_everything() -> None:
    # tau = (yield / uncertainty)^2 = 1e-3 and 1e8; alone in its bin, gamma = (n + tau) / (b + tau), exactly.
    n, b, tau = np.array([3.0, 130.0, 40.0]), np.array([2.0, 100.0, 41.0]), np.array([1e-3, 1e8, 25.0])
    spec = workspace({"SR": (n.tolist(), {"b": (b.tolist(), [per_bin("g", "shapesys", (b / np.sqrt(tau)).tolist())])})})
    result = fit(compiled(spec))
    assert result.converged
    np.testing.assert_allclose(result.values, (n + tau) / (b + tau), rtol=1e-12)
    np.testing.assert_allclose(result.uncertainties, np.sqrt(n + tau) / (b + tau), rtol=1e-7)


def test_gammas_of_every_width_beside_a_free_signal() -> None:
    # For a given mu each gamma solves a quadratic equation: what is left is a function of one number.
    n, s, b = np.array([9.0, 105.0, 60.0]), np.array([2.0, 3.0, 6.0]), np.array([2.0, 100.0, 41.0])
    tau = np.array([1e-3, 1e8, 25.0])
    gammas = per_bin("g", "shapesys", (b / np.sqrt(tau)).tolist())
    spec = workspace({"SR": (n.tolist(), {"s": (s.tolist(), [free("mu")]), "b": (b.tolist(), [gammas])})})
    ref = Likelihood(spec)

    def profiled(mu: float) -> np.ndarray:
        # (b + tau) g^2 b + (mu s (b + tau) - b (n + tau)) g - tau mu s = 0
        linear = mu * s * (b + tau) - b * (n + tau)
        root = np.sqrt(linear**2 + 4 * b * (b + tau) * tau * mu * s)
        gamma = np.where(linear > 0, 2 * tau * mu * s / (linear + root), (root - linear) / (2 * b * (b + tau)))
        return np.array([mu, *gamma])

    best = minimize_scalar(lambda mu: ref.nll(profiled(mu)), bounds=(0.01, 9.9), options={"xatol": 1e-9})
    assert_best(spec, fit(compiled(spec)), profiled(best.x))


def test_yields_of_a_millionth_and_of_a_billion() -> None:
    # The score is a sum over bins and falls in mu: one root, whatever the scales.
    n, s = np.array([1_000_050_000.0, 0.0, 1.0, 2.0]), np.array([1e9, 1e-6, 2e-6, 3.0])
    spec = workspace({"SR": (n.tolist(), {"s": (s.tolist(), [free("mu")])})})
    mu = n.sum() / s.sum()
    result = fit(compiled(spec))
    assert result.converged
    assert result["mu"].value == pytest.approx(mu, rel=1e-13)
    assert result["mu"].uncertainty == pytest.approx(np.sqrt(n.sum()) / s.sum(), rel=1e-9)


def test_small_and_large_yields_with_parameters_of_their_own() -> None:
    # nu = (1e9 k + 1e-6 m, 2e9 k, 1e-6 m + 1e-7): k from the large bins, m, three million, from the small one.
    n = np.array([1.00003e9, 1.99996e9, 3.0])
    samples: dict[str, Sample] = {
        "large": ([1e9, 2e9, 0.0], [free("k")]),
        "small": ([1e-6, 0.0, 1e-6], [free("m")]),
        "rest": ([0.0, 0.0, 1e-7], [factor("a", 0.9, 1.1)]),
    }
    spec = workspace({"SR": (n.tolist(), samples)}, m={"bounds": [[0.0, 1e8]], "inits": [1.0]})

    def k_of(m: float) -> float:
        # 3e9 k - n_1 - n_0 k / (k + c) = 0 with c = 1e-15 m: solved for k, c being tiny
        return float(brentq(lambda k: 3e9 - n[1] / k - n[0] / (k + 1e-15 * m), 0.5, 2.0, xtol=1e-16))

    def score(m: float) -> float:
        return 2e-6 - 1e-6 * n[0] / (1e9 * k_of(m) + 1e-6 * m) - 1e-6 * n[2] / (1e-6 * m + 1e-7)

    result = fit(compiled(spec))
    assert result.converged
    m = brentq(score, 1e5, 1e7, xtol=1e-6)
    assert result["m"].value == pytest.approx(m, rel=1e-6)
    assert result["k"].value == pytest.approx(k_of(m), rel=1e-12)
    assert result["k"].uncertainty == pytest.approx(np.sqrt(n[:2].sum()) / 3e9, rel=1e-6)
    assert result["m"].uncertainty == pytest.approx(np.sqrt(3.0) / 1e-6, rel=1e-3)


@pytest.mark.parametrize("start", [0.0, 1.0, 4.9])
@pytest.mark.parametrize(("low", "high"), [(-5.0, 5.0), (0.0, 10.0)])
def test_a_free_factor_whose_optimum_is_zero(low: float, high: float, start: float) -> None:
    # s mu + b with n = b: mu = 0, where the gradient vanishes also if zero is the bound.
    spec = workspace(
        {"SR": ([20.0, 30.0], {"s": ([5.0, 2.0], [free("mu")]), "b": ([20.0, 30.0], [factor("k", 0.9, 1.1)])})}
    )
    model = compiled(spec)
    result = fit(model, start={"mu": start}, bounds={"mu": (low, high)})
    assert result.converged, result.status
    assert result["mu"].value == pytest.approx(0.0, abs=1e-9)
    assert result["k"].value == pytest.approx(0.0, abs=1e-6)
    assert result.twice_nll == pytest.approx(2 * model.nll([0.0, 0.0]), abs=1e-12)
    if low < 0:
        covariance = np.linalg.inv(Likelihood(spec).hessian(np.zeros(2)))
        np.testing.assert_allclose(result.uncertainties, np.sqrt(np.diag(covariance)), rtol=1e-6)
    else:
        assert result["mu"].value >= 0.0
        assert result["k"].uncertainty > 0.7


def test_three_hundred_identical_systematics() -> None:
    # rate 100 + 5 sum(alpha): all alphas are equal, A = sum(alpha) minimises nu - n log nu + A^2 / 600, and by the
    # formula of Sherman and Morrison the variance of each is 1 - h / (1 + 300 h), h = 25 n / nu^2.
    n, count = 260.0, 300
    spec = workspace({"SR": ([n], {"b": ([100.0], [shape(f"a{i:03d}", [95.0], [105.0]) for i in range(count)])})})
    total = brentq(lambda a: 5 - 5 * n / (100 + 5 * a) + a / count, 0.0, 100.0, xtol=1e-14)
    h = 25 * n / (100 + 5 * total) ** 2
    result = fit(compiled(spec))
    assert result.converged
    np.testing.assert_allclose(result.values, total / count, rtol=1e-10)
    np.testing.assert_allclose(result.uncertainties, np.sqrt(1 - h / (1 + count * h)), rtol=1e-10)
    assert result.covariance.sum() == pytest.approx(count / (1 + count * h), rel=1e-9)


def test_fifty_free_factors_on_one_sample() -> None:
    names = [f"k{i:02d}" for i in range(50)]
    spec = workspace({"SR": ([30.0], {"b": ([10.0], [free(name) for name in names])})})
    result = fit(compiled(spec))
    assert not result.converged
    assert not result.covariance_valid
    assert np.isnan(result.uncertainties).all()
    # Twelve are named, the others counted: all take part in the product.
    said = re.fullmatch(
        r'the likelihood is flat: .* combination of (("k\d\d",? ){12})and (\d+) more; .*', result.status
    )
    assert said is not None
    assert 20 < int(said[3]) <= 38
    assert np.prod(result.values) == pytest.approx(3.0, rel=1e-4)
    held = fit(compiled(spec), fixed=dict.fromkeys(names[1:], 1.0))
    assert held["k00"].value == pytest.approx(3.0, rel=1e-10)


def realistic(scale: float = 1.0) -> Spec:
    """Two channels with every common modifier; the data are a fluctuation of the nominal yields times `scale`."""
    signal, top, rest = [2.0, 6.0, 11.0], [80.0, 60.0, 25.0], [30.0, 35.0, 40.0]
    rng = np.random.default_rng(8)
    everything: list[Spec] = [factor("lumi", 0.97, 1.03), per_bin("stat", "staterror", [3.0, 2.5, 2.0])]
    region: dict[str, Sample] = {
        "signal": (signal, [free("mu"), factor("lumi", 0.97, 1.03)]),
        "top": (top, [free("k_top"), shape("jes", [79.0, 60.1, 25.4], [81.2, 59.8, 24.6]), *everything]),
        "rest": (rest, [factor("rest", 0.8, 1.25), per_bin("mc", "shapesys", [5.0, 4.0, 6.0]), *everything]),
    }
    control: dict[str, Sample] = {
        "top": ([200.0, 100.0], [free("k_top"), shape("jes", [199.0, 100.4], [201.2, 99.5])]),
        "rest": ([50.0, 60.0], [factor("rest", 0.8, 1.25)]),
    }
    observed = rng.poisson(scale * np.sum([signal, top, rest], axis=0)), rng.poisson(scale * np.array([250, 160]))
    return workspace(
        {"SR": (observed[0].tolist(), region), "CR": (observed[1].tolist(), control)},
        **{name: {"bounds": [[-100.0, 100.0]]} for name in ("lumi", "jes", "rest")},
        **{name: {"bounds": [[-10.0, 60.0]]} for name in ("mu", "k_top")},
    )


@pytest.mark.parametrize("away", [50.0, -50.0])
@pytest.mark.parametrize("names", [("lumi",), ("jes",), ("rest",), ("lumi", "rest"), ("jes", "rest", "lumi")])
def test_a_start_fifty_sigma_away(away: float, names: tuple[str, ...]) -> None:
    spec = realistic()
    model = compiled(spec)
    result = fit(model, start=dict.fromkeys(names, away))
    assert_best(spec, result, lowest(spec, model.initial))


@pytest.mark.parametrize("scale", [10.0, 0.1])
def test_data_far_from_the_model(scale: float) -> None:
    spec = realistic(scale)
    result = fit(compiled(spec))
    assert_best(spec, result, lowest(spec, result.values))
    assert_best(spec, result, lowest(spec, Likelihood(spec).inits))


@pytest.mark.parametrize("n", [0.0, 1.0, 3.0, 100.0])
def test_negative_rates_on_the_way(n: float) -> None:
    # rate 10 + 20 alpha, negative below -1/2: the minimum solves 20 - 20 n / nu + alpha = 0; for n = 0 none is inside.
    spec = workspace({"SR": ([n], {"b": ([10.0], [shape("a", [-10.0], [30.0])])})})
    result = fit(compiled(spec), start={"a": 4.0})
    if n == 0:
        assert "rate" in result.status
        assert result["a"].value == pytest.approx(-0.5, abs=1e-6)
        return
    alpha = brentq(lambda a: 20 - 20 * n / (10 + 20 * a) + a, -0.5 + 1e-12, 5.0, xtol=1e-15)
    assert result.converged
    assert result["a"].value == pytest.approx(alpha, rel=1e-10)
    assert result["a"].uncertainty == pytest.approx(1 / np.sqrt(1 + 400 * n / (10 + 20 * alpha) ** 2), rel=1e-8)


def test_negative_rates_in_some_bins_on_the_way() -> None:
    lo, hi = [-30.0, 60.0, 10.0], [90.0, 20.0, 60.0]
    samples: dict[str, Sample] = {
        "b": ([30.0, 40.0, 35.0], [shape("a", lo, hi), factor("k", 0.7, 1.4)]),
        "s": ([1.0, 4.0, 2.0], [free("mu"), shape("t", [-6.0, 4.0, 1.0], [8.0, 4.0, 3.0])]),
    }
    spec = workspace({"SR": ([2.0, 70.0, 20.0], samples)}, mu={"bounds": [[-5.0, 20.0]]})
    model = compiled(spec)
    assert model.nll(np.where(np.array(model.parameter_names) == "a", -1.5, model.initial)) == np.inf
    best = fit(model)
    assert_best(spec, best, lowest(spec, best.values))
    for start in ({"a": 2.0, "mu": 5.0}, {"a": 4.9, "mu": 19.0, "k": -4.0}, {"t": 4.0, "mu": 3.0}):
        assert fit(model, start=start).twice_nll == pytest.approx(best.twice_nll, abs=1e-8)


def test_two_minima_of_different_height() -> None:
    # Documented: without a search a fit ends in the minimum downhill from its start; with it in the deeper one.
    spec = workspace({"SR": ([140.0], {"b": ([100.0], [shape("a", [125.0], [130.0])])})})
    model = compiled(spec)
    grid = np.linspace(-4.99, 4.99, 19_961)
    nll = Likelihood(spec).nll(grid[:, None])
    left, right = np.argmin(np.where(grid < 0, nll, np.inf)), np.argmin(np.where(grid > 0, nll, np.inf))
    deep, local = fit(model, start={"a": -2.0}), fit(model, start={"a": -2.0}, options=FitOptions(search="none"))
    for result, i in ((deep, right), (local, left)):
        assert result.converged
        assert result["a"].value == pytest.approx(grid[i], abs=5e-4)
        assert 2 * nll[i] - 1e-6 < result.twice_nll <= 2 * nll[i]
        assert result.mirrored == ()
    assert [minimum.twice_nll for minimum in deep.minima] == pytest.approx([deep.twice_nll, local.twice_nll], abs=1e-8)
    said = (Path(__file__).parents[2] / "docs" / "reference" / "differences.md").read_text(encoding="utf-8")
    assert f"{deep.twice_nll:.4f} at {deep['a'].value:.2f}" in said
    assert f"{local.twice_nll:.4f} at {local['a'].value:.2f}" in said


def test_abcd_in_one_bin() -> None:
    # A = mu s + r B, C = r D: as many numbers as counts, so that all follow from the counts and error propagation.
    a, b, c, d, s = 45.0, 120.0, 60.0, 210.0, 8.0
    top, bottom = [per_bin("upper", "shapefactor")], [per_bin("lower", "shapefactor")]
    channels: dict[str, tuple[list[float], dict[str, Sample]]] = {
        "A": ([a], {"s": ([s], [free("mu")]), "qcd": ([1.0], [*top, free("r")])}),
        "B": ([b], {"qcd": ([1.0], top)}),
        "C": ([c], {"qcd": ([1.0], [*bottom, free("r")])}),
        "D": ([d], {"qcd": ([1.0], bottom)}),
    }
    wide = {"bounds": [[0.0, 1000.0]], "inits": [50.0]}
    result = fit(compiled(workspace(channels, upper=wide, lower=wide)))
    background = b * c / d
    assert result.converged
    assert result["mu"].value == pytest.approx((a - background) / s, rel=1e-9)
    assert result["r"].value == pytest.approx(c / d, rel=1e-10)
    assert result["upper[0]"].value == pytest.approx(b, rel=1e-10)
    sigma = np.sqrt(a + background**2 * (1 / b + 1 / c + 1 / d)) / s
    assert result["mu"].uncertainty == pytest.approx(sigma, rel=1e-7)
    # The default bounds (0, 10) hold both shapefactors, and the fit says so.
    narrow = fit(compiled(workspace(channels)))
    assert narrow["upper[0]"].at_bound
    assert narrow["lower[0]"].at_bound


def test_abcd_with_a_shape() -> None:
    upper, lower, ratio = np.array([120.0, 80.0, 30.0]), np.array([210.0, 190.0, 90.0]), 0.3
    rng = np.random.default_rng(3)
    s, ones = [2.0, 5.0, 9.0], [1.0, 1.0, 1.0]
    top, bottom = [per_bin("upper", "shapefactor")], [per_bin("lower", "shapefactor")]
    leak = factor("leak", 0.8, 1.2)
    channels: dict[str, tuple[list[float], dict[str, Sample]]] = {
        "A": (rng.poisson(s + ratio * upper).tolist(), {"s": (s, [free("mu")]), "qcd": (ones, [*top, free("r")])}),
        "B": (rng.poisson(upper).tolist(), {"s": ([0.3, 0.5, 0.6], [free("mu"), leak]), "qcd": (ones, top)}),
        "C": (rng.poisson(ratio * lower).tolist(), {"qcd": (ones, [*bottom, free("r")])}),
        "D": (rng.poisson(lower).tolist(), {"qcd": (ones, bottom)}),
    }
    wide = {"bounds": [[0.0, 1000.0]] * 3, "inits": [1.0] * 3}
    spec = workspace(channels, upper=wide, lower=wide)
    truth = {"upper": upper, "lower": lower, "r": [ratio], "mu": [1.0], "leak": [0.0]}
    start = np.concatenate([truth[s.name] for s in Likelihood(spec).sets])
    assert_best(spec, fit(compiled(spec)), lowest(spec, start))


def test_several_sets_of_gammas_in_one_bin() -> None:
    def gammas(sample: str, width: list[float]) -> list[Spec]:
        return [per_bin("stat", "staterror", width), per_bin(f"mc_{sample}", "shapesys", [2 * w for w in width])]

    samples: dict[str, Sample] = {
        "s": ([5.0, 9.0, 2.0], [free("mu"), *gammas("s", [0.5, 0.3, 0.4])]),
        "b": ([50.0, 30.0, 4.0], [factor("k", 0.9, 1.15), *gammas("b", [4.0, 1.0, 2.5])]),
        "c": ([20.0, 0.0, 8.0], [shape("t", [16.0, 0.0, 9.0], [25.0, 0.5, 6.0]), *gammas("c", [9.0, 0.0, 3.0])]),
    }
    spec = workspace({"SR": ([95.0, 42.0, 9.0], samples), "CR": ([33.0], {"b": ([30.0], gammas("CR", [6.0]))})})
    result = fit(compiled(spec))
    assert_best(spec, result, lowest(spec, Likelihood(spec).inits))


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(workspaces(max_channels=2), st.integers(0, 2**32 - 1))
def test_any_fixed_subset_without_recompiling(spec: Spec, seed: int) -> None:
    """`fit(fixed=...)` is the fit of a workspace that fixes the same parameters at the same values."""
    rng = np.random.default_rng(seed)
    model = compile_model(load_workspace(spec), poi="")
    chosen = [s for s in model.parameter_sets if rng.random() < 0.5]
    values = {
        s.name: [float(x) for x in s.inits + np.where(s.lower < 0, 0.3, 0.02) * rng.uniform(-1, 1, len(s))]
        for s in chosen
    }
    parameters = spec["measurements"][0]["config"]["parameters"]
    for name, inits in values.items():
        entry = next((p for p in parameters if p["name"] == name), None)
        if entry is None:
            parameters.append(entry := {"name": name})
        entry.update(inits=inits, fixed=True)
    recompiled = compile_model(load_workspace(spec), poi="")
    by_name = {n: x for s in chosen for n, x in zip(s.names, values[s.name], strict=True)}
    held, expected = fit(model, fixed=by_name), fit(recompiled)
    assert held.status == expected.status
    np.testing.assert_array_equal(held.fixed, expected.fixed)
    np.testing.assert_allclose(held.values, expected.values, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(held.uncertainties, expected.uncertainties, rtol=1e-9)
    assert held.twice_nll == pytest.approx(expected.twice_nll, abs=1e-9)
