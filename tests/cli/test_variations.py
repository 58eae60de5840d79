"""The command that draws variations, and `wilks check --strict-cabinetry`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.small_analysis import CONFIG, write_analysis

SYSTEMATICS = """
Systematics:
  - {Name: Lumi, Type: Normalization, Up: {Normalization: 0.02}, Down: {Symmetrize: True}}
  - {Name: Scale A, Type: Normalization, Up: {Normalization: 0.3}, Down: {Normalization: 0.1}, Samples: Background}
"""


@pytest.fixture
def varied(tmp_path: Path) -> Path:
    return write_analysis(tmp_path / "varied", CONFIG + SYSTEMATICS)


def test_everything_at_a_glance(call: Call, varied: Path) -> None:
    result = call("variations", varied, "-o", "out")
    assert result.exit_code == 0
    assert {path.name for path in Path("out").iterdir()} == {
        f"{name}.{suffix}" for name in ("variations_SR", "variations_C-R", "pruning") for suffix in ("pdf", "png")
    }
    assert "+30.00 / +10.00" in result.stdout
    assert f"wrote {Path('out') / 'pruning.pdf'}" in result.stdout


def test_some_in_full_from_a_file_of_templates(call: Call, varied: Path) -> None:
    assert call("templates", varied, "-o", "t.npz").exit_code == 0
    result = call("variations", "t.npz", "--systematic", "Scale*", "--region", "SR", "--style", "CMS")
    assert result.exit_code == 0
    names = {path.name for path in Path("figures/variations").iterdir()}
    assert names == {"Scale-A_SR_Background.pdf", "Scale-A_SR_Background.png"}


def test_on_the_sum_of_all_samples(call: Call, varied: Path) -> None:
    result = call("variations", varied, "--systematic", "Scale*", "--data", "Data", "-o", "out")
    assert result.exit_code == 0
    assert {path.name for path in Path("out").glob("*.png")} == {
        f"Scale-A_{region}_total.png" for region in ("SR", "C-R")
    }


def test_some_at_a_glance(call: Call, varied: Path) -> None:
    result = call(
        "variations", varied, "--systematic", "Scale*", "--glance", "--region", "SR", "--rows", "1", "-o", "out"
    )
    assert result.exit_code == 0
    assert {path.name for path in Path("out").glob("*.png")} == {"variations_SR.png", "pruning.png"}
    assert "Lumi" not in result.stdout


def test_of_a_workspace(call: Call, varied: Path, tmp_path: Path) -> None:
    assert call("workspace", varied, "-o", "w.json").exit_code == 0
    result = call("variations", "w.json", "-o", "out")
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path("out").glob("*.png")} == {
        f"{name}.png" for name in ("variations_SR", "variations_C-R", "modifiers")
    }
    assert "+30.00 / +10.00" in result.stdout
    assert not result.stderr
    full = call("variations", "w.json", "--systematic", "Scale A", "--data", "Data", "--region", "SR", "-o", "full")
    assert full.exit_code == 0, full.output
    assert [path.name for path in Path("full").glob("*.png")] == ["Scale-A_SR_total.png"]


def test_more_panels_than_asked_for_are_told_before(call: Call, varied: Path) -> None:
    result = call("variations", varied, "--most", "3", "-o", "out")
    assert result.exit_code == 0
    assert '6 panels (2 regions, 2 samples, 2 systematics); 3 are drawn: "SR"' in result.stderr
    assert "--most 6 draws all" in result.stderr
    assert {path.name for path in Path("out").glob("*.png")} == {"variations_SR.png", "pruning.png"}
    all_of_one = call("variations", varied, "--systematic", "*", "--most", "2", "-o", "full")
    assert "figures; the first 2 are drawn" in all_of_one.stderr
    assert len(list(Path("full").glob("*.png"))) == 2
    assert not call("variations", varied, "--most", "6", "-o", "out").stderr


def test_mistakes_are_sentences(call: Call, varied: Path, config: Path) -> None:
    result = call("variations", varied, "--systematic", "Scle A", "--sample", "Signl")
    assert result.exit_code == 2
    assert 'wilks: --systematic: no systematic "Scle A"; did you mean "Scale A"?' in result.stderr
    assert 'wilks: --sample: no sample "Signl"; did you mean "Signal"?' in result.stderr
    assert "draws the figures of --systematic" in call("variations", varied, "--data", "Data").stderr
    assert "not on a --sample" in call("variations", varied, "--systematic", "*", "--data", "D", "--sample", "S").stderr
    wrong = call("variations", varied, "--systematic", "*", "--data", "Dat")
    assert wrong.exit_code == 2
    assert '--data: no sample "Dat"; did you mean "Data"?' in wrong.stderr
    assert "--glance is for the systematics" in call("variations", varied, "--glance").stderr
    assert (
        "--rows is for systematics at a glance" in call("variations", varied, "--systematic", "*", "--rows", "3").stderr
    )
    assert "there is no systematic to draw" in call("variations", config).stderr
    assert call("variations", varied, "--style", "nope").exit_code == 2


def test_what_cabinetry_does_not_know(call: Call, varied: Path, config: Path) -> None:
    result = call("check", "--strict-cabinetry", varied)
    assert result.exit_code == 1
    assert f"{varied}:18  Systematics[0].Down.Symmetrize: cabinetry mirrors varied histograms only" in result.stdout
    assert call("check", "--strict-cabinetry", config).exit_code == 0
    from_stdin = call("check", "--strict-cabinetry", "-", input=varied.read_bytes())
    assert from_stdin.exit_code == 1
    assert "Systematics[0].Down.Symmetrize" in from_stdin.stdout


def test_a_workspace_has_nothing_to_do_with_cabinetry(call: Call, workspace: Path) -> None:
    result = call("check", "--strict-cabinetry", workspace)
    assert result.exit_code == 2
    assert "not a steering file" in result.stderr
