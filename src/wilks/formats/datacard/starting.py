"""What a model expects where its parameters start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.formats.histfactory_xml.expected import value_of


def start_values(settings: Mapping[str, JSONDict], functions: Mapping[str, JSONDict]) -> dict[str, float]:
    """Return values of parameters and functions at the start."""
    starts = {name: float(setting["inits"][0]) for name, setting in settings.items() if len(setting["inits"]) == 1}
    todo = list(functions.values())
    while todo:
        ready = [f for f in todo if all(name in starts for name in f["parameters"])]
        if not ready:
            break
        for function in ready:
            starts[function["name"]] = value_of(function, starts)
        todo = [function for function in todo if function not in ready]
    return starts


def factor(sample: JSONDict, starts: Mapping[str, float]) -> float:
    """Return the product of the factors of a sample, whose variations are none at the start."""
    found = 1.0
    for modifier in sample["modifiers"]:
        if modifier["type"] == "normfactor":
            found *= starts.get(modifier["name"], 1.0)
    return found


def expected(samples: Iterable[JSONDict], starts: Mapping[str, float]) -> list[float]:
    """Return the expected counts of a channel."""
    rates = [factor(sample, starts) * _nominal(sample) for sample in samples]
    return np.sum(rates, axis=0).tolist() if rates else []


def _nominal(sample: JSONDict) -> FloatArray:
    """Return nominal yields, cut and scaled as the sample says."""
    data, morphing = np.asarray(sample["data"], np.float64), sample.get("morphing", {})
    cut = np.maximum(data, morphing["floor"]) if "floor" in morphing else data
    return cut * (data.sum() / cut.sum()) if morphing.get("normalise") else cut
