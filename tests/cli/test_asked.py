"""What commands of inference share: bounds, and conditions below every result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.infer.profiled import factor, free, specification

import wilks
from wilks.results.conditions import conditions_of

SAMPLES = {
    "s": ([5.0, 0.1], [free("mu")]),
    "b": ([1.0, 1.0], [free("k")]),
    "c": ([2.0, 2.0], [factor("a", 0.9, 1.1)]),
}
COMMANDS = {
    "fit": (),
    "limit": (),
    "hypotest": (),
    "significance": (),
    "intervals": (),
    "scan": ("--points", "5"),
    "contour": ("--parameter", "mu", "--parameter", "a", "--points", "5"),
    "ranking": ("--method", "covariance"),
    "breakdown": (),
    "gof": (),
    "grid": ("--vary", "a=0,1"),
}


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A factor at its default bound."""
    path = tmp_path / "held.json"
    path.write_text(json.dumps(specification([20.0, 16.0], SAMPLES, poi="mu")))
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_conditions_are_printed_saved_and_found(call: Call, held: Path, command: str) -> None:
    shown = call(command, held, *COMMANDS[command], "-o", "result.json")
    assert shown.exit_code in (0, 1)  # a parameter at its bound may have no impact
    assert shown.stdout.count('"k" ends at its bound 10, a default') == 1
    assert '--bounds "k=0:100"' in shown.stdout
    (condition,) = conditions_of(wilks.load_result("result.json"))
    assert condition.rule == "at-bound"
    found = call("check", "result.json")
    assert found.exit_code == 0
    assert "[at-bound]" in found.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "toys"])
def test_bounds(call: Call, held: Path, command: str) -> None:
    own = COMMANDS.get(command, ("--count", "20"))
    shown = call(command, held, *own, "--bounds", "k=0:100", "-o", "result.json")
    assert shown.exit_code == 0
    assert "[at-bound]" not in shown.stdout
    wrong = call(command, held, *own, "--bounds", "kk=0:100")
    assert wrong.exit_code == 2
    assert 'bounds: no parameter "kk"' in wrong.stderr
    assert call(command, held, *own, "--bounds", "k=0").exit_code == 2


def test_bounds_are_those_of_asking_in_python(call: Call, held: Path) -> None:
    call("limit", held, "--bounds", "k=0:100", "-o", "limit.json")
    model = wilks.compile_model(wilks.load_workspace(held))
    assert wilks.load_result("limit.json").observed == wilks.limit(model, bounds={"k": (0, 100)}).observed


def test_chi_square_has_no_bounds(call: Call, held: Path) -> None:
    result = call("gof", held, "--chi-square", "--bounds", "k=0:100")
    assert result.exit_code == 2
    assert "--chi-square makes none" in result.stderr


@pytest.mark.parametrize("command", ["fit", "ranking", "breakdown"])
def test_hidden_values_are_not_told(call: Call, held: Path, command: str) -> None:
    shown = call(command, held, *COMMANDS[command], "--blind-poi", "-o", "result.json")
    assert '"k" ends at its bound 10' in shown.stdout
    assert '"mu" is then' not in shown.stdout
    assert '"mu" is then' not in Path("result.json").read_text()


def test_intervals_beside_a_fit_do_not_repeat_it(call: Call, held: Path) -> None:
    assert call("fit", held, "--minos", "mu").stdout.count("[at-bound]") == 1


def test_predictions_tell_it_on_standard_error(call: Call, held: Path) -> None:
    call("fit", held, "-o", "fit.json")
    result = call("yields", held, "--fit", "fit.json")
    assert result.exit_code == 0
    assert "[at-bound]" in result.stderr
    assert "[at-bound]" not in result.stdout
