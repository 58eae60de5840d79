"""`Record`: what happened in one trial."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.verdict import Fault


@dataclass
class Record:
    """Counts, faults, and by how much lower points lie below fits that converged."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)

    def note(self, fault: Fault | None) -> None:
        """Keep a fault, if there is one."""
        if fault is not None:
            self.faults.append(fault)
