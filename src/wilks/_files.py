"""Writing a file so that an interrupted run leaves either the old file or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, creating its folder: to a temporary file beside it first, then renamed.

    Raises OSError where the folder can't be written, and for what exists and is no file: it would be replaced. No
    temporary file stays behind but that of a process that is killed, and the next to write the same file takes it.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file", str(path))
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "it is no file (a device, a pipe or the like)", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary, descriptor = _temporary(target)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.truncate()
            stream.write(content)
            stream.flush()
            if temporary == partial(target):  # while it is locked: no other run takes it before it has its name
                os.replace(temporary, target)
        if temporary != partial(target):  # closed: Windows, which has no locks of this kind, renames no open file
            os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk has no name of its own
        raise


def write_once(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, creating its folder, unless the file is there, or another run has just written it.

    Whoever reads it then finds one that is whole. Raises OSError where the folder can't be written.
    """
    target = Path(path)
    new = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(content)
        try:
            os.link(new, target)
        except OSError:  # another one was first (and may have taken ours away), or a file system without links
            if not target.exists():
                os.replace(new, target)
    finally:
        for unfinished in target.parent.glob(f".{target.name}.*"):  # of runs that were killed, too
            with suppress(OSError):
                unfinished.unlink()


def partial(path: Path) -> Path:
    """Return where a file is written before it gets its name."""
    return path.with_name(f".{path.name}.partial")


def _temporary(target: Path) -> tuple[Path, int]:
    """Return a file to write to, and its descriptor: the one of this target, or one more while another run has that."""
    usual = partial(target)
    with suppress(OSError, ImportError):
        import fcntl

        descriptor = os.open(usual, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between opening and locking another run may have given the file its name.
            ours, there = os.fstat(descriptor), os.stat(usual, follow_symlinks=False)
            if stat.S_ISREG(ours.st_mode) and (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino):
                return usual, descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
    other = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    return other, os.open(other, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
