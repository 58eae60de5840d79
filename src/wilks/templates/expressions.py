"""Expressions over the branches of a tree: text -> a small tree of whitelisted operations.

Python's syntax, as uproot reads it (`(a > 1) & (b < 2)`, `jet_pt[:, 0]`, `log10(ht)`), and what TTree::Draw and numexpr
users write (`a > 1 && !b`, `jet_pt[0]`, `TMath::Abs(eta)`, `Sum$(jet_pt)`). Nothing else is understood: a steering file
can't run code. What the operations do stands in `evaluation`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from wilks.errors import nearest
from wilks.templates.expression_text import NESTED, ExpressionError, PythonText, as_python, tree_of

Argument: TypeAlias = "Node | str | int | float"

# Functions of one value per event or per element; "min" and "max" of one list are reductions.
# fmt: off
ELEMENTWISE = (
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "ceil", "copysign", "cos",
    "cosh", "exp", "exp2", "expm1", "floor", "fmax", "fmin", "hypot", "isfinite", "isinf", "isnan", "log", "log10",
    "log1p", "log2", "nextafter", "power", "rint", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc", "where",
)
# fmt: on
REDUCTIONS = ("all", "any", "count", "sum", "min", "max")
_OTHER_NAMES = {
    "absolute": "abs",
    "fabs": "abs",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "pow": "power",
    "len": "count",
    "length": "count",
    "num": "count",
    "round": "rint",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "and",
    "logical_or": "or",
    "logical_not": "not",
    "alt": "alternative",
}
_LARGEST = (1 << 64) - 1
# Whole numbers above are decimal numbers.
DEEPEST = 300
# Operations inside each other: far from where Python's own stack ends, which depends on who asks.
_ARGUMENTS = {"arctan2": 2, "copysign": 2, "fmax": 2, "fmin": 2, "hypot": 2, "nextafter": 2, "power": 2, "where": 3}
_ARGUMENTS |= {"alternative": 2, "and": 2, "or": 2, "not": 1}
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "power",
    ast.BitAnd: "&",
    ast.BitOr: "|",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "negative", ast.UAdd: "positive", ast.Not: "not", ast.Invert: "~"}


@dataclass(frozen=True)
class Node:
    """An operation and its operands; `op` "branch" has the branch's name, "number" and "text" have a value."""

    op: str
    args: tuple[Argument, ...]
    column: int = field(default=0, compare=False)

    def walk(self) -> Iterator[Node]:
        """Yield this operation and all below it."""
        yield self
        for arg in self.args:
            if isinstance(arg, Node):
                yield from arg.walk()

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches that are needed, each once."""
        return tuple(dict.fromkeys(str(node.args[0]) for node in self.walk() if node.op == "branch"))


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Return the operations of an expression. Raises ExpressionError, with the column, for what is not understood.

    >>> parse("pt > 30 && !veto").branches
    ('pt', 'veto')
    """
    python = as_python(text)
    try:
        body = tree_of(python.text)
    except SyntaxError as error:
        raise python.mistake(error) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(NESTED) from None
    python.require_brackets()
    found = _Reader(python).read(body)
    if found.op == "text":
        raise ExpressionError("text can't be used here; it is compared, as in name == 'text'", found.column)
    return found


def with_root_divisions(node: Node) -> Node:
    """Return an expression in which `/` and `%` are those of TTree::Draw.

    >>> with_root_divisions(parse("a / b")).op
    'root /'
    """
    args = tuple(with_root_divisions(arg) if isinstance(arg, Node) else arg for arg in node.args)
    return Node(f"root {node.op}" if node.op in ("/", "%") else node.op, args, node.column)


@dataclass(frozen=True)
class _Reader:
    """Python's syntax tree to ours."""

    python: PythonText
    depth: list[None] = field(default_factory=list)

    def read(self, node: ast.expr) -> Node:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._error(node, f"{_what(node)} can't be used here")
        if len(self.depth) >= DEEPEST:
            raise self._error(node, f"more than {DEEPEST} operations inside each other")
        self.depth.append(None)
        found: Node = method(node)
        self.depth.pop()
        return found

    def _position(self, node: ast.expr) -> int:
        """Position in the Python text; ast counts bytes."""
        return self.python.characters[node.col_offset]

    def _end(self, node: ast.expr) -> int:
        return self.python.characters[node.end_col_offset or 0]

    def _column(self, node: ast.expr) -> int:
        return self.python.columns[self._position(node)]

    def _error(self, node: ast.expr, message: str) -> ExpressionError:
        return ExpressionError(message, self._column(node))

    def _node(self, node: ast.expr, op: str, *args: Argument) -> Node:
        return Node(op, args, self._column(node))

    def _constant(self, node: ast.Constant) -> Node:
        if isinstance(node.value, bool):
            return self._node(node, "number", int(node.value))
        if isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode(errors="surrogateescape")
            return self._node(node, "text", text)
        if not isinstance(node.value, (int, float)):
            raise self._error(node, f"{_what(node)} can't be used here")
        try:
            value = node.value if node.value <= _LARGEST else float(node.value)
        except OverflowError:
            raise self._error(node, "the number is too large") from None
        return self._node(node, "number", value)

    def _name(self, node: ast.Name) -> Node:
        name = self._identifier(node)
        return self._node(node, *(("number", int(name == "true")) if name in ("true", "false") else ("branch", name)))

    def _identifier(self, node: ast.Name | ast.Attribute) -> str:
        """Return a name, or what follows the dot, as it is written: Python makes other letters of some."""
        start = self._position(node) if isinstance(node, ast.Name) else self._end(node.value)
        return self.python.text[start : self._end(node)].lstrip(" .")

    def _attribute(self, node: ast.Attribute) -> Node:
        parts = [self._identifier(node)]
        value: ast.expr = node.value
        while isinstance(value, ast.Attribute):
            parts.append(self._identifier(value))
            value = value.value
        if not isinstance(value, ast.Name):
            if isinstance(value, ast.Constant):
                raise self._error(node, "a dot is part of a name, or stands before the name of a member")
            found = self.read(value)
            for part in reversed(parts):
                found = self._node(node, "member", found, part)
            return found
        return self._node(node, "branch", ".".join([self._identifier(value), *reversed(parts)]))

    def _unaryop(self, node: ast.UnaryOp) -> Node:
        logical = isinstance(node.op, ast.Invert) and self._position(node) in self.python.nots
        return self._node(node, "not" if logical else _UNARY[type(node.op)], self.read(node.operand))

    def _binop(self, node: ast.BinOp) -> Node:
        op = _BINARY.get(type(node.op))
        if op is None:
            what = "for a power write **" if isinstance(node.op, ast.BitXor) else "this operator is not known"
            raise ExpressionError(what, self._between(node.left, node.right))
        return Node(op, (self.read(node.left), self.read(node.right)), self._between(node.left, node.right))

    def _between(self, left: ast.expr, right: ast.expr) -> int:
        """Column of the operator between two operands."""
        position, stop = self._end(left), self._position(right)
        while position < stop and self.python.text[position] in " )":
            position += 1
        return self.python.columns[position]

    def _boolop(self, node: ast.BoolOp) -> Node:
        return self._node(node, "and" if isinstance(node.op, ast.And) else "or", *map(self.read, node.values))

    def _compare(self, node: ast.Compare) -> Node:
        operands = [node.left, *node.comparators]
        for i, operand in enumerate(operands):
            self._refuse_bare_bits(operand, last=i > 0)
        values = [self.read(operand) for operand in operands]
        parts = []
        for i, comparison in enumerate(node.ops):
            op = _COMPARISONS.get(type(comparison))
            column = self._between(operands[i], operands[i + 1])
            if op is None:
                raise ExpressionError("this comparison is not known; there are < <= > >= == !=", column)
            parts.append(Node(op, (values[i], values[i + 1]), column))
        return parts[0] if len(parts) == 1 else self._node(node, "and", *parts)

    def _refuse_bare_bits(self, operand: ast.expr, *, last: bool) -> None:
        """Refuse `a > 1 & b < 2`, which Python reads as `a > (1 & b) < 2`, and C as was meant."""
        if not (isinstance(operand, ast.BinOp) and isinstance(operand.op, (ast.BitAnd, ast.BitOr))):
            return
        bracketed = self.python.in_brackets(self._position(operand), self._end(operand))
        masks = isinstance(operand.left, ast.Constant) or isinstance(operand.right, ast.Constant)
        if not bracketed and (last or not masks):
            message = "put comparisons beside & and | in brackets, or write && and ||"
            raise ExpressionError(message, self._between(operand.left, operand.right))

    def _ifexp(self, node: ast.IfExp) -> Node:
        return self._node(node, "where", self.read(node.test), self.read(node.body), self.read(node.orelse))

    def _call(self, node: ast.Call) -> Node:
        if isinstance(node.func, ast.Attribute) and self._identifier(node.func) == "size" and not node.args:
            collection = self._position(node.func.value) in self.python.collections
            return self._node(node, "count" if collection else "size", self.read(node.func.value))
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self._error(node, "only known functions can be called, without keywords")
        written = self._identifier(node.func)
        if written == "get" and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
            if not isinstance(node.args[0].value, str):
                raise self._error(node, 'get needs the name of a branch in quotes, get("name")')
            return self._node(node, "branch", node.args[0].value)
        if written.lower() == "pi" and not node.args:
            return self._node(node, "number", math.pi)
        name = next((name for name in (written, written.lower()) if name in _FUNCTIONS), None)
        if name is None:
            raise self._error(node, f'no function "{written}"{nearest(written, _FUNCTIONS)}')
        name = _OTHER_NAMES.get(name, name)
        self._check_arguments(node, name, len(node.args))
        if name in ("min", "max") and len(node.args) > 1:
            name = f"{name}imum"
        return self._node(node, name, *map(self.read, node.args))

    def _check_arguments(self, node: ast.Call, name: str, given: int) -> None:
        wanted = _ARGUMENTS.get(name, 1)
        if given != wanted and not (name in ("min", "max") and given >= 1):
            raise self._error(node, f'the function "{name}" takes {wanted} value{"s"[: wanted > 1]}, found {given}')

    def _subscript(self, node: ast.Subscript) -> Node:
        value, index = self.read(node.value), node.slice
        if isinstance(index, ast.Tuple) and len(index.elts) == 2 and _is_everything(index.elts[0]):
            index = index.elts[1]
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            return self._node(node, "member", value, index.value)
        number = _whole_number(index)
        if number is not None and abs(number) >= 1 << 63:
            raise self._error(index, "no list is that long")
        if number is not None:
            return self._node(node, "element", value, number)
        if isinstance(index, (ast.Slice, ast.Tuple)):
            raise self._error(node, "of a list one element can be taken, a[0] or a[:, 0], or those that pass, a[b > 1]")
        return self._node(node, "masked", value, self.read(index))


_FUNCTIONS = (*ELEMENTWISE, *REDUCTIONS, *_OTHER_NAMES)


def _is_everything(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None


def _whole_number(node: ast.expr) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _whole_number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def _what(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else "such a constant"
    names = {"Lambda": "a function definition", "List": "a list", "Tuple": "a tuple", "Dict": "a dictionary"}
    return names.get(type(node).__name__, "Python code of this kind")
