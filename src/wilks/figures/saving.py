"""Figures to files, whole or not at all, the same bytes for the same figure."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks._files import write_atomically
from wilks.errors import InputError, listed, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wilks.figures.canvas import Drawing

# Of PNG: its first bytes, how hard it is packed (of 9), what a pixel without transparency has, bits of a number, the
# kind of colours.
_SIGNATURE, _PACKED, _OPAQUE, _BITS, _RGB = b"\x89PNG\r\n\x1a\n", 3, 255, 8, 2
_METRES_PER_INCH = 0.0254
# Dates and versions are left out: equal figures are equal files.
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": "wilks", "Producer": None},
    "png": {"Software": "wilks"},
    "svg": {"Date": None, "Creator": "wilks"},
    "ps": {"Creator": "wilks"},
    "eps": {"Creator": "wilks"},
}


def save(figure: Figure, path_without_suffix: str | Path, formats: Sequence[str] = ("pdf", "png")) -> list[Path]:
    """Return the files written: `path_without_suffix` with each of `formats` as suffix; makes the folder if needed.

    Raises InputError for a format that matplotlib can't write, before anything is written, and where a file can't be
    written.

    >>> import tempfile
    >>> from matplotlib.figure import Figure
    >>> [path.name for path in save(Figure(), tempfile.mkdtemp() + "/pulls")]
    ['pulls.pdf', 'pulls.png']
    """
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    known = figure.canvas.get_supported_filetypes()
    problems = [
        f'figures can\'t be written as "{suffix}"; allowed are {listed(known, 20)}{nearest(suffix, known)}'
        for suffix in formats
        if suffix not in known
    ]
    if problems:
        raise InputError(problems)
    from wilks.figures.canvas import Drawing

    target = Path(path_without_suffix)
    written = []
    with figure.laid_out() if isinstance(figure, Drawing) else nullcontext():
        for suffix in formats:
            content = _content(figure, suffix)
            path = target.with_name(f"{target.name}.{suffix}")
            try:
                write_atomically(path, content)
            except OSError as error:
                raise InputError(f"{path}: the figure can't be written: {error.strerror or error}") from None
            written.append(path)
    return written


def _content(figure: Figure, suffix: str) -> bytes:
    """Return what stands in the file of a figure, which is drawn once for it."""
    from wilks.figures.canvas import Drawing

    if suffix == "png" and isinstance(figure, Drawing) and (content := _png(figure)):
        return content
    if suffix == "pdf":
        _import_when_used("fontTools", "subset")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix, metadata=_METADATA.get(suffix))
    return buffer.getvalue()


def _import_when_used(package: str, name: str) -> None:
    """Let a module that matplotlib imports in any case be loaded when it is used, which takes other fonts than ours."""
    spec = None if f"{package}.{name}" in sys.modules else find_spec(f"{package}.{name}")
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    setattr(import_module(package), name, module)


def _png(figure: Drawing) -> bytes:
    """Return a figure as PNG; nothing where parts of it are transparent.

    matplotlib would write the transparency of what has none, filter every row in five ways to find the best, and pack
    hard: that takes as long as the drawing, and the file is no smaller.
    """
    import numpy as np

    dpi, buffer = figure.resolution, io.BytesIO()
    figure.savefig(buffer, format="rgba", dpi=dpi)
    width, height = figure.drawn
    picture = np.frombuffer(buffer.getbuffer(), np.uint8).reshape(height, width, 4)
    if picture[..., 3].min() < _OPAQUE:
        return b""
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with the number of its filter: none
    colours = rows[:, 1:].reshape(height, width, 3)
    for i in range(3):  # one after the other is twice as quick as all at once
        colours[..., i] = picture[..., i]
    per_metre = round(dpi / _METRES_PER_INCH)
    texts = [(b"tEXt", f"{key}\0{text}".encode("latin-1")) for key, text in _METADATA["png"].items()]
    chunks = [
        (b"IHDR", struct.pack(">2I5B", width, height, _BITS, _RGB, 0, 0, 0)),
        *texts,
        (b"pHYs", struct.pack(">2IB", per_metre, per_metre, 1)),
        (b"IDAT", zlib.compress(rows.data, _PACKED)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG file: its length, its kind and content, and their checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
