"""A workspace that shows a fault, made smaller as long as it shows it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from tests.fuzz.models import Spec


def reduced(spec: Spec, shows: Callable[[Spec], bool]) -> Spec:
    """Return a smaller workspace for which `shows` is still true: parts are taken away until none can be."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(spec):
            if shows(candidate):
                spec, smaller = candidate, True
                break
    return spec


def _smaller(spec: Spec) -> Iterator[Spec]:
    """Yield copies with one part less, large parts first: channels, samples, modifiers, settings, bins."""
    for c, channel in enumerate(spec["channels"]):
        if len(spec["channels"]) > 1:
            changed = copy.deepcopy(spec)
            del changed["channels"][c]
            changed["observations"] = [o for o in changed["observations"] if o["name"] != channel["name"]]
            yield _tidy(changed)
    for c, channel in enumerate(spec["channels"]):
        for s in range(len(channel["samples"])):
            if len(channel["samples"]) > 1:
                changed = copy.deepcopy(spec)
                del changed["channels"][c]["samples"][s]
                yield _tidy(changed)
    for c, channel in enumerate(spec["channels"]):
        for s, sample in enumerate(channel["samples"]):
            for m in range(len(sample["modifiers"])):
                changed = copy.deepcopy(spec)
                del changed["channels"][c]["samples"][s]["modifiers"][m]
                yield _tidy(changed)
    for p, entry in enumerate(spec["measurements"][0]["config"]["parameters"]):
        if entry["name"] != "lumi":
            changed = copy.deepcopy(spec)
            del changed["measurements"][0]["config"]["parameters"][p]
            yield _tidy(changed)
    for c, channel in enumerate(spec["channels"]):
        for b in range(len(channel["samples"][0]["data"])):
            if len(channel["samples"][0]["data"]) > 1:
                yield _without_bin(spec, c, b)


def _tidy(spec: Spec) -> Spec:
    """Return the workspace without settings of parameters that are gone; no POI if it is gone."""
    names = {m["name"] for c in spec["channels"] for s in c["samples"] for m in s["modifiers"]}
    config = spec["measurements"][0]["config"]
    config["parameters"] = [entry for entry in config["parameters"] if entry["name"] in names]
    config["poi"] = config["poi"] if config["poi"] in names else ""
    return spec


def _without_bin(spec: Spec, c: int, b: int) -> Spec:
    """Return the workspace without a bin of a channel; settings with one entry per bin go."""
    changed = copy.deepcopy(spec)
    channel = changed["channels"][c]
    by_bin = set()
    for sample in channel["samples"]:
        del sample["data"][b]
        for modifier in sample["modifiers"]:
            if modifier["type"] in ("shapesys", "staterror"):
                del modifier["data"][b]
            elif modifier["type"] == "histosys":
                del modifier["data"]["lo_data"][b], modifier["data"]["hi_data"][b]
            if modifier["type"] in ("shapesys", "staterror", "shapefactor"):
                by_bin.add(modifier["name"])
    for observation in changed["observations"]:
        if observation["name"] == channel["name"]:
            del observation["data"][b]
    config = changed["measurements"][0]["config"]
    config["parameters"] = [entry for entry in config["parameters"] if entry["name"] not in by_bin]
    return changed
