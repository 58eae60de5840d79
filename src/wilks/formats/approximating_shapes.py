"""Interpolations and morphing as plain pyhf has them: code4, code4p, and yields that are added."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.formats.approximating import Approximator, floats

_USUAL = {"normsys": ("code4", "code5"), "histosys": ("code4p",)}


def approximate_shapes(made: Approximator, *, interpolation: bool, morphing: bool) -> None:
    """Replace interpolations by pyhf's, and morphed yields by what they are at -1 and +1 standard deviations."""
    if interpolation:
        for _, _, modifier in made.modifiers():
            usual = _USUAL.get(modifier["type"], ())
            code = modifier.pop("interpolation", None) if usual else None
            if code is not None and code not in usual:
                name = {"combine": "that of Combine"}.get(code, code)
                text = f"interpolation of its {modifier['type']}, {name}, becomes {usual[0]}"
                made.replace("interpolation", modifier["name"], text)
    if morphing:
        for _, sample in made.samples():
            if sample.get("morphing") is not None:
                _morphed(made, sample)


def _morphed(made: Approximator, sample: JSONDict) -> None:
    said = sample.pop("morphing")
    nominal = floats(sample["data"])
    after = _after(nominal, nominal, said)
    shapes = [modifier for modifier in sample["modifiers"] if modifier["type"] == "histosys"]
    for modifier in shapes:
        sides = {key: _after(floats(side), nominal, said) for key, side in modifier["data"].items()}
        modifier["data"] = {key: side.tolist() for key, side in sides.items()}
        made.replace("morphing", modifier["name"], _words(said))
    sample["data"] = after.tolist()


def _words(said: JSONDict) -> str:
    """Return in words what is left out."""
    found = []
    if said.get("logarithms"):
        found.append("logarithms of its shapes are interpolated: the yields are")
    if said.get("floor") is not None:
        found.append("yields of its shapes have a floor: they have none")
    if said.get("normalise") or said.get("keep_sum"):
        found.append("yields of its shapes keep their sum: at -1 and +1 standard deviations only")
    return "; ".join(found) or "yields of its shapes are morphed in another way"


def _after(values: FloatArray, nominal: FloatArray, said: JSONDict) -> FloatArray:
    """Return what becomes of yields that variations give."""
    total, found = float(nominal.sum()), values
    if said.get("keep_sum") and found.sum() > 0:
        found = found * (total / float(found.sum()))
    if said.get("floor") is not None:
        found = np.maximum(found, said["floor"])
    if said.get("normalise") and found.sum() > 0:
        found = found * (total / float(found.sum()))
    return found
