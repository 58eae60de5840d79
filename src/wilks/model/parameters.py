"""Parameter sets of a model: order, defaults, constraints, and what a measurement changes about them.

Names, order and defaults are pyhf's: modifier types in the order of `TYPE_ORDER`; within a type in the order of first
use, looping over sorted channels, sorted samples and sorted modifiers; staterror sets sorted by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.errors import NameReuseError, SettingsError, raise_model_errors
from wilks.model.functions import Functions
from wilks.model.settings import configured, incomplete
from wilks.workspace.gammas import Gammas, Use, contradictions, shapesys_gammas, staterror_gammas, uses_per_bin
from wilks.workspace.spec import (
    Channel,
    HistoSys,
    Lumi,
    Measurement,
    Modifier,
    NormFactor,
    NormSys,
    ShapeFactor,
    ShapeSys,
    StatError,
)

TYPE_ORDER: tuple[type, ...] = (HistoSys, Lumi, NormFactor, NormSys, ShapeFactor, ShapeSys, StatError)
TYPE_NAMES: dict[type, str] = {
    HistoSys: "histosys",
    Lumi: "lumi",
    NormFactor: "normfactor",
    NormSys: "normsys",
    ShapeFactor: "shapefactor",
    ShapeSys: "shapesys",
    StatError: "staterror",
}


@dataclass(frozen=True, eq=False)
class ParameterSet:
    """Parameters that share a name: one scalar, or one per bin.

    Arrays have one entry per component. `constraint` is "normal" (auxiliary data are measurements of the parameter
    with standard deviation `scale`; where there is a `lower_scale`, that holds below them), "poisson" (auxiliary data
    are counts with expectation `scale` x parameter) or "none". `own_bounds` says whether the measurement gives the
    bounds; else they are defaults. `types` are those of the modifiers that the parameters steer, and "function" where
    a function needs them.
    """

    name: str
    types: tuple[str, ...]
    scalar: bool
    inits: FloatArray
    lower: FloatArray
    upper: FloatArray
    fixed: BoolArray
    constraint: str
    auxdata: FloatArray
    scale: FloatArray
    own_bounds: bool = False
    lower_scale: FloatArray | None = None

    def __len__(self) -> int:
        return int(self.inits.size)

    @property
    def names(self) -> tuple[str, ...]:
        """`name` for a scalar, else `name[0]`, `name[1]`, ..."""
        return (self.name,) if self.scalar else tuple(f"{self.name}[{i}]" for i in range(len(self)))

    @property
    def sigma(self) -> FloatArray | None:
        """Standard deviations of normal constraints, shape (components,); None for other sets."""
        return self.scale if self.constraint == "normal" else None

    @property
    def tau(self) -> FloatArray | None:
        """What Poisson constraints expect for a parameter of 1, shape (components,); None for other sets."""
        return self.scale if self.constraint == "poisson" else None

    @property
    def scale_below(self) -> FloatArray:
        """`scale` where the parameter lies below the auxiliary data."""
        return self.scale if self.lower_scale is None else self.lower_scale

    @property
    def bounds(self) -> FloatArray:
        """Lower and upper bounds, shape (components, 2)."""
        return np.stack([self.lower, self.upper], axis=1)

    @property
    def nominal(self) -> FloatArray:
        """Where the constraint is centred; the initial value for unconstrained parameters."""
        if self.constraint == "none":
            return self.inits
        if self.constraint != "poisson":
            return self.auxdata
        centre = np.full(self.auxdata.shape, np.nan)
        np.divide(self.auxdata, self.scale, out=centre, where=self.scale != 0)
        return centre

    @property
    def width(self) -> FloatArray:
        """Width of the constraint before the fit, the mean of two; 0 for unconstrained and fixed parameters.

        That of a count is its root over what it is per unit of the parameter; for a count of 0 the distance at which
        the likelihood has fallen by 1/2 in its logarithm.
        """
        if self.constraint == "none":
            return np.zeros(len(self))
        width = _width_of_count(self.auxdata, self.scale) if self.constraint == "poisson" else self.scale
        if self.lower_scale is not None:
            width = 0.5 * (self.scale + self.lower_scale)
        return np.where(self.fixed, 0.0, width)


def _width_of_count(counts: FloatArray, scale: FloatArray) -> FloatArray:
    roots = np.where(counts > 0, np.sqrt(np.maximum(counts, 0.0)), 0.5)
    return np.where(counts == scale, 1.0 / np.sqrt(scale), roots / scale)


def modifiers_in_order(channels: list[Channel]) -> Iterator[Use]:
    """Yield every modifier, looping over channels, samples and modifiers sorted by name (and type)."""
    for channel in sorted(channels, key=lambda c: c.name):
        for sample in sorted(channel.samples, key=lambda s: s.name):
            for modifier in sorted(sample.modifiers, key=lambda m: (m.name, TYPE_NAMES[type(m)])):
                yield channel, sample, modifier


def _full(size: int, value: float) -> FloatArray:
    return np.full(size, value, dtype=np.float64)


def _set(name: str, kind: str, size: int, scalar: bool, bounds: tuple[float, float]) -> ParameterSet:
    """Return an unconstrained set with initial value 1."""
    return ParameterSet(
        name=name,
        types=(kind,),
        scalar=scalar,
        inits=_full(size, 1.0),
        lower=_full(size, bounds[0]),
        upper=_full(size, bounds[1]),
        fixed=np.zeros(size, dtype=np.bool_),
        constraint="none",
        auxdata=np.empty(0),
        scale=np.empty(0),
    )


def _interpolated(name: str, kind: str) -> ParameterSet:
    """Return the set of a normsys or histosys: a standard normal."""
    one = _full(1, 1.0)
    base = _set(name, kind, 1, True, (-5.0, 5.0))
    return replace(base, inits=_full(1, 0.0), constraint="normal", auxdata=_full(1, 0.0), scale=one)


def _gammas(name: str, kind: str, found: Gammas) -> ParameterSet:
    """Return the constrained gammas of a staterror or shapesys; without yield or uncertainty their width is 1."""
    base = _set(name, kind, found.sigma.size, False, (1e-10, 10.0))
    if found.constraint == "added":
        ends = (_full(found.sigma.size, -7.0), _full(found.sigma.size, 7.0))
        zero = _full(found.sigma.size, 0.0)
        base = replace(base, inits=zero, lower=ends[0], upper=ends[1])
        return replace(base, fixed=found.constant, constraint="normal", auxdata=zero, scale=found.sigma)
    if found.constraint == "poisson":
        return replace(base, fixed=found.constant, constraint="poisson", auxdata=found.tau, scale=found.tau)
    centre, width = _full(found.sigma.size, 1.0), np.where(found.sigma == 0, 1.0, found.sigma)
    return replace(base, fixed=found.constant, constraint="normal", auxdata=centre, scale=width)


def _default_set(modifier: Modifier, uses: list[Use]) -> ParameterSet:
    """Return the set of a modifier before any settings; `uses` are those of one with a parameter per bin."""
    name = modifier.name
    match modifier:
        case HistoSys() | NormSys():
            return _interpolated(name, TYPE_NAMES[type(modifier)])
        case NormFactor():
            return _set(name, "normfactor", 1, True, (0.0, 10.0))
        case ShapeFactor():
            bins = max(len(channel.samples[0].data) for channel, _, _ in uses)
            return _set(name, "shapefactor", bins, False, (0.0, 10.0))
        case ShapeSys():
            return _gammas(name, "shapesys", shapesys_gammas(uses))
        case StatError():
            return _gammas(name, "staterror", staterror_gammas(uses))
        case Lumi():
            missing = _full(1, np.nan)
            base = _set(name, "lumi", 1, True, (np.nan, np.nan))
            return replace(base, inits=missing, constraint="normal", auxdata=missing, scale=missing)


def collect_parameter_sets(
    channels: list[Channel], measurement: Measurement, functions: Functions
) -> tuple[ParameterSet, ...]:
    """Return the parameter sets of a workspace's measurement in the order of the model's parameters.

    Those that only functions need come last.

    Raises every contradiction: NameReuseError for names shared by incompatible modifiers, or by one and a component of
    another, and for a shapesys used twice; SettingsError for settings of the wrong length, and a luminosity without;
    their base ModelError where there are both.
    """
    first: dict[type, dict[str, Use]] = {kind: {} for kind in TYPE_ORDER}
    reuse: list[str] = []
    for use in modifiers_in_order(channels):
        if use[2].name not in functions:
            first[type(use[2])].setdefault(use[2].name, use)
    first[StatError] = dict(sorted(first[StatError].items()))
    sets: dict[str, ParameterSet] = {}
    uses = uses_per_bin(channels)
    for kind in TYPE_ORDER:
        for name, (_, _, modifier) in first[kind].items():
            acting = uses.get((kind, name), [])
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # `incomplete` tells
                different = contradictions(acting) if kind in (ShapeSys, StatError) else []
                new = _default_set(modifier, acting[:1] if different and kind is ShapeSys else acting)
            reuse += different
            if name not in sets:
                sets[name] = new
            elif {*sets[name].types, *new.types} <= {"histosys", "normsys"} or _same(sets[name], new):
                sets[name] = replace(sets[name], types=sets[name].types + new.types)
            else:
                reuse.append(
                    f'the name "{name}" is used by a {sets[name].types[0]} and by a {new.types[0]}, whose parameters '
                    "differ; give them different names"
                )
    problems = _of_functions(sets, functions)
    seen: set[str] = set()
    for settings in measurement.config.parameters:
        if settings.name in seen:
            problems.append(f'measurement "{measurement.name}" has two settings for parameter "{settings.name}"')
        seen.add(settings.name)
        if settings.name in sets:
            sets[settings.name] = configured(sets[settings.name], settings, problems)
    asked = {settings.name: settings for settings in measurement.config.parameters}
    for parameter_set in sets.values():
        problems += incomplete(parameter_set, asked.get(parameter_set.name))
    raise_model_errors({NameReuseError: reuse + _clashes(sets), SettingsError: problems})
    return tuple(sets.values())


def _of_functions(sets: dict[str, ParameterSet], functions: Functions) -> list[str]:
    """Add the parameters of functions to the sets; return a sentence for each that is no single number."""
    problems = []
    for name in functions.parameters:
        if name not in sets:
            sets[name] = _set(name, "function", 1, True, (0.0, 10.0))
        elif sets[name].scalar:
            sets[name] = replace(sets[name], types=(*sets[name].types, "function"))
        else:
            problems.append(
                f'the parameter "{name}" of a function has one component per bin; a single number is needed'
            )
    return problems


def _clashes(sets: dict[str, ParameterSet]) -> list[str]:
    """Return a sentence for every parameter that is called like a component of another one."""
    owners = {name: s for s in sets.values() if not s.scalar for name in s.names}
    return [
        f'the name "{name}" is used by a {s.types[0]}, and is that of a component of the {owners[name].types[0]} '
        f'"{owners[name].name}"; give them different names'
        for s in sets.values()
        for name in s.names
        if name in owners and owners[name] is not s
    ]


def _same(a: ParameterSet, b: ParameterSet) -> bool:
    return (
        (a.scalar, len(a), a.constraint) == (b.scalar, len(b), b.constraint)
        and all(np.array_equal(getattr(a, key), getattr(b, key)) for key in ("inits", "lower", "upper", "fixed"))
        and np.array_equal(a.auxdata, b.auxdata)
        and np.array_equal(a.scale, b.scale)
    )
