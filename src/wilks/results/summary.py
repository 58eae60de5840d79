"""A fit as text and as HTML: what was fitted, how it ended, and every parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wilks.results.conditions import beyond_status, condition_html, condition_lines
from wilks.results.origin import folded, poi_first
from wilks.selection import natural
from wilks.table import Table, measured, number

# Other minima whose height is told.
_OTHERS = 3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wilks.results.fit import FitResult, ParameterResult


def parameter_table(result: FitResult, names: Iterable[str] | None = None) -> Table:
    """Return a table of the parameters (all, or those named): value, pull, constraint and remarks.

    The pull is (value - pre-fit value) / pre-fit uncertainty, the constraint post-fit / pre-fit uncertainty; both are
    empty for unconstrained parameters. The parameter of interest comes first, and is marked. A fixed parameter, one at
    its bound and one without effect is marked so and has no uncertainty.
    """
    ordered = poi_first(natural(result.names if names is None else names), result.poi)
    rows = tuple(_row(result[name], poi=name == result.poi) for name in ordered)
    header = ("parameter", "value", "pull", "constraint", "remark")
    return Table("Fitted parameters", header, rows, "lrrrl")


def fit_text(result: FitResult) -> str:
    """Return the fit as text: a header, then the parameters; many staterror parameters are only counted."""
    lines = [f"{title + ':':<13}{value}" for title, value in _header(result)]
    names, hidden = _shown(result)
    parts = [*lines, "", parameter_table(result, names).text().partition("\n\n")[2]]
    if hidden:
        parts.append(f"({hidden} staterror parameters not shown)")
    parts += condition_lines(beyond_status(result.conditions))
    return "\n".join(parts)


def fit_html(result: FitResult) -> str:
    """Return the fit as HTML for notebooks; staterror parameters are folded away, unless there are no others."""
    header = Table("", ("fit", ""), tuple(_header(result)), "ll").html()
    gammas = [n for n, types in zip(result.names, result.modifier_types, strict=True) if "staterror" in types]
    names = [name for name in result.names if name not in set(gammas)]
    shown, rest = (names, gammas) if names else (gammas, [])
    more = folded(f"{len(rest)} staterror parameters", rest, lambda some: parameter_table(result, some))
    conditions = condition_html(beyond_status(result.conditions))
    return f"{header}\n{parameter_table(result, shown).html()}\n{more}{conditions}"


def _header(result: FitResult) -> list[tuple[str, str]]:
    free = int((~result.fixed).sum())
    rows = [
        ("status", result.status if result.converged else f"NOT CONVERGED: {result.status}"),
        ("2NLL", f"{result.twice_nll:.6f}"),
        ("EDM", f"{result.edm:.2g}"),
        ("parameters", f"{len(result)} ({free} free)"),
        ("measurement", result.measurement),
        ("data", result.dataset),
        ("minimizer", f"{result.minimizer}, {result.iterations} iterations"),
    ]
    if result.starts:
        rows.append(("search", _search(result)))
    elif result.minima:
        rows.append(("search", "none needed: the likelihood is convex, with one minimum"))
    if result.flat.size:
        rows.insert(1, ("covariance", "only of what is not flat"))
    elif not result.covariance_usable:
        rows.insert(1, ("covariance", "can't be used: no uncertainties are given"))
    if result.idle.any():
        rows.append(("no effect", f"{_idle(result)} (no rate depends on it: kept there)"))
    if result.mirrored:
        others = ", ".join(f"{name} = {number(value)}" for name, value in result.mirrored)
        rows.append(("mirrored", f"{others} (another minimum with the same 2NLL)"))
    return rows


def _search(result: FitResult) -> str:
    """Return how many starts were tried, and how much higher the other minima are."""
    tried = f"{result.starts} other starts"
    others = result.minima[1:]
    if not others:
        return f"{tried}, no other minimum"
    heights = ", ".join(f"{max(other.twice_nll - result.twice_nll, 0.0):.3g}" for other in others[:_OTHERS])
    more = f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
    which = "one other minimum" if len(others) == 1 else f"{len(others)} other minima"
    return f"{tried}, {which}: 2NLL higher by {heights}{more}"


def _idle(result: FitResult, limit: int = 6) -> str:
    """Return the parameters without effect with their values, at most so many."""
    found = [f"{p.name} = {number(p.value)}" for p in result if p.idle]
    return ", ".join(found[:limit]) + (f" and {len(found) - limit} more" if len(found) > limit else "")


def _shown(result: FitResult) -> tuple[list[str], int]:
    """Return the names to print and how many are left out: staterrors of a fit with more than 60 parameters."""
    if len(result) <= 60:
        return list(result.names), 0
    names = [n for n, types in zip(result.names, result.modifier_types, strict=True) if "staterror" not in types]
    return names, len(result) - len(names)


def _row(parameter: ParameterResult, *, poi: bool) -> tuple[str, ...]:
    usable = not parameter.fixed and not parameter.at_bound and parameter.uncertainty > 0
    constrained = parameter.constraint != "none" and parameter.prefit_uncertainty > 0
    remark = "fixed" if parameter.fixed else "at bound" if parameter.at_bound else ""
    if parameter.idle or parameter.flat:
        remark = "no effect" if parameter.idle else "flat"
    if not usable and not remark:
        remark = "no uncertainty"
    pull = constrained and not parameter.fixed and math.isfinite(parameter.pull)
    return (
        parameter.name,
        measured(parameter.value, parameter.uncertainty) if usable else number(parameter.value),
        f"{parameter.pull:.2f}" if pull else "",
        f"{parameter.uncertainty / parameter.prefit_uncertainty:.2f}" if constrained and usable else "",
        ", ".join(text for text in ("POI" if poi else "", remark) if text),
    )
