"""Mistakes in what a steering file says about its input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Find = Callable[[Any], list[str]]


def test_tree_on_some_samples_only(ntuples: dict[str, Any], problems: Find) -> None:
    del ntuples["Samples"][0]["Tree"]
    (problem,) = problems(ntuples)
    assert problem.startswith('Samples: Tree is given for "Signal" and missing for "Data"')


@pytest.mark.parametrize("key", ["Variable", "Binning"])
def test_ntuples_need_variable_and_binning(ntuples: dict[str, Any], problems: Find, key: str) -> None:
    del ntuples["Regions"][0][key]
    (problem,) = problems(ntuples)
    assert problem.startswith(f'Regions[0]: missing key "{key}", needed to make histograms from ntuples')


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("{RegionPath}/{SamplPath}", 'unknown placeholder "{SamplPath}"; did you mean "SamplePath"?'),
        ("{RegionPath}/{}", 'unknown placeholder "{}"; allowed: "{RegionPath}", "{SamplePath}", "{VariationPath}"'),
    ],
)
def test_unknown_placeholder(histograms: dict[str, Any], problems: Find, path: str, words: str) -> None:
    histograms["General"]["InputPath"] = path
    assert problems(histograms) == [f"General.InputPath: {words}"]


def test_variations_are_not_for_ntuples(ntuples: dict[str, Any], problems: Find) -> None:
    ntuples["General"]["InputPath"] = "{SamplePath}{VariationPath}"
    ntuples["Systematics"][0]["Up"]["VariationPath"] = "_up"
    first, second = problems(ntuples)
    assert first.startswith('General.InputPath: unknown placeholder "{VariationPath}"; it is for histogram input')
    assert second.startswith("Systematics[0].Up.VariationPath: is for histogram input")


def test_placeholder_without_value(histograms: dict[str, Any], problems: Find) -> None:
    del histograms["Regions"][1]["RegionPath"]
    del histograms["Samples"][2]["SamplePath"]
    assert problems(histograms) == [
        'Regions[1]: missing key "RegionPath", the value of {RegionPath} in InputPath',
        'Samples[2]: missing key "SamplePath", the value of {SamplePath} in InputPath',
    ]


def test_value_without_placeholder(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"] |= {"InputPath": "in.root:hist", "VariationPath": "nominal"}
    reason = 'would be ignored: InputPath "in.root:hist" has no'
    assert set(problems(histograms)) == {
        f"General.VariationPath: {reason} {{VariationPath}}",
        f"Regions[0].RegionPath: {reason} {{RegionPath}}",
        f"Regions[1].RegionPath: {reason} {{RegionPath}}",
        f"Samples[0].SamplePath: {reason} {{SamplePath}}",
        f"Samples[1].SamplePath: {reason} {{SamplePath}}",
        f"Samples[2].SamplePath: {reason} {{SamplePath}}",
        f"Systematics[1].Up.VariationPath: {reason} {{VariationPath}}",
    }


@pytest.mark.parametrize("path", ["in.root/{SamplePath}", "in.root", "in.root:", "root://host//in.root"])
def test_input_path_without_histogram(histograms: dict[str, Any], problems: Find, path: str) -> None:
    histograms["General"]["InputPath"] = path
    found = [problem for problem in problems(histograms) if "would be ignored" not in problem]
    assert len(found) == 1
    assert found[0].startswith(f'General.InputPath: "{path}" names a file but no histogram in it; histograms are given')


def test_the_colon_may_be_in_a_value(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"]["InputPath"] = "{RegionPath}{SamplePath}{VariationPath}"
    for region in histograms["Regions"]:
        region["RegionPath"] = "in.root:SR"
    assert problems(histograms) == []


def test_region_path_of_a_template_is_for_ntuples(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["Up"] |= {"RegionPath": "SR"}
    (problem,) = problems(histograms)
    assert problem.startswith("Systematics[1].Up.RegionPath: is for ntuple input")


SIDES = [
    ({"Symmetrize": True}, {"Symmetrize": True}, ": Up and Down cannot both be Symmetrize: True"),
    ({"Normalization": 0.1}, {}, '.Down: missing key "Normalization" (0.05 means +5 %), needed by Type'),
    ({"Symmetrize": False}, {"Normalization": 0.1}, '.Up: missing key "Normalization"'),
    ({"Normalization": 0.1, "Symmetrize": True}, {"Normalization": 0.1}, ".Up: has both Normalization and Symmetrize"),
    ({"Normalization": 0.1, "Weight": "w"}, {"Symmetrize": True}, ".Up.Weight: has no effect in a systematic of Type"),
]


@pytest.mark.parametrize(("up", "down", "sentence"), SIDES)
def test_sides_of_normalization(
    histograms: dict[str, Any], problems: Find, up: dict[str, Any], down: dict[str, Any], sentence: str
) -> None:
    histograms["Systematics"][0] |= {"Up": up, "Down": down}
    (problem,) = problems(histograms)
    assert problem.startswith(f"Systematics[0]{sentence}")


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ({"Normalization": 0.03}, {"Normalization": 0.03}),  # suspicious, yet cabinetry's meaning is clear
        ({"Normalization": 0.03}, {"Symmetrize": True}),
        ({"Symmetrize": True}, {"Normalization": -0.03, "Symmetrize": False}),
    ],
)
def test_sound_sides_of_normalization(
    histograms: dict[str, Any], problems: Find, up: dict[str, Any], down: dict[str, Any]
) -> None:
    histograms["Systematics"][0] |= {"Up": up, "Down": down}
    assert problems(histograms) == []


@pytest.mark.parametrize(
    ("up", "down", "sentence"),
    [
        ({}, {"Symmetrize": True}, '.Up: does not differ from nominal: give one of "SamplePath", "VariationPath"'),
        ({"VariationPath": "_up"}, {}, ".Down: does not differ from nominal"),
        ({"Weight": "w_up"}, {"VariationPath": "_d"}, ".Up: does not differ from nominal"),
        (
            {"VariationPath": "_up", "Normalization": 0.1},
            {"Symmetrize": True},
            ".Up.Normalization: has no effect in a systematic of Type",
        ),
        ({"VariationPath": ""}, {"Symmetrize": True}, ": has no effect: VariationPath is the nominal one"),
        ({"VariationPath": ""}, {"VariationPath": ""}, ": has no effect: VariationPath is the nominal one"),
    ],
)
def test_sides_of_shapes(
    histograms: dict[str, Any], problems: Find, up: dict[str, Any], down: dict[str, Any], sentence: str
) -> None:
    histograms["Systematics"][1] |= {"Up": up, "Down": down}
    (problem,) = problems(histograms)
    assert problem.startswith(f"Systematics[1]{sentence}")


def test_one_sided_shape(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["Down"] = {"VariationPath": ""}  # explicitly the nominal one
    assert problems(histograms) == []


@pytest.mark.parametrize("key", ["Tree", "Weight", "Variable", "Filter", "SamplePath"])
def test_each_ntuple_key_makes_a_difference(ntuples: dict[str, Any], problems: Find, key: str) -> None:
    ntuples["Systematics"][0] |= {"Up": {key: "x"}, "Down": {"Symmetrize": True}}
    assert problems(ntuples) == []
    ntuples["Systematics"][0]["Up"] = {}
    (problem,) = problems(ntuples)
    assert f'"{key}"' in problem


def test_outside_binning_is_for_all_input(histograms: dict[str, Any], ntuples: dict[str, Any], problems: Find) -> None:
    for document in (histograms, ntuples):
        document["Regions"][0]["OutsideBinning"] = "merge"
        assert problems(document) == []
