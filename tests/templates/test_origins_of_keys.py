"""Every key of the steering file that changes a template makes it anew: all keys are listed here, one by one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from tests.templates import events

import wilks
from wilks.config.sample import Sample, SampleOverride, SampleSource
from wilks.config.schema import General, Region, SideOverride, Systematic, Template
from wilks.templates.store import TemplateKey, Templates

FIRST = TemplateKey("SR", "Data")
FOLDERS, FILES, TREES = ("r1", "r2"), ("a", "b", "data"), ("events", "varied")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("keys")
    seed = 0
    for name in FOLDERS:
        (made / name).mkdir()
        for file in FILES:
            trees = {tree: events.columns(seed + i, 200 + seed) for i, tree in enumerate(TREES)}
            events.write_tree(made / name / f"{file}.root", trees)
            with uproot.update(made / name / f"{file}.root") as root:
                for i, histogram in enumerate(("nominal", "up", "down", "other")):
                    values = events.columns(100 + seed + i, 300 + seed + i)["pt"]
                    root[histogram] = np.histogram(values, events.EDGES)
            seed += 10
    return made


def ntuples(folder: Path) -> dict[str, Any]:
    """Return a steering file with a block of every kind that leads to events."""
    source = {"Name": "first", "SamplePath": "a", "Tree": "events", "Weight": "weight", "Filter": "pt > 1"}
    override = {"Regions": "SR", "Variable": "1.1*pt", "Weight": "{Weight}*2", "Filter": "pt > 2"}
    side = {"Weight": "{Weight}*sf_up", "Filter": "{Filter} && pt > 3", "Tree": "events", "RegionPath": "r1"}
    side |= {"SamplePath": "b", "Variable": "0.9*pt"}
    above = {"Regions": "SR", "Samples": "Parts"}
    return {
        "General": {
            "Measurement": "m",
            "InputPath": f"{folder}/{{RegionPath}}/{{SamplePath}}.root",
            "HistogramFolder": "h",
        },
        "Regions": [
            {"Name": name, "Variable": "pt", "Binning": list(events.EDGES), "Filter": "charge > 0", "RegionPath": "r1"}
            for name in ("SR", "CR")
        ],
        "Samples": [
            {"Name": "Data", "Tree": "events", "SamplePath": "data", "Data": True},
            {"Name": "MC", "Tree": "events", "SamplePath": "a", "Weight": "weight", "Filter": "flag || charge % 2 < 0"},
            {"Name": "Parts", "Sources": [source, {"SamplePath": "b", "Tree": "events"}], "Overrides": [override]},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "MC"}],
        "Systematics": [
            {
                "Name": "S",
                "Type": "NormPlusShape",
                "Up": side,
                "Down": {"Weight": "2*weight", "Overrides": [above | side]},
            }
        ],
    }


def histograms(folder: Path) -> dict[str, Any]:
    """Return a steering file with a block of every kind that leads to histograms."""
    override = {"Regions": "SR", "SamplePath": "b"}
    above = {"Regions": "SR", "Samples": "MC", "VariationPath": "other", "SamplePath": "b"}
    return {
        "General": {
            "Measurement": "m",
            "InputPath": f"{folder}/{{RegionPath}}/{{SamplePath}}.root:{{VariationPath}}",
            "HistogramFolder": "h",
            "VariationPath": "nominal",
        },
        "Regions": [{"Name": name, "Variable": "pt", "RegionPath": "r1"} for name in ("SR", "CR")],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "MC", "SamplePath": "a"},
            {"Name": "Parts", "Sources": [{"SamplePath": "a"}, {"SamplePath": "b"}], "Overrides": [override]},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "MC"}],
        "Systematics": [
            {
                "Name": "S",
                "Type": "NormPlusShape",
                "Up": {"VariationPath": "up", "SamplePath": "b"},
                "Down": {"VariationPath": "down", "Overrides": [above]},
            }
        ],
    }


PART, OVERRIDE = ("Samples", 2, "Sources", 0), ("Samples", 2, "Overrides", 0)
UP, ABOVE = ("Systematics", 0, "Up"), ("Systematics", 0, "Down", "Overrides", 0)
OF_NTUPLES: dict[tuple[type, str], tuple[Sequence[str | int], Any]] = {
    (General, "InputPath"): (("General",), "{RegionPath}/../r2/{SamplePath}.root"),
    (General, "Divisions"): (("General",), "ROOT"),
    (Region, "Variable"): (("Regions", 0), "2*pt"),
    (Region, "Binning"): (("Regions", 0), [0, 20, 50]),
    (Region, "Filter"): (("Regions", 0), "charge < 0"),
    (Region, "RegionPath"): (("Regions", 0), "r2"),
    (Region, "OutsideBinning"): (("Regions", 0), "merge"),
    (Sample, "Tree"): (("Samples", 1), "varied"),
    (Sample, "Filter"): (("Samples", 1), "!flag"),
    (Sample, "Weight"): (("Samples", 1), "3*weight"),
    (Sample, "SamplePath"): (("Samples", 1), ["a", "b"]),
    (Sample, "Scale"): (("Samples", 1), 0.5),
    (Sample, "Sources"): (("Samples", 2), [{"SamplePath": "b", "Tree": "events"}]),
    (Sample, "Overrides"): (("Samples", 1), [{"Weight": "7"}]),
    (SampleSource, "Tree"): (PART, "varied"),
    (SampleSource, "Weight"): (PART, "3*weight"),
    (SampleSource, "Filter"): (("Samples", 2, "Sources", 1), "pt > 30"),
    (SampleSource, "SamplePath"): (PART, "data"),
    (SampleSource, "Scale"): (PART, -1),
    (SampleOverride, "Scale"): (OVERRIDE, 3),
    (SampleOverride, "Regions"): (OVERRIDE, "CR"),
    (SampleOverride, "Tree"): (OVERRIDE, "varied"),
    (SampleOverride, "Weight"): (OVERRIDE, "{Weight}*3"),
    (SampleOverride, "Filter"): (OVERRIDE, "pt > 30"),
    (SampleOverride, "SamplePath"): (OVERRIDE, "data"),
    (SampleOverride, "Variable"): (OVERRIDE, "1.2*pt"),
    (Systematic, "Sources"): (("Systematics", 0), "first"),
    (Template, "Tree"): (UP, "varied"),
    (Template, "Weight"): (UP, "{Weight}/sf_up"),
    (Template, "Filter"): (UP, "pt > 30"),
    (Template, "Variable"): (UP, "0.8*pt"),
    (Template, "RegionPath"): (UP, "r2"),
    (Template, "SamplePath"): (UP, "data"),
    (Template, "Overrides"): (UP, [{"Regions": "CR", "Weight": "9"}]),
    (SideOverride, "Regions"): (ABOVE, "CR"),
    (SideOverride, "Samples"): (ABOVE, "MC"),
    (SideOverride, "Tree"): (ABOVE, "varied"),
    (SideOverride, "Weight"): (ABOVE, "{Weight}/sf_up"),
    (SideOverride, "Filter"): (ABOVE, "pt > 30"),
    (SideOverride, "Variable"): (ABOVE, "0.8*pt"),
    (SideOverride, "RegionPath"): (ABOVE, "r2"),
    (SideOverride, "SamplePath"): (ABOVE, "data"),
}
OF_HISTOGRAMS: dict[tuple[type, str], tuple[Sequence[str | int], Any]] = {
    (General, "InputPath"): (("General",), "{RegionPath}/../r2/{SamplePath}.root:{VariationPath}"),
    (General, "VariationPath"): (("General",), "other"),
    (Region, "RegionPath"): (("Regions", 0), "r2"),
    (Region, "Variable"): (("Regions", 0), "mass"),
    (Sample, "SamplePath"): (("Samples", 1), ["a", "b"]),
    (Sample, "Scale"): (("Samples", 1), 0.5),
    (Sample, "Sources"): (("Samples", 2), [{"SamplePath": "b"}]),
    (Sample, "Overrides"): (("Samples", 1), [{"SamplePath": "b"}]),
    (SampleSource, "SamplePath"): (PART, "data"),
    (SampleSource, "Scale"): (PART, -1),
    (SampleOverride, "Regions"): (OVERRIDE, "CR"),
    (SampleOverride, "SamplePath"): (OVERRIDE, "data"),
    (SampleOverride, "Scale"): (("Samples", 2, "Overrides", 0), 3),
    (Systematic, "Sources"): (("Systematics", 0), "first"),
    (Template, "VariationPath"): (UP, "other"),
    (Template, "SamplePath"): (UP, "data"),
    (Template, "Overrides"): (UP, [{"Regions": "CR", "VariationPath": "other"}]),
    (SideOverride, "Regions"): (ABOVE, "CR"),
    (SideOverride, "Samples"): (ABOVE, "Parts"),
    (SideOverride, "VariationPath"): (ABOVE, "up"),
    (SideOverride, "SamplePath"): (ABOVE, "data"),
}
# What changes which templates there are, what they are called, or what is done with them once they are made.
OTHERS = {
    General: {"Measurement", "POI", "POIs", "Search", "HistogramFolder", "Fixed", "Pruning", "Checks", "Staterror"}
    | {"Correlations", "Groups", "Clip"},
    Region: {"Name", "Rebin", "AutoBinning", "DropBins", "Staterror"},
    Sample: {
        "Name",
        "Data",
        "Ghost",
        "StaterrorScale",
        "MinimumYield",
        "Smooth",
        "DisableStaterror",
        "SeparateStaterror",
        "Regions",
        "Exclude",
        "Color",
    },
    SampleSource: {"Name"},
    SampleOverride: set(),
    Systematic: {"Name", "Type", "Up", "Down", "Variations", "Combine", "Regions", "Samples", "Exclude", "Smoothing"}
    | {"Symmetrization", "ModifierName", "KeepYield", "Decorrelate", "Constraint", "Interpolation"}
    | {"ReferenceSample", "KeepReferenceYield", "DisablePruning"},
    Template: {"Normalization", "Symmetrize", "ScaleDifference"},
    SideOverride: {"Normalization", "ScaleDifference"},
}


def test_every_key_is_in_a_list() -> None:
    for block, others in OTHERS.items():
        keys = {field.alias or name for name, field in block.model_fields.items()}
        assert keys == others | {key for known, key in (*OF_NTUPLES, *OF_HISTOGRAMS) if known is block}, block.__name__


def changed(document: dict[str, Any], block: type, key: str, place: Sequence[str | int], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    inside: Any = document
    for step in place:
        inside = inside[step]
    inside[key] = value
    if (block, key) == (Systematic, "Sources"):
        document["Samples"][2]["Sources"][0]["Name"] = value
        document["Systematics"][0]["Samples"] = "Parts"
        document["Samples"][2].pop("Overrides")
        document["Systematics"][0]["Down"].pop("Overrides")
    return document


def build(document: dict[str, Any], folder: Path, previous: Templates | None = None) -> Templates:
    document = copy.deepcopy(document)
    path = document["General"]["InputPath"]
    document["General"]["InputPath"] = path if path.startswith("/") else f"{folder}/{path}"
    return wilks.build_templates(wilks.load_config(document), previous=previous, workers=1)


def assert_made_anew(document: dict[str, Any], other: dict[str, Any], folder: Path) -> None:
    """Both ways, because a key that goes must tell as well as one that comes."""
    one, two = build(document, folder), build(other, folder)
    for new, steering, previous in ((two, other, one), (one, document, two)):
        again = build(steering, folder, previous)
        assert dict(again) == dict(new)
        assert dict(new) != dict(previous)
        everywhere = one.origins[FIRST].parts[0].files != two.origins[FIRST].parts[0].files
        everywhere = everywhere or "Divisions" in {**document["General"], **other["General"]}
        assert again.reused or everywhere
        for made in again.reused:
            np.testing.assert_array_equal(previous[made].contents, new[made].contents)


@pytest.mark.parametrize(("block", "key"), OF_NTUPLES)
def test_keys_of_ntuples(folder: Path, block: type, key: str) -> None:
    document = ntuples(folder)
    assert_made_anew(document, changed(document, block, key, *OF_NTUPLES[block, key]), folder)


@pytest.mark.parametrize(("block", "key"), OF_HISTOGRAMS)
def test_keys_of_histograms(folder: Path, block: type, key: str) -> None:
    document = histograms(folder)
    assert_made_anew(document, changed(document, block, key, *OF_HISTOGRAMS[block, key]), folder)
