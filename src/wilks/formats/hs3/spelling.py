"""Names that an HS3 file has for the parameters of a workspace: ROOT's, no two alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wilks._types import FloatArray
from wilks.workspace.expressions import parse_expression
from wilks.workspace.gammas import Gammas, Use, shapesys_gammas, staterror_gammas, uses_per_bin
from wilks.workspace.spec import Document, HistoSys, Lumi, NormFactor, NormSys, ShapeFactor, ShapeSys, StatError

ALPHA, FACTOR, LUMI = "alpha", "factor", "lumi"


@dataclass(frozen=True)
class Bins:
    """The parameters of bins of one name: their names in the file, and what constrains them (None: nothing).

    `first` has the component of the first bin in each channel that they act on, `given` are relative widths that the
    first measurement gives in place of those from yields.
    """

    kind: type
    names: tuple[str, ...]
    gammas: Gammas | None
    uses: list[Use]
    first: dict[str, int]
    given: tuple[float, ...] = ()

    @cached_property
    def widths(self) -> FloatArray:
        """Relative uncertainties, 0 where there are none."""
        if self.gammas is None:
            return np.zeros(len(self.names))
        if self.kind is StatError:
            return self.gammas.sigma
        sigma, empty = np.zeros(len(self.names)), np.ones(len(self.names), np.bool_)
        for _, sample, modifier in self.uses:
            if isinstance(modifier, ShapeSys):
                nominal, unc = np.asarray(sample.data, np.float64), np.asarray(modifier.data, np.float64)
                empty &= nominal <= 0
                valid = (sigma == 0) & (nominal > 0) & (unc > 0)
                with np.errstate(over="ignore"):
                    sigma = np.where(valid, unc / np.where(valid, nominal, 1.0), sigma)
        given = np.array(self.given) if self.given else sigma
        return np.where(empty | ((sigma > 0) & (given > 0)), given, sigma)


@dataclass
class Spelling:
    """Names in the file: `scalars` (kind, name) and `bins` by the parameter's, `channels`, `measurements`, `functions`.

    All are identifiers, as ROOT needs them. `changed` has the workspace's names of those that don't show them.
    """

    scalars: dict[str, tuple[str, str]] = field(default_factory=dict)
    bins: dict[str, Bins] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    measurements: dict[str, str] = field(default_factory=dict)
    data_sets: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: {"nominalLumi"})

    def of(self, name: str) -> str:
        """Return the name in the file of a single parameter, or of a function; others keep theirs."""
        return self.scalars[name][1] if name in self.scalars else self.functions.get(name, name)

    @property
    def changed(self) -> dict[str, dict[str, str]]:
        """Names of the workspace that differ from those in the file, by the latter."""
        parameters = {
            written: name
            for name, (kind, written) in self.scalars.items()
            if not name or written != _usual(kind, name) or (kind == FACTOR and written.casefold() == LUMI)
        }
        parameters |= {b.names[0]: n for n, b in self.bins.items() if b.names[0] != f"gamma_{n}_bin_0"}
        found = {"parameters": parameters}
        for key in ("functions", "channels", "measurements", "data_sets"):
            names: dict[str, str] = getattr(self, key)
            found[key] = {written: name for name, written in names.items() if written != name}
        return {key: names for key, names in found.items() if names}

    def free(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return identifiers that no other parameter has, as near as possible to the names that are wanted."""
        names = [identifier(name) for name in wanted]
        end, number = "", 2
        while any({name + end, f"nom_{name}{end}"} & self._taken for name in names):
            end, number = f"_{number}", number + 1
        made = tuple(name + end for name in names)
        self._taken |= {*made, *(f"nom_{name}" for name in made)}
        return made


def spelling_of(document: Document) -> Spelling:
    """Return the names that everything in a document gets."""
    found = Spelling()
    functions = {one.name: parse_expression(one.expression, one.parameters) for one in document.functions or ()}
    found.functions = {name: found.free([name])[0] for name in functions}
    found.channels = identifiers(channel.name for channel in document.channels)
    found.measurements = identifiers(measurement.name for measurement in document.measurements)
    found.data_sets = identifiers(data_set.name for data_set in document.data_sets or ())
    kinds: dict[str, str] = {}
    for channel in document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                kind = _kind(modifier)
                if kind and modifier.name not in found.functions:
                    kinds.setdefault(modifier.name, kind)
    for expression in functions.values():
        for name in expression.names:
            if name not in functions:
                kinds.setdefault(name, FACTOR)
    for name, kind in kinds.items():
        found.scalars[name] = (kind, found.free([_usual(kind, name)])[0])
    for (bin_kind, name), uses in uses_per_bin(document.channels).items():
        first, size = _components(bin_kind, uses)
        names = found.free(f"gamma_{name}_bin_{i}" for i in range(size))
        gammas = _gammas(bin_kind, uses)
        found.bins[name] = Bins(bin_kind, names, gammas, uses, first, _given(document, name, gammas))
    return found


def _given(document: Document, name: str, gammas: Gammas | None) -> tuple[float, ...]:
    """Return the relative widths that the first measurement gives for parameters of bins, 0 for constants."""
    entry = next((one for one in document.measurements[0].config.parameters if one.name == name), None)
    if gammas is None or entry is None or not (entry.sigmas or entry.factors):
        return ()
    widths = [float(s) for s in entry.sigmas or ()] or [float(t) ** -0.5 if t > 0 else 0.0 for t in entry.factors or ()]
    if len(widths) != gammas.constant.size:
        return ()
    usual: list[bool] = gammas.constant.tolist()
    held = (
        entry.fixed if isinstance(entry.fixed, list) else usual if entry.fixed is None else [entry.fixed] * len(usual)
    )
    return tuple(0.0 if fixed else width for width, fixed in zip(widths, held, strict=True))


def _usual(kind: str, name: str) -> str:
    """Return the name that ROOT would give a parameter."""
    return "Lumi" if kind == LUMI else f"alpha_{name}" if kind == ALPHA else name


def identifier(name: str) -> str:
    """Return a name with an underscore for each character that ROOT doesn't take.

    >>> identifier("4 jets, 2 b")
    '_4_jets__2_b'
    """
    found = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return found if found[:1] and not found[0].isdigit() else f"_{found}"


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Return an identifier for each name, no two alike."""
    found: dict[str, str] = {}
    for name in names:
        wanted, number = identifier(name), 2
        while wanted in found.values():
            wanted, number = f"{identifier(name)}_{number}", number + 1
        found[name] = wanted
    return found


def _kind(modifier: object) -> str:
    if isinstance(modifier, NormSys | HistoSys):
        return ALPHA
    if isinstance(modifier, Lumi):
        return LUMI
    return FACTOR if isinstance(modifier, NormFactor) else ""


def _components(kind: type, uses: list[Use]) -> tuple[dict[str, int], int]:
    """Return where the components of each channel start, and how many there are."""
    first: dict[str, int] = {}
    size = 0
    for channel, sample, _ in uses:
        if kind is not StatError:
            first[channel.name], size = 0, len(sample.data)
        elif channel.name not in first:
            first[channel.name] = size
            size += len(sample.data)
    return first, size


def _gammas(kind: type, uses: list[Use]) -> Gammas | None:
    if kind is ShapeFactor:
        return None
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # the model tells
        return shapesys_gammas(uses) if kind is ShapeSys else staterror_gammas(uses)
