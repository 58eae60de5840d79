"""The history of benchmark runs: what counts as the same machine, and what as slower."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

history = pytest.importorskip("benchmarks.history", reason="the benchmarks are not part of this source tree")

HERE = {"cpu": "A", "cores": 2, "python": "3.11.9"}


def entry(machine: dict[str, Any], when: str = "then", **numbers: float) -> dict[str, Any]:
    named = {name.replace("_", " "): {"min": value, "median": 2 * value} for name, value in numbers.items()}
    return {"when": when, "version": "1", "machine": machine, "numbers": named}


def now(**numbers: float) -> dict[str, dict[str, float]]:
    return entry(HERE, **numbers)["numbers"]


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "results" / "history.jsonl"
    assert history.read(path) == []
    entries = [entry(HERE, "first", fit=1.0), entry(HERE, "second", fit=2.0)]
    for each in entries:
        history.append(path, each)
    assert history.read(path) == entries


def test_slower_by_more_than_a_fifth_is_flagged_worst_first() -> None:
    before = [entry(HERE, a=1.0, b=1.0, c=1.0, d=1.0)]
    found = history.changes(before, HERE, now(a=1.19, b=1.21, c=3.0, d=0.2))
    assert [(c.name, pytest.approx(c.factor)) for c in history.slower(found)] == [("c", 3.0), ("b", 1.21)]
    assert len(found) == 4


def test_fewer_toys_per_second_are_slower() -> None:
    found = history.changes(
        [entry(HERE, medium_toys=300.0, small_toys=300.0)], HERE, now(medium_toys=200.0, small_toys=900.0)
    )
    assert [(c.name, c.factor) for c in history.slower(found)] == [("medium toys", 1.5)]


def test_other_machines_do_not_count() -> None:
    entries = [entry(HERE, "old", fit=1.0), entry(HERE | {"cores": 64}, "new", fit=0.1), entry({"cpu": "B"}, fit=0.1)]
    (change,) = history.changes(entries, HERE | {"python": "3.12.0"}, now(fit=1.0))
    assert (change.when, change.factor) == ("old", 1.0)


def test_each_number_is_compared_with_its_own_last_run() -> None:
    entries = [entry(HERE, "first", fit=4.0, huge_fit=5.0), entry(HERE, "second", fit=1.0)]
    found = {c.name: c for c in history.changes(entries, HERE, now(fit=1.0, huge_fit=5.0, new=1.0))}
    assert {name: c.when for name, c in found.items()} == {"fit": "second", "huge fit": "first"}
    assert history.slower(list(found.values())) == []
