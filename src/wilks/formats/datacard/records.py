"""What a card says, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Block: TypeAlias = tuple[str, str]
"""A channel and a process."""
Value: TypeAlias = float | tuple[float, float]
"""What stands in a column of a row: a number, or those of down and up."""


@dataclass
class Column:
    """One process of one channel; a rate of -1 is the integral of its histogram."""

    channel: str
    process: str
    signal: bool
    rate: float
    where: str


@dataclass(frozen=True)
class Shapes:
    """Where histograms are; `varied` is None where no systematic has any. Names may have keywords in them."""

    process: str
    channel: str
    file: str
    nominal: str
    varied: str | None
    folder: Path | None
    where: str

    @property
    def fake(self) -> bool:
        """Whether it says that there is no histogram."""
        return self.file == "FAKE" and not self.nominal


@dataclass
class Row:
    """A systematic; `histograms` has the names that its histograms have where it was renamed."""

    name: str
    kind: str
    args: tuple[float, ...]
    entries: dict[Block, Value]
    where: str
    histograms: dict[Block, str] = field(default_factory=dict)

    @property
    def is_shape(self) -> bool:
        """Whether it has histograms."""
        return self.kind.startswith("shape")


@dataclass(frozen=True)
class Param:
    """A parameter with a normal constraint, of two widths where they differ, and its range."""

    name: str
    mean: float
    lower: float
    upper: float
    bounds: tuple[float, float] | None
    where: str


@dataclass(frozen=True)
class RateParam:
    """A factor of one process of one channel: a free parameter that starts at `value`, or a formula of `arguments`."""

    name: str
    block: Block
    value: float
    bounds: tuple[float, float] | None
    formula: str
    arguments: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class ExtArg:
    """A parameter that formulas use."""

    name: str
    value: float
    bounds: tuple[float, float] | None
    constant: bool
    where: str


@dataclass(frozen=True)
class Constr:
    """A normal constraint of a formula of `arguments` to 0, of a width that is a number or a formula's name."""

    name: str
    formula: str
    arguments: tuple[str, ...]
    width: float | str
    where: str


@dataclass(frozen=True)
class Statistics:
    """What autoMCStats says of a channel."""

    threshold: float
    signals: bool
    mode: int
    where: str


@dataclass
class Group:
    """Names of parameters that belong together, with their places."""

    names: dict[str, str]
    where: str


@dataclass
class Card:
    """A card; `observed` is None where it has no data, its entries -1 where the histogram says.

    `observed_at` says where they stand.
    """

    name: str
    folder: Path | None
    channels: list[str] = field(default_factory=list)
    observed: dict[str, float] | None = None
    observed_at: dict[str, str] = field(default_factory=dict)
    columns: dict[Block, Column] = field(default_factory=dict)
    shapes: list[Shapes] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    params: dict[str, Param] = field(default_factory=dict)
    flat: dict[str, str] = field(default_factory=dict)
    rates: list[RateParam] = field(default_factory=list)
    arguments: dict[str, ExtArg] = field(default_factory=dict)
    constraints: dict[str, Constr] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    statistics: dict[str, Statistics] = field(default_factory=dict)
    frozen: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def processes(self) -> list[str]:
        """The names of processes, in their order."""
        return list(dict.fromkeys(process for _, process in self.columns))

    @property
    def signals(self) -> set[str]:
        """The names of signals."""
        return {column.process for column in self.columns.values() if column.signal}
