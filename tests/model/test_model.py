"""The engine against the independent NumPy likelihood and against pyhf, off the convenient points."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.likelihood import Likelihood, complex_step_gradient
from tests.strategies import random_theta, workspaces

from wilks import compile_model, load_workspace
from wilks.errors import ModelError
from wilks.model.model import Model

RANDOM = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CODES = [("code4", "code4p"), ("code1", "code0"), ("code4", "code2"), ("code1", "code4p")]


def both(spec: dict[str, Any], normsys: str = "code4", histosys: str = "code4p") -> tuple[Model, Likelihood]:
    model = compile_model(load_workspace(spec), poi="", normsys=normsys, histosys=histosys)
    return model, Likelihood(spec, normsys=normsys, histosys=histosys)


def assert_same_hessian(model: Model, ref: Likelihood, theta: np.ndarray, data: np.ndarray) -> None:
    """Equal within 1e-5 sqrt(H_ii H_jj), and what rounding does to differences of the reference's gradient."""
    step = 1e-5
    expected = ref.hessian(theta, data, step)
    scale = np.sqrt(np.abs(np.diag(expected))) + 1e-2  # parameters that hardly act are judged absolutely
    rounding = 1e-15 * gradient_magnitude(ref, theta, data) / (step * ref.scales())
    tolerance = 1e-5 * np.outer(scale, scale) + rounding[:, None] + rounding[None, :]
    assert (np.abs(model.hessian(theta, data) - expected) <= tolerance).all()


def assert_same_gradient(model: Model, ref: Likelihood, theta: np.ndarray, data: np.ndarray) -> None:
    """Equal within 1e-12 of the sum of the absolute terms that cancel in it."""
    difference = model.gradient(theta, data) - ref.gradient(theta, data)
    assert np.abs(difference / gradient_magnitude(ref, theta, data)).max() < 1e-12


def gradient_magnitude(ref: Likelihood, theta: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return the sums of the absolute terms of the gradient."""
    counts = data[: ref.n_bins]
    weight = 1.0 + np.divide(counts, ref.expected(theta), out=np.zeros_like(counts), where=counts > 0)
    magnitude: np.ndarray = weight @ np.abs(ref.jacobian(theta)) + 1.0 / ref.scales() ** 2
    return magnitude


@settings(RANDOM, max_examples=150)
@given(workspaces(), st.integers(0, 2**32 - 1), st.sampled_from(CODES))
def test_equals_the_reference(spec: dict[str, Any], seed: int, codes: tuple[str, str]) -> None:
    model, ref = both(spec, *codes)
    assert model.parameter_names == ref.parameter_names
    np.testing.assert_array_equal(model.initial, ref.inits)
    np.testing.assert_array_equal(np.stack(model.bounds, axis=1), ref.bounds)
    np.testing.assert_array_equal(model.fixed, ref.fixed)
    np.testing.assert_allclose(model.observed(), ref.observed(), rtol=1e-15)
    rng = np.random.default_rng(seed)
    for width in (0.6, 2.0):
        theta = random_theta(rng, ref, width)
        data = model.observed() * rng.uniform(0.8, 1.2, model.observed().size)
        by_sample = ref.expected_by_sample(theta)
        np.testing.assert_allclose(
            model.expected(theta), ref.expected(theta), rtol=1e-12, atol=1e-13 * np.abs(by_sample).sum(axis=0).max()
        )
        nll = ref.nll(theta, data)
        if not np.isfinite(nll):
            assert model.nll(theta, data) == np.inf
            continue
        assert model.nll(theta, data) == pytest.approx(nll, rel=0, abs=ref.nll_tolerance(theta, data))
        assert_same_gradient(model, ref, theta, data)
        assert_same_hessian(model, ref, theta, data)


@settings(RANDOM, max_examples=60)
@given(workspaces(), st.integers(0, 2**32 - 1))
def test_blocks_and_jacobians_add_up(spec: dict[str, Any], seed: int) -> None:
    model, ref = both(spec)
    theta = random_theta(np.random.default_rng(seed), ref)
    expected, jacobian = np.zeros(model.observed_main.size), np.zeros((model.observed_main.size, model.n_parameters))
    for i, (block, rates) in enumerate(zip(model.blocks, model.expected_by_block(theta), strict=True)):
        expected[model.channel_slices[block.channel]] += rates
        jacobian[model.channel_slices[block.channel]] += model.jacobian(theta, i)
    np.testing.assert_allclose(expected, model.expected(theta), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(jacobian, ref.jacobian(theta), rtol=1e-9, atol=1e-9 * np.abs(jacobian).max())


@settings(RANDOM, max_examples=60)
@given(workspaces(), st.integers(0, 2**32 - 1))
def test_derivatives_where_factors_are_zero(spec: dict[str, Any], seed: int) -> None:
    # Without events the nll is the sum of the rates plus the constraints: both can be differentiated through zero.
    model, ref = both(spec)
    theta = random_theta(np.random.default_rng(seed), ref)
    theta[[i for i, kind in enumerate(model.constraints) if kind == "none"][:2]] = 0.0
    data = model.observed()
    data[: ref.n_bins] = 0.0

    def total_rate(t: np.ndarray) -> np.ndarray:
        return ref.expected(t).sum(axis=-1)

    steps = 1e-4 * ref.scales()
    shifts = np.diag(steps)
    rows = [complex_step_gradient(total_rate, theta + d) - complex_step_gradient(total_rate, theta - d) for d in shifts]
    curvature = np.array(rows) / (2 * steps[:, None])
    slope = complex_step_gradient(total_rate, theta)
    for j, aux in zip(ref.constrained, ref.auxdata, strict=True):
        normal = ref.constraint_kinds[j] == "normal"
        slope[j] += (theta[j] - aux) / ref.sigmas[j] ** 2 if normal else ref.taus[j] - aux / theta[j]
        curvature[j, j] += 1 / ref.sigmas[j] ** 2 if normal else aux / theta[j] ** 2
    np.testing.assert_allclose(model.gradient(theta, data), slope, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(model.hessian(theta, data), curvature, rtol=1e-5, atol=1e-5 * np.abs(curvature).max())


REAL = (
    "ttbar-lesson/workspace.json",
    "ttbar-lesson/workspace_repaired.json",
    "cabinetry-example/golden/example_histogram_workspace.json",
    "likelihoods/agc-cms-ttbar/workspace.json",
    "likelihoods/agc-cms-ttbar/workspace_ml.json",
    "likelihoods/atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json",
    "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
    "likelihoods/atlas-1Lbb/BkgOnly.json",
    "likelihoods/atlas-3L-eRJR-2018-06/BkgOnly.json",
    "likelihoods/atlas-sbottom-2018-31/RegionA/BkgOnly.json",
    "likelihoods/atlas-sbottom-2018-31/RegionB/BkgOnly.json",
    "likelihoods/atlas-sbottom-2018-31/RegionC/BkgOnly.json",
    "likelihoods/pyhf-tutorial/bkg_only.json",
)


@pytest.mark.parametrize("name", REAL)
def test_equals_pyhf_on_real_workspaces(shared_data: Path, name: str) -> None:
    spec = json.loads((shared_data / name).read_text())
    model, ref = both(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pyhf's use of jsonschema
        workspace = pyhf.Workspace(spec, validate=False)
        theirs = workspace.model(poi_name=None, validate=False)
    assert list(model.parameter_names) == theirs.config.par_names
    np.testing.assert_allclose(model.observed(), workspace.data(theirs), rtol=1e-15)
    rng = np.random.default_rng(5)
    for width in (0.5, 1.5):
        theta = random_theta(rng, ref, width)
        np.testing.assert_allclose(model.expected(theta), theirs.expected_actualdata(theta), rtol=1e-12)
        nll = -float(theirs.logpdf(theta, model.observed())[0])
        assert model.nll(theta) == pytest.approx(nll, rel=0, abs=ref.nll_tolerance(theta))


@pytest.mark.parametrize("name", REAL[:7])
def test_derivatives_on_real_workspaces(shared_data: Path, name: str) -> None:
    model, ref = both(json.loads((shared_data / name).read_text()))
    theta = random_theta(np.random.default_rng(6), ref, 0.7)
    unit = np.sqrt(np.diag(model.hessian(theta)).clip(1e-6))
    assert_same_gradient(model, ref, theta, model.observed())
    steps = 1e-3 * ref.scales()
    hessian = model.hessian(theta)
    for i in range(0, model.n_parameters, 1 + model.n_parameters // 12):
        shift = np.eye(model.n_parameters)[i] * steps
        at = [ref.gradient(theta + k * shift) for k in (-2, -1, 1, 2)]  # five-point stencil
        column = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * steps[i])
        rounding = 1e-15 * gradient_magnitude(ref, theta, model.observed()) / steps[i]
        assert (np.abs(hessian[i] - column) <= 1e-6 * unit * unit[i] + 1e-6 * np.abs(column) + rounding).all()


def counting(observed: float, background: float, signal: float = 5.0) -> dict[str, Any]:
    """A one-bin counting experiment with a free signal strength."""
    mu = {"name": "mu", "type": "normfactor", "data": None}
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {"name": "signal", "data": [signal], "modifiers": [mu]},
                    {"name": "background", "data": [background], "modifiers": []},
                ],
            }
        ],
        "observations": [{"name": "SR", "data": [observed]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def test_awkward_points_of_the_poisson_term() -> None:
    nothing = compile_model(load_workspace(counting(0, 0.0)))
    assert nothing.nll([0.0]) == 0.0  # n = 0, nu = 0
    assert nothing.gradient([0.0]) == pytest.approx([5.0])
    assert nothing.nll([0.4]) == pytest.approx(2.0)  # n = 0: nu
    some = compile_model(load_workspace(counting(3, 0.0)))
    assert some.nll([0.0]) == np.inf  # n > 0, nu = 0
    assert np.isnan(some.gradient([0.0])).all()
    negative = compile_model(load_workspace(counting(0, 2.0)))
    assert negative.nll([-1.0]) == np.inf  # nu < 0


def test_constants_keep_their_digits_for_huge_counts() -> None:
    model = compile_model(load_workspace(counting(1e12, 1e12, 1.0)))
    # At nu = n Stirling's series gives -log P = log(2 pi n)/2 + 1/(12 n).
    assert model.nll([0.0]) == pytest.approx(0.5 * np.log(2 * np.pi * 1e12), rel=1e-14)


def test_wrong_arguments_are_told() -> None:
    model = compile_model(load_workspace(counting(3, 2.0)))
    with pytest.raises(ModelError, match="theta has shape"):
        model.nll([1.0, 2.0])
    with pytest.raises(ModelError, match="1 main bins followed by 0 auxiliary"):
        model.nll([1.0], [1.0, 2.0])
    with pytest.raises(ModelError, match="can't be negative"):
        model.nll([1.0], [-1.0])
    with pytest.raises(ModelError, match="finite"):
        model.nll([1.0], [np.nan])
    with pytest.raises(ModelError, match='no parameter "Mu" in this model; did you mean "mu"'):
        model.index("Mu")


def test_prepared_data_give_the_same() -> None:
    model = compile_model(load_workspace(counting(3, 2.0)))
    assert model.nll([1.3], model.dataset([4.0])) == model.nll([1.3], [4.0])
    assert model.nll([1.3]) == model.nll([1.3], [3.0])
