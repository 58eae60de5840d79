"""Models served by the layer against pyhf's own: structure exactly, rates and likelihood at random points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonpatch
import numpy as np
import pyhf
import pytest

from wilks.compat._pyhf.model import Model

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

RATES, LOGPDF, TERM = 1e-12, 1e-9, 1e-15
# A document with more numbers takes pyhf minutes and gigabytes.
LARGEST = 3_000_000


def documents(folder: Path) -> dict[str, Any]:
    """Return every workspace, and every background-only workspace with each kind of signal patched in."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        if path.stat().st_size > LARGEST:
            continue
        document = json.loads(path.read_text())
        name = str(path.relative_to(folder))
        if isinstance(document, dict) and {"channels", "measurements", "observations"} <= set(document):
            found[name] = document
        background = path.parent / "BkgOnly.json"
        if not background.is_file() or background.stat().st_size > LARGEST:
            continue
        if isinstance(document, list):
            found[name] = jsonpatch.apply_patch(json.loads(background.read_text()), document)
        elif "patches" in document:
            patch = document["patches"][0]["patch"]
            found[name] = jsonpatch.apply_patch(json.loads(background.read_text()), patch)
    return found


def points(model: Any, count: int) -> np.ndarray:
    """Return parameter values near the initial ones, inside the bounds."""
    generator = np.random.default_rng(5)
    initial = np.array(model.config.suggested_init(), np.float64)
    low, high = np.array(model.config.suggested_bounds(), np.float64).T
    steps = generator.uniform(-0.4, 0.4, (count, initial.size)) * np.where(initial == 0, 2.0, initial)
    return np.clip(initial + steps, low, high)


def assert_equal_configuration(ours: Any, theirs: Any) -> None:
    """Assert that two pyhf configurations say the same, in the same types."""
    for name in (
        "par_order",
        "par_names",
        "parameters",
        "channels",
        "samples",
        "modifiers",
        "channel_nbins",
        "channel_slices",
        "auxdata",
        "auxdata_order",
        "npars",
        "nmaindata",
        "nauxdata",
        "poi_name",
        "poi_index",
        "modifier_settings",
    ):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("suggested_init", "suggested_bounds", "suggested_fixed"):
        assert repr(getattr(ours, name)()) == repr(getattr(theirs, name)()), name
    for name in theirs.par_order:
        assert ours.par_slice(name) == theirs.par_slice(name)
        mine, other = ours.param_set(name), theirs.param_set(name)
        assert type(mine) is type(other)
        assert set(vars(mine)) == set(vars(other))
        for key, value in vars(other).items():
            if key == "sigmas":
                np.testing.assert_allclose(getattr(mine, key), value, rtol=1e-14)
            else:
                assert getattr(mine, key) == value, (name, key)


def assert_equal_models(ours: Model, theirs: Any, data: list[float]) -> None:
    """Assert that a served model is pyhf's: its configuration, its rates and its likelihood."""
    assert ours.core is not None, ours.unserved
    assert_equal_configuration(ours.config, theirs.config)
    # pyhf adds n ln(rate) and ln(n!): what they leave of each other is rounding of them.
    terms = float(np.sum(np.abs(data) * np.log(np.abs(data) + 2.0)))
    for theta in points(theirs, 3):
        expected = theirs.expected_data(theta)
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(ours.expected_data(theta), expected, rtol=RATES, atol=RATES)
        by_sample = theirs.main_model.expected_data(theta, return_by_sample=True)
        np.testing.assert_allclose(ours.main_model.expected_data(theta, return_by_sample=True), by_sample, RATES, RATES)
        logpdf, other = ours.logpdf(theta, data), theirs.logpdf(theta, data)
        assert logpdf.shape == other.shape == (1,)
        assert np.isfinite(other).all()
        assert abs(logpdf - other)[0] <= LOGPDF + TERM * terms


def test_served_models_are_those_of_pyhf(shared_data: Path) -> None:
    found = documents(shared_data)
    assert len(found) > 10
    for name, document in found.items():
        for index in range(len(document["measurements"])):
            workspace = pyhf.Workspace(document, validate=False)
            poi = document["measurements"][index]["config"]["poi"]
            names = {m["name"] for c in document["channels"] for s in c["samples"] for m in s["modifiers"]}
            theirs = workspace.model(measurement_index=index, poi_name=poi if poi in names else None, validate=False)
            ours = Model(theirs.spec, poi_name=theirs.config.poi_name)
            try:
                assert_equal_models(ours, theirs, workspace.data(theirs))
            except AssertionError as error:
                pytest.fail(f"{name}, measurement {index}: {error}")
