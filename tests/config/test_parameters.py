from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wilks import Histogram, build_workspace, load_config
from wilks.config.parameters import fixed_values, meanings, parameters_of, simulated
from wilks.templates.build import needed_templates
from wilks.templates.store import Templates

Find = Callable[[Any], list[str]]


@pytest.fixture
def apart(histograms: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration whose first systematic acts on Signal in one region and on ttbar in both."""
    histograms["Systematics"][0]["Decorrelate"] = "region"
    return histograms


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ([], ["Lumi"]),
        ("region", ["Lumi_Signal-region", "Lumi_CR"]),
        ("sample", ["Lumi_Signal", "Lumi_ttbar"]),
        (["sample", "region"], ["Lumi_Signal-region_Signal", "Lumi_Signal-region_ttbar", "Lumi_CR_ttbar"]),
    ],
)
def test_names_of_parameters(histograms: dict[str, Any], by: Any, names: list[str]) -> None:
    if by:
        histograms["Systematics"][0]["Decorrelate"] = by
    config = load_config(histograms)
    templates = simulated(config.regions, config.samples)
    assert [(region.name, sample.name) for region, sample in templates] == [
        ("Signal region", "Signal"),
        ("Signal region", "ttbar"),
        ("CR", "ttbar"),
    ]
    assert list(parameters_of(config.systematics[0], templates)) == names
    known = meanings(config.systematics, templates)
    assert known["Lumi"] == tuple(names)
    assert all(known[name] == (name,) for name in names if by)
    assert known["Scale"] == known["scale"] == ("scale",)
    # `Fixed` names the systematic: all of its parameters.
    assert fixed_values(config) == dict.fromkeys(names, 0)


def test_the_workspace_has_one_parameter_for_each(apart: dict[str, Any]) -> None:
    apart["General"]["Fixed"] = [{"Name": "Lumi_CR", "Value": 0.5}]
    config = load_config(apart)
    histogram = Histogram.from_arrays([0, 10.5, 20], [4.0, 5.0], [1.0, 1.0])
    spec = build_workspace(Templates(dict.fromkeys(needed_templates(config), histogram)), config).spec
    found = {
        (channel["name"], sample["name"], modifier["name"])
        for channel in spec["channels"]
        for sample in channel["samples"]
        for modifier in sample["modifiers"]
        if modifier["name"].startswith("Lumi")
    }
    assert found == {
        ("Signal region", "Signal", "Lumi_Signal-region"),
        ("Signal region", "ttbar", "Lumi_Signal-region"),
        ("CR", "ttbar", "Lumi_CR"),
    }
    fixed = [p for p in spec["measurements"][0]["config"]["parameters"] if p.get("fixed")]
    assert fixed == [{"name": "Lumi_CR", "inits": [0.5], "fixed": True}]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("regoin", 'one of "region", "sample", "source", "bin", found the text "regoin"; did you mean "region"?'),
        (True, "must be text or a list of texts, found true"),
        (["region", "region"], 'lists "region" more than once'),
    ],
)
def test_values(histograms: dict[str, Any], problems: Find, value: Any, sentence: str) -> None:
    histograms["Systematics"][0]["Decorrelate"] = value
    (problem,) = problems(histograms)
    assert problem.startswith("Systematics[0].Decorrelate")
    assert problem.endswith(sentence)


def test_names_that_are_taken(apart: dict[str, Any], problems: Find) -> None:
    apart["NormFactors"].append({"Name": "Lumi_CR"})
    assert problems(apart) == ['Systematics[0]: the parameter "Lumi_CR" is a NormFactor; give it another name']


def test_collisions(apart: dict[str, Any], problems: Find) -> None:
    apart["Systematics"].append(
        {"Name": "Other", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
        | {"ModifierName": "Lumi_CR", "Regions": "Signal region"}
    )
    assert problems(apart) == []
    apart["Systematics"][-1]["Regions"] = ["Signal region", "CR"]
    (problem,) = problems(apart)
    assert '"Lumi" and "Other" both make the parameter "Lumi_CR" act on sample "ttbar" in region "CR"' in problem


def test_the_poi_is_one_of_them(apart: dict[str, Any], problems: Find) -> None:
    apart["General"]["POI"] = "Lumi"
    assert problems(apart) == [
        'General.POI: no parameter "Lumi"; the systematic "Lumi" is decorrelated and has the parameters '
        '"Lumi_Signal-region", "Lumi_CR"'
    ]
    apart["General"]["POI"] = "Lumi_CR"
    assert problems(apart) == []


def test_fixed_twice(apart: dict[str, Any], problems: Find) -> None:
    apart["General"]["Fixed"].append({"Name": "Lumi_CR", "Value": 1})
    assert problems(apart) == ['General.Fixed[1].Name: the parameter "Lumi_CR" is fixed more than once']


def test_groups_of_templates(histograms: dict[str, Any]) -> None:
    histograms["Systematics"][0]["Decorrelate"] = {2016: {"Regions": "CR"}, "the rest": {"Samples": "Sig*"}}
    config = load_config(histograms)
    lumi, templates = config.systematics[0], simulated(config.regions, config.samples)
    found = {(region.name, sample.name): lumi.parameter_in(region.name, sample.name) for region, sample in templates}
    assert found == {
        ("Signal region", "Signal"): "Lumi_the-rest",
        ("Signal region", "ttbar"): "Lumi",
        ("CR", "ttbar"): "Lumi_2016",
    }
    # The name stands for all of them; those with names of their own can be had one by one.
    assert fixed_values(config) == dict.fromkeys(("Lumi_the-rest", "Lumi", "Lumi_2016"), 0)
    histograms["General"]["Fixed"] = [{"Name": "Lumi_2016", "Value": 1}]
    histograms["General"]["POI"] = "Lumi"
    assert fixed_values(load_config(histograms)) == {"Lumi_2016": 1}
