"""`wilks ranking`, `breakdown`, `impacts`, `correlations`, and `check` of what they write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Call
from tests.infer.rankable import mixed_model, mixed_spec

import wilks
from wilks.results.io import decode_result


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.json"
    path.write_text(json.dumps(mixed_spec()))
    return path


def test_ranking_is_printed_and_written(call: Call, mixed: Path) -> None:
    result = call("ranking", mixed, "-o", "ranking.json", "--exclude", "mc*", "--impacts-json", "impacts.json")
    assert result.exit_code == 0
    expected = wilks.ranking(mixed_model(), exclude="mc*")
    assert str(expected) in result.stdout
    np.testing.assert_array_equal(wilks.load_result("ranking.json").impacts, expected.impacts)
    assert Path("impacts.json").read_text() == expected.impacts_json()


def test_ranking_takes_all_its_options(call: Call, mixed: Path) -> None:
    words = ["--poi", "k", "--also", "mu", "--fix", "shape=0.5", "--parameters", "norm", "--profile", "--threads", "1"]
    printed = decode_result(call("ranking", mixed, "-o", "-", *words).stdout)
    assert printed.pois == ("k", "mu")
    assert printed.names == ("norm",)
    expected = wilks.ranking(mixed_model(), poi=["k", "mu"], parameters="norm", fixed={"shape": 0.5}, profile=True)
    np.testing.assert_allclose(printed.impacts, expected.impacts, atol=1e-6)
    asimov = decode_result(
        call("ranking", mixed, "-o", "-", "--asimov", "--set", "mu=2", "--method", "covariance").stdout
    )
    assert "Asimov" in asimov.origin.dataset
    assert asimov.poi_values[0] == pytest.approx(2, abs=1e-5)


def test_missing_impacts_end_with_one(call: Call, mixed: Path) -> None:
    spec = mixed_spec()
    spec["measurements"][0]["config"]["parameters"].append({"name": "k", "bounds": [[1.5, 3.0]], "inits": [2.0]})
    mixed.write_text(json.dumps(spec))
    result = call("ranking", mixed, "-o", "ranking.json")
    assert result.exit_code == 1
    assert 'wilks: warning: impacts of "k": at a bound' in result.stderr
    assert np.isfinite(wilks.load_result("ranking.json").impacts).any()
    assert "[failed-impact]" in call("check", "ranking.json").stdout


def test_breakdown_is_printed_and_written(call: Call, mixed: Path) -> None:
    result = call("breakdown", mixed, "-o", "breakdown.json")
    assert result.exit_code == 0
    assert str(wilks.breakdown(mixed_model())) in result.stdout
    Path("groups.yml").write_text("jets: [shape]\n")
    for words in (["--groups", "groups.yml", "--profile"], ["--groups", "modifier type", "--method", "sequential"]):
        assert call("breakdown", mixed, *words).exit_code == 0
    assert "jets" in call("breakdown", mixed, "--groups", "groups.yml", "--also", "k").stdout


def test_everything_is_drawn(call: Call, mixed: Path) -> None:
    call("fit", mixed, "-o", "fit.json")
    call("ranking", mixed, "-o", "ranking.json")
    call("breakdown", mixed, "-o", "breakdown.json")
    assert call("plot", "ranking.json", "-o", "a.png", "--style", "ATLAS").exit_code == 0
    assert call("plot", "breakdown.json", "-o", "b.png").exit_code == 0
    assert call("impacts", "ranking.json", "-o", "c.png", "--style", "CMS").exit_code == 0
    assert call("impacts", "ranking.json", "-o", "d.png", "--rows", "5").exit_code == 0
    assert call("correlations", "fit.json", "-o", "e.png", "--threshold", "0.01", "--staterrors").exit_code == 0
    assert {path.name for path in Path.cwd().glob("*.png")} == {
        "a.png",
        "b.png",
        "c.png",
        "d_1.png",
        "d_2.png",
        "e.png",
    }


def test_impacts_are_those_of_python_with_all_options(call: Call, mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    draw = wilks.figures.impacts

    def recorded(result: object, **options: object) -> object:
        asked.append(options)
        return draw(result, **options)

    monkeypatch.setattr(wilks.figures, "impacts", recorded)
    call("ranking", mixed, "-o", "ranking.json")
    words = ["--sort", "pull", "--relative", "--blind", "--group", "a=norm", "--group", "a=shape", "--group", "b=k*"]
    assert call("impacts", "ranking.json", "-o", "c.png", *words).exit_code == 0
    wanted = {"sort": "pull", "relative": True, "blind": True, "groups": {"a": ["norm", "shape"], "b": ["k*"]}}
    assert wanted.items() <= asked[0].items()
    assert call("impacts", "ranking.json", "-o", "c.png", "--blind-poi").exit_code == 0
    assert asked[1]["blind"] is True
    assert asked[1]["groups"] is None


def test_summary_of_impacts_is_one_figure_beside_the_pages(call: Call, mixed: Path) -> None:
    call("ranking", mixed, "-o", "ranking.json")
    assert call("impacts", "ranking.json", "--summary", "--rows", "3", "--style", "CMS").exit_code == 0
    assert {path.name for path in Path("figures").iterdir()} == {"impacts_summary.pdf", "impacts_summary.png"}
    assert call("impacts", "ranking.json", "--summary", "-o", "s.png").stdout == "wrote s.png\n"


def test_check_takes_fits_and_rankings(call: Call, mixed: Path) -> None:
    call("fit", mixed, "-o", "fit.json")
    call("ranking", mixed, "-o", "ranking.json")
    expected = wilks.check(wilks.load_result("fit.json"))
    assert str(expected) in call("check", "fit.json").stdout
    assert call("check", "-", input=Path("fit.json").read_bytes()).stdout == call("check", "fit.json").stdout
    assert call("check", "ranking.json").stdout.startswith(str(wilks.check(wilks.load_result("ranking.json"))))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ranking", "WS", "--method", "refits"], 'did you mean "refit"'),
        (["ranking", "WS", "--also", "mv"], 'poi: no parameter "mv"'),
        (["ranking", "WS", "--impacts-json", "-"], "name a file"),
        (["ranking", "WS", "--exclude", "nrom"], 'did you mean "norm"'),
        (["breakdown", "WS", "--groups", "nowhere.yml"], "nowhere.yml: the groups can't be read"),
        (["impacts", "WS"], "a workspace, not a saved result"),
        (["impacts", "FIT"], "not a ranking"),
        (["correlations", "WS"], "a workspace, not the result of a fit"),
        (["correlations", "FIT", "--threshold", "2"], "threshold must be from 0 to 1"),
        (["impacts", "ranking.json", "-o", "-"], "writes figures"),
        (["impacts", "ranking.json", "--sort", "pulls"], 'did you mean "pull"'),
        (["impacts", "ranking.json", "--group", "a"], '--group: "a" is not LABEL=PATTERN'),
        (["impacts", "ranking.json", "--group", "a=nrom"], 'did you mean "norm"'),
        (["impacts", "ranking.json", "--summary", "--relative"], "leave out --sort, --relative and --group"),
    ],
)
def test_mistakes_are_sentences(call: Call, mixed: Path, words: list[str], message: str) -> None:
    call("fit", mixed, "-o", "fit.json")
    call("ranking", mixed, "-o", "ranking.json")
    result = call(*({"WS": str(mixed), "FIT": "fit.json"}.get(word, word) for word in words))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("wilks: ")
