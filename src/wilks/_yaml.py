"""YAML text -> nodes and plain data, with a meaning that is the same for every version of PyYAML.

YAML 1.1 as cabinetry's users have it: merge keys (`<<`) where the first of several blocks wins, numbers, booleans and
dates by the rules below. PyYAML reads the text; what plain words mean and how blocks are merged is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar, cast

import yaml

from wilks.errors import InputError

Pairs: TypeAlias = list[tuple[yaml.Node, yaml.Node]]
Number = TypeVar("Number", int, float)
_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_NUMBERS = (_TAG + "int", _TAG + "float")
# More than any number has; the time to read one grows with the square (`1:20:20`, to the base of 60).
_DIGITS = 1000


class _Loader(yaml.SafeLoader):
    """The safe loader; values that look like a date or a number but are none become YAML errors with a place."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            if node.tag in _NUMBERS and len(node.value) > _DIGITS:
                raise ValueError
            return super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            kind = node.tag.rpartition(":")[2]
            raise yaml.constructor.ConstructorError(
                None, None, f"cannot read {node.value!r:.60} as {kind}; put text in quotes", node.start_mark
            ) from error


_IN_SIXTIETHS = "(:[0-5]?[0-9])+"
_EXPONENT = "([eE][-+][0-9]+)?"
_WHOLE = f"0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*({_IN_SIXTIETHS})?"
_DECIMAL = rf"[0-9][0-9_]*(\.[0-9_]*{_EXPONENT}|{_IN_SIXTIETHS}\.[0-9_]*)|\.(inf|Inf|INF)"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?"
# What a word without quotes is, and the characters it may begin with; any other word is text. Without a point 1e3 is
# text, without a sign in the exponent 1.0e3, and so is -.5.
_WORDS = {
    "bool": ("|".join(f"{w}|{w.title()}|{w.upper()}" for w in ("yes", "no", "true", "false", "on", "off")), "yntfo"),
    "float": (rf"[-+]?({_DECIMAL})|\.[0-9][0-9_]*{_EXPONENT}|\.(nan|NaN|NAN)", "-+.0123456789"),
    "int": (f"[-+]?({_WHOLE})", "-+0123456789"),
    "merge": ("<<", "<"),
    "null": ("~|null|Null|NULL|", "~n"),
    "timestamp": (rf"[0-9]{{4}}-([0-9]{{2}}-[0-9]{{2}}|[0-9]{{1,2}}-[0-9]{{1,2}}([Tt]|[ \t]+){_CLOCK})", "0123456789"),
    "value": ("=", "="),
}


def _boolean(text: str) -> bool:
    return {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}[text.lower()]


def _unsigned(text: str) -> tuple[int, str]:
    """Return the sign, and the digits without underscores."""
    digits = text.replace("_", "").lower()
    return (-1 if digits[0] == "-" else 1), (digits[1:] if digits[0] in "-+" else digits)


def _integer(text: str) -> int:
    """Return a whole number: binary, octal (from a leading 0), hexadecimal, in sixtieths (1:30 is 90) or decimal."""
    sign, digits = _unsigned(text)
    if digits.startswith("0b"):
        return sign * int(digits[2:], 2)
    if digits.startswith("0x"):
        return sign * int(digits[2:], 16)
    if digits.startswith("0") and digits != "0":
        return sign * int(digits, 8)
    return sign * _sixtieths([int(part) for part in digits.split(":")])


def _decimal(text: str) -> float:
    sign, digits = _unsigned(text)
    if digits in (".inf", ".nan"):
        return sign * float(digits[1:])
    return sign * _sixtieths([float(part) for part in digits.split(":")])


def _sixtieths(parts: list[Number]) -> Number:
    total: Any = sum(part * 60**place for place, part in enumerate(reversed(parts)))
    return cast(Number, total)


def _of_text(function: Callable[[str], Any]) -> Callable[[_Loader, Any], Any]:
    return lambda loader, node: function(str(loader.construct_scalar(node)))


_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _first) in _WORDS.items():
    _letters = [*dict.fromkeys(_first.lower() + _first.upper()), *([""] if _kind == "null" else [])]
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"(?:{_pattern})\Z"), _letters)
_Loader.add_constructor(_TAG + "bool", _of_text(_boolean))
_Loader.add_constructor(_TAG + "int", _of_text(_integer))
_Loader.add_constructor(_TAG + "float", _of_text(_decimal))


def read_yaml(text: str | bytes, label: str) -> tuple[yaml.Node | None, Any]:
    """Return the node at the root, merge keys resolved, and the data.

    `label` names the text in messages. Raises InputError for what is no YAML, keys written twice and aliases of
    themselves.
    """
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None, None
            problems = _node_problems(root, label)
            if problems:
                raise InputError(problems)
            _merge(root, set())
            return root, loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        raise InputError(f"{_position(text, label, error.position)}  not YAML text: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax_problem(error, label)) from error
    except RecursionError as error:
        raise InputError(f"{label}: blocks are nested too deeply") from error


def _position(text: str | bytes, label: str, position: int) -> str:
    before = text[:position]
    breaks = before.count(b"\n") if isinstance(before, bytes) else before.count("\n")
    return f"{label}:{breaks + 1}"


def _syntax_problem(error: yaml.MarkedYAMLError, label: str) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{label}:{mark.line + 1}:{mark.column + 1}" if mark else label
    context = ""
    if error.context:
        context = f" ({error.context}"
        context += f" that starts in line {error.context_mark.line + 1})" if error.context_mark else ")"
    hint = "; YAML is indented with spaces, not tabs" if "'\\t'" in (error.problem or "") else ""
    return f"{place}  YAML: {error.problem}{context}{hint}"


def _node_problems(root: yaml.Node, label: str) -> list[str]:
    """Return a sentence for each key written twice in one block and each alias that contains itself."""
    problems: list[str] = []
    done: set[int] = set()

    def visit(node: yaml.Node, above: frozenset[int]) -> None:
        if id(node) in above:
            problems.append(f"{label}:{node.start_mark.line + 1}  YAML: an anchor contains an alias to itself")
            return
        if id(node) in done or isinstance(node, yaml.ScalarNode):
            return
        done.add(id(node))
        if isinstance(node, yaml.MappingNode):
            problems.extend(_repeated_keys(node, label))
            problems.extend(_not_merged(node, label))
        for child in _children(node):
            visit(child, above | {id(node)})

    visit(root, frozenset())
    return problems


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _repeated_keys(node: yaml.MappingNode, label: str) -> Iterator[str]:
    first: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        line = key.start_mark.line + 1
        if (key.tag, key.value) in first:
            other = first[key.tag, key.value]
            yield f'{label}:{line}  YAML: key "{key.value}" is written twice in one block (also line {other})'
        first.setdefault((key.tag, key.value), line)


def _not_merged(node: yaml.MappingNode, label: str) -> Iterator[str]:
    """Yield a sentence for each value of a merge key that holds something else than blocks."""
    for key, value in node.value:
        for block in _blocks(value) if key.tag == _MERGE else []:
            if not isinstance(block, yaml.MappingNode):
                yield (
                    f'{label}:{block.start_mark.line + 1}  YAML: "<<" takes a block or a list of blocks, '
                    f"as in <<: *name, found a {'list' if isinstance(block, yaml.SequenceNode) else 'value'}"
                )


def _blocks(value: yaml.Node) -> list[yaml.Node]:
    return list(value.value) if isinstance(value, yaml.SequenceNode) else [value]


def _merge(node: yaml.Node, done: set[int]) -> None:
    """Put the pairs of merged blocks into the blocks that ask for them, in a whole tree."""
    if id(node) in done:
        return
    done.add(id(node))
    for child in _children(node):
        _merge(child, done)
    if isinstance(node, yaml.MappingNode):
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        if len(own) < len(node.value):
            node.value = _counting([*_merged_pairs(node), *own])


def _merged_pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Yield the pairs that merge keys bring, what counts more after what counts less.

    The first block of a list wins. A second merge key in the same block, of which the specification says nothing, wins
    over the first, as with all versions of PyYAML.
    """
    for key, value in node.value:
        if key.tag == _MERGE:
            for block in reversed(_blocks(value)):
                yield from block.value


def _counting(pairs: Pairs) -> Pairs:
    """Return the pairs without those whose key comes again: merges of merges don't grow."""
    last: dict[Any, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in pairs:
        name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
        last.pop(name, None)
        last[name] = (key, value)
    return list(last.values())
