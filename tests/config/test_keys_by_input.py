"""The table of keys and kinds of input: complete, and what it says is what happens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import wilks
from wilks.checks.check import check
from wilks.config.general import General
from wilks.config.keys_by_input import OF_ANY_INPUT, TABLE, Use
from wilks.config.sample import Sample, SampleOverride, SampleSource
from wilks.config.schema import Region, SideOverride, Template

BLOCKS = {block.__name__: block for block in (General, Region, Sample, SampleSource, SampleOverride, Template)}
BLOCKS["SideOverride"] = SideOverride
VALUES: dict[str, Any] = {"Binning": [0, 1], "OutsideBinning": "merge", "Divisions": "ROOT", "Scale": 2}


@pytest.mark.parametrize("name", BLOCKS)
def test_every_key_has_its_place(name: str) -> None:
    keys = {info.alias or field for field, info in BLOCKS[name].model_fields.items()}
    in_table = {key for block, key in TABLE if block == name}
    assert in_table | set(OF_ANY_INPUT[name]) == keys
    assert in_table.isdisjoint(OF_ANY_INPUT[name])


def written(document: dict[str, Any], block: str, key: str) -> dict[str, Any]:
    """Return a document in which one block has a key."""
    document = copy.deepcopy(document)
    value = VALUES.get(key, "x")
    side = document["Systematics"][-1]["Up"]
    if block == "General":
        document["General"][key] = value
    elif block == "Region":
        document["Regions"][0][key] = value
    elif block == "Sample":
        document["Samples"][-1][key] = value
    elif block == "SampleSource":
        document["Samples"][-1]["Sources"] = [{"Name": "a", "SamplePath": "a"}, {"Name": "b", "SamplePath": "b"}]
        document["Samples"][-1]["Sources"][0][key] = value
        document["Samples"][-1].pop("SamplePath")
    elif block == "SampleOverride":
        document["Samples"][-1]["Overrides"] = [{"SamplePath": "y"}]
        document["Samples"][-1]["Overrides"][0][key] = value
    elif block == "Template":
        side[key] = value
    else:
        side["Overrides"] = [{"SamplePath": "y", key: value}]
    return document


PLAIN = [(block, key, uses) for (block, key), uses in TABLE.items() if key not in ("Sources", "Overrides", "InputPath")]


@pytest.mark.parametrize(("block", "key", "uses"), PLAIN)
def test_histograms(
    histograms: dict[str, Any], problems: Callable[[Any], list[str]], block: str, key: str, uses: tuple[Use, ...]
) -> None:
    histograms["Regions"][0].pop("Binning")
    document = written(histograms, block, key)
    found = problems(document)
    assert bool(found) == (uses[1] == Use.REFUSED), found
    if not found:
        idle = check(wilks.load_config(document)).of_rule("unused-key")
        assert [f'"{key}"' in finding.place or f'.{key}"' in finding.place for finding in idle] == [True] * (
            uses[1] == Use.IDLE
        )


@pytest.mark.parametrize(("block", "key", "uses"), PLAIN)
def test_ntuples(
    ntuples: dict[str, Any], problems: Callable[[Any], list[str]], block: str, key: str, uses: tuple[Use, ...]
) -> None:
    ntuples["General"]["InputPath"] = "{RegionPath}{SamplePath}"
    ntuples["Regions"][0]["RegionPath"] = ""
    document = written(ntuples, block, key)
    found = problems(document)
    assert bool(found) == (uses[0] == Use.REFUSED), found
    if not found:
        assert len(check(wilks.load_config(document)).of_rule("unused-key")) == 0
    if uses[0] == Use.NEEDED:
        holder = document["Regions"][0] if block == "Region" else document["Samples"][-1]
        del holder[key]
        assert problems(document) != []


def findings(document: dict[str, Any], rule: str) -> list[tuple[str, str, str]]:
    found = check(wilks.load_config(document)).of_rule(rule)
    return [(finding.severity.value, finding.place, finding.message) for finding in found]


def test_one_finding_for_a_key_in_many_blocks(histograms: dict[str, Any]) -> None:
    histograms["Regions"][0].pop("Binning")
    histograms["Regions"] += [{"Name": f"R{number}", "RegionPath": f"R{number}"} for number in range(60)]
    for region in histograms["Regions"]:
        region["Filter"] = "x > 1"
    why = "It has no effect: the input is histograms, which are taken as they are."
    place = 'key "Filter" of regions "Signal region", "CR", "R0" and 59 more'
    assert findings(histograms, "unused-key") == [("note", place, why)]


def test_what_stands_beside_symmetrize(histograms: dict[str, Any]) -> None:
    histograms["Systematics"][1]["Down"] |= {"VariationPath": "_down"}
    ((severity, place, message),) = findings(histograms, "unused-key")
    assert (severity, place) == ("warning", 'key "Down.VariationPath" of systematic "Scale"')
    assert "mirror image" in message


def test_other_keys_without_effect(histograms: dict[str, Any]) -> None:
    histograms["Systematics"][0]["Smoothing"] = {"Algorithm": "353QH, twice"}
    histograms["Samples"][0]["DisableStaterror"] = True
    histograms["Regions"][1]["Rebin"] = 1
    histograms["General"]["Staterror"] = {"Threshold": 0.1}
    smoothing = 'key "Smoothing" of systematic "Lumi"'
    others = 'keys "Rebin" of region "CR", "DisableStaterror" of sample "Data"'
    assert [place for _, place, _ in findings(histograms, "unused-key")] == [smoothing, others]
    assert findings(histograms, "unused-key")[1][2] == (
        '"Rebin" of region "CR": It has no effect: groups of 1 bin are the bins themselves. '
        '"DisableStaterror" of sample "Data": It has no effect: data have no parameters for a statistical uncertainty.'
    )
    histograms["Samples"][1]["DisableStaterror"] = True
    staterror = 'key "Staterror" of block "General"'
    assert [place for _, place, _ in findings(histograms, "unused-key")] == [staterror, smoothing, others]


def test_several_keys_with_one_reason(histograms: dict[str, Any]) -> None:
    histograms["Regions"][0]["Filter"] = "x > 1"
    histograms["Samples"][1]["Weight"] = histograms["Samples"][2]["Weight"] = "w"
    ((_, place, message),) = findings(histograms, "unused-key")
    assert place == 'keys "Filter" of region "Signal region", "Weight" of samples "Signal", "ttbar"'
    assert message == "They have no effect: the input is histograms, which are taken as they are."


def test_a_selection_that_samples_replace(ntuples: dict[str, Any]) -> None:
    assert findings(ntuples, "replaced-key") == []
    ntuples["Samples"][1]["Filter"] = "{Filter} & (x > 0)"
    assert findings(ntuples, "replaced-key") == []
    ntuples["Samples"][1]["Filter"] = "(n > 1) & (x > 0)"
    assert findings(ntuples, "replaced-key") == []  # the region's is repeated
    ntuples["Samples"][1]["Filter"] = "x > 0"
    ((severity, place, message),) = findings(ntuples, "replaced-key")
    assert (severity, place) == ("note", 'key "Filter" of region "SR"')
    assert message == 'It is replaced: "Signal" has its own Filter, and this one does not act there.'
    ntuples["Samples"][0]["Filter"] = ""
    ((severity, _, message),) = findings(ntuples, "replaced-key")
    assert severity == "warning"
    assert "every sample has its own Filter" in message


def test_keys_that_overrides_replace_everywhere(ntuples: dict[str, Any]) -> None:
    signal = ntuples["Samples"][1]
    signal["Overrides"] = [{"Weight": "{Weight} * 2"}]
    assert findings(ntuples, "replaced-key") == []
    signal["Overrides"] = [{"Weight": "2"}]
    assert [place for _, place, _ in findings(ntuples, "replaced-key")] == ['key "Weight" of sample "Signal"']
    del signal["Weight"]
    signal["Overrides"] = [{"Weight": "2"}, {"Weight": "3", "Regions": "SR"}]
    assert [place for _, place, _ in findings(ntuples, "replaced-key")] == [
        'key "Overrides[0].Weight" of sample "Signal"'
    ]
    del signal["Overrides"]
    ntuples["Systematics"][0]["Up"] = {"Weight": "up", "Overrides": [{"Samples": "Signal", "Weight": "other"}]}
    assert [place for _, place, _ in findings(ntuples, "replaced-key")] == ['key "Up.Weight" of systematic "W"']


def test_general_blocks_that_others_replace(histograms: dict[str, Any]) -> None:
    histograms["General"]["Fixed"] = [{"Name": "mu", "Value": 2}]
    histograms["General"]["Staterror"] = {"Threshold": 0.1}
    del histograms["Samples"][2]["DisableStaterror"]
    for region in histograms["Regions"]:
        region["Staterror"] = {"Threshold": 0.2}
    places = [place for _, place, _ in findings(histograms, "replaced-key")]
    assert places == ['key "Staterror" of block "General"', 'key "Nominal" of norm factor "mu"']
    histograms["General"]["Fixed"][0]["Value"] = 1
    del histograms["Regions"][0]["Staterror"]
    assert findings(histograms, "replaced-key") == []


def test_a_nominal_value_of_a_functions_parameter_that_is_fixed(histograms: dict[str, Any]) -> None:
    function = {"Name": "f", "Expression": "k^2", "Samples": "Signal", "Parameters": [{"Name": "k", "Nominal": 2}]}
    histograms["Functions"] = [function]
    histograms["General"]["Fixed"] = [{"Name": "k", "Value": 1}]
    assert [place for _, place, _ in findings(histograms, "replaced-key")] == ['key "Nominal" of parameter "k"']
    histograms["General"]["Fixed"][0]["Value"] = 2
    assert findings(histograms, "replaced-key") == []


def test_keys_about_parameters_that_are_not_there(histograms: dict[str, Any]) -> None:
    histograms["Regions"][0].pop("Binning")
    histograms["Samples"][0]["SeparateStaterror"] = True
    histograms["Samples"][2]["SeparateStaterror"] = True  # beside DisableStaterror
    ghost = {"Name": "G", "SamplePath": "g", "Ghost": True, "Color": "red", "SeparateStaterror": True}
    histograms["Samples"].append(ghost)
    found = findings(histograms, "unused-key")
    idle = 'keys "SeparateStaterror" of sample "Data", "SeparateStaterror" of sample "G", "Color" of sample "G"'
    assert {(severity, place) for severity, place, _ in found} == {
        ("note", idle),
        ("warning", 'key "SeparateStaterror" of sample "ttbar"'),
    }
    histograms["General"]["Staterror"] = {"PerSample": True}
    histograms["Samples"][1]["SeparateStaterror"] = True
    places = [place for _, place, _ in findings(histograms, "unused-key") if '"Signal"' in place]
    assert len(places) == 1
