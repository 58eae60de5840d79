"""Renamed workspaces against pyhf's, and patterns."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pyhf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError
from wilks.workspace.naming import new_names

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": {"SR": "signal region", "CR": "SR"}},
        {"samples": {"background": "b", "signal": "background"}},
        {"modifiers": {"mu": "mu_X", "JES": "jes", "stat": "gamma"}},
        {"measurements": {"main": "m"}, "channels": {"CR": "C"}, "modifiers": {"free": "mu", "mu": "free"}},
    ],
)
def test_names_are_changed_as_in_pyhf(changes: dict[str, dict[str, str]]) -> None:
    ours = wilks.rename(wilks.load_workspace(copy.deepcopy(EXAMPLE)), **changes).spec
    assert ours == dict(pyhf.Workspace(EXAMPLE).rename(**changes))


@pytest.mark.parametrize("name", ["atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned"])
def test_published_workspaces_are_changed_as_in_pyhf(shared_data: Path, name: str) -> None:
    """Renamed, sorted and pruned."""
    document = json.loads((shared_data / "likelihoods" / f"{name}.json").read_text())
    ours, theirs = wilks.load_workspace(document), pyhf.Workspace(document, validate=False)
    names = [p.name for p in wilks.inspect(ours).parameters if "lumi" not in p.modifiers]
    renamed = wilks.rename(ours, modifiers={"*": "new *"}, channels={"*": "* new"})
    changes = {"modifiers": {n: f"new {n}" for n in names}, "channels": {n: f"{n} new" for n in ours.channel_names}}
    assert renamed.spec == dict(theirs.rename(**changes))
    assert wilks.sort(renamed).spec == dict(pyhf.Workspace.sorted(theirs.rename(**changes)))
    sample = wilks.inspect(ours).samples[0]
    assert wilks.prune(ours, samples=sample).spec["channels"] == theirs.prune(samples=[sample])["channels"]


def test_patterns_keep_what_they_stand_for() -> None:
    renamed = wilks.rename(
        wilks.examples.search(), channels={"SR ?b": "?b SR"}, modifiers={"staterror_*-*": "gamma (*, *)"}
    )
    assert renamed.channel_names == ("2b SR", "1b SR", "CR top")
    assert set(renamed.axes) == set(renamed.channel_names)
    names = {p.name for p in wilks.inspect(renamed).parameters}
    assert {"gamma (CR, top)", "gamma (SR, 1b)", "gamma (SR, 2b)"} <= names


def test_an_exact_name_is_no_pattern() -> None:
    document = copy.deepcopy(EXAMPLE)
    document["channels"][0]["samples"][0]["name"] = "sig*"
    renamed = wilks.rename(wilks.load_workspace(document), samples={"sig*": "what?"})
    assert renamed.document.channels[0].samples[0].name == "what?"


def test_patterns_leave_lumi_alone() -> None:
    renamed = wilks.rename(wilks.load_workspace(copy.deepcopy(EXAMPLE)), modifiers={"*": "x_*"})
    assert {p.name for p in wilks.inspect(renamed).parameters} == {
        "lumi",
        *(f"x_{name}" for name in ("mu", "JES", "free", "uncorrelated", "stat")),
    }
    assert renamed.document.measurements[0].config.poi == "x_mu"


def test_samples_of_different_channels_may_get_one_name() -> None:
    document = copy.deepcopy(EXAMPLE)
    document["channels"][1]["samples"][0]["name"] = "background in CR"
    renamed = wilks.rename(wilks.load_workspace(document), samples={"background in CR": "background"})
    assert renamed.spec == EXAMPLE


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"channels": {"SRR": "x"}, "samples": {"sginal": "x"}}, ['no channel "SRR"', 'did you mean "signal"']),
        ({"channels": {"SR": "CR"}}, ['channels "SR", "CR" would have one name, "CR"']),
        ({"samples": {"signal": "background"}}, ['channel "SR": samples']),
        ({"modifiers": {"JES": "mu"}}, ["correlate makes one parameter of several"]),
        ({"modifiers": {"lumi": "L"}}, ["can't be renamed"]),
        ({"channels": {"*": "x", "?R": "yR"}}, ["the same *", "the same ?"]),
        ({"channels": {"*": "*1", "S*": "S*2"}}, ["two names"]),
        ({"measurements": {"main": ""}}, ["the new name is empty"]),
    ],
)
def test_everything_that_is_wrong_is_said(changes: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.rename(wilks.load_workspace(copy.deepcopy(EXAMPLE)), **changes)
    assert len(caught.value.problems) == len(sentences)
    for sentence in sentences:
        assert sentence in str(caught.value)


@given(st.text("ab", max_size=8), st.text("ab*?", min_size=1, max_size=5))
def test_wildcards_are_those_of_a_regular_expression(name: str, pattern: str) -> None:
    """Against Python's own lazy groups."""
    expression = "".join({"*": "(.*?)", "?": "(.)"}.get(c, c) for c in pattern)
    match = re.fullmatch(expression, name)
    problems: list[str] = []
    wild = "|".join(c for c in pattern if c in "*?")
    found = new_names([name], {pattern: f"<{wild}>"}, "name", problems)
    if match is None:
        assert problems
    elif name == pattern:
        assert found == {name: f"<{wild}>"}
    else:
        assert found == {name: f"<{'|'.join(match.groups())}>"}


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    pattern = "*a" * 30 + "b"
    found = new_names(["a" * 3000 + "b"], {pattern: pattern.replace("a", "c")}, "name", [])
    assert next(iter(found.values())).count("c") == 30
