"""`wilks fit`."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.small_analysis import DEGENERATE, STRENGTH, UNCERTAINTY, write_analysis

import wilks
from wilks.results.fit import FitResult


def _result(path: str) -> FitResult:
    result = wilks.load_result(path)
    assert isinstance(result, FitResult)
    return result


def test_fit_prints_the_table(call: Call, workspace: Path) -> None:
    result = call("fit", workspace)
    assert result.exit_code == 0
    assert "status:      converged" in result.stdout
    assert result.stdout.endswith(f"fit result for strength: {STRENGTH:.2f} ± {UNCERTAINTY:.2f}\n")
    assert not list(Path.cwd().iterdir())


def test_fit_writes_and_prints(call: Call, workspace: Path) -> None:
    result = call("fit", workspace, "--output", "new/fit.json")
    assert "fit result for strength" in result.stdout
    assert result.stdout.endswith(f"wrote {Path('new/fit.json')}\n")
    assert _result("new/fit.json")["strength"].value == pytest.approx(STRENGTH, abs=1e-8)


def test_standard_input_and_output(call: Call, workspace: Path) -> None:
    result = call("fit", "-", "-o", "-", input=workspace.read_bytes())
    document = json.loads(result.stdout)
    assert document["kind"] == "fit"
    assert document["values"] == pytest.approx([STRENGTH], abs=1e-8)


def test_fixed_parameters(call: Call, workspace: Path) -> None:
    spec = json.loads(workspace.read_text())
    for channel in spec["channels"]:
        background = next(sample for sample in channel["samples"] if sample["name"] == "Background")
        background["modifiers"] += [{"name": name, "type": "normfactor", "data": None} for name in ("a=b", "c")]
    path = Path("three.json")
    path.write_text(json.dumps(spec))
    # The background keeps its size, so the signal is measured as without these factors.
    result = call("fit", path, "--fix", "a=b=1.25", "--fix", "c=0.8", "-o", "fit.json")
    assert result.exit_code == 0
    fitted = _result("fit.json")
    assert (fitted["a=b"].value, fitted["c"].value) == (1.25, 0.8)
    assert [p.name for p in fitted if p.fixed] == ["a=b", "c"]
    assert fitted["strength"].value == pytest.approx(STRENGTH, abs=1e-8)
    assert fitted["strength"].uncertainty == pytest.approx(UNCERTAINTY, rel=1e-8)


@pytest.mark.parametrize("wrong", ["strength", "strength=", "strength=much", ""])
def test_a_value_to_fix_must_be_a_number(call: Call, workspace: Path, wrong: str) -> None:
    result = call("fit", workspace, "--fix", wrong)
    assert result.exit_code == 2
    assert f'"{wrong}" is not NAME=VALUE' in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--fix", "strenth=1", 'no parameter "strenth"'),
        ("--fix", "strength=nan", "needs a finite value"),
        ("--measurement", "smal", 'did you mean "small"?'),
        ("--poi", "strenth", 'did you mean "strength"?'),
        ("--minimizer", "newtn", 'did you mean "newton"?'),
    ],
)
def test_wrong_choices_are_sentences(call: Call, workspace: Path, option: str, value: str, sentence: str) -> None:
    result = call("fit", workspace, option, value)
    assert result.exit_code == 2
    assert result.stderr.startswith("wilks: ")
    assert sentence in result.stderr


def test_unknown_names_to_fix_get_those_allowed(call: Call, workspace: Path) -> None:
    result = call("fit", workspace, "--fix", "stre=1", "--fix", "other=1")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        'wilks: --fix: no parameter "stre" in this model; the model has "strength"; did you mean "strength"?',
        'wilks: --fix: no parameter "other" in this model; the model has "strength"',
    ]


def test_of_many_names_only_the_nearest_is_told(call: Call, shared_data: Path) -> None:
    result = call("fit", shared_data / "ttbar-lesson" / "workspace.json", "--fix", "Lumi=0")
    assert result.stderr == 'wilks: --fix: no parameter "Lumi" in this model; did you mean "Luminosity"?\n'


def test_value_outside_the_bounds_is_used_and_pointed_out(call: Call, workspace: Path) -> None:
    for name in ("strength", "str*"):
        result = call("fit", workspace, "--fix", f"{name}=12.5", "-o", "fit.json")
        assert result.exit_code == 0
        assert result.stderr == 'wilks: warning: --fix: "strength" is kept at 12.5, outside its bounds -5 to 10\n'
        assert _result("fit.json")["strength"].value == 12.5
    assert call("fit", workspace, "--fix", "strength=10").stderr == ""


def test_background_only_workspace_says_what_it_needs(call: Call, shared_data: Path) -> None:
    path = shared_data / "likelihoods" / "atlas-3L-eRJR-2018-06" / "BkgOnly.json"
    result = call("fit", path)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert '"mu_SIG"' in result.stderr
    assert "signal patch" in result.stderr
    assert '--poi ""' in result.stderr
    assert "did you mean" not in result.stderr
    assert "status:      converged" in call("fit", path, "--poi", "").stdout


def test_measurement_and_poi_are_used(call: Call, workspace: Path) -> None:
    spec = json.loads(workspace.read_text())
    spec["measurements"].append({"name": "second", "config": {"poi": "", "parameters": []}})
    path = Path("two.json")
    path.write_text(json.dumps(spec))
    assert call("fit", path, "--measurement", "second", "-o", "second.json").exit_code == 0
    assert (_result("second.json").measurement, _result("second.json").poi) == ("second", None)
    assert call("fit", path, "--measurement", "second", "--poi", "strength", "-o", "poi.json").exit_code == 0
    assert _result("poi.json").poi == "strength"


def test_second_opinion_agrees(call: Call, workspace: Path) -> None:
    assert call("fit", workspace, "--minimizer", "minuit", "-o", "minuit.json").exit_code == 0
    assert _result("minuit.json").minimizer == "minuit"
    assert _result("minuit.json")["strength"].value == pytest.approx(STRENGTH, abs=1e-3 * UNCERTAINTY)


def test_failed_fit_is_written_and_ends_with_one(call: Call, tmp_path: Path) -> None:
    assert call("workspace", write_analysis(tmp_path, DEGENERATE), "-o", "flat.json").exit_code == 0
    result = call("fit", "flat.json", "-o", "fit.json")
    assert result.exit_code == 1
    assert "NOT CONVERGED" in result.stdout
    assert "fit result for" not in result.stdout
    assert not _result("fit.json").converged


def test_result_that_can_not_be_written_any_more_is_printed(
    call: Call, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: object, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("wilks.results.encoding.write_atomically", full)
    result = call("fit", workspace, "-o", "fit.json")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr
    assert "fit result for strength" in result.stdout


@pytest.mark.parametrize(
    ("name", "twice_nll", "line"),
    [("workspace", 57.054474, "0.964 ± 0.076"), ("workspace_repaired", 55.849878, "0.981 ± 0.075")],
)
def test_lesson_as_published_and_repaired(
    call: Call, shared_data: Path, name: str, twice_nll: float, line: str
) -> None:
    result = call("fit", shared_data / "ttbar-lesson" / f"{name}.json", "-o", "fit.json")
    assert f"fit result for ttbar_norm: {line}\n" in result.stdout
    assert _result("fit.json").twice_nll == pytest.approx(twice_nll, abs=1e-6)
