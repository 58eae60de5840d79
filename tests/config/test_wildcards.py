from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.load import load_config
from wilks.config.wildcards import is_pattern, matching

Find = Callable[[Any], list[str]]


@given(st.text("ab*?.\n", max_size=6), st.lists(st.text("ab.\n", max_size=6), max_size=6))
def test_stars_and_question_marks(pattern: str, names: list[str]) -> None:
    # Without brackets the patterns are the shell's.
    assert matching(pattern, tuple(names)) == tuple(name for name in names if fnmatchcase(name, pattern))


def test_nothing_else_is_special() -> None:
    assert matching("[ab]+$", ("a", "[ab]+$")) == ("[ab]+$",)
    assert not is_pattern("[ab]+$")


def test_every_list_of_names_is_expanded(histograms: dict[str, Any]) -> None:
    histograms["Samples"][1]["Regions"] = ["Signal*"]
    histograms["Samples"][2]["Exclude"] = "Sig*"
    histograms["Samples"].append({"Name": "V", "SamplePath": "v"})
    histograms["NormFactors"][0] |= {"Samples": ["V", "*"], "Exclude": [{"Samples": "?", "Regions": "?R"}]}
    histograms["Systematics"][0]["Decorrelate"] = {"one": {"Regions": "C?"}}
    side = {"VariationPath": "_up", "Overrides": [{"Regions": "*R", "Samples": "tt*", "SamplePath": "x"}]}
    histograms["Systematics"][1] |= {"Samples": "t*", "Up": side}
    histograms["Systematics"][1]["Smoothing"] |= {"Regions": "*R", "Samples": "t*"}
    config = load_config(histograms)
    _, signal, ttbar, _ = config.samples
    assert (signal.regions, ttbar.exclude) == (("Signal region",), ("Signal region",))
    factor = config.norm_factors[0]
    # Each once, the data never; what is written out keeps its place.
    assert factor.samples == ("V", "Signal", "ttbar")
    assert (factor.exclude[0].samples, factor.exclude[0].regions) == (("V",), ("CR",))
    lumi, scale = config.systematics
    assert isinstance(lumi.decorrelate, dict)
    assert lumi.decorrelate["one"].regions == ("CR",)
    assert scale.smoothing is not None
    assert (scale.samples, scale.smoothing.regions, scale.smoothing.samples) == (("ttbar",), ("CR",), ("ttbar",))
    assert (scale.up.overrides[0].regions, scale.up.overrides[0].samples) == (("CR",), ("ttbar",))


def test_a_name_that_exists_is_no_pattern(histograms: dict[str, Any]) -> None:
    histograms["Samples"][1]["Name"] = "tt*"
    histograms["NormFactors"][0]["Samples"] = "tt*"
    assert load_config(histograms).norm_factors[0].samples == ("tt*",)
    assert not any("pattern" in text for _, text in beyond_cabinetry(histograms))


def test_a_pattern_that_matches_nothing(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0]["Samples"] = ["Signal", "Dat*"]
    histograms["Systematics"][0]["Regions"] = "VR?"
    histograms["Systematics"][0]["Sources"] = "2016*"
    assert problems(histograms) == [
        'NormFactors[0].Samples: no sample matches "Dat*"; allowed: "Signal", "ttbar"',
        'Systematics[0].Regions: no region matches "VR?"; allowed: "Signal region", "CR"',
        'Systematics[0].Sources: no source matches "2016*"; no source has a name',
    ]


def test_patterns_wait_for_names_that_can_be_read(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Regions"][0]["Name"] = 1
    histograms["Systematics"][0]["Regions"] = "VR?"
    (problem,) = problems(histograms)
    assert problem.startswith("Regions[0].Name")


@pytest.mark.parametrize("key", ["Regions", "Samples"])
def test_cabinetry_knows_no_patterns(histograms: dict[str, Any], key: str) -> None:
    histograms["Samples"][2]["SamplePath"] = "tt"
    histograms["Systematics"][0][key] = "*"
    assert beyond_cabinetry(histograms) == [
        (f"config  Systematics[0].{key}", 'cabinetry takes "*" for a name, not for a pattern')
    ]
