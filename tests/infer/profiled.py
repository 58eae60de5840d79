"""Small models whose profiles are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from wilks import compile_model, load_workspace
from wilks.model.model import Model

Spec = dict[str, Any]


def free(name: str) -> Spec:
    return {"name": name, "type": "normfactor", "data": None}


def factor(name: str, lo: float, hi: float) -> Spec:
    return {"name": name, "type": "normsys", "data": {"lo": lo, "hi": hi}}


def specification(
    observed: list[float], samples: dict[str, tuple[list[float], list[Spec]]], poi: str = "", **bounds: list[float]
) -> Spec:
    """Return a workspace of one channel, from {sample: (yields, modifiers)}, with the bounds of some parameters."""
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [{"name": s, "data": d, "modifiers": m} for s, (d, m) in samples.items()],
            }
        ],
        "observations": [{"name": "SR", "data": observed}],
        "measurements": [
            {
                "name": "m",
                "config": {"poi": poi, "parameters": [{"name": k, "bounds": [v]} for k, v in bounds.items()]},
            }
        ],
        "version": "1.0.0",
    }


def compiled(spec: Spec) -> Model:
    return compile_model(load_workspace(spec))


def counting(n: float, signal: float, background: float, **bounds: list[float]) -> Model:
    """One bin with the expectation mu x signal + background."""
    samples = {"S": ([signal], [free("mu")]), "B": ([background], [])}
    return compiled(specification([n], samples, poi="mu", **bounds))


def counting_rise(mu: float, n: float, signal: float, background: float, lowest: float) -> float:
    """Return 2NLL of `counting` at mu above that at `lowest`."""

    def twice_nll(m: float) -> float:
        rate = m * signal + background
        return 2 * (rate - n * np.log(rate))

    return float(twice_nll(mu) - twice_nll(lowest))


def gaussian() -> Model:
    """Two parameters, "a" and "b", with nothing but their unit Gaussian constraints."""
    samples = {"B": ([100.0], [factor("a", 1.0, 1.0), factor("b", 1.0, 1.0)])}
    return compiled(specification([100.0], samples))


def measured() -> Model:
    """Three bins, 10^6 events: all but linear, with a free background, a systematic and an uncertainty of 3 %."""
    signal, background = [2e5, 1e5, 0.0], [2e5, 4e5, 1e5]
    samples = {
        "S": (signal, [free("mu"), factor("efficiency", 0.99, 1.01)]),
        "B": (background, [free("bkg"), factor("scale", 0.998, 1.002)]),
    }
    return compiled(specification([4e5, 5e5, 1e5], samples, poi="mu"))
