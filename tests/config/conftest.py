"""Steering files as dictionaries, to be broken by tests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from wilks.config.load import load_config
from wilks.errors import ConfigError

HISTOGRAMS: dict[str, Any] = {
    "General": {
        "Measurement": "example",
        "POI": "mu",
        "InputPath": "in.root:{RegionPath}/{SamplePath}{VariationPath}",
        "HistogramFolder": "histograms",
        "Fixed": [{"Name": "Lumi", "Value": 0}],
    },
    "Regions": [
        {"Name": "Signal region", "RegionPath": "SR", "Variable": "$m$ [GeV]", "Binning": [0, 10.5, 20]},
        {"Name": "CR", "RegionPath": "CR"},
    ],
    "Samples": [
        {"Name": "Data", "SamplePath": "data", "Data": True},
        {"Name": "Signal", "SamplePath": "signal", "Regions": "Signal region"},
        {"Name": "ttbar", "SamplePath": ["tt_1", "tt_2"], "DisableStaterror": True},
    ],
    "NormFactors": [{"Name": "mu", "Samples": "Signal", "Nominal": 1, "Bounds": [0, 10]}],
    "Systematics": [
        {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.02}, "Down": {"Normalization": -0.02}},
        {
            "Name": "Scale",
            "Type": "NormPlusShape",
            "Up": {"VariationPath": "_up"},
            "Down": {"Symmetrize": True},
            "Samples": "ttbar",
            "ModifierName": "scale",
            "Smoothing": {"Algorithm": "353QH, twice", "Regions": "CR", "Samples": ["ttbar"]},
        },
    ],
}

NTUPLES: dict[str, Any] = {
    "General": {"Measurement": "example", "InputPath": "{SamplePath}", "HistogramFolder": "histograms"},
    "Regions": [{"Name": "SR", "Variable": "m", "Binning": [0, 1, 2], "Filter": "n > 1"}],
    "Samples": [
        {"Name": "Data", "Tree": "data", "SamplePath": "data.root", "Data": True},
        {"Name": "Signal", "Tree": "signal", "SamplePath": ["a.root", "b.root"], "Weight": "1.5"},
    ],
    "NormFactors": [{"Name": "mu"}],
    "Systematics": [
        {"Name": "W", "Type": "NormPlusShape", "Up": {"Weight": "up"}, "Down": {"Tree": "signal_down", "Filter": "n>2"}}
    ],
}


@pytest.fixture
def histograms() -> dict[str, Any]:
    """Return a sound configuration for histogram input."""
    return copy.deepcopy(HISTOGRAMS)


@pytest.fixture
def ntuples() -> dict[str, Any]:
    """Return a sound configuration for ntuple input."""
    return copy.deepcopy(NTUPLES)


@pytest.fixture
def problems() -> Callable[[Any], list[str]]:
    """Return a function that gives the mistakes found in a dictionary, without the label in front."""

    def find(config: Any) -> list[str]:
        try:
            load_config(config)
        except ConfigError as error:
            return [problem.removeprefix("config  ") for problem in error.problems]
        return []

    return find
