"""The likelihood in JAX against the engine: all that a workspace can say, at points on both sides of every seam."""

from __future__ import annotations

import copy
import doctest
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.formats.features import FEATURES
from tests.model.test_beyond_pyhf import SPEC
from tests.model.test_effects import compiled
from tests.model.test_functions import spec_with_functions
from tests.model.test_morphing import added, model_with
from tests.model.test_penalties import DOCUMENT

import wilks
from wilks.errors import ModelError
from wilks.jax.functions import function_values
from wilks.model.model import Model


def check(model: Model, *, size: float = 0.5, seed: int = 1, points: int = 4) -> None:
    """Hold values, gradients and rates against the engine at random points, where it has values."""
    likelihood = wilks.jax.export(model)
    rng = np.random.default_rng(seed)
    width = np.where(model.prefit_uncertainties > 0, model.prefit_uncertainties, 0.1)
    density = jax.value_and_grad(likelihood.log_density)
    compute = jax.jit(lambda theta, data: (*density(theta, data), likelihood.expected(theta)))
    inside = 0
    for k in range(points):
        theta = model.initial + k * size * width * rng.standard_normal(model.n_parameters)
        value, gradient, rates = compute(jnp.asarray(theta), jnp.asarray(model.observed()))
        nll, slope = model.value_and_gradient(theta)
        if not np.isfinite(nll):
            assert value == -np.inf
            continue
        inside += 1
        assert abs(float(value) + nll) <= 1e-12 * max(1.0, abs(nll))
        np.testing.assert_allclose(-np.asarray(gradient), slope, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(slope).max()))
        np.testing.assert_allclose(rates, model.expected(theta), rtol=1e-12)
    assert inside >= 2


@pytest.mark.parametrize("feature", list(FEATURES))
def test_every_feature_of_a_workspace(feature: str) -> None:
    check(wilks.compile_model(wilks.load_workspace(FEATURES[feature])))


def _coded(code: str, name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda modifiers, _: modifiers[name].update(interpolation=code)


@pytest.mark.parametrize(
    "make",
    [
        lambda: wilks.compile_model(wilks.load_workspace(spec_with_functions())),
        lambda: wilks.compile_model(wilks.load_workspace(DOCUMENT)),
        lambda: added(),
        lambda: added(functions=True),
        lambda: model_with({"logarithms": True, "keep_sum": True, "floor": 1e-9, "normalise": True}, functions=True),
        lambda: model_with({"floor": 12.0, "normalise": True}),
        lambda: compiled(_coded("code1", "scale"), normsys="code1"),
        lambda: compiled(_coded("code5", "scale"), histosys="code2"),
        lambda: compiled(_coded("code0", "norm"), histosys="code0"),
    ],
    ids=["functions", "penalty", "added errors", "and functions", "morphing", "floor", "code1", "code5", "code0"],
)
def test_what_acts_together(make: Callable[[], Model]) -> None:
    check(make(), size=0.2)


@pytest.mark.parametrize("alpha", [-2.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 3.0])
def test_at_seams_of_interpolations_derivatives_are_those_above(alpha: float) -> None:
    model = compiled(lambda m, _: (m["norm"].update(interpolation="code0"), m["scale"].update(interpolation="code0")))
    theta = model.initial.copy()
    for name in ("norm", "scale", "jes"):
        theta[model.index(name)] = alpha
    value, gradient = jax.jit(jax.value_and_grad(wilks.jax.export(model).log_density))(theta)
    assert float(value) == pytest.approx(-model.nll(theta), rel=1e-12)
    np.testing.assert_allclose(-np.asarray(gradient), model.gradient(theta), rtol=1e-10, atol=1e-10)


def test_a_factor_that_is_zero_and_bins_without_events() -> None:
    model = compiled(lambda m, config: None)
    theta, data = model.initial.copy(), model.observed()
    theta[model.index("mu")] = 0.0
    data[:2] = 0.0
    data[2] = 1e7
    value, gradient = jax.jit(jax.value_and_grad(wilks.jax.export(model).log_density))(theta, data)
    assert float(value) == pytest.approx(-model.nll(theta, data), rel=1e-12)
    np.testing.assert_allclose(-np.asarray(gradient), model.gradient(theta, data), rtol=1e-10)
    theta[model.index("k")] = -3.0
    assert wilks.jax.export(model).log_density(theta) == -np.inf
    assert model.nll(theta) == np.inf


@pytest.mark.parametrize(
    "name",
    [
        "ttbar-lesson/workspace.json",
        "likelihoods/pyhf-tutorial/bkg_only.json",
        "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
    ],
)
def test_real_analyses(shared_data: Path, name: str) -> None:
    check(wilks.compile_model(wilks.load_workspace(shared_data / name)), size=0.3)


def test_derivatives_with_respect_to_data_and_yields_are_differences() -> None:
    model = compiled(lambda m, _: None)
    likelihood = wilks.jax.export(model)
    theta = model.initial + 0.1
    theta[model.fixed] = model.initial[model.fixed]
    data = model.observed()
    slopes = np.asarray(jax.grad(likelihood.log_density, argnums=1)(theta, data))
    for i in range(data.size):
        step = 1e-5 * np.eye(data.size)[i]
        change = (model.nll(theta, data - step) - model.nll(theta, data + step)) / 2e-5
        assert slopes[i] == pytest.approx(change, rel=1e-5, abs=1e-6)
    found = jax.grad(lambda y: likelihood.log_density(theta, data, {("SR", "ttbar"): y}))(jnp.array([30.0, 22.0, 14.0]))
    for i in range(3):
        values = []
        for sign in (1, -1):
            values.append(_with_yields(i, sign * 1e-4).nll(theta, data))
        assert found[i] == pytest.approx((values[1] - values[0]) / 2e-4, rel=1e-5)


def _with_yields(i: int, change: float) -> Model:
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"].append({"name": "free", "fixed": True})
    spec["channels"][0]["samples"][1]["data"][i] += change
    return wilks.compile_model(wilks.load_workspace(spec))


def test_templates_by_name_are_those_of_the_document() -> None:
    likelihood = wilks.jax.export(compiled(lambda m, _: None))
    yields = likelihood.yields()
    np.testing.assert_array_equal(yields["CR", "ttbar"], [110.0, 60.0])
    np.testing.assert_allclose(yields["SR", "ttbar", "scale"], [[27.0, 22.5, 15.0], [34.0, 21.0, 13.5]], rtol=1e-14)
    theta = likelihood.initial + 0.05
    same = likelihood.log_density(theta, likelihood.data, yields)
    assert float(same) == pytest.approx(float(likelihood.log_density(theta)), rel=1e-14)
    with pytest.raises(ModelError) as error:
        likelihood.log_density(theta, None, {("SR", "tbar"): [1.0], ("CR", "ttbar"): [1.0]})
    assert 'did you mean "SR, ttbar"?' in str(error.value)
    assert "needed is (2,)" in str(error.value)


def test_wrong_shapes_and_single_precision_are_told() -> None:
    likelihood = wilks.jax.export(compiled(lambda m, _: None))
    with pytest.raises(ModelError, match="theta has shape"):
        likelihood.log_density(np.zeros(3))
    with pytest.raises(ModelError, match="data have shape"):
        likelihood.log_density(likelihood.initial, np.zeros(3))
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(ModelError, match="single precision"):
            likelihood.log_density(likelihood.initial)
    finally:
        jax.config.update("jax_enable_x64", True)


def test_roots_and_powers_of_zero_have_slopes() -> None:
    arrays = {  # sqrt(x), x ^ 1.5
        "function_operation": np.array([1, 9, 0, 6]),
        "function_first": np.array([0, 0, 0, 0]),
        "function_second": np.array([0, 0, 0, 2]),
        "function_number": np.array([0, 0, 1.5, 0]),
        "function_result": np.array([1, 3]),
    }
    slope = jax.jacobian(lambda x: jnp.stack(function_values(arrays, x)))(jnp.zeros(1))
    np.testing.assert_allclose(slope[:, 0], [0.5 / np.sqrt(1e-10), 1.5 * np.sqrt(1e-10)])


def test_batches_of_toys_end_where_fits_end() -> None:
    model = wilks.compile_model(wilks.load_workspace(FEATURES["normfactor, normsys, histosys"]))
    toys = wilks.toy_data(model, count=24, seed=2)
    batch = wilks.jax.newton(wilks.jax.export(model), toys)
    fits = wilks.fit_many(model, toys)
    lower, upper = model.bounds
    inside = ((fits.values > lower) & (fits.values < upper)).all(axis=1)
    assert inside.sum() > 12
    assert np.asarray(batch.converged)[inside].all()
    np.testing.assert_allclose(np.asarray(batch.values)[inside], fits.values[inside], atol=2e-5)
    np.testing.assert_allclose(2 * np.asarray(batch.nll)[inside], fits.twice_nll[inside], rtol=1e-12)
    assert not np.asarray(batch.converged)[np.asarray(batch.values)[:, model.index("mu")] < 0].any()


@pytest.mark.parametrize("name", ["wilks.jax", "wilks.jax.newton"])
def test_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(sys.modules[name])
    assert found.attempted > 0
    assert found.failed == 0
