"""Every command on workspaces in which something is missing: a result or a sentence, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.infer.test_every_verb import MODELS

COMMANDS = [
    ("check",),
    ("inspect",),
    ("fit", "--minos", "*"),
    ("intervals",),
    ("scan", "--points", "4"),
    ("ranking",),
    ("breakdown",),
    ("hypotest",),
    ("limit",),
    ("significance", "--toys", "5"),
    ("feldman-cousins", "--toys", "5", "--precision", "0.5"),
    ("coverage", "--values", "1", "--toys", "3"),
    ("gof", "--toys", "5"),
    ("compatibility",),
    ("toys", "--count", "5"),
    ("yields",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[command[0] for command in COMMANDS])
def test_an_answer_or_a_sentence(call: Call, command: tuple[str, ...]) -> None:
    for spec in MODELS.values():
        Path("workspace.json").write_text(json.dumps(spec))
        result = call(command[0], "workspace.json", *command[1:], "-o", "result.json")
        assert result.exit_code in (0, 1, 2)
        assert result.stdout or result.stderr
        if result.exit_code == 2:
            assert "Error" in result.stderr or result.stderr.startswith("wilks:")


def test_a_parameter_without_effect_leaves_a_fit_that_succeeds(call: Call) -> None:
    Path("workspace.json").write_text(json.dumps(MODELS["idle factor"]))
    result = call("fit", "workspace.json", "-o", "fit.json")
    assert result.exit_code == 0
    assert "no effect" in result.stdout
    assert "k = 1 (no rate depends on it" in result.stdout
    assert call("yields", "workspace.json", "--fit", "fit.json").exit_code == 0
    assert call("pulls", "fit.json", "-o", "pulls.pdf").exit_code == 0
    assert call("check", "fit.json", "--strict").exit_code == 0


def test_a_flat_combination_fails_and_leaves_the_others(call: Call) -> None:
    Path("workspace.json").write_text(json.dumps(MODELS["flat"]))
    result = call("fit", "workspace.json", "-o", "fit.json")
    assert result.exit_code == 1
    assert "jes" in result.stdout
    assert "0.0 ± 1.0" in result.stdout
    assert "--fix k=1" in result.stdout
    yields = call("yields", "workspace.json", "--fit", "fit.json")
    assert yields.exit_code == 0
    assert "57 ± 8" in yields.stdout
    assert call("correlations", "fit.json", "-o", "correlations.pdf").exit_code in (0, 2)


def test_check_of_some_channels(call: Call) -> None:
    spec = MODELS["all at bounds"]
    Path("workspace.json").write_text(json.dumps(spec))
    assert call("check", "workspace.json", "--channels", "SR").exit_code == 0
    assert call("check", "workspace.json", "--channels", "XR").exit_code == 2
    assert call("fit", "workspace.json", "-o", "fit.json").exit_code == 0
    refused = call("check", "fit.json", "--channels", "SR")
    assert refused.exit_code == 2
    assert "only a workspace has channels" in refused.stderr


def test_an_idle_parameter_of_interest_has_no_limits(call: Call) -> None:
    Path("workspace.json").write_text(json.dumps(MODELS["idle POI"]))
    result = call("limit", "workspace.json")
    assert result.exit_code == 1
    assert 'no rate depends on "mu"' in result.stdout
    fitted = call("fit", "workspace.json")
    assert fitted.exit_code == 0
    assert "fit result for mu: 1 (no rate depends on it)" in fitted.stdout
