"""What a model expects where its parameters start, and whether its variations can bring a yield below 0.

The first is what ROOT takes for data where a description has none; the second tells where ROOT's clipping matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.formats.histfactory_xml.names import LUMI
from wilks.workspace.evaluation import evaluated
from wilks.workspace.expressions import parse_expression

_INSIDE = np.linspace(-1.0, 1.0, 81)  # where variations are polynomials
_POWERS = np.arange(1, 7)
# Values and first two derivatives at -1 and +1 of the powers 1 to 6 of alpha.
_ENDS = np.concatenate(
    [
        [end**_POWERS, _POWERS * end ** (_POWERS - 1), _POWERS * (_POWERS - 1) * end ** (_POWERS - 2)]
        for end in (np.float64(-1.0), np.float64(1.0))
    ]
)


def factor(alpha: float, low: float, high: float) -> float:
    """Return the factor of a normsys: exponential outside of -1 to +1, inside the polynomial that joins smoothly."""
    if abs(alpha) >= 1.0:
        return float(high**alpha if alpha > 0 else low**-alpha)
    with np.errstate(divide="ignore"):
        logs = np.log([low, high])
    logs = np.where(np.isfinite(logs), logs, 0.0)
    sides = [low - 1.0, -low * logs[0], low * logs[0] ** 2, high - 1.0, high * logs[1], high * logs[1] ** 2]
    return float(1.0 + np.linalg.solve(_ENDS, sides) @ alpha**_POWERS)


def shift(alpha: FloatArray | float, nominal: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return what a histosys adds: linear outside of -1 to +1, inside the polynomial that joins smoothly."""
    a = np.asarray(alpha, np.float64)[..., np.newaxis]
    up, down = high - nominal, nominal - low
    half, curved = 0.5 * (up + down), (up - down) / 16.0
    inside = a * (half + a * curved * (15.0 + a**2 * (3.0 * a**2 - 10.0)))
    found: FloatArray = np.where(a > 1.0, a * up, np.where(a < -1.0, a * down, inside))
    return found


def needs_clip(channels: Iterable[JSONDict]) -> bool:
    """Return whether histosys can bring a yield of their sample below 0 for parameters between -5 and 5."""
    tried = np.concatenate([[-5.0], _INSIDE, [5.0]])
    for channel in channels:
        for sample in channel["samples"]:
            nominal = np.asarray(sample["data"], np.float64)
            least = nominal.copy()
            sides = [m["data"] for m in sample["modifiers"] if m["type"] == "histosys"]
            for side in sides:
                low, high = (np.asarray(side[key], np.float64) for key in ("lo_data", "hi_data"))
                least += shift(tried, nominal, low, high).min(axis=0)
            if sides and (least < 0).any():
                return True
    return False


def at_start(channels: Iterable[JSONDict], config: JSONDict, functions: Iterable[JSONDict]) -> dict[str, list[float]]:
    """Return the expected counts of each channel where the parameters of a measurement start."""
    starts: dict[str, list[float]] = {one["name"]: one["inits"] for one in config["parameters"] if "inits" in one}
    scalars = {name: values[0] for name, values in starts.items()}
    for function in functions:
        scalars[function["name"]] = value_of(function, scalars)
    return {c["name"]: np.sum([_sample(s, starts, scalars) for s in c["samples"]], axis=0).tolist() for c in channels}


def value_of(function: JSONDict, values: Mapping[str, float]) -> float:
    """Return a function's value; parameters without one are 0 where they are systematics', which start there."""
    expression = parse_expression(function["expression"], function.get("parameters"))
    return float(evaluated(expression, {name: values.get(name, 0.0) for name in expression.names}))


def _sample(sample: JSONDict, starts: Mapping[str, list[float]], scalars: Mapping[str, float]) -> FloatArray:
    nominal = np.asarray(sample["data"], np.float64)
    rates, scale, has_shapes = nominal.copy(), np.ones_like(nominal), False
    for modifier in sample["modifiers"]:
        name, kind, data = modifier["name"], modifier["type"], modifier["data"]
        if kind == "normsys":
            scale *= factor(scalars.get(name, 0.0), data["lo"], data["hi"])
        elif kind == "histosys":
            low, high = (np.asarray(data[key], np.float64) for key in ("lo_data", "hi_data"))
            rates, has_shapes = rates + shift(scalars.get(name, 0.0), nominal, low, high), True
        elif kind in ("normfactor", LUMI):
            scale *= scalars.get(name, 1.0)
        else:
            scale *= np.asarray(starts.get(name, [1.0] * nominal.size), np.float64)
    return (np.maximum(rates, 0.0) if has_shapes else rates) * scale
