"""Reading files that may be anything: pipes nobody writes to, devices without end, archives that unfold a thousandfold.

What is wrong is an OSError or a ValueError with a sentence; who reads says of which file.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import stat
import time
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

_PATIENCE = 2.0
# Seconds until somebody must have begun to write to a pipe.
_PIPED = 1 << 31
# Bytes from a pipe, which may have no end.
_PIECE = 1 << 20
_LARGE = 1 << 20
# Bytes of a JSON text that is looked over before it is read.
_UNFOLDED, _TIMES = 1 << 26, 100
# Bytes that an archive may unfold to, and how many times its own size beyond that.


def read_file(path: str | Path) -> bytes:
    """Return the content of a file, or of a pipe that somebody writes to. Raises OSError, also for a device."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return stream.readall()
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISFIFO(mode):
            raise OSError(errno.EINVAL, "it is a device, not a file", str(path))
        first = _first_piece(stream, path)
        os.set_blocking(descriptor, True)
        return first + read_stream(stream, str(path))


def _first_piece(stream: Any, path: str | Path) -> bytes:
    """Return what is in a pipe, maybe nothing yet. Raises OSError where nobody writes to it."""
    until = time.monotonic() + _PATIENCE
    while (piece := stream.read(_PIECE)) == b"":  # without a writer it ends at once; with one there is None
        if time.monotonic() > until:
            raise OSError(errno.EINVAL, "it is a pipe, and nobody writes to it", str(path))
        time.sleep(0.01)
    return piece or b""


def read_stream(stream: Any, name: str) -> bytes:
    """Return what a stream holds until its end. Raises OSError where that is too far away."""
    pieces, size = [], 0
    while piece := stream.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > _PIPED:
            raise OSError(errno.EFBIG, f"more than {_PIPED >> 20} MB come out of it: there is no end", name)
    return b"".join(pieces)


def parse_json(content: str | bytes) -> Any:
    """Return what a JSON text says. Raises ValueError for all that is wrong with it, keys that stand twice too."""
    if isinstance(content, bytes) and len(content) > _LARGE:
        _refuse_malformed(content)
    try:
        return json.loads(content, object_pairs_hook=_block)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8 text") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_malformed(content: bytes) -> None:
    """Raise ValueError where a large text is no JSON: at a hundredth of the time and none of the memory of reading it.

    Byte order marks, other encodings, and NaN and Infinity, which `json` takes, are left to it.
    """
    import msgspec

    if content.startswith(b"\xef\xbb\xbf") or b"\0" in content[:4]:
        return
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        reason, _, byte = str(error).removeprefix("JSON is malformed: ").removesuffix(")").partition(" (byte ")
        place = int(byte) if byte else len(content)
        if re.search(rb"NaN|Infinity", content[max(place - 8, 0) : place + 9]):
            return
        line, column = content.count(b"\n", 0, place) + 1, place - content.rfind(b"\n", 0, place)
        raise ValueError(f"line {line}, column {column}: {reason if byte else 'the text ends too early'}") from None
    except (UnicodeDecodeError, RecursionError):
        return


def _block(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a block of keys. Raises ValueError where one stands twice: the first would be dropped in silence."""
    block = dict(pairs)
    if len(block) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in block if keys.count(key) > 1)
        name = block.get("name")
        where = f' (that with the name "{name}")' if isinstance(name, str) and repeated != "name" else ""
        raise ValueError(f'the key "{repeated}" is written twice in one block{where}')
    return block


def read_arrays(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an npz archive by name. Raises ValueError where it is none, is damaged, or unfolds too far.

    Nothing is unfolded before what it says of itself adds up: a small file can promise any size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > _UNFOLDED + _TIMES * len(content):
                raise ValueError(f"{len(content)} bytes would unfold to {size}")
            if len({member.filename for member in members}) < len(members):
                raise ValueError("two arrays have one name")
            return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ValueError(f"not an archive, or a damaged one ({error})") from None


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Return one array; its header must promise what is there, and plain numbers or text."""
    import numpy as np

    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f'the array "{member.filename}" has a format of its own')
        shape, columns_first, dtype = read(stream)
        data = stream.read()
    if dtype.hasobject or dtype.itemsize * int(np.prod(shape, dtype=object)) != len(data):
        raise ValueError(f'the array "{member.filename}" is not what its header says')
    order: Any = "F" if columns_first else "C"
    return np.frombuffer(data, dtype).reshape(shape, order=order)
