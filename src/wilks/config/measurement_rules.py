"""What has to hold for what the whole analysis says of parameters: of interest, fixed, correlated, in groups.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wilks.config.all_parameters import Parameters
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.factors import DEFAULT_BOUNDS
from wilks.config.parameters import constraints, meant
from wilks.config.schema import Constraint, Correlation
from wilks.config.staterrors import staterror_meanings
from wilks.config.wildcards import is_pattern
from wilks.errors import listed, nearest

_ROUNDING = 1e-9


def pois_exist(draft: Draft) -> Iterator[Mistake]:
    """Parameters of interest are NormFactors, or parameters of systematics or functions; POI is the first of POIs."""
    general = draft.general
    if general.sound("POI", "POIs") and general.block.poi and general.block.pois:
        first = general.block.pois[0]
        if first != general.block.poi:
            text = f'"{first}" comes first; the first one is the POI, which is "{general.block.poi}"'
            yield Mistake(("General", "POIs"), text)
    found = draft.parameters
    if found is None:
        return
    for path, name in draft.of_interest:
        if name not in found.all:
            yield Mistake(path, f'no parameter "{name}"{found.instead(name, found.all)}')


def pois_are_single_parameters(draft: Draft) -> Iterator[Mistake]:
    """A parameter of interest is no set of parameters, one for each bin."""
    found = draft.parameters
    for path, name in draft.of_interest if found is not None else ():
        if found is not None and name in found.per_bin:
            yield Mistake(path, f'"{name}" is one parameter for each bin; the POI is a single parameter')


def fixed_exist(draft: Draft) -> Iterator[Mistake]:
    """Every fixed parameter exists, is fixed once, and within its bounds."""
    found, known = draft.parameters, _with_staterrors(draft)
    if found is None or known is None:
        return
    bounds = {factor.name: factor.bounds for parts in _factors(draft) for _, factor in parts.sound("Bounds")}
    of_functions = (p for _, function in draft.functions.sound("Parameters") for p in function.parameters)
    bounds |= {parameter.name: parameter.bounds or DEFAULT_BOUNDS for parameter in of_functions}
    systematics = (block for _, block in draft.systematics.sound("Constraint"))
    bounds |= {name: c.bounds for name, (_, c) in constraints(systematics, draft.templates or []).items()}
    fixed: set[str] = set()
    for part in draft.fixed.parts:
        path, entry = part.path, part.block
        if not part.sound("Name"):
            continue
        if entry.name not in known:
            hint = found.instead(entry.name, known)
            yield Mistake((*path, "Name"), f'no parameter or systematic "{entry.name}"{hint}')
            continue
        for parameter in known[entry.name]:
            if parameter in fixed:
                yield Mistake((*path, "Name"), f'the parameter "{parameter}" is fixed more than once')
            fixed.add(parameter)
            limits = bounds.get(parameter)
            if limits and part.sound("Value") and not limits[0] <= entry.value <= limits[1]:
                text = f'{entry.value} lies outside the Bounds {list(limits)} of "{parameter}"'
                yield Mistake((*path, "Value"), text)


def _factors(draft: Draft) -> tuple[Any, ...]:
    return draft.norm_factors, draft.shape_factors


def _with_staterrors(draft: Draft) -> dict[str, tuple[str, ...]] | None:
    """Return the parameters that each name stands for, those of statistical uncertainties too; None if unreadable."""
    found, templates = draft.parameters, draft.templates
    readable = draft.general.sound("Staterror") and draft.regions.complete("Staterror")
    if found is None or templates is None or not readable:
        return None
    return {**found.known, **staterror_meanings(draft.general.block, templates)}


def groups_have_parameters(draft: Draft) -> Iterator[Mistake]:
    """Groups have names, and every name or pattern in them stands for some parameter."""
    general = draft.general
    if not general.sound("Groups"):
        return
    here = (*general.path, "Groups")
    if not general.block.groups:
        if "groups" in general.block.model_fields_set:
            yield Mistake(here, "has no effect: it is empty")
        return
    found, known = draft.parameters, _with_staterrors(draft)
    for label, patterns in general.block.groups.items():
        if not patterns:
            yield Mistake((*here, label), "must not be empty; name a parameter, or leave the group out")
        for pattern in patterns if found is not None and known is not None else ():
            if meant(pattern, known or {}):
                continue
            if is_pattern(pattern):
                text = f'no parameter or systematic matches "{pattern}"{nearest(pattern, known or ())}'
            else:
                text = f'no parameter or systematic "{pattern}"{found.instead(pattern, known or ()) if found else ""}'
            yield Mistake((*here, label), text)


def clipping_has_an_effect(draft: Draft) -> Iterator[Mistake]:
    """Yields are clipped where shapes vary them."""
    if not (draft.general.sound("Clip") and draft.general.block.clip and draft.systematics.complete("Type")):
        return
    if all(systematic.type not in ("NormPlusShape", "ShapeOnly") for systematic in draft.systematics.blocks()):
        yield Mistake((*draft.general.path, "Clip"), "has no effect: no systematic changes a shape")


def correlations_can_be(draft: Draft) -> Iterator[Mistake]:
    """Correlations are between Gaussian constraints of single parameters, and have a matrix that is one."""
    if not draft.general.sound("Correlations"):
        return
    found = draft.parameters
    given = _constraints(draft)
    seen: set[str] = set()
    for i, correlation in enumerate(draft.general.block.correlations):
        path = (*draft.general.path, "Correlations", i)
        yield from _matrix_mistakes(correlation, path)
        for name in correlation.parameters if found is not None else ():
            if found is not None and (why := _why_not(name, found, given or {}, seen)):
                yield Mistake((*path, "Parameters"), why)


def _constraints(draft: Draft) -> dict[str, Constraint | None] | None:
    """Return what the file says of the constraint of each factor and systematic; None if not all can be read."""
    lists = (*_factors(draft), draft.systematics)
    if not (all(parts.complete("Constraint") for parts in lists) and draft.functions.complete("Parameters")):
        return None
    found: dict[str, Constraint | None] = {
        name: constraint
        for name, (_, constraint) in constraints(draft.systematics.blocks(), draft.templates or []).items()
    }
    free = Constraint(type="None")
    found |= {factor.name: factor.constraint or free for factor in draft.norm_factors.blocks()}
    found |= {p.name: p.constraint or free for function in draft.functions.blocks() for p in function.parameters}
    return found


def _why_not(name: str, found: Parameters, given: dict[str, Constraint | None], seen: set[str]) -> str:
    """Return why a parameter can't be in a correlation; `seen` are those of the ones before."""
    stands_for = found.known.get(name, ())
    if len(stands_for) != 1:
        return f'no single parameter "{name}"{found.instead(name, found.singles)}'
    (parameter,) = stands_for
    if parameter in seen:
        return f'"{name}" is correlated already'
    seen.add(parameter)
    if parameter in found.per_bin:
        return f'"{name}" is one parameter for each bin; single ones can be correlated'
    constraint = given.get(parameter)
    if constraint is None or (constraint.type == "Gaussian" and len({*constraint.widths}) == 1):
        return ""
    what = {"Gaussian": "two widths", "Poisson": "a Poisson constraint", "None": "no constraint"}[constraint.type]
    return f'"{name}" has {what}; correlations are between Gaussian constraints of one width'


def _matrix_mistakes(correlation: Correlation, path: KeyPath) -> Iterator[Mistake]:
    size, matrix = len(correlation.parameters), correlation.matrix
    if size < 2:
        yield Mistake((*path, "Parameters"), "has one name; a correlation is between two parameters or more")
        return
    if matrix is None:
        if correlation.correlation is None:
            yield Mistake(path, "needs Matrix, or for two parameters Correlation")
        elif size > 2:
            yield Mistake((*path, "Correlation"), f"is for two parameters, here are {size}; give Matrix")
        return
    here = (*path, "Matrix")
    if correlation.correlation is not None:
        yield Mistake((*path, "Correlation"), "has no place beside Matrix; give one of them")
    if len(matrix) != size or any(len(row) != size for row in matrix):
        text = f"must have {size} rows of {size} numbers, one for each of {listed(correlation.parameters)}"
        yield Mistake(here, text)
        return
    import numpy as np

    numbers = np.array(matrix, np.float64)
    if not (np.abs(np.diag(numbers) - 1) <= _ROUNDING).all():
        yield Mistake(here, "must have ones on its diagonal: it has correlations, not covariances")
    elif not (np.abs(numbers - numbers.T) <= _ROUNDING).all():
        i, j = (int(k) for k in np.argwhere(np.abs(numbers - numbers.T) > _ROUNDING)[0])
        text = f"must be symmetric, found {matrix[i][j]} in row {i}, column {j}, and {matrix[j][i]} opposite"
        yield Mistake(here, text)
    elif not np.linalg.eigvalsh(numbers)[0] > _ROUNDING:
        yield Mistake(here, "is not positive definite: no parameters can be correlated like this")


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    pois_exist,
    pois_are_single_parameters,
    fixed_exist,
    groups_have_parameters,
    clipping_has_an_effect,
    correlations_can_be,
)
