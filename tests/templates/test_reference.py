"""Ratios to a reference sample, and ghosts, against numbers by hand and down to the workspace."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.errors import ConfigError, TemplateError
from wilks.figures.varied import total_content
from wilks.templates.build import needed_templates
from wilks.templates.reference import GHOST
from wilks.templates.store import TemplateKey, Templates

STEERING: dict[str, Any] = {
    "General": {"Measurement": "m", "POI": "mu", "InputPath": "f.root:{SamplePath}", "HistogramFolder": "h"},
    "Regions": [{"Name": "SR"}],
    "Samples": [
        {"Name": "Data", "Data": True, "SamplePath": "data"},
        {"Name": "Fast", "Ghost": True, "SamplePath": "fast"},
        {"Name": "S", "SamplePath": "s"},
        {"Name": "B", "SamplePath": "b"},
    ],
    "NormFactors": [{"Name": "mu", "Samples": "S"}],
    "Systematics": [
        {
            "Name": "Generator",
            "Type": "NormPlusShape",
            "Samples": "S",
            "ReferenceSample": "Fast",
            "Up": {"SamplePath": "fast_other"},
            "Down": {"Symmetrize": True},
        },
        {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.02}, "Down": {"Symmetrize": True}},
    ],
}
NOMINAL, FAST, OTHER = [100.0, 40.0, 10.0], [50.0, 10.0, 0.0], [60.0, 5.0, 3.0]
UP = TemplateKey("SR", "S", "Generator", "Up")


def templates() -> Templates:
    yields = {"Data": [150.0, 90.0, 60.0], "S": NOMINAL, "B": [50.0, 50.0, 50.0], "Fast": FAST}
    found = {TemplateKey("SR", name): values for name, values in yields.items()} | {UP: OTHER}
    return Templates({k: wilks.Histogram.from_arrays([0, 1, 2, 3], v, np.sqrt(v)) for k, v in found.items()})


def test_variations_are_ratios_to_the_reference() -> None:
    config = wilks.load_config(STEERING)
    made = wilks.process_templates(templates(), config)
    # 100 * 60/50, 40 * 5/10; where the reference is empty there is no ratio.
    assert made[UP].contents.tolist() == [120.0, 20.0, 10.0]
    np.testing.assert_allclose(made[UP].sumw2, [60.0 * 4, 5.0 * 16, 0.0])
    assert made[TemplateKey("SR", "S")].contents.tolist() == NOMINAL
    (step,) = made.steps[UP]
    assert str(step) == "relative to (reference Fast, yield before 68, yield 150)"
    assert wilks.process_templates(made, config) == made


def test_the_yield_changes_as_that_of_the_reference() -> None:
    document = copy.deepcopy(STEERING)
    document["Systematics"][0]["KeepReferenceYield"] = True
    made = wilks.process_templates(templates(), wilks.load_config(document))
    # Bin by bin [120, 20, 10] as above; where there is a reference the yield changes by 65 / 60.
    factor = 150.0 * (65.0 / 60.0) / 150.0
    np.testing.assert_allclose(made[UP].contents, factor * np.array([120.0, 20.0, 10.0]))
    np.testing.assert_allclose(made[UP].sumw2, factor**2 * np.array([240.0, 80.0, 0.0]))
    document["Systematics"][0].pop("ReferenceSample")
    with pytest.raises(ConfigError, match="KeepReferenceYield: has no effect without ReferenceSample"):
        wilks.load_config(document)


def test_ghosts_have_templates_and_are_in_no_model() -> None:
    config = wilks.load_config(STEERING)
    assert [key.sample for key in needed_templates(config) if key.systematic is None] == ["Data", "Fast", "S", "B"]
    made = wilks.process_templates(templates(), config)
    spec = wilks.build_workspace(made, config).spec
    assert [sample["name"] for sample in spec["channels"][0]["samples"]] == ["S", "B"]
    assert {effect.sample for effect in made.effects} == {"S", "B"}
    assert [step.name for step in made.steps[TemplateKey("SR", "Fast")]] == [GHOST]
    assert total_content(made, "SR", "Generator", "Data").nominal.contents.tolist() == [150.0, 90.0, 60.0]


def test_a_missing_reference_is_told() -> None:
    found = {key: histogram for key, histogram in templates().items() if key.sample != "Fast"}
    with pytest.raises(TemplateError, match='has no ratio to "Fast" without nominal templates of the same binning'):
        wilks.process_templates(Templates(found), wilks.load_config(STEERING))
