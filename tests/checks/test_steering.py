"""Rules on steering files: blocks that apply to nothing."""

from __future__ import annotations

from typing import Any

import pytest

from wilks.checks.check import check
from wilks.config.schema import Config


@pytest.fixture
def document() -> dict[str, Any]:
    template = {"VariationPath": "_up"}
    return {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "in.root:{RegionPath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "CR"}, {"Name": "SR"}],
        "Samples": [{"Name": "data", "Data": True}, {"Name": "top"}, {"Name": "fakes", "Regions": ["CR"]}],
        "NormFactors": [{"Name": "mu", "Samples": "top"}],
        "Systematics": [
            {
                "Name": "jes",
                "Type": "NormPlusShape",
                "Up": template,
                "Down": {"Symmetrize": True},
                "Samples": ["top", "fakes"],
                "Smoothing": {"Algorithm": "353QH, twice", "Samples": "top"},
            }
        ],
    }


def rules(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.place) for finding in check(Config.model_validate(document))]


def test_good_file_has_no_finding(document: dict[str, Any]) -> None:
    assert rules(document) == []


def test_systematic_on_a_sample_that_is_not_in_its_region(document: dict[str, Any]) -> None:
    document["Systematics"][0] |= {"Samples": ["fakes"], "Regions": ["SR"]}
    assert rules(document) == [("idle-systematic", 'systematic "jes"')]


def test_norm_factor_on_data(document: dict[str, Any]) -> None:
    document["NormFactors"].append({"Name": "k", "Samples": "data"})
    assert rules(document) == [("idle-norm-factor", 'norm factor "k"')]


def test_smoothing_of_something_else(document: dict[str, Any]) -> None:
    document["Systematics"][0]["Smoothing"] |= {"Samples": "fakes", "Regions": "SR"}
    assert rules(document) == [("idle-smoothing", 'systematic "jes"')]


def test_region_without_samples(document: dict[str, Any]) -> None:
    document["Samples"][1]["Regions"] = ["CR"]
    assert rules(document) == [("empty-region", 'region "SR"')]
