"""A workspace without any defect, as a plain dictionary to be spoilt."""

from __future__ import annotations

from typing import Any

import pytest


def _sample(name: str, scale: float, shape: list[float], modifiers: list[dict[str, Any]]) -> dict[str, Any]:
    data = [scale * value for value in shape]
    return {
        "name": name,
        "data": data,
        "modifiers": [
            {"name": "luminosity", "type": "normsys", "data": {"hi": 1.03, "lo": 0.97}},
            {
                "name": "jet energy scale",
                "type": "histosys",
                "data": {
                    "hi_data": [data[0] * 0.96, data[1] * 1.02, data[2] * 1.05],
                    "lo_data": [data[0] * 1.04, data[1] * 0.985, data[2] * 0.94],
                },
            },
            {"name": "staterror", "type": "staterror", "data": [0.02 * value for value in data]},
            *modifiers,
        ],
    }


@pytest.fixture
def good() -> dict[str, Any]:
    """Return a workspace that deserves no finding: channels CR and SR, samples signal, top and wjets."""

    def channel(name: str, signal: float) -> dict[str, Any]:
        return {
            "name": name,
            "samples": [
                _sample("signal", signal, [1.0, 2.0, 4.0], [{"name": "mu", "type": "normfactor", "data": None}]),
                _sample("top", 100.0, [3.0, 2.0, 1.0], [{"name": "mu_top", "type": "normfactor", "data": None}]),
                _sample("wjets", 50.0, [2.0, 2.0, 1.0], []),
            ],
        }

    return {
        "channels": [channel("CR", 1.0), channel("SR", 20.0)],
        "observations": [{"name": "CR", "data": [401, 302, 154]}, {"name": "SR", "data": [420, 340, 230]}],
        "measurements": [{"name": "fit", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0, 20]]}]}}],
        "version": "1.0.0",
    }
