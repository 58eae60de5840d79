"""Findings: what a check has to say about a steering file, templates, a workspace or a fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from wilks.results.encoding import save_result
from wilks.table import Table


class Severity(StrEnum):
    """How much a finding matters: `error` (the result can't be trusted), `warning` (look at it), `note`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


ALL = "*"
_NUMBERS = ("value_u", "value_d", "value")


@dataclass(frozen=True)
class Case:
    """One place that a finding is about, with its numbers; `*` stands for all systematics, regions or samples.

    `systematic` is the name of a systematic or of any other parameter. `value_u` and `value_d` are what its two sides
    multiply the yield by (1.03 for +3 %); `value` is the number that a rule without sides looks at; None where there is
    none. `bins` are counted from 0.
    """

    systematic: str = ALL
    region: str = ALL
    sample: str = ALL
    value_u: float | None = None
    value_d: float | None = None
    value: float | None = None
    bins: tuple[int, ...] = ()

    @property
    def numbers(self) -> dict[str, Any]:
        """What there is of `value_u`, `value_d`, `value` and `bins`."""
        found = {name: getattr(self, name) for name in _NUMBERS}
        numbers: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
        return numbers | ({"bins": list(self.bins)} if self.bins else {})

    def __str__(self) -> str:
        names = " / ".join(name for name in (self.systematic, self.region, self.sample) if name != ALL)
        numbers = [f"{name} {value:.4g}" for name, value in self.numbers.items() if name != "bins"]
        numbers += [f"bins {', '.join(map(str, self.bins))}"] if self.bins else []
        return f"{names}: {', '.join(numbers)}" if numbers else names


@dataclass(frozen=True)
class Finding:
    """One observation: which rule, how severe, where, what was found, and what to do about it.

    `cases` are the places one by one, with numbers; a rule that is about no systematic, region or sample has none.
    """

    rule: str
    severity: Severity
    place: str
    message: str
    advice: str
    cases: tuple[Case, ...] = ()

    def __str__(self) -> str:
        return f"{self.severity}: {self.place}: {self.message} {self.advice} [{self.rule}]"


@dataclass(frozen=True)
class Findings:
    """All findings of one check, the most severe first.

    >>> import wilks
    >>> findings = wilks.check(wilks.examples.measurement())
    >>> len(findings)
    1
    >>> findings[0].rule
    'large-effect'
    """

    items: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        order = {severity: rank for rank, severity in enumerate(Severity)}
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda item: order[item.severity])))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Finding:
        return self.items[index]

    def of_rule(self, rule: str) -> Findings:
        """Return the findings of one rule."""
        return Findings(tuple(item for item in self.items if item.rule == rule))

    def by_rule(self) -> dict[str, dict[str, dict[str, dict[str, dict[str, Any]]]]]:
        """Return the numbers of every case, as JSON data: by rule, systematic, region and sample (`*`: all of them).

        >>> import wilks
        >>> found = wilks.check(wilks.examples.measurement()).by_rule()
        >>> found["large-effect"]["Fakes"]["muons"]["Fakes"]
        {'value_u': 1.3, 'value_d': 0.75}
        """
        rules: dict[str, dict[str, dict[str, dict[str, dict[str, Any]]]]] = {}
        for finding in self.items:
            systematics = rules.setdefault(finding.rule, {})
            for case in finding.cases:
                regions = systematics.setdefault(case.systematic, {}).setdefault(case.region, {})
                regions[case.sample] = case.numbers
        return rules

    def at_least(self, severity: Severity) -> Findings:
        """Return the findings of a severity and of those above it."""
        order = list(Severity)
        return Findings(tuple(item for item in self.items if order.index(item.severity) <= order.index(severity)))

    def __repr__(self) -> str:
        counts = Counter(item.severity for item in self.items)
        found = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
        return f"<Findings: {found or 'none'}>"

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.items) or "no findings"

    def table(self) -> Table:
        """Return the findings as a table: severity, place, what was found, what to do, and the rule."""
        rows = tuple((str(f.severity), f.place, f.message, f.advice, f.rule) for f in self.items)
        return Table(repr(self)[1:-1], ("severity", "place", "found", "advice", "rule"), rows, "lllll")

    def cases(self) -> Table:
        """Return the places of all findings one by one, with their numbers (`*`: all of them)."""
        rows = []
        for finding in self.items:
            for case in finding.cases:
                numbers = [f"{case.numbers[name]:.6g}" if name in case.numbers else "" for name in _NUMBERS]
                bins = " ".join(map(str, case.bins))
                rows.append((finding.rule, case.systematic, case.region, case.sample, *numbers, bins))
        return Table("Cases", ("rule", "systematic", "region", "sample", *_NUMBERS, "bins"), tuple(rows), "llllrrrl")

    def tables(self) -> tuple[Table, ...]:
        """Return the one table."""
        return (self.table(),)

    def _repr_html_(self) -> str:
        return self.table().html() if self.items else "<p>no findings</p>"

    def save(self, path: str | Path) -> None:
        """Write the findings as JSON, for `load_result`. Raises ResultError where the file can't be written."""
        save_result(self, path)
