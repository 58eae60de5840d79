"""`--asimov`, `--after`, `--set`, `--blind-poi`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Call

import wilks
from wilks.results.io import decode_result


@pytest.fixture
def rich(workspace: Path, tmp_path: Path) -> Path:
    """Return the small analysis with a systematic everywhere, and one that acts on the control region alone."""
    spec = json.loads(workspace.read_text())
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            if sample["name"] == "Background":
                names = ["everywhere"] if channel["name"] == "SR" else ["everywhere", "control"]
                sample["modifiers"] += [
                    {"name": name, "type": "normsys", "data": {"lo": 0.9, "hi": 1.2}} for name in names
                ]
    path = tmp_path / "rich.json"
    path.write_text(json.dumps(spec))
    return path


TELLING = ("hypotest", "limit", "significance", "compatibility", "scan", "intervals")


@pytest.mark.parametrize("command", ["limit", "gof", "toys", "yields"])
def test_a_fit_of_another_workspace_is_pointed_out(call: Call, rich: Path, command: str) -> None:
    """Its parameters are found by their names, which may be what is meant, or not."""
    words = {"toys": ("--count", "5", "--after"), "yields": ("--fit",)}.get(command, ("--asimov", "--after"))
    assert call("fit", rich, "--channels", "SR", "-o", "sr.json").exit_code == 0
    assert call("fit", rich, "-o", "fit.json").exit_code == 0
    result = call(command, rich, *words, "sr.json")
    n = wilks.compile_model(wilks.load_workspace(rich)).n_parameters
    assert result.exit_code == 0
    assert result.stderr == (
        f"wilks: warning: sr.json is a fit of another workspace than {rich}; "
        f"1 of its {n} parameters are not in the fit and stay as before it\n"
    )
    assert call(command, rich, *words, "fit.json").stderr == ""
    document = json.loads(Path("fit.json").read_text())
    document["names"] = [f"other {name}" for name in document["names"]]
    document["workspace_digest"], document["poi"] = "0", None
    Path("other.json").write_text(json.dumps(document))
    result = call(command, rich, *words, "other.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "have no parameter in common; it belongs to another workspace" in result.stderr


@pytest.mark.parametrize("command", TELLING)
def test_a_value_that_is_blind_is_not_told(call: Call, workspace: Path, fit_file: Path, command: str) -> None:
    result = call(command, workspace, "--blind-poi", "-o", "result.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f'wilks: --blind-poi: "wilks {command}" would tell the value of the parameter of interest in the data; '
        "while it is blind, use --asimov\n"
    )
    assert not Path("result.json").exists()
    assert call(command, workspace, "--blind-poi", "--asimov", "--after", fit_file).exit_code == 2
    known = ("--asimov", "--after", fit_file, "--set", "strength=1")
    assert call(command, workspace, "--blind-poi", *known).exit_code == 0
    assert call(command, workspace, "--blind-poi", "--asimov").exit_code == 0


@pytest.mark.parametrize("command", ["significance", "limit", "gof", "toys"])
def test_a_blind_fit_and_an_injected_signal_make_asimov_data(
    call: Call, workspace: Path, fit_file: Path, command: str
) -> None:
    assert call("fit", workspace, "--blind-poi", "-o", "blind.json").exit_code == 0
    words = ("--count", "20") if command == "toys" else ("--asimov", "--blind-poi")
    found = [
        call(command, workspace, *words, "--set", "strength=1", "--after", fit) for fit in ("blind.json", fit_file)
    ]
    assert [result.exit_code for result in found] == [0, 0], found[0].stderr
    assert found[0].stdout == found[1].stdout
    result = call(command, workspace, *words[: 2 if command == "toys" else 1], "--after", "blind.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'the fit hides the value of "strength"' in result.stderr
    assert "--set strength=1" in result.stderr


def test_other_parameters_are_told(call: Call, rich: Path) -> None:
    assert call("scan", rich, "--blind-poi", "--parameter", "control", "--points", "3").exit_code == 0
    assert call("intervals", rich, "--blind-poi", "--parameter", "control").exit_code == 0
    assert call("intervals", rich, "--blind-poi", "--parameter", "*").exit_code == 2
    pair = ("--points", "5", "--parameter", "control", "--parameter")
    assert call("contour", rich, "--blind-poi", *pair, "everywhere").exit_code == 0
    assert call("contour", rich, "--blind-poi", *pair, "strength").exit_code == 2
    assert call("gof", rich, "--blind-poi").exit_code == 0


@pytest.mark.parametrize("command", ["ranking", "breakdown"])
def test_rankings_hide_it(call: Call, rich: Path, command: str) -> None:
    value = wilks.fit(wilks.compile_model(wilks.load_workspace(rich)))["strength"].value
    result = call(command, rich, "--blind-poi", "-o", "hidden.json")
    assert result.exit_code == 0
    assert " strength = hidden ± " in result.stdout
    hidden, shown = wilks.load_result("hidden.json"), decode_result(call(command, rich, "-o", "-").stdout)
    assert np.isnan(hidden.poi_values).all()
    assert shown.poi_values[0] == pytest.approx(value, rel=1e-6)
    for digits in range(3, 12):
        assert f"{value:.{digits}f}" not in Path("hidden.json").read_text() + result.stdout
    assert call("plot", "hidden.json", "-o", "hidden.png").exit_code == 0
    if command == "ranking":
        np.testing.assert_array_equal(hidden.impacts, shown.impacts)
        assert call("impacts", "hidden.json", "-o", "impacts.png").exit_code == 0
        refused = call("ranking", rich, "--blind-poi", "--impacts-json", "i.json")
        assert "has the value that --blind-poi hides" in refused.stderr


def test_blind_needs_a_parameter_of_interest(call: Call, workspace: Path) -> None:
    result = call("gof", workspace, "--poi", "", "--blind-poi")
    assert "--blind-poi: the model has no parameter of interest" in result.stderr
