"""Commands that draw several results in one figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tests.cli.conftest import Call
from tests.infer.rankable import mixed_model, mixed_spec

import wilks


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Return the figures that commands make, which are not written."""
    figures: list[Figure] = []
    monkeypatch.setattr(wilks.figures, "save", lambda figure, *_: figures.append(figure) or [])
    return figures


def _texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


def test_pulls_of_two_fits_have_labels_and_print_what_changes(call: Call, drawn: list[Figure]) -> None:
    model = mixed_model()
    wilks.fit(model).save("a.json")
    wilks.fit(model, fixed={"mu": 0.0}).save("b.json")
    result = call("pulls", "a.json", "b.json")
    assert result.exit_code == 0, result.output
    assert {"a", "b"} <= _texts(drawn[-1])
    assert "Changes from a, in pre-fit uncertainties" in result.stdout
    result = call("pulls", "a.json", "b.json", "--label", "s+b", "--label", "b-only", "--title", "mu=signal")
    assert {"s+b", "b-only", "signal"} <= _texts(drawn[-1])
    assert "change in b-only" in result.stdout


def test_background_only_beside_signal_in_one_command(call: Call, drawn: list[Figure]) -> None:
    Path("w.json").write_text(json.dumps(mixed_spec()))
    result = call("pulls", "w.json", "--b-only")
    assert result.exit_code == 0, result.output
    assert {"s+b", "b-only"} <= _texts(drawn[-1])
    model = wilks.compile_model(wilks.load_workspace("w.json"))
    fits = {"s+b": wilks.fit(model), "b-only": wilks.fit(model, fixed={"mu": 0.0})}
    assert str(wilks.tables.changes(fits)) in result.stdout
    hidden = call("pulls", "w.json", "--b-only", "--blind-poi").stdout
    assert "hidden" in hidden
    assert f"{fits['s+b']['mu'].value:.2f}" not in hidden
    assert "--b-only: takes one workspace" in call("pulls", "w.json", "w.json", "--b-only").stderr
    assert "the model has no parameter of interest" in call("pulls", "w.json", "--b-only", "--poi", "").stderr
    assert "--poi: for the fits of --b-only" in call("pulls", "w.json", "--poi", "mu").stderr


def test_plot_draws_several_of_a_kind(call: Call, drawn: list[Figure]) -> None:
    model = mixed_model()
    wilks.ranking(model).save("r.json")
    wilks.ranking(model, method="covariance").save("c.json")
    wilks.scan(model, points=3, stat_only=True).save("s.json")
    wilks.fit(model).save("f.json")
    assert call("plot", "r.json", "c.json", "--poi", "mu").exit_code == 0
    assert {"r", "c"} <= _texts(drawn[-1])
    assert call("plot", "s.json", "f.json", "--summary", "--band", "f", "--reference", "1").exit_code == 0
    assert {"s", "f", "mu"} <= _texts(drawn[-1])
    refused = call("plot", "r.json", "s.json")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "wilks: results of different kinds don't go into one figure: r is a ranking, s is a scan\n",
    )


def test_all_mistakes_are_sentences(call: Call) -> None:
    wilks.fit(mixed_model()).save("f.json")
    Path("x").mkdir()
    Path("x/f.json").write_bytes(Path("f.json").read_bytes())
    assert call("plot", "f.json", "x/f.json", "-o", "p.png").exit_code == 0
    for arguments, sentence in (
        (["plot", "f.json", "x/f.json", "--label", "a"], "--label: once for each of the 2 results, found 1"),
        (["plot", "f.json", "x/f.json", "--label", "a", "--label", "a"], "a stands for several results"),
        (["plot", "f.json", "f.json"], "stands for several results"),
        (["pulls", "-", "-", "--label", "a", "--label", "b"], "standard input can be read once"),
        (["plot", "f.json", "--band", "f"], "--band and --reference are for the rows of --summary"),
        (["plot", "f.json", "--summary", "--log"], "--summary has a linear axis"),
        (["plot", "f.json", "--summary", "--band", "g"], 'band: no result "g"; there are "f"'),
    ):
        result = call(*arguments)
        assert result.exit_code == 2
        assert sentence in result.stderr.replace('"a"', "a"), result.stderr
    result = call("plot", "n.json", "m.json")
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [" n.json", " m.json"]
