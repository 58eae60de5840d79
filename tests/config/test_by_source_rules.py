"""Mistakes in systematics that vary some of a sample's sources."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

Find = Callable[[Any], list[str]]
WEIGHT = {"Weight": "{Weight} * 1.1"}


@pytest.fixture
def sound(ntuples: dict[str, Any]) -> dict[str, Any]:
    """Return ntuple input with two regions, a sample of two sources, and a systematic with a parameter for each."""
    ntuples["Regions"].append({"Name": "CR", "Variable": "m", "Binning": [0, 1]})
    sources = [{"Name": "2016", "SamplePath": "t16.root"}, {"Name": "2017", "SamplePath": "t17.root", "Weight": "2"}]
    ntuples["Samples"].append({"Name": "ttbar", "Tree": "tt", "Weight": "w", "Sources": sources})
    ntuples["Systematics"].append(
        {"Name": "JES", "Type": "NormPlusShape", "Samples": "ttbar", "Decorrelate": "source"}
        | {"Up": WEIGHT, "Down": {"Symmetrize": True}}
    )
    return ntuples


def test_sound(sound: dict[str, Any], problems: Find) -> None:
    assert problems(sound) == []


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("Normalization", 'is changed by Up: {Weight: "{Weight} * 1.02"} with Type "NormOnly"'),
        ("ShapeSys", 'is changed by Up: {Weight: "{Weight} * 1.02"}'),
    ],
)
@pytest.mark.parametrize("key", ["Sources", "Decorrelate"])
def test_a_number_is_for_the_whole_sample(sound: dict[str, Any], problems: Find, key: str, kind: str, how: str) -> None:
    block = sound["Systematics"][1]
    block |= {"Type": kind, "Up": {"Normalization": 0.02}}
    if key == "Sources":
        del block["Decorrelate"]
        block["Sources"] = "2016"
    elif kind == "ShapeSys":
        return  # has nothing to decorrelate: told by another rule
    text = 'Normalization changes all of "ttbar", not one source; the yield of a source'
    assert problems(sound) == [f"Systematics[1].{key}: {text} {how}"]
    # All sources are the whole sample.
    block.pop("Decorrelate", None)
    block["Sources"] = ["2016", "2017"]
    assert problems(sound) == []


def test_sources_that_overrides_make_alike(sound: dict[str, Any], problems: Find) -> None:
    sound["Samples"][2]["Overrides"] = [
        {"Regions": "CR", "SamplePath": "all.root", "Weight": "{Weight}"},
        {"Regions": "CR", "Weight": "v"},
    ]
    text = (
        'Overrides make the sources "2016" and "2017" of "ttbar" one input in "CR", so that none can be varied by '
        "itself; leave it out there with Exclude"
    )
    assert problems(sound) == [f"Systematics[1].Decorrelate: {text}"]
    # Where it is left out, or varied as a whole, the sample counts once, and so does its variation.
    alone = copy.deepcopy(sound)
    alone["Systematics"][1]["Exclude"] = [{"Regions": "CR"}]
    assert problems(alone) == []
    del sound["Systematics"][1]["Decorrelate"]
    assert problems(sound) == []
    sound["Systematics"][1]["Sources"] = "2017"
    assert problems(sound) == [f"Systematics[1].Sources: {text}"]


def test_sources_whose_weights_still_differ(sound: dict[str, Any], problems: Find) -> None:
    sound["Samples"][2]["Overrides"] = [{"Regions": "CR", "SamplePath": "all.root", "Weight": "{Weight} * v"}]
    assert problems(sound) == []
