"""Which parameters the functions of a steering file need, and which blocks scale samples by a parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from wilks.config.factors import Function, NormFactor
from wilks.workspace.expressions import ExpressionError, parse_expression


def names_in(function: Function) -> tuple[str, ...] | None:
    """Return the names that an expression needs, in the order of their first use; None where it can't be read."""
    try:
        return parse_expression(function.expression, function.arguments or None).names
    except ExpressionError:
        return None


def needed_names(functions: Iterable[Function]) -> set[str] | None:
    """Return all names that expressions need; None where one can't be read."""
    found = [names_in(function) for function in functions]
    return None if None in found else {name for names in found for name in names or ()}


def declared(functions: Iterable[Function]) -> tuple[str, ...]:
    """Return the names of the parameters that functions bring."""
    return tuple(parameter.name for function in functions for parameter in function.parameters)


def needing(functions: Sequence[Function], parameters: Collection[str]) -> set[str]:
    """Return the names of the functions that need any of some parameters, also by way of others."""
    found: set[str] = set()
    known = {*parameters}
    while new := {f.name for f in functions if not known.isdisjoint(names_in(f) or ())} - found:
        found |= new
        known |= new
    return found


def scaling(
    norm_factors: Iterable[NormFactor], functions: Sequence[Function], parameters: Collection[str]
) -> Iterator[NormFactor | Function]:
    """Yield the NormFactors and functions by which any of some parameters scales samples."""
    yield from (factor for factor in norm_factors if factor.name in parameters)
    needed = needing(functions, parameters)
    yield from (function for function in functions if function.scales and function.name in needed)
