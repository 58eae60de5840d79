"""Figures to files, whole or not at all, the same bytes for the same figure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks._files import write_atomically
from wilks.errors import InputError, listed, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wilks.figures.canvas import Drawing

_PACKED = 3  # of 9
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
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix, metadata=_METADATA.get(suffix))
    return buffer.getvalue()


def _png(figure: Drawing) -> bytes:
    """Return a figure as PNG; nothing where parts of it are transparent.

    matplotlib would write the transparency of what has none, and pack everything hard: that takes as long as half the
    drawing, and the file is no smaller.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    dpi, buffer, info = figure.resolution, io.BytesIO(), PngInfo()
    figure.savefig(buffer, format="rgba", dpi=dpi)
    width, height = (int(size * dpi) for size in figure.get_size_inches())
    picture = Image.frombytes("RGBA", (width, height), buffer.getbuffer())
    if picture.getchannel("A").getextrema() != (255, 255):
        return b""
    for key, text in _METADATA["png"].items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, format="png", pnginfo=info, dpi=(dpi, dpi), compress_level=_PACKED)
    return buffer.getvalue()
