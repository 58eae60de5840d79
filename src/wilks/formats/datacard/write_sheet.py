"""A card while it is written: columns, rows, lines, histograms, and its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wilks.formats.datacard.records import Block
from wilks.formats.root_writing import Written

_SPACE = "  "


@dataclass
class Line:
    """A row of the card: what stands between its kind and its columns, and what stands in these."""

    args: str = ""
    entries: dict[Block, str] = field(default_factory=dict)


@dataclass
class Sheet:
    """A card: `columns` has the rate of each process of each channel, `fake` channels without histograms.

    `rows` are by name and kind, `rates` the factors by name: a value and its range or a formula and its arguments, and
    the blocks that they multiply. `maps` are what Combine's multiSignalModel has to be told, if anything.
    """

    file: str
    observed: dict[str, float] = field(default_factory=dict)
    fake: set[str] = field(default_factory=set)
    columns: dict[Block, float] = field(default_factory=dict)
    signals: set[str] = field(default_factory=set)
    histograms: dict[str, Written] = field(default_factory=dict)
    rows: dict[str, dict[str, Line]] = field(default_factory=dict)
    params: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    rates: dict[str, tuple[str, list[Block]]] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    statistics: list[str] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)

    def entry(self, name: str, kind: str, block: Block, text: str, args: str = "") -> None:
        """Fill a column of a row."""
        line = self.rows.setdefault(name, {}).setdefault(kind, Line(args))
        line.entries[block] = text

    def text(self, order: Iterable[str]) -> str:
        """Return the text of the card; `order` is that of the names of rows and factors."""
        ranks = {name: i for i, name in enumerate(order)}
        names = sorted(self.rows, key=lambda name: ranks.get(name, len(ranks)))
        rule = "-" * 60
        head = ["imax * number of channels", "jmax * number of processes minus 1", "kmax * number of systematics", rule]
        shapes = self._shapes()
        head += [*shapes, rule] if shapes else []
        seen = ["bin", *self.observed], ["observation", *(repr(count) for count in self.observed.values())]
        head += [*_aligned(seen), rule]
        columns = _columns(self.columns, self.signals)
        blank = len(columns[0]) - len(self.columns) - 1
        table = [[line[0], *[""] * (blank + 2), *line[1:]] for line in columns]
        for name in names:
            for kind, line in _merged(self.rows[name]).items():
                cells = [line.entries.get(block, "-") for block in self.columns]
                table.append([name, kind, line.args, *cells])
        body = _aligned(table)
        body.insert(len(columns), rule)
        rates = sorted(self.rates, key=lambda name: ranks.get(name, len(ranks)))
        lines = [line for name in rates for line in self._rate(name)]
        lines = [*self.params, *lines, *self.constraints, *self.groups, *self.statistics, *self.frozen]
        return "\n".join([*head, *body, *lines]) + "\n"

    def _shapes(self) -> list[str]:
        if len(self.fake) == len(self.observed):
            return []
        names = "$CHANNEL/$PROCESS", "$CHANNEL/$PROCESS_$SYSTEMATIC"
        return [
            f"shapes * {channel} FAKE" if channel in self.fake else f"shapes * {channel} {self.file} {' '.join(names)}"
            for channel in self.observed
        ]

    def _rate(self, name: str) -> list[str]:
        text, blocks = self.rates[name]
        return [f"{name} rateParam {channel} {process} {text}" for channel, process in blocks]


def _columns(columns: Mapping[Block, float], signals: set[str]) -> list[list[str]]:
    """Return the lines of channels, processes, numbers and rates."""
    processes = list(dict.fromkeys(process for _, process in columns))
    inside = [process for process in processes if process in signals]
    outside = [process for process in processes if process not in signals]
    numbers = {process: i - len(inside) + 1 for i, process in enumerate(inside)}
    numbers |= {process: i + 1 for i, process in enumerate(outside)}
    return [
        ["bin", *(channel for channel, _ in columns)],
        ["process", *(process for _, process in columns)],
        ["process", *(str(numbers[process]) for _, process in columns)],
        ["rate", *(repr(rate) for rate in columns.values())],
    ]


def _merged(lines: Mapping[str, Line]) -> dict[str, Line]:
    """Return rows of one name; what is lnN here and a shape there is "shape?"."""
    found = dict(lines)
    kind = next((kind for kind in ("shape", "shapeN") if kind in found), None)
    if "lnN" in found and kind is not None:
        norms = found.pop("lnN")
        found = {f"{k}?": line for k, line in found.items()}
        found[f"{kind}?"] = Line("", norms.entries | found[f"{kind}?"].entries)
    return found


def _aligned(table: Iterable[list[str]]) -> list[str]:
    """Return lines whose cells stand below each other."""
    rows = list(table)
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [_SPACE.join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True) if w).rstrip() for row in rows]
