from __future__ import annotations

import copy
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.workspace.documents import EXAMPLE, changed_documents, json_values, workspaces

from wilks import Axis, load_workspace
from wilks.errors import WorkspaceError
from wilks.workspace.workspace import Workspace

AXES = {"SR": Axis(np.array([0.0, 1.5, 7.0]), "m_T", "GeV"), "CR": Axis(np.array([-1.0, 1.0]), "charge")}
in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


def example(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | changes


@pytest.mark.parametrize("as_text", [False, True])
def test_every_kind_of_source(tmp_path: Path, as_text: bool) -> None:
    text = json.dumps(EXAMPLE)
    path = tmp_path / "workspace.json"
    path.write_text(text)
    expected = load_workspace(EXAMPLE)
    assert expected.spec == EXAMPLE
    for source in (path, str(path), text.encode(), io.StringIO(text) if as_text else io.BytesIO(text.encode())):
        assert load_workspace(source) == expected


def test_dictionaries_may_hold_tuples_and_arrays() -> None:
    document = example()
    document["observations"] = (
        {"name": "SR", "data": np.array([54, 71])},
        {"name": "CR", "data": (np.float64(101.5),)},
    )
    assert load_workspace(document).spec == EXAMPLE
    assert isinstance(document["observations"][0]["data"], np.ndarray), "the caller's document is left alone"


def test_the_text_is_that_of_json_dump(tmp_path: Path) -> None:
    load_workspace(EXAMPLE).save(tmp_path / "out.json")
    assert (tmp_path / "out.json").read_text() == json.dumps(EXAMPLE, sort_keys=True, indent=4) + "\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@in_a_folder
@given(workspaces())
def test_what_is_saved_is_loaded(tmp_path: Path, document: dict[str, Any]) -> None:
    workspace = load_workspace(document)
    path = tmp_path / "workspace.json"
    workspace.save(path)
    assert json.loads(path.read_text()) == document
    assert load_workspace(path) == workspace
    assert load_workspace(path).spec == document


def test_axes_are_kept_beside_the_document(tmp_path: Path) -> None:
    workspace = Workspace(load_workspace(EXAMPLE).document, AXES)
    workspace.save(tmp_path / "workspace.json")
    assert (tmp_path / "workspace.axes.json").is_file()
    loaded = load_workspace(tmp_path / "workspace.json")
    assert loaded == workspace
    assert loaded.axis("SR") == AXES["SR"]
    assert json.loads((tmp_path / "workspace.json").read_text()) == EXAMPLE, "the document itself stays pyhf's"


def test_axes_of_another_document_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    Workspace(load_workspace(EXAMPLE).document, AXES).save(path)
    path.write_text(path.read_text().replace("101.5", "102.5"))
    loaded = load_workspace(path)
    assert not loaded.axes
    assert loaded.axis("SR").edges.tolist() == [0.0, 1.0, 2.0]


@in_a_folder
@given(st.binary(max_size=30) | json_values.map(lambda value: json.dumps(value).encode()) | st.integers(0, 200))
def test_a_damaged_axes_file_is_ignored(tmp_path: Path, content: bytes | int) -> None:
    workspace = Workspace(load_workspace(EXAMPLE).document, AXES)
    workspace.save(tmp_path / "workspace.json")
    axes = tmp_path / "workspace.axes.json"
    axes.write_bytes(content if isinstance(content, bytes) else axes.read_bytes()[:content])
    assert not load_workspace(tmp_path / "workspace.json").axes


def test_axes_with_another_number_of_bins_are_ignored(tmp_path: Path) -> None:
    Workspace(load_workspace(EXAMPLE).document, AXES | {"CR": AXES["SR"]}).save(tmp_path / "workspace.json")
    assert set(load_workspace(tmp_path / "workspace.json").axes) == {"SR"}


def problems(source: Any) -> list[str]:
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(source)
    return list(caught.value.problems)


def test_files_that_are_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text("{")
    assert problems(tmp_path / "wrkspace.json") == [
        f'{tmp_path / "wrkspace.json"}: no such file; did you mean "workspace.json"?'
    ]
    assert problems(tmp_path / "no" / "where.json") == [f"{tmp_path / 'no' / 'where.json'}: no such file"]
    assert problems(tmp_path) == [f"{tmp_path}: is a folder, not a workspace"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"channels": [\n  1,\n  }', "workspace: not JSON: line 3, column 3: "),
        (b"", "workspace: not JSON: line 1, column 1: "),
        (b'{"a": "\xff"}', "workspace: not JSON: byte 7 is not UTF-8 text"),
        (b"[" * 100_000, "workspace: not JSON: nested too deeply"),
        (b"[1" + b"0" * 5000 + b"]", "workspace: not JSON: Exceeds the limit"),
        (b"[]", "workspace: [] found, an object needed"),
        (b'{"version": "\\ud800"}', r'workspace: "channels" is missing'),
        (b"null", "workspace: null found, an object needed"),
    ],
)
def test_text_that_is_no_workspace(content: bytes, expected: str) -> None:
    found = problems(content)
    assert found[0].startswith(expected)
    for problem in found:
        problem.encode()  # can be printed


def test_numbers_that_json_does_not_have() -> None:
    text = json.dumps(EXAMPLE).replace("[54, 71]", "[NaN, -Infinity]").replace("101.5", "1e999")
    assert problems(text.encode()) == [
        "workspace: observations[0].data[0]: NaN found, a finite number needed (and 1 more in this list)",
        "workspace: observations[1].data[0]: Infinity found, a finite number needed",
    ]


def test_mistakes_of_form_and_of_content_come_together_with_the_name_of_the_file(tmp_path: Path) -> None:
    document = example(version="2.0.0")
    document["channels"][0]["samples"][0]["modifiers"][2]["type"] = "normsis"
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(document))
    assert problems(path) == [
        f'{path}: channels[0].samples[0].modifiers[2].type: no modifier type "normsis"; allowed are "histosys", '
        '"normsys", "normfactor", "shapefactor", "shapesys", "staterror", "lumi"; did you mean "normsys"?',
        f'{path}: version: "2.0.0" found, only "1.0.0" and "wilks-1" are known',
    ]


def test_a_workspace_with_mistakes_is_not_written(tmp_path: Path) -> None:
    document = load_workspace(EXAMPLE).document
    document.observations[0].data[0] = math.nan
    with pytest.raises(WorkspaceError, match="a finite number needed"):
        Workspace(document).save(tmp_path / "out.json")
    assert not list(tmp_path.iterdir())


def outcome(source: Any) -> Workspace | tuple[str, ...]:
    try:
        return load_workspace(source)
    except WorkspaceError as error:
        return error.problems


def pyhf_accepts(document: Any) -> bool:
    try:
        pyhf.schema.validate(document, "workspace.json", version="1.0.0")
    except pyhf.exceptions.InvalidSpecification:
        return False
    return True


def without_nulls(document: dict[str, Any]) -> dict[str, Any]:
    """A null among the settings of a parameter counts as absent; pyhf refuses it."""
    document = copy.deepcopy(document)
    for measurement in document["measurements"]:
        for parameter in measurement["config"]["parameters"]:
            for key in [key for key, value in parameter.items() if value is None]:
                del parameter[key]
    return document


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")
@settings(max_examples=150, deadline=None)
@given(changed_documents())
def test_changed_documents_end_in_a_workspace_that_pyhf_accepts_or_in_a_workspace_error(document: Any) -> None:
    sources = [document, json.dumps(document).encode()]
    outcomes = [outcome(source) for source in sources]
    assert outcomes[0] == outcomes[1]
    if isinstance(outcomes[0], Workspace):
        assert pyhf_accepts(without_nulls(document))


@given(json_values | st.binary(max_size=40))
def test_anything_else_ends_in_a_workspace_error(value: Any) -> None:
    source = value if isinstance(value, bytes) else json.dumps(value).encode()
    assert problems(source)


def test_published_workspaces(shared_data: Path, tmp_path: Path) -> None:
    paths = [path for path in shared_data.rglob("*.json") if path.name.startswith(("workspace", "BkgOnly", "bkg_only"))]
    assert len(paths) > 8
    for path in paths:
        workspace = load_workspace(path)
        assert workspace.spec == json.loads(path.read_text())
        workspace.save(tmp_path / "copy.json")
        assert load_workspace(tmp_path / "copy.json").digest == workspace.digest


@pytest.mark.parametrize("key", ["data", "name", "modifiers", "samples", "channels", "version", "poi", "value"])
def test_a_key_that_stands_twice_is_a_mistake(key: str) -> None:
    """JSON readers take the last and drop the first in silence."""
    written = {**example(), "observations": [{"name": o["name"], "data": o["data"]} for o in EXAMPLE["observations"]]}
    text = json.dumps(written)
    assert load_workspace(text.encode()) == load_workspace(written)
    if f'"{key}": ' not in text:
        return
    start = text.index(f'"{key}": ')
    value, _ = json.JSONDecoder().raw_decode(text, start + len(f'"{key}": '))
    twice = f'{text[:start]}"{key}": {json.dumps(value)}, {text[start:]}'
    assert json.loads(twice) == json.loads(text)
    with pytest.raises(WorkspaceError, match=f'the key "{key}" is written twice'):
        load_workspace(twice.encode())


def test_quotes_written_as_escapes_are_no_keys() -> None:
    text = json.dumps(example()).replace(example()["channels"][0]["name"], "S\\u0022R")
    assert load_workspace(text.encode()).channel_names[0] == 'S"R'


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"axes": ' + b'{"a":' * 100_000, b"\xff", None])
def test_axes_that_are_none_are_left_alone(tmp_path: Path, content: bytes | None, monkeypatch: Any) -> None:
    """None stands for a pipe that nobody writes to."""
    monkeypatch.setattr("wilks._reading._PATIENCE", 0.01)
    (tmp_path / "ws.json").write_text(json.dumps(example()))
    if content is None:
        os.mkfifo(tmp_path / "ws.axes.json")
    else:
        (tmp_path / "ws.axes.json").write_bytes(content)
    assert load_workspace(tmp_path / "ws.json") == load_workspace(example())
