"""Rules about what is equal or empty: one line for many places, and none for what is so by chance or on purpose."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import wilks
from wilks.checks.check import check
from wilks.checks.likeness import _digits
from wilks.results.findings import Finding
from wilks.workspace.spec import Document
from wilks.workspace.workspace import Workspace

Spec = dict[str, Any]


def found(spec: Spec, rule: str) -> list[Finding]:
    return list(check(Workspace(msgspec.convert(spec, Document))).of_rule(rule))


def with_copies(good: Spec, count: int) -> Spec:
    """Return a workspace with copies of the first channel."""
    for number in range(count):
        good["channels"].append(deepcopy(good["channels"][0]) | {"name": f"copy {number}"})
        good["observations"].append(deepcopy(good["observations"][0]) | {"name": f"copy {number}"})
    return good


@pytest.mark.parametrize(
    ("values", "digits"), [([55, 42, 33], 6), ([1.02], 3), ([100.0, 0.0], 1), ([5e-7, -0.25], 3), ([7, 7], 1), ([], 0)]
)
def test_digits_that_say_something(values: list[float], digits: int) -> None:
    assert _digits(np.array(values, dtype=np.float64)) == digits


def test_sixty_regions_are_one_line(good: Spec) -> None:
    (finding,) = found(with_copies(good, 60), "equal-regions")
    assert finding.severity == "error"
    assert finding.place == 'channels "CR", "copy 0", "copy 1" and 58 more'
    assert 'of "CR", "copy 0", "copy 1", "copy 2", "copy 3" and 56 more are the same' in finding.message
    assert len(finding.cases) == 61


def test_several_groups_of_regions(good: Spec) -> None:
    with_copies(good, 2)
    good["observations"][2]["data"] = good["observations"][1]["data"]
    both = found(good, "equal-regions")
    assert [(finding.severity.value, finding.message.partition(" are ")[0]) for finding in both] == [
        ("error", 'The data and all samples of "CR" and "copy 1"'),
        ("warning", 'All samples of "CR", "copy 0" and "copy 1"'),
        ("warning", 'The data of "SR" and "copy 0"'),
    ]


def test_regions_with_the_same_samples_and_other_data(good: Spec) -> None:
    with_copies(good, 1)
    good["observations"][2]["data"] = [1401, 1302, 1154]
    (finding,) = found(good, "equal-regions")
    assert finding.severity == "warning"
    assert finding.message == 'All samples of "CR" and "copy 0" are the same to the last bit, the data are not.'


def test_equal_counts_by_chance_are_no_copies(good: Spec) -> None:
    for observation in good["observations"]:
        observation["data"] = [3, 0, 12]
    assert found(good, "equal-regions") == []


def test_factors_that_were_written_are_equal_now_and_then(good: Spec) -> None:
    for channel in good["channels"]:
        for sample in channel["samples"]:
            sample["modifiers"].append({"name": "xsec", "type": "normsys", "data": {"hi": 1.03, "lo": 0.97}})
    assert found(good, "equal-variations") == []
    for channel in good["channels"]:
        for sample in channel["samples"]:
            for modifier in sample["modifiers"]:
                if modifier["type"] == "normsys":
                    modifier["data"] = {"hi": 1.0312345, "lo": 0.97}
    (finding,) = found(good, "equal-variations")
    assert finding.severity == "note"  # of both sides only one has more digits than anybody writes
    assert finding.message.startswith('Up of "luminosity" and Up of "xsec" are the same to the last bit in all 6')


def test_one_template_in_which_they_differ_is_enough(good: Spec) -> None:
    for channel in good["channels"]:
        for sample in channel["samples"]:
            data = next(deepcopy(m["data"]) for m in sample["modifiers"] if m["type"] == "histosys")
            sample["modifiers"].append({"name": "again", "type": "histosys", "data": data})
    (finding,) = found(good, "equal-variations")
    assert finding.severity == "warning"
    assert finding.place == 'systematics "jet energy scale", "again"'
    data["hi_data"][0] *= 1.01
    data["lo_data"][0] *= 0.99
    assert found(good, "equal-variations") == []


def test_up_of_one_is_down_of_another(good: Spec) -> None:
    for channel in good["channels"]:
        for sample in channel["samples"]:
            data = next(m["data"] for m in sample["modifiers"] if m["type"] == "histosys")
            crossed = {"hi_data": data["lo_data"], "lo_data": [1.01 * value for value in data["lo_data"]]}
            sample["modifiers"].append({"name": "crossed", "type": "histosys", "data": crossed})
    (finding,) = found(good, "equal-variations")
    assert finding.message.startswith('Down of "jet energy scale" and Up of "crossed" are the same')


def test_a_channel_of_nothing(good: Spec) -> None:
    with_copies(good, 3)
    for channel, observation in zip(good["channels"][2:], good["observations"][2:], strict=True):
        observation["data"] = [0, 0, 0]
        if channel["name"] != "copy 0":
            for sample in channel["samples"]:
                sample["data"] = [0.0, 0.0, 0.0]
    nothing, unseen = found(good, "empty-channel")
    assert (nothing.place, nothing.message) == ('channels "copy 1", "copy 2"', "Nothing is predicted, by no sample.")
    assert unseen.place == 'channel "copy 0"'
    assert unseen.message == "There are no data, where 857 events are predicted."


def test_few_events_may_well_be_none(good: Spec) -> None:
    good["observations"][0]["data"] = [0, 0, 0]
    for sample in good["channels"][0]["samples"]:
        sample["data"] = [0.01 * value for value in sample["data"]]
    assert found(good, "empty-channel") == []


def test_background_taken_as_data_is_pseudo_data(good: Spec) -> None:
    for channel, observation in zip(good["channels"], good["observations"], strict=True):
        channel["samples"] = channel["samples"][:2]  # signal and one background
        channel["samples"][1]["data"] = [301.25, 202.5, 99.75]
        observation["data"] = [301.25, 202.5, 99.75]
    assert found(good, "data-of-sample") == []


def test_a_published_workspace_has_a_sample_without_sumw2(shared_data: Path) -> None:
    """`Others` has the root of its (weighted) yield as uncertainty in all ten channels."""
    path = shared_data / "likelihoods" / "atlas-tHu-fcnc" / "workspace_tHu.json"
    (finding,) = check(wilks.load_workspace(path)).of_rule("lost-weights")
    assert finding.place == 'sample "Others"'


def test_regions_of_one_input(tmp_path: Path) -> None:
    config = wilks.load_config(
        {
            "General": {"Measurement": "m", "POI": "mu", "InputPath": "in.root:{SamplePath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}, {"Name": "CR"}],
            "Samples": [
                {"Name": "Data", "SamplePath": "data", "Data": True},
                {"Name": "Signal", "SamplePath": "sig"},
                {"Name": "Bkg", "SamplePath": "bkg"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
        }
    )
    yields = {"Data": [55.0, 42.0, 33.0], "Signal": [1.0, 3.0, 6.0], "Bkg": [50.0, 40.0, 30.0]}
    made = {
        (region, name): wilks.Histogram.from_arrays([0, 1, 2, 3], values, np.sqrt(values) / 3)
        for name, values in yields.items()
        for region in ("SR", "CR")
    }
    workspace = wilks.build_workspace(wilks.build_templates(config, histograms=made), config)
    (finding,) = check(workspace).of_rule("equal-regions")
    assert finding.severity == "error"
