"""The reference likelihood against pyhf, ROOT's formulas in closed form, and its own derivatives."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import jsonpatch  # comes with pyhf
import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.likelihood import (
    Likelihood,
    central_gradient,
    central_hessian,
    histosys_delta,
    normsys_factor,
)
from tests.strategies import random_theta, workspaces

# The same examples on every run; no shrinking, which takes minutes on inputs of this size.
RANDOM = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

WORKSPACES = (
    "ttbar-lesson/workspace.json",
    "ttbar-lesson/workspace_repaired.json",
    "cabinetry-example/golden/example_histogram_workspace.json",
    "cabinetry-example/golden/example_ntuple_workspace.json",
    "likelihoods/agc-cms-ttbar/workspace.json",
    "likelihoods/agc-cms-ttbar/workspace_ml.json",
    "likelihoods/atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json",
    "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
    "likelihoods/atlas-1Lbb/BkgOnly.json",
    "likelihoods/pyhf-tutorial/bkg_only.json",
)
SBOTTOM = "likelihoods/atlas-sbottom-2018-31"
PATCHED = (
    (f"{SBOTTOM}/RegionA/BkgOnly.json", f"{SBOTTOM}/RegionA/patch.sbottom_1300_850_60.json", None),
    (f"{SBOTTOM}/RegionB/BkgOnly.json", f"{SBOTTOM}/RegionB/patch.sbottom_600_280_150.json", None),
    (f"{SBOTTOM}/RegionC/BkgOnly.json", f"{SBOTTOM}/RegionC/patch.sbottom_900_250_60.json", None),
    ("likelihoods/atlas-3L-eRJR-2018-06/BkgOnly.json", "likelihoods/atlas-3L-eRJR-2018-06/patchset.json", "ERJR_200"),
    ("likelihoods/atlas-1Lbb/BkgOnly.json", "likelihoods/atlas-1Lbb/patchset_subset.json", "C1N2_Wh_hbb_300_150"),
)


def load(path: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(path.read_text())
    return spec


def pyhf_model(spec: dict[str, Any], normsys: str, histosys: str, validate: bool) -> tuple[Any, np.ndarray]:
    """Return pyhf's model, without a POI, and its data; both codes named, as pyhf falls back when one is missing."""
    codes = {"normsys": {"interpcode": normsys}, "histosys": {"interpcode": histosys}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pyhf's use of jsonschema
        workspace = pyhf.Workspace(spec, validate=validate)
        model = workspace.model(poi_name=None, validate=validate, modifier_settings=codes)
    return model, np.array(workspace.data(model), float)


def assert_same_model(ref: Likelihood, spec: dict[str, Any], seed: int, validate: bool = False) -> None:
    """Orders, settings and data are equal; rates and nll agree at random points."""
    model, data = pyhf_model(spec, ref.normsys, ref.histosys, validate)
    config = model.config
    assert list(ref.parameter_names) == config.par_names
    assert list(ref.auxdata_order) == config.auxdata_order
    assert ref.channels == tuple(config.channels)
    assert ref.samples == tuple(config.samples)
    np.testing.assert_array_equal(ref.inits, config.suggested_init())
    np.testing.assert_array_equal(ref.bounds, config.suggested_bounds())
    np.testing.assert_array_equal(ref.fixed, config.suggested_fixed())
    np.testing.assert_array_equal(ref.observed(), data)
    rng = np.random.default_rng(seed)
    for width in (0.7, 2.0):
        theta = random_theta(rng, ref, width)
        by_sample = ref.expected_by_sample(theta)
        floor = 1e-13 * np.abs(by_sample).sum(axis=0).max()  # only where contributions cancel
        np.testing.assert_allclose(
            by_sample, model.main_model.expected_data(theta, return_by_sample=True), 1e-12, floor
        )
        np.testing.assert_allclose(ref.expected(theta), model.main_model.expected_data(theta), 1e-12, floor)
        if len(data) > ref.n_bins:
            aux = model.expected_auxdata(theta)
            np.testing.assert_allclose(ref.expected_auxdata(theta), aux, 1e-14)
        shifted = data * rng.uniform(0.9, 1.1, len(data))
        expected = -model.logpdf(theta, shifted)[0]
        if np.isinf(expected):  # a bin with events and no prediction
            assert ref.nll(theta, shifted) == expected
        else:
            assert ref.nll(theta, shifted) == pytest.approx(expected, rel=0, abs=ref.nll_tolerance(theta, shifted))


@pytest.mark.parametrize("name", WORKSPACES)
def test_equals_pyhf_on_real_workspaces(shared_data: Path, name: str) -> None:
    spec = load(shared_data / name)
    assert_same_model(Likelihood(spec), spec, seed=11)


@pytest.mark.parametrize(("name", "patch", "point"), PATCHED)
def test_equals_pyhf_on_patched_workspaces(shared_data: Path, name: str, patch: str, point: str | None) -> None:
    operations = json.loads((shared_data / patch).read_text())
    if point is not None:
        operations = next(p["patch"] for p in operations["patches"] if p["metadata"]["name"].startswith(point))
    spec = jsonpatch.apply_patch(load(shared_data / name), operations)
    assert_same_model(Likelihood(spec), spec, seed=12)


@pytest.mark.parametrize(("normsys", "histosys"), [("code1", "code0"), ("code1", "code4p"), ("code4", "code0")])
def test_equals_pyhf_with_other_codes(shared_data: Path, normsys: str, histosys: str) -> None:
    spec = load(shared_data / "ttbar-lesson/workspace.json")
    assert_same_model(Likelihood(spec, normsys=normsys, histosys=histosys), spec, seed=13)


@settings(RANDOM, max_examples=150)
@given(workspaces(), st.integers(0, 2**32 - 1))
def test_equals_pyhf_on_random_workspaces(spec: dict[str, Any], seed: int) -> None:
    assert_same_model(Likelihood(spec), spec, seed, validate=True)


def test_strategy_reaches_every_modifier_type_and_rule() -> None:
    """The random workspaces really contain what they promise, so that the test above can fail."""
    seen: set[str] = set()

    @settings(RANDOM, max_examples=150)
    @given(workspaces())
    def collect(spec: dict[str, Any]) -> None:
        ref = Likelihood(spec)
        modifiers = [m for c in spec["channels"] for s in c["samples"] for m in s["modifiers"]]
        kinds = {(m["name"], m["type"]) for m in modifiers}
        seen.update(m["type"] for m in modifiers)
        seen.update(key for m in spec["measurements"] for entry in m["config"]["parameters"] for key in entry)
        seen.update(["norm plus shape"] if {("both", "normsys"), ("both", "histosys")} <= kinds else [])
        seen.update(["fixed gamma"] if any("[" in n for n in np.array(ref.parameter_names)[ref.fixed]) else [])
        seen.update(["shared staterror"] if "stat_all" in ref.auxdata_order and len(ref.channels) > 1 else [])
        seen.update(["empty bin"] if (ref.main_data == 0).any() else [])
        seen.update(["no POI"] if spec["measurements"][0]["config"]["poi"] == "" else [])

    collect()
    types = {"histosys", "lumi", "normfactor", "normsys", "shapefactor", "shapesys", "staterror"}
    keys = {"inits", "bounds", "fixed", "auxdata", "sigmas"}
    assert seen >= types | keys | {"norm plus shape", "fixed gamma", "shared staterror", "empty bin", "no POI"}


@settings(RANDOM, max_examples=15)
@given(workspaces(max_channels=2, max_bins=3), st.integers(0, 2**32 - 1))
def test_derivatives_agree_with_central_differences(spec: dict[str, Any], seed: int) -> None:
    ref = Likelihood(spec)
    theta = random_theta(np.random.default_rng(seed), ref, width=0.5)
    data = ref.observed()
    data[: ref.n_bins] = np.where(ref.expected(theta) > 0, data[: ref.n_bins], 0.0)
    unit = np.where(ref.bounds[:, 0] >= 0, np.minimum(ref.scales(), np.abs(theta)), ref.scales())
    noise = 1e-15 * ref.sum_of_absolute_terms(theta, data)

    def nll(t: np.ndarray) -> float:
        return float(ref.nll(t, data))

    numeric = central_gradient(nll, theta, 1e-4 * unit) * unit
    np.testing.assert_allclose(ref.gradient(theta, data) * unit, numeric, 1e-6, 1e-6 + 1e4 * noise)
    numeric = central_gradient(ref.expected, theta, 1e-4 * unit).T * unit
    np.testing.assert_allclose(ref.jacobian(theta) * unit, numeric, 1e-6, 1e-8 * ref.expected(theta).max())
    numeric = central_hessian(nll, theta, 1e-3 * unit) * np.outer(unit, unit)
    exact = ref.hessian(theta, data) * np.outer(unit, unit)
    np.testing.assert_allclose(exact, numeric, 1e-4, 1e-5 * np.abs(numeric).max() + 1e6 * noise)


def test_leading_axes_are_independent_points() -> None:
    spec = small_workspace()
    ref = Likelihood(spec)
    rng = np.random.default_rng(5)
    points = np.array([random_theta(rng, ref) for _ in range(6)]).reshape(2, 3, -1)
    np.testing.assert_allclose(ref.nll(points)[1, 2], ref.nll(points[1, 2]), 1e-15)
    assert ref.expected_by_sample(points).shape == (2, 3, 2, 3)


def test_nll_in_closed_form() -> None:
    """One bin, by hand: Poisson(12 | 1.5 x 4 + 6 x 1.1 x 1.2) Normal(0 | 1.0, 1) Normal(1 | 1.2, 0.25)."""
    modifiers = [
        {"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
        {"name": "stat", "type": "staterror", "data": [1.5]},
    ]
    spec = one_bin([("bkg", 6.0, modifiers), ("sig", 4.0, [{"name": "mu", "type": "normfactor", "data": None}])], 12.0)
    ref = Likelihood(spec)
    assert ref.parameter_names == ("mu", "norm", "stat[0]")
    rate = 1.5 * 4 + 6 * 1.1 * 1.2
    log_factorial = sum(np.log(k) for k in range(1, 13))
    expected = rate - 12 * np.log(rate) + log_factorial
    expected += 0.5 + np.log(2 * np.pi) / 2 + 0.5 * (0.2 / 0.25) ** 2 + np.log(2 * np.pi) / 2 + np.log(0.25)
    assert ref.nll(np.array([1.5, 1.0, 1.2])) == pytest.approx(expected, rel=1e-14)
    assert ref.twice_nll(np.array([1.5, 1.0, 1.2])) == pytest.approx(2 * expected, rel=1e-14)


def test_outside_the_domain_is_infinite() -> None:
    spec = one_bin([("sig", 4.0, [{"name": "mu", "type": "normfactor", "data": None}])], 3.0)
    ref = Likelihood(spec)
    assert ref.nll(np.array([0.0])) == np.inf
    assert ref.nll(np.array([-0.1]), np.array([0.0])) == np.inf
    assert ref.nll(np.array([0.0]), np.array([0.0])) == 0.0
    assert ref.gradient(np.array([0.0]), np.array([0.0])) == 4.0


def test_staterror_on_different_samples_per_channel() -> None:
    """pyhf stops with an AssertionError; each channel sums the samples that carry the name there."""

    def stat(unc: float) -> list[dict[str, Any]]:
        return [{"name": "stat", "type": "staterror", "data": [unc]}]

    first = one_bin([("a", 30.0, stat(3.0)), ("b", 10.0, [])], 40.0)
    second = one_bin([("a", 20.0, stat(3.0)), ("b", 20.0, stat(4.0))], 40.0, channel="second")
    spec = first | {key: first[key] + second[key] for key in ("channels", "observations")}
    ref = Likelihood(spec)
    np.testing.assert_allclose(ref.sigmas, [3.0 / 30.0, 5.0 / 40.0], 1e-15)
    np.testing.assert_allclose(ref.expected(np.array([1.1, 1.2])), [30 * 1.1 + 10, 40 * 1.2], 1e-15)


@pytest.mark.parametrize("alpha", [-2.3, -1.0, -0.4, 0.0, 0.7, 1.0, 1.9])
@pytest.mark.parametrize("code", ["code0", "code2", "code4p"])
def test_histosys_against_pyhf_and_root(code: str, alpha: float) -> None:
    low, nominal, high = np.array([8.0, 3.0]), np.array([10.0, 3.5]), np.array([13.0, 3.2])
    delta = histosys_delta(code, np.array([alpha]), low, nominal, high)
    if code == "code2" and abs(alpha) > 1:  # ROOT: the tangent of the parabola at +-1 (pyhf drops its value there)
        a, b, side = (high + low) / 2 - nominal, (high - low) / 2, np.sign(alpha)
        expected = a + b * side + (2 * a * side + b) * (alpha - side)
    else:
        templates = np.array([[[low, nominal, high]]])
        interpolator = pyhf.interpolators.get({"code0": 0, "code2": 2, "code4p": "4p"}[code])(templates)
        expected = np.asarray(interpolator(np.array([[alpha]])))[0, 0, 0]
    np.testing.assert_allclose(delta, expected, 1e-13, 1e-13)


@pytest.mark.parametrize(("low", "high"), [(0.8, 1.3), (1.03, 1.03), (5.7e-10, 5.7e-10), (1.2, 0.7)])
def test_normsys_against_pyhf(low: float, high: float) -> None:
    for code, number in (("code1", 1), ("code4", 4)):
        interpolator = pyhf.interpolators.get(number)(np.array([[[[low], [1.0], [high]]]]))
        for alpha in (-2.5, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 2.5):
            expected = np.asarray(interpolator(np.array([[alpha]]))).item()
            assert normsys_factor(code, np.array([alpha]), low, high).item() == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.3), (-0.2, 1.3), (0.9, 0.0), (0.9, -0.1)])
def test_normsys_without_logarithm_keeps_values_and_drops_slopes(low: float, high: float) -> None:
    """ROOT's code4: the polynomial still passes through lo, 1 and hi; its slope is zero where there is no logarithm."""
    step = 1e-6

    def f(alpha: float) -> float:
        return float(normsys_factor("code4", np.array([alpha]), low, high).item())

    inside = 1 - step
    assert f(0.0) == 1.0
    assert f(inside) == pytest.approx(high, abs=1e-5)
    assert f(-inside) == pytest.approx(low, abs=1e-5)
    for edge, value, sign in ((inside, high, 1), (-inside, low, -1)):
        slope = (f(edge) - f(edge - sign * step)) / (sign * step)
        expected = sign * value * np.log(value) if value > 0 else 0.0
        assert slope == pytest.approx(expected, abs=1e-5)


def one_bin(samples: list[tuple[str, float, list[Any]]], observed: float, channel: str = "first") -> dict[str, Any]:
    return {
        "channels": [
            {"name": channel, "samples": [{"name": n, "data": [d], "modifiers": m} for n, d, m in samples]},
        ],
        "observations": [{"name": channel, "data": [observed]}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}],
        "version": "1.0.0",
    }


def small_workspace() -> dict[str, Any]:
    """Two samples in one channel of three bins; normsys, histosys, shapesys and staterror."""
    shape = {"lo_data": [18.0, 29.0, 41.0], "hi_data": [23.0, 32.0, 38.0]}
    signal = [{"name": "mu", "type": "normfactor", "data": None}]
    background = [
        {"name": "shape", "type": "histosys", "data": shape},
        {"name": "shape", "type": "normsys", "data": {"lo": 0.9, "hi": 1.2}},
        {"name": "flat", "type": "shapesys", "data": [2.0, 0.0, 3.0]},
        {"name": "stat", "type": "staterror", "data": [1.0, 2.0, 0.0]},
    ]
    samples = [
        {"name": "signal", "data": [1.0, 5.0, 9.0], "modifiers": signal},
        {"name": "background", "data": [20.0, 30.0, 40.0], "modifiers": background},
    ]
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [23.0, 31.0, 55.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
