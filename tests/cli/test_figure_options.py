"""Options of figures: those of Python are those of the command line."""

from __future__ import annotations

import json
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import click
import pytest
from tests.cli.conftest import Call
from tests.infer.counting import modifier, spec

import wilks
from wilks.cli import main
from wilks.cli.figure_options import (
    _OPTIONS,
    CORRELATIONS,
    DATA_MC,
    ELSEWHERE,
    IMPACTS,
    MODIFIERS,
    PAGES,
    PLOT,
    PULLS,
    VARIATIONS,
)
from wilks.figures.draw import DRAWN_BY


def keywords(*functions: Any) -> set[str]:
    return {name for function in functions for name in list(signature(function).parameters)[1:]} - set(ELSEWHERE)


def test_keywords_of_figures_are_options_of_the_commands_that_draw_them() -> None:
    drawn = [getattr(import_module(module), name) for module, name in DRAWN_BY.values()]
    assert set(PLOT) == keywords(*drawn)
    assert set(PULLS) == keywords(wilks.figures.pulls)
    assert set(DATA_MC) == keywords(wilks.figures.data_mc, wilks.figures.summary)
    assert set(IMPACTS) == keywords(wilks.figures.impacts, wilks.figures.impacts_summary) - {*PAGES}
    assert set(CORRELATIONS) == keywords(wilks.figures.correlations)
    assert set(VARIATIONS) == keywords(wilks.figures.variation, wilks.figures.variations) - {*PAGES}
    assert set(MODIFIERS) == keywords(wilks.figures.modifiers) - {*PAGES}
    assert set(_OPTIONS) == {*PLOT, *PULLS, *DATA_MC, *IMPACTS, *CORRELATIONS, *VARIATIONS, *MODIFIERS}


@pytest.mark.parametrize(
    ("command", "option", "figure"),
    [
        ("impacts", "rows", wilks.figures.impacts),
        ("impacts", "sort", wilks.figures.impacts),
        ("correlations", "rows", wilks.figures.correlations),
        ("correlations", "threshold", wilks.figures.correlations),
        ("variations", "rows", wilks.figures.variations),
        ("modifiers", "rows", wilks.figures.modifiers),
    ],
)
def test_defaults_in_the_help_are_those_of_the_figures(command: str, option: str, figure: Any) -> None:
    """A command passes on what is given only, so that a default stands in the figure alone."""
    (found,) = [each for each in main.commands[command].params if each.name == option]
    assert not isinstance(found.get_default(click.Context(main.commands[command])), int | float | str)
    words = (
        found.help.replace(";", " ;")
        .replace(".", " . ")
        .replace("0 . 1", "0.1")
        .replace("(", " ")
        .replace(")", " ")
        .split()
    )
    assert str(signature(figure).parameters[option].default) in words


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the keywords that the last figure was drawn with."""
    found: dict[str, Any] = {}

    def note(name: str, module: str) -> None:
        function = getattr(import_module(module), name)

        def drawing(result: Any, **options: Any) -> Any:
            found.clear()
            found.update(options)
            return function(result, **options)

        drawing.__signature__ = signature(function)  # type: ignore[attr-defined]
        drawing.__name__ = name
        monkeypatch.setattr(import_module(module), name, drawing)

    for module, name in DRAWN_BY.values():
        note(name, module)
    for name in ("impacts", "impacts_summary", "correlations", "variations", "variation", "modifiers"):
        note(name, "wilks.figures")
    note("pulls", "wilks.figures")
    note("data_mc", "wilks.figures")
    note("summary", "wilks.figures")
    return found


@pytest.fixture
def search(tmp_path: Path) -> Path:
    channels = {"SR": ([5.0, 3.0], [50.0, 20.0], [53.0, 26.0]), "CR": ([0.1], [100.0], [103.0])}
    background = [modifier(f"jes_{i}", "normsys", {"hi": 1.1 + 0.01 * i, "lo": 0.9}) for i in range(3)]
    path = tmp_path / "search.json"
    path.write_text(json.dumps(spec(channels, background=background)), encoding="utf-8")
    return path


def test_options_of_plot_reach_the_figure(call: Call, search: Path, seen: dict[str, Any]) -> None:
    call("ranking", search, "-o", "ranking.json")
    assert call("plot", "ranking.json", "--rows", "2", "-o", "r.png").exit_code == 0
    assert seen["rows"] == 2
    call("fit", search, "-o", "fit.json")
    assert call("plot", "fit.json", "--exclude", "jes_1", "--title", "jes_2=J", "-o", "p.png").exit_code == 0
    assert seen["exclude"] == ["jes_1"]
    call("scan", search, "--points", "5", "-o", "scan.json")
    assert call("plot", "scan.json", "--level", "0.9", "-o", "s.png").exit_code == 0
    assert seen["levels"] == (0.9,)
    found = call("plot", "scan.json", "--rows", "3", "-o", "s.png")
    assert found.exit_code == 2
    assert 'rows: the figure "scan" has no such option; it has "levels"' in found.stderr


def test_options_of_grids_reach_the_figure(call: Call, search: Path, seen: dict[str, Any]) -> None:
    assert call("grid", search, "--vary", "jes_0=-1,0,1", "--vary", "jes_1=0,1", "-o", "grid.json").exit_code == 0
    Path("theory.csv").write_text("# mass, cross section\n-1, 2\n0 1.5\n1,1\n", encoding="utf-8")
    options = ("--x", "jes_0", "--at", "jes_1=1", "--theory", "theory.csv", "--axis-title", "jes_0=$m$ [GeV]")
    drawn = call("plot", "grid.json", *options, "--limit-title", "limit", "--title", "jes_1=J", "-o", "g.png")
    assert drawn.exit_code == 0, drawn.output
    assert seen["x"] == "jes_0"
    assert seen["at"] == {"J": 1.0}
    assert seen["theory"] == ([-1.0, 0.0, 1.0], [2.0, 1.5, 1.0])
    assert seen["axis_titles"] == {"jes_0": "$m$ [GeV]"}
    assert seen["title"] == "limit"
    assert call("plot", "grid.json", "--unit", "GeV", "--forbidden", "0", "-o", "g.png").exit_code == 0
    assert seen["unit"] == "GeV"
    assert seen["forbidden"] == 0.0
    assert seen["forbidden"] is not False
    assert call("plot", "grid.json", "--forbidden", "no", "-o", "g.png").exit_code == 0
    assert seen["forbidden"] is False
    wrong = call("plot", "grid.json", "--forbidden", "m1", "-o", "g.png")
    assert wrong.exit_code == 2
    assert '--forbidden: a number is needed, or "no"; found "m1"' in wrong.stderr
    Path("bad.csv").write_text("1,2\nmass,3\n1\n", encoding="utf-8")
    found = call("plot", "grid.json", "--theory", "bad.csv")
    assert found.exit_code == 2
    assert "bad.csv:2: two numbers are needed" in found.stderr
    assert "bad.csv:3: two numbers are needed" in found.stderr
    assert "can't be read" in call("plot", "grid.json", "--theory", "none.csv").stderr


def test_options_of_pulls_reach_the_figure(call: Call, search: Path, seen: dict[str, Any]) -> None:
    call("fit", search, "-o", "fit.json")
    assert call("pulls", "fit.json", "--exclude", "jes_*", "--rows", "2", "-o", "p.png").exit_code == 0
    assert seen["exclude"] == ("jes_*",)
    assert seen["rows"] == 2
    call("pulls", "fit.json", "--exclude", "jes_?", "--title", "jes_0=J", "-o", "p.png")
    assert seen["exclude"] == ["J", "jes_1", "jes_2"]
    groups = ("--group", "jets=jes_[01]", "--group", "jets=jes_1", "--group", "rest=jes_2")
    assert 'no parameter "jes_[01]"' in call("pulls", "fit.json", *groups, "-o", "p.png").stderr
    assert call("pulls", "fit.json", *groups[2:], "--title", "jes_2=J", "-o", "p.png").exit_code == 0
    assert seen["groups"] == {"jets": ["jes_1"], "rest": ["J"]}
    assert "is not LABEL=PATTERN" in call("pulls", "fit.json", "--group", "jets", "-o", "p.png").stderr
    assert "did you mean" in call("pulls", "fit.json", "--exclude", "jes_9", "-o", "p.png").stderr


def test_options_of_impacts_and_correlations_reach_the_figure(call: Call, search: Path, seen: dict[str, Any]) -> None:
    call("ranking", search, "-o", "ranking.json")
    options = ("--rows", "2", "--sort", "pull", "--relative", "--group", "jets=jes_*")
    drawn = call("impacts", "ranking.json", *options, "--title", "jes_0=J", "-o", "i.png")
    assert drawn.exit_code == 0, drawn.output
    assert {name: seen[name] for name in ("rows", "sort", "relative", "page")} == {
        "rows": 2,
        "sort": "pull",
        "relative": True,
        "page": 2,
    }
    assert seen["groups"] == {"jets": ["J", "jes_1", "jes_2"]}
    assert call("impacts", "ranking.json", "--summary", "--rows", "1", "-o", "s.png").exit_code == 0
    assert seen["rows"] == 1
    call("fit", search, "-o", "fit.json")
    options = ("--threshold", "0", "--rows", "3", "--staterrors")
    assert call("correlations", "fit.json", *options, "-o", "c.png").exit_code == 0
    assert {name: seen[name] for name in CORRELATIONS} == {"threshold": 0.0, "rows": 3, "include_staterrors": True}
    assert call("correlations", "fit.json", "--threshold", "0", "-o", "c.png").exit_code == 0
    assert set(seen) == {"threshold", "style"}


def test_options_of_variations_and_modifiers_reach_the_figure(call: Call, search: Path, seen: dict[str, Any]) -> None:
    drawn = call("variations", search, "--systematic", "jes_?", "--glance", "--rows", "2", "--region", "SR", "-o", "v")
    assert drawn.exit_code == 0, drawn.output
    assert sorted(path.name for path in Path("v").glob("*.png")) == [
        "modifiers.png",
        "variations_SR.png",
        "variations_SR_2.png",
    ]
    assert seen["parameters"] == ("jes_?",)
    assert seen["channels"] == ["SR"]
    options = ("--parameters", "jes*", "--channels", "SR", "--samples", "background", "--rows", "2")
    shown = call("modifiers", search, *options, "-o", "m.png")
    assert shown.exit_code == 0, shown.output
    assert {name: seen[name] for name in MODIFIERS} == {
        "parameters": ("jes*",),
        "channels": ["SR"],
        "samples": ("background",),
        "rows": 2,
    }
    assert seen["first"] == 3
    assert Path("m.png").is_file()
    assert Path("m_2.png").is_file()
    assert "jes_2" in shown.stdout
    assert "1 of 1" in shown.stdout
    table = call("modifiers", search, "--per-block", "--format", "csv")
    assert "jes_0,CR,background,normsys,+10.00 / -10.00,," in table.stdout
    assert 'no parameter "jes_9"' in call("modifiers", search, "--parameters", "jes_9").stderr


def test_options_of_data_mc_reach_the_figures(call: Call, search: Path, seen: dict[str, Any]) -> None:
    call("fit", search, "-o", "fit.json")
    options = ("--channels", "S*", "--ratio", "0.3", "--divide-by-width", "--prefit", "--colors", "signal=red")
    drawn = call("data-mc", search, "--fit", "fit.json", *options, "--title", "signal=$S$", "-o", "figures")
    assert drawn.exit_code == 0, drawn.output
    assert sorted(path.name for path in Path("figures").glob("*.png")) == ["data_mc_SR_postfit.png"]
    assert seen["ratio_half_width"] == 0.3
    assert seen["divide_by_width"] is True
    assert seen["colors"] == {"$S$": "red"}
    prefit = wilks.predict(wilks.compile_model(wilks.load_workspace(search)))
    assert seen["prefit"]["SR"].total == pytest.approx(prefit["SR"].total)
    assert seen["prefit"].label == "pre-fit"
    assert call("data-mc", search, "--summary", "--per-channel", "--ratio", "0.3", "-o", "figures").exit_code == 0
    assert seen["per_bin"] is False


def test_order_and_colours_come_from_a_steering_file_but_options_go_first(
    call: Call, search: Path, seen: dict[str, Any]
) -> None:
    config = {
        "General": {"Measurement": "m", "HistogramFolder": "h", "InputPath": "i.root:{RegionPath}"},
        "Regions": [{"Name": "SR", "RegionPath": "s"}],
        "Samples": [
            {"Name": "Data", "Data": True},
            {"Name": "background", "Color": "tab:orange"},
            {"Name": "signal", "Color": "#bd1f01"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "signal"}],
    }
    Path("config.yml").write_text(json.dumps(config), encoding="utf-8")
    drawn = call("data-mc", search, "--config", "config.yml", "--title", "signal=$S$", "-o", "figures")
    assert drawn.exit_code == 0, drawn.output
    assert seen["order"] == ["$S$", "background"]
    assert seen["colors"] == {"background": "tab:orange", "$S$": "#bd1f01"}
    options = ("--order", "background", "--colors", "signal=blue")
    assert call("data-mc", search, "--config", "config.yml", *options, "-o", "figures").exit_code == 0
    assert seen["order"] == ["background"]
    assert seen["colors"] == {"background": "tab:orange", "signal": "blue"}
    config["Samples"][1]["Color"] = "tab:orang"
    Path("config.yml").write_text(json.dumps(config), encoding="utf-8")
    refused = call("data-mc", search, "--config", "config.yml", "-o", "figures")
    assert refused.exit_code == 2
    assert "Samples[1].Color: must be the name of a colour or '#rrggbb'" in refused.stderr
    assert 'did you mean "tab:orange"?' in refused.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--prefit",), "--prefit: without --fit"),
        (("--per-bin",), "--per-bin and --per-channel are for --summary"),
        (("--summary", "--divide-by-width"), "--divide-by-width is for the figures of channels"),
        (("--channels", "SRR"), '--channels: no channel "SRR", there are "CR", "SR"; did you mean "SR"?'),
        (("--colors", "sig=red"), 'colors: there is no sample "sig"'),
    ],
)
def test_options_without_effect_are_refused(call: Call, search: Path, options: tuple[str, ...], sentence: str) -> None:
    refused = call("data-mc", search, *options)
    assert refused.exit_code == 2
    assert sentence in refused.stderr
