"""Values, ranges and constants of parameters, as an analysis sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables

_DEFAULT = "default_values"
_GLOBAL = "NominalParamValues"
# ROOT has the values of global observables of bins in this snapshot only.
OPEN = 1e10
# A side of a range that a file leaves open.


@dataclass(frozen=True)
class Values:
    """What is said about parameters by name; the first of several points or domains that mentions one counts."""

    points: dict[str, Node]
    ranges: dict[str, Node]
    constants: frozenset[str]

    def knows(self, name: str) -> bool:
        """Return whether there is anything about a parameter."""
        return name in self.points or name in self.ranges

    def names(self) -> list[str]:
        """Return the names of all parameters that something is said about."""
        return list(dict.fromkeys([*self.points, *self.ranges]))

    def value(self, name: str) -> Any:
        """Return the value of a parameter, None where there is none."""
        return self.points[name].optional("value") if name in self.points else None

    def constant(self, name: str) -> bool:
        """Return whether a parameter is held constant."""
        return name in self.constants or (name in self.points and self.points[name].flag("const"))

    def floats(self, name: str) -> bool:
        """Return whether a point says that a parameter isn't constant."""
        return name in self.points and self.points[name].value.get("const") is False

    def bounds(self, name: str) -> list[Any] | None:
        """Return the range of a parameter, with large numbers for open sides; None where there is none."""
        for node in (self.ranges.get(name), self.points.get(name)):
            if node is not None and (node.has("min") or node.has("max")):
                low, high = node.number("min", -OPEN), node.number("max", OPEN)
                if low > high:
                    node.wrong(f"{low} found, above the maximum {high}", "min")
                    return None
                return [low, high]
        return None


def values_of(file: Tables, analysis: Node) -> Values:
    """Return what the points and domains that an analysis names say about parameters."""
    init = analysis.first("init", "parameter_init")
    chosen = [analysis.text(init)] if analysis.has(init) else []
    points: dict[str, Node] = {}
    for name in (*chosen, _DEFAULT, _GLOBAL, *list(file.parameter_points)[:1]):
        if name in file.parameter_points:
            for node in _parameters(file, name):
                points.setdefault(node.text("name"), node)
        elif name in chosen:
            file.find("parameter_points", name, analysis, init)
    return Values(points, _ranges(file, analysis), _constants(file))


def _parameters(file: Tables, point: str) -> list[Node]:
    return file.parameter_points[point].objects("parameters", needed=True)


def _ranges(file: Tables, analysis: Node) -> dict[str, Node]:
    names = analysis.names("domains")
    for key in ("domain", "parameter_domain"):
        names += [analysis.text(key)] if analysis.has(key) else []
    ranges: dict[str, Node] = {}
    for name in (*names, "default_domain"):
        node = file.domains.get(name)
        if node is None:
            if name in names:
                file.find("domains", name, analysis, analysis.first("domains", "domain", "parameter_domain"))
            continue
        if (kind := node.text("type", "product_domain")) != "product_domain":
            node.wrong(f'"{kind}" found; only a product_domain can be read', "type")
        for axis in node.objects("axes", needed=True):
            ranges.setdefault(axis.text("name"), axis)
    return ranges


def _constants(file: Tables) -> frozenset[str]:
    """Return what ROOT marks as constant besides."""
    attributes = file.root_internal.child("attributes")
    return frozenset(name for name in attributes.value if "Constant" in attributes.child(name).names("tags"))
