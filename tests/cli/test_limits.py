"""`wilks hypotest`, `wilks limit`, `wilks significance`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Call
from tests.infer.searches import MU, canonical, modifier, workspace

import wilks
from wilks.results.hypotest import HypothesisTest, LimitResult, SignificanceResult


@pytest.fixture
def search(tmp_path: Path) -> Path:
    path = tmp_path / "search.json"
    path.write_text(json.dumps(canonical()))
    return path


@pytest.fixture
def hopeless(tmp_path: Path) -> Path:
    """A signal that the background makes up for."""
    samples = {"signal": ([10.0], [MU]), "background": ([50.0], [modifier("k", "normfactor")])}
    settings = [{"name": "k", "bounds": [[-1e9, 1e9]]}]
    path = tmp_path / "hopeless.json"
    path.write_text(json.dumps(workspace({"SR": samples}, {"SR": [50]}, settings)))
    return path


def test_hypotest(call: Call, search: Path) -> None:
    result = call("hypotest", search, "--value", "0.5", "--value", "1", "--statistic", "q", "-o", "new/test.json")
    assert result.exit_code == 0
    saved = wilks.load_result("new/test.json")
    assert isinstance(saved, HypothesisTest)
    model = wilks.compile_model(wilks.load_workspace(search))
    np.testing.assert_array_equal(saved.observed.cls, wilks.hypotest(model, value=[0.5, 1], statistic="q").observed.cls)
    assert str(saved) in result.stdout
    assert call("plot", "new/test.json", "-o", "test.png").exit_code == 0
    document = json.loads(call("hypotest", search, "--statistic", "q0", "-o", "-").stdout)
    assert (document["kind"], document["values"]) == ("hypotest", [0.0])


def test_toys(call: Call, search: Path) -> None:
    assert call("hypotest", search, "--toys", "70", "--seed", "3", "-o", "toys.json").exit_code == 0
    saved = wilks.load_result("toys.json")
    model = wilks.compile_model(wilks.load_workspace(search))
    again = wilks.hypotest(model, calculator="toys", toys=70, seed=3)
    np.testing.assert_array_equal(saved.counts.tested, again.counts.tested)
    assert "70 of each hypothesis, seed 3" in str(saved)
    assert call("plot", "toys.json", "-o", "toys.png").exit_code == 0


def test_weighted_toys(call: Call, search: Path) -> None:
    result = call("hypotest", search, "--value", "2", "--toys", "300", "--importance", "-o", "toys.json")
    assert result.exit_code == 0, result.stderr
    assert "300 for each value, weighted" in result.stdout
    assert "as good as" in result.stdout
    model = wilks.compile_model(wilks.load_workspace(search))
    again = wilks.hypotest(model, value=2, calculator="toys", toys=300, importance=True)
    np.testing.assert_array_equal(wilks.load_result("toys.json").observed.cls, again.observed.cls)
    assert call("plot", "toys.json", "-o", "toys.png").exit_code == 0
    few = call("hypotest", search, "--value", "2", "--toys", "20", "--importance")
    assert few.exit_code == 1
    assert "ask for more" in few.stdout
    for options, why in (((), "--toys N"), (("--statistic", "t", "--toys", "20"), "large on both sides")):
        result = call("hypotest", search, "--importance", *options)
        assert result.exit_code == 2
        assert why in result.stderr


def test_limit(call: Call, search: Path) -> None:
    result = call("limit", search, "--level", "0.9", "--base", "clipped_normal", "-o", "limit.json")
    assert result.exit_code == 0
    saved = wilks.load_result("limit.json")
    assert isinstance(saved, LimitResult)
    model = wilks.compile_model(wilks.load_workspace(search))
    assert saved.observed == wilks.limit(model, level=0.9, base="clipped_normal").observed
    assert "Upper limits on mu at 90% CL" in result.stdout
    assert call("plot", "limit.json", "-o", "limit.pdf", "--style", "CMS").exit_code == 0
    expected = call("limit", search, "--asimov", "--set", "mu=0", "--fix", "uncorr*=1", "-o", "-")
    document = json.loads(expected.stdout)
    assert document["observed"] == pytest.approx(document["expected"][2], rel=1e-6)


def test_a_missing_limit_is_exit_code_1_and_written(call: Call, hopeless: Path) -> None:
    result = call("limit", hopeless, "-o", "limit.json")
    assert result.exit_code == 1
    assert np.isnan(wilks.load_result("limit.json").observed)
    assert "n/a" in result.stdout


def test_significance(call: Call, search: Path) -> None:
    result = call("significance", search, "--injected", "0.5", "--injected", "2", "--toys", "40", "-o", "z.json")
    assert result.exit_code == 0
    saved = wilks.load_result("z.json")
    assert isinstance(saved, SignificanceResult)
    assert saved.injected.tolist() == [0.5, 2]
    assert saved.toys == 40
    assert str(saved) in result.stdout
    far = call("significance", search, "--asimov", "--set", "mu=40")
    assert "e-" in far.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("limit", "--level", "95"), "level 95: it must lie between 0 and 1; 95 % is 0.95"),
        (("limit", "--statistic", "q0"), 'no test statistic "q0"'),
        (("limit", "--poi", "nu"), '"nu"'),
        (("limit", "--fix", "mu=1"), '"mu" is fixed'),
        (("hypotest", "--value", "-1"), "not below 0"),
        (("hypotest", "--value", "1", "--statistic", "q0"), "q0 tests the value 0"),
        (("significance", "--injected", "-1"), "not below 0"),
    ],
)
def test_mistakes_are_sentences(call: Call, search: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = call(arguments[0], search, *arguments[1:], "-o", "out.json")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("out.json").exists()
