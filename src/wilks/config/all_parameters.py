"""The parameters of an analysis: what names stand for, which are single numbers, and how a wrong name is worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wilks.config.parameters import known_parameters, meanings, parameters_of
from wilks.config.schema import Function, NormFactor, Region, Sample, Systematic
from wilks.errors import listed, nearest


@dataclass(frozen=True)
class Parameters:
    """What names of parameters there are.

    `known` has the parameters that each name stands for, statistical uncertainties aside; `per_bin` those with a value
    for each bin; `systematics` all parameters of systematics, also those that functions steer; `functions` the names of
    functions, which are no parameters.
    """

    known: Mapping[str, tuple[str, ...]]
    per_bin: frozenset[str]
    systematics: frozenset[str]
    functions: frozenset[str]

    @property
    def all(self) -> tuple[str, ...]:
        """All parameters, each once."""
        return tuple(dict.fromkeys(name for names in self.known.values() for name in names))

    @property
    def singles(self) -> tuple[str, ...]:
        """All parameters that are single numbers."""
        return tuple(name for name in self.all if name not in self.per_bin)

    def systematic(self, name: str) -> str:
        """Return which parameters the systematic has whose name is not that of a parameter."""
        if len(self.known[name]) == 1:
            return f'the systematic "{name}" has the ModifierName "{self.known[name][0]}"'
        return f'the systematic "{name}" is decorrelated and has the parameters {listed(self.known[name])}'

    def instead(self, name: str, allowed: Iterable[str]) -> str:
        """Return the end of a sentence about a name that is not what is needed: what it is, or which name is near."""
        if name in self.functions:
            return f'; "{name}" is a function, name the parameters that it needs'
        if name in self.known:
            return f"; {self.systematic(name)}"
        return nearest(name, allowed) or f"; allowed: {listed(allowed)}"


def all_parameters(
    norm_factors: Iterable[NormFactor],
    shape_factors: Iterable[NormFactor],
    systematics: Sequence[Systematic],
    functions: Sequence[Function],
    templates: Sequence[tuple[Region, Sample]],
) -> Parameters:
    """Return the parameters of an analysis; `templates` are region and sample of all simulated ones."""
    norms, shapes = list(norm_factors), list(shape_factors)
    of_systematics = meanings(systematics, templates)
    in_bins = [s for s in systematics if s.type == "ShapeSys" or s.parts_bins]
    per_bin = {factor.name for factor in shapes} - {factor.name for factor in norms}
    return Parameters(
        known_parameters(of_systematics, (*norms, *shapes), functions),
        frozenset(per_bin.union(*(parameters_of(systematic, templates) for systematic in in_bins))),
        frozenset(name for names in of_systematics.values() for name in names),
        frozenset(function.name for function in functions),
    )
