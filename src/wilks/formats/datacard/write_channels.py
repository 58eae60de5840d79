"""Channels of a workspace as columns, entries of rows, and histograms of a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wilks._types import FloatArray
from wilks.axis import Axis
from wilks.formats.datacard.effects import FLOOR
from wilks.formats.datacard.records import Block
from wilks.formats.datacard.write_functions import Functions
from wilks.formats.datacard.write_names import CardNames
from wilks.formats.datacard.write_numbers import cut_contents, varied_contents, zone_of
from wilks.formats.datacard.write_parameters import ParameterLines
from wilks.formats.datacard.write_sheet import Sheet
from wilks.formats.datacard.write_statistics import ChannelStatistics
from wilks.formats.histfactory_xml.write_channels import Told
from wilks.formats.notes import Note
from wilks.formats.root_writing import Written
from wilks.workspace.spec import Channel, HistoSys, Lumi, NormFactor, NormSys, Sample, ShapeFactor, ShapeSys

_CLOSE = 1e-9
_KEPT, _ROUNDED = 1e-12, 1e-6
_NEARLY_INVERSE = 1e-5
_REACH = 5.0  # standard deviations


@dataclass
class Norm:
    """Factors down and up of a systematic, and whether they are the inverse of each other by its interpolation."""

    low: float
    high: float
    inverse: bool


@dataclass
class Effects:
    """What acts on a sample: names of factors, norms and varied yields (down, up) by parameter, scales of shapes."""

    factors: list[str] = field(default_factory=list)
    norms: dict[str, Norm] = field(default_factory=dict)
    morphs: dict[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict)
    scales: dict[str, float] = field(default_factory=dict)


@dataclass
class ChannelWriter:
    """Fills a sheet with a channel. `starts` are values of parameters and functions where Combine decides."""

    sheet: Sheet
    names: CardNames
    lines: ParameterLines
    functions: Functions
    pois: Mapping[Block, str]
    starts: Mapping[str, float]
    told: Told

    def write(self, channel: Channel, observed: FloatArray, axis: Axis | None, bins: FloatArray | slice) -> None:
        """Add a channel; `bins` are those that are not masked."""
        self.channel, self.called = channel, self.names.channels[channel.name]
        self.where = f'channel "{channel.name}"'
        effects = {sample.name: self._effects(sample) for sample in channel.samples}
        statistics = ChannelStatistics(channel, self.called, self.names.processes, self.told)
        shapes = axis is not None or statistics.there or observed.size > 1
        shapes = shapes or any(one.morphs for one in effects.values())
        self.sheet.observed[self.called] = float(observed.sum())
        if not shapes:
            self.sheet.fake.add(self.called)
            for sample in channel.samples:
                self._count(sample, effects[sample.name])
            return
        self.edges = np.arange(observed.size + 1.0) if axis is None else axis.edges
        self.title = "" if axis is None else axis.label
        self._histogram("data_obs", observed, np.zeros(observed.size))
        plain = self._plain(effects, statistics.there)
        mode = 1 if plain else self._mode(effects)
        if not plain:
            self._statistics(statistics, effects, mode)
        for sample in channel.samples:
            errors = statistics.errors.get(sample.name, np.zeros(observed.size))
            self._shape(sample, effects[sample.name], errors, plain, mode)

    def _histogram(self, name: str, values: FloatArray, errors: FloatArray) -> None:
        self.sheet.histograms[f"{self.called}/{name}"] = Written(values, errors, self.edges, self.title)

    def _effects(self, sample: Sample) -> Effects:
        found = Effects()
        where = f'{self.where}, sample "{sample.name}"'
        for modifier in sample.modifiers:
            name = modifier.name
            at = f'{where}: {modifier.__struct_config__.tag} "{name}"'
            match modifier:
                case NormFactor() | Lumi():
                    found.factors.append(name)
                case NormSys():
                    self._norm(modifier, found, at)
                case HistoSys():
                    self._morph(modifier, found, at)
                case ShapeFactor():
                    text = (
                        "a factor for each bin has no line in a card; with one bin in each channel it is a normfactor"
                    )
                    self.told.problems.append(f"{at}: {text}")
                case ShapeSys():
                    pass
                case _ if modifier.effect != "added":
                    text = "a factor for the sum of samples; autoMCStats adds its terms instead"
                    self.told.problems.append(f"{at}: {text}")
        return found

    def _norm(self, modifier: NormSys, found: Effects, at: str) -> None:
        low, high, code = float(modifier.data.lo), float(modifier.data.hi), modifier.interpolation
        if self._steered(modifier.name):
            self.told.problems.append(f"{at}: a function steers it; in a card that is for factors (rateParam) only")
        elif code == "code1" and abs(low * high - 1.0) < _CLOSE:
            found.norms[modifier.name] = Norm(low, high, True)
        elif code == "combine":
            found.norms[modifier.name] = Norm(low, high, abs(low * high - 1.0) < 1e-12)
        elif low == high == 1.0:
            found.norms[modifier.name] = Norm(low, high, True)
        else:
            text = f"its interpolation {code or 'code4'} has no row; lnN is "
            self.told.problems.append(f'{at}: {text}code1 with lo = 1/hi, or "combine"')

    def _steered(self, name: str) -> bool:
        return any(name in known for known in (self.functions.formulas, self.functions.linear, self.functions.same))

    def _morph(self, modifier: HistoSys, found: Effects, at: str) -> None:
        if self._steered(modifier.name):
            self.told.problems.append(
                f"{at}: a function steers it; in a card that can be a number times a parameter only"
            )
            return
        if modifier.interpolation not in (None, "code4p"):
            text = f"its interpolation {modifier.interpolation} has no row; shape is code4p"
            self.told.problems.append(f"{at}: {text}")
            return
        name, scale = self.functions.scaled.get(modifier.name, (modifier.name, 1.0))
        if scale < 1.0 or name in found.morphs:
            text = "has a wider smooth zone than a card can say" if scale < 1.0 else "acts twice by one parameter"
            self.told.problems.append(f"{at}: {text}")
        low, high = (np.asarray(one, np.float64) for one in (modifier.data.lo_data, modifier.data.hi_data))
        found.morphs[name], found.scales[name] = (low, high), scale

    def _plain(self, effects: Mapping[str, Effects], statistics: bool) -> bool:
        """Return whether the channel is one without autoMCStats: yields are normalised after they are morphed."""
        kinds: dict[bool, list[str]] = {True: [], False: []}
        undecided = True
        for sample in self.channel.samples:
            morphing = sample.morphing
            if effects[sample.name].morphs:
                normalised = morphing is not None and (
                    bool(morphing.normalise) or (bool(morphing.keep_sum) and morphing.floor is None)
                )
                kinds[normalised].append(sample.name)
            elif cut_contents(np.asarray(sample.data, np.float64)) is None:
                undecided = False
        if statistics:
            kinds[False].append("(autoMCStats)")
        if kinds[True] and kinds[False]:
            text = f'"{kinds[True][0]}" is normalised after morphing, "{kinds[False][0]}" is not: in a card all are, '
            self.told.problems.append(f"{self.where}: sample {text}without autoMCStats, or none")
        return bool(kinds[True]) or (not kinds[False] and undecided)

    def _mode(self, effects: Mapping[str, Effects]) -> int:
        """Return how histograms are read: 1 with a norm and a shape of its own for each, 2 as they are."""
        needs: dict[int, list[str]] = {1: [], 2: []}
        for sample in self.channel.samples:
            one, total = effects[sample.name], float(np.sum(sample.data))
            for name, sides in one.morphs.items():
                kept = all(abs(side.sum() - total) <= _ROUNDED * abs(total) for side in sides)
                if name in one.norms:
                    needs[1].append(f'"{name}" on "{sample.name}"')
                if not kept:
                    needs[2].append(f'"{name}" on "{sample.name}"')
        if needs[1] and needs[2]:
            text = f"the shape of {needs[1][0]} has a norm beside it, that of {needs[2][0]} changes the sum itself; "
            self.told.problems.append(f"{self.where}: {text}in a channel of a card it is one or the other")
        return 2 if needs[2] else 1

    def _statistics(self, statistics: ChannelStatistics, effects: Mapping[str, Effects], mode: int) -> None:
        threshold = "-1"
        if statistics.there:
            floors = {s.name: FLOOR / self._events(effects[s.name]) for s in self.channel.samples}
            factors = {
                name: float(np.prod([self.starts.get(f, 1.0) for f in e.factors])) for name, e in effects.items()
            }
            signals = {s.name for s in self.channel.samples if self.names.processes[s.name] in self.sheet.signals}
            statistics.decide(floors, factors, signals)
            threshold = str(statistics.threshold)
        tail = f" {int(statistics.signals)} 2" if mode == 2 else " 1" if statistics.signals else ""
        self.sheet.statistics.append(f"{self.called} autoMCStats {threshold}{tail}")

    def _events(self, effects: Effects) -> float:
        """Return the events of a gmN, else 1."""
        counts = [float(self.lines.args[name]) for name in effects.factors if self.lines.kinds.get(name) == "gmN"]
        return counts[0] if counts and counts[0] else 1.0

    def _rows(self, block: Block, where: str, effects: Effects, rate: float) -> float:
        """Fill the rows of factors and norms without shapes; return the rate that the column gets."""
        for name in effects.factors:
            kind, called = self.lines.kinds.get(name), self.names.parameters.get(name, name)
            if self.pois.get(block) == name:
                continue
            if kind in ("gmN", "gmM"):
                self.sheet.entry(
                    called,
                    kind,
                    block,
                    repr(rate) if kind == "gmN" else self.lines.args[name],
                    self.lines.args[name] if kind == "gmN" else "",
                )
                rate *= float(self.lines.args[name]) if kind == "gmN" else 1.0
            elif name in self.functions.linear:
                parameter, slope = self.functions.linear[name]
                kind = self.lines.kinds[parameter]
                args = self.lines.args.get(parameter, "")
                self.sheet.entry(self.names.parameters[parameter], kind, block, repr(slope), args)
            elif name in self.functions.same:
                parameter = self.functions.same[name]
                self.sheet.rates.setdefault(self.names.parameters[parameter], ("0.0", []))[1].append(block)
            elif name in self.functions.formulas:
                text = self.functions.formula(self.functions.formulas[name], lambda one: self.names.parameters[one])
                self.sheet.rates.setdefault(called, (text, []))[1].append(block)
            elif kind == "rate":
                self.sheet.rates.setdefault(called, (self.lines.values[name], []))[1].append(block)
            else:
                if name in self.lines.pois:
                    text = "is a parameter of interest of a sample that has one already"
                    self.told.problems.append(f'{where}: factor "{name}" {text}')
        for name, norm in effects.norms.items():
            if name not in effects.morphs and (norm.low, norm.high) != (1.0, 1.0):
                self.sheet.entry(
                    self.names.parameters[name], self.lines.kinds[name], block, self._number(norm, where, name)
                )
        return rate

    def _number(self, norm: Norm, where: str, name: str) -> str:
        if norm.inverse:
            return repr(norm.high)
        if abs(norm.low * norm.high - 1.0) < _NEARLY_INVERSE:
            text = f'"{name}": {norm.low:g}/{norm.high:g} are nearly inverse, Combine takes the second for both'
            self.told.note(Note(where, text, "approximate"))
        return f"{norm.low!r}/{norm.high!r}"

    def _count(self, sample: Sample, effects: Effects) -> None:
        """Write a sample of a channel that is one number."""
        block, where = (self.called, self.names.processes[sample.name]), f'{self.where}, sample "{sample.name}"'
        value = float(sample.data[0])
        if value < 0 or (value == 0 and not any(self.lines.kinds.get(name) == "gmN" for name in effects.factors)):
            if value < 0:
                self.told.problems.append(f"{where}: a yield of {value:g}, one above 0 needed")
            else:
                self.told.note(Note(where, "yields nothing: a process of rate 0 does not act", "read as"))
        self.sheet.columns[block] = self._rows(block, where, effects, value)

    def _shape(self, sample: Sample, effects: Effects, errors: FloatArray, plain: bool, mode: int) -> None:
        """Write a sample with histograms."""
        process = self.names.processes[sample.name]
        block, where = (self.called, process), f'{self.where}, sample "{sample.name}"'
        yields = np.asarray(sample.data, np.float64)
        if not yields.sum() > 0 or ((yields < 0).any() and (sample.morphing is None or not effects.morphs)):
            text = "no yields" if not yields.any() else f"a negative yield ({yields.min():g})"
            self.told.problems.append(f"{where}: {text}; histograms of a card have a sum above 0, and no bins below")
            return
        events, sums = self._events(effects), float(yields.sum())
        floor = FLOOR * sums if plain else FLOOR / events
        contents = events * yields
        if plain and not effects.morphs:
            cut = cut_contents(yields)
            contents = contents if cut is None else events * cut
        elif (yields < floor).any() and (not effects.morphs or sample.morphing is None):
            text = f"bins below {floor:g} events (among them those with 0) have so many in Combine"
            self.told.note(Note(where, text, "approximate"))
        total = float(contents.sum())
        rate = self._rows(block, where, effects, sums)
        self.sheet.columns[block] = total if rate == sums else rate
        self._histogram(process, contents, events * errors)
        logs = sample.morphing is not None and bool(sample.morphing.logarithms)
        self._check_morphing(sample, effects, where, plain, floor)
        if (plain or mode == 1) and not logs:
            self._check_sums(effects, where, sums)
        zone = self._zone(effects, yields) if logs else 1.0
        for name, sides in effects.morphs.items():
            norm = effects.norms.get(name, Norm(1.0, 1.0, True))
            scale, called = effects.scales[name] * zone, self.names.parameters[name]
            for end, side, factor in (("Down", sides[0], norm.low), ("Up", sides[1], norm.high)):
                ratio = factor ** (1.0 / scale)
                if plain:
                    varied = varied_contents(side, yields, total, ratio, zone, logs)
                else:
                    varied = events * side
                    varied = varied if mode == 2 else varied_contents(varied, contents, total, ratio, zone, logs)
                self._histogram(f"{process}_{called}{end}", varied, np.zeros(varied.size))
                if not varied.sum() > 0:
                    self.told.problems.append(f'{where}: "{name}" leaves nothing of it; a sum above 0 needed')
            kind = f"shape{'N' * logs}{'U' * (self.lines.kinds[name] == 'lnU')}"
            self.sheet.entry(called, kind, block, f"{scale:g}" if scale == 1.0 else repr(scale))

    def _zone(self, effects: Effects, yields: FloatArray) -> float:
        """Return the least scale of shapes in logarithms, from what their templates have become."""
        total = float(yields.sum())
        sides = [side for pair in effects.morphs.values() for side in pair]
        most = max(sides, key=lambda side: abs(float(side.sum()) / total - 1.0))
        return 1.0 if abs(float(most.sum()) / total - 1.0) < _ROUNDED else zone_of(yields, most)

    def _check_sums(self, effects: Effects, where: str, total: float) -> None:
        """Refuse shapes that change the sum, where they are scaled to the nominal one; a rounded sum is told."""
        for name, sides in effects.morphs.items():
            off = max(abs(float(side.sum()) / total - 1.0) for side in sides)
            if off > _ROUNDED:
                text = (
                    f'"{name}" changes the sum of the yields; shapes of such a channel have norms beside them (normsys)'
                )
                self.told.problems.append(f"{where}: {text}")
            elif off > _KEPT:
                text = f'"{name}" changes the sum by {off:.1g} of it, which Combine scales back'
                self.told.note(Note(where, text, "approximate"))

    def _check_morphing(self, sample: Sample, effects: Effects, where: str, plain: bool, floor: float) -> None:
        """Refuse what becomes of morphed yields where no card does that, and note what Combine does besides."""
        said = sample.morphing
        if not effects.morphs:
            return
        yields = np.asarray(sample.data, np.float64)
        if said is None:
            ends = [yields + _REACH * (side - yields) for sides in effects.morphs.values() for side in sides]
            if min(float(end.min()) for end in ends) < floor:
                text = f"yields are not cut here; Combine cuts them at {floor:g}, which one systematic reaches within "
                self.told.note(Note(where, f"{text}{_REACH:g} standard deviations", "approximate"))
            return
        wanted = {"floor": floor, "normalise": True} if plain else {"floor": floor}
        if said.logarithms:
            wanted = {"keep_sum": True} | ({} if plain else {"floor": floor})
        has = {key: getattr(said, key) for key in ("keep_sum", "floor", "normalise") if getattr(said, key)}
        same = has.keys() == wanted.keys() and abs(has.get("floor", 0.0) - wanted.get("floor", 0.0)) <= 1e-9 * floor
        if not same:
            told, allowed = (
                ", ".join(f"{k} {v:g}" if v is not True else k for k, v in d.items()) for d in (has, wanted)
            )
            self.told.problems.append(
                f"{where}: its yields are morphed with {told or 'nothing besides'}; in a card: {allowed}"
            )
