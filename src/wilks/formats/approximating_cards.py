"""What a datacard of Combine can't say, as the nearest that it can."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from wilks._types import JSONDict
from wilks.formats.approximating import Approximator, floats

CARD_KINDS = ("norms", "interpolation", "statistics", "clip")
"""Kinds of approximations, in the order in which they are made."""

_SAME = 1e-12
_KEPT = 1e-6


def approximate_card(made: Approximator, kinds: Collection[str]) -> None:
    """Give systematics Combine's interpolation, and statistical uncertainties its terms that are added."""
    if "norms" in kinds:
        for channel in made.document["channels"]:
            if _has_both(channel):
                _split(made, channel)
    if "interpolation" in kinds:
        for _, _, modifier in made.modifiers():
            _interpolation(made, modifier)
    if "statistics" in kinds:
        for _, _, modifier in made.modifiers():
            _statistics(made, modifier)
        for channel in made.document["channels"]:
            _together(made, channel)
    if "clip" in kinds:
        for config in made.configs():
            if config.pop("clip", None):
                made.replace("clip", "", "yields are cut at 1e-9, not at 0")


def _has_both(channel: JSONDict) -> bool:
    """Return whether a systematic has a norm beside a shape that changes the sum, which no channel of a card has."""
    for sample in channel["samples"]:
        total = float(floats(sample["data"]).sum())
        norms = {m["name"] for m in sample["modifiers"] if m["type"] == "normsys"}
        for modifier in sample["modifiers"]:
            if modifier["type"] == "histosys" and modifier["name"] in norms:
                sums = [float(floats(side).sum()) for side in modifier["data"].values()]
                if any(abs(one - total) > _KEPT * abs(total) for one in sums):
                    return True
    return False


def _split(made: Approximator, channel: JSONDict) -> None:
    """Split the shapes of a channel into shapes that keep the sum, and norms."""
    for sample in channel["samples"]:
        total = float(floats(sample["data"]).sum())
        norms = {m["name"]: m for m in sample["modifiers"] if m["type"] == "normsys"}
        for modifier in [m for m in sample["modifiers"] if m["type"] == "histosys"]:
            name, sides = modifier["name"], modifier["data"]
            sums = {
                end: float(floats(sides[f"{end}_data"]).sum()) / total if total > 0 else 0.0 for end in ("lo", "hi")
            }
            if not all(one > 0 for one in sums.values()):
                made.problems.append(
                    f'no norm for "{name}" on "{sample["name"]}", whose yields or variations have no sum'
                )
                continue
            if all(abs(one - 1.0) <= _KEPT for one in sums.values()):
                continue
            modifier["data"] = {
                f"{end}_data": (floats(sides[f"{end}_data"]) / one).tolist() for end, one in sums.items()
            }
            if name not in norms:
                norms[name] = {
                    "type": "normsys",
                    "name": name,
                    "data": {"lo": 1.0, "hi": 1.0},
                    "interpolation": "combine",
                }
                sample["modifiers"].append(norms[name])
            data = norms[name]["data"]
            norms[name]["data"] = {end: data[end] * one for end, one in sums.items()}
            made.replace("norms", name, "a shape that changes the sum becomes one that doesn't, and a factor")


def _interpolation(made: Approximator, modifier: JSONDict) -> None:
    name, code = modifier["name"], modifier.get("interpolation")
    if modifier["type"] == "histosys" and code not in (None, "code4p"):
        modifier["interpolation"] = "code4p"
        made.replace("interpolation", name, f"interpolation of its histosys, {code}, becomes code4p")
    if modifier["type"] != "normsys" or code == "combine":
        return
    low, high = modifier["data"]["lo"], modifier["data"]["hi"]
    inverse = low > 0 and abs(low * high - 1.0) < _SAME
    if code == "code1" and inverse:
        return
    if not (low > 0 and high > 0):
        made.problems.append(
            f'no approximation for normsys "{name}" with {low:g} and {high:g}: lnN takes factors above 0'
        )
        return
    modifier["interpolation"] = "code1" if inverse else "combine"
    made.replace("interpolation", name, f"interpolation of its normsys, {code or 'code4'}, becomes that of lnN")


def _together(made: Approximator, channel: JSONDict) -> None:
    """Make one term of several in the bins of a channel: independent normal terms add in quadrature, exactly."""
    terms = [(s, m) for s in channel["samples"] for m in s["modifiers"] if m.get("effect") == "added"]
    names = list(dict.fromkeys(modifier["name"] for _, modifier in terms))
    if len(names) < 2 or not any(("statistics", name) == key[:2] for name in names for key in made.replaced):
        return
    for sample in channel["samples"]:
        mine = [modifier for other, modifier in terms if other is sample]
        if not mine:
            continue
        squares = np.sum([floats(modifier["data"]) ** 2 for modifier in mine], axis=0)
        data = np.sqrt(squares).tolist()
        sample["modifiers"] = [modifier for modifier in sample["modifiers"] if modifier not in mine]
        name = f"prop_bin{channel['name']}"
        sample["modifiers"].append({"type": "staterror", "name": name, "data": data, "effect": "added"})
    for name in names:
        made.drop_settings(name)
    text = "statistical terms of several names become one for each bin, their errors added in quadrature"
    made.exact(f'channel "{channel["name"]}"', text)


def _statistics(made: Approximator, modifier: JSONDict) -> None:
    """Make a statistical uncertainty one that is added, each bin with a standard normal parameter."""
    name, kind = modifier["name"], modifier["type"]
    if kind not in ("staterror", "shapesys") or modifier.get("effect") == "added":
        return
    text = "factors for bins become terms that are added, with errors of the histograms (autoMCStats)"
    if kind == "shapesys" and modifier.get("shared"):
        made.problems.append(f'no approximation for shapesys "{name}", which samples share')
        return
    made.replace("statistics", name, text)
    modifier |= {"type": "staterror", "effect": "added", "data": np.abs(floats(modifier["data"])).tolist()}
    for key in ("constraint", "threshold", "shared"):
        modifier.pop(key, None)
    made.drop_settings(name, "inits", "bounds", "auxdata", "factors", "sigmas")
