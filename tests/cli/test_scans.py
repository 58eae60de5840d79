"""`wilks intervals`, `wilks scan`, `wilks contour`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.infer.profiled import factor, free, specification

import wilks
from wilks.results.intervals import IntervalResult
from wilks.results.scan import ContourResult, ScanResult


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    """A workspace with a signal strength and two systematics."""
    samples = {
        "S": ([10.0, 5.0], [free("mu"), factor("eff", 0.9, 1.1)]),
        "B": ([90.0, 95.0], [factor("jes", 0.97, 1.02)]),
    }
    path = tmp_path / "counting.json"
    path.write_text(json.dumps(specification([104.0, 101.0], samples, poi="mu")))
    return path


def test_intervals(call: Call, counting: Path) -> None:
    result = call(
        "intervals", counting, "--parameter", "mu", "--parameter", "j*", "--level", "0.95", "-o", "new/i.json"
    )
    assert result.exit_code == 0
    saved = wilks.load_result("new/i.json")
    assert isinstance(saved, IntervalResult)
    assert saved.names == ("mu", "jes")
    assert saved.levels == (0.95,)
    model = wilks.compile_model(wilks.load_workspace(counting))
    assert saved["jes"] == wilks.intervals(model, parameters="jes", levels=(0.95,))["jes"]
    assert str(saved) in result.stdout
    assert call("plot", "new/i.json", "-o", "i.png").exit_code == 0
    assert Path("i.png").is_file()


def test_scan(call: Call, counting: Path) -> None:
    options = ("--range", "0.5", "1.5", "--points", "5", "--stat-only", "--freeze", "a b=eff", "--freeze", "a b=j*")
    result = call("scan", counting, *options, "-o", "scan.json")
    assert result.exit_code == 0
    saved = wilks.load_result("scan.json")
    assert isinstance(saved, ScanResult)
    assert saved.values.tolist() == [0.5, 0.75, 1.0, 1.25, 1.5]
    assert [(curve.label, set(curve.frozen)) for curve in saved.curves] == [
        ("total", set()),
        ("stat. only", {"eff", "jes"}),
        ("a b", {"eff", "jes"}),
    ]
    assert call("plot", "scan.json", "-o", "scan.png").exit_code == 0
    document = json.loads(call("scan", counting, "--parameter", "jes", "--points", "3", "-o", "-").stdout)
    assert (document["kind"], document["parameter"]) == ("scan", "jes")


def test_contour(call: Call, counting: Path) -> None:
    options = ("--parameter", "mu", "--parameter", "jes", "--points", "7", "--level", "0.5", "--fix", "eff=0.1")
    options += ("--range", "mu=0.5:2")
    result = call("contour", counting, *options, "-o", "contour.json")
    assert result.exit_code == 0
    saved = wilks.load_result("contour.json")
    assert isinstance(saved, ContourResult)
    assert saved.delta.shape == (7, 7)
    assert (saved.x_values[0], saved.x_values[-1]) == (0.5, 2.0)
    assert saved.levels == (0.5,)
    assert saved.origin.settings["fixed"] == {"eff": 0.1}
    assert call("plot", "contour.json", "--style", "CMS", "-o", "contour.png").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("intervals", "--level", "95"), "level 95: it must lie between 0 and 1; 95 % is 0.95"),
        (("intervals", "--parameter", "jess"), 'did you mean "jes"?'),
        (("scan", "--range", "-1", "2"), '-1 is outside the bounds of "mu", 0 to 10'),
        (("scan", "--freeze", "nothing"), '--freeze: "nothing" is not LABEL=PATTERN'),
        (("scan", "--freeze", "x=nothing*"), 'frozen: no parameter "nothing*" in this model'),
        (("contour", "--parameter", "mu", "--parameter", "jes", "--range", "jes"), '"jes" is not NAME=LOW:HIGH'),
        (("contour", "--parameter", "mu", "--parameter", "jes", "--range", "jes=1"), "is not NAME=LOW:HIGH"),
        (("contour", "--parameter", "mu", "--parameter", "jes", "--range", "x=0:1"), "none of the two parameters"),
        (("contour", "--parameter", "mu"), "--parameter: a contour needs two, found 1"),
    ],
)
def test_mistakes_are_sentences(call: Call, counting: Path, arguments: tuple[str, ...], sentence: str) -> None:
    command, *options = arguments
    result = call(command, counting, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_end_is_printed_saved_and_exit_code_1(call: Call, tmp_path: Path) -> None:
    samples = {"S": ([10.0, 5.0], [free("mu")]), "B": ([3.0, 50.0], [])}
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(specification([0.0, 160.0], samples, poi="mu", mu=[-10.0, 10.0])))
    result = call("intervals", path, "--level", "0.95", "-o", "i.json")
    assert result.exit_code == 1
    assert "not reached" in result.stdout
    assert not wilks.load_result("i.json").converged
    assert call("scan", path, "--range", "-1", "1", "--points", "3", "-o", "s.json").exit_code == 1
    assert len(wilks.load_result("s.json").failures) == 1
