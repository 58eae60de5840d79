"""Patch sets applied, verified, inspected and extracted, as pyhf's commands do."""

from __future__ import annotations

import json
from pathlib import Path

import jsonpatch
import pytest
from click.testing import CliRunner
from pyhf.cli import cli as pyhf_commands
from tests.cli.conftest import Call
from tests.workspace.test_patchset import background, patchset

import wilks


@pytest.fixture(autouse=True)
def files(call: Call) -> None:
    """Write a background-only workspace, its patch set and one patch."""
    Path("background.json").write_text(json.dumps(background()))
    patches = patchset()
    patches["metadata"]["references"] = {"hepdata": "ins1234567"}
    Path("patches.json").write_text(json.dumps(patches))
    Path("patch.json").write_text(json.dumps(patchset()["patches"][0]["patch"]))


@pytest.mark.filterwarnings("ignore")
def test_apply_is_pyhfs(call: Call) -> None:
    arguments = ["patchset", "apply", "background.json", "patches.json", "--name", "S_400_100"]
    ours = call(*arguments)
    assert json.loads(ours.stdout) == json.loads(
        CliRunner().invoke(pyhf_commands, arguments, catch_exceptions=False).stdout
    )
    assert call("patchset", "apply", "background.json", "patch.json", "-o", "made.json").exit_code == 0
    expected = jsonpatch.apply_patch(background(), json.loads(Path("patch.json").read_text()))
    assert wilks.load_workspace("made.json").spec == expected


def test_another_background(call: Call) -> None:
    other = background()
    other["observations"][0]["data"] = [1, 2]
    Path("other.json").write_text(json.dumps(other))
    for command in (["verify"], ["apply", "--name", "S_400_100"]):
        refused = call("patchset", command[0], "other.json", "patches.json", *command[1:])
        assert refused.exit_code == 2
        assert "another background-only workspace" in refused.stderr
    arguments = ["other.json", "patches.json", "--name", "S_400_100", "--any-background"]
    assert call("patchset", "apply", *arguments).exit_code == 0


def test_verify(call: Call) -> None:
    result = call("patchset", "verify", "background.json", "patches.json")
    assert (result.exit_code, result.stdout) == (0, "the patches belong to this workspace (sha256 agree)\n")
    nothing = call("patchset", "verify", "background.json", "patch.json")
    assert nothing.exit_code == 2
    assert "nothing to verify" in nothing.stderr


def test_inspect(call: Call) -> None:
    lines = call("patchset", "inspect", "patches.json").stdout.splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["patch", "m1", "m2", "operations"],
        ["---------", "---", "---", "----------"],
        ["S_300_100", "300", "100", "1"],
        ["S_400_100", "400", "100", "1"],
        ["S_400_200", "400", "200", "1"],
    ]
    assert call("patchset", "inspect", "patch.json", "--format", "csv").stdout == "patch,operations\npatch,1\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("metadata", [[], ["--with-metadata"]])
def test_extract_is_pyhfs(call: Call, metadata: list[str]) -> None:
    arguments = ["patchset", "extract", "patches.json", "--name", "S_400_200", *metadata]
    theirs = json.loads(CliRunner().invoke(pyhf_commands, arguments, catch_exceptions=False).stdout)
    if metadata:  # pyhf adds what the set says of itself
        theirs["metadata"] = {key: theirs["metadata"][key] for key in ("name", "values")}
    assert json.loads(call(*arguments).stdout) == theirs


def test_mistakes(call: Call) -> None:
    which = call("patchset", "extract", "patches.json")
    assert "--name: which of the 3 patches?" in which.stderr
    unknown = call("patchset", "extract", "patches.json", "--name", "S_400_20")
    assert 'did you mean "S_400_200"' in unknown.stderr
    other = call("patchset", "inspect", "background.json")
    assert other.exit_code == 2
    assert "a workspace, not a set of pyhf patches" in other.stderr
    Path("bad.json").write_text('[{"op": "ad", "path": "/x"}]')
    assert '"op" must be one of' in call("patchset", "inspect", "bad.json").stderr
