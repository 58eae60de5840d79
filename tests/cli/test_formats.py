"""--format on everything that prints a table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click
import pytest
from tests.cli.conftest import Call
from tests.infer.counting import modifier, spec

import wilks
from wilks.cli import main

PRINTING = {
    "fit": [],
    "intervals": [],
    "scan": ["--points", "3"],
    "ranking": [],
    "breakdown": [],
    "hypotest": [],
    "limit": [],
    "significance": [],
    "gof": [],
    "toys": ["--count", "3"],
    "yields": [],
    "inspect": [],
    "check": [],
}


def test_every_command_that_prints_a_table_has_the_option() -> None:
    having = {name for name, command in main.commands.items() if any(p.name == "form" for p in command.params)}
    slow = {"feldman-cousins", "look-elsewhere", "coverage", "sample"}
    assert having == {*PRINTING, *slow, "contour", "grid", "compatibility", "variations", "modifiers", "diff", "merge"}
    kinds = [next(p.type for p in main.commands[name].params if p.name == "form") for name in having]
    choices = {tuple(kind.choices) for kind in kinds if isinstance(kind, click.Choice)}
    assert choices == {("text", "markdown", "latex", "html", "csv", "json")}


@pytest.fixture
def search(tmp_path: Path) -> Path:
    """Return a workspace with a parameter to rank."""
    channels = {"SR": ([5.0, 3.0], [50.0, 20.0], [53.0, 26.0])}
    path = tmp_path / "search.json"
    jes = modifier("jes", "normsys", {"hi": 1.1, "lo": 0.9})
    path.write_text(json.dumps(spec(channels, background=[jes])), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", PRINTING)
def test_csv_and_json_have_the_same_tables(name: str, call: Call, search: Path) -> None:
    printed = {form: call(name, search, *PRINTING[name], "--format", form).stdout for form in ("csv", "json")}
    tables = json.loads(printed["json"])
    blocks = printed["csv"].rstrip("\n").split("\n\n")
    assert len(blocks) == len(tables) > 0
    for block, table in zip(blocks, tables, strict=True):
        header, *rows = csv.reader(io.StringIO(block))
        assert header == table["columns"]
        assert [len(row) for row in rows] == [len(row) for row in table["rows"]] == [len(header)] * len(rows)
        assert [row[0] for row in rows] == [number_or_text(row[0], rows[i][0]) for i, row in enumerate(table["rows"])]


def number_or_text(cell: object, text: str) -> str:
    """Return the text of a cell of JSON: that of CSV where it is the same number."""
    return text if isinstance(cell, int | float) and float(text) == cell else str(cell)


def test_markup_is_that_of_the_table(call: Call, workspace: Path) -> None:
    table = wilks.limit(wilks.compile_model(wilks.load_workspace(workspace))).table()
    for form in ("markdown", "latex", "html", "csv"):
        assert call("limit", workspace, "--format", form).stdout == f"{getattr(table, form)()}\n"
    assert "best fit" in call("limit", workspace, "--format", "text").stdout


def test_the_result_is_saved_all_the_same(call: Call, workspace: Path) -> None:
    said = call("limit", workspace, "--format", "csv", "-o", "limit.json").stdout
    assert said.endswith("wrote limit.json\n")
    assert wilks.load_result("limit.json").observed > 0
    refused = call("limit", workspace, "--format", "csv", "-o", "-")
    assert refused.exit_code == 2
    assert "--format: with -o - the whole result is printed" in refused.stderr


def test_what_tables_lack_is_told_beside_them(call: Call, workspace: Path) -> None:
    document = json.loads(workspace.read_bytes())
    for observation in document["observations"]:
        observation["data"] = [0.0 for _ in observation["data"]]
    Path("low.json").write_text(json.dumps(document), encoding="utf-8")
    found = call("limit", "low.json", "--format", "csv")
    assert found.stdout.startswith("limit,")
    assert "[below-zero]" in found.stderr
    assert "[below-zero]" not in found.stdout


def test_the_suffix_of_a_table_chooses(call: Call, workspace: Path) -> None:
    for suffix, start in ((".csv", "sample,"), (".md", "**"), (".tex", "%"), (".html", "<table>"), (".txt", "Yields")):
        call("yields", workspace, "-o", f"yields{suffix}")
        assert Path(f"yields{suffix}").read_text(encoding="utf-8").startswith(start)
