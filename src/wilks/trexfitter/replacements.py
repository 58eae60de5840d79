"""Placeholders (`XXX_name`) in a configuration, and the files that say what stands in their place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wilks.errors import ConfigError, nearest
from wilks.trexfitter.grammar import Contents, Line, read_text, without_comment

_PLACEHOLDER = re.compile(r"XXX_?\w+")
_ROUNDS, _LONGEST = 10, 1_000_000
# Values may have placeholders again; those that have themselves would have no end.


def folders_of(config: Path) -> list[Path]:
    """Return where files that a configuration names may lie: TRExFitter's users start it in a folder above."""
    return list(dict.fromkeys([Path.cwd(), config.parent, *config.parent.absolute().parents]))


def replaced(lines: Sequence[Line], config: Path, given: Iterable[str | Path], found: Contents) -> list[Line]:
    """Return lines with their placeholders replaced; what is missing is added to the mistakes.

    `given` are replacement files; without them the configuration's `ReplacementFile` is taken.
    """
    values: dict[str, str] = {}
    files = [Path(file) for file in given]
    named = None if files else _named_file(lines)
    for file in files:
        values |= _values(read_text(file), found, str(file))
    problem = ""
    if named is not None:
        line, name = named
        candidates = [folder / name for folder in folders_of(config)] + [config.parent / Path(name).name]
        file_ = next((path for path in candidates if os.path.isfile(path)), None)
        if file_ is None:
            problem = f'; {line.place} ReplacementFile: there is no file "{name}"; give it with -r'
        else:
            values |= _values(read_text(file_), found, str(file_))
            found.files.append(file_)
    used = [line for line in lines if "XXX" in line.text and not line.text.lstrip().startswith(("%", "#"))]
    if not used:
        return list(lines)
    longest_first = sorted(values, key=len, reverse=True)
    changed = {id(line): _replaced(line, values, longest_first, found, problem) for line in used}
    return [changed.get(id(line), line) for line in lines]


def _named_file(lines: Iterable[Line]) -> tuple[Line, str] | None:
    for line in lines:
        match = re.match(r"\s*ReplacementFile\s*:(.*)", line.text)
        if match and (name := without_comment(match[1])[0].replace('"', "").strip()):
            return line, name
    return None


def _values(text: str, found: Contents, label: str) -> Mapping[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = without_comment(line)[0]
        if not words:
            continue
        name, colon, value = words.partition(":")
        if not colon or not name.strip().startswith("XXX"):
            found.mistakes.append(f"{label}:{number}  a replacement is XXX_name: value, found: {words:.60}")
            continue
        values[name.strip()] = value.strip()
    return values


def _replaced(
    line: Line, values: Mapping[str, str], longest_first: Sequence[str], found: Contents, problem: str
) -> Line:
    text, before, rounds = line.text, "", 0
    while text != before and rounds < _ROUNDS and len(text) < _LONGEST:
        before, rounds = text, rounds + 1
        for name in longest_first:
            text = text.replace(name, values[name])
    for name in dict.fromkeys(_PLACEHOLDER.findall(without_comment(text)[0])):
        if name in values:
            found.mistakes.append(f"{line.place}  {name}: its replacement leads back to it, without end")
            continue
        found.mistakes.append(
            f"{line.place}  {name}: this placeholder has no replacement{nearest(name, values)}{problem}"
        )
    return replace(line, text=text)


def require_files(files: Iterable[str | Path]) -> None:
    """Raise ConfigError for replacement files that there are not."""
    absent = [f"{file}: no such file of replacements" for file in files if not os.path.isfile(file)]
    if absent:
        raise ConfigError(absent)
