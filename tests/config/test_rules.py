"""Mistakes that show only when blocks are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Find = Callable[[Any], list[str]]


def test_sound_configurations_have_no_mistakes(
    histograms: dict[str, Any], ntuples: dict[str, Any], problems: Find
) -> None:
    assert problems(histograms) == []
    assert problems(ntuples) == []


@pytest.mark.parametrize("key", ["Regions", "Samples", "NormFactors", "Systematics"])
def test_names_are_unique(histograms: dict[str, Any], problems: Find, key: str) -> None:
    histograms[key].append(dict(histograms[key][0]))
    last = len(histograms[key]) - 1
    name = histograms[key][0]["Name"]
    assert f'{key}[{last}].Name: the name "{name}" is taken by {key}[0]; names must be unique' in problems(histograms)


def test_regions_that_differ_in_dashes_only(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Regions"][1]["Name"] = "Signal-region"
    del histograms["Systematics"][1]["Smoothing"]
    (problem,) = problems(histograms)
    assert problem.startswith('Regions[1].Name: "Signal-region" and "Signal region" differ only in spaces and dashes')
    assert '"staterror_Signal-region"' in problem


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("Samples.1", "Signal regoin", 'Samples[1].Regions: no region "Signal regoin"; did you mean "Signal region"?'),
        ("NormFactors.0", ["CR", "XYZ"], 'NormFactors[0].Regions: no region "XYZ"; allowed: "Signal region", "CR"'),
        ("Systematics.0", "cr", 'Systematics[0].Regions: no region "cr"; did you mean "CR"?'),
        ("Systematics.1.Smoothing", ["CRR"], 'Systematics[1].Smoothing.Regions: no region "CRR"; did you mean "CR"?'),
    ],
)
def test_unknown_regions(histograms: dict[str, Any], problems: Find, path: str, value: Any, sentence: str) -> None:
    block: Any = histograms
    for key in path.split("."):
        block = block[int(key) if key.isdigit() else key]
    block["Regions"] = value
    assert sentence in problems(histograms)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ttbr", 'no sample "ttbr"; did you mean "ttbar"?'),
        ("Data", '"Data" is the data; this acts on simulated samples only'),
        ("", 'no sample ""; allowed: "Signal", "ttbar"'),
    ],
)
def test_unknown_samples_and_the_data(histograms: dict[str, Any], problems: Find, name: str, words: str) -> None:
    histograms["NormFactors"].append({"Name": "k", "Samples": [name, "ttbar"]})
    histograms["Systematics"][1]["Samples"] = name
    histograms["Systematics"][1]["Smoothing"]["Samples"] = ["ttbar", name]
    assert problems(histograms) == [
        f"NormFactors[1].Samples: {words}",
        f"Systematics[1].Samples: {words}",
        f"Systematics[1].Smoothing.Samples: {words}",
    ]


def test_exactly_one_data_sample(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][2]["Data"] = True
    assert 'Samples: exactly one sample must have Data: True, found 2: "Data", "ttbar"' in problems(histograms)
    histograms["Samples"][0]["Data"] = histograms["Samples"][2]["Data"] = False
    assert problems(histograms) == ["Samples: exactly one sample must have Data: True, found none"]


def test_data_in_all_regions(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][0]["Regions"] = ["CR"]
    sentence = 'Samples[0].Regions: data are needed in all regions, missing "Signal region"; leave the key out'
    assert problems(histograms) == [sentence]
    histograms["Samples"][0]["Regions"] = ["CR", "Signal region"]
    assert problems(histograms) == []


def test_modifiers_that_act_on_nothing(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0]["Regions"] = "CR"
    histograms["Systematics"][0] |= {"Regions": "CR", "Samples": "Signal"}
    histograms["Systematics"][1] |= {"Regions": "Signal region"}
    assert problems(histograms) == [
        'NormFactors[0]: "mu" acts on nothing: none of its samples is in any of its regions',
        'Systematics[0]: "Lumi" acts on nothing: none of its samples is in any of its regions',
        'Systematics[1].Smoothing: smooths nothing: no such template of "Scale"',
    ]


def test_region_without_samples(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][2]["Regions"] = "Signal region"
    del histograms["Systematics"][1]["Smoothing"]
    assert problems(histograms) == ['Regions[1]: no sample besides the data is in region "CR"']


def test_parameters_are_distinct(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["ModifierName"] = "mu"
    assert problems(histograms) == ['Systematics[1]: the parameter "mu" is a NormFactor; give it another name']
    histograms["Systematics"][1]["ModifierName"] = "staterror_Signal-region"
    (problem,) = problems(histograms)
    assert "belongs to the statistical uncertainties of a region" in problem


def test_shared_parameter_on_one_template(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Systematics"][1]["ModifierName"] = "Lumi"
    (problem,) = problems(histograms)
    assert problem.startswith('Systematics[1]: "Lumi" and "Scale" both make the parameter "Lumi" act on sample "ttbar"')
    histograms["Systematics"][0]["Samples"] = "Signal"  # correlated, on different samples: what ModifierName is for
    assert problems(histograms) == []


def test_nominal_within_bounds(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0]["Nominal"] = 11
    assert problems(histograms) == ["NormFactors[0].Nominal: 11 lies outside the Bounds [0, 10]"]
    histograms["NormFactors"][0]["Nominal"] = 10
    assert problems(histograms) == []


@pytest.mark.parametrize(
    ("poi", "hint"),
    [
        ("scales", '; did you mean "scale"?'),
        ("xyz", '; allowed: "Lumi", "scale", "mu"'),
        ("Scale", '; the systematic "Scale" has the ModifierName "scale"'),
    ],
)
def test_poi_is_a_parameter(histograms: dict[str, Any], problems: Find, poi: str, hint: str) -> None:
    histograms["General"]["POI"] = poi
    (problem,) = problems(histograms)
    assert problem.startswith(f'General.POI: no parameter "{poi}"{hint}')


@pytest.mark.parametrize("poi", ["", "scale", "Lumi"])
def test_poi_may_be_absent_or_a_systematic(histograms: dict[str, Any], problems: Find, poi: str) -> None:
    histograms["General"]["POI"] = poi
    assert problems(histograms) == []


@pytest.mark.parametrize("name", ["mu", "Lumi", "Scale", "scale", "staterror_Signal-region"])
def test_fixed_by_any_name_of_a_parameter(histograms: dict[str, Any], problems: Find, name: str) -> None:
    histograms["General"]["Fixed"] = [{"Name": name, "Value": 1}]
    assert problems(histograms) == []


@pytest.mark.parametrize(
    ("fixed", "sentence"),
    [
        ([("Lumy", 0)], 'Fixed[0].Name: no parameter or systematic "Lumy"; did you mean "Lumi"?'),
        ([("mu", 1), ("scale", 0), ("Scale", 0)], 'Fixed[2].Name: the parameter "scale" is fixed more than once'),
        ([("mu", 11)], 'Fixed[0].Value: 11 lies outside the Bounds [0, 10] of "mu"'),
        # CR has only a sample with DisableStaterror, so there is no such parameter.
        ([("staterror_CR", 1)], 'Fixed[0].Name: no parameter or systematic "staterror_CR"'),
    ],
)
def test_mistakes_in_fixed(
    histograms: dict[str, Any], problems: Find, fixed: list[tuple[str, int]], sentence: str
) -> None:
    histograms["General"]["Fixed"] = [{"Name": name, "Value": value} for name, value in fixed]
    (problem,) = problems(histograms)
    assert problem.startswith(f"General.{sentence}")


def test_rules_do_not_guess_about_what_cannot_be_read(histograms: dict[str, Any], problems: Find) -> None:
    histograms["Samples"][2]["Name"] = 5  # "ttbar", named by others
    histograms["NormFactors"][0]["Nmae"] = histograms["NormFactors"][0].pop("Name")  # the POI
    assert problems(histograms) == [
        'Samples[2].Name: must be text, found the number 5; put it in quotes: "5"',
        'NormFactors[0].Nmae: unknown key "Nmae"; did you mean "Name"?',
    ]


def test_rules_see_the_sound_keys_of_damaged_blocks(histograms: dict[str, Any], problems: Find) -> None:
    histograms["NormFactors"][0] |= {"Samples": "ttbr", "Nominal": "one"}
    histograms["Samples"][0] |= {"Regions": "CR", "Weight": 1}
    histograms["General"] |= {"Measurement": 1, "POI": "nu"}
    assert len(problems(histograms)) == 6


def test_sound_entries_of_fixed_are_checked_beside_broken_ones(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"]["Fixed"] = [
        {"Name": "Lumi"},
        "mu",
        {"Name": "mu", "Value": "1"},
        {"Nmae": "scale", "Value": 0},
        {"Name": "Lumy", "Value": 0},
        {"Name": "mu", "Value": 11},
    ]
    assert sorted(problems(histograms)) == [
        'General.Fixed[0]: missing key "Value"',
        'General.Fixed[1]: must be a block of keys, found the text "mu"',
        'General.Fixed[2].Value: must be a number, found the text "1"; write 1.0, without quotes',
        'General.Fixed[3].Nmae: unknown key "Nmae"; did you mean "Name"?',
        'General.Fixed[4].Name: no parameter or systematic "Lumy"; did you mean "Lumi"?',
        'General.Fixed[5].Name: the parameter "mu" is fixed more than once',
        'General.Fixed[5].Value: 11 lies outside the Bounds [0, 10] of "mu"',
    ]
