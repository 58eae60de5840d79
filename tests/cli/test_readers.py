"""Commands that show a workspace, a fit, or a prediction."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Call
from tests.small_analysis import BACKGROUND, DATA, SIGNAL

import wilks


def test_inspect_prints_the_summary(call: Call, workspace: Path) -> None:
    summary = wilks.inspect(wilks.load_workspace(workspace))
    assert call("inspect", workspace).stdout == f"{summary}\n\n{summary.count}\n"
    assert call("inspect", "-", input=workspace.read_bytes()).stdout == f"{summary}\n\n{summary.count}\n"
    assert call("inspect", workspace, "-o", "summary.txt").stdout == "wrote summary.txt\n"
    assert Path("summary.txt").read_text(encoding="utf-8") == f"{summary}\n\n{summary.count}\n"


def test_pulls_are_drawn_in_the_formats_asked_for(call: Call, fit_file: Path) -> None:
    assert call("pulls", fit_file, "-o", "p.png").stdout == "wrote p.png\n"
    assert Path("p.png").read_bytes().startswith(b"\x89PNG")
    assert call("pulls", "-", input=fit_file.read_bytes()).exit_code == 0
    assert sorted(path.name for path in Path("figures").iterdir()) == ["pulls.pdf", "pulls.png"]


def test_pulls_of_something_else_and_unknown_formats_are_sentences(call: Call, fit_file: Path, workspace: Path) -> None:
    findings = Path("findings.json")
    wilks.check(wilks.load_workspace(workspace)).save(findings)
    assert 'findings of "wilks check", not the result of a fit; ' in call("pulls", findings).stderr
    result = call("pulls", fit_file, "-o", "p.pgn")
    assert result.exit_code == 2
    assert 'did you mean "png"?' in result.stderr
    assert "can't be read" in call("pulls", "nope.json").stderr or "no such" in call("pulls", "nope.json").stderr


def test_data_mc_before_and_after_the_fit(call: Call, workspace: Path, fit_file: Path) -> None:
    result = call("data-mc", workspace, "--fit", fit_file, "-o", "after")
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 4
    names = sorted(path.name for path in Path("after").iterdir())
    assert names == [f"data_mc_{c}_postfit.{s}" for c in ("C-R", "SR") for s in ("pdf", "png")]
    assert call("data-mc", workspace).exit_code == 0
    assert Path("figures/data_mc_SR_prefit.pdf").is_file()


def test_data_mc_has_a_summary_and_chooses_its_axes(call: Call, workspace: Path) -> None:
    result = call("data-mc", workspace, "--summary", "--log", "-o", "all")
    assert result.exit_code == 0
    assert sorted(path.name for path in Path("all").iterdir()) == ["summary_prefit.pdf", "summary_prefit.png"]
    for asked in ("--log", "--linear"):
        assert call("data-mc", workspace, asked, "-o", asked.strip("-")).exit_code == 0
    logarithmic, linear = (Path(name) / "data_mc_SR_prefit.png" for name in ("log", "linear"))
    assert logarithmic.read_bytes() != linear.read_bytes()
    refused = call("data-mc", workspace, "--log-x")
    assert refused.exit_code == 2
    assert "begins at 0, and a logarithmic axis needs edges above 0" in refused.stderr
    assert "--summary numbers the bins" in call("data-mc", workspace, "--summary", "--log-x").stderr


def _numbers(table: str, row: str) -> list[float]:
    line = next(line for line in table.splitlines() if line.startswith(row))
    return [float(cell) for cell in line.removeprefix(row).replace("±", " ").split()]


def test_yields_before_and_after_the_fit(call: Call, workspace: Path, fit_file: Path) -> None:
    before = call("yields", workspace).stdout
    after = call("yields", workspace, "--fit", fit_file).stdout
    channels = sorted(SIGNAL)
    assert before.startswith("Yields, pre-fit")
    assert _numbers(before, "total") == [sum(SIGNAL[c]) + sum(BACKGROUND[c]) for c in channels]
    assert after.startswith("Yields, post-fit")
    assert _numbers(after, "total")[::2] == pytest.approx([sum(DATA[c]) for c in channels], abs=1)
    assert _numbers(after, "data") == [sum(DATA[c]) for c in channels]


@pytest.mark.parametrize(
    ("markup", "mark"), [("text", "---"), ("markdown", "| ---"), ("latex", r"\hline"), ("html", "<table>")]
)
def test_formats_of_yields(call: Call, workspace: Path, markup: str, mark: str) -> None:
    printed = call("yields", workspace, "--format", markup).stdout
    table = wilks.tables.yields(wilks.predict(wilks.compile_model(wilks.load_workspace(workspace))))
    assert printed == f"{getattr(table, markup)()}\n"
    assert mark in printed.replace(":---", " ---")
    assert call("yields", workspace, "--format", markup, "-o", "out").stdout == "wrote out\n"
    assert Path("out").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize(
    ("output", "markup"),
    [("y.tex", "latex"), ("y.md", "markdown"), ("y.HTML", "html"), ("y.txt", "text"), ("y", "text"), ("-", "text")],
)
def test_format_of_yields_is_that_of_the_suffix(call: Call, workspace: Path, output: str, markup: str) -> None:
    expected = call("yields", workspace, "--format", markup).stdout
    printed = call("yields", workspace, "-o", output).stdout
    assert (printed if output == "-" else Path(output).read_text(encoding="utf-8")) == expected
    assert call("yields", workspace, "--format", "text", "-o", "other.tex").exit_code == 0
    assert Path("other.tex").read_text(encoding="utf-8") == call("yields", workspace).stdout


def test_bands_by_finite_variations_are_cabinetrys(call: Call, shared_data: Path) -> None:
    path = shared_data / "cabinetry-example/golden/example_ntuple_workspace.json"
    golden = json.loads(path.with_name("example_ntuple_results.json").read_text())
    assert call("fit", path, "-o", "fit.json").exit_code == 0
    default, linear, cabinetry = (
        call("yields", path, "--fit", "fit.json", "--per-bin", *options).stdout
        for options in ((), ("--bands", "linear"), ("--bands", "cabinetry"))
    )
    assert default == linear != cabinetry
    bands = [int(line.split("±")[-1].split()[0]) for line in cabinetry.splitlines() if line.startswith("Signal_region")]
    assert bands == np.round(golden["postfit"]["total_stdev_model_bins"][0][-1]).tolist()
    assert call("data-mc", path, "--fit", "fit.json", "--bands", "cabinetry").exit_code == 0
    assert call("yields", path, "--bands", "minos").exit_code == 2


def test_background_only_workspace_is_shown(call: Call, workspace: Path) -> None:
    spec = json.loads(workspace.read_text())
    for channel in spec["channels"]:
        channel["samples"] = [sample for sample in channel["samples"] if sample["name"] == "Background"]
        channel["samples"][0]["modifiers"] = [{"name": "rate", "type": "normfactor", "data": None}]
    Path("background.json").write_text(json.dumps(spec))
    assert '"strength" is not a parameter' in call("fit", "background.json").stderr
    assert _numbers(call("yields", "background.json").stdout, "total") == [sum(BACKGROUND[c]) for c in sorted(SIGNAL)]
    assert call("data-mc", "background.json", "-o", "drawn").exit_code == 0
    assert len(list(Path("drawn").iterdir())) == 4


def test_published_background_only_workspace_is_tabulated(call: Call, shared_data: Path) -> None:
    path = shared_data / "likelihoods" / "atlas-3L-eRJR-2018-06" / "BkgOnly.json"
    result = call("yields", path)
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(path.read_text())
    observed = {channel["name"]: sum(channel["data"]) for channel in document["observations"]}
    assert _numbers(result.stdout, "data") == [observed[name] for name in sorted(observed)]


def test_yields_per_bin(call: Call, workspace: Path) -> None:
    table = call("yields", workspace, "--per-bin").stdout
    assert sum(line.startswith(("SR ", "C R ")) for line in table.splitlines()) == 6


def test_fit_of_another_workspace_is_pointed_out(call: Call, workspace: Path, fit_file: Path) -> None:
    spec = json.loads(workspace.read_text())
    spec["observations"][0]["data"][0] += 1
    Path("other.json").write_text(json.dumps(spec))
    result = call("yields", "other.json", "--fit", fit_file)
    assert result.exit_code == 0
    assert result.stderr == f"wilks: warning: {fit_file} is a fit of another workspace than other.json\n"
    spec["channels"][0]["samples"][0]["modifiers"].append({"name": "new", "type": "normfactor", "data": None})
    Path("other.json").write_text(json.dumps(spec))
    result = call("yields", "other.json", "--fit", fit_file)
    assert result.exit_code == 0
    assert "1 of its 2 parameters are not in the fit and stay as before it" in result.stderr
    text = json.dumps(spec).replace('"strength"', '"other"')
    Path("other.json").write_text(text)
    assert "no parameter in common" in call("yields", "other.json", "--fit", fit_file).stderr


def test_measurement_is_the_fits_unless_named(call: Call, workspace: Path) -> None:
    spec = json.loads(workspace.read_text())
    settings = {"name": "strength", "inits": [2.0], "bounds": [[-5, 10]]}
    spec["measurements"].append({"name": "twice", "config": {"poi": "", "parameters": [settings]}})
    Path("two.json").write_text(json.dumps(spec))
    once, twice = ([sum(BACKGROUND[c]) + n * sum(SIGNAL[c]) for c in sorted(SIGNAL)] for n in (1, 2))
    assert _numbers(call("yields", "two.json").stdout, "total") == once
    assert _numbers(call("yields", "two.json", "--measurement", "twice").stdout, "total") == twice
    assert call("fit", "two.json", "--measurement", "twice", "-o", "fit.json").exit_code == 0
    assert call("yields", "two.json", "--fit", "fit.json").exit_code == 0
    result = call("yields", workspace, "--fit", "fit.json")
    assert result.exit_code == 2
    assert 'no measurement "twice"' in result.stderr
    assert call("yields", workspace, "--fit", "fit.json", "--measurement", "small").exit_code == 0
