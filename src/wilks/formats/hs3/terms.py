"""Constraint terms: what a distribution of the file, or a word at a modifier, says about a parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from wilks.errors import listed, nearest
from wilks.formats.hs3.channels import WORDS
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.formats.hs3.values import Values

TERMS = (
    "gaussian_dist",
    "normal_dist",
    "poisson_dist",
    "gamma_dist",
    "multivariate_normal_dist",
    "uniform_dist",
)


@dataclass(frozen=True)
class Term:
    """A constraint: "normal" (centre, width), "poisson" (counts, rate for a parameter of 1), or "none".

    `source` is the distribution, `bounds` is the range of one that is flat.
    """

    kind: str
    centre: Any = None
    width: Any = None
    source: Node | None = None
    bounds: tuple[Any, Any] | None = None

    def same(self, other: Term) -> bool:
        """Return whether another term says the same."""
        return (self.kind, self.centre, self.width, self.bounds) == (
            other.kind,
            other.centre,
            other.width,
            other.bounds,
        )


FREE = Term("none")
FLAT = 1e10
# From this width on a normal constraint says nothing: its term changes by less than the last digit.


@dataclass(frozen=True)
class Terms:
    """Finds constraint terms in a file, with the values of an analysis."""

    file: Tables
    values: Values

    def named(self, name: str, parameter: str, asked_by: Node) -> Term | None:
        """Return what the distribution `name` says about a parameter; None where it is wrong."""
        key = asked_by.first("constraint_name", "constraint", "constraints")
        node = self.file.find("distributions", name, asked_by, key)
        return None if node is None else self.about(node, parameter)

    def about(self, node: Node, parameter: str) -> Term | None:
        """Return what a distribution says about a parameter; None where it is wrong or can't be read."""
        kind = node.text("type")
        match kind:
            case "gaussian_dist" | "normal_dist":
                return self._normal(node, parameter)
            case "poisson_dist":
                return self._poisson(node, parameter)
            case "gamma_dist":
                return self._gamma(node, parameter)
            case "multivariate_normal_dist":
                return self._correlated(node, parameter)
            case "uniform_dist":
                return Term("none", source=node, bounds=(node.number("min"), node.number("max")))
        if node.has("type"):
            node.wrong(f"a constraint of type {kind} can't be read; allowed are {listed(TERMS)}", "type")
        return None

    def number(self, node: Node, key: str) -> Any:
        """Return a number, or the value of a constant that is named."""
        return self._value(node.name_or_number(key), node, key)

    def _value(self, found: Any, node: Node, key: str) -> Any:
        if not isinstance(found, str):
            return found
        value = self.values.value(found)
        if value is None:
            node.wrong(f'no value for "{found}"{nearest(found, self.values.points)}', key)
            return 1.0
        if not (self.values.constant(found) or key == "x" or found.startswith("nom")):
            self.file.tell(node.place(key), f'"{found}" is taken as a constant, {value:g}', "read as")
        return value

    def _other(self, node: Node, parameter: str, one: str = "x", other: str = "mean") -> str:
        """Return which of two keys doesn't name the parameter."""
        for mine, its in ((one, other), (other, one)):
            if node.value.get(mine) == parameter:
                return its
        found = [str(node.value.get(key)) for key in (one, other)]
        node.wrong(f'it is about {listed(found)}, needed is "{parameter}"')
        return ""

    def _normal(self, node: Node, parameter: str) -> Term | None:
        key = self._other(node, parameter)
        sigma = self.number(node, "sigma")
        if not sigma > 0:
            node.wrong(f"{sigma} found, a width above 0 needed", "sigma")
            return None
        return Term("normal", self.number(node, key), sigma, node) if key else None

    def _poisson(self, node: Node, parameter: str) -> Term | None:
        for mine, its in (("mean", "x"), ("x", "mean")):
            rate = self._rate(node.value.get(mine), parameter)
            if rate is not None:
                count = self.number(node, its)
                if count < 0 or not rate > 0:
                    node.wrong(f"a count of {count} where {rate} times the parameter are expected can't be", its)
                    return None
                return Term("poisson", count, rate, node)
        node.wrong(f'its mean is neither "{parameter}" nor a product of it and constants', "mean")
        return None

    def _rate(self, name: Any, parameter: str) -> Any:
        """Return the constant that stands beside a parameter in a product; None where it is none."""
        if name == parameter:
            return 1.0
        function = self.file.functions.get(name) if isinstance(name, str) else None
        if function is None or function.text("type", "") != "product":
            return None
        factors = function.value.get("factors")
        if not isinstance(factors, list) or factors.count(parameter) != 1:
            return None
        rest = [self._value(factor, function, "factors") for factor in factors if factor != parameter]
        return math.prod(rest) if all(isinstance(value, int | float) for value in rest) else None

    def _gamma(self, node: Node, parameter: str) -> Term | None:
        """Gamma(x; y + 1, 1/tau) is a Poisson of y with mean tau x, as a function of x."""
        if node.value.get("x") != parameter:
            node.wrong(f'its x is {node.value.get("x")!r}, needed is "{parameter}"', "x")
            return None
        shape, scale = self.number(node, "gamma"), self.number(node, "beta")
        shift = self.number(node, "mu") if node.has("mu") else 0.0
        if shift != 0 or not scale > 0 or not shape >= 1:
            node.wrong(f"gamma {shape}, beta {scale} and mu {shift} found; gamma >= 1, beta > 0 and mu 0 can be read")
            return None
        return Term("poisson", shape - 1, 1 / scale, node)

    def _correlated(self, node: Node, parameter: str) -> Term | None:
        names, means = node.value.get("x"), node.value.get("mean")
        matrix = node.value.get("covariances")
        if not isinstance(names, list) or parameter not in names:
            names, means = means, names
        if not isinstance(names, list) or parameter not in names or not isinstance(means, list):
            node.wrong(f'lists x and mean needed, one of them with "{parameter}"')
            return None
        i = names.index(parameter)
        row = matrix[i] if isinstance(matrix, list) and len(matrix) == len(names) else None
        if len(means) != len(names) or not isinstance(row, list) or len(row) != len(names):
            node.wrong(f"{len(names)} numbers in mean, and as many rows and columns in covariances, needed")
            return None
        variance = row[i]
        if isinstance(variance, bool) or not isinstance(variance, int | float) or not 0 < variance < math.inf:
            node.wrong(f"the variance of {parameter} is no number above 0", "covariances")
            return None
        return Term("normal", self._value(means[i], node, "mean"), math.sqrt(variance), node)


def is_word(text: str) -> bool:
    """Return whether a constraint is a word for a kind, not the name of a distribution."""
    return text.casefold() in WORDS
