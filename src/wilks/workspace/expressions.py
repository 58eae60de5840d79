r"""Expressions of parameters: text in, a list of operations out; nothing in them is ever run.

    sum      = product {("+" | "-") product}
    product  = signed {("*" | "/") signed}
    signed   = ("+" | "-") signed | power
    power    = atom [("^" | "**") signed]
    atom     = number | name | "@0" | "x[0]" | "(" sum ")" | function "(" sum {"," sum} ")"

so that `-a^2` is `-(a^2)` and `a^b^c` is `a^(b^c)`. Logarithms are natural.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

FUNCTIONS = {"exp": 1, "log": 1, "sqrt": 1, "pow": 2, "min": 2, "max": 2}
"""Functions that an expression may have, and their numbers of arguments."""

_TOKEN = re.compile(
    r"(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<place>@\d+|x\[\d+\])|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<sign>\*\*|[-+*/^(),]))"
)
_NAME, _CALL = re.compile(r"[^\W\d][\w.]*"), re.compile(r"\s*\(")
_LONGEST, _DEEPEST = 200_000, 100


class ExpressionError(ValueError):
    """What is wrong with an expression, a sentence that ends with its column."""


@dataclass(frozen=True)
class Step:
    """One operation: "number", "name", a sign of + - * / ^, or a function; operands are positions of earlier steps."""

    operation: str
    operands: tuple[int, ...] = ()
    number: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Expression:
    """Operations in the order in which they are done; the last one gives the value."""

    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the expression needs, in the order of their first use."""
        return tuple(dict.fromkeys(step.name for step in self.steps if step.operation == "name"))

    @property
    def has_kinks(self) -> bool:
        """Whether it has a minimum or maximum, where derivatives jump."""
        return any(step.operation in ("min", "max") for step in self.steps)


def parse_expression(text: str, parameters: Sequence[str] | None = None) -> Expression:
    """Return the operations of an expression; `parameters` are what `@0`, `x[0]` and so on mean.

    Raises ExpressionError.

    >>> parse_expression("2 * kt^2").names
    ('kt',)
    >>> [step.operation for step in parse_expression("exp(@0)", ["k.t"]).steps]
    ['name', 'exp']
    """
    return _Parser(text, parameters).parse()


def renamed_expression(
    text: str, parameters: Sequence[str] | None, new: Mapping[str, str]
) -> tuple[str, list[str] | None]:
    """Return an expression, which can be read, and its `parameters` with other names.

    Names that an expression can't have (they are no identifiers) are put among the parameters, and `@i` in its text.

    >>> renamed_expression("kt * kt", None, {"kt": "kappa"})
    ('kappa * kappa', None)
    >>> renamed_expression("kt^2", None, {"kt": "k top"})
    ('@0^2', ['k top'])
    """
    others = None if parameters is None else [new.get(name, name) for name in parameters]

    def changed(match: re.Match[str]) -> str:
        nonlocal others
        name = match["name"]
        if name not in new or _CALL.match(text, match.end()):
            return match[0]
        if _NAME.fullmatch(new[name]):
            return new[name]
        others = [] if others is None else others
        if new[name] not in others:
            others.append(new[name])
        return f"@{others.index(new[name])}"

    return _TOKEN.sub(changed, text), others


@dataclass
class _Parser:
    text: str
    parameters: Sequence[str] | None
    steps: list[Step] = field(default_factory=list)
    at: int = 0
    depth: int = 0
    start: int = 0
    kind: str = ""
    token: str = ""

    def parse(self) -> Expression:
        if len(self.text) > _LONGEST:
            raise ExpressionError(f"the expression has {len(self.text)} characters, at most {_LONGEST} are read")
        self._next()
        self._sum()
        if self.kind != "end":
            self._fail("an operator" if self.token != ")" else 'an operator, or a "(" before,')
        return Expression(tuple(self.steps))

    def _next(self) -> None:
        self.start = self.at
        while self.start < len(self.text) and self.text[self.start].isspace():
            self.start += 1
        if self.start == len(self.text):
            self.kind, self.token = "end", ""
            return
        match = _TOKEN.match(self.text, self.start)
        if match is None:
            self.token = self.text[self.start]
            self._fail("a number, a name or one of + - * / ^ ( )")
        self.kind = str(match.lastgroup)
        self.token = match[self.kind]
        self.at = match.end()

    def _fail(self, wanted: str) -> NoReturn:
        found = f'"{self.token}"' if self.token else "the end"
        raise ExpressionError(f"{found} found, {wanted} needed (column {self.start + 1})")

    def _add(self, operation: str, *operands: int, number: float = 0.0, name: str = "") -> int:
        self.steps.append(Step(operation, operands, number, name))
        return len(self.steps) - 1

    def _sum(self) -> int:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ExpressionError(f"more than {_DEEPEST} levels of brackets or powers (column {self.start + 1})")
        left = self._product()
        while self.token in ("+", "-"):
            sign = self.token
            self._next()
            left = self._add(sign, left, self._product())
        self.depth -= 1
        return left

    def _product(self) -> int:
        left = self._signed()
        while self.token in ("*", "/"):
            sign = self.token
            self._next()
            left = self._add(sign, left, self._signed())
        return left

    def _signed(self) -> int:
        negative = False
        while self.token in ("+", "-"):
            negative ^= self.token == "-"
            self._next()
        value = self._power()
        return self._add("-", self._add("number", number=0.0), value) if negative else value

    def _power(self) -> int:
        base = self._atom()
        if self.token not in ("^", "**"):
            return base
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ExpressionError(f"more than {_DEEPEST} levels of brackets or powers (column {self.start + 1})")
        self._next()
        exponent = self._signed()
        self.depth -= 1
        return self._add("^", base, exponent)

    def _atom(self) -> int:
        kind, token, start = self.kind, self.token, self.start
        if token == "(":
            self._next()
            value = self._sum()
            self._expect(")")
            return value
        if kind not in ("number", "place", "name"):
            self._fail("a number, a name or a bracket")
        self._next()
        if kind == "number":
            number = float(token)
            if not math.isfinite(number):
                raise ExpressionError(f'"{token}" is too large (column {start + 1})')
            return self._add("number", number=number)
        if kind == "place":
            return self._add("name", name=self._placed(token, start))
        return self._function(token, start) if self.token == "(" else self._add("name", name=token)

    def _placed(self, token: str, start: int) -> str:
        place = int(token.strip("@x[]"))
        if self.parameters is None:
            raise ExpressionError(f'"{token}" needs a list of parameters (column {start + 1})')
        if place >= len(self.parameters):
            there = f"there {'is' if len(self.parameters) == 1 else 'are'} {len(self.parameters)}, counted from 0"
            raise ExpressionError(f'"{token}": no such parameter, {there} (column {start + 1})')
        return self.parameters[place]

    def _function(self, name: str, start: int) -> int:
        if name not in FUNCTIONS:
            allowed = ", ".join(FUNCTIONS)
            raise ExpressionError(f'no function "{name}"; allowed are {allowed} (column {start + 1})')
        operands: list[int] = []
        while self.token == "(" or (operands and self.token == ","):
            self._next()
            operands.append(self._sum())
        self._expect(")")
        if len(operands) != FUNCTIONS[name]:
            wanted = f"{FUNCTIONS[name]} argument{'s' if FUNCTIONS[name] > 1 else ''}"
            raise ExpressionError(f'"{name}" has {len(operands)}, {wanted} needed (column {start + 1})')
        return self._add("^" if name == "pow" else name, *operands)

    def _expect(self, token: str) -> None:
        if self.token != token:
            self._fail(f'"{token}"')
        self._next()
