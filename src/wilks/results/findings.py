"""Findings: what a check has to say about a steering file, templates, a workspace or a fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """How much a finding matters: `error` (the result can't be trusted), `warning` (look at it), `note`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One observation: which rule, how severe, where, what was found, and what to do about it."""

    rule: str
    severity: Severity
    place: str
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.message} {self.advice} [{self.rule}]"


@dataclass(frozen=True)
class Findings:
    """All findings of one check, the most severe first."""

    items: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        order = {severity: rank for rank, severity in enumerate(Severity)}
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda item: order[item.severity])))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def of_rule(self, rule: str) -> Findings:
        """Return the findings of one rule."""
        return Findings(tuple(item for item in self.items if item.rule == rule))

    def __repr__(self) -> str:
        counts = Counter(item.severity for item in self.items)
        found = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
        return f"<Findings: {found or 'none'}>"

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.items) or "no findings"

    def save(self, path: str | Path) -> None:
        """Write the findings as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        from wilks.results.io import save_result

        save_result(self, path)
