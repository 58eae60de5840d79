"""From a workspace to a model: parameters in order, templates as flat arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from wilks._engine import Model as Engine
from wilks._types import BoolArray, FloatArray
from wilks.errors import KindError, ModelError, ModifierError, SettingsError, listed, nearest
from wilks.model.model import Block, Model
from wilks.model.parameters import ParameterSet, collect_parameter_sets
from wilks.workspace.pyhf_json import load_specification
from wilks.workspace.spec import (
    Channel,
    HistoSys,
    Measurement,
    Modifier,
    NormFactor,
    NormSys,
    Number,
    Observation,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

NORMSYS_CODES = {"code1": 1, "code4": 4}
HISTOSYS_CODES = {"code0": 0, "code2": 2, "code4p": 4}


def compile_model(
    workspace: Workspace | Mapping[str, Any],
    *,
    measurement: str | int | None = None,
    poi: str | None = None,
    normsys: str = "code4",
    histosys: str = "code4p",
    data_set: str | None = None,
) -> Model:
    """Return the model of a workspace, ready to be evaluated and fitted.

    `measurement` is a name or an index (default: the first). `poi` replaces the measurement's parameters of interest
    ("" for none). `normsys` ("code4", "code1") and `histosys` ("code4p", "code2", "code0") choose the interpolation of
    modifiers that don't choose their own; the defaults are those of pyhf, cabinetry and ROOT's HistFactory.

    `data_set` names one of the workspace's further data sets, to be fitted in place of its observations.

    A dictionary in place of the workspace is pyhf's model document: `channels` and, where there are any settings,
    `parameters`. Such a model has no data and no measurement; data are handed in where they are needed.

    Raises ModelError, with every problem found, where the workspace contradicts itself or a name does not exist: its
    subclasses ModifierError, NameReuseError and SettingsError say which kind, where all problems are of one.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> model.poi, model.n_parameters
    ('mu', 16)
    >>> model.expected(model.initial).shape
    (10,)
    """
    with_data = isinstance(workspace, Workspace)
    if isinstance(workspace, Mapping):
        workspace = load_specification(workspace)
    if not isinstance(workspace, Workspace):
        raise KindError(
            f"compile_model needs a Workspace, found {type(workspace).__name__}: use wilks.load_workspace(...)"
        )
    problems = []
    if normsys not in NORMSYS_CODES:
        problems.append(f'normsys: no interpolation "{normsys}"; allowed are {listed(NORMSYS_CODES)}')
    if histosys not in HISTOSYS_CODES:
        problems.append(f'histosys: no interpolation "{histosys}"; allowed are {listed(HISTOSYS_CODES)}')
    if problems:
        raise SettingsError(problems)
    chosen = _measurement(workspace, measurement)
    sets = collect_parameter_sets(workspace.document.channels, chosen)
    if not sets:
        raise ModelError("the workspace has no parameters: no sample has a modifier")
    channels = sorted(workspace.document.channels, key=lambda channel: channel.name)
    arrays = _Arrays(sets, NORMSYS_CODES[normsys], HISTOSYS_CODES[histosys])
    blocks: list[Block] = []
    for index, channel in enumerate(channels):
        for sample in sorted(channel.samples, key=lambda s: s.name):
            blocks.append(Block(channel=channel.name, sample=sample.name, bins=len(sample.data)))
            arrays.add_block(index, channel, sample.name, sample.data, sample.modifiers)
    if arrays.problems:
        raise ModifierError(arrays.problems)
    observations = {observation.name: observation.data for observation in _observations(workspace, data_set)}
    observed = np.concatenate([np.asarray(observations[c.name], np.float64) for c in channels])
    return Model(
        engine=arrays.engine([len(channel.samples[0].data) for channel in channels]),
        parameter_sets=sets,
        blocks=tuple(blocks),
        channel_names=tuple(channel.name for channel in channels),
        sample_order=_sample_order(workspace),
        observed_main=observed if with_data else np.full(observed.size, np.nan),
        axes={channel.name: workspace.axis(channel.name) for channel in channels},
        pois=_pois(sets, chosen.config.of_interest if poi is None else (poi,)),
        measurement=chosen.name,
        workspace_digest=workspace.digest,
        settings={"normsys": normsys, "histosys": histosys, **({"data_set": data_set} if data_set else {})},
        even=arrays.even(),
        idle=arrays.idle(),
        normfactors=_normfactors(workspace),
        measured=chosen.config.poi,
        groups=_groups(workspace, sets),
    )


def _measurement(workspace: Workspace, wanted: str | int | None) -> Measurement:
    measurements = workspace.document.measurements
    names = workspace.measurement_names
    if wanted is None:
        return measurements[0]
    if isinstance(wanted, int):
        if not 0 <= wanted < len(measurements):
            raise ModelError(
                f"measurement {wanted} does not exist; the workspace has {len(measurements)}, counted from 0"
            )
        return measurements[wanted]
    if wanted not in names:
        raise ModelError(f'no measurement "{wanted}"; the workspace has {listed(names)}{nearest(wanted, names)}')
    return measurements[names.index(wanted)]


def _observations(workspace: Workspace, wanted: str | None) -> list[Observation]:
    """Return the observations, or those of a further data set; ModelError where there is none of this name."""
    if wanted is None:
        return workspace.document.observations
    names = workspace.data_set_names
    if wanted not in names:
        there = f"the workspace has {listed(names)}" if names else "the workspace has its observations only"
        raise ModelError(f'no data set "{wanted}"; {there}{nearest(wanted, names)}')
    return (workspace.document.data_sets or [])[names.index(wanted)].observations


def _groups(workspace: Workspace, sets: tuple[ParameterSet, ...]) -> dict[str, tuple[str, ...]]:
    """Return the parameters of the workspace's groups, component by component; names without any are left out."""
    components = {s.name: s.names for s in sets}
    found = {
        group.name: tuple(name for of in group.parameters for name in components.get(of, ()))
        for group in workspace.document.groups or ()
    }
    return {name: members for name, members in found.items() if members}


def _pois(sets: tuple[ParameterSet, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(found for name in names if (found := _poi(sets, name)) is not None)


def _poi(sets: tuple[ParameterSet, ...], name: str) -> str | None:
    if not name:
        return None
    scalars = [s.name for s in sets if s.scalar]
    if name in scalars:
        return name
    if name in (s.name for s in sets):
        raise ModelError(f'the parameter of interest "{name}" has one component per bin; it must be a single number')
    raise ModelError(
        f'the parameter of interest "{name}" is not a parameter of the model; a background-only workspace needs its '
        f'signal patch, or poi="" for none (command line: --poi ""){nearest(name, scalars, cutoff=0.7)}'
    )


def _sample_order(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    return {channel.name: tuple(s.name for s in channel.samples) for channel in workspace.document.channels}


def _normfactors(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Return the samples that each normfactor scales."""
    scaled: dict[str, dict[str, None]] = {}
    for channel in workspace.document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                if isinstance(modifier, NormFactor):
                    scaled.setdefault(modifier.name, {})[sample.name] = None
    return {name: tuple(samples) for name, samples in scaled.items()}


@dataclass
class _Arrays:
    """The engine's arrays while they grow, block by block; yields stay the document's lists until the end."""

    sets: tuple[ParameterSet, ...]
    normsys_code: int
    histosys_code: int
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
    uneven: set[int] = field(default_factory=set)
    reached: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        starts = np.cumsum([0, *(len(s) for s in self.sets)])
        self.first = {s.name: int(start) for s, start in zip(self.sets, starts[:-1], strict=True)}
        self.sizes = {s.name: len(s) for s in self.sets}
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

    def add_block(
        self, index: int, channel: Channel, sample: str, nominal: list[Number], modifiers: list[Modifier]
    ) -> None:
        self.block_channel.append(index)
        self.nominal.append(nominal)
        bins, per_bin = len(nominal), 0
        factors, columns = len(self.factor_parameter), len(self.bin_parameter)
        for modifier in modifiers:
            parameter = self.first[modifier.name]
            match modifier:
                case HistoSys():
                    code = HISTOSYS_CODES[modifier.interpolation] if modifier.interpolation else self.histosys_code
                    self._shape(parameter, code, modifier.data.lo_data, modifier.data.hi_data)
                case NormSys():
                    code = NORMSYS_CODES[modifier.interpolation] if modifier.interpolation else self.normsys_code
                    self._factor(parameter, code, modifier.data.lo, modifier.data.hi)
                case ShapeFactor() if bins != self.sizes[modifier.name]:
                    self.problems.append(
                        f'shapefactor "{modifier.name}" acts on channels with different numbers of bins '
                        f'({self.sizes[modifier.name]}, and {bins} in "{channel.name}", sample "{sample}")'
                    )
                case ShapeFactor() | ShapeSys():
                    per_bin += 1
                    self.bin_parameter.extend(range(parameter, parameter + bins))
                case StatError():
                    per_bin += 1
                    offset = parameter + self._staterror_offset(modifier.name, channel.name, bins)
                    self.bin_parameter.extend(range(offset, offset + bins))
                case _:
                    self._factor(parameter, 0, 1.0, 1.0)
        self.factor_start.append(len(self.factor_parameter))
        self.shape_start.append(len(self.shape_parameter))
        self.bin_start.append(self.bin_start[-1] + per_bin)
        self._reach(self.factor_parameter[factors:], self.bin_parameter[columns:], nominal, modifiers)

    def _reach(self, factors: list[int], columns: list[int], nominal: list[Number], modifiers: list[Modifier]) -> None:
        """Note which undetermined parameters change a rate of a block, by its factors, shapes and those of its bins."""
        open_ = self.undetermined - self.reached
        if not open_ or self.removing.intersection(factors):
            return
        scalars = {p for m in modifiers if (p := self.first[m.name]) in open_ and _moves(m, nominal)}
        per_bin = open_.intersection(columns)
        if not (scalars or per_bin):
            return
        alive = np.asarray(nominal) != 0
        for shape in (m.data for m in modifiers if isinstance(m, HistoSys)):
            alive |= (np.asarray(shape.lo_data) != 0) | (np.asarray(shape.hi_data) != 0)
        rows = np.array(columns, np.intp).reshape(-1, alive.size)
        alive &= ~np.isin(rows, list(self.removing)).any(axis=0)
        self.reached |= set(rows[:, alive].ravel().tolist()) | (scalars if alive.any() else set())

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
        even = np.zeros(sum(self.sizes.values()), np.bool_)
        even[self.factor_parameter + self.shape_parameter] = True
        even[list(self.uneven)] = False
        return even

    def idle(self) -> BoolArray:
        """Return which parameters nothing determines: no rate depends on them, and they have no constraint."""
        idle = np.zeros(sum(self.sizes.values()), np.bool_)
        idle[list(self.undetermined - self.reached)] = True
        return idle

    def engine(self, channel_bins: list[int]) -> Engine:
        constrained = [s for s in self.sets if s.constraint != "none"]
        kind = {"normal": 1, "poisson": 2}

        def ints(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
            return np.asarray(values, np.int32)

        def floats(values: list[Number]) -> FloatArray:
            return np.asarray(values, np.float64)

        return Engine(
            parameters=sum(self.sizes.values()),
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
            constraint_kind=ints([kind[s.constraint] for s in constrained for _ in range(len(s))]),
            constraint_parameter=ints([self.first[s.name] + i for s in constrained for i in range(len(s))]),
            constraint_scale=np.concatenate([np.empty(0), *(s.scale for s in constrained)]),
        )


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
