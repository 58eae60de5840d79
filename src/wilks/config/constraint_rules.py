"""What has to hold for constraints of parameters and for interpolations: they go with what they are given for.

One rule per function, as in `rules`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.factors import DEFAULT_BOUNDS
from wilks.config.parameters import constraints, parameters_of
from wilks.config.schema import Constraint, FunctionParameter, NormFactor, Systematic

_KEYS = {"Gaussian": ("Center", "Width", "WidthDown"), "Poisson": ("Count", "Expected")}


def constraints_of_factors(draft: Draft) -> Iterator[Mistake]:
    """The constraint of a factor, or of a parameter of a function, says what was measured, within the bounds."""
    for parts in (draft.norm_factors, draft.shape_factors):
        for path, factor in parts.sound("Nominal", "Bounds", "Constraint"):
            yield from _of_factor(factor, (*path, "Constraint"))
    for path, function in draft.functions.sound("Parameters"):
        for i, parameter in enumerate(function.parameters):
            yield from _of_factor(parameter, (*path, "Parameters", i, "Constraint"))


def _of_factor(factor: NormFactor | FunctionParameter, path: KeyPath) -> Iterator[Mistake]:
    constraint = factor.constraint
    if constraint is None:
        return
    wrong = list(_other_keys(constraint, path))
    if constraint.bounds is not None:
        wrong.append(Mistake((*path, "Bounds"), "is for systematics; a factor has Bounds beside its Constraint"))
    needed = {"Gaussian": ("Width",), "Poisson": ("Count", "Expected")}.get(constraint.type, ())
    missing = [key for key in needed if key not in constraint.keys]
    if missing:
        wrong.append(Mistake(path, f"{constraint.type} needs {' and '.join(missing)}"))
    yield from wrong
    if constraint.type == "None":
        yield Mistake(path, "has no effect: a factor has no constraint unless it is given one")
        return
    low, high = factor.bounds or DEFAULT_BOUNDS
    own = "" if factor.bounds else "default "
    if constraint.type == "Poisson" and low < 0:
        yield Mistake(path, f"Poisson needs Bounds that are not below 0, found {[low, high]}")
    elif not wrong and not low <= (centre := constraint.measured(factor.nominal)) <= high:
        yield Mistake(path, f"its centre {centre:g} lies outside the {own}Bounds {[low, high]}")


def _other_keys(constraint: Constraint, path: KeyPath) -> Iterator[Mistake]:
    """Yield the keys that belong to another type of constraint."""
    for kind, keys in _KEYS.items():
        for key in keys if kind != constraint.type else ():
            if key in constraint.keys:
                yield Mistake((*path, key), f"is for Type {kind}, here it is {constraint.type}")


def constraints_of_systematics(draft: Draft) -> Iterator[Mistake]:
    """The constraint of a systematic suits its type, and differs from what it has anyway."""
    steering = {function.name for _, function in draft.functions.sound("Name")}
    for path, systematic in draft.systematics.sound("Name", "Type", "ModifierName", "Decorrelate", "Constraint"):
        constraint, here = systematic.constraint, (*path, "Constraint")
        if constraint is None:
            continue
        parameters = parameters_of(systematic, draft.templates or [])
        if parameters and steering.issuperset(parameters):
            yield Mistake(here, "has no effect: a function steers the systematic, which has no parameter of its own")
        elif systematic.type == "ShapeSys":
            yield from _of_shapesys(constraint, here)
        elif constraint.type == "Poisson":
            yield Mistake(here, "Poisson is for factors; the parameter of a systematic is 0 nominally, and no rate")
        elif constraint.type == "Gaussian" and not constraint.keys:
            yield Mistake(here, "has no effect: that is what a systematic has anyway, with Center 0 and Width 1")
        else:
            yield from _other_keys(constraint, here)
            low, high = constraint.bounds or (-math.inf, math.inf)
            if constraint.type == "Gaussian" and not low <= constraint.measured(0) <= high:
                text = f"leave out the centre, {constraint.measured(0)}, where the parameter starts"
                yield Mistake((*here, "Bounds"), text)
            elif constraint.type == "None" and not low <= 0 <= high:
                yield Mistake((*here, "Bounds"), "leave out 0, where the parameter starts")


def _of_shapesys(constraint: Constraint, path: KeyPath) -> Iterator[Mistake]:
    if constraint.keys:
        yield Mistake(path, "takes its Type alone: centre and width are those of the yields")
    elif constraint.type == "Poisson":
        yield Mistake(path, 'has no effect: that is what a systematic of Type "ShapeSys" has anyway')
    elif constraint.type == "None":
        yield Mistake(path, 'must be Gaussian or Poisson in a systematic of Type "ShapeSys"; ShapeFactors are free')


def constraints_agree(draft: Draft) -> Iterator[Mistake]:
    """Systematics that share a parameter don't say different things of it."""
    keys = ("Name", "Type", "ModifierName", "Decorrelate", "Constraint")
    sound = list(draft.systematics.sound(*keys))
    if all(systematic.constraint is None for _, systematic in sound):
        return
    first = constraints((systematic for _, systematic in sound), draft.templates or [])
    for path, systematic in sound:
        for parameter in parameters_of(systematic, draft.templates or []):
            other, constraint = first.get(parameter, (systematic, systematic.constraint))
            if systematic.constraint is not None and systematic.constraint != constraint:
                text = f'differs from that of "{other.name}", which has the same parameter "{parameter}"'
                yield Mistake((*path, "Constraint"), text)
                break


def interpolations_have_effects(draft: Draft) -> Iterator[Mistake]:
    """An interpolation is for what the type of a systematic has: an effect on the yield, one on the shape."""
    for path, systematic in draft.systematics.sound("Type", "Decorrelate", "Interpolation"):
        interpolation, here = systematic.interpolation, (*path, "Interpolation")
        if interpolation is None:
            continue
        if interpolation.norm is None and interpolation.shape is None:
            yield Mistake(here, "has no effect: give Norm or Shape")
        for key, there in (("Norm", _has_norm(systematic)), ("Shape", _has_shape(systematic))):
            if getattr(interpolation, key.lower()) is not None and not there:
                what = "yield" if key == "Norm" else "shape"
                bins = " with a parameter for each bin" if systematic.parts_bins else ""
                text = f'has no effect in a systematic of Type "{systematic.type}"{bins}'
                yield Mistake((*here, key), f"{text}: there is no effect on the {what} to interpolate")
        low = [side for side in (systematic.up, systematic.down) if (side.normalization or 0) <= -1]
        if interpolation.norm == "combine" and low and systematic.type == "Normalization":
            yield Mistake((*here, "Norm"), '"combine" needs yields above 0 on both sides, Normalization above -1')


def _has_norm(systematic: Systematic) -> bool:
    if systematic.type == "NormPlusShape":
        return not systematic.parts_bins
    return systematic.type in ("Normalization", "NormOnly")


def _has_shape(systematic: Systematic) -> bool:
    return systematic.type in ("NormPlusShape", "ShapeOnly")


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    constraints_of_factors,
    constraints_of_systematics,
    constraints_agree,
    interpolations_have_effects,
)
