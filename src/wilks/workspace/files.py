"""Files that workspaces are read from."""

from __future__ import annotations

from pathlib import Path

from wilks._reading import read_file
from wilks.errors import WorkspaceError, nearest_file


def content_of_file(path: Path, wanted: str | None = "workspace") -> bytes:
    """Return what is in a file. Raises WorkspaceError: no such file, a folder (not what is `wanted`), or why."""
    try:
        return read_file(path)
    except FileNotFoundError:
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise WorkspaceError(f"{path}: no such file{nearest_file(path.name, names)}") from None
    except OSError as error:
        if wanted is not None and isinstance(error, IsADirectoryError):
            raise WorkspaceError(f"{path}: is a folder, not a {wanted}") from None
        raise WorkspaceError(f"{path}: can't be read ({error.strerror})") from None
