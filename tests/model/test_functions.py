"""Functions of parameters: rates, exact derivatives and fits of models whose modifiers they steer."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from tests.model.test_beyond_pyhf import SPEC

import wilks
from wilks.errors import WorkspaceError
from wilks.model.model import Model

FUNCTIONS = [
    {"name": "mu", "expression": "kt^2 * exp(@1) / sqrt(1 + @2 * @2)", "parameters": ["unused", "b", "c"]},
    {"name": "jes", "expression": "(g - 1) / 0.25"},
    {"name": "scale", "expression": "0.3 * b - norm * log(kt) + min(g, 5)"},
    {"name": "k", "expression": "1.5 - 0.5 * twice / 2 ** c"},
    {"name": "twice", "expression": "kt + pow(g, b)"},
]
SETTINGS = [
    {"name": "free", "fixed": True},
    {"name": "kt", "inits": [1.0], "bounds": [[0.01, 5]]},
    {"name": "b", "inits": [0.0], "bounds": [[-3, 3]], "constraint": "normal", "auxdata": [0], "sigmas": [0.2]},
    {"name": "c", "inits": [0.1], "bounds": [[-3, 3]], "constraint": "normal", "auxdata": [0.1], "sigmas": [0.3]},
    {"name": "g", "constraint": "poisson", "factors": [16.0]},
]


def spec_with_functions() -> dict[str, Any]:
    spec = copy.deepcopy(SPEC)
    spec["functions"] = FUNCTIONS
    spec["measurements"][0]["config"] = {"poi": "kt", "parameters": SETTINGS}
    return spec


def plain() -> tuple[Model, dict[str, int]]:
    """Return the model whose modifiers have parameters of their own, and where these are."""
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"] = [{"name": "free", "fixed": True}]
    model = wilks.compile_model(wilks.load_workspace(spec))
    return model, {name: i for i, name in enumerate(model.parameter_names)}


def values(theta: dict[str, float]) -> dict[str, float]:
    """Return the functions' values, written by hand."""
    kt, b, c, g, norm = (theta[name] for name in ("kt", "b", "c", "g", "norm"))
    twice = kt + g**b
    return {
        "mu": kt**2 * math.exp(b) / math.sqrt(1 + c * c),
        "jes": (g - 1) / 0.25,
        "scale": 0.3 * b - norm * math.log(kt) + min(g, 5),
        "k": 1.5 - 0.5 * twice / 2**c,
    }


@pytest.fixture(scope="module")
def model() -> Model:
    return wilks.compile_model(wilks.load_workspace(spec_with_functions()))


def points(model: Model) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(7)
    low, high = model.bounds
    centre = np.where(
        model.fixed, model.initial, np.clip(model.initial + 0.1 * rng.standard_normal((6, low.size)), low + 0.05, high)
    )
    return np.where(model.fixed, model.initial, centre)


def test_rates_are_those_of_the_values_of_the_functions(model: Model) -> None:
    other, where = plain()
    for theta in points(model):
        named = dict(zip(model.parameter_names, theta, strict=True))
        full = {**named, **values(named)}
        rates = other.expected(np.array([full[name] for name in where]))
        np.testing.assert_allclose(model.expected(theta), rates, rtol=1e-13)


def test_parameters_are_those_that_functions_need(model: Model) -> None:
    names = set(model.parameter_names)
    assert {"kt", "b", "c", "g", "norm"} <= names
    assert not {"mu", "jes", "scale", "k", "twice", "unused"} & names
    assert model.poi == "kt"


def test_gradient_and_hessian_are_exact(model: Model) -> None:
    for theta in points(model):
        gradient, hessian = model.gradient(theta), model.hessian(theta)
        for i in range(theta.size):
            h = 1e-5
            up, down = theta.copy(), theta.copy()
            up[i] += h
            down[i] -= h
            slope = (model.nll(up) - model.nll(down)) / (2 * h)
            assert gradient[i] == pytest.approx(slope, rel=2e-6, abs=2e-6)
            column = (model.gradient(up) - model.gradient(down)) / (2 * h)
            np.testing.assert_allclose(hessian[i], column, rtol=3e-6, atol=3e-5)


def test_jacobian_is_that_of_the_rates(model: Model) -> None:
    theta = points(model)[0]
    for block in range(len(model.blocks)):
        jacobian = model.jacobian(theta, block)
        for i in range(theta.size):
            up, down = theta.copy(), theta.copy()
            up[i] += 1e-6
            down[i] -= 1e-6
            slope = (model.expected_by_block(up)[block] - model.expected_by_block(down)[block]) / 2e-6
            np.testing.assert_allclose(jacobian[:, i], slope, rtol=1e-6, atol=1e-6)


def test_fit_finds_the_minimum(model: Model) -> None:
    result = wilks.fit(model)
    assert result.converged
    free = ~model.fixed & ~np.array([result[name].at_bound for name in model.parameter_names], np.bool_)
    assert np.abs(model.gradient(result.values)[free]).max() < 1e-6
    inverse = np.linalg.inv(model.hessian(result.values)[np.ix_(free, free)])
    np.testing.assert_allclose(np.asarray(result.covariance)[np.ix_(free, free)], inverse, rtol=1e-8, atol=1e-12)


def test_a_square_has_the_fit_of_its_root() -> None:
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"] = [{"name": "free", "fixed": True}]
    plain_model = wilks.compile_model(wilks.load_workspace(spec))
    linear = wilks.fit(plain_model)
    spec["functions"] = [{"name": "mu", "expression": "kappa * kappa"}]
    spec["measurements"][0]["config"]["poi"] = "kappa"
    model = wilks.compile_model(wilks.load_workspace(spec))
    square = wilks.fit(model)
    mu, kappa = linear["mu"].value, square["kappa"].value
    assert square.twice_nll == pytest.approx(linear.twice_nll, abs=1e-9)
    assert kappa**2 == pytest.approx(mu, rel=1e-6)
    assert 2 * kappa * square["kappa"].uncertainty == pytest.approx(linear["mu"].uncertainty, rel=1e-6)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (
            [{"name": "mu", "expression": "2 * "}],
            "functions[0].expression: the end found, a number, a name or a bracket",
        ),
        ([{"name": "mu", "expression": "sin(a)"}], 'no function "sin"; allowed are exp, log, sqrt, pow, min, max'),
        ([{"name": "mu", "expression": "@1", "parameters": ["a"]}], '"@1": no such parameter, there is 1'),
        (
            [{"name": "a", "expression": "b"}, {"name": "b", "expression": "a + 1"}],
            "a -> b -> a: a function can't need",
        ),
        ([{"name": "stat", "expression": "a"}], 'a staterror can\'t be steered by the function "stat"'),
    ],
)
def test_what_is_wrong_is_said(functions: list[dict[str, Any]], said: str) -> None:
    spec = spec_with_functions()
    spec["functions"] = functions
    with pytest.raises(WorkspaceError) as error:
        wilks.load_workspace(spec)
    assert said in str(error.value)


def test_a_function_of_a_vector_is_refused() -> None:
    spec = spec_with_functions()
    spec["functions"] = [{"name": "mu", "expression": "stat + 1"}]
    with pytest.raises(wilks.errors.ModelError, match="one component per bin"):
        wilks.compile_model(wilks.load_workspace(spec))


@pytest.mark.parametrize(("expression", "power"), [("sqrt(r)", 0.5), ("r^0.7", 0.7), ("r^1.5", 1.5), ("r^two", 2)])
def test_powers_of_a_parameter_are_tested_against_zero(expression: str, power: float) -> None:
    signal = {"name": "s", "data": [5.0, 12.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    jes = {"name": "jes", "type": "normsys", "data": {"lo": 0.93, "hi": 1.1}}
    background = {"name": "b", "data": [50.0, 40.0], "modifiers": [jes]}
    plain = {
        "version": "1.0.0",
        "channels": [{"name": "SR", "samples": [signal, background]}],
        "observations": [{"name": "SR", "data": [58, 50]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    }
    two = [{"name": "two", "inits": [2.0], "fixed": True}] if "two" in expression else []
    config = {"poi": "r", "parameters": two}
    made = {
        **plain,
        "version": "wilks-1",
        "functions": [{"name": "mu", "expression": expression}],
        "measurements": [{"name": "m", "config": config}],
    }
    factor, root = (wilks.compile_model(wilks.load_workspace(spec)) for spec in (plain, made))
    held = wilks.fit(root, fixed={"r": 0.0})
    assert held.converged
    assert held.twice_nll == pytest.approx(wilks.fit(factor, fixed={"mu": 0.0}).twice_nll, rel=1e-12)
    assert wilks.fit(root, start={"r": 0.0}).twice_nll == pytest.approx(wilks.fit(factor).twice_nll, rel=1e-8)
    assert wilks.limit(root).observed ** power == pytest.approx(wilks.limit(factor).observed, rel=1e-4)
    found, wanted = wilks.significance(root), wilks.significance(factor)
    assert found.significance == pytest.approx(wanted.significance, rel=1e-6)
