"""Yields that are morphed and cut as Combine does it, and statistical uncertainties that are added."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from tests.model.derivatives import check_derivatives
from tests.model.test_beyond_pyhf import SPEC
from tests.model.test_effects import moved

import wilks
from wilks.errors import WorkspaceError
from wilks.model.model import Model

NOMINAL = np.array([30.0, 22.0, 14.0])
VARIATIONS = {
    "scale": (np.array([27.0, 22.5, 15.0]), np.array([34.0, 21.0, 13.5])),
    "tilt": (np.array([25.0, 22.0, 20.0]), np.array([36.0, 22.5, -1.0])),
}


def model_with(morphing: dict[str, Any] | None, *, functions: bool = False) -> Model:
    """Return SPEC with two variations of a sample, morphed in some way."""
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"].append({"name": "free", "fixed": True})
    sample = spec["channels"][0]["samples"][1]
    low, high = VARIATIONS["tilt"]
    sample["modifiers"].append(
        {"name": "tilt", "type": "histosys", "data": {"lo_data": low.tolist(), "hi_data": high.tolist()}}
    )
    if morphing is not None:
        sample["morphing"] = morphing
    if functions:
        spec["functions"] = [{"name": "tilt", "expression": "0.6 * bend + 0.1 * jes"}]
    return wilks.compile_model(wilks.load_workspace(spec))


def yields(morphing: dict[str, Any], **alphas: float) -> np.ndarray[Any, Any]:
    """Return the morphed yields by hand."""
    logarithms = morphing.get("logarithms", False)
    total = NOMINAL.sum()
    value = np.log(NOMINAL) if logarithms else NOMINAL.copy()
    for name, x in alphas.items():
        low, high = VARIATIONS[name]
        step = math.copysign(1, x) if abs(x) >= 1 else (15 * x - 10 * x**3 + 3 * x**5) / 8
        if logarithms:
            up, down = (np.where(side > 0, np.log(np.where(side > 0, side, 1) / NOMINAL), 0) for side in (high, low))
        else:
            up, down = high - NOMINAL, low - NOMINAL
        value = value + x / 2 * ((up - down) + step * (up + down))
    if logarithms:
        value = np.exp(value)
    if morphing.get("keep_sum"):
        value = value * total / value.sum()
    if "floor" in morphing:
        value = np.maximum(value, morphing["floor"])
    if morphing.get("normalise"):
        value = value * total / value.sum()
    return value


MORPHINGS: list[dict[str, Any]] = [
    {"floor": 1e-9},
    {"floor": 1e-9, "normalise": True},
    {"normalise": True},
    {"logarithms": True},
    {"logarithms": True, "keep_sum": True},
    {"logarithms": True, "keep_sum": True, "floor": 2.5, "normalise": True},
]


@pytest.mark.parametrize("morphing", MORPHINGS, ids=str)
@pytest.mark.parametrize("alphas", [{"scale": 0.3, "tilt": 0.7}, {"scale": -1.4, "tilt": 1.2}], ids=str)
def test_morphed_yields(morphing: dict[str, Any], alphas: dict[str, float]) -> None:
    model = model_with(morphing)
    block = next(i for i, b in enumerate(model.blocks) if (b.channel, b.sample) == ("SR", "ttbar"))
    theta = moved(model, jes=0.0, k=1.0, **alphas)
    np.testing.assert_allclose(model.expected_by_block(theta)[block], yields(morphing, **alphas), rtol=1e-12)
    general = moved(model, size=0.15, **alphas)
    check_derivatives(model, general)
    jacobian = model.jacobian(general, block)
    for i in range(general.size):
        up, down = general.copy(), general.copy()
        up[i] += 1e-6
        down[i] -= 1e-6
        slope = (model.expected_by_block(up)[block] - model.expected_by_block(down)[block]) / 2e-6
        np.testing.assert_allclose(jacobian[:, i], slope, rtol=1e-6, atol=1e-6)


def test_morphing_steered_by_a_function_has_exact_derivatives() -> None:
    model = model_with({"logarithms": True, "keep_sum": True, "floor": 1e-9, "normalise": True}, functions=True)
    check_derivatives(model, moved(model, size=0.15, bend=0.8))
    assert wilks.fit(model).converged


def added(*, functions: bool = False) -> Model:
    """Return a model whose staterrors are added, over samples with scalar factors."""
    spec = copy.deepcopy(SPEC)
    spec["measurements"][0]["config"]["parameters"].append({"name": "free", "fixed": True})
    signal, ttbar, qcd = spec["channels"][0]["samples"]
    qcd["modifiers"] = [m for m in qcd["modifiers"] if m["name"] != "stat"]
    for sample, errors in ((signal, [0.3, 0.5, 0.2]), (ttbar, [1.5, 1.1, 0.9]), (qcd, [1.2, 0.7, 0.0])):
        sample["modifiers"].append({"name": "prop", "type": "staterror", "effect": "added", "data": errors})
    if functions:
        spec["functions"] = [{"name": "mu", "expression": "a * a + 0.5 * b"}]
        spec["measurements"][0]["config"]["poi"] = "a"
    return wilks.compile_model(wilks.load_workspace(spec))


def by_hand(model: Model, theta: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what errors add in SR: beta times the root of the sum of squares of errors times scalar factors."""
    at = dict(zip(model.parameter_names, theta, strict=True))
    shape = np.array([at[f"shape[{i}]"] for i in range(3)])  # per bin, so not among the factors
    rates = {b.sample: r for b, r in zip(model.blocks, model.expected_by_block(silenced(model, theta)), strict=True)
             if b.channel == "SR"}  # fmt: skip
    factors = {"signal": rates["signal"] / np.array([4.0, 9.0, 3.0])}
    here = theta.copy()
    here[model.index("scale")] = 0.0
    plain = {b.sample: r for b, r in zip(model.blocks, model.expected_by_block(silenced(model, here)), strict=True)
             if b.channel == "SR"}  # fmt: skip
    factors["ttbar"] = plain["ttbar"] / NOMINAL
    factors["qcd"] = plain["qcd"] / np.array([8.0, 5.0, 2.0]) / shape
    errors = {"signal": [0.3, 0.5, 0.2], "ttbar": [1.5, 1.1, 0.9], "qcd": [1.2, 0.7, 0.0]}
    size = np.sqrt(sum((factors[name] * np.array(errors[name])) ** 2 for name in errors))
    return np.array([at[f"prop[{i}]"] for i in range(3)]) * size


def silenced(model: Model, theta: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the point with all added errors at 0."""
    return np.where([name.startswith("prop[") for name in model.parameter_names], 0.0, theta)


@pytest.mark.parametrize("functions", [False, True])
def test_added_errors(functions: bool) -> None:
    model = added(functions=functions)
    for seed in range(3):
        theta = moved(model, seed=seed)
        where = model.channel_slices["SR"]
        change = model.expected(theta) - model.expected(silenced(model, theta))
        np.testing.assert_allclose(change[where], by_hand(model, theta), rtol=1e-12)
        check_derivatives(model, theta)
        jacobian = model.rates_jacobian(theta)
        for i in range(theta.size):
            up, down = theta.copy(), theta.copy()
            up[i] += 1e-6
            down[i] -= 1e-6
            slope = (model.expected(up) - model.expected(down)) / 2e-6
            np.testing.assert_allclose(jacobian[:, i], slope, rtol=1e-6, atol=1e-6)


def test_derivatives_of_added_errors_where_a_factor_vanishes() -> None:
    model = added()
    check_derivatives(model, moved(model, mu=0.0))


def test_fit_with_added_errors() -> None:
    model = added()
    result = wilks.fit(model)
    assert result.converged
    free = ~model.fixed & ~np.array([result[name].at_bound for name in model.parameter_names], np.bool_)
    assert np.abs(model.gradient(result.values)[free]).max() < 1e-6
    inverse = np.linalg.inv(model.hessian(result.values)[np.ix_(free, free)])
    np.testing.assert_allclose(np.asarray(result.covariance)[np.ix_(free, free)], inverse, rtol=1e-6, atol=1e-9)
    assert model.fixed[model.index("prop[0]")] == np.False_
    predicted = wilks.predict(model, result)["SR"]
    np.testing.assert_allclose(predicted.yields.sum(axis=0), model.expected(result.values)[model.channel_slices["SR"]])


def test_what_added_errors_can_not_have() -> None:
    spec = copy.deepcopy(SPEC)
    modifier = next(m for m in spec["channels"][0]["samples"][2]["modifiers"] if m["name"] == "stat")
    modifier.update(effect="added", threshold=0.1)
    with pytest.raises(WorkspaceError, match='threshold: an "added" staterror has none'):
        wilks.load_workspace(spec)
