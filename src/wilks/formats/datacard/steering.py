"""Names and values of what steers modifiers: the parameters of a card, and functions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wilks._types import JSONDict


@dataclass
class Steering:
    """Functions of a document on their way; `taken` are names that mean something already."""

    taken: set[str]
    functions: dict[str, JSONDict] = field(default_factory=dict)

    def linear(self, name: str, coefficient: float) -> str:
        """Return the name of the function 1 + coefficient * parameter."""
        return self._function(f"{name}_times_{coefficient:g}", f"1 + {coefficient!r} * @0", [name])

    def scaled(self, name: str, factor: float) -> str:
        """Return the name of the function factor * parameter, that of the parameter itself where the factor is 1."""
        if factor == 1.0:
            return name
        return self._function(f"{name}_scaled_{factor:g}", f"{factor!r} * @0", [name])

    def itself(self, name: str) -> str:
        """Return the name of a function that is the parameter, for one that acts in another way elsewhere."""
        return self._function(f"{name}_as_factor", "@0", [name])

    def formula(self, name: str, expression: str, parameters: Sequence[str]) -> None:
        """Add a formula of a card under its own name."""
        self.functions[name] = {"name": name, "expression": expression, "parameters": list(parameters)}

    def penalty(self, name: str, expression: str, parameters: Sequence[str]) -> None:
        """Add a function whose value is added to the negative log-likelihood."""
        free = self._function(name, expression, list(parameters))
        self.functions[free]["penalty"] = True

    def _function(self, name: str, expression: str, parameters: list[str]) -> str:
        said = {"expression": expression, "parameters": parameters}
        free, i = name, 1
        while free in self.taken or not self._same(free, said):
            i += 1
            free = f"{name}_{i}"
        self.functions[free] = {"name": free, **said}
        return free

    def _same(self, name: str, said: JSONDict) -> bool:
        known = self.functions.get(name)
        return known is None or {key: known[key] for key in said} == said
