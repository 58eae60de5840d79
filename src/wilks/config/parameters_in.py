"""The parameters of a draft: what their names stand for, which are single numbers, and how a wrong name is worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wilks.config.document import KeyPath
from wilks.config.draft import Draft
from wilks.config.parameters import known_parameters, parameters_of
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


def parameters_in(draft: Draft) -> Parameters | None:
    """Return the parameters of a draft, None if not all can be read."""
    readable = draft.systematics.complete("Name", "Type", "ModifierName", "Decorrelate")
    readable = readable and draft.functions.complete("Name", "Parameters")
    factors = (draft.norm_factors, draft.shape_factors)
    if not (readable and all(parts.complete("Name") for parts in factors)):
        return None
    systematics, functions = list(draft.systematics.blocks()), list(draft.functions.blocks())
    templates = draft.templates
    if templates is None and any(s.decorrelate or s.type == "ShapeSys" for s in systematics):
        return None
    known = known_parameters(
        (factor for parts in factors for factor in parts.blocks()), systematics, functions, templates or []
    )
    of_systematics = {s.name: parameters_of(s, templates or []) for s in systematics}
    per_bin = {name for s in systematics if s.type == "ShapeSys" or s.parts_bins for name in of_systematics[s.name]}
    per_bin |= {factor.name for factor in draft.shape_factors.blocks()}
    return Parameters(
        known,
        frozenset(per_bin - {factor.name for factor in draft.norm_factors.blocks()}),
        frozenset(name for names in of_systematics.values() for name in names),
        frozenset(function.name for function in functions),
    )


def of_interest(draft: Draft) -> list[tuple[KeyPath, str]]:
    """Return the parameters of interest, each once, and where they stand."""
    general, found = draft.general, dict[str, KeyPath]()
    for key, names in (("POI", (general.block.poi,)), ("POIs", general.block.pois)):
        if general.sound(key):
            for name in filter(None, names):
                found.setdefault(name, ("General", key))
    return [(path, name) for name, path in found.items()]
