"""Files that a command writes are not those that it reads, and each is another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from wilks.errors import InputError

_WRITTEN = {
    "output": "-o",
    "combine_root": "--combine-root",
    "limits_json": "--limits-json",
    "gof_json": "--gof-json",
    "impacts_json": "--impacts-json",
}
_CHANGING = ("combine", "prune", "rename", "sort", "split", "decorrelate", "correlate", "with-data", "apply", "convert")
"""Commands whose output is a workspace: it may take the place of the old one."""


def require_others(command: str, read: Iterable[str], parameters: Mapping[str, Any]) -> None:
    """Raise InputError where a file that is written is one of those that are read, or is written twice."""
    problems, taken = [], dict.fromkeys(_real(read), "")
    for name, option in _WRITTEN.items():
        path = parameters.get(name)
        if not isinstance(path, str | Path) or str(path) == "-" or (name == "output" and command in _CHANGING):
            continue
        place = _absolute(path)
        if place in taken:
            what = f"the file of {taken[place]}" if taken[place] else "the file that is read"
            problems.append(f"{option} {path}: is {what}; choose another name")
        taken.setdefault(place, option)
    if problems:
        raise InputError(problems)


def require_not_read(files: Iterable[Path]) -> None:
    """Raise InputError where the running command is to write one of the files that its workspace was read from."""
    context, there = click.get_current_context(silent=True), {_absolute(path) for path in files}
    if context is None or not there:
        return
    named = [(option, context.params.get(name)) for name, option in _WRITTEN.items()]
    problems = [
        f"{option} {path}: is a file that is read; choose another name"
        for option, path in named
        if isinstance(path, str | Path) and str(path) != "-" and _absolute(path) in there
    ]
    if problems:
        raise InputError(problems)


def require_not_beside(target: Path, files: Iterable[Path]) -> None:
    """Raise InputError where files that go beside a target (`NAME.root`, `NAME_*.xml`) may be some that are read."""
    for path in files:
        of_channel = path.suffix == ".xml" and path.name.startswith(f"{target.stem}_")
        if _absolute(path).parent == _absolute(target).parent and (of_channel or path.name == f"{target.stem}.root"):
            raise InputError(f"{target}: beside it goes {path}, which is read; choose another name")


def _real(read: Iterable[str]) -> list[Path]:
    from wilks.formats.source import cards_in

    found = []
    for given in read:
        paths = [given, *(card.partition("=")[2] for card in cards_in(given)), given.partition("=")[2]]
        found += [_absolute(path) for path in paths if path and path != "-" and Path(path).is_file()]
    return found


def _absolute(path: str | Path) -> Path:
    return Path(path).resolve()
