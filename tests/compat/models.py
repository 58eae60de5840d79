"""Small models in pyhf's format, made by plain pyhf and served, for the tests of the layer."""

from __future__ import annotations

from typing import Any

import pyhf

from wilks.compat._pyhf.layer import attach
from wilks.compat._pyhf.model import Model

attach()

Spec = dict[str, Any]


def counting(signal: list[float], background: list[float], uncertainty: list[float]) -> Spec:
    """Return a signal on a background whose bins are uncertain, uncorrelated."""
    mu = {"name": "mu", "type": "normfactor", "data": None}
    gamma = {"name": "gamma", "type": "shapesys", "data": uncertainty}
    samples = [
        {"name": "signal", "data": signal, "modifiers": [mu]},
        {"name": "background", "data": background, "modifiers": [gamma]},
    ]
    return {"channels": [{"name": "SR", "samples": samples}]}


def luminous() -> Spec:
    """Return a signal and a background with a luminosity, a shape and a normalisation uncertainty."""
    spec = counting([20.0, 10.0], [100.0, 50.0], [10.0, 5.0])
    signal, background = spec["channels"][0]["samples"]
    signal["modifiers"].append({"name": "lumi", "type": "lumi", "data": None})
    background["modifiers"] += [
        {"name": "lumi", "type": "lumi", "data": None},
        {"name": "shape", "type": "histosys", "data": {"lo_data": [95.0, 53.0], "hi_data": [106.0, 48.0]}},
        {"name": "norm", "type": "normsys", "data": {"lo": 0.9, "hi": 1.12}},
        {"name": "stat", "type": "staterror", "data": [3.0, 2.0]},
    ]
    lumi = {"name": "lumi", "auxdata": [1.0], "sigmas": [0.05], "bounds": [[0.5, 1.5]], "inits": [1.0]}
    return {**spec, "parameters": [lumi]}


def both(spec: Spec, **options: Any) -> tuple[Model, Any]:
    """Return a model that wilks serves, and pyhf's own."""
    served, own = Model(spec, **options), pyhf.Model(spec, **options)
    assert served.core is not None, served.unserved
    assert type(own) is pyhf.pdf.Model
    return served, own
