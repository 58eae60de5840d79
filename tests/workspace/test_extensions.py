"""What a document says beyond pyhf's format: nothing where it isn't used, said by the version where it is."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pyhf
import pytest
from tests.workspace.documents import EXAMPLE

import wilks
from wilks.errors import WorkspaceError
from wilks.workspace.extensions import extensions

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


def canonical(spec: dict[str, Any]) -> str:
    """Return the digest of plain data, which knows no records: SHA-256 of compact JSON with sorted keys."""
    return hashlib.sha256(msgspec.json.encode(spec, order="sorted")).hexdigest()


def test_pyhfs_documents_stay_what_they_are(shared_data: Path) -> None:
    seen = 0
    for path in sorted(shared_data.rglob("*.json")):
        if path.stat().st_size > 5e6:
            continue
        given = json.loads(path.read_bytes())
        if not isinstance(given, dict) or given.keys() != {"channels", "observations", "measurements", "version"}:
            continue
        workspace = wilks.load_workspace(path)
        seen += 1
        assert json.dumps(workspace.spec, sort_keys=True) == json.dumps(given, sort_keys=True), path
        assert workspace.digest == canonical(given), path
        assert not list(extensions(workspace.document)), path
    assert seen > 10


def test_examples_are_pyhfs_documents() -> None:
    for workspace in (wilks.examples.measurement(), wilks.examples.search()):
        assert workspace.spec["version"] == "1.0.0"
        assert workspace.digest == canonical(workspace.spec)
        pyhf.schema.validate(workspace.spec, "workspace.json")


def beyond(where: str) -> dict[str, Any]:
    """Return the example with one thing that pyhf can't say."""
    spec = copy.deepcopy(EXAMPLE)
    spec["version"] = "wilks-1"
    USES[where](spec)
    return spec


def _settings(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["measurements"][0]["config"]["parameters"]
    return found


def _modifier(spec: dict[str, Any], channel: int, sample: int, modifier: int) -> dict[str, Any]:
    found: dict[str, Any] = spec["channels"][channel]["samples"][sample]["modifiers"][modifier]
    return found


USES: dict[str, Any] = {
    "channels[0].samples[0].modifiers[2].interpolation": lambda s: _modifier(s, 0, 0, 2).update(interpolation="code1"),
    "channels[0].samples[0].modifiers[3].interpolation": lambda s: _modifier(s, 0, 0, 3).update(interpolation="code0"),
    "channels[0].samples[1].modifiers[1].constraint": lambda s: _modifier(s, 0, 1, 1).update(constraint="normal"),
    "channels[0].samples[1].modifiers[1].shared": lambda s: _modifier(s, 0, 1, 1).update(shared=True),
    "channels[0].samples[1].modifiers[2].constraint": lambda s: _modifier(s, 0, 1, 2).update(constraint="poisson"),
    "channels[0].samples[1].modifiers[2].threshold": lambda s: _modifier(s, 0, 1, 2).update(threshold=0),
    "data_sets": lambda s: s.update(
        data_sets=[{"name": "asimov", "observations": [{"name": "CR", "data": [99]}, {"name": "SR", "data": [5.5, 1]}]}]
    ),
    "groups": lambda s: s.update(groups=[{"name": "jets", "parameters": ["JES"]}]),
    "measurements[0].config.pois": lambda s: s["measurements"][0]["config"].update(pois=["mu", "JES"]),
    "measurements[0].config.parameters[3].constraint": lambda s: _settings(s).append(
        {"name": "uncorrelated_", "constraint": "none"}
    ),
    "measurements[0].config.parameters[3].fixed": lambda s: _settings(s).append(
        {"name": "stat", "fixed": [True, False]}
    ),
}


@pytest.mark.parametrize("where", USES)
def test_what_is_said_beyond_pyhf_is_named(where: str, tmp_path: Path) -> None:
    spec = beyond(where)
    workspace = wilks.load_workspace(spec)
    assert list(extensions(workspace.document)) == list(extensions(spec)) == [where]
    # It comes back as it was, from the dictionary and from a file.
    assert json.dumps(workspace.spec, sort_keys=True) == json.dumps(spec, sort_keys=True)
    workspace.save(tmp_path / "workspace.json")
    again = wilks.load_workspace(tmp_path / "workspace.json")
    assert again == workspace
    assert again.digest == workspace.digest == canonical(spec)
    assert json.loads((tmp_path / "workspace.json").read_text()) == spec


@pytest.mark.parametrize("where", USES)
def test_pyhf_refuses_it(where: str) -> None:
    with pytest.raises(pyhf.exceptions.SchemaNotFound):
        pyhf.Workspace(beyond(where))
    with pytest.raises(pyhf.exceptions.InvalidSpecification):  # its own schema, whatever the version says
        pyhf.schema.validate({**beyond(where), "version": "1.0.0"}, "workspace.json", version="1.0.0")


@pytest.mark.parametrize("where", USES)
def test_the_version_must_say_it(where: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        wilks.load_workspace({**beyond(where), "version": "1.0.0"})
    assert str(caught.value) == (f'workspace: version: "1.0.0" found, "wilks-1" needed: pyhf can\'t say {where}')


@pytest.mark.parametrize(
    ("key", "where"), [("transforms", "is a function that steers"), ("constraints", "stand in the settings")]
)
def test_what_is_said_in_another_way_is_told(key: str, where: str) -> None:
    with pytest.raises(WorkspaceError, match=f'unknown key "{key}".* {where}'):
        wilks.load_workspace({**EXAMPLE, key: [], "version": "wilks-1"})
