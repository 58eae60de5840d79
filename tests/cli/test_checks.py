"""`wilks check`."""

from __future__ import annotations

import json
from pathlib import Path

import boost_histogram as bh
import pytest
import uproot
from tests.cli.conftest import Call
from tests.results.goodness_records import make_goodness
from tests.small_analysis import CONFIG, EDGES, write_analysis

import wilks
from wilks.cli.checks import _is_workspace
from wilks.results.io import decode_result


@pytest.fixture
def defective(workspace: Path, tmp_path: Path) -> Path:
    """Return a workspace with a systematic whose two sides are the same."""
    spec = json.loads(workspace.read_text())
    for channel in spec["channels"]:
        modifier = {"name": "both up", "type": "normsys", "data": {"lo": 1.03, "hi": 1.03}}
        channel["samples"][0]["modifiers"].append(modifier)
    path = tmp_path / "defective.json"
    path.write_text(json.dumps(spec))
    return path


def test_findings_are_printed_counted_and_written(call: Call, defective: Path) -> None:
    result = call("check", defective, "-o", "findings.json")
    findings = wilks.check(wilks.load_workspace(defective))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{findings}\n\n")
    assert 'error: systematic "both up"' in result.stdout
    assert "\n1 error" in result.stdout
    assert wilks.load_result("findings.json") == findings


def test_findings_are_printed_as_json(call: Call, defective: Path) -> None:
    result = call("check", defective, "-o", "-", "--strict")
    assert result.exit_code == 1
    assert decode_result(result.stdout) == wilks.check(wilks.load_workspace(defective))
    assert not list(Path.cwd().iterdir())


def test_results_that_toys_are_behind(call: Call, tmp_path: Path) -> None:
    make_goodness(1000).save(tmp_path / "gof.json")
    result = call("check", tmp_path / "gof.json")
    assert "10 of 1000 toys (1.0 %) have no fit" in result.output
    assert "no findings" in call("check", tmp_path / "gof.json", "--threshold", "LostToys=0.02").output


def test_strict_ends_with_one_for_errors_only(call: Call, defective: Path, workspace: Path) -> None:
    assert call("check", defective, "--strict").exit_code == 1
    assert call("check", workspace, "--strict").exit_code == 0


def test_steering_file_is_checked_with_its_templates_and_workspace(call: Call, tmp_path: Path) -> None:
    both_up = "{Name: rate, Type: Normalization, Up: {Normalization: 0.03}, Down: {Normalization: 0.03}}"
    path = write_analysis(tmp_path, f"{CONFIG}Systematics:\n  - {both_up}\n")
    overflowing = bh.Histogram(bh.axis.Variable(EDGES), storage=bh.storage.Weight())
    overflowing.fill([5.0, 15.0, 25.0, 60.0, 60.0], weight=[100.0, 80.0, 60.0, 40.0, 40.0])
    with uproot.update(tmp_path / "input" / "histograms.root") as file:
        file["SR/background"] = overflowing
    result = call("check", path)
    assert result.exit_code == 0
    assert "[identical-sides]" in result.stdout
    assert "[outside-edges]" in result.stdout
    loaded = wilks.load_config(path)
    templates = wilks.process_templates(wilks.build_templates(loaded), loaded)
    found = [str(f) for s in (loaded, templates, wilks.build_workspace(templates, loaded)) for f in wilks.check(s)]
    assert sorted(result.stdout.partition("\n\n")[0].splitlines()) == sorted(found)


def test_thresholds_of_steering_file_and_command_line(call: Call, tmp_path: Path) -> None:
    rate = "{Name: rate, Type: Normalization, Up: {Normalization: 0.15}, Down: {Symmetrize: True}}"
    text = f"{CONFIG}Systematics:\n  - {rate}\n"
    plain = write_analysis(tmp_path / "plain", text)
    assert "more than 10 %" in call("check", plain).stdout
    stricter = call("check", plain, "--threshold", "LargeEffect=0.12", "--threshold", "huge_effect=0.14").stdout
    assert "warning: systematic " in stricter
    general = next(line for line in text.splitlines() if line.strip().startswith("Measurement:"))
    indent = general[: len(general) - len(general.lstrip())]
    checks = f"{general}\n{indent}Checks: {{LargeEffect: 0.2}}"
    given = write_analysis(tmp_path / "given", text.replace(general, checks))
    assert "large-effect" not in call("check", given).stdout
    assert "large-effect" in call("check", given, "--threshold", "LargeEffect=0.1").stdout
    assert call("run", given, "-o", "out").exit_code == 0
    assert not wilks.load_result("out/findings.json").of_rule("large-effect").items


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("LargeEfect=0.2", 'no threshold "LargeEfect"; did you mean "LargeEffect"?'),
        ("pull=much", "pull=much: must be a number that is not below 0"),
        ("individually=0", "individually=0: must be a whole number above 0"),
        ("pull", "pull=: must be a number"),
    ],
)
def test_wrong_thresholds(call: Call, workspace: Path, setting: str, sentence: str) -> None:
    result = call("check", workspace, "--threshold", setting)
    assert result.exit_code == 2
    assert f"wilks: --threshold: {sentence}" in result.stderr


def test_what_is_printed(call: Call, defective: Path) -> None:
    details = call("check", defective, "--details", "--at-least", "error", "-o", "findings.json").stdout
    first = wilks.load_result("findings.json").items[0].cases[0]
    assert f"\n    both up / {first.region} / {first.sample}: value_u 1.03, value_d 1.03\n" in details
    assert "\nnote: " not in details
    assert len(wilks.load_result("findings.json")) == len(wilks.check(wilks.load_workspace(defective)))


def test_standard_input_is_either(call: Call, config: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    assert call("check", "-", input=config.read_bytes()).stdout == call("check", config).stdout
    assert call("check", "-", input=workspace.read_bytes()).stdout == call("check", workspace).stdout


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"channels": []}', True),
        (b' \n{ "version": "1.0.0", ', True),
        (b'\xef\xbb\xbf{"channels": []}', True),
        (b"{}", True),
        (b'{"General": {}, "Regions": []}', False),
        (b"General:\n  POI: mu\n", False),
        (b"{General: {POI: mu}}", False),
        (b"", False),
        (b"[1]", False),
    ],
)
def test_kind_is_seen_from_the_content(content: bytes, expected: bool) -> None:
    assert _is_workspace(content) is expected


def test_lesson_has_two_defects_and_its_repair_none(call: Call, shared_data: Path) -> None:
    lesson = shared_data / "ttbar-lesson"
    for name in ("cabinetry_config.yml", "workspace.json"):
        errors = [line for line in call("check", lesson / name).stdout.splitlines() if line.startswith("error: ")]
        assert len(errors) == 2
        assert any('"Luminosity"' in line for line in errors)
        assert any('"W+jets scale variations"' in line for line in errors)
    repaired = call("check", lesson / "workspace_repaired.json", "--strict")
    assert repaired.exit_code == 0
    assert '"Luminosity"' not in repaired.stdout
