"""Sources, overrides, exclusions and patterns, from the steering file to the workspace, against sums made by NumPy."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from tests.templates import events

from wilks import build_templates, build_workspace, load_config
from wilks.templates.store import TemplateKey

SIZES = {"tt_2016": 2500, "tt_2017": 1500, "tt_up": 1200, "W": 800, "data": 900}
STEERING: dict[str, Any] = {
    "General": {"Measurement": "m", "POI": "mu", "InputPath": "{SamplePath}", "HistogramFolder": "h"},
    "Regions": [
        {"Name": "SR_2016", "Variable": "pt", "Filter": "charge > 0", "Binning": events.EDGES},
        {"Name": "SR_2017", "Variable": "pt", "Filter": "charge > 0", "Binning": events.EDGES},
        {"Name": "CR", "Variable": "eta", "Filter": "charge < 0", "Binning": [-1, 0, 1]},
    ],
    "Samples": [
        {"Name": "Data", "Tree": "events", "SamplePath": "data.root", "Data": True},
        {
            "Name": "ttbar",
            "Tree": "events",
            "Weight": "weight",
            "Sources": [
                {"Name": "2016", "SamplePath": "tt_2016.root", "Weight": "{Weight} * 36.3"},
                {"Name": "2017", "SamplePath": "tt_2017.root", "Filter": "{Filter} && flag"},
            ],
            "Overrides": [
                {"Regions": "*R*", "Weight": "-1"},
                {"Regions": "SR*", "Weight": "{Weight} * 2"},
                {"Regions": "CR", "Weight": "{Weight}", "Variable": "-eta", "Filter": "number > 1"},
            ],
        },
        {"Name": "W", "Tree": "events", "SamplePath": "W.root", "Exclude": "*_2017"},
    ],
    "NormFactors": [{"Name": "mu", "Samples": "t*", "Exclude": [{"Regions": "CR"}]}],
    "Systematics": [
        {
            "Name": "SF",
            "Type": "NormPlusShape",
            "Samples": "*",
            "Exclude": [{"Regions": "SR_*", "Samples": "W"}],
            "Up": {"Weight": "{Weight} * sf_up", "Overrides": [{"Samples": "W", "Filter": "flag || ({Filter})"}]},
            "Down": {"Symmetrize": True},
            "Decorrelate": "source",
        },
        {
            "Name": "Lumi",
            "Type": "Normalization",
            "Up": {"Normalization": 0.02, "Overrides": [{"Samples": "W", "Normalization": 0.03}]},
            "Down": {"Normalization": -0.02, "Overrides": [{"Regions": "CR", "Normalization": -0.04}]},
            "Decorrelate": {2016: {"Regions": "*_2016"}, "late year": {"Regions": "*_2017"}},
        },
    ],
}


@pytest.fixture(scope="module")
def trees() -> dict[str, dict[str, Any]]:
    return {name: events.columns(seed, size) for seed, (name, size) in enumerate(SIZES.items())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, trees: dict[str, Any]) -> Path:
    made: Path = tmp_path_factory.mktemp("sources")
    for name, tree in trees.items():
        events.write_tree(made / f"{name}.root", {"events": tree})
    return made


def steering(folder: Path, **systematic: Any) -> dict[str, Any]:
    document = copy.deepcopy(STEERING)
    document["General"]["InputPath"] = str(folder / "{SamplePath}")
    if systematic:
        document["Systematics"] = [{"Name": "S", "Type": "NormPlusShape", "Samples": "ttbar"} | systematic]
    return document


def ttbar(trees: dict[str, Any], region: str, varied: tuple[str, ...] = ()) -> tuple[Any, Any]:
    """Yields and variances of ttbar by hand, with the weights of some sources varied."""
    total = np.zeros((2, len(events.EDGES) - 1 if region != "CR" else 2))
    for year, factor in (("2016", 36.3), ("2017", 1.0)):
        tree = trees[f"tt_{year}"]
        weight = tree["weight"] * factor * (tree["sf_up"].astype(float) if year in varied else 1.0)
        if region == "CR":
            yields = events.histogram(-tree["eta"].astype(float), weight, tree["number"] > 1, [-1, 0, 1])
        else:
            keep = (tree["charge"] > 0) & (tree["flag"] if year == "2017" else True)
            yields = events.histogram(tree["pt"], 2 * weight, keep)
        total += np.array(yields[:2])
    return total[0], total[1]


def test_a_sample_is_the_sum_of_its_sources(folder: Path, trees: dict[str, Any]) -> None:
    templates = build_templates(load_config(steering(folder)))
    for region in ("SR_2016", "CR"):
        yields, variances = ttbar(trees, region)
        histogram = templates.nominal(region, "ttbar")
        np.testing.assert_allclose(histogram.contents, yields, rtol=1e-6)
        np.testing.assert_allclose(histogram.sumw2, variances, rtol=1e-6)
    assert TemplateKey("SR_2017", "W") not in templates


def test_every_source_has_a_parameter_that_varies_it_alone(folder: Path, trees: dict[str, Any]) -> None:
    config = load_config(steering(folder))
    templates = build_templates(config)
    for year in ("2016", "2017"):
        for region in ("SR_2016", "SR_2017", "CR"):
            varied = templates[TemplateKey(region, "ttbar", f"SF_{year}", "Up")]
            np.testing.assert_allclose(varied.contents, ttbar(trees, region, (year,))[0], rtol=1e-6)
    tree = trees["W"]
    yields = events.histogram(
        tree["eta"].astype(float), tree["sf_up"].astype(float), (tree["charge"] < 0) | tree["flag"], [-1, 0, 1]
    )[0]
    np.testing.assert_allclose(templates[TemplateKey("CR", "W", "SF", "Up")].contents, yields, rtol=1e-6)
    assert TemplateKey("SR_2016", "W", "SF", "Up") not in templates


def test_the_workspace_has_these_numbers(folder: Path, trees: dict[str, Any]) -> None:
    document = steering(folder)
    document["General"]["Fixed"] = [{"Name": "SF", "Value": 0}, {"Name": "Lumi_2016", "Value": 1}]
    config = load_config(document)
    spec = build_workspace(build_templates(config), config).spec
    found = {
        (channel["name"], sample["name"], modifier["name"], modifier["type"]): modifier["data"]
        for channel in spec["channels"]
        for sample in channel["samples"]
        for modifier in sample["modifiers"]
    }
    nominal, up = ttbar(trees, "CR")[0], ttbar(trees, "CR", ("2017",))[0]
    factor = up.sum() / nominal.sum()
    norm = found["CR", "ttbar", "SF_2017", "normsys"]
    assert (norm["hi"], norm["lo"]) == pytest.approx((factor, 2 - factor), rel=1e-6)
    shape = found["CR", "ttbar", "SF_2017", "histosys"]
    assert shape["hi_data"] == pytest.approx((up / factor).tolist(), rel=1e-6)
    assert {key[:3] for key in found if key[3] == "normfactor"} == {
        ("SR_2016", "ttbar", "mu"),
        ("SR_2017", "ttbar", "mu"),
    }
    assert {key[:3]: value for key, value in found.items() if key[2].startswith("Lumi")} == {
        ("SR_2016", "ttbar", "Lumi_2016"): {"hi": 1.02, "lo": 0.98},
        ("SR_2016", "W", "Lumi_2016"): {"hi": 1.03, "lo": 0.98},
        ("SR_2017", "ttbar", "Lumi_late-year"): {"hi": 1.02, "lo": 0.98},
        ("CR", "ttbar", "Lumi"): {"hi": 1.02, "lo": 0.96},
        ("CR", "W", "Lumi"): {"hi": 1.03, "lo": 0.96},
    }
    settings = spec["measurements"][0]["config"]["parameters"]
    fixed = {setting["name"]: setting["inits"] for setting in settings if setting.get("fixed")}
    assert fixed == {"SF": [0], "SF_2016": [0], "SF_2017": [0], "Lumi_2016": [1]}


def test_sides_replace_the_keys_of_every_source(folder: Path, trees: dict[str, Any]) -> None:
    # Both sources read the same file with their own weights; with the same weight it would count twice, so once.
    up = {"SamplePath": "tt_up.root", "Weight": "1", "Filter": "flag"}
    down = {"SamplePath": "tt_up.root", "Filter": "flag"}
    document = steering(folder, Up=up, Down=down, Regions="SR_2016")
    templates = build_templates(load_config(document))
    tree = trees["tt_up"]
    once = events.histogram(tree["pt"], 1.0, tree["flag"])[0]
    both = events.histogram(tree["pt"], 2 * tree["weight"] * 37.3, tree["flag"])[0]
    np.testing.assert_allclose(templates[TemplateKey("SR_2016", "ttbar", "S", "Up")].contents, once, rtol=1e-6)
    np.testing.assert_allclose(templates[TemplateKey("SR_2016", "ttbar", "S", "Down")].contents, both, rtol=1e-6)


def test_a_systematic_of_one_source(folder: Path, trees: dict[str, Any]) -> None:
    sides = {"Up": {"Weight": "{Weight} * sf_up"}, "Down": {"Symmetrize": True}}
    templates = build_templates(load_config(steering(folder, Sources="*7", **sides)))
    varied = templates[TemplateKey("SR_2017", "ttbar", "S", "Up")]
    np.testing.assert_allclose(varied.contents, ttbar(trees, "SR_2017", ("2017",))[0], rtol=1e-6)


def test_mistakes_in_expressions_name_the_source(folder: Path) -> None:
    document = steering(folder)
    document["Samples"][1]["Sources"][0]["Weight"] = "wight"
    document["Samples"][1]["Overrides"] = [{"Regions": "CR", "Variable": "etta"}]
    with pytest.raises(Exception, match=r'Samples "ttbar"\.Sources "2016"\.Weight: no branch "wight"') as caught:
        build_templates(load_config(document))
    assert any(
        problem.startswith('Samples "ttbar".Overrides[0].Variable: no branch "etta"')
        for problem in caught.value.problems
    )


def test_histograms_of_several_sources(tmp_path: Path) -> None:
    contents = {"data": 9.0, "a": 1.0, "b": 2.0, "c": 40.0, "a_up": 3.0, "b_up": 10.0, "d_up": 100.0}
    with uproot.recreate(tmp_path / "in.root") as file:
        for region in ("SR", "CR"):
            for name, value in contents.items():
                file[f"{region}/{name}"] = (np.array([value, 2 * value]), np.array([0.0, 1.0, 2.0]))
    sources = [{"Name": "A", "SamplePath": "a"}, {"Name": "B", "SamplePath": "b"}]
    up = {"VariationPath": "_up", "Overrides": [{"Regions": "SR", "Samples": "S", "SamplePath": ["b", "d"]}]}
    jes = {"Name": "JES", "Type": "NormPlusShape", "Up": up, "Down": {"Symmetrize": True}}
    document: dict[str, Any] = {
        "General": {
            "Measurement": "m",
            "InputPath": f"{tmp_path}/in.root:{{RegionPath}}/{{SamplePath}}{{VariationPath}}",
            "HistogramFolder": "h",
        },
        "Regions": [{"Name": "SR", "RegionPath": "SR"}, {"Name": "CR", "RegionPath": "CR"}],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "S", "Sources": sources, "Overrides": [{"Regions": "C*", "SamplePath": ["c", "b"]}]},
        ],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            jes | {"Decorrelate": "source", "Regions": "SR"},
            jes | {"Name": "all", "Up": {"VariationPath": "_up"}, "Regions": "SR"},
        ],
    }
    templates = build_templates(load_config(document))
    assert {str(key): float(histogram.contents[0]) for key, histogram in templates.items()} == {
        '"Data" in "SR"': 9.0,
        '"S" in "SR"': 3.0,
        '"S" in "SR", "JES_A" Up': 10.0 + 100.0 + 2.0,
        '"S" in "SR", "JES_B" Up': 1.0 + 10.0 + 100.0,
        '"S" in "SR", "all" Up': 13.0,
        '"Data" in "CR"': 9.0,
        # The override makes both sources alike: they count once.
        '"S" in "CR"': 42.0,
    }


def test_nothing_that_is_replaced_is_one_and_true(folder: Path, trees: dict[str, Any]) -> None:
    document = steering(folder, Up={"Weight": "{Weight}", "Filter": "{Filter}"}, Down={"Filter": "{Filter} && flag"})
    document["Regions"] = [{"Name": "SR", "Variable": "pt", "Binning": events.EDGES}]
    document["Samples"] = [document["Samples"][0], {"Name": "ttbar", "Tree": "events", "SamplePath": "W.root"}]
    document["NormFactors"] = [{"Name": "mu"}]
    templates = build_templates(load_config(document))
    tree = trees["W"]
    everything = events.histogram(tree["pt"], 1.0, np.ones(SIZES["W"], dtype=bool))[0]
    flagged = events.histogram(tree["pt"], 1.0, tree["flag"])[0]
    np.testing.assert_array_equal(templates[TemplateKey("SR", "ttbar", "S", "Up")].contents, everything)
    np.testing.assert_array_equal(templates[TemplateKey("SR", "ttbar", "S", "Down")].contents, flagged)


def test_scales_of_ntuples(folder: Path, trees: dict[str, Any]) -> None:
    document = steering(folder, Up={"Weight": "{Weight} * sf_up"}, Down={"Symmetrize": True})
    sample = document["Samples"][1]
    sample["Scale"] = 0.5
    sample["Sources"][1]["Scale"] = -1
    sample["Overrides"].append({"Regions": "CR", "Scale": 3})
    config = load_config(document)
    templates = build_templates(config)
    tree, late = trees["tt_2016"], trees["tt_2017"]
    first = events.histogram(tree["pt"], 36.3 * tree["weight"], tree["charge"] > 0)
    second = events.histogram(late["pt"], late["weight"], (late["charge"] > 0) & late["flag"])
    found = templates.nominal("SR_2016", "ttbar")
    np.testing.assert_allclose(found.contents, 0.5 * 2 * first[0] - 2 * second[0], rtol=1e-6)
    np.testing.assert_allclose(found.sumw2, 0.25 * 4 * first[1] + 4 * second[1], rtol=1e-6)
    np.testing.assert_allclose(templates.nominal("CR", "ttbar").contents, 3 * ttbar(trees, "CR")[0], rtol=1e-6)
    varied = templates[TemplateKey("CR", "ttbar", "S", "Up")]
    np.testing.assert_allclose(varied.contents, 3 * ttbar(trees, "CR", ("2016", "2017"))[0], rtol=1e-6)
    assert [part.scale for part in templates.origins[TemplateKey("SR_2016", "ttbar")].parts] == [0.5, -1.0]


def test_scales_of_histograms(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "in.root") as file:
        for name, value in {"data": 9.0, "a": 1.0, "b": 2.0, "a_up": 3.0, "b_up": 10.0}.items():
            file[name] = (np.array([value, 2 * value]), np.array([0.0, 1.0, 2.0]))
    document: dict[str, Any] = {
        "General": {"Measurement": "m", "InputPath": "{SamplePath}{VariationPath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR"}, {"Name": "CR"}],
        "Samples": [
            {"Name": "Data", "SamplePath": f"{tmp_path}/in.root:data", "Data": True},
            {
                "Name": "S",
                "Scale": 4,
                "Sources": [
                    {"SamplePath": f"{tmp_path}/in.root:a"},
                    {"SamplePath": f"{tmp_path}/in.root:b", "Scale": -0.5},
                ],
                "Overrides": [{"Regions": "CR", "Scale": 2}],
            },
        ],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "_up"}, "Down": {"Symmetrize": True}}
        ],
    }
    templates = build_templates(load_config(document))
    assert templates.nominal("SR", "S").contents.tolist() == [3.0, 6.0]
    assert templates.nominal("SR", "S").sumw2.tolist() == [16.5, 33.0]
    assert templates.nominal("CR", "S").contents.tolist() == [6.0, 12.0]
    assert templates[TemplateKey("SR", "S", "JES", "Up")].contents.tolist() == [7.0, 14.0]
    # Sources that a variation makes alike count once, but for their scales.
    document["Systematics"][0]["Up"] = {"SamplePath": f"{tmp_path}/in.root:a_up"}
    templates = build_templates(load_config(document))
    assert templates[TemplateKey("SR", "S", "JES", "Up")].contents.tolist() == [10.5, 21.0]
    assert templates[TemplateKey("CR", "S", "JES", "Up")].contents.tolist() == [6.0, 12.0]
