"""Which modifiers act where in a workspace, how, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wilks._types import FloatArray
from wilks.errors import InputError, listed, nearest
from wilks.selection import matching
from wilks.workspace.references import all_names, steering_parameters
from wilks.workspace.spec import (
    HistoSys,
    Lumi,
    Modifier,
    NormFactor,
    NormSys,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

# What a parameter does in a block, in the words of the figure and the table; what comes first stands first.
KINDS = (
    "normfactor",
    "shapefactor",
    "lumi",
    "normsys",
    "histosys",
    "normsys + histosys",
    "shapesys",
    "staterror",
    "several",
)


@dataclass(frozen=True, eq=False)
class Acting:
    """What one parameter (set) does to one sample in one channel.

    `types` are those of its modifiers there, sorted; `up` and `down` the yields at plus and minus one standard
    deviation, shape (bins,), None where there is no such thing (free factors). Of shapesys and staterrors every bin is
    moved, each by its own parameter. Modifiers that a function steers have its name, the `parameters` that it needs,
    and the yields where its value is 1 and -1; `parameters` is empty where `name` is that of the parameter.
    """

    channel: str
    sample: str
    name: str
    types: tuple[str, ...]
    nominal: FloatArray
    up: FloatArray | None
    down: FloatArray | None
    parameters: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """How it acts, in words: its kind, and which parameters a function steers it by."""
        return f"{self.kind}, function of {', '.join(self.parameters)}" if self.parameters else self.kind

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        word = " + ".join(reversed(self.types))
        return word if word in KINDS else "several"

    @property
    def by_bin(self) -> bool:
        """Whether every bin has a parameter of its own."""
        return bool({"shapesys", "staterror", "shapefactor"} & {*self.types})

    @property
    def norm(self) -> tuple[float, float] | None:
        """Relative change of the yield, up and down; None where bins move apart, and of free factors."""
        if self.up is None or self.down is None or self.by_bin:
            return None
        total = float(self.nominal.sum())
        if total == 0.0:
            return None
        return float(self.up.sum()) / total - 1.0, float(self.down.sum()) / total - 1.0

    @property
    def largest(self) -> tuple[int, float] | None:
        """Bin (from 0) with the largest relative change, and that change with its sign.

        None where no bin is filled, and where all change alike.
        """
        if self.up is None or self.down is None or {*self.types} <= {"normsys", "lumi"}:
            return None
        changes = np.stack([self.up, self.down]) - self.nominal
        with np.errstate(over="ignore", invalid="ignore"):
            relative = np.divide(changes, self.nominal, out=np.zeros_like(changes), where=self.nominal != 0.0)
        side, place = np.unravel_index(int(np.argmax(np.abs(relative))), relative.shape)
        return (int(place), float(relative[side, place])) if (self.nominal != 0.0).any() else None

    @property
    def size(self) -> float:
        """The larger of the relative changes of the yield and of a bin, without sign; NaN where there is none."""
        sizes = [abs(value) for value in self.norm or ()]
        sizes += [abs(self.largest[1])] if self.largest is not None else []
        return max(sizes, default=float("nan"))


def acting(
    workspace: Workspace,
    *,
    measurement: str | None = None,
    parameters: str | Sequence[str] | None = None,
    channels: str | Sequence[str] | None = None,
    samples: str | Sequence[str] | None = None,
) -> list[Acting]:
    """Return what every parameter does to each sample in each channel, in the order of the document.

    Only those that are named, as names or patterns, if any are; the name of a parameter that a function needs means
    what the function steers. The size of a lumi modifier is that of the measurement
    (default: the first). Raises InputError for names that mean nothing.
    """
    document = workspace.document
    if measurement is not None and measurement not in workspace.measurement_names:
        known = workspace.measurement_names
        raise InputError(
            f'no measurement "{measurement}" in this workspace; it has {listed(known)}{nearest(measurement, known)}'
        )
    wanted = chosen_names(workspace, {"parameter": parameters, "channel": channels, "sample": samples})
    config = next((m.config for m in document.measurements if measurement in (None, m.name)), None)
    lumi = {}
    for settings in config.parameters if config is not None else ():
        if settings.sigmas and settings.auxdata:
            lumi[settings.name] = float(settings.sigmas[0]) / float(settings.auxdata[0] or 1.0)
    steering = steering_parameters(document)
    found: list[Acting] = []
    for channel in document.channels:
        for sample in channel.samples if channel.name in wanted["channel"] else ():
            if sample.name in wanted["sample"]:
                found += _of_sample(channel.name, sample, wanted["parameter"], lumi)
    return [replace(each, parameters=tuple(steering.get(each.name, ()))) for each in found] if steering else found


def in_order(workspace: Workspace, found: Sequence[Acting]) -> list[str]:
    """Return the names of parameters once: of interest, other free ones, constrained ones, staterrors and shapesys."""
    pois = {poi for measurement in workspace.document.measurements for poi in measurement.config.of_interest}
    types: dict[str, set[str]] = {}
    for each in found:
        types.setdefault(each.name, set()).update(each.types)

    steering = steering_parameters(workspace.document)

    def place(name: str) -> int:
        if pois.intersection(steering.get(name, [name])):
            return 0
        if types[name] <= {"normfactor", "shapefactor"}:
            return 1
        return 3 if types[name] & {"staterror", "shapesys"} else 2

    return sorted(types, key=place)


def chosen_names(workspace: Workspace, asked: dict[str, str | Sequence[str] | None]) -> dict[str, set[str]]:
    """Return the names that are asked for. Raises InputError, with all that mean nothing."""
    channels = workspace.document.channels
    samples = [sample for channel in channels for sample in channel.samples]
    known = {
        "channel": [channel.name for channel in channels],
        "sample": list(dict.fromkeys(sample.name for sample in samples)),
        "parameter": all_names(workspace.document),
    }
    needed = {name: {name, *names} for name, names in steering_parameters(workspace.document).items()}
    wanted, problems = {}, []
    for what, patterns in asked.items():
        names = known[what]
        found = {p: matching(names, p) for p in ([patterns] if isinstance(patterns, str) else patterns or ())}
        problems += [
            f'no {what} "{p}" in this workspace{nearest(p, names) or "; there are " + (listed(names) or "none")}'
            for p, places in found.items()
            if not places
        ]
        wanted[what] = {names[i] for places in found.values() for i in places} if patterns else set(names)
        if what == "parameter":
            wanted[what] |= {name for name, names in needed.items() if names & wanted[what]}
    if problems:
        raise InputError(problems)
    return wanted


def _of_sample(channel: str, sample: Sample, wanted: set[str], lumi: dict[str, float]) -> Iterator[Acting]:
    """Yield what each parameter does to a sample; modifiers of one name act together."""
    together: dict[str, list[Modifier]] = {}
    for modifier in sample.modifiers:
        if modifier.name in wanted:
            together.setdefault(modifier.name, []).append(modifier)
    nominal = np.array(sample.data, np.float64)
    for name, modifiers in together.items():
        types = tuple(sorted(str(type(m).__struct_config__.tag) for m in modifiers))
        up, down = _varied(nominal, modifiers, lumi)
        yield Acting(channel, sample.name, name, tuple(dict.fromkeys(types)), nominal, up, down)


def _varied(
    nominal: FloatArray, modifiers: list[Modifier], lumi: dict[str, float]
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return the yields at plus and minus one standard deviation: what adds is added first, then factors act."""
    if all(isinstance(modifier, NormFactor | ShapeFactor) for modifier in modifiers):
        return None, None
    up, down = nominal.copy(), nominal.copy()
    factors = [1.0, 1.0]
    for modifier in modifiers:
        match modifier:
            case HistoSys():
                up += np.array(modifier.data.hi_data, np.float64) - nominal
                down += np.array(modifier.data.lo_data, np.float64) - nominal
            case NormSys():
                factors = [factors[0] * modifier.data.hi, factors[1] * modifier.data.lo]
            case Lumi():
                width = lumi.get(modifier.name, 0.0)
                factors = [factors[0] * (1.0 + width), factors[1] * (1.0 - width)]
            case ShapeSys() | StatError():
                up += np.array(modifier.data, np.float64)
                down -= np.array(modifier.data, np.float64)
            case _:
                pass
    return factors[0] * up, factors[1] * down
