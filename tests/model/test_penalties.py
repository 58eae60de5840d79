"""Functions whose values are added to the negative log-likelihood."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import wilks

DOCUMENT: dict[str, Any] = {
    "channels": [
        {
            "name": f"bin {i}",
            "samples": [
                {
                    "name": "signal",
                    "data": [20.0],
                    "modifiers": [{"name": f"r{i}", "type": "normfactor", "data": None}],
                },
                {
                    "name": "other",
                    "data": [5.0],
                    "modifiers": [{"name": "n", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}}],
                },
            ],
        }
        for i in range(3)
    ],
    "observations": [{"name": f"bin {i}", "data": [n]} for i, n in enumerate((20, 40, 22))],
    "measurements": [{"name": "m", "config": {"poi": "r1", "parameters": []}}],
    "functions": [{"name": "bend", "expression": "0.5 * ((r0 - 2 * r1 + r2) / 0.4)^2", "penalty": True}],
    "version": "wilks-1",
}


def by_hand(t: dict[str, float]) -> float:
    value = 0.5 * t["n"] ** 2 + 0.5 * math.log(2 * math.pi) + 0.5 * ((t["r0"] - 2 * t["r1"] + t["r2"]) / 0.4) ** 2
    for i, n in enumerate((20, 40, 22)):
        factor = 1.1 ** t["n"]  # outside of one standard deviation, and at it
        rate = 20 * t[f"r{i}"] + 5 * factor
        value += rate - n * math.log(rate) + math.lgamma(n + 1)
    return value


def compiled(**changes: Any) -> wilks.Model:
    return wilks.compile_model(wilks.load_workspace(copy.deepcopy(DOCUMENT) | changes))


def test_the_likelihood_and_its_derivatives() -> None:
    model = compiled()
    theta = np.array([{"r0": 0.7, "r1": 1.9, "r2": 1.1, "n": 1.3}[name] for name in model.parameter_names])
    assert model.nll(theta) == pytest.approx(by_hand(dict(zip(model.parameter_names, theta, strict=True))), rel=1e-9)
    steps = 1e-5 * np.eye(theta.size)
    slopes = [(model.nll(theta + step) - model.nll(theta - step)) / 2e-5 for step in steps]
    curvature = [(model.gradient(theta + step) - model.gradient(theta - step)) / 2e-5 for step in steps]
    assert model.gradient(theta) == pytest.approx(np.array(slopes), abs=1e-7)
    assert model.hessian(theta) == pytest.approx(np.array(curvature), abs=1e-7)
    assert pickle.loads(pickle.dumps(model)).nll(theta) == model.nll(theta)


def test_it_pulls_the_fit() -> None:
    """Measured factors are smoothed: the middle one falls, its neighbours rise."""
    free = wilks.fit(compiled(functions=None, version="1.0.0"))
    smooth = wilks.fit(compiled())
    assert smooth.converged
    before, after = (dict(zip(f.names, f.values, strict=True)) for f in (free, smooth))
    assert after["r1"] < before["r1"] - 0.1
    assert after["r0"] > before["r0"] + 0.05
    lower = dict(zip(smooth.names, smooth.uncertainties, strict=True))
    assert lower["r1"] < dict(zip(free.names, free.uncertainties, strict=True))["r1"]


def test_a_parameter_that_only_a_penalty_holds_is_fitted() -> None:
    """No rate depends on it, but it is no idle one."""
    functions = [*DOCUMENT["functions"], {"name": "own", "expression": "2 * (width - 0.25)^2", "penalty": True}]
    model = compiled(functions=functions)
    assert not model.idle.any()
    result = wilks.fit(model)
    found = dict(zip(result.names, result.values, strict=True))
    assert found["width"] == pytest.approx(0.25, abs=1e-9)
    assert dict(zip(result.names, result.uncertainties, strict=True))["width"] == pytest.approx(0.5, rel=1e-6)


def test_outside_of_its_domain() -> None:
    functions = [{"name": "own", "expression": "-log(r0 - 3)", "penalty": True}]
    settings = [{"name": "r0", "fixed": True}]
    result = wilks.fit(
        compiled(functions=functions, measurements=[{"name": "m", "config": {"poi": "r1", "parameters": settings}}])
    )
    assert not result.converged
    assert "a function that is added to the likelihood has no finite value" in result.status


def test_operations_keep_it_while_a_parameter_of_it_acts() -> None:
    workspace = wilks.load_workspace(DOCUMENT)
    names = [f.name for f in wilks.prune(workspace, channels=["bin 0"]).document.functions or ()]
    assert names == ["bend"]
    assert not wilks.prune(workspace, modifiers=["r0", "r1", "r2"]).document.functions
    renamed = wilks.rename(workspace, modifiers={"r1": "middle"}).document.functions
    assert renamed is not None
    assert (renamed[0].expression, renamed[0].penalty) == ("0.5 * ((r0 - 2 * middle + r2) / 0.4)^2", True)
    assert "added to the negative log-likelihood" in str(wilks.inspect(workspace))
    other = copy.deepcopy(DOCUMENT)
    del other["functions"][0]["penalty"]
    (difference,) = wilks.diff(wilks.load_workspace(other), workspace)
    assert "added to the negative log-likelihood" in str(difference)
