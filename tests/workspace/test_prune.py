"""Pruned workspaces against pyhf's."""

from __future__ import annotations

import copy
from typing import Any

import pyhf
import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it
SEARCH = wilks.examples.search()


@pytest.mark.parametrize(
    "what",
    [
        {"channels": ["CR"]},
        {"samples": ["signal"], "modifiers": ["mu"]},
        {"modifiers": ["free", "JES"]},
        {"modifier_types": ["staterror", "shapesys"]},
        {"modifiers": ["stat"], "channels": ["CR"], "modifier_types": ["lumi"]},
    ],
)
def test_what_is_left_is_pyhfs(what: dict[str, list[str]]) -> None:
    """But for settings of parameters that are gone, and a parameter of interest that is gone."""
    ours = wilks.prune(wilks.load_workspace(copy.deepcopy(EXAMPLE)), **what).spec
    theirs = dict(pyhf.Workspace(EXAMPLE).prune(**what))
    left = {m["name"] for c in theirs["channels"] for s in c["samples"] for m in s["modifiers"]}
    for measurement in theirs["measurements"]:
        config = measurement["config"]
        config["parameters"] = [p for p in config["parameters"] if p["name"] in left]
        config["poi"] = config["poi"] if config["poi"] in left else ""
    assert ours == theirs


def test_measurements_and_patterns() -> None:
    document = copy.deepcopy(EXAMPLE)
    document["measurements"].append({"name": "other", "config": {"poi": "", "parameters": []}})
    workspace = wilks.load_workspace(document)
    assert wilks.prune(workspace, measurements="m*").measurement_names == ("other",)
    assert wilks.prune(SEARCH, channels="SR*").channel_names == ("CR top",)
    assert set(wilks.prune(SEARCH, channels="SR*").axes) == {"CR top"}


def test_settings_of_staterrors_keep_the_components_that_are_left() -> None:
    document = copy.deepcopy(EXAMPLE)
    document["channels"][1]["samples"].append(
        {"name": "more", "data": [3.0], "modifiers": [{"name": "stat", "type": "staterror", "data": [1.0]}]}
    )
    settings = {"name": "stat", "inits": [0.9, 1.0, 1.1]}  # CR, then SR
    document["measurements"][0]["config"]["parameters"].append(settings)
    workspace = wilks.load_workspace(document)
    pruned = wilks.prune(workspace, samples="more")
    assert pruned.document.measurements[0].config.parameters[-1].inits == [1.0, 1.1]
    assert wilks.compile_model(pruned).initial[-2:].tolist() == [1.0, 1.1]


@pytest.mark.parametrize(
    ("what", "sentences"),
    [
        (
            {"channels": "SRR", "samples": ["signl"], "modifiers": "JE", "modifier_types": "normsis"},
            ['no channel "SRR"', 'did you mean "signal"', 'no modifier "JE"', 'did you mean "normsys"'],
        ),
        ({"samples": "background"}, ['channel "CR" would have no sample left']),
        ({"channels": "*", "measurements": "main"}, ["no channel would be left", "no measurement would be left"]),
    ],
)
def test_everything_that_is_wrong_is_said(what: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.prune(wilks.load_workspace(copy.deepcopy(EXAMPLE)), **what)
    assert len(caught.value.problems) == len(sentences)
    for sentence in sentences:
        assert sentence in str(caught.value)
