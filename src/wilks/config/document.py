"""A steering file as plain data that remember where each key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import yaml

from wilks._reading import read_file
from wilks._yaml import read_yaml
from wilks.errors import ConfigError, InputError, nearest_file, printable

KeyPath: TypeAlias = tuple[str | int, ...]
_Steps: TypeAlias = dict[str, tuple[yaml.Mark, yaml.Node]]


@dataclass(frozen=True)
class Document:
    """Parsed steering file: its data, its name in messages, its path if it has one, and the YAML nodes."""

    data: Any
    label: str
    source: Path | None = None
    root: yaml.Node | None = None
    _steps: dict[int, _Steps] = field(default_factory=dict, repr=False, compare=False)

    def place(self, path: KeyPath) -> str:
        """Return `label:line  Systematics[4].Samples` for a key (without the line where there is no file)."""
        keys = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
        line = self.line(path)
        label = f"{self.label}:{line}" if line else self.label
        return f"{label}  {keys}" if keys else label

    def line(self, path: KeyPath) -> int:
        """Return the line (from 1) of the deepest part of `path` that the file has, 0 if unknown."""
        node, line = self.root, 0
        for key in path:
            mark, node = self._step(node, key)
            if mark is None:
                break
            line = mark.line + 1
        return line

    def written(self, path: KeyPath) -> str | None:
        """Return the text of a scalar as it stands in the file (`yes` where the data say True)."""
        node = self.root
        for key in path:
            _, node = self._step(node, key)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _step(self, node: yaml.Node | None, key: str | int) -> tuple[yaml.Mark | None, yaml.Node | None]:
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._steps:
                pairs = ((name, value) for name, value in node.value if isinstance(name, yaml.ScalarNode))
                # After construction merged keys come first, so the last one is the one that counts.
                self._steps[id(node)] = {name.value: (name.start_mark, value) for name, value in pairs}
            return self._steps[id(node)].get(str(key), (None, None))
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            return node.value[key].start_mark, node.value[key]
        return None, None


def read_document(source: str | Path | Mapping[str, Any] | TextIO) -> Document:
    """Return the document behind a path, a dictionary or an open file; raise ConfigError if it can't be read."""
    document = _read(source)
    problems = [
        f"{document.place(path)}: {text!r:.60} holds half of a surrogate pair, which is no character"
        for path, text in _unwritable(document.data)
    ]
    if problems:
        raise ConfigError(problems)
    return document


def _unwritable(data: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield keys and texts that can't be written to any file, with their place; what is shared is looked at once."""
    done: set[int] = set()
    open_: list[tuple[KeyPath, Any]] = [((), data)]
    while open_:
        path, value = open_.pop()
        if isinstance(value, str):
            if not value.isascii() and printable(value) != value:
                yield path, value
        elif isinstance(value, (Mapping, list, tuple)) and id(value) not in done:
            done.add(id(value))
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, item in reversed([*pairs]):
                open_.append(((*path, key), item))
                if isinstance(key, str):
                    open_.append((path, key))


def _read(source: str | Path | Mapping[str, Any] | TextIO) -> Document:
    if isinstance(source, Mapping):
        return Document(dict(source), "config")
    if isinstance(source, (str, Path)):
        label = str(source)
        return _parsed(_bytes_of(Path(source)), label, Path(source).absolute())
    name = getattr(source, "name", None)
    label = name if isinstance(name, str) else "<stream>"
    try:
        text = source.read()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{label}: cannot be read: {error}") from error
    return _parsed(text, label, None)


def _bytes_of(path: Path) -> bytes:
    try:
        return read_file(path)
    except FileNotFoundError:
        folder = path.parent
        others = [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
        raise ConfigError(f"{path}: no such steering file{nearest_file(path.name, others)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parsed(text: str | bytes, label: str, source: Path | None) -> Document:
    try:
        root, data = read_yaml(text, label)
    except InputError as error:
        raise ConfigError(error.problems) from error
    return Document(data, label, source, root)
