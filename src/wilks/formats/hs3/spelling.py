"""Names that an HS3 file has for the parameters of a workspace: ROOT's, no two alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wilks.workspace.gammas import Gammas, Use, shapesys_gammas, staterror_gammas, uses_per_bin
from wilks.workspace.spec import Document, HistoSys, Lumi, NormFactor, NormSys, ShapeFactor, ShapeSys, StatError

ALPHA, FACTOR, LUMI = "alpha", "factor", "lumi"


@dataclass(frozen=True)
class Bins:
    """The parameters of bins of one name: their names in the file, and what constrains them (None: nothing).

    `first` has the component of the first bin in each channel that they act on.
    """

    kind: type
    names: tuple[str, ...]
    gammas: Gammas | None
    uses: list[Use]
    first: dict[str, int]


@dataclass
class Spelling:
    """Parameters of a workspace by name: `scalars` (kind, name in the file), `bins`."""

    scalars: dict[str, tuple[str, str]] = field(default_factory=dict)
    bins: dict[str, Bins] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    _taken: set[str] = field(default_factory=set)

    def of(self, name: str) -> str:
        """Return the name in the file of a single parameter, or of a function; others keep theirs."""
        return self.scalars[name][1] if name in self.scalars else name

    def free(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return names that no other parameter has, as near as possible to those that are wanted."""
        names = list(wanted)
        end, number = "", 2
        while any(name + end in self._taken for name in names):
            end, number = f"_{number}", number + 1
        made = tuple(name + end for name in names)
        self._taken |= {*made, *(f"nom_{name}" for name in made)}
        return made


def spelling_of(document: Document, functions: Iterable[str]) -> Spelling:
    """Return the names that the parameters of a document get; `functions` steer modifiers of their name."""
    found = Spelling(functions=frozenset(functions))
    found._taken |= found.functions
    kinds: dict[str, str] = {}
    for channel in document.channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                kind = _kind(modifier)
                if kind and modifier.name not in found.functions:
                    kinds.setdefault(modifier.name, kind)
    for name, kind in kinds.items():
        wanted = "Lumi" if kind == LUMI else f"alpha_{name}" if kind == ALPHA else name
        found.scalars[name] = (kind, found.free([wanted])[0])
    for (bin_kind, name), uses in uses_per_bin(document.channels).items():
        first, size = _components(bin_kind, uses)
        names = found.free(f"gamma_{name}_bin_{i}" for i in range(size))
        found.bins[name] = Bins(bin_kind, names, _gammas(bin_kind, uses), uses, first)
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
    return shapesys_gammas(uses) if kind is ShapeSys else staterror_gammas(uses)
