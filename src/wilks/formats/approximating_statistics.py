"""Statistical uncertainties as plain pyhf has them: normal staterrors and Poisson shapesys, all of them factors."""

from __future__ import annotations

import numpy as np

from wilks._types import JSONDict
from wilks.formats.approximating import Approximator, floats

_KEYS = ("constraint", "effect", "threshold", "shared")


def approximate_statistics(made: Approximator) -> None:
    """Replace statistical terms that are added, constraints that pyhf doesn't have, thresholds, bins that are fixed."""
    shared: dict[str, list[tuple[JSONDict, JSONDict, JSONDict]]] = {}
    for channel, sample, modifier in made.modifiers():
        if modifier["type"] == "staterror":
            _staterror(made, modifier)
        elif modifier["type"] == "shapesys":
            if modifier.get("shared"):
                shared.setdefault(modifier["name"], []).append((channel, sample, modifier))
            elif modifier.get("constraint") == "normal":
                made.replace("statistics", modifier["name"], "normal constraints of a shapesys become Poisson")
    for name, uses in shared.items():
        _shared(made, name, uses)
    _thresholds(made)
    for _, _, modifier in made.modifiers():
        if modifier["type"] in ("staterror", "shapesys"):
            for key in _KEYS:
                modifier.pop(key, None)


def _staterror(made: Approximator, modifier: JSONDict) -> None:
    name = modifier["name"]
    if modifier.get("effect") == "added":
        text = "statistical terms that are added become factors, of a width that is fixed"
        made.replace("statistics", name, text)
        made.drop_settings(name, "inits", "bounds")
    if modifier.get("constraint") == "poisson":
        made.replace("statistics", name, "Poisson constraints of a staterror become normal")


def _shared(made: Approximator, name: str, uses: list[tuple[JSONDict, JSONDict, JSONDict]]) -> None:
    """Make one staterror of shapesys that samples share: its width is that of the first."""
    if len({channel["name"] for channel, _, _ in uses}) > 1:
        made.problems.append(f'no approximation for shapesys "{name}", which samples of several channels share')
        return
    kind = "" if uses[0][2].get("constraint") == "normal" else ", and normal"
    made.replace("statistics", name, f"a shapesys that samples share becomes a staterror{kind}")
    total = np.sum([floats(sample["data"]) for _, sample, _ in uses], axis=0)
    nominal = floats(uses[0][1]["data"])
    ratio = np.divide(floats(uses[0][2]["data"]), nominal, out=np.zeros_like(nominal), where=nominal > 0)
    for i, (_, _, modifier) in enumerate(uses):
        modifier["type"] = "staterror"
        modifier["data"] = (ratio * total if i == 0 else np.zeros_like(total)).tolist()


def _thresholds(made: Approximator) -> None:
    """Leave out what lies below a threshold, and bins that are fixed: without uncertainty they are constant."""
    kept: dict[tuple[str, str], JSONDict] = {}
    for channel, sample, modifier in made.modifiers():
        if modifier["type"] == "staterror":
            place = kept.setdefault((modifier["name"], channel["name"]), {"uses": [], "sum": 0.0, "squares": 0.0})
            place["uses"].append(modifier)
            place["sum"] = place["sum"] + floats(sample["data"])
            place["squares"] = place["squares"] + floats(modifier["data"]) ** 2
    for (name, _), place in kept.items():
        threshold = place["uses"][0].get("threshold")
        if threshold is None:
            continue
        total = place["sum"]
        sigma = np.divide(np.sqrt(place["squares"]), total, out=np.zeros_like(total), where=total > 0)
        for modifier in place["uses"]:
            modifier["data"] = np.where(sigma < threshold, 0.0, floats(modifier["data"])).tolist()
        made.exact(f'staterror "{name}"', "bins below its threshold have no uncertainty")
    _fixed_bins(made, [name for name, _ in kept])


def _fixed_bins(made: Approximator, staterrors: list[str]) -> None:
    for config in made.configs():
        for one in config["parameters"]:
            fixed = one.get("fixed")
            if not isinstance(fixed, list) or len(set(fixed)) == 1:
                continue
            name, at = one["name"], 0
            inits = one.get("inits")
            if name not in staterrors or (inits is not None and any(np.asarray(inits)[fixed] != 1)):
                made.problems.append(f'no approximation for bins of "{name}" that are fixed one by one')
                continue
            for channel in sorted(made.document["channels"], key=lambda c: str(c["name"])):
                uses = [m for s in channel["samples"] for m in s["modifiers"] if m["name"] == name]
                size = len(channel["samples"][0]["data"])
                for modifier in uses:
                    modifier["data"] = np.where(fixed[at : at + size], 0.0, floats(modifier["data"])).tolist()
                at += size if uses else 0
            del one["fixed"]
            made.exact(f'staterror "{name}"', "bins that are fixed have no uncertainty")
