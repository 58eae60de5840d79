"""Templates of a workspace: a round trip through the steering file, and what a workspace does not tell."""

from __future__ import annotations

import numpy as np
import pytest
from tests.workspace.test_acting import spec

import wilks
from wilks.assemble.unassembled import data_name, templates_of
from wilks.templates.store import SIDES, TemplateKey


def test_templates_that_a_workspace_was_built_of_come_back() -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    built = wilks.process_templates(wilks.build_templates(config), config)
    found = templates_of(wilks.build_workspace(built, config))
    assert [(e.region, e.sample, e.systematic) for e in found.effects] == [
        (e.region, e.sample, e.systematic) for e in built.effects
    ]
    for effect in found.effects:
        before = built.effect(effect.region, effect.sample, effect.systematic)
        assert before is not None
        assert effect.norm == pytest.approx(before.norm, abs=1e-12)
        if before.shape is not None:
            assert effect.shape == pytest.approx(before.shape, abs=1e-12)
        for side in SIDES:
            key = TemplateKey(effect.region, effect.sample, effect.systematic, side)
            if key in built:
                np.testing.assert_allclose(found[key].contents, built[key].contents, rtol=1e-12)
    for key in built:
        if key.systematic is None and key.sample != "Data":
            np.testing.assert_allclose(found[key].contents, built[key].contents)
            assert found[key].axis == built[key].axis


def test_statistical_uncertainties_are_those_of_staterrors() -> None:
    found = templates_of(wilks.load_workspace(spec()))
    np.testing.assert_array_equal(found[TemplateKey("SR", "fakes")].stdev, [2.0, 4.0, 1.0])
    assert not found[TemplateKey("SR", "signal")].stdev.any()
    assert not found[TemplateKey("SR", "signal", "jes", "Up")].stdev.any()
    np.testing.assert_array_equal(found[TemplateKey("SR", "Data")].contents, [61.0, 20.0, 36.0])
    assert {e.systematic for e in found.effects} == {"lumi", "jes", "idle", "data-driven", "cross section"}
    np.testing.assert_allclose(found[TemplateKey("SR", "fakes", "data-driven", "Down")].contents, [45.0, 0.0, 27.0])


def test_a_sample_may_be_called_as_the_data_are() -> None:
    document = spec()
    document["channels"][0]["samples"][0]["name"] = "Data"
    workspace = wilks.load_workspace(document)
    assert data_name(workspace) == "Data 2"
    found = templates_of(workspace)
    np.testing.assert_array_equal(found[TemplateKey("SR", "Data")].contents, [10.0, 20.0, 5.0])
    np.testing.assert_array_equal(found[TemplateKey("SR", "Data 2")].contents, [61.0, 20.0, 36.0])
