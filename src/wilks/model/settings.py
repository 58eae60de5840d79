"""What a measurement says about a parameter set: start, bounds, which components are constant, the constraint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks.workspace.spec import ParameterSettings

if TYPE_CHECKING:
    from wilks.model.parameters import ParameterSet

_APPLICABLE = {
    "none": ("inits", "bounds"),
    "normal": ("inits", "bounds", "auxdata", "sigmas", "lower_sigmas"),
    "poisson": ("inits", "bounds", "auxdata", "factors"),
}
_WIDTH = {"normal": "sigmas", "poisson": "factors"}
_FROM_YIELDS = {"shapesys", "staterror"}
_AROUND_ZERO = {"histosys", "normsys"}


def configured(base: ParameterSet, settings: ParameterSettings, problems: list[str]) -> ParameterSet:
    """Return the set with a measurement's settings applied; lists must have one entry per component."""
    size = len(base)
    other = _with_constraint(base, settings, problems)
    changes: dict[str, Any] = {}
    lists = {key: getattr(settings, key) for key in (*_APPLICABLE["normal"], "factors")}
    for key, values in lists.items():
        if values is None:
            continue
        if key not in _APPLICABLE[other.constraint]:
            allowed = ", ".join(_APPLICABLE[other.constraint])
            problems.append(f'parameter "{base.name}" ({base.types[0]}) takes no {key}; allowed: {allowed}')
        elif len(values) != size:
            problems.append(f'parameter "{base.name}": {key} has {len(values)} entries, {size} needed')
        elif key == "bounds":
            pairs = np.asarray(values, np.float64)
            changes |= {"lower": pairs[:, 0], "upper": pairs[:, 1], "own_bounds": True}
        else:
            changes[{"sigmas": "scale", "lower_sigmas": "lower_scale", "factors": "scale"}.get(key, key)] = np.asarray(
                values, np.float64
            )
    if "scale" in changes and other.constraint == "poisson" and "auxdata" not in changes:
        changes["auxdata"] = changes["scale"]
    if isinstance(settings.fixed, list) and len(settings.fixed) != size:
        problems.append(f'parameter "{base.name}": fixed has {len(settings.fixed)} entries, {size} needed')
    elif settings.fixed is not None:
        changes["fixed"] = np.broadcast_to(np.asarray(settings.fixed, np.bool_), (size,)).copy()
    made = replace(other, **changes)
    if made.constraint == base.constraint or made.constraint == "none":
        return made
    # A constraint that the modifier doesn't have: the fit starts at its centre unless the settings say where.
    return made if settings.inits is not None else replace(made, inits=made.nominal)


def _with_constraint(base: ParameterSet, settings: ParameterSettings, problems: list[str]) -> ParameterSet:
    """Return the set with the kind of constraint that the settings ask for, its centre and width still missing."""
    kind, named = settings.constraint, f'parameter "{base.name}" ({base.types[0]})'
    if kind is None:
        return base
    if _FROM_YIELDS.intersection(base.types):
        problems.append(f"{named} takes no constraint: its width comes from the yields of the modifier")
        return base
    if kind == base.constraint:
        return base
    if kind == "none":
        return replace(base, constraint="none", auxdata=np.empty(0), scale=np.empty(0))
    if kind == "poisson" and _AROUND_ZERO.intersection(base.types):
        problems.append(f"{named} can't have a Poisson constraint: that is for factors, which are positive")
        return base
    needed = ("auxdata", "sigmas") if kind == "normal" else ("factors",)
    if missing := [key for key in needed if getattr(settings, key) is None]:
        problems.append(f'{named}: a constraint of kind "{kind}" needs {" and ".join(missing)} as well')
        return base
    missing_yet = np.full(len(base), np.nan)
    return replace(base, constraint=kind, auxdata=missing_yet, scale=missing_yet)


def incomplete(base: ParameterSet, asked: ParameterSettings | None) -> list[str]:
    """Return what a parameter set still lacks, or has that can't be, after its settings `asked`."""
    if base.types == ("lumi",) and (missing := _missing(base)):
        return [f'parameter "{base.name}": the measurement must give {", ".join(missing)} for the luminosity']
    problems = []
    if ((base.inits < base.lower) | (base.inits > base.upper)).any():
        problems.append(f'parameter "{base.name}": initial value {base.inits.tolist()} lies outside its bounds')
    widths = [w for w in (base.scale, base.lower_scale) if w is not None and base.constraint != "none"]
    if not all((np.isfinite(width) & (width > 0)).all() for width in widths):
        problems.append(f'parameter "{base.name}": widths of constraints must be positive numbers')
    elif asked is not None and asked.constraint == "poisson" and base.constraint == "poisson":
        problems += _no_count(base)
    return problems


def _missing(base: ParameterSet) -> list[str]:
    values = (("inits", base.inits), ("bounds", base.lower), ("auxdata", base.auxdata), ("sigmas", base.scale))
    return [key for key, found in values if np.isnan(found).any()]


def _no_count(base: ParameterSet) -> list[str]:
    """Return why a parameter can't be the mean of a count."""
    problems = []
    if (base.lower < 0).any():
        problems.append(f'parameter "{base.name}": its Poisson constraint needs lower bounds that are not below 0')
    if (base.auxdata < 0).any():
        problems.append(f'parameter "{base.name}": auxdata of its Poisson constraint are counts, not below 0')
    return problems
