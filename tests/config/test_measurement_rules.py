"""Parameters of interest, correlations, groups and clipping in a steering file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wilks.config.cabinetry import beyond_cabinetry
from wilks.config.load import load_config
from wilks.config.parameters import correlated, group_members
from wilks.config.schema import Correlation

Find = Callable[[Any], list[str]]
GAUSSIAN = {"Width": 0.1}


@pytest.mark.parametrize(
    ("poi", "pois", "mistakes"),
    [
        (None, ["mu", "Lumi"], []),
        ("mu", ["mu", "Lumi"], []),
        ("mu", "mu", []),
        ("Lumi", ["mu", "Lumi"], ['"mu" comes first; the first one is the POI, which is "Lumi"']),
        (None, ["mu", "Lumy"], ['no parameter "Lumy"; did you mean "Lumi"?']),
        (None, ["mu", "Scale"], ['no parameter "Scale"; the systematic "Scale" has the ModifierName "scale"']),
        (None, ["mu", "mu"], ['lists "mu" more than once']),
        (None, ["mu", 2], ["every entry must be text, found the number 2; put it in quotes"]),
        (None, [], ["must not be an empty list; name at least one or leave the key out"]),
    ],
)
def test_several_parameters_of_interest(
    histograms: dict[str, Any], problems: Find, poi: str | None, pois: Any, mistakes: list[str]
) -> None:
    general = {key: value for key, value in histograms["General"].items() if key != "POI"} | {"POIs": pois}
    histograms["General"] = general | ({"POI": poi} if poi else {})
    assert problems(histograms) == [f"General.POIs: {mistake}" for mistake in mistakes]
    if not mistakes:
        assert load_config(histograms).general.of_interest == ((pois,) if isinstance(pois, str) else tuple(pois))


def test_a_poi_is_no_set_of_bins(histograms: dict[str, Any], problems: Find) -> None:
    histograms["ShapeFactors"] = [{"Name": "free", "Samples": "ttbar", "Regions": "CR"}]
    histograms["General"]["POIs"] = ["mu", "free"]
    why = '"free" is one parameter for each bin; the POI is a single parameter'
    assert problems(histograms) == [f"General.POIs: {why}"]


def test_the_background_is_what_no_poi_scales(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"] |= {"Pruning": {"Norm": 0.01, "Reference": "background"}, "POIs": ["Lumi", "k"]}
    del histograms["General"]["POI"], histograms["General"]["Fixed"]
    histograms["Functions"] = [
        {"Name": "f", "Expression": "g", "Samples": "Signal"},
        {"Name": "g", "Expression": "k^2", "Parameters": [{"Name": "k"}]},
    ]
    assert problems(histograms) == []
    histograms["General"]["POIs"] = ["Lumi", "scale"]
    (problem,) = problems(histograms)
    assert problem.endswith('which must be a NormFactor; "Lumi", "scale" are none')


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({}, "", ""),
        ({"Correlation": None, "Matrix": [[1, 0.3], [0.3, 1.0]]}, "", ""),
        ({"Parameters": ["Lumi", "Scale"]}, "", ""),  # by the name of the systematic
        ({"Parameters": ["Lumi", "scle"]}, ".Parameters", 'no single parameter "scle"; did you mean "scale"?'),
        ({"Parameters": ["Lumi", "mu"]}, ".Parameters",
         '"mu" has no constraint; correlations are between Gaussian constraints of one width'),
        ({"Parameters": ["Lumi", "counted"]}, ".Parameters",
         '"counted" has a Poisson constraint; correlations are between Gaussian constraints of one width'),
        ({"Parameters": ["Lumi", "wide"]}, ".Parameters",
         '"wide" has two widths; correlations are between Gaussian constraints of one width'),
        ({"Parameters": ["measured", "Lumi"]}, "", ""),
        ({"Parameters": ["bins", "Lumi"]}, ".Parameters",
         'no single parameter "bins"; the systematic "bins" is decorrelated and has the parameters '
         '"bins_Signal-region_Signal", "bins_Signal-region_ttbar", "bins_CR_ttbar"'),
        ({"Parameters": ["bins_CR_ttbar", "Lumi"]}, ".Parameters",
         '"bins_CR_ttbar" is one parameter for each bin; single ones can be correlated'),
        ({"Parameters": ["scale", "Scale"]}, ".Parameters", '"Scale" is correlated already'),
        ({"Parameters": "Lumi"}, ".Parameters", "has one name; a correlation is between two parameters or more"),
        ({"Correlation": None}, "", "needs Matrix, or for two parameters Correlation"),
        ({"Correlation": 1}, ".Correlation", "must lie between -1 and 1, found the number 1"),
        ({"Parameters": ["Lumi", "scale", "measured"]}, ".Correlation",
         "is for two parameters, here are 3; give Matrix"),
        ({"Matrix": [[1, 0], [0, 1]]}, ".Correlation", "has no place beside Matrix; give one of them"),
        ({"Correlation": None, "Matrix": [[1, 0]]}, ".Matrix",
         'must have 2 rows of 2 numbers, one for each of "Lumi", "scale"'),
        ({"Correlation": None, "Matrix": [[1, 0.2], [0.3, 1]]}, ".Matrix",
         "must be symmetric, found 0.2 in row 0, column 1, and 0.3 opposite"),
        ({"Correlation": None, "Matrix": [[0.1, 0], [0, 0.2]]}, ".Matrix",
         "must have ones on its diagonal: it has correlations, not covariances"),
        ({"Correlation": None, "Matrix": [[1, -1], [-1, 1]]}, ".Matrix",
         "is not positive definite: no parameters can be correlated like this"),
        ({"Correlation": None, "Matrix": 0.3}, ".Matrix",
         "must be a list of rows, [[1, 0.3], [0.3, 1]], found the number 0.3"),
        ({"Correlation": None, "Matrix": [[1, True], [0, 1]]}, ".Matrix", "must be a number, found true"),
        ({"Correlaton": 0.3}, ".Correlaton", 'unknown key "Correlaton"; did you mean "Correlation"?'),
    ],
)  # fmt: skip
def test_correlations(histograms: dict[str, Any], problems: Find, changes: Any, where: str, sentence: str) -> None:
    histograms["NormFactors"] += [
        {"Name": "measured", "Samples": "ttbar", "Constraint": GAUSSIAN},
        {"Name": "wide", "Samples": "ttbar", "Constraint": GAUSSIAN | {"WidthDown": 0.2}},
        {"Name": "counted", "Samples": "ttbar", "Constraint": {"Type": "Poisson", "Count": 3, "Expected": 2}},
    ]
    sides = {"Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    histograms["Systematics"].append({"Name": "bins", "Type": "ShapeSys"} | sides)
    entry = {"Parameters": ["Lumi", "scale"], "Correlation": 0.3} | changes
    entry = {key: value for key, value in entry.items() if value is not None}
    histograms["General"]["Correlations"] = [entry]
    assert problems(histograms) == ([f"General.Correlations[0]{where}: {sentence}"] if sentence else [])


def test_a_parameter_is_in_one_correlation(histograms: dict[str, Any], problems: Find) -> None:
    entry = {"Parameters": ["Lumi", "scale"], "Correlation": 0.3}
    histograms["General"]["Correlations"] = [entry, entry]
    why = [f'General.Correlations[1].Parameters: "{name}" is correlated already' for name in ("Lumi", "scale")]
    assert problems(histograms) == why
    histograms["General"]["Correlations"] = [entry]
    histograms["Systematics"][1]["Constraint"] = "None"
    (problem,) = problems(histograms)
    assert '"scale" has no constraint' in problem


def test_names_in_correlations_are_looked_at_beside_broken_constraints(
    histograms: dict[str, Any], problems: Find
) -> None:
    histograms["General"]["Correlations"] = [{"Parameters": ["Lumi", "scle"], "Correlation": 0.3}]
    histograms["Systematics"][0]["Constraint"] = {"Widht": 2}
    assert problems(histograms) == [
        'Systematics[0].Constraint.Widht: unknown key "Widht"; did you mean "Width"?',
        'General.Correlations[0].Parameters: no single parameter "scle"; did you mean "scale"?',
    ]


def test_rows_of_a_pair() -> None:
    assert Correlation(parameters=("a", "b"), correlation=0.3).rows == ((1, 0.3), (0.3, 1))
    assert Correlation(parameters=("a", "b"), matrix=[[1, 0], [0, 1]]).rows == ((1, 0), (0, 1))


@pytest.mark.parametrize(
    ("groups", "where", "sentence"),
    [
        ({"all": ["Lumi", "Sc*"], "statistics": "staterror_*", "signal": "mu"}, "", ""),
        ({2016: "Lumi"}, "", ""),
        ({}, "", "has no effect: it is empty"),
        ({2016: "Lumi", "2016": "mu"}, ".2016", 'is there twice, as the text "2016" and as a number'),
        ({"jets": []}, ".jets", "must not be empty; name a parameter, or leave the group out"),
        ({"jets": ["Lumy"]}, ".jets", 'no parameter or systematic "Lumy"; did you mean "Lumi"?'),
        ({"jets": ["JES*"]}, ".jets", 'no parameter or systematic matches "JES*"'),
        ({"jets": ["k2"]}, ".jets",
         'no parameter or systematic "k2"; "k2" is a function, name the parameters that it needs'),
        ({"jets": None}, ".jets", "must be text or a list of texts, found nothing"),
        ({"jets": 3}, ".jets", "must be text or a list of texts, found the number 3; put it in quotes"),
        (["Lumi"], "", "must be a block of keys, found a list with 1 entry"),
        ("Lumi", "", 'must be a block of keys, found the text "Lumi"'),
    ],
)  # fmt: skip
def test_groups(histograms: dict[str, Any], problems: Find, groups: Any, where: str, sentence: str) -> None:
    histograms["Functions"] = [
        {"Name": "k2", "Expression": "k^2", "Samples": "Signal", "Parameters": [{"Name": "k"}]},
    ]
    histograms["General"]["Groups"] = groups
    assert problems(histograms) == ([f"General.Groups{where}: {sentence}"] if sentence else [])


def test_members_of_groups(histograms: dict[str, Any]) -> None:
    histograms["General"]["Groups"] = {"some": ["Sc*", "mu"], "statistics": "staterror_*", "k": "k?"}
    parameters = [{"Name": "k1"}, {"Name": "k2"}]
    histograms["Functions"] = [{"Name": "f", "Expression": "k1*k2", "Samples": "Signal", "Parameters": parameters}]
    assert group_members(load_config(histograms)) == {
        "some": ("scale", "mu"),
        "statistics": ("staterror_Signal-region",),
        "k": ("k1", "k2"),
    }


def test_groups_and_correlations_mean_the_same_after_sources_are_parted(histograms: dict[str, Any]) -> None:
    sources = [{"Name": "16", "SamplePath": "a"}, {"Name": "17", "SamplePath": "b"}]
    histograms["Samples"][2] = {"Name": "ttbar", "Sources": sources}
    histograms["Systematics"][1] = {key: v for key, v in histograms["Systematics"][1].items() if key != "Smoothing"}
    histograms["Systematics"][1]["Decorrelate"] = "source"
    histograms["General"]["Groups"] = {"scales": "Scale", "all": ["sc*", "Lumi"]}
    histograms["General"]["Correlations"] = [{"Parameters": ["scale_16", "scale_17"], "Correlation": 0.5}]
    config = load_config(histograms)
    parts = ("scale_16", "scale_17")
    assert group_members(config) == {"scales": parts, "all": (*parts, "Lumi")}
    assert [names for names, _ in correlated(config)] == [parts]
    again = load_config(config.model_dump(by_alias=True, exclude_unset=True, mode="json"))
    assert group_members(again) == group_members(config)


def test_clipping_without_shapes(histograms: dict[str, Any], problems: Find) -> None:
    histograms["General"]["Clip"] = True
    assert problems(histograms) == []
    histograms["Systematics"].pop()
    assert problems(histograms) == ["General.Clip: has no effect: no systematic changes a shape"]


def test_all_are_beyond_cabinetry(histograms: dict[str, Any]) -> None:
    histograms["Samples"][2]["SamplePath"] = "tt"
    histograms["General"] |= {
        "POIs": ["mu"],
        "Correlations": [{"Parameters": ["Lumi", "scale"], "Correlation": 0.1}],
        "Groups": {"a": "*"},
        "Clip": True,
    }
    histograms["NormFactors"][0]["Constraint"] = {"Width": 0.1}
    histograms["Systematics"][1] |= {"Constraint": {"Width": 2}, "Interpolation": {"Norm": "code1"}}
    places = [place.removeprefix("config  ") for place, text in beyond_cabinetry(histograms)]
    general = [f"General.{key}" for key in ("POIs", "Correlations", "Groups", "Clip")]
    others = ["NormFactors[0].Constraint", "Systematics[1].Constraint", "Systematics[1].Interpolation"]
    assert places == general + others
