"""Several parameters of interest on the command line: all are hidden, all are ranked."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

import wilks
from wilks.cli import main


def workspace(folder: Path) -> str:
    spec = wilks.examples.search().spec
    spec["measurements"][0]["config"]["pois"] = [spec["measurements"][0]["config"]["poi"], "top_norm"]
    spec["version"] = "wilks-1"
    wilks.load_workspace(spec).save(folder / "workspace.json")
    return str(folder / "workspace.json")


def test_all_are_hidden(tmp_path: Path) -> None:
    given, target = workspace(tmp_path), tmp_path / "fit.json"
    result = CliRunner().invoke(main, ["fit", given, "--blind-poi", "-o", str(target)])
    assert result.exit_code == 0, result.output
    saved = json.loads(target.read_text())
    values = dict(zip(saved["names"], saved["values"], strict=True))
    assert values["mu"] is None
    assert values["top_norm"] is None
    assert sum(value is None for value in values.values()) == 2


def test_intervals_of_any_are_refused_while_hidden(tmp_path: Path) -> None:
    given = workspace(tmp_path)
    for name in ("mu", "top_norm"):
        result = CliRunner().invoke(main, ["intervals", given, "--parameter", name, "--blind-poi"])
        assert result.exit_code == 2
        assert "would tell the value of the parameter of interest" in result.output


def test_all_are_broken_down(tmp_path: Path) -> None:
    given, target = workspace(tmp_path), tmp_path / "breakdown.json"
    result = CliRunner().invoke(main, ["breakdown", given, "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert json.loads(target.read_text())["pois"] == ["mu", "top_norm"]
