"""Sorted workspaces against pyhf's, and parts against `select_channels`."""

from __future__ import annotations

import copy

import pyhf
import pytest
from hypothesis import given
from tests.workspace import documents

import wilks
from wilks.errors import WorkspaceError

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


@given(documents.workspaces())
def test_sorted_as_in_pyhf(document: dict[str, object]) -> None:
    ours = wilks.sort(wilks.load_workspace(copy.deepcopy(document)))
    assert ours.spec == dict(pyhf.Workspace.sorted(pyhf.Workspace(document, validate=False)))
    assert wilks.sort(ours).digest == ours.digest


def test_the_model_stays_the_same() -> None:
    workspace = wilks.examples.search()
    one, other = wilks.compile_model(workspace), wilks.compile_model(wilks.sort(workspace))
    assert one.nll(one.initial, one.observed()) == other.nll(other.initial, other.observed())
    assert wilks.sort(workspace).axes == workspace.axes


def test_parts() -> None:
    workspace = wilks.examples.search()
    each = wilks.split(workspace)
    assert tuple(each) == workspace.channel_names
    assert all(part == wilks.select_channels(workspace, name) for name, part in each.items())
    two = wilks.split(workspace, {"signal": ["SR 1b", "SR 2b"], "rest": "CR*"})
    assert [part.channel_names for part in two.values()] == [("SR 2b", "SR 1b"), ("CR top",)]


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({"a": "SR*"}, 'channel "CR top" is in no group'),
        ({"a": "*", "b": "CR top"}, 'channel "CR top" is in several groups'),
        ({"a": "*", "b": []}, 'group "b" has no channel'),
        ({"a": "*", "b": "SX 1b"}, 'did you mean "SR 1b"'),
    ],
)
def test_what_is_wrong_with_groups(groups: dict[str, str | list[str]], sentence: str) -> None:
    with pytest.raises(WorkspaceError, match=sentence):
        wilks.split(wilks.examples.search(), groups)
