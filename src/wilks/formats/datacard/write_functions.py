"""Functions of a document, by what they are in a card: rows, scales of shapes, and formulas of rateParams."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from wilks._types import JSONDict
from wilks.formats.datacard.write_penalties import Penalties, penalties_of
from wilks.formats.root_formulas import as_root_divides
from wilks.workspace.expressions import Step, parse_expression
from wilks.workspace.spec import Document, Function, HistoSys, Modifier, NormFactor, NormSys

_NUMBER = r"(-?[\d.]+(?:[eE][+-]?\d+)?)"
_LINEAR, _SCALED = re.compile(rf"1 \+ {_NUMBER} \* @0"), re.compile(rf"{_NUMBER} \* @0")


@dataclass
class Functions:
    """`linear` are 1 + c times a parameter, `scaled` c times one, `same` the parameter itself, all with names that the
    reader gives; `penalties` are added to the likelihood, `formulas` are the others."""

    linear: dict[str, tuple[str, float]] = field(default_factory=dict)
    scaled: dict[str, tuple[str, float]] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    formulas: dict[str, Function] = field(default_factory=dict)
    factors: set[str] = field(default_factory=set)
    penalties: Penalties = field(default_factory=Penalties)

    def parameters(self) -> list[str]:
        """Return what functions need, without other functions."""
        known = {*self.linear, *self.scaled, *self.same, *self.formulas}
        needed = [name for function in self.formulas.values() for name in arguments(function)]
        needed += [name for name, _ in (*self.linear.values(), *self.scaled.values())] + [*self.same.values()]
        needed += self.penalties.needed
        return [name for name in dict.fromkeys(needed) if name not in known]

    def add_linear(self, name: str, parameter: str, slope: float) -> None:
        """Add 1 + slope times a parameter as a formula."""
        self.formulas[name] = Function(name, f"1.0+{slope!r}*@0" if slope >= 0 else f"1.0{slope!r}*@0", [parameter])

    def formula(self, function: Function, called: Callable[[str], str]) -> str:
        """Return a formula of a card and its arguments; functions that are no factors are written out in it.

        `called` gives what a name is called in the card.
        """
        names, said = arguments(function), function.parameters
        if said is not None and all(one not in self.formulas or one in self.factors for one in names):
            text = function.expression.replace(" ", "")
            other = any(called(one) != one and re.search(rf"\b{re.escape(one)}\b", text) for one in names)
            if not other and as_root_divides(text, said) is None and set(names) == set(said):
                return f"{text} {','.join(called(one) for one in said)}"
        places: list[str] = []
        return f"{self._text(function, places)} {','.join(called(one) for one in places)}"

    def _text(self, function: Function, places: list[str]) -> str:
        def name_of(name: str) -> str:
            if name in self.formulas and name not in self.factors:
                return f"({self._text(self.formulas[name], places)})"
            if name not in places:
                places.append(name)
            return f"@{places.index(name)}"

        return _written(parse_expression(function.expression, function.parameters).steps, name_of)


def functions_of(document: Document) -> Functions:
    """Return the functions of a document; those that the reader of cards makes of rows are known by their names."""
    found = Functions(penalties=penalties_of(document))
    modifiers: list[Modifier] = [m for c in document.channels for s in c.samples for m in s.modifiers]
    used = {kind: {m.name for m in modifiers if isinstance(m, kind)} for kind in (NormFactor, HistoSys, NormSys)}
    found.factors = used[NormFactor]
    acting = used[HistoSys] | used[NormSys]
    for function in (one for one in document.functions or () if not one.penalty):
        name, only = function.name, function.parameters or []
        linear, scaled = _LINEAR.fullmatch(function.expression), _SCALED.fullmatch(function.expression)
        if len(only) == 1 and linear and name.startswith(f"{only[0]}_times_"):
            found.linear[name] = only[0], float(linear[1])
        elif len(only) == 1 and scaled and name in used[HistoSys] and name not in used[NormFactor] | used[NormSys]:
            found.scaled[name] = only[0], float(scaled[1])
            acting.add(only[0])
        elif len(only) == 1 and function.expression == "@0" and name.startswith(f"{only[0]}_as_factor"):
            found.same[name] = only[0]
        else:
            found.formulas[name] = function
    for name, parameter in list(found.same.items()):
        if parameter not in acting:
            del found.same[name]
            found.formulas[name] = next(one for one in document.functions or () if one.name == name)
    return found


def arguments(function: Function) -> tuple[str, ...]:
    """Return the names that a function needs."""
    return parse_expression(function.expression, function.parameters).names


def resolved(function: Function) -> JSONDict:
    """Return a function as plain data, with the names that it needs."""
    return {**msgspec.to_builtins(function), "parameters": function.parameters or list(arguments(function))}


def parameters_of(name: str, functions: Mapping[str, JSONDict]) -> set[str]:
    """Return what a function needs, also by way of others, without these."""
    found, todo = set[str](), [name]
    while todo:
        for one in functions[todo.pop()]["parameters"]:
            (todo.append if one in functions else found.add)(one)
    return found


def _written(steps: Sequence[Step], name_of: Callable[[str], str]) -> str:
    """Return operations as the text of a formula, without blanks; all numbers have a point."""
    texts: list[str] = []
    for step in steps:
        operands = [texts[i] for i in step.operands]
        if step.operation == "name":
            texts.append(name_of(step.name))
        elif step.operation == "number":
            texts.append(repr(step.number))
        elif step.operation in "+-*/^":
            texts.append(f"({operands[0]}{step.operation}{operands[1]})")
        else:
            texts.append(f"{step.operation}({','.join(operands)})")
    return texts[-1]
