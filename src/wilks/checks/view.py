"""A workspace laid out for checking: blocks, totals, the effect of every systematic on every block, parameters.

A block is one sample in one channel. The lengths of all lists of a channel must agree (`load_workspace` sees to it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from wilks._types import BoolArray, FloatArray
from wilks.checks.wording import bins
from wilks.errors import ModelError, WorkspaceError
from wilks.workspace.references import modifier_names, steering_parameters
from wilks.workspace.spec import (
    HistoSys,
    Measurement,
    Modifier,
    NormFactor,
    NormSys,
    ParameterSettings,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

if TYPE_CHECKING:
    from wilks.model.model import Model

FREE = (NormFactor, ShapeFactor)

Side: TypeAlias = tuple[float, bytes]
# A side of a systematic on a block: its factor and its yields, as bytes.


@dataclass(frozen=True, eq=False)
class Block:
    """One sample in one channel: nominal yields and their statistical uncertainties (absolute; 0 where there is none).

    Statistical are staterrors, and the shapesys that `build_workspace` writes for them, of which the names show it.
    """

    channel: str
    sample: Sample
    nominal: FloatArray
    errors: FloatArray
    has_staterror: bool

    @property
    def name(self) -> str:
        """Channel and sample, as findings write them."""
        return f"{self.channel} / {self.sample.name}"

    @cached_property
    def integral(self) -> float:
        """Nominal yield of all bins."""
        return float(self.nominal.sum())

    @cached_property
    def relative_staterror(self) -> float:
        """Statistical uncertainty of the integral, relative; 0 where none is given."""
        return float(np.sqrt(np.sum(self.errors**2))) / self.integral if self.integral > 0 else 0.0


@dataclass
class Use:
    """Where one parameter name is used: the types of its modifiers and the indices of the blocks."""

    kinds: set[type] = field(default_factory=set)
    blocks: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Effects:
    """One row per systematic and block; normsys and histosys of the same name are one row. All arrays have shape (n,).

    `up`, `down`: relative change of the block's yield, NaN where nominal is empty. `factor_up`, `factor_down`: the
    normsys alone (1 if there is none). `size`, `apart`: largest change of a bin by either side and largest difference
    between the sides, both relative to the largest nominal bin. `shape_size`, `shape_apart`: the same for
    the histosys scaled to the nominal yield, relative to each bin (`shape_size` is 0 without histosys).
    `shift`: the larger side's shift of the expected counts in standard deviations of the data, all bins together.
    `negative`: how far below zero a side brings a bin whose nominal is not, relative to the channel's yield in
    that bin. `finite`: no NaN or infinity in the variation.
    """

    names: tuple[str, ...]
    block: npt.NDArray[np.intp]
    up: FloatArray
    down: FloatArray
    factor_up: FloatArray
    factor_down: FloatArray
    has_shape: BoolArray
    size: FloatArray
    apart: FloatArray
    shape_size: FloatArray
    shape_apart: FloatArray
    shift: FloatArray
    negative: FloatArray
    finite: BoolArray

    @cached_property
    def rows(self) -> Mapping[str, list[int]]:
        """Rows of each systematic, in the order of first appearance."""
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(self.names):
            rows.setdefault(name, []).append(row)
        return rows


class View:
    """A workspace as blocks and arrays; what every rule of a workspace works on."""

    def __init__(self, workspace: Workspace) -> None:
        document = workspace.document
        self.workspace = workspace
        self.channels: tuple[str, ...] = workspace.channel_names
        self.measurements: tuple[Measurement, ...] = tuple(document.measurements)
        self.blocks: tuple[Block, ...] = tuple(
            _block(channel.name, sample) for channel in document.channels for sample in channel.samples
        )
        self.observed: dict[str, FloatArray] = {
            observation.name: np.asarray(observation.data, dtype=np.float64) for observation in document.observations
        }

    def bins(self, channel: str, indices: Iterable[int]) -> str:
        """Return bins of a channel in words, with their labels where they have some: `bins 1 "em", 2 "mm" (from 0)`."""
        axis = self.workspace.axes.get(channel)
        return bins(indices, axis.bin_labels if axis is not None else ())

    @cached_property
    def blocks_of(self) -> Mapping[str, list[Block]]:
        """The blocks of each channel."""
        return {channel: [block for block in self.blocks if block.channel == channel] for channel in self.channels}

    @cached_property
    def total(self) -> Mapping[str, FloatArray]:
        """Nominal prediction of each channel, shape (bins,)."""
        return {channel: np.sum([b.nominal for b in blocks], axis=0) for channel, blocks in self.blocks_of.items()}

    @cached_property
    def background(self) -> Mapping[str, FloatArray]:
        """Nominal prediction of each channel without the samples that the parameter of interest scales.

        Empty where that is no factor.
        """
        use = self.parameters.get(self.poi)
        if use is None or NormFactor not in use.kinds:
            return {}
        signal = {id(self.blocks[index]) for index in use.blocks}
        return {
            channel: np.sum([b.nominal for b in blocks if id(b) not in signal] or [np.zeros(size)], axis=0)
            for channel, blocks in self.blocks_of.items()
            for size in [len(self.total[channel])]
        }

    @cached_property
    def parameters(self) -> Mapping[str, Use]:
        """Every parameter that a modifier uses, also by way of a function; only functions' ones count as factors."""
        steering = steering_parameters(self.workspace.document)
        own = set(modifier_names(self.workspace.document.channels)) - set(steering)
        uses: dict[str, Use] = {}
        for index, block in enumerate(self.blocks):
            for modifier in block.sample.modifiers:
                for name in steering.get(modifier.name, (modifier.name,)):
                    use = uses.setdefault(name, Use())
                    if modifier.name == name:
                        use.kinds.add(type(modifier))
                    elif name not in own:
                        use.kinds.add(NormFactor)
                    if not use.blocks or use.blocks[-1] != index:
                        use.blocks.append(index)
        for name in (name for names in steering.values() for name in names if name not in uses):
            uses[name] = Use({NormFactor})
        return uses

    def acting(self, name: str) -> list[int]:
        """Return the indices of the blocks with a yield that a parameter acts on."""
        return [index for index in self.parameters[name].blocks if self.blocks[index].nominal.any()]

    @cached_property
    def finite(self) -> bool:
        """Whether all numbers are finite: nothing can be said about the model otherwise."""
        values = [array for b in self.blocks for array in (b.nominal, b.errors)]
        return bool(
            all(np.isfinite(array).all() for array in (*values, *self.observed.values())) and self.effects.finite.all()
        )

    @cached_property
    def _compiled(self) -> Mapping[str, Model | tuple[str, ...]]:
        """The model of each measurement, or why there is none; a parameter of interest that is missing is left out."""
        from wilks.model.compile import compile_model

        found: dict[str, Model | tuple[str, ...]] = {}
        for measurement in self.measurements if self.finite else ():
            pois = measurement.config.of_interest
            there = [name for name in pois if name in self.parameters]
            poi = None if len(there) == len(pois) else next(iter(there), "")
            try:
                found[measurement.name] = compile_model(self.workspace, measurement=measurement.name, poi=poi)
            except (ModelError, WorkspaceError) as error:
                found[measurement.name] = tuple(error.problems)
        return found

    @property
    def model(self) -> Model | None:
        """The model of the first measurement, None where there is none."""
        first = next(iter(self._compiled.values()), None)
        return None if isinstance(first, tuple) else first

    @cached_property
    def hidden_by_masks(self) -> tuple[str, ...]:
        """Free parameters of the first measurement that have an effect, but only in bins that the workspace masks."""
        from wilks.model.compile import compile_model

        masked = self.model
        if masked is None or not self.workspace.document.masks:
            return ()
        try:
            whole = compile_model(self.workspace, poi="", masks=False)
        except ModelError:
            return ()
        seen = {name for name, idle in zip(masked.parameter_names, masked.idle, strict=True) if not idle}
        free = whole.unconstrained & ~whole.fixed & ~whole.idle
        return tuple(name for i, name in enumerate(whole.parameter_names) if free[i] and name not in seen)

    @property
    def refusals(self) -> Mapping[str, tuple[str, ...]]:
        """Why measurements can't be made a model."""
        return {name: found for name, found in self._compiled.items() if isinstance(found, tuple)}

    @cached_property
    def effects(self) -> Effects:
        """The effect of every systematic on every block."""
        names: list[str] = []
        tables: list[dict[str, npt.NDArray[Any]]] = []
        for index, block in enumerate(self.blocks):
            block_names, table = _effects_of(block, self.total[block.channel])
            names += block_names
            tables.append({"block": np.full(len(block_names), index), **table})
        columns: dict[str, Any] = {key: np.concatenate([table[key] for table in tables]) for key in tables[0]}
        return Effects(names=tuple(names), **columns)

    @cached_property
    def sides(self) -> tuple[Mapping[str, tuple[Side | None, Side | None]], ...]:
        """Up and down of every systematic on each block, None where that is nominal to the last bit."""
        return tuple(_sides_of(block) for block in self.blocks)

    def settings(self, name: str) -> ParameterSettings | None:
        """What the first measurement says about a parameter."""
        entries = self.measurements[0].config.parameters if self.measurements else []
        return next((entry for entry in entries if entry.name == name), None)

    def is_fixed(self, name: str) -> bool:
        """Return whether the first measurement holds a parameter constant."""
        settings = self.settings(name)
        return settings is not None and (
            all(settings.fixed) if isinstance(settings.fixed, list) else settings.fixed is True
        )

    def is_free(self, name: str) -> bool:
        """Return whether no constraint holds a parameter, by its modifiers and the first measurement."""
        settings = self.settings(name)
        given = settings.constraint if settings is not None else None
        return given == "none" or (given is None and not self.parameters[name].kinds.isdisjoint(FREE))

    @property
    def poi(self) -> str:
        """Parameter of interest of the first measurement, "" for none."""
        return self.measurements[0].config.poi if self.measurements else ""


def _block(channel: str, sample: Sample) -> Block:
    nominal = _cut(sample, sample.data)
    errors = [np.asarray(m.data, dtype=np.float64) for m in sample.modifiers if is_statistical(m)]
    squared = np.sum(np.square(errors), axis=0) if errors else np.zeros_like(nominal)
    return Block(channel, sample, nominal, np.sqrt(squared), bool(errors))


def _cut(sample: Sample, data: Sequence[float]) -> FloatArray:
    """Return yields, not below where the sample's morphing cuts them."""
    yields, said = np.asarray(data, dtype=np.float64), sample.morphing
    if said is None or said.floor is None:
        return yields
    cut = np.maximum(yields, said.floor)
    return cut * (float(np.sum(sample.data)) / cut.sum()) if said.normalise else cut


def is_statistical(modifier: Modifier) -> TypeGuard[StatError | ShapeSys]:
    """Return whether a modifier is a statistical uncertainty of the simulation."""
    return isinstance(modifier, StatError) or (isinstance(modifier, ShapeSys) and modifier.name.startswith("staterror"))


def _sides_of(block: Block) -> dict[str, tuple[Side | None, Side | None]]:
    """Return factor and yields of both sides of each systematic on a block; nothing where the block is empty."""
    factors: dict[str, tuple[float, float]] = {}
    shapes: dict[str, tuple[bytes, bytes]] = {}
    for modifier in block.sample.modifiers:
        if isinstance(modifier, NormSys):
            factors[modifier.name] = float(modifier.data.hi), float(modifier.data.lo)
        elif isinstance(modifier, HistoSys):
            hi, lo = (_cut(block.sample, data) for data in (modifier.data.hi_data, modifier.data.lo_data))
            shapes[modifier.name] = hi.tobytes(), lo.tobytes()
    nominal = block.nominal.tobytes()
    found: dict[str, tuple[Side | None, Side | None]] = {}
    for name in dict.fromkeys((*factors, *shapes)) if block.nominal.any() else ():
        sides = zip(factors.get(name, (1.0, 1.0)), shapes.get(name, (nominal, nominal)), strict=True)
        up, down = (None if side == (1.0, nominal) else side for side in sides)
        found[name] = up, down
    return found


def _effects_of(block: Block, total: FloatArray) -> tuple[list[str], dict[str, npt.NDArray[Any]]]:
    """Return the names of the block's systematics and their columns of `Effects`, but for `block`."""
    modifiers = [m for m in block.sample.modifiers if isinstance(m, NormSys | HistoSys)]
    row_of = {name: row for row, name in enumerate(dict.fromkeys(m.name for m in modifiers))}
    factors = np.ones((2, len(row_of)))
    shapes = np.tile(block.nominal, (2, len(row_of), 1))
    has_shape = np.zeros(len(row_of), dtype=np.bool_)
    for modifier in modifiers:
        row = row_of[modifier.name]
        if isinstance(modifier, NormSys):
            factors[:, row] = modifier.data.hi, modifier.data.lo
        else:
            sides = modifier.data.hi_data, modifier.data.lo_data
            shapes[:, row] = [_cut(block.sample, data) for data in sides]
            has_shape[row] = True
    # Empty blocks and broken numbers give NaN, which no rule but those for them takes for a defect.
    with np.errstate(all="ignore"):
        return list(row_of), _columns(block.nominal, total, factors, shapes, has_shape)


def _columns(
    nominal: FloatArray, total: FloatArray, factors: FloatArray, shapes: FloatArray, has_shape: BoolArray
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns for one block from factors (2, n) and shapes (2, n, bins); up first, then down."""
    varied = factors[:, :, None] * shapes
    integral, peak = nominal.sum(), np.abs(nominal).max()
    up, down = (varied.sum(axis=2) / integral - 1.0) if integral else np.full(factors.shape, np.nan)
    larger = np.abs(varied - nominal).max(axis=0)
    scaled = shapes * (integral / shapes.sum(axis=2, keepdims=True))
    deformed = np.where(nominal > 1e-6 * peak, scaled / nominal - 1.0, 0.0)
    return {
        "up": up,
        "down": down,
        "factor_up": factors[0],
        "factor_down": factors[1],
        "has_shape": has_shape,
        "size": larger.max(axis=1) / peak,
        "apart": np.abs(varied[0] - varied[1]).max(axis=1) / peak,
        "shape_size": np.abs(deformed).max(axis=(0, 2)) * has_shape,
        "shape_apart": np.abs(deformed[0] - deformed[1]).max(axis=1),
        "shift": np.sqrt(np.sum(np.where(total > 0, larger**2 / total, 0.0), axis=1)),
        "negative": np.where((nominal >= 0) & (total > 0), -varied.min(axis=0) / total, 0.0).max(axis=1),
        "finite": np.isfinite(factors).all(axis=0) & (np.isfinite(shapes).all(axis=(0, 2)) | ~has_shape),
    }
