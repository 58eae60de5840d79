"""Input files of any kind: is it there, can it be read, which are meant."""

from __future__ import annotations

import os
from pathlib import Path

from wilks.errors import TemplateError, nearest_file


class UnreadableError(TemplateError):
    """A file is there, but can't be read."""


def require_file(path: str | Path) -> None:
    """Raise TemplateError, with the nearest name, where a local path is no file."""
    if "://" not in str(path) and not os.path.isfile(path):
        found = "is a folder, not a file" if os.path.isdir(path) else "no such file" + _neighbour(Path(path))
        if os.path.exists(path) and not os.path.isdir(path):
            found = "is a pipe or a device, not a file"
        raise TemplateError(f"{path}: {found}")


def _neighbour(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f" (there is no folder {path.parent} either)"
    return nearest_file(path.name, names)


def remote_files(pattern: str) -> tuple[str, ...]:
    """Return the URLs that a URL with `*` stands for, sorted. Raises TemplateError where there are none."""
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(pattern)
        found = tuple(sorted(map(system.unstrip_protocol, system.glob(path))))
    except Exception as error:  # every file system has its own
        raise TemplateError(f"{pattern}: the files can't be listed ({first_line(error)})") from error
    if not found:
        raise TemplateError(f"{pattern}: no such files")
    return found


def first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
