"""A workspace that says all that names refer to, and its likelihood at values that are given by name."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

import wilks
from wilks.workspace.workspace import Workspace


def _channel(name: str, yields: list[float], control: bool) -> dict[str, Any]:
    down, up = [0.9 * y for y in yields], [1.2 * y for y in yields]
    return {
        "name": name,
        "samples": [
            {
                "name": "signal",
                "data": [0.2 * y for y in yields],
                "modifiers": [
                    {"name": "kt2", "type": "normfactor", "data": None},
                    {"name": "jes", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}, "interpolation": "code1"},
                ],
            },
            {
                "name": "background",
                "data": yields,
                "modifiers": [
                    {"name": "yield", "type": "normfactor", "data": None},
                    {"name": "jer", "type": "histosys", "data": {"lo_data": down, "hi_data": up}},
                    {"name": "tails", "type": "normsys", "data": {"lo": 0.8, "hi": 1.1}},
                    *[{"name": "only CR", "type": "normsys", "data": {"lo": 0.7, "hi": 1.2}}] * control,
                    *[{"name": "theory", "type": "normsys", "data": {"lo": 0.7, "hi": 1.2}}] * (not control),
                ],
            },
        ],
    }


SPEC: dict[str, Any] = {
    "channels": [_channel("SR", [10.0, 20.0, 5.0], False), _channel("CR", [100.0, 80.0], True)],
    "observations": [{"name": "SR", "data": [13, 25, 8]}, {"name": "CR", "data": [120, 90]}],
    "measurements": [
        {
            "name": "fit",
            "config": {
                "poi": "kt",
                "pois": ["kt", "rate"],
                "clip": True,
                "parameters": [
                    {"name": "kt", "bounds": [[0.1, 5]]},
                    {"name": "b norm", "constraint": "normal", "auxdata": [1.0], "sigmas": [0.1]},
                    {"name": "tails", "sigmas": [0.5], "lower_sigmas": [1.5]},
                    {"name": "g", "constraint": "poisson", "factors": [16.0]},
                ],
                "correlations": [
                    {"parameters": ["jes", "jer", "only CR"], "matrix": [[1, 0.3, 0.1], [0.3, 1, 0], [0.1, 0, 1]]}
                ],
            },
        }
    ],
    "version": "wilks-1",
    "data_sets": [
        {"name": "other", "observations": [{"name": "CR", "data": [99, 70]}, {"name": "SR", "data": [5, 1, 2]}]}
    ],
    "groups": [{"name": "jets", "parameters": ["jes", "jer"]}, {"name": "theory", "parameters": ["theory", "g"]}],
    "functions": [
        {"name": "kt2", "expression": "kt * kt"},
        {"name": "yield", "expression": "@0 * rate", "parameters": ["b norm"]},
        {"name": "theory", "expression": "exp(helper) - 1"},
        {"name": "helper", "expression": "log(g)"},
    ],
    "masks": [{"channel": "SR", "bins": [2]}],
}

POINT = {
    "kt": 1.2,
    "rate": 1.1,
    "b norm": 0.97,
    "g": 1.05,
    "jes": 0.3,
    "jer": -0.7,
    "tails": -0.4,
    "only CR": 0.6,
}


def wide(**changes: Any) -> Workspace:
    """Return the workspace; `changes` are other values of the document's keys, None leaves one out."""
    spec = copy.deepcopy(SPEC) | changes
    return wilks.load_workspace({key: value for key, value in spec.items() if value is not None})


def nll(workspace: Workspace, values: Mapping[str, float] = POINT, **options: Any) -> float:
    """Return the negative log likelihood where parameters have values by name."""
    model = wilks.compile_model(workspace, **options)
    assert set(model.parameter_names) <= set(values)
    return float(model.nll(np.array([values[name] for name in model.parameter_names])))
