"""`Ledger`: what was served by wilks, what went the original's way and why, and how long it took."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

log = logging.getLogger("wilks.compat")

# What is counted, as the report names it.
KINDS = {
    "template": "templates",
    "model": "models",
    "fit": "fits",
    "test": "hypothesis tests",
    "evaluation": "evaluations",
    "toy": "toys",
}


@dataclass
class Ledger:
    """Counts of what was served and of what was not, with the seconds that both took; by kind (see `KINDS`).

    `reasons` counts, for each kind and reason, what went the original's way; `lower` the fits that found a lower
    minimum than the one that their start leads to.
    """

    served: Counter[str] = field(default_factory=Counter)
    original: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[tuple[str, bool], float] = field(default_factory=lambda: defaultdict(float))
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    lower: int = 0

    def clear(self) -> None:
        """Forget everything."""
        for counts in (self.served, self.original, self.seconds, self.reasons):
            counts.clear()
        self.lower = 0

    @contextmanager
    def serving(self, kind: str, count: int = 1) -> Iterator[None]:
        """Count what is done inside as served, unless it raises."""
        start = perf_counter()
        yield
        self.served[kind] += count
        self.seconds[kind, True] += perf_counter() - start

    @contextmanager
    def passing(self, kind: str, reason: str) -> Iterator[None]:
        """Count what is done inside as the original's; the reason is logged, above the level of debugging only once."""
        level = logging.DEBUG if self.reasons[kind, reason] else logging.INFO
        log.log(level, "%s: the original's way (%s)", kind, reason)
        self.original[kind] += 1
        self.reasons[kind, reason] += 1
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[kind, False] += perf_counter() - start

    def __str__(self) -> str:
        """What was served, what was not, and why, as text."""
        lines = ["wilks.compat: served by wilks"]
        for kind, plural in KINDS.items():
            if self.served[kind]:
                lines.append(f"  {self.served[kind]:>9,} {plural:<17} {self.seconds[kind, True]:9.3f} s")
        if len(lines) == 1:
            lines.append("  nothing")
        if self.lower:
            lines.append(f"  {self.lower:>9,} fits found a lower minimum than the one that their start leads to")
        if self.original.total():
            lines.append("the original's way")
        for kind, plural in KINDS.items():
            if self.original[kind]:
                lines.append(f"  {self.original[kind]:>9,} {plural:<17} {self.seconds[kind, False]:9.3f} s")
                why = [(reason, n) for (each, reason), n in self.reasons.most_common() if each == kind]
                lines += [f"            {n:,} x {reason}" for reason, n in why]
        return "\n".join(lines)


LEDGER = Ledger()
"""What has happened in this process."""
