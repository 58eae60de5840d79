"""Commands on a workspace with functions, masks and correlations: what is renamed, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.workspace.wide import wide

from wilks.cli import main


@pytest.fixture
def given(tmp_path: Path) -> str:
    wide().save(tmp_path / "wide.json")
    return str(tmp_path / "wide.json")


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_names_that_only_functions_have_are_renamed_without_saying_what_they_are(given: str) -> None:
    spec = json.loads(printed("rename", given, "kt=kappa", "helper=log_g"))
    assert [function["expression"] for function in spec["functions"]][::2] == ["kappa * kappa", "exp(log_g) - 1"]


def test_parameters_that_both_have_are_said(given: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    printed("rename", given, "-c", "*", "*'", "--measurement", "fit", "fit B", "-o", str(other))
    result = CliRunner().invoke(main, ["combine", given, str(other)])
    assert result.exit_code == 0, result.output
    assert '"kt2"' in result.stderr
    apart = CliRunner().invoke(main, ["combine", given, str(other), "--rename-modifiers", "*=*_B"])
    assert apart.exit_code == 0, apart.output
    assert "parameters that both have: none" in apart.stderr


def test_what_is_there_is_printed(given: str) -> None:
    assert "normal (0 + 0.5 - 1.5)" in printed("inspect", given)
    assert "normfactor, function of kt" in printed("modifiers", given)
