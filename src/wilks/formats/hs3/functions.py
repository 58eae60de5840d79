"""Functions of parameters: what they depend on, products taken apart, expressions with the workspace's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import listed, nearest
from wilks.formats.hs3.nodes import Node
from wilks.formats.hs3.tables import Tables
from wilks.formats.root_formulas import CALLS as ROOT_CALLS
from wilks.formats.root_formulas import as_root_divides
from wilks.workspace.either import written
from wilks.workspace.expressions import FUNCTIONS, ExpressionError, parse_expression

_TOKEN = re.compile(
    r"(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<place>@\d+|x\s*\[\s*\d+\s*\])"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)|(?P<sign>\*\*|[-+*/^(),]))"
)
CALLS = {name: name for name in FUNCTIONS} | ROOT_CALLS
"""Functions that an expression may call, as ROOT writes them, and as a workspace does."""
_TYPES = ("generic_function", "product", "sum", "interpolation0d")
_LONGEST = 100_000
_DEEPEST = 100
_TORN = re.compile(r"_part\d+$")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Part:
    """A factor of a product: a parameter or function by `name`, or a normsys of parameter `name` (`node`, `index`)."""

    name: str
    node: Node | None = None
    index: int = 0


@dataclass
class Functions:
    """The functions of a file, as far as they are used."""

    file: Tables
    parameters: frozenset[str]
    used: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.file.functions

    def parts(self, name: str) -> list[Part]:
        """Return what a factor is made of; functions that aren't products of others are noted as used."""
        if name not in self.file.functions:
            return [Part(name)]
        node = self.file.functions[name]
        kind = node.text("type")
        if kind == "product" and self._enter(name, node):
            factors = node.value.get("factors")
            if isinstance(factors, list) and factors and all(isinstance(one, str) and one for one in factors):
                found = [part for factor in factors for part in self.parts(factor)]
                self._open.pop()
                return found
            self._open.pop()
        if kind == "interpolation0d":
            return self._interpolated(node)
        self.use(name)
        return [Part(name)]

    def _interpolated(self, node: Node) -> list[Part]:
        """Return the factors of ROOT's FlexibleInterpVar, one normsys for each of its parameters."""
        nominal = node.number("nom")
        names = node.names("vars", needed=True)
        if nominal != 1:
            node.wrong(f"{nominal} found; a nominal value of 1 can be read", "nom")
        for key in ("low", "high"):
            node.numbers(key, len(names))
        for name in names:
            if name in self.file.functions:
                node.wrong(f'"{name}" is a function; parameters can be read', "vars")
        return [Part(name, node, i) for i, name in enumerate(names)]

    def _enter(self, name: str, node: Node) -> bool:
        """Return whether a function may be looked into: not inside itself."""
        if name in self._open:
            circle = [*self._open[self._open.index(name) :], name]
            sentence = f"{node.place()}: a function of itself: {' -> '.join(circle)}"
            if sentence not in self.file.mistakes:
                self.file.mistakes.append(sentence)
            return False
        if len(self._open) >= _DEEPEST:
            node.wrong(f"functions of functions more than {_DEEPEST} deep")
            return False
        self._open.append(name)
        return True

    def use(self, name: str) -> None:
        """Note that a function is needed, with all that it depends on."""
        node = self.file.functions[name]
        if not self._enter(name, node):
            return
        if name not in self.used:
            if _TORN.search(name) and "ROOT" in self.file.packages():
                text = "ROOT up to 6.40 takes formulas apart at every *, in sums too: compare with the original"
                self.file.tell(node.place(), text, "approximate")
            tokens = self._tokens(node)
            for kind, text in tokens:
                if kind == "name" and text in self.file.functions:
                    self.use(text)
            self.used[name] = tokens
        self._open.pop()

    def check(self) -> None:
        """Note what is wrong with the expressions that are used, beyond their names."""
        for name, tokens in self.used.items():
            node = self.file.functions[name]
            entry = worded(name, tokens, {})
            try:
                parse_expression(entry["expression"], entry.get("parameters"))
            except ExpressionError as error:
                if tokens:
                    node.wrong(str(error), "expression" if node.has("expression") else "")

    def dependencies(self) -> list[str]:
        """Return the parameters that used functions depend on."""
        found = [text for tokens in self.used.values() for kind, text in tokens if kind == "name"]
        return [name for name in dict.fromkeys(found) if name not in self.file.functions]

    def _tokens(self, node: Node) -> list[tuple[str, str]]:
        """Return an expression in pieces: (kind, text), where names are those of parameters and functions."""
        kind = node.text("type")
        if kind == "generic_function":
            return self._expression(node)
        if kind in ("product", "sum"):
            key = node.first("factors") if kind == "product" else node.first("summands", "samples")
            values = node.value.get(key)
            if not isinstance(values, list) or not values:
                node.wrong(f"{written(values)} found, a list of names and numbers needed", key)
                return []
            tokens: list[tuple[str, str]] = []
            for value in values:
                tokens += [("sign", "*" if kind == "product" else "+")] * bool(tokens)
                tokens += [self._operand(node, key, value)]
            return tokens
        if node.has("type"):
            node.wrong(f"a function of type {kind} can't be read here; allowed are {listed(_TYPES)}", "type")
        return []

    def _operand(self, node: Node, key: str, value: Any) -> tuple[str, str]:
        if isinstance(value, str):
            self._known(node, key, value)
            return "name", value
        if isinstance(value, bool) or not isinstance(value, int | float):
            node.wrong(f"{written(value)} found, a name or a number needed", key)
        return "number", repr(value)

    def _known(self, node: Node, key: str, name: str) -> None:
        if name not in self.parameters and name not in self.file.functions:
            known = [*self.parameters, *self.file.functions]
            node.wrong(f'no parameter or function "{name}"{nearest(name, known)}', key)

    def _expression(self, node: Node) -> list[tuple[str, str]]:
        text = node.text("expression")
        if len(text) > _LONGEST:
            node.wrong(f"{len(text)} characters, more than {_LONGEST}", "expression")
            return []
        tokens, position = [], 0
        text = self._as_root(node, text.rstrip())
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            match = _TOKEN.match(text, position)
            if match is None:
                node.wrong(
                    f'"{text[position : position + 20]}" at character {position + 1} is not allowed; an expression has '
                    f"numbers, names, + - * / ^ ** ( ) , and the functions {listed(list(CALLS)[:6])}",
                    "expression",
                )
                return []
            position = match.end()
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind)))
        return self._checked(node, tokens)

    def _as_root(self, node: Node, text: str) -> str:
        """Return an expression of a file that ROOT wrote with its whole numbers divided as in C++."""
        if "ROOT" not in self.file.packages():
            return text
        try:
            found = as_root_divides(text, None)
        except ExpressionError:
            return text  # told where it is read
        except ZeroDivisionError:
            node.wrong("a whole number is divided by 0", "expression")
            return text
        if found is None:
            return text
        why = f'whole numbers are divided as in ROOT (1/2 is 0, 1./2 a half): read as "{found}"'
        self.file.tell(node.place("expression"), why, "read as")
        return found

    def _checked(self, node: Node, tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return tokens with their names looked up."""
        checked = []
        for i, (kind, text) in enumerate(tokens):
            called = i + 1 < len(tokens) and tokens[i + 1] == ("sign", "(")
            if kind == "place":
                node.wrong(f'"{text}" found, but the file doesn\'t say which parameters those are', "expression")
            elif kind == "name" and called:
                if text not in CALLS:
                    known = listed(list(CALLS)[:6])
                    node.wrong(f'the function "{text}" is not allowed; allowed are {known}', "expression")
                kind, text = "call", CALLS.get(text, text)
            elif kind == "name":
                self._known(node, "expression", text)
            checked.append((kind, text))
        return checked


def worded(name: str, tokens: list[tuple[str, str]], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a function as the workspace has it, with its own names of parameters and functions."""
    own = list(dict.fromkeys(names.get(text, text) for kind, text in tokens if kind == "name"))
    plain = all(_IDENTIFIER.fullmatch(found) and found not in CALLS for found in own)
    pieces = []
    for kind, text in tokens:
        if kind == "name":
            found = names.get(text, text)
            text = found if plain else f"@{own.index(found)}"
        pieces.append(f" {text} " if kind == "sign" and text in "+-*/" else f"{text} " if text == "," else text)
    entry: dict[str, Any] = {"name": name, "expression": "".join(pieces).strip()}
    return entry if plain else {**entry, "parameters": own}


def as_spelled(entry: dict[str, Any], saved: Node) -> dict[str, Any]:
    """Return a function as wilks wrote it down, if that means the same."""
    text = saved.text("expression", "")
    parameters = saved.names("parameters") if saved.has("parameters") else None
    try:
        same = parse_expression(text, parameters) == parse_expression(entry["expression"], entry.get("parameters"))
    except ExpressionError:
        same = False
    if not same:
        return entry
    found = {"name": entry["name"], "expression": text}
    return found if parameters is None else {**found, "parameters": parameters}
