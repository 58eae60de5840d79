"""Functions of parameters: ROOT's formulas as those of a workspace, and the ones that ConstraintTerms stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from wilks._types import JSONDict
from wilks.errors import listed, nearest
from wilks.formats.histfactory_xml.names import Names
from wilks.formats.histfactory_xml.records import ConstraintTerm, Function, Measurement

_TOKEN = re.compile(
    r"\s*(?P<token>(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<place>@\d+|x\s*\[\s*\d+\s*\])"
    r"|(?P<name>[A-Za-z_][\w.]*(?:::\w+)*)|(?P<sign>\*\*|[-+*/^(),]))"
)
_CALLS = {
    **{name: name for name in ("exp", "log", "sqrt", "pow", "min", "max")},
    "TMath::Exp": "exp",
    "TMath::Log": "log",
    "TMath::Sqrt": "sqrt",
    "TMath::Power": "pow",
    "TMath::Min": "min",
    "TMath::Max": "max",
    "std::exp": "exp",
    "std::log": "log",
    "std::sqrt": "sqrt",
    "std::pow": "pow",
}
_CONSTANTS = {"pi": "3.141592653589793", "TMath::Pi": "3.141592653589793", "TMath::E": "2.718281828459045"}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def functions_in_use(functions: Sequence[Function], used: set[str]) -> list[Function]:
    """Return the functions that modifiers of these names, or other such functions, depend on, in their order."""
    needed = set(used)
    for function in reversed(functions):
        if function.name in needed:
            needed.update(name for name, _ in function.dependents)
    return [function for function in functions if function.name in needed]


def as_said_here(function: Function, names: Names, problems: list[str]) -> JSONDict | None:
    """Return a function as a workspace says it; None, with a sentence, where it can't."""
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
    tokens = _tokens(function, problems)
    if tokens is None:
        return None
    here = list(dict.fromkeys(known[name] for name in dependents))
    by_place = not all(_IDENTIFIER.fullmatch(name) and name not in _CALLS for name in here)
    said: list[str] = []
    for kind, token in tokens:
        if kind == "place":
            number = int(re.sub(r"\D", "", token))
            if number >= len(dependents):
                problems.append(_about(function, f'"{token}" is there, and {len(dependents)} dependents'))
                return None
            kind, token = "name", dependents[number]
        if kind == "name" and token not in known:
            hint = nearest(token, dependents)
            problems.append(_about(function, f'"{token}" is no dependent; there are {listed(dependents)}{hint}'))
            return None
        if kind == "name":
            token = f"@{here.index(known[token])}" if by_place else known[token]
        said.append(f" {token} " if token in "+-*/" and said and said[-1] != "(" else token)
    made: JSONDict = {"name": names.factors[function.name], "expression": "".join(said).strip()}
    return {**made, "parameters": here} if by_place else made


def _tokens(function: Function, problems: list[str]) -> list[tuple[str, str]] | None:
    """Return the parts of a formula, each with its kind; None, with a sentence, where there is something else in it."""
    text = function.expression.strip()
    place = 0
    found: list[tuple[str, str]] = []
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            problems.append(
                _about(
                    function,
                    f'"{text[place:].strip()[:20]}" can\'t be said; allowed are + - * / ^ ** ( ) and {listed(dict.fromkeys(_CALLS.values()))}',
                )
            )
            return None
        place = match.end()
        kind = (
            match.lastgroup
            if match.lastgroup != "token"
            else next(k for k in ("number", "place", "name", "sign") if match[k])
        )
        token = match["token"]
        if kind == "name" and text[place:].lstrip().startswith("("):
            if token in _CONSTANTS:
                closing = re.compile(r"\s*\(\s*\)").match(text, place)
                if closing is not None:
                    place = closing.end()
                    found.append(("number", _CONSTANTS[token]))
                    continue
            if token not in _CALLS:
                hint = nearest(token, _CALLS)
                problems.append(
                    _about(
                        function,
                        f'"{token}" can\'t be said; allowed are {listed(dict.fromkeys(_CALLS.values()))}{hint}',
                    )
                )
                return None
            found.append(("call", _CALLS[token]))
        elif kind == "name" and token == "pi" and token not in [name for name, _ in function.dependents]:
            found.append(("number", _CONSTANTS[token]))
        else:
            found.append((str(kind), token))
    return found


def _about(function: Function, sentence: str) -> str:
    return f'{function.where}: function "{function.name}" = {function.expression[:60]}: {sentence}'


def terms_of(measurement: Measurement, overall: Mapping[str, str]) -> dict[str, ConstraintTerm]:
    """Return the ConstraintTerms that do something, by the name of their OverallSys; of several the last of a kind counts.

    `overall` has the OverallSys that there are. NoConstraint comes before Gamma, Gamma before LogNormal and Uniform.
    """
    order = ("Uniform", "LogNormal", "Gamma", "NoConstraint")
    found: dict[str, ConstraintTerm] = {}
    for kind in order:
        for term in measurement.terms:
            if term.kind == kind and (kind == "NoConstraint" or term.relative > 0):
                found.update({name: term for name in term.names if name in overall})
    return found
