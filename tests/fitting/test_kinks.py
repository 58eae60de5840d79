"""Minima that lie in a kink: where a yield is cut off, or a function takes the larger of two values."""

from typing import Any

import numpy as np
import pytest

import wilks


def fitted(sample: dict[str, Any], settings: list[dict[str, Any]], observed: int, **more: Any) -> Any:
    document = {
        "channels": [{"name": "SR", "samples": [sample]}],
        "observations": [{"name": "SR", "data": [observed]}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": settings}}],
        "version": "wilks-1",
        **more,
    }
    model = wilks.compile_model(wilks.load_workspace(document))
    return model, wilks.fit(model)


def test_the_larger_of_two_values() -> None:
    """80 events ask for less than 100, the constraint for 1.3 times as many: the factor max(x, 1) stays in its kink."""
    sample = {"name": "s", "data": [100.0], "modifiers": [{"name": "f", "type": "normfactor", "data": None}]}
    settings = [
        {"name": "x", "inits": [1.2], "bounds": [[0, 5]], "constraint": "normal", "auxdata": [1.3], "sigmas": [0.2]}
    ]
    model, result = fitted(sample, settings, 80, functions=[{"name": "f", "expression": "max(x, 1)"}])
    assert result.converged, result.status
    assert result.values[0] == pytest.approx(1.0, abs=1e-7)
    left, right = (model.nll(np.array([1.0 + side * 1e-6])) for side in (-1, 1))
    assert min(left, right) > model.nll(result.values) - 1e-9
    assert result.edm < 1e-8
    assert result.uncertainties[0] < 1e-3  # held by the kink, as by a bound


def test_a_yield_that_is_cut_off() -> None:
    """40 events ask for less than the floor of 60, the constraint for more than that."""
    variation = {"name": "x", "type": "histosys", "data": {"lo_data": [50.0], "hi_data": [150.0]}}
    sample = {"name": "s", "data": [100.0], "modifiers": [variation], "morphing": {"floor": 60.0}}
    model, result = fitted(sample, [], 40)
    assert result.converged, result.status
    assert result.values[0] == pytest.approx(-0.8, abs=1e-6)  # 100 - 0.8 * 50 is the floor
    assert model.expected(result.values) == pytest.approx([60.0], rel=1e-7)
    lower = [model.nll(np.array([x])) for x in np.linspace(-3, 3, 2001)]
    assert model.nll(result.values) <= min(lower) + 1e-8


def test_profiles_through_a_kink() -> None:
    """Both ends of an interval are found where the conditional minima lie in the kink of another parameter."""
    modifiers = [{"name": name, "type": "normfactor", "data": None} for name in ("mu", "f")]
    sample = {"name": "s", "data": [100.0], "modifiers": modifiers}
    x = {"name": "x", "inits": [1.2], "bounds": [[0, 5]], "constraint": "normal", "auxdata": [1.3], "sigmas": [0.2]}
    mu = {"name": "mu", "constraint": "normal", "auxdata": [1.0], "sigmas": [0.02], "inits": [1], "bounds": [[0, 10]]}
    model, result = fitted(sample, [x, mu], 80, functions=[{"name": "f", "expression": "max(x, 1)"}])
    assert result.converged, result.status

    def nll(value: float) -> float:  # with x in its kink, where it stays
        return 0.5 * ((value - 1) / 0.02) ** 2 + 100 * value - 80 * np.log(value)

    grid = np.linspace(0.9, 1.1, 200001)
    profile = 2 * nll(grid)
    inside = grid[profile <= profile.min() + 1]
    interval = wilks.intervals(model, parameters=["mu"])["mu"]
    assert [interval.lower, interval.upper] == pytest.approx([inside[0], inside[-1]], abs=2e-6)
