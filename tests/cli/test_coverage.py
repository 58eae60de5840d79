"""Commands for Feldman-Cousins intervals, coverage and global significances, from files to figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.infer.searches import counting

import wilks


@pytest.fixture
def workspace(call: Call) -> str:
    Path("workspace.json").write_text(json.dumps(counting(2, 3, 6, bounds=(0, 30))))
    return "workspace.json"


def test_an_interval_is_found_saved_and_drawn(call: Call, workspace: str) -> None:
    result = call(
        "feldman-cousins", workspace, "--level", "0.9", "--toys", "200", "--precision", "0.1", "-o", "fc.json"
    )
    assert result.exit_code == 0, result.stderr
    assert "Feldman-Cousins interval of mu at 90 % CL" in result.stdout
    found = wilks.load_result("fc.json")
    assert found.toys == 200
    assert found.end_statuses == ("converged", "converged")
    assert call("plot", "fc.json", "-o", "fc.png").exit_code == 0
    assert Path("fc.png").stat().st_size > 0
    refused = call("feldman-cousins", workspace, "--level", "9", "--certainty", "0.1")
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 2
    hidden = call("feldman-cousins", workspace, "--blind-poi")
    assert hidden.exit_code == 2
    assert "while it is blind" in hidden.stderr


def test_coverage_is_counted_saved_and_drawn(call: Call, workspace: str) -> None:
    options = ("--values", "0,1", "--methods", "profile,cls", "--level", "0.9", "--toys", "50")
    result = call("coverage", workspace, *options, "-o", "coverage.json")
    assert result.exit_code == 0, result.stderr
    assert "Coverage of mu at 90 % CL" in result.stdout
    assert wilks.load_result("coverage.json").methods == ("profile", "cls")
    assert call("plot", "coverage.json", "-o", "coverage.png").exit_code == 0
    for wrong, said in (
        (("--values", "0,x"), "VALUE,VALUE"),
        (("--values", "1", "--methods", "profil"), 'did you mean "profile"'),
        (("--values", "1", "--set", "nu=1"), '"nu"'),
        ((), "--values"),
    ):
        refused = call("coverage", workspace, *wrong)
        assert refused.exit_code == 2
        assert said in refused.stderr


def test_weighted_toys(call: Call, workspace: str) -> None:
    result = call("significance", workspace, "--toys", "300", "--importance", "-o", "significance.json")
    assert result.exit_code == 0, result.stderr
    assert "300 weighted toys" in result.stdout
    assert wilks.load_result("significance.json").importance
    refused = call("significance", workspace, "--importance")
    assert refused.exit_code == 2
    assert "--toys N" in refused.stderr


def test_a_global_significance_is_found_saved_and_drawn(call: Call) -> None:
    background, signals = wilks.examples.search_grid()
    background.save("background.json")
    spec = {"metadata": {"name": "s", "description": "", "digests": dict(signals.digests), "references": {}}}
    patches = [
        {"metadata": {"name": p.name, "values": list(p.values)}, "patch": list(p.operations)}
        for p in signals.patches[1:4]
    ]
    spec["metadata"]["labels"] = list(signals.labels)  # type: ignore[assignment]
    Path("signals.json").write_text(json.dumps({**spec, "patches": patches, "version": "1.0.0"}))
    options = ("--patches", "signals.json", "--toys", "10")
    result = call("look-elsewhere", "background.json", *options, "-o", "global.json")
    assert result.exit_code == 0, result.stderr
    assert "3.081 sigma at X_600" in result.stdout
    assert len(wilks.load_result("global.json")) == 3
    assert call("plot", "global.json", "-o", "global.png").exit_code == 0
    refused = call("look-elsewhere", "background.json", *options, "--threshold", "-1")
    assert refused.exit_code == 2
    assert "threshold" in refused.stderr
