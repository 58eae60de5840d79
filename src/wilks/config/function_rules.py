"""What has to hold for functions of parameters: expressions, the names in them, and what they act on.

One rule per function, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wilks.config.all_parameters import Parameters
from wilks.config.document import KeyPath
from wilks.config.draft import Draft, Mistake
from wilks.config.factors import DEFAULT_BOUNDS
from wilks.config.functions import needed_names
from wilks.config.schema import Function, is_bin_parameter, staterror_name
from wilks.config.staterrors import staterror_meanings
from wilks.errors import listed, nearest
from wilks.workspace.expressions import Expression, ExpressionError, parse_expression
from wilks.workspace.function_mistakes import cycles

_KEYS = ("Name", "Expression", "Arguments", "Parameters")


def expressions_can_be_read(draft: Draft) -> Iterator[Mistake]:
    """Expressions are read, need what there is, and no function needs itself."""
    found, known = draft.parameters, dict[str, Expression]()
    paths: dict[str, KeyPath] = {}
    for path, function in draft.functions.sound("Expression", "Arguments"):
        names = function.arguments
        try:
            expression = parse_expression(function.expression, function.arguments or None)
        except ExpressionError as error:
            text = str(error).replace("needs a list of parameters", "needs Arguments, the names that it may stand for")
            yield Mistake((*path, "Expression"), text)
        else:
            known[function.name], paths[function.name], names = expression, path, expression.names
            for number, name in enumerate(function.arguments):
                if name not in names:
                    text = f'"{name}" has no effect: there is no @{number} in Expression'
                    yield Mistake((*path, "Arguments"), text)
        for name in names if found is not None else ():
            if found is not None and name not in found.functions and (why := _not_a_number(name, found)):
                yield Mistake((*path, "Arguments" if name in function.arguments else "Expression"), why)
    for cycle in cycles(known):
        where = (*paths[cycle[0]], "Expression")
        yield Mistake(where, f"{' -> '.join(cycle)}: a function can't need itself")


def _not_a_number(name: str, found: Parameters) -> str:
    """Return why a name in an expression is no single number, an empty string where it is one."""
    if name in found.per_bin:
        return f'"{name}" is one parameter for each bin; a function needs single ones'
    if name in found.all:
        return ""
    allowed = (*found.singles, *found.functions)
    hint = found.instead(name, allowed) if name in found.known else nearest(name, allowed)
    return f'no parameter or function "{name}"{hint or _how_to_declare(allowed)}'


def _how_to_declare(allowed: tuple[str, ...]) -> str:
    return f"; declare it in Parameters, or use {listed(allowed)}" if allowed else "; declare it in Parameters"


def functions_act(draft: Draft) -> Iterator[Mistake]:
    """A function scales samples, or steers the systematic of its name, or is needed by another function."""
    found = draft.parameters
    if found is None or not draft.functions.complete(*_KEYS):
        return
    needed = needed_names(draft.functions.blocks())
    if needed is None:
        return
    for path, function in draft.functions.sound("Samples", "Regions", "Exclude"):
        steers = function.name in found.systematics
        if steers and function.name in found.per_bin:
            text = f'"{function.name}" is one parameter for each bin; a function steers single ones'
            yield Mistake((*path, "Name"), text)
        elif steers or (not function.scales and (function.exclude or function.name in needed)):
            yield from _without_place(function, path, steers)
        elif not function.scales:
            yield Mistake(path, f'"{function.name}" acts on nothing: {_advice(function, found)}')
        if any(is_bin_parameter(function.name, name) for name in found.per_bin):
            text = f'"{function.name}" is the parameter of one bin of a systematic; give the function another name'
            yield Mistake((*path, "Name"), text)


def _without_place(function: Function, path: KeyPath, steers: bool) -> Iterator[Mistake]:
    """Yield keys about templates of a function that acts on none by itself."""
    why = f'it steers the systematic that has the parameter "{function.name}", and acts where that does'
    for key in ("Samples", "Regions", "Exclude"):
        if getattr(function, key.lower()):
            text = f"has no place here: {why}" if steers else "has no effect without Samples or Regions"
            yield Mistake((*path, key), text)


def _advice(function: Function, found: Parameters) -> str:
    if function.name in found.known:
        return found.systematic(function.name)
    scale = 'give the Samples that it scales ("*" for all), or the name of a systematic\'s parameter that it steers'
    return scale + nearest(function.name, found.systematics)


def parameters_are_new(draft: Draft) -> Iterator[Mistake]:
    """Parameters of functions have names that nothing else has, are in an expression and within their bounds."""
    found = draft.parameters
    taken = {factor.name: "a NormFactor" for _, factor in draft.norm_factors.sound("Name")}
    taken |= {factor.name: "a ShapeFactor" for _, factor in draft.shape_factors.sound("Name")}
    taken |= dict.fromkeys(found.systematics if found else (), "a parameter of a systematic")
    taken |= {function.name: "a function" for _, function in draft.functions.sound("Name")}
    staterrors = {staterror_name(region.name) for _, region in draft.regions.sound("Name")}
    meanings = staterror_meanings(draft.general.block, draft.templates or []).values()
    staterrors |= {name for names in meanings for name in names}
    taken |= dict.fromkeys(staterrors, "a statistical uncertainty of a region")
    needed = needed_names(draft.functions.blocks()) if draft.functions.complete("Expression", "Arguments") else None
    for path, function in draft.functions.sound("Parameters"):
        for i, parameter in enumerate(function.parameters):
            here = (*path, "Parameters", i)
            if parameter.name in taken:
                text = f'"{parameter.name}" is {taken[parameter.name]}; leave it out here, or give it another name'
                yield Mistake((*here, "Name"), text)
            elif needed is not None and parameter.name not in needed:
                text = f'"{parameter.name}" has no effect: no Expression needs it'
                yield Mistake((*here, "Name"), text + nearest(parameter.name, needed - {*taken}))
            taken.setdefault(parameter.name, f'a parameter of the function "{function.name}" already')
            low, high = parameter.bounds or DEFAULT_BOUNDS
            if parameter.nominal is not None and not low <= parameter.nominal <= high:
                own = "" if parameter.bounds else "default "
                yield Mistake((*here, "Nominal"), f"{parameter.nominal} lies outside the {own}Bounds {[low, high]}")
            elif parameter.nominal is None and parameter.constraint is None and not low <= 1 <= high:
                yield Mistake((*here, "Bounds"), "leave out 1, where the parameter starts; give Nominal")


RULES: tuple[Callable[[Draft], Iterator[Mistake]], ...] = (
    expressions_can_be_read,
    functions_act,
    parameters_are_new,
)
