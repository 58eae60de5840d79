from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wilks.config.by_source import by_source
from wilks.config.load import load_config
from wilks.config.parameters import fixed_values, parameters_of, simulated

Find = Callable[[Any], list[str]]


@pytest.fixture
def parted(histograms: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with a systematic for each source of ttbar, and one for Signal, which has none."""
    ttbar = histograms["Samples"][2]
    ttbar["Sources"] = [{"Name": name, "SamplePath": f"tt {name}"} for name in ("mc A", "B")]
    del ttbar["SamplePath"]
    scale = histograms["Systematics"][1]
    scale |= {"Samples": ["Signal", "ttbar"], "Decorrelate": ["source", "region"]}
    scale["Up"]["Overrides"] = [{"Samples": "Signal", "VariationPath": "_other"}]
    scale["Exclude"] = [{"Samples": "ttbar", "Regions": "CR"}]
    scale["Smoothing"] = {"Algorithm": "353QH, twice", "Samples": "Signal"}
    histograms["General"]["Fixed"] = [{"Name": "Scale", "Value": 1}]
    return histograms


def test_one_systematic_for_each_source(parted: dict[str, Any]) -> None:
    config = load_config(parted)
    plain, first, second = config.systematics[1:]
    assert [part.name for part in (plain, first, second)] == ["Scale", "Scale_mc-A", "Scale_B"]
    assert [part.parameter_name for part in (plain, first, second)] == ["scale", "scale_mc-A", "scale_B"]
    assert [part.sources for part in (plain, first, second)] == [(), ("mc A",), ("B",)]
    assert plain.samples == ("Signal",)
    # What is about other samples is left out; nothing else changes.
    assert (plain.exclude, len(first.exclude)) == ((), 1)
    assert (len(plain.up.overrides), first.up.overrides) == (1, ())
    assert plain.smoothing is not None
    assert first.smoothing is None
    assert first.down == second.down == plain.down
    templates = simulated(config.regions, config.samples)
    assert [parameters_of(part, templates) for part in (plain, first, second)] == [
        ("scale_Signal-region",),
        ("scale_mc-A_Signal-region",),
        ("scale_B_Signal-region",),
    ]


def test_fixed_by_the_name_in_the_file(parted: dict[str, Any]) -> None:
    names = ("scale_Signal-region", "scale_mc-A_Signal-region", "scale_B_Signal-region")
    assert fixed_values(load_config(parted)) == dict.fromkeys(names, 1)
    parted["General"]["Fixed"] = [{"Name": "scale", "Value": 2}, {"Name": "Lumi", "Value": 3}]
    assert fixed_values(load_config(parted)) == {**dict.fromkeys(names, 2), "Lumi": 3}
    parted["General"]["Fixed"] = [{"Name": names[1], "Value": 0}]
    parted["General"]["POI"] = names[2]
    config = load_config(parted)
    assert (fixed_values(config), config.general.poi) == ({names[1]: 0}, names[2])


def test_what_was_loaded_loads_again(parted: dict[str, Any]) -> None:
    config = load_config(parted)
    again = load_config(config.model_dump(mode="json", by_alias=True, exclude_unset=True))
    assert again.model_dump() == config.model_dump()


def test_parts_know_what_the_file_calls_them(parted: dict[str, Any]) -> None:
    systematics = load_config(parted).systematics
    assert [part.written_name for part in systematics] == ["Lumi", *["Scale"] * (len(systematics) - 1)]


def test_only_the_sources_that_are_affected(parted: dict[str, Any]) -> None:
    parted["Systematics"][1] |= {"Sources": "B", "Decorrelate": "source"}
    del parted["Systematics"][1]["Smoothing"]
    del parted["Systematics"][1]["Up"]["Overrides"]
    config = load_config(parted)
    assert [part.name for part in config.systematics] == ["Lumi", "Scale_B"]
    # A sample without sources has none of those named.
    assert parameters_of(config.systematics[1], simulated(config.regions, config.samples)) == ("scale_B",)


def test_others_stay_as_they_are(parted: dict[str, Any]) -> None:
    config = load_config(parted)
    lumi = config.systematics[0]
    assert by_source(lumi, simulated(config.regions, config.samples)) == (lumi,)


def test_the_reference_of_a_smoothing_has_the_source(parted: dict[str, Any], problems: Find) -> None:
    parted["Systematics"][1]["Smoothing"] = {"Algorithm": "353QH, twice", "Reference": "Signal", "Samples": "ttbar"}
    parted["Systematics"][1] |= {"Sources": "B", "Decorrelate": "source"}
    del parted["Systematics"][1]["Up"]["Overrides"]
    assert problems(parted) == [
        'Systematics[1].Smoothing.Reference: "Scale_B" does not act on "Signal" in "Signal region", as it does on '
        '"ttbar"; restrict Regions or Samples'
    ]
