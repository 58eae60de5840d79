"""Processes of channels become samples of a workspace."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wilks._types import FloatArray, JSONDict
from wilks.axis import Axis
from wilks.errors import listed, nearest
from wilks.formats.datacard.effects import FLOOR, Effects, Reader, morph_modifiers, norm_modifiers
from wilks.formats.datacard.numbers import scaled_by, settled_unless, with_sum
from wilks.formats.datacard.pois import Interest
from wilks.formats.datacard.records import Block, Column, RateParam, Row, Statistics
from wilks.formats.datacard.templates import DATA, Template


@dataclass
class Made:
    """A sample, with what autoMCStats needs of it: contents and errors of its histogram for a factor of 1."""

    sample: JSONDict
    values: FloatArray
    errors: FloatArray
    signal: bool


@dataclass
class Samples:
    """Makes the samples of all channels, and finds their observed counts."""

    reader: Reader
    interest: Interest
    constrained: set[str]
    check_sums: bool
    observed: dict[str, list[float]] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rates: dict[Block, list[RateParam]] = {}
        for rate in self.reader.card.rates:
            self.rates.setdefault(rate.block, []).append(rate)

    def channel(self, name: str) -> list[Made]:
        """Return the samples of a channel, and note its observed counts."""
        made = []
        for block, column in self.reader.card.columns.items():
            if block[0] == name and column.rate != 0 and self.interest.scales.get(block) != "0":
                one = self._sample(block, column)
                if one is not None:
                    made.append(one)
        self._observe(name, made)
        return made

    def _sample(self, block: Block, column: Column) -> Made | None:
        nominal = self._template(block, column.where)
        fake = self._is_fake(block)
        said = self.reader.card.statistics.get(block[0]) if not fake else None
        if not fake and (nominal is None or not self._sum_is_right(block, column, nominal, said)):
            self.reader.effects(block, nominal, norms=False)  # for what is wrong with them
            return None
        if fake and column.rate == -1:
            text = f'rate -1 of process "{block[1]}" in "{block[0]}", which has no histogram: a number needed'
            self.reader.problems.add(column.where, text)
            return None
        effects = self.reader.effects(block, nominal, norms=said is None or said.mode != 2)
        self._check_count(block, column, effects, nominal)
        self._check_kinds(block, effects, said)
        steered = [{"type": "normfactor", "name": name, "data": None} for name in self._factors(block, effects)]
        modifiers = [*steered, *norm_modifiers(effects.logs)]
        constant = self.reader.rounding and not modifiers
        if nominal is None:
            rate = float(f"{column.rate:g}") if constant else column.rate
            data = np.asarray([effects.count[1] if effects.count else rate])
            sample = {"name": block[1], "data": data.tolist(), "modifiers": modifiers}
            return Made(sample, data, np.zeros(1), column.signal)
        total = nominal.total if column.rate == -1 else column.rate
        scale = self._scale(effects, nominal, float(f"{total:g}") if constant else total, said)
        if not np.isfinite(scale * np.abs(nominal.values).max()):
            text = f'the yield of process "{block[1]}" in "{block[0]}" is beyond all numbers'
            self.reader.problems.add(column.where, text)
            return None
        return self._with_shape(block, column, nominal, effects, modifiers, scale, said)

    def _template(self, block: Block, where: str) -> Template | None:
        if self._is_fake(block):
            return None
        if self.reader.templates.line_of(block) is None:
            lines = self.reader.card.shapes
            hint = nearest(block[1], {line.process for line in lines})
            channels = self.reader.card.channels
            for line in lines:
                if line.channel != "*" and line.channel not in channels:
                    hint = f' ({line.where} is for channel "{line.channel}", which is none: {listed(channels, 3)})'
            text = f'no shapes line for process "{block[1]}" of channel "{block[0]}"; without histograms: FAKE{hint}'
            self.reader.problems.add(where, text)
            return None
        return self.reader.templates.nominal(block)

    def _is_fake(self, block: Block) -> bool:
        if not self.reader.card.shapes:
            return True
        line = self.reader.templates.line_of(block)
        return line is not None and line.fake

    def _sum_is_right(self, block: Block, column: Column, nominal: Template, said: Statistics | None) -> bool:
        if (not nominal.total > 0 and said is None) or nominal.total == 0:
            text = f'the histogram of "{block[1]}" in "{block[0]}" has the sum {nominal.total:g}, one above 0 needed'
            self.reader.problems.add(column.where, text)
            return False
        off = abs(nominal.total - column.rate) > 0.01 * max(1.0, column.rate)
        if column.rate > 0 and off and self.check_sums:
            text = f'rate {column.rate:g} of process "{block[1]}" in "{block[0]}", but its histogram has the sum '
            self.reader.problems.add(
                column.where,
                f"{text}{nominal.total:g} (--X-no-check-norm, check_sums=False reads it)",
            )
        return True

    def _scale(self, effects: Effects, nominal: Template, total: float, said: Statistics | None) -> float:
        """Return what the nominal histogram is multiplied with."""
        if said is not None:
            return 1.0 / effects.count[0].args[0] if effects.count and effects.count[0].args[0] else 1.0
        return (effects.count[1] if effects.count else total) / nominal.total

    def _with_shape(
        self,
        block: Block,
        column: Column,
        nominal: Template,
        effects: Effects,
        modifiers: list[JSONDict],
        scale: float,
        said: Statistics | None,
    ) -> Made:
        values, logs = self._single(nominal.values), self._logs(effects)
        rounded = said is None and self.reader.rounding
        data = scaled_by(values, scale * nominal.total / float(values.sum()) if rounded else scale)
        floor = FLOOR * (scale if said is not None else float(data.sum()))
        sample: JSONDict = {"name": block[1], "data": data.tolist(), "modifiers": modifiers}
        if effects.morphs:
            keep = said is None or said.mode != 2

            def scaled(side: Template) -> FloatArray:
                varied = self._single(side.values)
                if not keep:
                    return scale * varied
                if said is None:
                    return with_sum(varied, float(data.sum()))
                return scale * self._single(with_sum(varied, float(values.sum())))

            modifiers += morph_modifiers(effects.morphs, data, scaled, self.reader.steering, logs)
            sample["morphing"] = _morphing(floor, logs, said)
        else:
            clipped = np.maximum(data, floor)
            if said is None:
                clipped = settled_unless(clipped, with_sum(clipped, float(data.sum())))
            sample["data"] = clipped.tolist()
        if nominal.axis is not None:
            self.axes.setdefault(block[0], nominal.axis)
        return Made(sample, np.maximum(data, floor), scaled_by(nominal.errors, scale), column.signal)

    def _single(self, values: FloatArray) -> FloatArray:
        """Return contents of a histogram, in single precision where Combine's rounding is asked for."""
        return values.astype(np.float32).astype(np.float64) if self.reader.rounding else values

    def _logs(self, effects: Effects) -> bool:
        return any("N" in morph.row.kind for morph in effects.morphs)

    def _check_kinds(self, block: Block, effects: Effects, said: Statistics | None) -> None:
        kinds: dict[bool, Row] = {}
        for morph in effects.morphs:
            kinds.setdefault("N" in morph.row.kind, morph.row)
        where = f'process "{block[1]}" of "{block[0]}"'
        if len(kinds) > 1:
            text = f'"{kinds[True].name}" is {kinds[True].kind}, "{kinds[False].name}" ({kinds[False].where}) is '
            text += f"{kinds[False].kind}: one way of morphing for {where} needed"
            self.reader.problems.add(kinds[True].where, text)
        if said is not None and effects.morphs and said.mode not in (1, 2):
            text = f"mode {said.mode} of histograms leaves out the variations of {where}; 1 or 2 needed"
            self.reader.problems.add(said.where, text)

    def _check_count(self, block: Block, column: Column, effects: Effects, nominal: Template | None) -> None:
        if effects.count is None:
            return
        row, alpha = effects.count
        rate = nominal.total if column.rate == -1 and nominal is not None else column.rate
        if abs(alpha * row.args[0] - rate) > max(0.05 * max(rate, 1.0), alpha):
            text = f'"{row.name}": {row.args[0]:g} events times {alpha:g} are {alpha * row.args[0]:g}, but the rate of '
            self.reader.problems.add(row.where, f'{text}process "{block[1]}" in "{block[0]}" is {rate:g}')
        if block[0] in self.reader.card.statistics and nominal is not None and row.args[0] == 0:
            text = f'"{row.name}": gmN of no event can\'t scale the histogram of process "{block[1]}" with autoMCStats'
            self.reader.problems.add(row.where, text)

    def _factors(self, block: Block, effects: Effects) -> list[str]:
        """Return the names of what multiplies a process."""
        scale = self.interest.scales.get(block)
        found = [scale] if scale not in (None, "1") else []
        found += [self._rate(rate) for rate in self.rates.get(block, ())] + effects.factors
        if effects.count is not None:
            found.append(effects.count[0].name)
        repeated = {name for name in found if found.count(name) > 1}
        for name in repeated:
            text = f'"{name}" multiplies process "{block[1]}" of "{block[0]}" more than once'
            self.reader.problems.add(self.reader.card.name, text)
        return [name for name in found if name is not None]

    def _rate(self, rate: RateParam) -> str:
        return self.reader.steering.itself(rate.name) if rate.name in self.constrained else rate.name

    def _observe(self, name: str, made: list[Made]) -> None:
        card, block = self.reader.card, (name, DATA)
        if card.observed is None or name not in card.observed:
            return
        count, where = card.observed[name], card.observed_at[name]
        if self._is_fake(block):
            if count == -1:
                text = f'observation -1 of channel "{name}", which has no histogram: a count needed'
                self.reader.problems.add(where, text)
            self.observed[name] = [count]
        else:
            self._observe_histogram(block, count, where)
        bins = {one.values.size for one in made} | {len(self.observed[name])} if name in self.observed else set()
        if len(bins) > 1:
            text = f'the histograms of channel "{name}" (processes and data) have different numbers of bins: '
            self.reader.problems.add(where, text + ", ".join(map(str, sorted(bins))))

    def _observe_histogram(self, block: Block, count: float, where: str) -> None:
        found = self._template(block, where)
        if found is None:
            return
        total = found.total
        off = total > 0.01 if count == 0 else count > 0 and abs(total / count - 1) > 0.005
        if off and self.check_sums:
            text = f'observation {count:g} of channel "{block[0]}", but the histogram of its data has the sum {total:g}'
            self.reader.problems.add(where, f"{text} (--X-no-check-norm, check_sums=False reads it)")
        if (found.values < 0).any():
            text = f'negative counts in the data of channel "{block[0]}" are 0, as in Combine'
            self.reader.problems.remark(where, text)
        self.observed[block[0]] = np.maximum(found.values, 0.0).tolist()


def _morphing(floor: float, logs: bool, said: Statistics | None) -> JSONDict:
    """Return what becomes of morphed yields."""
    if logs:
        return {"logarithms": True, "keep_sum": True} | ({"floor": floor} if said is not None else {})
    return {"floor": floor} | ({"normalise": True} if said is None else {})
