"""A steering file as plain data that remember where each key stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import yaml

from wilks._yaml import read_yaml
from wilks.errors import ConfigError, InputError, nearest

KeyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """Parsed steering file: its data, its name in messages, its path if it has one, and the YAML nodes."""

    data: Any
    label: str
    source: Path | None = None
    root: yaml.Node | None = None

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
            mark, node = _step(node, key)
            if mark is None:
                break
            line = mark.line + 1
        return line

    def written(self, path: KeyPath) -> str | None:
        """Return the text of a scalar as it stands in the file (`yes` where the data say True)."""
        node = self.root
        for key in path:
            _, node = _step(node, key)
        return node.value if isinstance(node, yaml.ScalarNode) else None


def _step(node: yaml.Node | None, key: str | int) -> tuple[yaml.Mark | None, yaml.Node | None]:
    if isinstance(node, yaml.MappingNode):
        for name, value in reversed(node.value):
            if isinstance(name, yaml.ScalarNode) and name.value == str(key):
                return name.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    return None, None


def read_document(source: str | Path | Mapping[str, Any] | TextIO) -> Document:
    """Return the document behind a path, a dictionary or an open file; raise ConfigError if it can't be read."""
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
        return path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        others = [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
        raise ConfigError(f"{path}: no such steering file{nearest(path.name, others)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parsed(text: str | bytes, label: str, source: Path | None) -> Document:
    try:
        root, data = read_yaml(text, label)
    except InputError as error:
        raise ConfigError(error.problems) from error
    return Document(data, label, source, root)
