"""A line of JSON per benchmark run, and what became slower since the last run on the same machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Numbers = Mapping[str, Mapping[str, float]]  # name of a measurement: {"min": ..., "median": ...}
LIMIT = 1.2  # slower by more than this is worth a line; less is within the noise of a quiet machine


@dataclass(frozen=True)
class Change:
    """One measurement beside the same one of an earlier run; `factor` above 1 is worse."""

    name: str
    before: float
    now: float
    factor: float
    when: str
    version: str


def read(path: Path) -> list[dict[str, Any]]:
    """Return all entries, oldest first; none if there is no such file."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def append(path: Path, entry: Mapping[str, Any]) -> None:
    """Add one entry at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def changes(entries: list[dict[str, Any]], machine: Mapping[str, Any], numbers: Numbers) -> list[Change]:
    """Return each measurement beside its last one on the same machine (processor and number of cores).

    Least times are compared: a busy machine makes them longer, never shorter. A rate (name ending in "toys") is worse
    when it is lower.
    """
    same = [e for e in entries if all(e["machine"].get(k) == machine.get(k) for k in ("cpu", "cores"))]
    found = []
    for name, now in numbers.items():
        last = next((e for e in reversed(same) if name in e["numbers"]), None)
        if last is None:
            continue
        before = last["numbers"][name]["min"]
        factor = before / now["min"] if name.endswith("toys") else now["min"] / before
        found.append(Change(name, before, now["min"], factor, last["when"], last["version"]))
    return found


def slower(found: list[Change]) -> list[Change]:
    """Return what got worse by more than the limit, worst first."""
    return sorted((change for change in found if change.factor > LIMIT), key=lambda change: -change.factor)
