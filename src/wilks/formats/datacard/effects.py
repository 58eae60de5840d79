"""What the rows of a card do to one process of one channel, as modifiers of a sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.formats.datacard.numbers import decimal, settled, settled_unless
from wilks.formats.datacard.records import Block, Card, Row, Value
from wilks.formats.datacard.steering import Steering
from wilks.formats.datacard.templates import Template, Templates
from wilks.formats.datacard.text import Problems

FLOOR = 1e-9
"""No bin of a histogram is less: as a fraction of the sum, with autoMCStats as a yield."""
_SYMMETRIC = 1e-5
_NO_NORM = 1e-3
_SAME = 1e-12
LARGEST = 700.0
"""The largest logarithm of a factor that is a number."""


@dataclass(frozen=True)
class Morph:
    """A shape row on one process: its scale, and the histograms up and down."""

    row: Row
    scale: float
    up: Template
    down: Template


@dataclass
class Effects:
    """The effects on one process: log-normal ones by parameter (logarithms of down and up), factors, morphs, counts."""

    logs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    factors: list[str] = field(default_factory=list)
    morphs: list[Morph] = field(default_factory=list)
    count: tuple[Row, float] | None = None


@dataclass
class Reader:
    """What is needed to find the effects on a process."""

    card: Card
    templates: Templates
    steering: Steering
    problems: Problems
    rounding: bool

    def __post_init__(self) -> None:
        self.acting: dict[Block, list[tuple[Row, Value]]] = {}
        for row in self.card.rows:
            for block, value in row.entries.items():
                if value != 0.0:
                    self.acting.setdefault(block, []).append((row, value))

    def effects(self, block: Block, nominal: Template | None, *, norms: bool) -> Effects:
        """Return the effects on a process; `norms`: whether integrals of varied histograms are norms of their own."""
        found = Effects()
        for row, value in self.acting.get(block, ()):
            if row.is_shape and not (row.kind.endswith("?") and not self._has(block, row)):
                self._shape(block, nominal, row, value, found, norms)
            else:
                self._norm(block, row, value, found)
        for name, pairs in found.logs.items():
            if max(abs(math.fsum(pair[side] for pair in pairs)) for side in (0, 1)) > LARGEST:
                where = next(row.where for row, _ in self.acting[block] if row.name == name)
                text = f'"{name}" multiplies process "{block[1]}" of "{block[0]}" beyond all numbers'
                self.problems.add_once(where, text)
                found.logs[name] = [(0.0, 0.0)]
        return found

    def _has(self, block: Block, row: Row) -> bool:
        return self.templates.has(block, f"{row.histograms.get(block, row.name)}Up")

    def _norm(self, block: Block, row: Row, value: Value, found: Effects) -> None:
        kind = "lnN" if row.is_shape else row.kind
        if kind in ("lnN", "lnU"):
            if value != 1.0:
                found.logs.setdefault(row.name, []).append(_logs(value))
        elif isinstance(value, tuple):
            self.problems.add(row.where, f'"{row.name}" has two numbers, {kind} takes one')
        elif kind == "gmM":
            found.factors.append(row.name)
        elif kind == "gmN":
            if found.count is not None:
                text = f'second gmN of process "{block[1]}" in "{block[0]}", the first is "{found.count[0].name}"'
                self.problems.add(row.where, f'"{row.name}" is the {text}')
            found.count = row, value
        else:
            coefficient = float(f"{value:f}") if self.rounding else value
            found.factors.append(self.steering.linear(row.name, coefficient))

    def _shape(
        self, block: Block, nominal: Template | None, row: Row, value: Value, found: Effects, norms: bool
    ) -> None:
        where = f'process "{block[1]}" of "{block[0]}"'
        if isinstance(value, tuple):
            text = (
                f'"{row.name}" has {value[0]:g}/{value[1]:g} for {where}, where there are histograms: one number needed'
            )
            self.problems.add(row.where, text)
            return
        name = row.histograms.get(block, row.name)
        line = self.templates.line_of(block)
        if line is None or line.fake:
            text = f'{row.kind} "{row.name}" has no effect on {where}, which has no histograms, as in Combine'
            self.problems.remark(row.where, text)
            return
        up, down = (self.templates.varied(block, f"{name}{end}") for end in ("Up", "Down"))
        if nominal is None or up is None or down is None:
            return
        for end, side in (("Up", up), ("Down", down)):
            if side.values.size != nominal.values.size:
                text = f'"{name}{end}" of {where} has {side.values.size} bins, the nominal one {nominal.values.size}'
                self.problems.add(row.where, text)
                return
            if not side.total > 0:
                self.problems.add(row.where, f'"{name}{end}" of {where} has the sum {side.total:g}, one above 0 needed')
                return
        found.morphs.append(Morph(row, value, up, down))
        if norms and nominal.total > 0:
            low, high = down.total / nominal.total, up.total / nominal.total
            if self.rounding and max(abs(low - 1), abs(high - 1)) < _NO_NORM:
                return
            if not low > 0 or not high > 0 or value * max(abs(math.log(low)), abs(math.log(high))) > LARGEST:
                self.problems.add(
                    row.where, f'"{row.name}" on {where}: {max(low, high):g} to the power {value:g} is no number'
                )
                return
            low, high = low**value, high**value
            if self.rounding:
                low, high = float(f"{low:f}"), float(f"{high:f}")
            if low != 1 or high != 1:
                found.logs.setdefault(row.name, []).append((math.log(low), math.log(high)))


def _logs(value: Value) -> tuple[float, float]:
    """Return the logarithms of the factors down and up; nearly inverse ones are one factor, as in Combine."""
    if isinstance(value, tuple) and abs(value[0] * value[1] - 1) >= _SYMMETRIC:
        return math.log(value[0]), math.log(value[1])
    up = math.log(value[1] if isinstance(value, tuple) else value)
    return -up, up


def norm_modifiers(logs: dict[str, list[tuple[float, float]]]) -> Iterator[JSONDict]:
    """Yield log-normal effects as normsys; several of one parameter are one."""
    for name, pairs in logs.items():
        low, high = (math.fsum(pair[side] for pair in pairs) for side in (0, 1))
        if max(abs(low), abs(high)) < _SAME:
            continue
        code = "code1" if abs(low + high) < _SAME else "combine"
        up = decimal(math.exp(high))
        data = {"lo": 1.0 / up if code == "code1" else decimal(math.exp(low)), "hi": up}
        yield {"type": "normsys", "name": name, "data": data, "interpolation": code}


def morph_modifiers(
    morphs: list[Morph], nominal: FloatArray, scaled: Callable[[Template], FloatArray], steering: Steering, logs: bool
) -> Iterator[JSONDict]:
    """Yield morphs as histosys around `nominal`; `scaled` gives a varied histogram as it is compared with that.

    A morph is smooth inside of a zone: as far as its parameter times its scale is below the least scale, or below 1.
    """
    zone = min(1.0, *(morph.scale for morph in morphs))
    sides: dict[str, list[FloatArray]] = {}
    for morph in morphs:
        name = steering.scaled(morph.row.name, morph.scale / zone)
        low, high = (
            settled_unless(side.values, reached(nominal, scaled(side), zone, logs)) for side in (morph.down, morph.up)
        )
        if name in sides:  # rows of one name add up
            before = sides[name]
            low, high = (settled(_added(nominal, *pair, logs)) for pair in ((before[0], low), (before[1], high)))
        sides[name] = [low, high]
    for name, (low, high) in sides.items():
        data = {"lo_data": low.tolist(), "hi_data": high.tolist()}
        yield {"type": "histosys", "name": name, "data": data, "interpolation": "code4p"}


def reached(nominal: FloatArray, side: FloatArray, zone: float, logs: bool) -> FloatArray:
    """Return what a variation has become at the end of the smooth zone."""
    if zone == 1.0:
        return side
    if not logs:
        return nominal + zone * (side - nominal)
    possible = (nominal > 0) & (side > 0)
    ratio = np.divide(side, nominal, out=np.ones_like(side), where=possible)
    return np.where(possible, nominal * ratio**zone, side)


def _added(nominal: FloatArray, one: FloatArray, other: FloatArray, logs: bool) -> FloatArray:
    if not logs:
        return one + other - nominal
    possible = (nominal > 0) & (one > 0) & (other > 0)
    return np.where(possible, one * np.divide(other, nominal, out=np.ones_like(one), where=possible), nominal)
