"""What is added to the likelihood of a workspace, as rows of a card: constr, dFD, and gmM wider than its mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wilks.workspace.expressions import ExpressionError, parse_expression
from wilks.workspace.spec import Document, Function

REPR = r"[\d.]+(?:[eE][+-]?\d+)?"
_WALLS = re.compile(
    rf"log\(1 \+ exp\((?P<steep>{REPR}) \* \(@0 - 1\)\)\) \+ log\(1 \+ exp\(-(?P=steep) \* \(@0 \+ 1\)\)\)"
)
_DENSITY = re.compile(rf"(?P<rate>{REPR}) \* @0 - (?P<power>-?{REPR}) \* log\(@0\)")
_CONSTR = re.compile(rf"0\.5 \* \(\((?P<formula>.+)\) / (?P<width>{REPR}|@\d+)\) \^ 2")

FORMS = "those of a card are constr (0.5 * ((FORMULA) / WIDTH) ^ 2), dFD, and gmM above a width of 1"


@dataclass
class Penalties:
    """`walls` has the steepness of dFD by parameter, `densities` the rate of gmM. `constraints` are the functions of
    constr, of whose square over that of a width (a number, or a name) half is added, by name; `others` have no row."""

    walls: dict[str, float] = field(default_factory=dict)
    densities: dict[str, float] = field(default_factory=dict)
    constraints: dict[str, tuple[Function, str]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def __contains__(self, parameter: object) -> bool:
        return parameter in self.walls or parameter in self.densities

    @property
    def needed(self) -> list[str]:
        """The names that constr needs."""
        found = []
        for function, width in self.constraints.values():
            found += [*parse_expression(function.expression, function.parameters).names]
            found += [] if re.fullmatch(REPR, width) else [width]
        return found


def penalties_of(document: Document) -> Penalties:
    """Return what a document adds to the likelihood, by the row that says it."""
    found = Penalties()
    used = {m.name for c in document.channels for s in c.samples for m in s.modifiers}
    used |= {n for f in document.functions or () for n in parse_expression(f.expression, f.parameters).names}
    for function in document.functions or ():
        if not function.penalty:
            continue
        if function.name in used:
            found.others.append(function.name)
            continue
        only, text = function.parameters or [], function.expression
        walls, density = _WALLS.fullmatch(text), _DENSITY.fullmatch(text)
        known = found.walls.keys() | found.densities.keys()
        if walls and len(only) == 1 and only[0] not in known and float(walls["steep"]) > 0:
            found.walls[only[0]] = float(walls["steep"])
        elif density and len(only) == 1 and only[0] not in known and _is_gamma(density):
            found.densities[only[0]] = float(density["rate"])
        elif (constr := _constr(function)) is not None:
            found.constraints[function.name] = constr
        else:
            found.others.append(function.name)
    return found


def constr_lines(penalties: Penalties, called: Mapping[str, str], formulas: Mapping[str, str]) -> list[str]:
    """Return the lines of constr; `called` are names in the card, `formulas` a formula with its arguments by name."""
    lines = []
    for name, (_, width) in penalties.constraints.items():
        text, _, arguments = formulas[name].partition(" ")
        lines.append(f"{called[name]} constr {text} {{{arguments}}} {called.get(width, width)}")
    return lines


def _is_gamma(density: re.Match[str]) -> bool:
    rate = float(density["rate"])
    return 0 < rate < 1 and float(density["power"]) == rate - 1.0


def _constr(function: Function) -> tuple[Function, str] | None:
    """Return the formula of a constr and its width, if a function is one."""
    match = _CONSTR.fullmatch(function.expression)
    if match is None:
        return None
    parameters, width = function.parameters, match["width"]
    try:
        parse_expression(match["formula"], parameters)
        if not width.startswith("@"):
            known = function.name, match["formula"], parameters
            return (Function(*known), width) if float(width) > 0 else None
        place = int(width[1:])
        width = (parameters or [])[place]
        kept = _without_last(parameters or [], place, match["formula"])
    except (ExpressionError, IndexError):
        return None
    return Function(function.name, match["formula"], kept), width


def _without_last(parameters: Sequence[str], place: int, formula: str) -> list[str]:
    """Return parameters without the last one, if it is only a width; the reader puts that there."""
    used = parse_expression(formula, parameters).names
    only = place == len(parameters) - 1 and parameters[place] not in used
    return list(parameters[:-1] if only else parameters)
