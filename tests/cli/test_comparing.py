"""What a workspace is, and what differs between two."""

from __future__ import annotations

import json
from pathlib import Path

import pyhf
from tests.cli.conftest import Call

import wilks


def test_digests(call: Call) -> None:
    workspace = wilks.examples.search()
    workspace.save("workspace.json")
    assert call("digest", "workspace.json").stdout == f"{workspace.digest}\n"
    theirs = [f"{name}:{pyhf.utils.digest(workspace.spec, name)}" for name in ("sha256", "md5")]
    assert call("digest", "workspace.json", "--pyhf").stdout.split() == theirs


def test_differences(call: Call) -> None:
    workspace = wilks.examples.search()
    workspace.save("old.json")
    wilks.prune(workspace, modifiers="b-tagging").save("new.json")
    result = call("diff", "old.json", "new.json")
    assert result.exit_code == 0
    assert result.stdout.startswith('"b-tagging" (histosys, normsys) is in old only, on 11 samples in channels: up to')
    assert call("diff", "old.json", "new.json", "--exit-code").exit_code == 1
    same = call("diff", "old.json", "old.json", "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "no difference\n")
    table = json.loads(call("diff", "old.json", "new.json", "--format", "json").stdout)[0]
    assert table["columns"] == ["what", "name", "channel", "sample", "bin", "in old", "in new", "change"]
    assert len(table["rows"]) == 11
    assert call("diff", "old.json", "new.json", "-o", "differences.csv").exit_code == 0
    assert Path("differences.csv").read_text().count("\n") == 12
    empty = call("diff", "old.json", "old.json", "--format", "csv")
    assert empty.stdout.count("\n") == 1


def test_names_that_would_be_the_same(call: Call) -> None:
    workspace = wilks.examples.search()
    workspace.save("a/workspace.json")
    wilks.prune(workspace, samples="Diboson").save("b/workspace.json")
    assert 'sample "Diboson" is in a/workspace.json only' in call("diff", "a/workspace.json", "b/workspace.json").stdout
    piped = call("diff", "-", "b/workspace.json", input=Path("a/workspace.json").read_bytes())
    assert 'sample "Diboson" is in standard input only' in piped.stdout
