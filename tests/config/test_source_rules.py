"""Mistakes in the parts that samples and systematics consist of: one sentence each, in the right place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from wilks.config.load import config_json_schema

Find = Callable[[Any], list[str]]


@pytest.fixture
def sound(ntuples: dict[str, Any]) -> dict[str, Any]:
    """Return ntuple input with two regions, and a sample that has two sources."""
    ntuples["Regions"].append({"Name": "CR", "Variable": "m", "Binning": [0, 1]})
    sources = [{"Name": "2016", "SamplePath": "t16.root"}, {"Name": "2017", "SamplePath": "t17.root", "Weight": "2"}]
    ntuples["Samples"].append({"Name": "ttbar", "Tree": "tt", "Weight": "w", "Sources": sources})
    norm = {"Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    ntuples["Systematics"].append({"Name": "norm", **norm})
    return ntuples


def change(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the document with one key set, and those on the way."""
    changed = copy.deepcopy(document)
    *way, last = path.split(".")
    block: Any = changed
    for key in way:
        block = block[int(key)] if isinstance(block, list) else block.setdefault(key, {})
    block[int(last) if isinstance(block, list) else last] = value
    return changed


def test_sound(sound: dict[str, Any], problems: Find) -> None:
    assert problems(sound) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("Samples.2.Sources.1.Name", "2016", 'Samples[2].Sources[1].Name: the name "2016" is taken by Sources[0]'),
        ("Samples.2.Sources.1", {"SamplePath": "t16.root"}, "Sources[1]: is the same input as Sources[0]"),
        (
            "Samples.2.Sources.1",
            {"SamplePath": ["t16.root", "t17.root"], "Weight": "w"},
            "Sources[1]: has some of the input of Sources[0]",
        ),
        ("Samples.2.Sources.0.Scale", 0, "Samples[2].Sources[0].Scale: must not be 0: nothing would be left"),
        ("Samples.2.SamplePath", "t.root", "Samples[2].SamplePath: would be ignored: every source has its own"),
        ("Samples.2.Sources.0.SamplPath", "x", 'Sources[0].SamplPath: unknown key "SamplPath"; did you mean'),
        ("Samples.2.Sources.0.Weight", 1.5, "Samples[2].Sources[0].Weight: must be text"),
        ("Samples.2.Sources.1.Weight", "{weight} * 2", 'Weight: nothing is put in the place of "{weight}"; "{Weight}"'),
        ("Samples.2.Overrides", [{"Filter": "{Weight} > 0"}], "Overrides[0].Filter: nothing is put in the place of"),
        ("Samples.2.Overrides", [{"Variable": "{Variable}"}], 'Variable: nothing is put in the place of "{Variable}"'),
        ("Samples.2.Sources.1", {"Weight": "2"}, 'Samples[2].Sources[1]: missing key "SamplePath", the value of'),
        ("Samples.2.Weight", "{Weight} * 2", "Samples[2].Weight: {Weight} stands for the weight that is replaced"),
        ("Regions.0.Filter", "{Filter}", "Regions[0].Filter: {Filter} stands for the selection that is replaced"),
        ("Samples.2.Overrides", [{"Regions": "SR"}], "Overrides[0]: changes nothing; give one of"),
        (
            "Samples.2.Overrides",
            [{"Regions": "VR", "Tree": "x"}],
            'Overrides[0].Regions: no region "VR"; allowed: "SR"',
        ),
        (
            "Samples.2",
            {
                "Name": "tt",
                "Tree": "t",
                "SamplePath": "a",
                "Regions": "CR",
                "Overrides": [{"Regions": "S*", "Tree": "x"}],
            },
            'Samples[2].Overrides[0].Regions: "tt" is in none of these regions',
        ),
        ("Samples.2.Exclude", ["SR", "CR"], 'Samples[2].Exclude: leaves "ttbar" in no region'),
        ("Samples.2.Exclude", "VR", 'Samples[2].Exclude: no region "VR"; allowed: "SR", "CR"'),
        ("Samples.0.Exclude", "CR", "Samples[0].Exclude: data are needed in all regions"),
        ("NormFactors.0.Exclude", [{"Samples": "tbar"}], 'Exclude[0].Samples: no sample "tbar"; did you mean "ttbar"?'),
        ("NormFactors.0.Exclude", [{"Samples": "Data"}], 'Exclude[0].Samples: "Data" is the data'),
        ("Systematics.1.Sources", "2018", 'Systematics[1].Sources: no source "2018"; did you mean "201'),
        (
            "Systematics.1.Down.Overrides",
            [{"Samples": "ttbar", "Normalization": 0.2}],
            "Systematics[1].Down.Overrides: has no effect beside Symmetrize: True",
        ),
        ("Systematics.1.Up.Overrides", [{"Samples": "ttbar"}], "Systematics[1].Up.Overrides[0]: changes nothing"),
        (
            "Systematics.1.Up.Overrides",
            [{"Samples": "ttbar", "Weight": "2"}],
            'Up.Overrides[0]: a systematic of Type "Normalization" has Normalization only',
        ),
        (
            "Systematics.0.Up.Overrides",
            [{"Samples": "ttbar", "Normalization": 0.2}],
            'Overrides[0].Normalization: has no effect in a systematic of Type "NormPlusShape"',
        ),
        (
            "Systematics.0.Up",
            {"Overrides": [{"Samples": "ttbar", "Weight": "2"}]},
            'Systematics[0].Up.Overrides: "Signal" in "SR" would not differ from nominal',
        ),
        (
            "Systematics.1.Up",
            {"Overrides": [{"Regions": "CR", "Normalization": 0.1}]},
            'Systematics[1].Up.Overrides: "Signal" in "SR" would not differ from nominal',
        ),
        ("Systematics.0.Up.Overrides", [{"RegionPath": "x"}], "Overrides[0].RegionPath: would be ignored: InputPath"),
        ("Systematics.1.Decorrelate", {}, "Systematics[1].Decorrelate: must not be empty"),
        ("Systematics.1.Decorrelate", {"a": {}}, "Systematics[1].Decorrelate.a: names neither Regions nor Samples"),
        ("Systematics.1.Decorrelate", {"a": "CR"}, "Systematics[1].Decorrelate.a: must be a block of keys, found"),
        ("Systematics.1.Decorrelate", {"a": {"Region": "CR"}}, 'Decorrelate.a.Region: unknown key "Region"; did you'),
        ("Systematics.1.Decorrelate", {True: {"Regions": "CR"}}, "the name of a group must be text, found true"),
        ("Systematics.1.Decorrelate", {"bin": {"Regions": "CR"}}, 'Decorrelate.bin: "bin" has a meaning of its own'),
        (
            "Systematics.1.Decorrelate",
            {2016: {"Regions": "CR"}, 2017: {"Samples": "ttbar"}},
            'Decorrelate.2017: "ttbar" in "CR" is in the group "2016", too',
        ),
        (
            "Systematics.1.Decorrelate",
            {"mu": {"Regions": "CR"}, "rest": {"Regions": "XR"}},
            'Decorrelate.rest.Regions: no region "XR"',
        ),
    ],
)
def test_one_mistake(sound: dict[str, Any], problems: Find, path: str, value: Any, sentence: str) -> None:
    (problem,) = problems(change(sound, path, value))
    assert sentence in problem


def test_what_would_do_nothing(sound: dict[str, Any], problems: Find) -> None:
    sound["Samples"][2]["Regions"] = "CR"
    sound["Samples"][2]["Exclude"] = "SR"
    sound["NormFactors"][0] |= {"Samples": "ttbar", "Exclude": [{"Regions": "SR"}]}
    sound["Systematics"][0]["Up"]["Overrides"] = [{"Regions": "SR", "Samples": "ttbar", "Tree": "x"}]
    sound["Systematics"][1]["Decorrelate"] = {"x": {"Regions": "SR", "Samples": "ttbar"}}
    assert problems(sound) == [
        'Systematics[0].Up.Overrides[0]: overrides nothing: "W" affects no such template',
        'Samples[2].Exclude: "SR" is not among the Regions of "ttbar" anyway',
        'NormFactors[0].Exclude[0]: excludes nothing that "mu" would act on',
        'Systematics[1].Decorrelate.x: is empty: "norm" affects no such template',
    ]


def test_everything_excluded(sound: dict[str, Any], problems: Find) -> None:
    sound["Systematics"][1]["Exclude"] = [{"Samples": "*"}]
    (problem,) = problems(sound)
    sound["Systematics"][1]["Exclude"] = [{}]
    assert problems(sound) == [problem, "Systematics[1].Exclude[0]: names neither Regions nor Samples"]
    assert problem == 'Systematics[1]: "norm" acts on nothing: none of its samples is in any of its regions'


def test_a_weight_that_sources_build_on_is_used(sound: dict[str, Any], problems: Find) -> None:
    sound["Samples"][2]["Sources"] = [
        {"SamplePath": "a.root", "Weight": "{Weight} * 2"},
        {"SamplePath": "b.root", "Weight": "1"},
    ]
    assert problems(sound) == []
    sound["Samples"][2]["Sources"][0]["Weight"] = "2"
    assert problems(sound) == ["Samples[2].Weight: would be ignored: every source has its own"]


def test_parameters_of_sources(sound: dict[str, Any], problems: Find) -> None:
    sound["Systematics"][1] |= {"Type": "NormOnly", "Up": {"Weight": "{Weight} * 1.1"}, "Decorrelate": "source"}
    assert problems(sound) == []
    sound["Systematics"].append(
        {"Name": "norm_2016", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    )
    clash, taken = problems(sound)
    assert '"norm_2016" for one source is the name of another systematic' in taken + clash
    assert "both make the parameter" in taken + clash
    del sound["Systematics"][2]
    del sound["Samples"][2]["Sources"][0]["Name"]
    (problem,) = problems(sound)
    assert problem == 'Systematics[1].Decorrelate: "source" needs a Name on every source, missing in "ttbar"'
    sound["Systematics"][1]["Samples"] = "Signal"
    (problem,) = problems(sound)
    assert problem == 'Systematics[1].Decorrelate: "source" has no effect: no sample that "norm" affects has Sources'


def test_expressions_are_for_ntuples(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][1] |= {
        "Sources": [{"SamplePath": "a", "Weight": "2"}, {"SamplePath": "b"}],
        "Overrides": [{"Variable": "x"}],
    }
    del histograms["Samples"][1]["SamplePath"]
    histograms["Systematics"][1]["Up"]["Overrides"] = [{"Filter": "x"}]
    text = "is for ntuple input, which has a Tree on every sample"
    assert problems(histograms) == [
        f"Samples[1].Sources[0].Weight: {text}",
        f"Samples[1].Overrides[0].Variable: {text}",
        f"Systematics[1].Up.Overrides[0].Filter: {text}",
    ]


def test_trees_may_stand_in_the_sources(sound: dict[str, Any], problems: Find) -> None:
    del sound["Samples"][2]["Tree"]
    for source in sound["Samples"][2]["Sources"]:
        source["Tree"] = "t"
    assert problems(sound) == []
    del sound["Samples"][2]["Sources"][0]["Tree"]
    assert any('Tree is given for "Data", "Signal" and missing for "ttbar"' in problem for problem in problems(sound))


@pytest.mark.parametrize("value", [None, 1, "text", [], [1], {}, {"x": 1}, {"a": {"Regions": 1}}, [[]], {1.5: {}}])
@pytest.mark.parametrize(
    "path",
    [
        "Samples.2.Sources",
        "Samples.2.Overrides",
        "Samples.2.Exclude",
        "NormFactors.0.Exclude",
        "Systematics.1.Exclude",
        "Systematics.1.Sources",
        "Systematics.1.Up.Overrides",
        "Systematics.1.Decorrelate",
    ],
)
def test_values_of_the_wrong_kind(sound: dict[str, Any], problems: Find, path: str, value: Any) -> None:
    found = problems(change(sound, path, value))
    key = path.split(".")[-1]
    assert found
    assert all(key in problem for problem in found)


def test_editors_know_the_keys(sound: dict[str, Any]) -> None:
    sound["Samples"][2] |= {"Exclude": "CR", "Overrides": [{"Regions": "SR", "Variable": "x"}]}
    sound["NormFactors"][0]["Exclude"] = [{"Samples": ["ttbar"]}]
    sound["Systematics"][0] |= {"Sources": ["2016"], "Decorrelate": ["source"]}
    sound["Systematics"][1]["Up"]["Overrides"] = [{"Samples": "*", "Normalization": 1}]
    sound["Systematics"][1]["Decorrelate"] = {"2016": {"Regions": "SR"}}
    validator = jsonschema.Draft202012Validator(config_json_schema())
    validator.validate(sound)
    for path, value in (("Samples.2.Sources", {}), ("Systematics.1.Decorrelate", {"a": {"Regio": "SR"}})):
        assert not validator.is_valid(change(sound, path, value))


def test_a_group_that_is_written_twice(histograms: dict[str, Any], problems: Find) -> None:
    groups = {2016: {"Regions": "Signal region"}, "2016": {"Regions": "CR"}}
    histograms["Systematics"][0]["Decorrelate"] = groups
    assert 'Systematics[0].Decorrelate.2016: is there twice, as the text "2016" and as a number' in problems(histograms)
