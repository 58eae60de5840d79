"""The table of upper limits: what it says, and what it complains about."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if not FOLDER.is_dir():
        pytest.skip("the benchmarks are not part of this source tree")
    monkeypatch.syspath_prepend(FOLDER)
    return pytest.importorskip("limits")


def case(pyhf: dict[str, Any], **own: Any) -> dict[str, Any]:
    found = {"observed": 2.0, "expected": [1.0, 1.2, 1.5, 2.1, 2.8], "time": 1e-2}
    return {"workspace": "a/b", "wilks": found | own, "pyhf": pyhf}


def test_lines_of_the_table(limits: ModuleType) -> None:
    done = case({"observed": 2.001, "expected": [1.0, 1.2, 1.5, 2.1, 2.8], "time": 12.3})
    assert limits.row(done) == "| a/b | 2 | 1.5 | 10 ms | 2.001 | 1.5 | 1,230 |"
    late = case({"error": "not done within 1.2 s", "late": 1.2})
    assert limits.row(late) == "| a/b | 2 | 1.5 | 10 ms |  |  | > 120 |"
    failed = case({"error": "failed: ValueError: bounds"})
    assert limits.row(failed).endswith("| ValueError: bounds |  |  |")
    assert [limits.problems(each, 100.0) for each in (done, late, failed)] == [[], [], []]


def test_what_must_not_be(limits: ModuleType) -> None:
    other = case({"observed": 2.1, "expected": [1.0, 1.2, 1.5, 2.1, 2.8], "time": 0.5})
    differ, slow = limits.problems(other, 100.0)
    assert "limits differ by 4.8%" in differ
    assert "pyhf takes 50 times as long, less than 100" in slow
    (lost,) = limits.problems(case({"late": 9.0}, observed=float("nan")), 100.0)
    assert "the limit is nan" in lost
