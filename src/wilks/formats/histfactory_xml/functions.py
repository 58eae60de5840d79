"""Functions of parameters: ROOT's formulas as those of a workspace, and the ones that ConstraintTerms stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence

from wilks._types import JSONDict
from wilks.errors import listed, nearest
from wilks.formats.histfactory_xml.names import Names
from wilks.formats.histfactory_xml.records import ConstraintTerm, Function, Measurement
from wilks.formats.notes import Note
from wilks.formats.root_formulas import CALLS, as_root_divides
from wilks.workspace.expressions import FUNCTIONS, ExpressionError, parse_expression

_WORD = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<place>@\d+|\bx\s*\[\s*\d+\s*\])"
    r"|(?P<name>[^\W\d][\w.]*(?:::\w+)*)(?P<call>\s*\((?:\s*\))?)?"
)
_CALLS = {f"std::{name}": name for name in FUNCTIONS} | CALLS
_CONSTANTS = {"pi": math.pi, "TMath::Pi": math.pi, "TMath::E": math.e}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def functions_in_use(functions: Sequence[Function], used: set[str]) -> list[Function]:
    """Return the functions that modifiers of these names, or other such functions, depend on, in their order."""
    needed = set(used)
    for function in reversed(functions):
        if function.name in needed:
            needed.update(name for name, _ in function.dependents)
    return [function for function in functions if function.name in needed]


def as_said_here(
    function: Function, names: Names, declared: Collection[str], notes: list[Note], problems: list[str]
) -> JSONDict | None:
    """Return a function as a workspace says it; None, with a sentence, where it can't.

    `declared` are the functions before it, and the parameters whose ranges these and it declare.
    """
    dependents = [name for name, _ in function.dependents]
    known: dict[str, str] = {}
    for name in dependents:
        found = names.of_root(name)
        if found is None or found[1] is not None:
            what = "is no parameter of the model" if found is None else "is one of a parameter per bin"
            hint = nearest(name, names.all_of_root()) if found is None else ""
            problems.append(f'{function.where}: function "{function.name}" depends on "{name}", which {what}{hint}')
        else:
            known[name] = found[0]
    if len(known) < len(set(dependents)):
        return None
    if early := [name for name in known if name not in declared]:
        start = f'{function.where}: function "{function.name}" depends on {listed(early)}, which ROOT does not know yet'
        problems.append(f"{start}: functions come before the channels, declare its range, {early[0]}[start, low, high]")
        return None
    here = list(dict.fromkeys(known[name] for name in dependents))
    by_place = not all(_IDENTIFIER.fullmatch(name) and name not in FUNCTIONS for name in here)
    told: list[str] = []

    def said(match: re.Match[str]) -> str:
        word, call = match["name"] or match["place"] or "", match["call"] or ""
        if match["number"]:
            return match[0]
        if match["place"]:
            number = int(re.sub(r"\D", "", word))
            if number >= len(dependents):
                told.append(f'"{word}" is there, and {len(dependents)} dependents, counted from 0')
                return word
            word = dependents[number]
        elif word in _CONSTANTS and word not in known and bool(call) == ("::" in word):
            return repr(_CONSTANTS[word])
        elif call:
            return _CALLS.get(word, word) + call
        if word not in known:
            told.append(f'"{word}" is no dependent; there are {listed(dependents)}{nearest(word, dependents)}')
            return word
        return f"@{here.index(known[word])}" if by_place else known[word]

    expression = _WORD.sub(said, function.expression.strip())
    made: JSONDict = {"name": names.factors[function.name], "expression": expression}
    if by_place:
        made["parameters"] = here
    if not told:
        try:
            parse_expression(expression, made.get("parameters"))
            as_root = as_root_divides(expression, made.get("parameters"))
            if as_root is not None:
                text = f'whole numbers are divided as in ROOT (1/2 is 0, 1./2 a half): read as "{as_root}"'
                notes.append(Note(function.where, f'function "{function.name}": {text}', "read as"))
                made["expression"] = as_root
        except ExpressionError as error:
            told.append(str(error))
        except ZeroDivisionError:
            told.append("a whole number is divided by 0")
    start = f'{function.where}: function "{function.name}" = {function.expression[:60]}'
    problems += [f"{start}: {sentence}" for sentence in told]
    return made if not told else None


def terms_of(measurement: Measurement, overall: Collection[str], histo: Collection[str]) -> dict[str, ConstraintTerm]:
    """Return the ConstraintTerms that do something, by the name of their systematic; of one kind the last counts.

    `overall` and `histo` have the OverallSys and HistoSys that there are: NoConstraint comes before Gamma, Gamma before
    LogNormal and Uniform on an OverallSys; on a HistoSys ROOT 6.40 knows Uniform only.
    """
    order = ("Uniform", "LogNormal", "Gamma", "NoConstraint")
    found: dict[str, ConstraintTerm] = {}
    for kind in order:
        for term in measurement.terms:
            if term.kind == kind and (kind == "NoConstraint" or term.relative > 0):
                acting = (*overall, *histo) if kind == "Uniform" else overall
                found.update({name: term for name in term.names if name in acting})
    return found
