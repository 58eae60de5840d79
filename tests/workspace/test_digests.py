"""pyhf's digests."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pyhf
import pytest
from hypothesis import given
from tests.workspace import documents

import wilks
from wilks.workspace.digests import pyhf_digest


@given(documents.workspaces())
def test_digests_are_pyhfs(document: dict[str, object]) -> None:
    workspace = wilks.load_workspace(copy.deepcopy(document))
    for algorithm in ("sha256", "md5"):
        assert pyhf_digest(workspace, algorithm) == pyhf.utils.digest(document, algorithm)


@pytest.mark.parametrize("name", ["atlas-1Lbb", "atlas-3L-eRJR-2018-06"])
def test_published_digests(shared_data: Path, name: str) -> None:
    """Those that the patch sets on HEPData have."""
    folder = shared_data / "likelihoods" / name
    patches = next(folder.glob("patchset*.json"))
    said = json.loads(patches.read_text())["metadata"]["digests"]
    workspace = wilks.load_workspace(folder / "BkgOnly.json")
    assert {algorithm: pyhf_digest(workspace, algorithm) for algorithm in said} == said
