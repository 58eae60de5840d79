from __future__ import annotations

import copy
import hashlib
import json
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from tests.workspace.documents import EXAMPLE, workspaces

from wilks import Axis, load_workspace
from wilks.workspace.workspace import Workspace


def test_names_in_the_order_of_the_document() -> None:
    workspace = load_workspace(EXAMPLE)
    assert workspace.channel_names == ("SR", "CR")
    assert workspace.measurement_names == ("main",)


def test_the_digest_depends_on_the_content_and_not_on_the_order_of_keys() -> None:
    document = copy.deepcopy(EXAMPLE)
    reordered = dict(reversed(document.items()))
    assert load_workspace(reordered).digest == load_workspace(EXAMPLE).digest
    document["observations"][0]["data"][0] += 1e-9
    assert load_workspace(document).digest != load_workspace(EXAMPLE).digest


def test_the_digest_is_the_sha_of_the_sorted_text() -> None:
    text = json.dumps(EXAMPLE, sort_keys=True, separators=(",", ":"))
    assert load_workspace(EXAMPLE).digest == hashlib.sha256(text.encode()).hexdigest()


@given(workspaces())
def test_the_digest_of_any_workspace_is_that_of_its_text_in_one_piece(document: dict[str, Any]) -> None:
    workspace = load_workspace(document)
    text = msgspec.json.encode(workspace.document, order="sorted")
    assert workspace.digest == hashlib.sha256(text).hexdigest()


def test_printed_on_one_line() -> None:
    assert repr(load_workspace(EXAMPLE)).startswith("<Workspace: 2 channels, ")
    assert repr(load_workspace(EXAMPLE)).endswith(' samples, measurement "main">')


def test_a_workspace_is_copied_and_stored() -> None:
    axis = Axis(np.array([0.0, 5.0]), "charge")
    workspace = Workspace(load_workspace(EXAMPLE).document, {"CR": axis})
    for found in (pickle.loads(pickle.dumps(workspace)), copy.deepcopy(workspace), copy.copy(workspace)):
        assert found == workspace
        assert found.digest == workspace.digest
        with pytest.raises(TypeError):
            found.axes["CR"] = axis


def test_known_axes_and_bin_numbers() -> None:
    axis = Axis(np.array([0.0, 5.0]), "charge")
    workspace = Workspace(load_workspace(EXAMPLE).document, {"CR": axis})
    assert workspace.axis("CR") is axis
    assert workspace.axis("SR") == Axis.of_bin_numbers(2)
    assert workspace != load_workspace(EXAMPLE)


def test_a_workspace_can_not_be_changed() -> None:
    workspace = load_workspace(EXAMPLE)
    workspace.spec["version"] = "changed"
    assert workspace.spec == EXAMPLE
    with pytest.raises(AttributeError):
        workspace.document.version = "2"  # type: ignore[misc]
    with pytest.raises(TypeError):
        workspace.axes["SR"] = Axis.of_bin_numbers(2)  # type: ignore[index]
