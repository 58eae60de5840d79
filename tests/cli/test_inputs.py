"""Files of another kind than a command takes."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
import yaml
from tests.cli.conftest import Call

import wilks
from wilks import _reading
from wilks.cli import inputs
from wilks.cli.inputs import (
    CONFIG,
    FIT,
    PATCH,
    PATCH_SET,
    PREDICTION,
    ROOT,
    TREX,
    WORKSPACE,
    WORKSPACES,
    content,
    kind,
)
from wilks.errors import InputError

PATCH_TEXT = '[{"op": "add", "path": "/channels/0/samples/0", "value": {}}]'


@pytest.fixture
def files(config: Path, workspace: Path, fit_file: Path, call: Call) -> dict[str, Path]:
    """Return a file of each kind."""
    loaded = wilks.load_workspace(workspace)
    wilks.check(loaded).save("findings.json")
    wilks.predict(wilks.compile_model(loaded)).save("prediction.json")
    Path("patch.json").write_text(PATCH_TEXT)
    Path("patchset.json").write_text(json.dumps({"metadata": {}, "patches": [], "version": "1.0.0"}))
    return {
        CONFIG: config,
        WORKSPACE: workspace,
        FIT: fit_file,
        ROOT: config.parent / "input" / "histograms.root",
        PATCH: Path("patch.json"),
        PATCH_SET: Path("patchset.json"),
        'findings of "wilks check"': Path("findings.json"),
        PREDICTION: Path("prediction.json"),
    }


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        ("run", {CONFIG}),
        ("templates", {CONFIG}),
        ("workspace", {CONFIG}),
        ("check", {CONFIG, WORKSPACE, FIT, PREDICTION}),
        ("inspect", {WORKSPACE}),
        ("fit", {WORKSPACE}),
        ("yields", {WORKSPACE}),
        ("data-mc", {WORKSPACE}),
        ("pulls", {FIT}),
        ("browse", {ROOT}),
    ],
)
def test_another_kind_of_file_is_one_sentence(
    call: Call, files: dict[str, Path], command: str, taken: set[str]
) -> None:
    for found, path in files.items():
        if found in taken:
            continue
        for result, name in ((call(command, path), path), (call(command, "-", input=path.read_bytes()), "<stdin>")):
            assert (result.exit_code, result.stdout) == (2, ""), (command, found)
            assert result.stderr.count("\n") == 1
            assert result.stderr.startswith(f"wilks: {name}: {found}, not ")
    assert not list(Path.cwd().glob("wilks-output"))


def test_sentences_say_which_command_takes_the_file(call: Call, files: dict[str, Path]) -> None:
    assert '"wilks pulls", "wilks correlations" and "wilks check" take it' in call("fit", files[FIT]).stderr
    assert '"wilks run", "wilks check"' in call("fit", files[CONFIG]).stderr
    advice = call("run", files[WORKSPACE]).stderr
    assert '"wilks fit", "wilks check", "wilks yields", "wilks limit", "wilks ranking" and others take it' in advice
    assert '"wilks browse" takes it' in call("run", files[ROOT]).stderr
    assert "wilks grid" in call("fit", files[PATCH_SET]).stderr
    assert '"wilks fit"' in call("data-mc", files[WORKSPACE], "--fit", files[WORKSPACE]).stderr


def test_every_kind_has_its_advice() -> None:
    kinds = {CONFIG, TREX, *WORKSPACES, FIT, ROOT, PATCH, PATCH_SET, inputs.SAVED, *inputs._RESULTS.values()}
    assert kinds == inputs._TAKEN_BY.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", None),
        (b"{", None),
        (b"null", None),
        (b"[]", None),
        (b"[1]", None),
        (b'[{"op": "add"}]', None),
        (b'{"kind": "something"}', None),
        (b'{"kind": ["fit"]}', None),
        (b"General: [", CONFIG),
        (b"# comment\nGeneral:\n  POI: mu\n", CONFIG),
        (b"{General: {POI: mu}}", CONFIG),
        (b"Samples:\n  - General: 1\n", None),
        (b'{"channels": [], "kind": 1}', WORKSPACE),
        (b"[" * 100_000, None),
    ],
)
def test_kind_is_seen_from_the_content(text: bytes, expected: str | None) -> None:
    assert kind(text) == expected


def test_published_patches_are_recognised(call: Call, shared_data: Path) -> None:
    likelihoods = shared_data / "likelihoods"
    assert f": {PATCH_SET}, not " in call("fit", likelihoods / "atlas-3L-eRJR-2018-06" / "patchset.json").stderr
    patch = likelihoods / "atlas-sbottom-2018-31" / "RegionA" / "patch.sbottom_1000_131_1.json"
    assert f": {PATCH}, not " in call("yields", patch).stderr


def test_of_root_files_only_the_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"root and much more")
    assert content(str(path)) == b"root"
    path.write_bytes(b"roof and much more")
    assert content(str(path)) == b"roof and much more"
    assert content(str(tmp_path)) == b""


def test_standard_input_is_read_once(call: Call, workspace: Path) -> None:
    for command in ("data-mc", "yields"):
        result = call(command, "-", "--fit", "-", input=workspace.read_bytes())
        assert result.exit_code == 2
        assert result.stderr == "wilks: only one argument can be - : standard input can be read once\n"
    inputs.read_once("-", None)
    with pytest.raises(InputError):
        inputs.read_once("-", "-")


def test_pipes_with_a_name_are_read_once(call: Call, workspace: Path) -> None:
    # What a shell makes of <(command): `check` looks at the content before it loads it.
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(workspace.read_bytes()))
    writer.start()
    result = call("check", "pipe")
    writer.join()
    assert result.exit_code == 0
    assert result.stdout == call("check", workspace).stdout


@pytest.mark.parametrize("command", [["fit"], ["run"], ["check"], ["plot"], ["browse"], ["grid", "WS", "--patches"]])
def test_pipes_that_nobody_writes_to_do_not_hang(
    call: Call, command: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_reading, "_PATIENCE", 0.01)
    os.mkfifo("pipe")
    result = call(*(str(workspace) if word == "WS" else word for word in command), "pipe")
    assert result.exit_code == 2
    assert result.stderr.startswith("wilks: pipe: ")
    assert "pipe, and nobody writes to it" in result.stderr


def test_a_pipe_as_input_file_does_not_hang(call: Call, config: Path, tmp_path: Path) -> None:
    analysis = yaml.safe_load(config.read_text())
    path, _, _ = analysis["General"]["InputPath"].partition(":")
    (tmp_path / "analysis" / path).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / "analysis" / path)
    (tmp_path / "analysis" / "config.yml").write_text(config.read_text())
    result = call("templates", tmp_path / "analysis" / "config.yml")
    assert result.exit_code == 2
    assert "is a pipe or a device, not a file" in result.stderr
