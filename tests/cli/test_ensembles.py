"""`wilks gof`, `wilks compatibility`, `wilks toys`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call

import wilks


def test_goodness_of_fit(call: Call, workspace: Path) -> None:
    expected = wilks.goodness_of_fit(wilks.compile_model(wilks.load_workspace(workspace)), toys=50, seed=4)
    result = call("gof", workspace, "--toys", "50", "--seed", "4", "-o", "gof.json")
    assert result.exit_code == 0
    assert result.stdout == f"{expected}\nwrote gof.json\n"
    saved = wilks.load_result("gof.json")
    assert saved.toys.tolist() == expected.toys.tolist()
    assert call("plot", "gof.json", "-o", "gof.png").exit_code == 0
    assert json.loads(call("gof", workspace, "-o", "-").stdout)["kind"] == "gof"
    asimov = call("gof", workspace, "--asimov", "--set", "strength=2").stdout
    assert "Asimov (pre-fit), strength = 2" in asimov
    assert "statistic:   0.000000" in asimov


def test_chi_square(call: Call, workspace: Path, fit_file: Path) -> None:
    assert "test:        chi-square, pre-fit" in call("gof", workspace, "--chi-square").stdout
    assert call("fit", workspace, "--channels", "SR", "-o", "sr.json").exit_code == 0
    result = call("gof", workspace, "--channels", "C*", "--chi-square", "--fit", "sr.json")
    assert "chi-square, post-fit of other data" in result.stdout
    assert "the fit used these data" in call("gof", workspace, "--chi-square", "--fit", fit_file).stderr
    assert "needs --chi-square" in call("gof", workspace, "--fit", fit_file).stderr
    assert "takes none" in call("gof", workspace, "--chi-square", "--toys", "5").stderr


def test_a_failed_fit_ends_with_code_1(call: Call, workspace: Path) -> None:
    spec = json.loads(workspace.read_text())
    for channel in spec["channels"]:
        for sample in channel["samples"]:
            if sample["name"] == "Signal":
                sample["modifiers"].append({"name": "twin", "type": "normfactor", "data": None})
    Path("flat.json").write_text(json.dumps(spec))
    for command in (("gof",), ("compatibility",), ("toys", "--count", "20")):
        result = call(command[0], "flat.json", *command[1:])
        assert result.exit_code == 1, command
        assert "flat" in result.stdout


def test_compatibility(call: Call, workspace: Path) -> None:
    loaded = wilks.load_workspace(workspace)
    expected = wilks.compatibility(wilks.compile_model(loaded), workspace=loaded)
    result = call("compatibility", workspace, "-o", "c.json")
    assert result.stdout == f"{expected}\nwrote c.json\n"
    assert call("plot", "c.json", "-o", "c.png").exit_code == 0
    grouped = call("compatibility", workspace, "--group", "one=SR", "--group", "two=C*")
    assert "one" in grouped.stdout
    assert f"{expected.statistic:.6f}" in grouped.stdout
    assert '"x" is not NAME=CHANNELS' in call("compatibility", workspace, "--group", "x").stderr
    with_toys = wilks.compatibility(wilks.compile_model(loaded), workspace=loaded, toys=40, seed=3)
    result = call("compatibility", workspace, "--toys", "40", "--seed", "3", "--threads", "1", "-o", "toys.json")
    assert result.stdout == f"{with_toys}\nwrote toys.json\n"
    assert wilks.load_result("toys.json").toys.tolist() == with_toys.toys.tolist()
    assert "nothing to compare" in call("compatibility", workspace, "--channels", "SR").stderr


def test_toys(call: Call, workspace: Path, fit_file: Path) -> None:
    model, result = wilks.compile_model(wilks.load_workspace(workspace)), wilks.load_result(fit_file)
    expected = wilks.toys(
        model, result, values={"strength": 1.5}, count=60, seed=4, profile="strength", folder="python"
    )
    options = ("--count", "60", "--seed", "4", "--after", fit_file, "--set", "strength=1.5", "--profile", "str*")
    printed = call("toys", workspace, *options, "--folder", "shell", "-o", "toys.json")
    assert printed.exit_code == 0
    assert printed.stdout == f"{expected}\nwrote toys.json\n".replace("python", "shell")
    assert (Path("python") / "toys-00000000.npz").stat().st_size == (Path("shell") / "toys-00000000.npz").stat().st_size
    assert call("plot", "toys.json", "-o", "toys.png").exit_code == 0
    assert 'another "seed"' in call("toys", workspace, *options, "--seed", "5", "--folder", "shell").stderr
    assert 'no parameter "nu"' in call("toys", workspace, "--profile", "nu").stderr
    assert json.loads(call("toys", workspace, "--count", "5", "-o", "-").stdout)["done"] == 5
    assert call("toys", workspace, "--count", "0").exit_code == 2


@pytest.mark.parametrize("command", ["gof", "compatibility", "toys"])
def test_channels_and_bins_are_left_out(call: Call, workspace: Path, command: str) -> None:
    assert 'no channel "nope"' in call(command, workspace, "--blind", "nope").stderr
    assert 'no channel "nope"' in call(command, workspace, "--channels", "nope").stderr
    assert "every bin is masked" in call(command, workspace, "--blind", "*").stderr
