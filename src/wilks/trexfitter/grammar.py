"""A configuration file as blocks of settings that remember their lines.

Blocks are `Type: name` and the lines below, up to an empty line; nothing else ends one. `%` and `#` begin comments, `"`
keeps `,` `;` `%` and `#` from meaning anything, `;` makes several blocks at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from wilks._reading import read_file
from wilks.errors import ConfigError, nearest, nearest_file
from wilks.trexfitter.keys import BLOCKS, Kind, blocks_with, kind_of

_BANNER = re.compile(r"[-=*+~_/\s].*|[\W_]*|.*[-=*]{3,}", re.DOTALL)
_MOST = 20
# Files that include each other.


@dataclass(frozen=True)
class Line:
    """A line of a file, with what messages call the place."""

    text: str
    number: int
    label: str

    @property
    def place(self) -> str:
        """`file:line`, as in all messages."""
        return f"{self.label}:{self.number}"


@dataclass(frozen=True)
class Setting:
    """What a block says under one key; `value` has its quotes still, and no comment."""

    key: str
    value: str
    line: Line

    @cached_property
    def text(self) -> str:
        """The value as one text."""
        return self.value.replace('"', "").strip()

    @cached_property
    def items(self) -> list[str]:
        """The elements of a list."""
        return [item for part in split(self.value, ",") if (item := part.replace('"', "").strip())]

    @cached_property
    def word(self) -> str:
        """The value as a word whose case does not matter."""
        return self.text.upper()

    @property
    def true(self) -> bool:
        """Whether the value is TRUE."""
        return self.word == "TRUE"


@dataclass
class Block:
    """One block: its type, name, line and settings; `comments` stand before it and in it."""

    type: str
    name: str
    line: Line
    settings: dict[str, Setting] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def get(self, key: str) -> Setting | None:
        """Return a setting, which thereby counts as read."""
        self.read.add(key)
        return self.settings.get(key)

    def text(self, key: str, default: str = "") -> str:
        """Return the value of a setting as one text."""
        found = self.get(key)
        return default if found is None else found.text

    def items(self, key: str) -> list[str]:
        """Return the elements of a setting that is a list."""
        found = self.get(key)
        return [] if found is None else found.items

    def true(self, key: str, default: bool = False) -> bool:
        """Return whether a setting is TRUE."""
        found = self.get(key)
        return default if found is None or not found.text else found.true

    @property
    def title(self) -> str:
        """`Type "name"`, as in all messages."""
        return f'{self.type} "{self.name}"'


@dataclass
class Contents:
    """What files hold: blocks, or settings outside of any, and what is wrong with the text."""

    blocks: list[Block] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def split(value: str, separator: str) -> list[str]:
    """Return the parts of a value between separators outside of quotes."""
    if '"' not in value:
        return value.split(separator)
    parts, start, quoted = [], 0, False
    for place, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(value[start:place])
            start = place + 1
    return [*parts, value[start:]]


def number(text: str) -> float | None:
    """Return a number, whole ones as such; None for what is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 and "e" not in text.lower() else value


def without_comment(value: str) -> tuple[str, str]:
    """Return a value and the comment behind it."""
    quoted = False
    for place, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif character in "%#" and not quoted:
            return value[:place].strip(), value[place:].strip("%# \t")
    return value.strip(), ""


def recognise(content: bytes) -> bool:
    """Return whether a file is a configuration: by its first words, and that it has a `Job` or a `MultiFit`."""
    if not re.search(rb"^[ \t]*(?:Job|MultiFit)[ \t]*:[ \t]*[^\s{\[]", content, re.MULTILINE):
        return False
    for line in content.splitlines():
        words = line.strip().removeprefix(b"\xef\xbb\xbf")
        if words and not words.startswith((b"%", b"#")):
            first = words.split(b":", 1)[0].strip().decode(errors="replace")
            return b":" in words and (first in BLOCKS or first in ("INCLUDE", "ReplacementFile"))
    return False


def lines_of(
    path: Path, label: str, found: Contents, above: tuple[Path, ...] = (), content: bytes | None = None
) -> list[Line]:
    """Return the lines of a file and of what it includes, each in its place. Raises ConfigError.

    `content` is that of a file which was read before, a pipe say.
    """
    text = read_text(path) if content is None else decoded(content, label)
    found.files.append(path)
    lines: list[Line] = []
    for number, written in enumerate(text.splitlines(), 1):
        line = Line(written, number, label)
        match = re.match(r"\s*INCLUDE\s*:(.*)", written)
        if match is None:
            lines.append(line)
            continue
        name = without_comment(match[1])[0].replace('"', "").strip()
        other = path.parent / name
        if other in (*above, path) or len(found.files) > _MOST:
            found.mistakes.append(f'{line.place}  INCLUDE: "{name}" is included by itself, or by too many others')
            continue
        try:
            lines += lines_of(other, str(other), found, (*above, path))
        except ConfigError as error:
            found.mistakes += [f"{line.place}  INCLUDE: {problem}" for problem in error.problems]
    return lines


def read_text(path: Path) -> str:
    """Return the text of a file. Raises ConfigError where it can't be read."""
    try:
        content = read_file(path)
    except FileNotFoundError:
        others = [file.name for file in path.parent.iterdir() if file.is_file()] if path.parent.is_dir() else []
        raise ConfigError(f"{path}: no such file{nearest_file(path.name, others)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return decoded(content, str(path))


def decoded(content: bytes, label: str) -> str:
    """Return the text of bytes in UTF-8, or else in Latin-1. Raises ConfigError for what is no text."""
    if b"\0" in content:
        raise ConfigError(f"{label}: is no text file in UTF-8 or Latin-1: it has zero bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def blocks_of(lines: Iterable[Line], found: Contents) -> None:
    """Add the blocks of lines, and what is wrong with them, to what was found."""
    comments: list[str] = []
    chunk: list[tuple[Line, str, str]] = []
    for line in [*lines, Line("", 0, "")]:
        text = line.text.strip()
        if text.startswith(("%", "#")):
            comments += _comment(text)
        elif text and ":" in text:
            key, _, value = text.partition(":")
            value, comment = without_comment(value)
            chunk.append((line, key.strip(), value))
            comments += [f"{key.strip()}: {comment}"] if len(comment) > 2 else []
        elif text:
            found.mistakes.append(f'{line.place}  neither "key: value" nor a comment (which begins with %): {text:.60}')
        elif chunk:
            found.blocks.extend(_blocks(chunk, comments, found))
            chunk, comments = [], []


def _comment(text: str) -> list[str]:
    """Return the words of a comment; none for a banner (`--- SAMPLES ---`) and for settings that are switched off."""
    words = text.strip("%# \t")
    key = words.partition(":")[0].strip()
    if _BANNER.fullmatch(words) or (":" in words and (key in BLOCKS or blocks_with(key))):
        return []
    return [words]


def _blocks(chunk: list[tuple[Line, str, str]], comments: list[str], found: Contents) -> Iterator[Block]:
    """Yield the blocks of one paragraph: one for each name in its first line."""
    line, kind, value = chunk[0]
    if kind == "ReplacementFile" and len(chunk) == 1:
        return  # it may stand anywhere
    if kind not in BLOCKS:
        homes = blocks_with(kind)
        where = f"setting of {homes[0]} outside a block; is there an empty line before it?" if homes else ""
        found.mistakes.append(f"{line.place}  {kind}: {where or 'no such block' + _near(kind)}")
        return
    names = [name for part in split(value, ";") if (name := part.replace('"', "").strip())]
    if not names:
        found.mistakes.append(f"{line.place}  {kind}: the block has no name")
        return
    for number, name in enumerate(names):
        block = Block(kind, name, line, comments=comments if number == 0 else [])
        for at, key, written in chunk[1:]:
            values = split(written, ";")
            own = values[min(number, len(values) - 1)] if len(names) > 1 else values[0]
            own = own if own.strip() or len(values) < 2 else values[0]
            block.settings[key] = Setting(key, own.strip(), at)
        yield block
    for at, key, written in chunk[1:]:
        if not written.replace('"', "").strip() and kind_of(kind, key) != Kind.COSMETIC:
            found.mistakes.append(f"{at.place}  {key}: has no value")


def _near(kind: str) -> str:
    return nearest(kind, BLOCKS) or f"; there are {', '.join(BLOCKS)}"
