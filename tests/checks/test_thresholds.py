"""Thresholds in the steering file are those of the library."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

import wilks
from wilks.checks.thresholds import Thresholds
from wilks.config.checks import Checks
from wilks.errors import ConfigError

# Those of fits and rankings: a steering file is checked before there is one.
AFTER_THE_FIT = {
    "pull",
    "constraint",
    "loosened",
    "correlation",
    "degenerate",
    "undetermined",
    "one_sided",
    "lost_toys",
}


def document(checks: Any) -> dict[str, Any]:
    return {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": "in.root:{RegionPath}/{SamplePath}",
            "HistogramFolder": "h",
            "Checks": checks,
        },
        "Regions": [{"Name": "SR", "RegionPath": "SR"}],
        "Samples": [
            {"Name": "data", "SamplePath": "data", "Data": True},
            {"Name": "signal", "SamplePath": "signal"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "signal"}],
    }


def test_steering_file_has_every_threshold_that_matters_before_a_fit() -> None:
    assert list(Checks.model_fields) == [f.name for f in fields(Thresholds) if f.name not in AFTER_THE_FIT]


def test_thresholds_of_a_steering_file() -> None:
    config = wilks.load_config(document({"LargeEffect": 0.2, "Individually": 9, "Relevant": 0}))
    assert Thresholds.of(config) == Thresholds(large_effect=0.2, individually=9, relevant=0)
    without = document({})
    del without["General"]["Checks"]
    assert Thresholds.of(wilks.load_config(without)) == Thresholds()


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        ({"LargeEfect": 0.2}, 'did you mean "LargeEffect"?'),
        ({"LargeEffect": -0.2}, "must not be below 0, found the number -0.2"),
        ({"LargeEffect": "a lot"}, "must be a number"),
        ({"Individually": 0}, "must be a whole number above 0, found the number 0"),
        ({"Pull": 3}, "Pull"),
        ({}, "has no effect: give a threshold"),
    ],
)
def test_mistakes(checks: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        wilks.load_config(document(checks))
    (problem,) = caught.value.problems
    assert "General.Checks" in problem
    assert sentence in problem
