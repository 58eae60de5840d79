"""The rows of figures of pulls: which parameters they show, and what stands in each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wilks.errors import InputError, nearest
from wilks.figures.together import union
from wilks.results.fit import FitResult, ParameterResult
from wilks.selection import matching, natural
from wilks.table import measured, number


@dataclass(frozen=True)
class Row:
    """One line of the figure: a pull, or (`pull` None) the text of a value that has none; or the heading of a group."""

    name: str
    pull: float | None
    error: float
    text: str
    heading: bool = False


def dullness(row: Row) -> float:
    """Return a number that is small for what must be seen: values without pull, remarks, pulls and constraints."""
    if row.pull is None:
        return -math.inf
    return -1000.0 if row.text else -abs(row.pull) - abs(1.0 - row.error)


def selected(fits: Sequence[FitResult], exclude: str | Sequence[str] | None, include_staterrors: bool) -> list[str]:
    """Return the parameters of fits without those excluded, by name or pattern, in a natural order.

    Raises InputError for a name that is in no fit, and where nothing is left.
    """
    every = union(fit.names for fit in fits)
    patterns = [exclude] if isinstance(exclude, str) else list(exclude or ())
    which = "this fit" if len(fits) == 1 else "these fits"
    unknown = [pattern for pattern in patterns if not matching(every, pattern)]
    if unknown:
        raise InputError([f'exclude: there is no parameter "{p}" in {which}{nearest(p, every)}' for p in unknown])
    dropped = {every[i] for pattern in patterns for i in matching(every, pattern)}
    if not include_staterrors:
        dropped |= {
            name
            for fit in fits
            for name, types in zip(fit.names, fit.modifier_types, strict=True)
            if "staterror" in types
        }
    names = [name for name in every if name not in dropped]
    if not names:
        raise InputError("there is no parameter to draw: all are excluded or belong to staterrors")
    return natural(names)


def row_of(parameter: ParameterResult, *, as_value: bool = False) -> Row:
    """Return the row of a parameter; `as_value` makes it that of a value also where there is a pull."""
    usable = not (parameter.fixed or parameter.at_bound) and parameter.uncertainty > 0
    remark = "fixed" if parameter.fixed else "at bound" if parameter.at_bound else "" if usable else "no uncertainty"
    remark = "no effect" if parameter.idle else "flat" if parameter.flat else remark
    free = parameter.constraint == "none" or not parameter.prefit_uncertainty > 0 or not math.isfinite(parameter.pull)
    if as_value or free:
        value = measured(parameter.value, parameter.uncertainty) if usable else number(parameter.value)
        return Row(parameter.name, None, 0.0, f"{value} ({remark})" if remark else value)
    error = parameter.uncertainty / parameter.prefit_uncertainty if usable else 0.0
    return Row(parameter.name, parameter.pull, error, remark)
