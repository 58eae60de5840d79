"""Two regions with three bins and three samples, in memory; workspaces are held against pyhf."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pyhf
import pytest

from wilks import Histogram, build_workspace, compile_model, load_config, process_templates
from wilks.templates.build import needed_templates
from wilks.templates.store import Templates
from wilks.workspace.workspace import Workspace

EDGES = [0.0, 1.0, 2.0, 4.0]
YIELDS = {
    "Data": [130.0, 61.0, 15.0],
    "S": [10.0, 20.0, 5.0],
    "B": [100.0, 30.0, 4.0],
    "C": [20.0, 10.0, 0.0],
}
# Of the sum of S, B and C: effective entries 130^2 / 26 = 650, 60^2 / 125 = 28.8 and 9^2 / 24.25 = 3.3; relative
# uncertainties 0.039, 0.186 and 0.547.
ERRORS = {"Data": [0.0, 0.0, 0.0], "S": [1.0, 2.0, 2.0], "B": [4.0, 10.0, 4.5], "C": [3.0, np.sqrt(21.0), 0.0]}

DOCUMENT: dict[str, Any] = {
    "General": {
        "Measurement": "m",
        "POI": "mu",
        "InputPath": "f.root:{SamplePath}{VariationPath}",
        "HistogramFolder": "h",
    },
    "Regions": [{"Name": "S R"}, {"Name": "CR"}],
    "Samples": [{"Name": name, "SamplePath": name} | ({"Data": True} if name == "Data" else {}) for name in YIELDS],
    "NormFactors": [{"Name": "mu", "Samples": "S", "Nominal": 1, "Bounds": [0, 5]}],
}


def document(*systematics: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a steering file; `more` has other blocks, and `General` what is added to that block."""
    found = copy.deepcopy(DOCUMENT) | {"Systematics": list(systematics)} if systematics else copy.deepcopy(DOCUMENT)
    found["General"] |= more.pop("General", {})
    return found | more


def varied(kind: str, *, one_sided: bool = False, **more: Any) -> dict[str, Any]:
    """Return a systematic with templates."""
    down = {"Symmetrize": True} if one_sided else {"VariationPath": "down"}
    return {"Name": "JES", "Type": kind, "Up": {"VariationPath": "up"}, "Down": down} | more


def templates(source: dict[str, Any], contents: dict[tuple[str, ...], Any] | None = None) -> Templates:
    """Return all needed templates, nominal but for `contents`: {(sample[, systematic, side]): yields}."""
    found = {}
    for key in needed_templates(load_config(source)):
        identity = (key.sample,) if key.systematic is None else (key.sample, key.systematic, str(key.side))
        yields = (contents or {}).get((key.region, *identity), (contents or {}).get(identity, YIELDS[key.sample]))
        found[key] = Histogram.from_arrays(EDGES, yields, ERRORS[key.sample])
    return Templates(found)


def built(source: dict[str, Any], contents: dict[tuple[str, ...], Any] | None = None) -> Workspace:
    """Return the workspace, processed and held against pyhf."""
    config = load_config(source)
    workspace = build_workspace(process_templates(templates(source, contents), config), config)
    assert_like_pyhf(workspace)
    return workspace


def assert_like_pyhf(workspace: Workspace) -> None:
    """pyhf takes the workspace, has the same parameters, and the same -2 ln L at random points."""
    reference = pyhf.Workspace(workspace.spec)
    theirs, ours = reference.model(), compile_model(workspace)
    names = theirs.config.par_names
    assert list(ours.parameter_names) == names
    assert [bool(fixed) for fixed in ours.fixed] == [bool(fixed) for fixed in theirs.config.suggested_fixed()]
    data = np.array(reference.data(theirs))
    generator = np.random.default_rng(1)
    for _ in range(5):
        point = np.array(theirs.config.suggested_init()) + generator.uniform(-0.3, 0.3, len(names))
        expected = -2.0 * float(np.asarray(theirs.logpdf(point, data)).item())
        assert np.isfinite(expected)
        assert 2.0 * ours.nll(point, data) == pytest.approx(expected, rel=1e-10)


def modifiers(workspace: Workspace, sample: str, channel: str = "S R") -> dict[tuple[str, str], Any]:
    """Return the data of the modifiers of a sample by name and type."""
    (found,) = (c for c in workspace.spec["channels"] if c["name"] == channel)
    (block,) = (s for s in found["samples"] if s["name"] == sample)
    return {(m["name"], m["type"]): m["data"] for m in block["modifiers"]}


def settings(workspace: Workspace, name: str) -> dict[str, Any] | None:
    """Return what the measurement says about a parameter."""
    entries = workspace.spec["measurements"][0]["config"]["parameters"]
    return next((entry for entry in entries if entry["name"] == name), None)
