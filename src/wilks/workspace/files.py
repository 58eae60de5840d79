"""Files that workspaces are read from."""

from __future__ import annotations

import zlib
from pathlib import Path

from wilks._reading import read_file
from wilks.errors import WorkspaceError, nearest_file

_UNFOLDED, _TIMES = 1 << 26, 100
# Bytes that a packed file may unfold to, and how many times its own size beyond that.


def content_of_file(path: Path, wanted: str | None = "workspace") -> bytes:
    """Return what is in a file, unpacked where its name ends in .gz.

    Raises WorkspaceError: no such file, a folder (not what is `wanted`), or why.
    """
    try:
        content = read_file(path)
        return unpacked(content) if path.suffix == ".gz" else content
    except zlib.error as error:
        raise WorkspaceError(f"{path}: can't be unpacked ({error})") from None
    except FileNotFoundError:
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise WorkspaceError(f"{path}: no such file{nearest_file(path.name, names)}") from None
    except OSError as error:
        if wanted is not None and isinstance(error, IsADirectoryError):
            raise WorkspaceError(f"{path}: is a folder, not a {wanted}") from None
        raise WorkspaceError(f"{path}: can't be read ({error.strerror})") from None


def unpacked(content: bytes) -> bytes:
    """Return what gzip packed. Raises zlib.error, also for what unfolds beyond all measure."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    found = unpacker.decompress(content, _UNFOLDED + _TIMES * len(content))
    if unpacker.unconsumed_tail:
        raise zlib.error(f"it unfolds to more than {_TIMES} times its size")
    if not unpacker.eof:
        raise zlib.error("it is cut off")
    return found
