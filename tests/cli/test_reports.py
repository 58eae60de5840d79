"""Pages of what is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call

import wilks


@pytest.fixture(autouse=True)
def saved(call: Call) -> None:
    """Put a workspace and some results into the working directory."""
    workspace = wilks.examples.measurement()
    model = wilks.compile_model(workspace)
    workspace.save("workspace.json")
    wilks.fit(model).save("fit.json")
    wilks.ranking(model).save("ranking.json")
    wilks.examples.search().save("other.json")
    wilks.fit(wilks.compile_model(wilks.examples.search())).save("other_fit.json")


def test_report_of_a_workspace_and_results(call: Call) -> None:
    result = call("report", "workspace.json", "fit.json", "ranking.json", "--title", "WZ <tight>")
    assert (result.exit_code, result.stdout) == (0, "wrote report.html\n")
    page = Path("report.html").read_text()
    assert "<title>WZ &lt;tight&gt;</title>" in page
    assert "ranking.json" in page
    assert '"engine":' in page


def test_report_of_a_folder(call: Call) -> None:
    folder = Path("folder")
    folder.mkdir()
    for name in ("workspace.json", "workspace.axes.json", "fit.json"):
        Path(name).rename(folder / name)
    (folder / "notes.json").write_text("[1]")
    assert call("report", folder, "-o", "page.html", "--no-live").exit_code == 0
    page = Path("page.html").read_text()
    assert '"file":"fit.json"' in page
    assert '"engine":' not in page


def test_results_of_another_workspace_are_left_out_and_said(call: Call) -> None:
    assert call("report", "workspace.json", "other_fit.json").exit_code == 0
    page = Path("report.html").read_text()
    assert "belong to another workspace" in page
    assert "other_fit.json" in page


def test_all_mistakes_at_once(call: Call) -> None:
    Path("text.txt").write_text("nothing")
    result = call("report", "fit.json", "nope.json", "text.txt")
    assert result.exit_code == 2
    assert "nope.json: can't be read" in result.stderr
    assert "text.txt: no workspace, result, steering file or templates" in result.stderr
    assert not Path("report.html").exists()
    assert "no workspace among what was given" in call("report", "fit.json").stderr
    assert "a second workspace" in call("report", "workspace.json", "other.json").stderr


def test_explore_writes_the_model_alone(call: Call) -> None:
    result = call("explore", "workspace.json", "--no-open", "-o", "model.html")
    assert (result.exit_code, result.stdout) == (0, "wrote model.html\n")
    assert '"fits":[]' in Path("model.html").read_text()


def test_a_model_that_takes_too_much_is_left_out_unless_asked_for(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.reports._MOST", 1000)
    assert call("report", "workspace.json", "fit.json").exit_code == 0
    page = Path("report.html").read_text()
    assert "The page has no model to fit: that would take" in page
    assert '"engine":' not in page
    assert call("report", "workspace.json", "fit.json", "--live").exit_code == 0
    page = Path("report.html").read_text()
    assert '"engine":' in page
    assert "The page has no model" not in page
