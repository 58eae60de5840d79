"""Commands that start from a steering file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.small_analysis import DEGENERATE, STRENGTH, UNCERTAINTY, write_analysis

import wilks


def test_run_tells_what_it_does_and_where_the_figures_are(call: Call, config: Path) -> None:
    result = call("run", config)
    assert result.exit_code == 0
    assert result.stderr == ""
    stages = [line.split()[0] for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    before_fit = ["config", "templates", "workspace", "check", "variations"]
    after_fit = ["gof", "intervals", "ranking", "breakdown", "check", "report"]
    assert stages == [*before_fit, "fit", "pulls", "pre-fit", "post-fit", *after_fit, "figures", "everything"]
    assert f"fit result for strength: {STRENGTH:.2f} ± {UNCERTAINTY:.2f}\n" in result.stdout
    assert f"figures are in {Path('wilks-output') / 'figures'}" in result.stdout
    assert (Path.cwd() / "wilks-output" / "figures" / "pulls.pdf").is_file()


def test_run_does_what_is_asked_for(call: Call, config: Path) -> None:
    result = call("run", config, "--only", "gof,limit", "--search", "--figures", "none")
    assert result.exit_code == 0
    made = {path.name for path in Path("wilks-output").iterdir()}
    assert {"gof.json", "limit.json"} <= made
    assert not {"figures", "report.html", "significance.json", "breakdown.json"} & made
    wrong = call("run", config, "--skip", "rankin,gof", "--figures", "gif")
    assert wrong.exit_code == 2
    assert '--skip: no stage "rankin"' in wrong.stderr
    assert 'did you mean "ranking"?' in wrong.stderr
    assert '--figures: no format "gif"' in call("run", config, "--figures", "gif,png").stderr


def test_run_with_a_failing_fit_says_so_and_ends_with_one(call: Call, tmp_path: Path) -> None:
    result = call("run", write_analysis(tmp_path, DEGENERATE), "-o", "out")
    assert result.exit_code == 1
    assert "the fit FAILED: " in result.stdout
    assert "none after the fit" in result.stdout
    assert Path("out/fit.json").is_file()
    assert Path("out/figures/data_mc_SR_prefit.png").is_file()


def test_run_prints_errors_and_warnings_in_full_and_counts_the_rest(call: Call, shared_data: Path) -> None:
    result = call("run", shared_data / "ttbar-lesson" / "cabinetry_config.yml")
    assert result.exit_code == 0
    assert "fit        2NLL 57.054474" in result.stdout
    assert "fit result for ttbar_norm: 0.964 ± 0.076\n" in result.stdout
    assert '  error: systematic "Luminosity": ' in result.stdout
    assert '  error: systematic "W+jets scale variations": ' in result.stdout
    assert 'do not tell the sign of "W+jets scale variations"' in result.stdout
    findings = wilks.load_result("wilks-output/findings.json")
    notes = [finding for finding in findings if finding.severity == "note"]  # type: ignore[union-attr]
    assert f"{len(notes)} note" in result.stdout
    assert not any(str(note) in result.stdout for note in notes)


def test_run_lists_every_mistake_of_a_steering_file(call: Call, tmp_path: Path) -> None:
    path = write_analysis(tmp_path)
    path.write_text(
        path.read_text().replace("Samples: Signal", "Samples: Sgnal").replace("POI: strength", "POI: strenth")
    )
    result = call("run", path)
    assert result.exit_code == 2
    assert 'did you mean "Signal"?' in result.stderr
    assert 'did you mean "strength"?' in result.stderr
    assert all(line.startswith(f"wilks: {path}:") for line in result.stderr.splitlines())
    assert not Path("wilks-output").exists()


def test_templates_are_written(call: Call, config: Path) -> None:
    written = [f"wrote {Path('wilks-output') / name}\n" for name in ("templates.npz", "templates.json")]
    assert call("templates", config).stdout == "".join(written)
    assert call("templates", config, "--output", "deep/t.npz").exit_code == 0
    assert len(wilks.load_templates("wilks-output/templates.npz")) == len(wilks.load_templates("deep/t.npz")) == 6


def test_workspace_is_written_with_axes_or_printed(call: Call, config: Path, workspace: Path) -> None:
    assert call("workspace", config, "-o", "ws.json").exit_code == 0
    assert wilks.load_workspace("ws.json") == wilks.load_workspace(workspace)
    printed = call("workspace", config)
    assert json.loads(printed.stdout) == json.loads(workspace.read_text())
    assert call("workspace", config, "-o", "-").stdout == printed.stdout


def test_steering_file_from_standard_input(call: Call, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    printed = call("workspace", "-", input=config.read_bytes())
    assert printed.stdout == call("workspace", config).stdout


def test_unwritable_output_is_a_sentence(call: Call, config: Path) -> None:
    Path("file").write_text("")
    for command in ("run", "templates", "workspace"):
        result = call(command, config, "-o", "file/x")
        assert result.exit_code == 2
        assert result.stderr.startswith(f"wilks: {Path('file/x')}")
        assert "can't be written" in result.stderr


def test_schema_is_printed_or_written(call: Call) -> None:
    schema = json.loads(call("config", "schema").stdout)
    assert {"General", "Regions", "Samples"} <= schema["properties"].keys()
    assert call("config", "schema", "-o", "schema.json").stdout == "wrote schema.json\n"
    assert json.loads(Path("schema.json").read_text()) == schema
