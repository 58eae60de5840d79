"""Commands fit, study and draw a data set of the workspace in place of its observations, and say which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import wilks
from wilks.cli import main

COUNTS = {"SR 2b": 1.1, "SR 1b": 1.0, "CR top": 0.9}


@pytest.fixture
def given(tmp_path: Path) -> str:
    spec = wilks.examples.search().spec
    observations = [
        {"name": o["name"], "data": [round(COUNTS[o["name"]] * n) for n in o["data"]]} for o in spec["observations"]
    ]
    spec["data_sets"] = [{"name": "2024", "observations": observations}]
    spec["version"] = "wilks-1"
    path = tmp_path / "workspace.json"
    wilks.load_workspace(spec).save(path)
    return str(path)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def answer(target: Path, *arguments: str) -> dict[str, Any]:
    result = invoke(*arguments, "-o", str(target))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(target.read_text())
    return found


def test_a_fit_of_a_data_set_says_so(given: str, tmp_path: Path) -> None:
    found = answer(tmp_path / "fit.json", "fit", given, "--data-set", "2024")
    model = wilks.compile_model(wilks.load_workspace(given), data_set="2024")
    assert found["twice_nll"] == pytest.approx(wilks.fit(model).twice_nll, abs=1e-9)
    assert found["settings"]["data_set"] == "2024"


@pytest.mark.parametrize(
    "command",
    [
        ["limit"],
        ["significance"],
        ["hypotest"],
        ["scan", "--points", "3"],
        ["intervals", "--parameter", "mu"],
        ["breakdown"],
        ["ranking", "--parameters", "b-tagging"],
        ["gof"],
    ],
)
def test_results_of_a_data_set_have_its_name(given: str, tmp_path: Path, command: list[str]) -> None:
    found = answer(tmp_path / "result.json", command[0], given, *command[1:], "--data-set", "2024")
    assert found.get("origin", found)["dataset"] == "2024"


def test_a_grid_of_a_data_set_is_not_that_of_the_observations(given: str, tmp_path: Path) -> None:
    options = ["grid", given, "--vary", "b-tagging=0,1"]
    observed = answer(tmp_path / "observed.json", *options)
    other = answer(tmp_path / "other.json", *options, "--data-set", "2024")
    assert observed["observed"] != other["observed"]
    assert other["origin"]["dataset"] == "2024"


def test_predictions_show_the_data_set_of_the_fit(given: str, tmp_path: Path) -> None:
    fit = tmp_path / "fit.json"
    answer(fit, "fit", given, "--data-set", "2024")
    counts = wilks.load_workspace(given).spec["data_sets"][0]["observations"]
    total = next(sum(o["data"]) for o in counts if o["name"] == "SR 2b")
    shown = [invoke("yields", given, "--data-set", "2024"), invoke("yields", given, "--fit", str(fit))]
    for result in shown:
        assert result.exit_code == 0, result.output
        assert f" {total:.0f}" in result.output
    assert f" {total:.0f}" not in invoke("yields", given).output


def test_pulls_with_and_without_signal(given: str, tmp_path: Path) -> None:
    result = invoke("pulls", given, "--b-only", "--data-set", "2024", "-o", str(tmp_path / "pulls.png"))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data-set", "2023"], 'no data set "2023"; the workspace has "2024"; did you mean "2024"?'),
        (["--data-set", "2024", "--asimov"], "--data-set names data of the workspace, --asimov makes others"),
    ],
)
def test_mistakes_get_one_sentence(given: str, options: list[str], sentence: str) -> None:
    result = invoke("limit", given, *options)
    assert result.exit_code == 2
    assert sentence in result.output
    assert "Traceback" not in result.output


def test_data_sets_are_left_out(given: str) -> None:
    result = invoke("prune", given, "--data-set", "2024")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["version"] == "1.0.0"


def test_a_report_says_how_a_result_of_a_data_set_is_had(given: str, tmp_path: Path) -> None:
    from wilks.reporting.commands import commands
    from wilks.reporting.contents import Contents

    workspace = wilks.load_workspace(given)
    found = wilks.limit(wilks.compile_model(workspace, data_set="2024"))
    line = commands(Contents("Search", workspace, {"limit.json": found}))["limit.json"]
    assert "--data-set 2024" in line
    assert "# data" not in line
