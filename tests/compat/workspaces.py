"""Small workspaces, each as a model of plain pyhf and a served one, for the tests of the layer under cabinetry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import cabinetry as original
import numpy as np
import pyhf

import wilks.compat.cabinetry as cabinetry
from wilks.compat._pyhf.model import Model

Spec = dict[str, Any]


def document(observed: float = 1.0, *, poi: str = "mu") -> Spec:
    """Return a signal region and a control region: a signal, a free background, and uncertainties of every kind."""
    mu = {"name": "mu", "type": "normfactor", "data": None}
    norm = {"name": "bkg_norm", "type": "normfactor", "data": None}
    lumi = {"name": "lumi", "type": "lumi", "data": None}
    scale = {"name": "scale", "type": "normsys", "data": {"lo": 0.93, "hi": 1.08}}

    def shape(low: list[float], high: list[float]) -> Spec:
        return {"name": "shape", "type": "histosys", "data": {"lo_data": low, "hi_data": high}}

    def stat(region: str, data: list[float]) -> Spec:
        return {"name": f"staterror_{region}", "type": "staterror", "data": data}

    signal = {"name": "signal", "data": [6.0, 14.0, 21.0], "modifiers": [mu, lumi, stat("SR", [0.5, 0.7, 0.9])]}
    sr = shape([108.0, 61.0, 27.0], [92.0, 58.0, 34.0])
    background = {
        "name": "background",
        "data": [100.0, 60.0, 30.0],
        "modifiers": [norm, scale, sr, stat("SR", [4.0, 3.0, 2.0])],
    }
    other = {"name": "other", "data": [9.0, 7.0, 5.0], "modifiers": [lumi, stat("SR", [0.8, 0.7, 0.6])]}
    cr = shape([415.0, 290.0], [388.0, 308.0])
    control = {
        "name": "background",
        "data": [400.0, 300.0],
        "modifiers": [norm, scale, cr, stat("CR", [8.0, 7.0])],
    }
    parameters = [
        {"name": "mu", "inits": [1.0], "bounds": [[-2.0, 10.0]]},
        {"name": "bkg_norm", "inits": [1.0], "bounds": [[0.0, 5.0]]},
        {"name": "lumi", "inits": [1.0], "auxdata": [1.0], "sigmas": [0.02], "bounds": [[0.5, 1.5]], "fixed": True},
    ]
    return {
        "channels": [
            {"name": "SR", "samples": [signal, background, other]},
            {"name": "CR", "samples": [control]},
        ],
        "observations": [
            {"name": "SR", "data": [observed * n for n in (119.0, 84.0, 61.0)]},
            {"name": "CR", "data": [411.0, 305.0]},
        ],
        "measurements": [{"name": "one", "config": {"poi": poi, "parameters": parameters}}],
        "version": "1.0.0",
    }


def light() -> Spec:
    """Return a signal and a background with two uncertainties in one region: limits don't take the original long."""
    spec = document()
    region = spec["channels"][0]
    signal, background = region["samples"][:2]
    signal["modifiers"], background["modifiers"] = signal["modifiers"][:1], background["modifiers"][1:3]
    region["samples"] = [signal, background]
    config = spec["measurements"][0]["config"]
    config["parameters"] = config["parameters"][:1]
    return {**spec, "channels": [region], "observations": spec["observations"][:1]}


Pair = tuple[tuple[Any, list[float]], tuple[Model, list[float]]]


def both(spec: Spec, **options: Any) -> Pair:
    """Return (model, data) of cabinetry itself, then those that wilks serves."""
    own = original.model_utils.model_and_data(copy.deepcopy(spec), **options)
    served = cabinetry.model_utils.model_and_data(copy.deepcopy(spec), **options)
    assert type(own[0]) is pyhf.pdf.Model
    assert isinstance(served[0], Model)
    assert served[0].core is not None, served[0].unserved
    assert np.allclose(own[1], served[1], rtol=1e-12)
    return own, served


def twice_nll(pair: Pair, parameters: Any) -> float:
    """Return 2NLL by pyhf's own density."""
    model, data = pair[0]
    return float(pyhf.infer.mle.twice_nll(list(parameters), data, model)[0])


def messages(caplog: Any, ask: Callable[[], Any]) -> list[str]:
    """Return what cabinetry's loggers say above the level of debugging."""
    caplog.clear()
    with caplog.at_level("INFO"):
        ask()
    return [record.message for record in caplog.records if record.name.startswith("cabinetry")]
