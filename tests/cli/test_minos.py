"""`wilks fit --minos`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Call
from tests.small_analysis import STRENGTH

import wilks
from wilks.results.intervals import IntervalResult


def test_minos_beside_the_fit(call: Call, workspace: Path) -> None:
    result = call("fit", workspace, "--minos", "str*", "-o", "out/fit.json")
    assert result.exit_code == 0
    assert "profile likelihood" in result.stdout
    assert result.stdout.endswith(f"wrote {Path('out/fit.json')}\nwrote {Path('out/fit.intervals.json')}\n")
    saved = wilks.load_result("out/fit.intervals.json")
    assert isinstance(saved, IntervalResult)
    assert saved["strength"].value == pytest.approx(STRENGTH, abs=1e-7)
    assert wilks.load_result("out/fit.json").names == ("strength",)
    assert "profile likelihood" in call("fit", workspace, "--minos", "strength").stdout
    assert "profile likelihood" not in call("fit", workspace).stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--minos", "strenth"), 'did you mean "strength"?'),
        (("--minos", "strength", "-o", "-"), '"wilks intervals -o -" prints the intervals'),
        (("--minos", "strength", "--blind-poi"), "would show what is hidden"),
        (("--minos", "strength", "--fix", "strength=1"), '"strength" is fixed'),
    ],
)
def test_mistakes_are_sentences_before_the_fit(
    call: Call, workspace: Path, options: tuple[str, ...], sentence: str
) -> None:
    result = call("fit", workspace, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not list(Path.cwd().iterdir())
