import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.cli.conftest import Call
from tests.infer.rankable import mixed_spec

import wilks
from wilks.figures.draw import DRAWN_BY
from wilks.results.io import KINDS


def test_a_saved_scan_is_drawn(call: Call, workspace: Path) -> None:
    assert call("scan", workspace, "--points", "5", "-o", "scan.json").exit_code == 0
    result = call("plot", "scan.json")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == ["wrote figures/scan.pdf", "wrote figures/scan.png"]
    assert Path("figures/scan.png").stat().st_size > 5000


def test_the_suffix_chooses_the_format(call: Call, workspace: Path) -> None:
    call("fit", workspace, "-o", "fit.json")
    assert call("plot", "fit.json", "-o", "pulls.svg", "--style", "CMS").output == "wrote pulls.svg\n"


def test_limits_have_a_logarithmic_or_linear_axis(call: Call, workspace: Path) -> None:
    assert call("limit", workspace, "-o", "limit.json").exit_code == 0
    for asked in ("--log", "--linear"):
        assert call("plot", "limit.json", asked, "-o", f"{asked[2:]}.png").exit_code == 0
    assert Path("log.png").read_bytes() != Path("linear.png").read_bytes()
    call("fit", workspace, "-o", "fit.json")
    refused = call("plot", "fit.json", "--log")
    assert refused.exit_code == 2
    assert "only limits, and those of a grid, have an axis that may be logarithmic or linear" in refused.stderr


def test_mistakes_are_sentences(call: Call, workspace: Path) -> None:
    result = call("plot", workspace)
    assert result.exit_code == 2
    assert "a workspace, not a saved result" in result.output
    call("fit", workspace, "-o", "fit.json")
    result = call("plot", "fit.json", "--style", "ALTAS")
    assert result.exit_code == 2
    assert "ATLAS" in result.output
    assert call("plot", "missing.json").exit_code == 2


def test_every_saved_result_has_a_figure_or_a_sentence(call: Call, workspace: Path) -> None:
    loaded = wilks.load_workspace(workspace)
    wilks.predict(wilks.compile_model(loaded)).save("prediction.json")
    wilks.check(loaded).save("findings.json")
    for name, sentence in (
        (
            "prediction",
            'a prediction has a figure for each channel: "wilks data-mc" draws them from the workspace and the fit, '
            "wilks.figures.data_mc in Python",
        ),
        ("findings", 'findings of "wilks check" have no figure; "wilks check" and print show them as text'),
    ):
        result = call("plot", f"{name}.json")
        assert (result.exit_code, result.stderr) == (2, f"wilks: {name}.json: {sentence}\n")
    drawn = {name for name, record in KINDS.items() if record.rpartition(".")[2] in DRAWN_BY}
    assert drawn | {"prediction", "findings"} == set(KINDS)
    assert call("significance", workspace, "-o", "significance.json").exit_code == 0
    assert call("plot", "significance.json", "-o", "z.png").stdout == "wrote z.png\n"


def test_a_damaged_fit_is_called_so(call: Call, fit_file: Path) -> None:
    document = json.loads(fit_file.read_text())
    document["values"].pop()
    Path("damaged.json").write_text(json.dumps(document))
    result = call("plot", "damaged.json")
    assert result.exit_code == 2
    assert "damaged.json: the fit result is damaged: values has shape" in result.stderr


_LABELS = ["--style", "ATLAS", "--status", "Internal", "--energy", "13 TeV", "--luminosity", "140 fb$^{-1}$"]


def _texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.mark.parametrize("command", ["plot", "pulls", "data-mc", "impacts", "correlations"])
def test_all_commands_that_draw_take_the_text_beside_the_experiment(
    call: Call, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    drawn: list[Figure] = []

    def kept(figure: Figure, *_: object) -> list[Path]:
        drawn.append(figure)
        return []

    monkeypatch.setattr(wilks.figures, "save", kept)
    Path("mixed.json").write_text(json.dumps(mixed_spec()))
    assert call("fit", "mixed.json", "-o", "fit.json").exit_code == 0
    assert call("ranking", "mixed.json", "-o", "ranking.json").exit_code == 0
    own = {
        "data-mc": ["mixed.json", "--fit", "fit.json"],
        "pulls": ["fit.json"],
        "correlations": ["fit.json", "--threshold", "0"],
    }
    result = call(command, *own.get(command, ["ranking.json"]), *_LABELS)
    assert result.exit_code == 0, result.output
    for figure in drawn:
        texts = _texts(figure)
        assert {"ATLAS", "Internal"} <= texts
        assert any("13 TeV" in text and "140 fb$^{-1}$" in text for text in texts)
    assert len(drawn) == (len(mixed_spec()["channels"]) if command == "data-mc" else 1)


def test_text_that_is_no_formula_is_drawn_as_written(call: Call, fit_file: Path) -> None:
    result = call("plot", fit_file, "-o", "p.png", "--status", r"$\frac$", "--luminosity", "140 fb^{-1}, 5 $")
    assert (result.exit_code, result.stdout) == (0, "wrote p.png\n")


def test_the_parameter_of_interest_is_chosen(call: Call, workspace: Path, fit_file: Path) -> None:
    assert call("toys", workspace, "--count", "20", "-o", "toys.json").exit_code == 0
    assert call("plot", "toys.json", "--poi", "strength", "-o", "t.png").exit_code == 0
    result = call("plot", "toys.json", "--poi", "strenth", "-o", "t.png")
    assert (result.exit_code, "strength" in result.stderr) == (2, True)
    result = call("plot", fit_file, "--poi", "strength", "-o", "t.png")
    assert (result.exit_code, 'poi: "strength" can\'t be chosen' in result.stderr) == (2, True)


def test_titles_stand_in_place_of_names(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mixed.json").write_text(json.dumps(mixed_spec()))
    model = wilks.compile_model(wilks.load_workspace("mixed.json"))
    wilks.ranking(model).save("ranking.json")
    wilks.fit(model).save("fit.json")
    other = next(name for name in model.parameter_names if name != model.poi)
    drawn: list[Figure] = []
    monkeypatch.setattr(wilks.figures, "save", lambda figure, *_: drawn.append(figure) or [])
    titles = ["--title", f"{model.poi}=$\\mu_S$", "--title", f"{other}=another = one"]
    for command, file, extra in (
        ("plot", "ranking.json", ["--poi", str(model.poi)]),
        ("impacts", "ranking.json", ["--group", f"mine={other}"]),
        ("pulls", "fit.json", []),
        ("correlations", "fit.json", ["--staterrors", "--threshold", "0"]),
    ):
        result = call(command, file, *titles, *extra)
        assert result.exit_code == 0, result.output
        texts = " ".join(_texts(drawn[-1]))
        assert "another = one" in texts
        assert other not in texts
    assert call("plot", "ranking.json", "--title", "x").stderr == 'wilks: --title: "x" is not NAME=TITLE\n'
    assert 'no "musig" in this result' in call("plot", "ranking.json", "--title", "musig=a").stderr
