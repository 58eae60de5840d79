"""Writing a file so that an interrupted run leaves either the old file or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, creating its folder: to a temporary file beside it first, then renamed.

    Raises OSError where the folder can't be written, and for what exists and is no file: it would be replaced. No
    temporary file stays behind.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file", str(path))
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "it is no file (a device, a pipe or the like)", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
