"""The table of public likelihoods: what it says, what it complains about, and where it is put."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def likelihoods(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if not FOLDER.is_dir():
        pytest.skip("the benchmarks are not part of this source tree")
    monkeypatch.syspath_prepend(FOLDER)
    return pytest.importorskip("likelihoods")


def case(slsqp: dict[str, Any], minuit: dict[str, Any], **own: Any) -> dict[str, Any]:
    fit = {"parameters": 3, "bins": 2, "nll": 5.0, "twice_nll": 8.0, "status": "converged", "time": 2e-3}
    return {"workspace": "a/b", "wilks": fit | own, "slsqp": slsqp, "minuit": minuit}


def test_a_line_of_the_table(likelihoods: ModuleType) -> None:
    found = case({"twice_nll": 8.5, "time": 1.5, "nll": 5.0}, {"error": "failed: FailedMinimization: why"})
    assert likelihoods.row(found) == "| a/b | 3 / 2 | 8.000000 | 2 ms | **+0.5** | 1.5 s | FailedMinimization |  |"
    close = case({"error": "not done within 9 s"}, {"twice_nll": 8.0001, "time": 1.0})
    assert likelihoods.row(close).endswith("| not done within 9 s |  | +1.0e-04 | 1 s |")
    assert likelihoods.problems(found) == likelihoods.problems(close) == []


def test_what_must_not_be(likelihoods: ModuleType) -> None:
    lower = case({"twice_nll": 7.9, "time": 1.0, "nll": 5.1}, {"error": "failed"}, status="stalled")
    stalled, below, differ = likelihoods.problems(lower)
    assert "stalled" in stalled
    assert "slsqp is lower by 1.0e-01" in below
    assert "the likelihoods differ" in differ
    (nothing,) = likelihoods.problems({"workspace": "w", "wilks": {"error": "failed: no"}})
    assert "failed: no" in nothing


def test_the_table_goes_between_its_marks(likelihoods: ModuleType, tmp_path: Path) -> None:
    page, marks = tmp_path / "page.md", (likelihoods.BEGIN, likelihoods.END)
    page.write_text(f"before\n{likelihoods.BEGIN}\nold\n{likelihoods.END}\nafter\n")
    for _ in range(2):
        likelihoods.write_page(page, "| new |", *marks)
        text = page.read_text()
        assert text == f"before\n{likelihoods.BEGIN}\n\n| new |\n\n{likelihoods.END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="has no marks"):
        likelihoods.write_page(page, "", *marks)
