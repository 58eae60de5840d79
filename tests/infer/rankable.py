"""Small workspaces for rankings: one that is linear in its parameters, one with every kind of parameter."""

from __future__ import annotations

from typing import Any

import numpy as np

import wilks
from wilks._types import FloatArray
from wilks.model.model import Model

SIGNAL = np.array([2e5, 4e5, 1e5])
TOP, JETS = np.array([3e6, 2e6, 1e6]), np.array([1e6, 1.5e6, 2e6])
SHIFTS = {"jes": np.array([2e3, -1.5e3, 1e3]), "jer": np.array([-1e3, 0.5e3, 2e3])}


def linear_spec() -> dict[str, Any]:
    """Return a workspace whose rates are linear: mu S + k T + J + shifts; the data are what is expected."""
    shapes = [
        {
            "name": name,
            "type": "histosys",
            "data": {"hi_data": [*(JETS + shift)], "lo_data": [*(JETS - shift)]},
        }
        for name, shift in SHIFTS.items()
    ]
    samples = [
        {"name": "signal", "data": [*SIGNAL], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "top", "data": [*TOP], "modifiers": [{"name": "k", "type": "normfactor", "data": None}]},
        {"name": "jets", "data": [*JETS], "modifiers": shapes},
    ]
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [*(SIGNAL + TOP + JETS)]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def linear_model() -> Model:
    return wilks.compile_model(wilks.load_workspace(linear_spec()))


def linear_covariance(names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Return (J^T diag(1/nu) J + constraints)^-1 and its first, statistical part, in the order of `names`."""
    columns = {"mu": SIGNAL, "k": TOP, **SHIFTS}
    jacobian = np.array([columns[name] for name in names]).T
    data_part = jacobian.T @ np.diag(1.0 / (SIGNAL + TOP + JETS)) @ jacobian
    return np.linalg.inv(data_part + np.diag([float(name in SHIFTS) for name in names])), data_part


def mixed_spec() -> dict[str, Any]:
    """Return a workspace with all kinds of constraints, data off the prediction, and a parameter near its bound."""

    def sample(name: str, data: list[float], *modifiers: dict[str, Any]) -> dict[str, Any]:
        staterror = {"name": "mc", "type": "staterror", "data": [0.05 * x for x in data]}
        return {"name": name, "data": data, "modifiers": [staterror, *modifiers]}

    mu, k = ({"name": name, "type": "normfactor", "data": None} for name in ("mu", "k"))
    norm = {"name": "norm", "type": "normsys", "data": {"hi": 1.15, "lo": 0.9}}
    shape = {
        "name": "shape",
        "type": "histosys",
        "data": {"hi_data": [33.0, 42.0, 50.0], "lo_data": [28.0, 38.0, 54.0]},
    }
    counts = {"name": "counts", "type": "shapesys", "data": [6.0, 8.0, 9.0]}
    control = {"name": "k", "type": "normfactor", "data": None}
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    sample("signal", [4.0, 9.0, 16.0], mu, norm),
                    sample("top", [30.0, 40.0, 52.0], k, shape),
                    {"name": "fakes", "data": [12.0, 10.0, 8.0], "modifiers": [counts]},
                ],
            },
            {"name": "CR", "samples": [{"name": "top", "data": [300.0], "modifiers": [control, norm]}]},
        ],
        "observations": [{"name": "SR", "data": [52, 60, 90]}, {"name": "CR", "data": [312]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[0, 10]]}]}}],
        "version": "1.0.0",
    }


def mixed_model() -> Model:
    return wilks.compile_model(wilks.load_workspace(mixed_spec()))
