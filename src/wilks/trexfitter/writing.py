"""A steering file as readable YAML: one line for what is short, comments where they stood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*")
_WORDS = re.compile(r"(?i:true|false|yes|no|on|off|null|none|y|n|~)")


def as_yaml(document: Mapping[str, Any], comments: Mapping[str, Sequence[str]], head: Sequence[str]) -> str:
    """Return the text of a steering file; `comments` by the names of blocks (`Samples/ttbar`), `head` at the top."""
    lines = [f"# {_one_line(line)}".rstrip() for line in head]
    for key, value in document.items():
        lines.append("")
        if isinstance(value, Mapping):
            lines += [f"{key}:", *_mapping(value, 1)]
        elif not value:
            lines.append(f"{key}: []")
        else:
            lines.append(f"{key}:")
            for item in value:
                notes = comments.get(f"{key}/{item['Name']}", ())
                lines += [f"  # {_one_line(note)}" for note in notes]
                lines += _item(item, 1)
    return "\n".join(lines).lstrip("\n") + "\n"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _item(item: Mapping[str, Any], depth: int) -> list[str]:
    short = f"{'  ' * depth}- {flow(item)}"
    if len(short) <= _WIDTH and not any(isinstance(v, (Mapping, list)) and _nested(v) for v in item.values()):
        return [short]
    lines = _mapping(item, depth + 1)
    start = "  " * (depth + 1)
    return [f"{'  ' * depth}- {lines[0].removeprefix(start)}", *lines[1:]]


def _nested(value: Any) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value
    return any(isinstance(part, Mapping) for part in parts)


def _mapping(block: Mapping[str, Any], depth: int) -> list[str]:
    lines: list[str] = []
    start = "  " * depth
    for key, value in block.items():
        name = scalar(str(key))
        short = f"{start}{name}: {flow(value)}"
        if (
            isinstance(value, (str, int, float, bool))
            or value is None
            or (len(short) <= _WIDTH and not _nested_in(value))
        ):
            lines.append(short)
        elif isinstance(value, Mapping):
            lines += [f"{start}{name}:", *_mapping(value, depth + 1)]
        elif any(isinstance(part, Mapping) for part in value):
            lines.append(f"{start}{name}:")
            for part in value:
                lines += _item(part, depth + 1)
        else:
            lines += _folded(f"{start}{name}: [", value, "  " * (depth + 1))
    return lines


def _nested_in(value: Any) -> bool:
    return isinstance(value, (Mapping, list)) and _nested(value)


def _folded(first: str, values: Sequence[Any], start: str) -> list[str]:
    """Return a long list over several lines."""
    lines, line = [], first
    for number, value in enumerate(values):
        text = scalar(value) + ("," if number < len(values) - 1 else "]")
        if len(line) + len(text) + 1 > _WIDTH and line.strip():
            lines.append(line.rstrip())
            line = start
        line += text if line.endswith(("[", "  ")) else f" {text}"
    return [*lines, line]


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(part) for part in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Return a text or a number so that YAML reads it as such.

    >>> scalar("ttbar"), scalar("yes"), scalar(1e-6), scalar("{Weight} * 2")
    ('ttbar', '"yes"', '1.0e-06', '"{Weight} * 2"')
    """
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(
            c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in escaped
        )
        + '"'
    )
