"""Differences from nominal that are scaled, and statistical uncertainties: TRExFitter's steps, written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wilks
from wilks.templates.smoothing_runs import smoothed_runs
from wilks.templates.store import TemplateKey, Templates

NOMINAL = np.array([40.0, 30.0, 20.0, 10.0, 5.0, 2.0])
UP = np.array([43.0, 33.0, 20.0, 9.0, 7.0, 1.0])
DOWN = np.array([38.0, 31.0, 18.0, 10.0, 4.0, 2.5])


def processed(up: dict[str, Any], down: dict[str, Any], **keys: Any) -> Templates:
    systematic = {"Name": "s", "Type": "NormPlusShape", "Samples": "B", "Up": up, "Down": down} | keys
    config = wilks.load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{RegionPath}{VariationPath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR", "RegionPath": "sr"}, {"Name": "CR", "RegionPath": "cr"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "B", "StaterrorScale": 3}],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [systematic],
        }
    )
    found = {}
    for region in ("SR", "CR"):
        yields = {None: NOMINAL, "Up": UP} | ({} if down.get("Symmetrize") else {"Down": DOWN})
        found[TemplateKey(region, "Data")] = wilks.Histogram.from_arrays(range(7), NOMINAL, np.sqrt(NOMINAL))
        for side, contents in yields.items():
            key = TemplateKey(region, "B", "s" if side else None, side)
            found[key] = wilks.Histogram.from_arrays(range(7), contents, np.sqrt(contents))
    made = wilks.process_templates(Templates(found), config)
    assert wilks.process_templates(made, config) == made
    return made


def contents(made: Templates, side: str, region: str = "SR") -> Any:
    return made[TemplateKey(region, "B", "s", side)].contents


def test_differences_in_some_regions() -> None:
    made = processed(
        {"VariationPath": "_up", "ScaleDifference": 2, "Overrides": [{"Regions": "CR", "ScaleDifference": 5}]},
        {"VariationPath": "_down"},
    )
    np.testing.assert_allclose(contents(made, "Up"), NOMINAL + 2 * (UP - NOMINAL))
    # 2 + 5 (1 - 2) is below 0, and becomes 0.
    np.testing.assert_allclose(contents(made, "Up", "CR"), np.maximum(NOMINAL + 5 * (UP - NOMINAL), 0))
    np.testing.assert_allclose(contents(made, "Down", "CR"), DOWN)
    key = TemplateKey("SR", "B", "s", "Up")
    np.testing.assert_allclose(made[key].stdev, 2 * np.sqrt(UP))
    np.testing.assert_allclose(made[TemplateKey("SR", "B")].stdev, 3 * np.sqrt(NOMINAL))


def test_scaled_then_symmetrized_then_smoothed() -> None:
    """HistoTools::ManageHistograms of TRExFitter 4.11, two sides."""
    how = {"Method": "TWOSIDED", "NormalizeFirst": False, "Clip": True, "BeforeSmoothing": True}
    made = processed(
        {"VariationPath": "_up", "ScaleDifference": 2},
        {"VariationPath": "_down", "ScaleDifference": 0.5},
        Symmetrization=how,
        Smoothing={"Algorithm": "TREXFITTER"},
    )
    half = (2 * (UP - NOMINAL) - 0.5 * (DOWN - NOMINAL)) / 2
    for side, shifted in (("Up", np.maximum(NOMINAL + half, 0)), ("Down", np.maximum(NOMINAL - half, 0))):
        ratio = smoothed_runs(shifted, NOMINAL, 9 * NOMINAL, 0.08, 4)[0]
        expected = ratio * NOMINAL * shifted.sum() / (ratio * NOMINAL).sum()
        np.testing.assert_allclose(contents(made, side), np.maximum(expected, 0))


@pytest.mark.parametrize("smoothed", [True, False])
def test_smoothed_then_scaled_then_mirrored(smoothed: bool) -> None:
    """The same function for one side."""
    keys = {"Smoothing": {"Algorithm": "TREXFITTER"}} if smoothed else {}
    how = {"Method": "ONESIDED", "NormalizeFirst": False, "Clip": True}
    up = {"VariationPath": "_up", "ScaleDifference": 2}
    made = processed(up, {"Symmetrize": True}, Symmetrization=how, **keys)
    side = UP
    if smoothed:
        ratio = smoothed_runs(UP, NOMINAL, 9 * NOMINAL, 0.08, 4)[0]
        side = ratio * NOMINAL * UP.sum() / (ratio * NOMINAL).sum()
    scaled = np.maximum(NOMINAL + 2 * (side - NOMINAL), 0)
    np.testing.assert_allclose(contents(made, "Up"), scaled)
    np.testing.assert_allclose(contents(made, "Down"), np.maximum(2 * NOMINAL - scaled, 0))
