"""Mistakes in single keys and blocks, in plain words."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from wilks.config.load import load_config
from wilks.errors import ConfigError

Find = Callable[[Any], list[str]]
MISSING = object()


def change(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set (or, for MISSING, delete) the value at `Systematics.0.Up`."""
    *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    target: Any = config
    for key in keys:
        target = target[key]
    if value is MISSING:
        del target[last]
    else:
        target[last] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("Samples.2.Weight", 1.5, 'Samples[2].Weight: must be text, found the number 1.5; put it in quotes: "1.5"'),
        ("Regions.0.Variable", ["x"], "Regions[0].Variable: must be text, found a list with 1 entry"),
        ("General.Measurement", {}, "General.Measurement: must be text, found a block of keys"),
        ("Samples.0.Data", "True", 'Samples[0].Data: must be True or False, without quotes, found the text "True"'),
        ("Samples.0.Data", 1, "Samples[0].Data: must be True or False, without quotes, found the number 1"),
        ("NormFactors.0.Nominal", True, "NormFactors[0].Nominal: must be a number, found true"),
        (
            "Systematics.0.Up.Normalization",
            "1e-3",
            'Systematics[0].Up.Normalization: must be a number, found the text "1e-3"; write 0.001, without quotes',
        ),
        (
            "NormFactors.0.Nominal",
            float("nan"),
            "NormFactors[0].Nominal: must be a finite number, found the number nan",
        ),
        (
            "NormFactors.0.Bounds",
            [10, 0],
            "NormFactors[0].Bounds: the lower bound must be below the upper bound, found [10, 0]",
        ),
        (
            "NormFactors.0.Bounds",
            [1, 1.0],
            "NormFactors[0].Bounds: the lower bound must be below the upper bound, found [1, 1.0]",
        ),
        (
            "NormFactors.0.Bounds",
            [0],
            "NormFactors[0].Bounds: must be two numbers, [lower, upper], found a list with 1 entry",
        ),
        ("Regions.0.Binning", [0, 20, 10], "Regions[0].Binning: bin edges must increase, found 10 after 20"),
        ("Regions.0.Binning", [0, 1, 1], "Regions[0].Binning: bin edges must increase, found 1 after 1"),
        ("Regions.0.Binning", [3, 2, 1], "Regions[0].Binning: bin edges must increase, found 2 after 3"),
        ("Regions.0.Binning", [0, "1"], 'must be a number, found the text "1"; write 1.0, without quotes'),
        ("Regions.0.Binning", 5, "must be a list of at least two bin edges, found the number 5"),
        ("Samples.2.SamplePath", 5, "must be text or a list of texts, found the number 5"),
        ("Samples.2.SamplePath", ["a", 5], "every entry must be text, found the number 5; put it in quotes"),
        ("NormFactors.0.Samples", ["Signal", "Signal"], 'NormFactors[0].Samples: lists "Signal" more than once'),
        ("NormFactors.0.Samples", [], "must not be an empty list; name at least one or leave the key out"),
        ("General.Fixed", [], "General.Fixed: must not be an empty list; name at least one or leave the key out"),
        ("Regions.0.Filter", None, "Regions[0].Filter: found nothing; write a value or leave the key out"),
        ("Regions.0.Name", None, "Regions[0].Name: found nothing; write a value or leave the key out"),
        ("Regions.1.Name", MISSING, 'Regions[1]: missing key "Name"'),
        ("Systematics.0.Down", MISSING, 'Systematics[0]: missing key "Down"'),
        ("General.Fixed.0.Value", MISSING, 'General.Fixed[0]: missing key "Value"'),
        ("General.Poi", "mu", 'General.Poi: unknown key "Poi"; did you mean "POI"?'),
        ("Regions.0.filter", "x", 'Regions[0].filter: unknown key "filter"; did you mean "Filter"?'),
        ("Regions.0.region_path", "x", 'unknown key "region_path"; did you mean "RegionPath"?'),
        ("Systematics.0.Up.Wieght", "x", 'Systematics[0].Up.Wieght: unknown key "Wieght"; did you mean "Weight"?'),
        ("NormFactors.0.zzz", 1, 'key "zzz"; allowed: "Name", "Samples", "Regions", "Exclude", "Nominal", "Bounds"'),
        (
            "Systematics.0.Type",
            "Normalisation",
            'Systematics[0].Type: must be one of "Normalization", "NormPlusShape", "ShapeOnly", "NormOnly", '
            '"ShapeSys", found the text "Normalisation"; '
            'did you mean "Normalization"?',
        ),
        (
            "Systematics.1.Smoothing.Algorithm",
            "353QH",
            'Systematics[1].Smoothing.Algorithm: must be one of "353QH, twice", "KERNEL", "MAXVARIATION", "TREXFITTER"',
        ),
        ("Systematics.0.Up", 0.05, "Systematics[0].Up: must be a block of keys, found the number 0.05"),
        ("Systematics.1", "JES", 'Systematics[1]: must be a block of keys, found the text "JES"'),
        ("Systematics", None, "Systematics: must be a list of blocks (- Name: ...), found nothing"),
        ("Regions", {"Name": "SR"}, "Regions: must be a list of blocks (- Name: ...), found a block of keys"),
        ("Samples", [], "Samples: must have at least one entry, found an empty list"),
        ("General", [], "General: must be a block of keys, found an empty list"),
        ("General.Fixed", "mu", 'General.Fixed: must be a list, found the text "mu"'),
    ],
)
def test_one_mistake_gives_one_sentence(
    histograms: dict[str, Any], problems: Find, path: str, value: Any, sentence: str
) -> None:
    (problem,) = problems(change(histograms, path, value))
    assert sentence in problem


def test_misspelled_required_key_is_reported_once(histograms: dict[str, Any], problems: Find) -> None:
    region = histograms["Regions"][1]
    region["Nmae"] = region.pop("Name")
    assert problems(histograms) == ['Regions[1].Nmae: unknown key "Nmae"; did you mean "Name"?']


@pytest.mark.parametrize("key", ["General", "Regions", "Samples", "NormFactors"])
def test_missing_block(histograms: dict[str, Any], problems: Find, key: str) -> None:
    block = histograms.pop(key)
    assert problems(histograms) == [f'config: missing block "{key}"']
    histograms[key.lower()] = block
    assert problems(histograms) == [f'config: missing block "{key}"; is the key "{key.lower()}" a misspelling of it?']


def test_misspelled_systematics_do_not_get_lost(histograms: dict[str, Any], problems: Find) -> None:
    del histograms["General"]["Fixed"]
    histograms["Systematic"] = histograms.pop("Systematics")
    assert problems(histograms) == ['Systematic: unknown key, though it holds systematics; did you mean "Systematics"?']
    histograms["Systematic"] = "notes of the user"
    assert problems(histograms) == []


@pytest.mark.parametrize(("data", "found"), [(None, "the file is empty"), ([], "found an empty list"), (3, "number")])
def test_no_mapping_at_all(data: Any, found: str) -> None:
    text = "" if data is None else str(data)
    with pytest.raises(ConfigError, match='has the blocks "General".*' + found):
        load_config(io.StringIO(text))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("yes", 'found yes, which YAML reads as true; put it in quotes: "yes"'),
        ("True", 'found true; put it in quotes: "True"'),
        ("1.50", 'found 1.50, which YAML reads as the number 1.5; put it in quotes: "1.50"'),
        ("2024-01-31", 'found the date 2024-01-31; put it in quotes: "2024-01-31"'),
    ],
)
def test_text_is_quoted_as_written(written: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(io.StringIO(f"Regions:\n  - Name: {written}\n"))
    assert f"<stream>:2  Regions[0].Name: must be text, {words}" in caught.value.problems


def test_numpy_numbers_are_numbers(histograms: dict[str, Any]) -> None:
    import numpy as np

    histograms["Regions"][0]["Binning"] = list(np.linspace(0, 3, 4))
    histograms["NormFactors"][0]["Bounds"] = (np.int64(0), np.float32(2.5))
    config = load_config(histograms)
    assert config.regions[0].binning == (0.0, 1.0, 2.0, 3.0)
    assert [type(bound) for bound in config.norm_factors[0].bounds or ()] == [int, float]
