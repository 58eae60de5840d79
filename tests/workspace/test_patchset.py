"""Patches against the jsonpatch package and pyhf's patch sets."""

from __future__ import annotations

import copy
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import jsonpatch
import pyhf
import pytest

import wilks
from wilks.errors import WorkspaceError
from wilks.workspace.patchset import apply_patch, load_patchset

DOCUMENT = {"a": [1, {"b": [2, 3]}, "x"], "c/d": {"e~f": None, "": [0]}, "g": {"h": 1.5}}
PATCHES: list[list[dict[str, Any]]] = [
    [{"op": "add", "path": "/a/1/b/0", "value": 9}],
    [{"op": "add", "path": "/a/1/b/2", "value": [9]}, {"op": "add", "path": "/a/-", "value": {"k": 1}}],
    [{"op": "add", "path": "/new", "value": None}, {"op": "add", "path": "/g", "value": 3}],
    [{"op": "remove", "path": "/a/0"}, {"op": "remove", "path": "/c~1d/e~0f"}, {"op": "remove", "path": "/c~1d//0"}],
    [{"op": "replace", "path": "/a/1/b/1", "value": "y"}, {"op": "replace", "path": "", "value": {"all": 1}}],
    [{"op": "move", "from": "/a/0", "path": "/a/2"}, {"op": "move", "from": "/g/h", "path": "/a/0/b/1"}],
    [{"op": "copy", "from": "/a/1", "path": "/g/copy"}, {"op": "add", "path": "/g/copy/b/0", "value": 7}],
    [{"op": "test", "path": "/g/h", "value": 1.5}, {"op": "remove", "path": "/g/h"}],
]
WRONG: list[dict[str, Any]] = [
    {"op": "add", "path": "/a/7", "value": 1},
    {"op": "add", "path": "/nowhere/x", "value": 1},
    {"op": "remove", "path": "/g/nothing"},
    {"op": "remove", "path": "/a/3"},
    {"op": "replace", "path": "/g/nothing", "value": 1},
    {"op": "replace", "path": "/a/-", "value": 1},
    {"op": "add", "path": "/a/01", "value": 1},
    {"op": "add", "path": "/g/h/deeper", "value": 1},
    {"op": "move", "from": "/g", "path": "/g/h"},
    {"op": "copy", "from": "/nothing", "path": "/g/x"},
    {"op": "test", "path": "/g/h", "value": 2},
]


@pytest.mark.parametrize("operations", PATCHES)
def test_operations_are_those_of_jsonpatch(operations: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(DOCUMENT)
    assert apply_patch(DOCUMENT, operations) == jsonpatch.apply_patch(DOCUMENT, operations)
    assert before == DOCUMENT


@pytest.mark.parametrize("operation", WRONG)
def test_what_does_not_fit_is_one_sentence(operation: dict[str, Any]) -> None:
    with pytest.raises((jsonpatch.JsonPatchException, jsonpatch.JsonPointerException)):
        jsonpatch.apply_patch(DOCUMENT, [operation])
    with pytest.raises(WorkspaceError, match="operation 1 ") as caught:
        apply_patch(DOCUMENT, [{"op": "add", "path": "/z", "value": 0}, operation], 'patch "p"')
    assert str(caught.value).startswith('patch "p": operation 1')


def background() -> dict[str, Any]:
    free = {"name": "k", "type": "normfactor", "data": None}
    return {
        "version": "1.0.0",
        "channels": [{"name": "SR", "samples": [{"name": "background", "data": [50.0, 20.0], "modifiers": [free]}]}],
        "observations": [{"name": "SR", "data": [52, 25]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    }


def signal(yields: list[float]) -> list[dict[str, Any]]:
    modifiers = [{"name": "mu", "type": "normfactor", "data": None}]
    return [
        {"op": "add", "path": "/channels/0/samples/0", "value": {"name": "s", "data": yields, "modifiers": modifiers}}
    ]


def patchset(**changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps(background(), sort_keys=True).encode()).hexdigest()
    metadata = {"labels": ["m1", "m2"], "digests": {"sha256": digest}, "description": "d", "references": {}}
    patches = [
        {"metadata": {"name": f"S_{m}_{n}", "values": [m, n]}, "patch": signal([5.0 + m / 100, 100.0 / m])}
        for m, n in ((300, 100), (400, 100), (400, 200))
    ]
    return {"version": "1.0.0", "metadata": metadata, "patches": patches} | changes


def test_a_patch_set_and_its_background() -> None:
    workspace, found = wilks.load_workspace(background()), load_patchset(patchset())
    assert found.names == ("S_300_100", "S_400_100", "S_400_200")
    assert (found.labels, len(found), found.description) == (("m1", "m2"), 3, "d")
    assert found["S_400_200"].values == (400, 200)
    made = found.apply(workspace, "S_400_100")
    assert made.spec == jsonpatch.apply_patch(background(), signal([9.0, 0.25]))
    assert wilks.fit(wilks.compile_model(made)).converged
    other = background()
    other["observations"][0]["data"] = [52, 26]
    with pytest.raises(WorkspaceError, match="another background-only workspace"):
        found.apply(wilks.load_workspace(other), "S_400_100")
    assert found.apply(wilks.load_workspace(other), "S_400_100", verify=False).digest != made.digest
    with pytest.raises(WorkspaceError, match='did you mean "S_400_200"'):
        found.apply(workspace, "S_400_20")


def test_axes_stay_with_their_channels(tmp_path: Path) -> None:
    from wilks.histogram import Axis
    from wilks.workspace.workspace import Workspace

    plain = wilks.load_workspace(background())
    workspace = Workspace(plain.document, {"SR": Axis([0.0, 1.0, 5.0], "mass", "GeV")})
    made = load_patchset(patchset()).apply(workspace, "S_300_100")
    assert made.axis("SR").label == "mass"


@pytest.mark.parametrize("name", ["atlas-1Lbb/patchset_subset.json", "atlas-3L-eRJR-2018-06/patchset.json"])
@pytest.mark.filterwarnings("ignore")
def test_published_sets_are_pyhfs(shared_data: Path, name: str) -> None:
    path = shared_data / "likelihoods" / name
    spec = json.loads((path.parent / "BkgOnly.json").read_text())
    theirs = pyhf.PatchSet(json.loads(path.read_text()))
    ours = wilks.load_patchset(path)
    workspace = wilks.load_workspace(path.parent / "BkgOnly.json")
    ours.verify(workspace)
    assert ours.names == tuple(patch.name for patch in theirs)
    assert ours.labels == tuple(theirs.labels)
    for patch in ours.patches[:2]:
        assert patch.values == tuple(theirs[patch.name].values)
        assert ours.apply(workspace, patch.name, verify=False).spec == theirs[patch.name].apply(spec)


def test_one_patch_is_a_set(shared_data: Path) -> None:
    folder = shared_data / "likelihoods" / "atlas-sbottom-2018-31" / "RegionA"
    found = wilks.load_patchset(folder / "patch.sbottom_1300_850_60.json")
    assert found.names == ("patch.sbottom_1300_850_60",)
    made = found.apply(wilks.load_workspace(folder / "BkgOnly.json"), found.names[0])
    # README of the data: q~ of the signal at its nominal size.
    result = wilks.hypotest(wilks.compile_model(made))
    assert result.observed.cls[0] == pytest.approx(0.000912254, rel=1e-5)
    assert result.expected.cls[0, 2] == pytest.approx(0.00589187, rel=1e-5)


def bad(change: Any) -> Any:
    document = patchset()
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "sentences"),
    [
        ({}, ['"patches", a list']),
        (b"{", ["not JSON"]),
        (bad(lambda d: d.update(patches=[])), ["there is no patch"]),
        (bad(lambda d: d["patches"][1]["metadata"].update(name="S_300_100")), ['another patch "S_300_100"']),
        (bad(lambda d: d["patches"][1]["metadata"].update(values=[1])), ["has 1 values for 2 labels"]),
        (bad(lambda d: d["patches"][0].update(patch=3)), ["needs metadata with name and values"]),
        (
            bad(lambda d: (d["patches"][0]["patch"][0].update(op="ad"), d["patches"][2]["patch"][0].pop("value"))),
            ['"op" must be one of', '"add" needs "value"'],
        ),
        ([{"op": "add", "path": "channels", "value": 1}], ["must be a path like"]),
    ],
)
def test_bad_sets_say_everything_that_is_wrong(document: Any, sentences: list[str]) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load_patchset(io.BytesIO(document) if isinstance(document, bytes) else document)
    assert len(caught.value.problems) == len(sentences)
    for sentence in sentences:
        assert sentence in str(caught.value)


def test_what_json_would_drop_in_silence() -> None:
    with pytest.raises(WorkspaceError, match='the key "patches" is written twice'):
        load_patchset(io.BytesIO(b'{"patches": [], "patches": []}'))


def test_missing_files() -> None:
    with pytest.raises(WorkspaceError, match="can't be read"):
        load_patchset("no/such/file.json")
