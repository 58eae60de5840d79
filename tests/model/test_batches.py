"""Batches: every entry is the single call's, whatever the leading axes."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from tests.reference.likelihood import Likelihood
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
SHAPES = mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=3, max_side=3)


def small() -> Model:
    def modifier(name: str, kind: str, data: Any = None) -> dict[str, Any]:
        return {"name": name, "type": kind, "data": data}

    samples = [
        {"name": "signal", "data": [5.0, 8.0], "modifiers": [modifier("mu", "normfactor")]},
        {"name": "background", "data": [50.0, 30.0], "modifiers": [modifier("stat", "staterror", [3.0, 2.0])]},
    ]
    spec = {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [57, 36]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    return compile_model(load_workspace(spec))


@settings(RANDOM, max_examples=100)
@given(workspaces(), SHAPES, st.integers(0, 2**32 - 1))
def test_equals_single_calls_bit_for_bit(spec: dict[str, Any], shapes: Any, seed: int) -> None:
    model, ref = compile_model(load_workspace(spec), poi=""), Likelihood(spec)
    rng, size = np.random.default_rng(seed), model.n_parameters
    leading, aside = shapes.input_shapes
    # Some points are outside the domain.
    points = np.array([random_theta(rng, ref, rng.choice([0.5, 20.0])) for _ in range(int(np.prod(leading)))])
    theta = points.reshape(*leading, size)
    data = model.observed() * rng.uniform(0.8, 1.2, (*aside, model.observed().size))
    every_theta = np.broadcast_to(theta, (*shapes.result_shape, size))
    every_data = np.broadcast_to(data, (*shapes.result_shape, data.shape[-1]))
    nll, (value, gradient), hessian = model.nll(theta, data), model.value_and_gradient(theta, data), None
    hessian = model.hessian(theta, data)
    assert np.shape(nll) == np.shape(value) == shapes.result_shape
    assert gradient.shape == (*shapes.result_shape, size)
    assert hessian.shape == (*shapes.result_shape, size, size)
    np.testing.assert_array_equal(model.gradient(theta, data), gradient)
    for at in np.ndindex(shapes.result_shape):
        one, its_data = every_theta[at], every_data[at]
        assert np.asarray(nll)[at] == np.asarray(value)[at] == model.nll(one, its_data)
        np.testing.assert_array_equal(gradient[at], model.gradient(one, its_data))
        np.testing.assert_array_equal(hessian[at], model.hessian(one, its_data))
    expected = model.expected(theta)
    assert expected.shape == (*leading, model.observed_main.size)
    for at in np.ndindex(leading):
        np.testing.assert_array_equal(expected[at], model.expected(theta[at]))


def test_equals_pyhf() -> None:
    simple = pyhf.simplemodels.uncorrelated_background([5.0, 8.0], [50.0, 30.0], [3.0, 2.0], validate=False)
    spec = {
        "channels": simple.spec["channels"],
        "observations": [{"name": "singlechannel", "data": [57, 36]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    model = compile_model(load_workspace(spec))
    mu = np.linspace(0.1, 3.0, 4)[:, None]
    theta = np.concatenate([mu, np.ones((4, model.n_parameters - 1))], axis=1)
    data = np.array([model.observed(), model.observed() * 1.1])
    theirs = [[-float(simple.logpdf(t, d)[0]) for d in data] for t in theta]
    np.testing.assert_allclose(model.nll(theta[:, None], data), theirs, rtol=1e-12)


def test_one_point_gives_a_float() -> None:
    model = small()
    assert type(model.nll(model.initial)) is float
    assert type(model.value_and_gradient(model.initial, model.observed())[0]) is float
    assert model.nll(model.initial[None]).shape == (1,)
    assert model.nll(model.initial, model.observed()[None]).shape == (1,)


def test_data_default_to_the_observed_and_may_be_prepared() -> None:
    model = small()
    theta = model.initial + np.linspace(0.0, 0.3, 5)[:, None]
    np.testing.assert_array_equal(model.nll(theta), model.nll(theta, model.observed()))
    other = model.dataset([40.0, 39.0, 1.1, 0.9])
    np.testing.assert_array_equal(model.hessian(theta, other), model.hessian(theta, other.values))
    assert not (model.nll(theta) == model.nll(theta, other)).any()


def test_any_layout_in_memory() -> None:
    model = small()
    theta = np.asfortranarray(np.ones((4, 6, 3)) * np.linspace(0.9, 1.1, 4)[:, None, None])
    every_other = theta[:, ::2]
    np.testing.assert_array_equal(model.nll(every_other), model.nll(every_other.copy()))
    np.testing.assert_array_equal(model.expected(every_other.tolist()), model.expected(every_other))


def test_points_times_data_sets_are_not_spread_out() -> None:
    model = small()
    theta, data = np.ones((1000, 1, 3)) + 0.1 * np.arange(3), np.tile(model.observed(), (1000, 1))
    repeated = np.broadcast_to(theta[0], (1_000_000, 3)), np.broadcast_to(data[0], (1_000_000, 4))
    for points, sets in ((theta, data), repeated):
        model.nll(points[:2], sets[:2])
        tracemalloc.start()
        nll = model.nll(points, sets)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000 * 8 * 3  # two indices for each of a million results; the points alone would be 24 MB
        assert (nll == model.nll(theta[0, 0], data[0])).all()


def test_wrong_shapes_are_told() -> None:
    model = small()
    for theta in (1.0, [1.0, 2.0], np.ones((3, 2)), np.ones((3, 0))):
        with pytest.raises(ModelError, match=r"theta has shape .*, the model has 3 parameters"):
            model.nll(theta)
        with pytest.raises(ModelError, match=r"theta has shape .*, the model has 3 parameters"):
            model.expected(theta)
    with pytest.raises(ModelError, match=r"data have shape \(2, 3\); needed are 2 main bins followed by 2 auxiliary"):
        model.nll(model.initial, np.ones((2, 3)))
    with pytest.raises(ModelError, match=r"theta has shape \(3, 3\) and data have shape \(2, 4\): .* don't broadcast"):
        model.hessian(np.ones((3, 3)), np.ones((2, 4)))
    with pytest.raises(ModelError, match="can't be negative; entry 1, 0 is -2"):
        model.gradient(model.initial, [[1.0, 2.0, 1.0, 1.0], [-2.0, 2.0, 1.0, 1.0]])
    with pytest.raises(ModelError, match="one point is needed"):
        model.jacobian(np.ones((2, 3)), 0)
