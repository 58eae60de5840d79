"""The engine's arrays of a model while they grow, block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from wilks._engine import Model as Engine
from wilks._types import BoolArray, FloatArray
from wilks.model.correlations import Correlated, engine_couplings
from wilks.model.functions import Functions, engine_arrays
from wilks.model.parameters import ParameterSet
from wilks.workspace.spec import (
    Channel,
    HistoSys,
    Modifier,
    Morphing,
    NormSys,
    Number,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)

NORMSYS_CODES = {"code0": 10, "code1": 1, "code2": 2, "code4": 4, "code5": 4, "combine": 6}
_RECIPROCAL = 1e-12  # by which the product of two factors differs from 1 where one is the inverse of the other
HISTOSYS_CODES = {"code0": 0, "code1": 1, "code2": 2, "code4p": 4, "code5": 5}
# Forms of blocks that the engine knows (source.hpp).
_LOGARITHM, _KEEP_SUM, _FLOOR, _SHARE = 1, 2, 4, 8
_NOTHING = -999.0
"""The logarithm of a yield that is 0."""


@dataclass
class Arrays:
    """The engine's arrays while they grow, block by block; yields stay the document's lists until the end."""

    sets: tuple[ParameterSet, ...]
    functions: Functions
    normsys_code: int
    histosys_code: int
    clip: bool
    block_channel: list[int] = field(default_factory=list)
    nominal: list[list[Number]] = field(default_factory=list)
    factor_start: list[int] = field(default_factory=lambda: [0])
    factor_parameter: list[int] = field(default_factory=list)
    factor_code: list[int] = field(default_factory=list)
    factor_lo: list[Number] = field(default_factory=list)
    factor_hi: list[Number] = field(default_factory=list)
    shape_start: list[int] = field(default_factory=lambda: [0])
    shape_parameter: list[int] = field(default_factory=list)
    shape_code: list[int] = field(default_factory=list)
    shape_lo: list[list[Number]] = field(default_factory=list)
    shape_hi: list[list[Number]] = field(default_factory=list)
    bin_start: list[int] = field(default_factory=lambda: [0])
    bin_parameter: list[int] = field(default_factory=list)
    block_form: list[int] = field(default_factory=list)
    block_floor: list[Number] = field(default_factory=list)
    block_total: list[Number] = field(default_factory=list)
    added: dict[tuple[str, str], list[tuple[int, list[Number]]]] = field(default_factory=dict)
    uneven: set[int] = field(default_factory=set)
    reached: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        starts = np.cumsum([0, *(len(s) for s in self.sets)])
        self.first = {s.name: int(start) for s, start in zip(self.sets, starts[:-1], strict=True)}
        self.sizes = {s.name: len(s) for s in self.sets}
        self.size = int(starts[-1])
        # What steers modifiers: parameters, then the values of functions.
        self.inputs = self.first | {name: self.size + i for i, name in enumerate(self.functions.expressions)}
        self.steering = {
            name: [self.first[p] for p in self.functions.needed_by(name)] if name in self.functions else [position]
            for name, position in self.inputs.items()
        }
        for name in self.functions.penalties:
            self.reached.update(self.steering[name])
        fixed, initial = (np.concatenate([getattr(s, key) for s in self.sets]) for key in ("fixed", "inits"))
        free, factor = (
            np.repeat(which, [len(s) for s in self.sets])
            for which in (
                [s.constraint == "none" for s in self.sets],
                [not {"histosys", "normsys"}.intersection(s.types) for s in self.sets],
            )
        )
        self.undetermined = set(np.flatnonzero(free & ~fixed).tolist())
        self.removing = set(np.flatnonzero(factor & fixed & (initial == 0)).tolist())  # what they act on is not there
        self.staterror_offset: dict[str, tuple[str, int, int]] = {}  # name: channel, offset of it, of the next one

    def add_block(self, index: int, channel: Channel, of: Sample) -> None:
        sample, nominal, modifiers = of.name, of.data, of.modifiers
        logarithms = bool(of.morphing and of.morphing.logarithms)
        block = len(self.block_channel)
        self.block_channel.append(index)
        self.nominal.append(_logarithms(nominal, nominal) if logarithms else nominal)
        bins, per_bin = len(nominal), 0
        factors, columns = len(self.factor_parameter), len(self.bin_parameter)
        for modifier in modifiers:
            parameter = self.inputs[modifier.name]
            match modifier:
                case HistoSys():
                    code = HISTOSYS_CODES[modifier.interpolation] if modifier.interpolation else self.histosys_code
                    if code in (1, 5) and (problem := _no_factors(modifier, nominal)):
                        place = f'channel "{channel.name}", sample "{sample}"'
                        self.problems.append(f'histosys "{modifier.name}" on {place}: {problem}')
                    low, high = modifier.data.lo_data, modifier.data.hi_data
                    if logarithms:
                        low, high = _logarithms(nominal, low), _logarithms(nominal, high)
                    self._shape(parameter, code, low, high)
                case NormSys():
                    code = NORMSYS_CODES[modifier.interpolation] if modifier.interpolation else self.normsys_code
                    lo, hi = modifier.data.lo, modifier.data.hi
                    if code == NORMSYS_CODES["code1"] and abs(lo * hi - 1.0) <= _RECIPROCAL:
                        # One exponential without a kink at 0, where a fit would end as at a bound.
                        code = NORMSYS_CODES["combine"]
                    self._factor(parameter, code, lo, hi)
                case ShapeFactor() if bins != self.sizes[modifier.name]:
                    self.problems.append(
                        f'shapefactor "{modifier.name}" acts on channels with different numbers of bins '
                        f'({self.sizes[modifier.name]}, and {bins} in "{channel.name}", sample "{sample}")'
                    )
                case ShapeFactor() | ShapeSys():
                    per_bin += 1
                    self.bin_parameter.extend(range(parameter, parameter + bins))
                case StatError() if modifier.effect == "added":
                    self._staterror_offset(modifier.name, channel.name, bins)
                    self.added.setdefault((modifier.name, channel.name), []).append((block, modifier.data))
                case StatError():
                    per_bin += 1
                    offset = parameter + self._staterror_offset(modifier.name, channel.name, bins)
                    self.bin_parameter.extend(range(offset, offset + bins))
                case _:
                    self._factor(parameter, 0, 1.0, 1.0)
        self._form(of, len(self.shape_parameter) > self.shape_start[-1])
        self.factor_start.append(len(self.factor_parameter))
        self.shape_start.append(len(self.shape_parameter))
        self.bin_start.append(self.bin_start[-1] + per_bin)
        self._reach(self.factor_parameter[factors:], self.bin_parameter[columns:], nominal, modifiers)

    def _reach(self, factors: list[int], columns: list[int], nominal: list[Number], modifiers: list[Modifier]) -> None:
        """Note which undetermined parameters change a rate of a block, by its factors, shapes and those of its bins."""
        open_ = self.undetermined - self.reached
        if not open_ or self.removing.intersection(factors):
            return
        scalars = {p for m in modifiers if _moves(m, nominal) for p in self.steering[m.name] if p in open_}
        per_bin = open_.intersection(columns)
        if not (scalars or per_bin):
            return
        alive = np.asarray(nominal) != 0
        for shape in (m.data for m in modifiers if isinstance(m, HistoSys)):
            alive |= (np.asarray(shape.lo_data) != 0) | (np.asarray(shape.hi_data) != 0)
        rows = np.array(columns, np.intp).reshape(-1, alive.size)
        alive &= ~np.isin(rows, list(self.removing)).any(axis=0)
        self.reached |= set(rows[:, alive].ravel().tolist()) | (scalars if alive.any() else set())

    def _form(self, of: Sample, varied: bool) -> None:
        """Note what becomes of the sum of a block's variations."""
        morphing = of.morphing or Morphing(floor=0 if self.clip and varied else None)
        flags = (
            (_LOGARITHM, morphing.logarithms),
            (_KEEP_SUM, morphing.keep_sum),
            (_FLOOR, morphing.floor is not None),
            (_SHARE, morphing.normalise),
        )
        self.block_form.append(sum(flag for flag, on in flags if on))
        self.block_floor.append(morphing.floor or 0.0)
        self.block_total.append(sum(of.data))

    def _errors(self) -> dict[str, Any]:
        """Return the engine's arrays of errors that are added to rates."""
        start, blocks = [0], list[int]()
        parameters, errors = list[int](), list[list[Number]]()
        offsets: dict[str, int] = {}
        for (name, _), members in self.added.items():
            bins, offset = len(members[0][1]), offsets.get(name, 0)
            offsets[name] = offset + bins
            parameters += range(self.first[name] + offset, self.first[name] + offset + bins)
            blocks += [block for block, _ in members]
            errors += [data for _, data in members]
            start.append(len(blocks))
        return {
            "error_start": np.asarray(start if blocks else [], np.int32),
            "error_block": np.asarray(blocks, np.int32),
            "error_parameter": np.asarray(parameters, np.int32),
            "errors": _joined(errors),
        }

    def _factor(self, parameter: int, code: int, lo: Number, hi: Number) -> None:
        self.factor_parameter.append(parameter)
        self.factor_code.append(code)
        self.factor_lo.append(lo)
        self.factor_hi.append(hi)
        if lo != hi or code == 0:
            self.uneven.add(parameter)

    def _shape(self, parameter: int, code: int, lo: list[Number], hi: list[Number]) -> None:
        self.shape_parameter.append(parameter)
        self.shape_code.append(code)
        self.shape_lo.append(lo)
        self.shape_hi.append(hi)
        if lo != hi:
            self.uneven.add(parameter)

    def _staterror_offset(self, name: str, channel: str, bins: int) -> int:
        """Return where the components of this channel start: channels follow one another in sorted order."""
        last, offset, following = self.staterror_offset.get(name, (channel, 0, bins))
        if last != channel:
            offset, following = following, following + bins
        self.staterror_offset[name] = (channel, offset, following)
        return offset

    def even(self) -> BoolArray:
        """Return which interpolated parameters act alike up and down everywhere: the rates are even in them."""
        even = np.zeros(len(self.inputs) - len(self.first) + self.size, np.bool_)
        even[self.factor_parameter + self.shape_parameter] = True
        even[list(self.uneven)] = False
        even[[self.first[name] for name in self.functions.parameters]] = False
        return even[: self.size]

    def idle(self) -> BoolArray:
        """Return which parameters nothing determines: no rate depends on them, and they have no constraint."""
        idle = np.zeros(self.size, np.bool_)
        idle[list(self.undetermined - self.reached)] = True
        return idle

    def engine(self, channel_bins: list[int], correlations: tuple[Correlated, ...]) -> Engine:
        constrained = [s for s in self.sets if s.constraint != "none"]
        lower = [s.scale_below for s in constrained]
        two_widths = any(s.lower_scale is not None for s in constrained)
        scale = np.concatenate([np.empty(0), *(s.scale for s in constrained)])
        scale, couplings = engine_couplings(scale, correlations)
        forms = self.block_form if any(self.block_form) else []

        def ints(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
            return np.asarray(values, np.int32)

        def floats(values: list[Number]) -> FloatArray:
            return np.asarray(values, np.float64)

        return Engine(
            parameters=self.size,
            channel_bins=ints(channel_bins),
            block_channel=ints(self.block_channel),
            nominal=_joined(self.nominal),
            factor_start=ints(self.factor_start),
            factor_parameter=ints(self.factor_parameter),
            factor_code=ints(self.factor_code),
            factor_lo=floats(self.factor_lo),
            factor_hi=floats(self.factor_hi),
            shape_start=ints(self.shape_start),
            shape_parameter=ints(self.shape_parameter),
            shape_code=ints(self.shape_code),
            shape_lo=_joined(self.shape_lo),
            shape_hi=_joined(self.shape_hi),
            bin_start=ints(self.bin_start),
            bin_parameter=ints(self.bin_parameter),
            constraint_kind=ints([_kind(s) for s in constrained for _ in range(len(s))]),
            constraint_parameter=ints([self.first[s.name] + i for s in constrained for i in range(len(s))]),
            constraint_scale=scale,
            constraint_lower=np.concatenate([np.empty(0), *(lower if two_widths else [])]),
            block_form=ints(forms),
            block_floor=floats(self.block_floor if forms else []),
            block_total=floats(self.block_total if forms else []),
            **self._errors(),
            **couplings,
            **engine_arrays(self.functions, self.first),
        )


def _kind(parameters: ParameterSet) -> int:
    """Return how the engine calls a constraint: normal, Poisson, normal with two widths."""
    if parameters.constraint == "poisson":
        return 2
    return 1 if parameters.lower_scale is None else 3


def _logarithms(nominal: list[Number], yields: list[Number]) -> list[Number]:
    """Return logarithms of yields; without nominal yield that of nothing, without another one that of the nominal."""
    pairs = zip(nominal, yields, strict=True)
    return [math.log(y if y > 0 else n) if n > 0 else _NOTHING for n, y in pairs]


def _no_factors(modifier: HistoSys, nominal: list[Number]) -> str:
    """Return why variations of a histosys can't be factors bin by bin (codes 1 and 5), "" where they can."""
    for i, (low, high, centre) in enumerate(zip(modifier.data.lo_data, modifier.data.hi_data, nominal, strict=True)):
        if not (min(low, high, centre) > 0 or low == high == centre == 0):
            return f"code1 and code5 need yields above 0, found {low:g}, {centre:g} and {high:g} in bin {i}"
    return ""


def _moves(modifier: Modifier, nominal: list[Number]) -> bool:
    """Return whether a scalar's modifier changes anything: factors do, variations where they aren't nominal."""
    match modifier:
        case HistoSys():
            return modifier.data.lo_data != nominal or modifier.data.hi_data != nominal
        case NormSys():
            return (modifier.data.lo, modifier.data.hi) != (1, 1)
        case ShapeFactor() | ShapeSys() | StatError():
            return False
    return True


def _joined(rows: list[list[Number]]) -> FloatArray:
    """Return the numbers of all rows in one array, without a list of them all on the way."""
    return np.fromiter(chain.from_iterable(rows), np.float64, sum(map(len, rows)))
