"""One-dimensional ROOT histograms from their bytes, an order of magnitude faster than through a general reader.

The layout is that of ROOT's streamers, TH1 of versions 7 and 8. Every part begins with the number of its bytes, by
which whatever is not needed is stepped over. Anything unexpected gives None: the general reader is then to say what it
is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks.histogram import Axis, Histogram
from wilks.templates.th1_state import CAN_EXTEND, TYPES, State, filled

_COUNTED = 0x40000000  # set in a number of bytes
_REFERENCED = 1 << 4  # of TObject: the number of its process follows
_NO_BUFFER: FloatArray = np.empty(0)


class _UnexpectedError(Exception):
    """The bytes are not what was expected."""


class _Reader:
    """Bytes and a place in them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def part(self, versions: range) -> int:
        """Go into a part that begins here, of one of some versions; return where it ends."""
        count, version = struct.unpack_from(">IH", self.content, self.place)
        end = int(self.place + 4 + (count & ~_COUNTED))
        if not count & _COUNTED or version not in versions or end > len(self.content):
            raise _UnexpectedError
        self.place += 6
        return end

    def skip_part(self) -> None:
        """Go behind a part that begins here."""
        self.place = self.part(range(1, 100))

    def number(self, layout: str) -> Any:
        """Return one number and go on."""
        (value,) = struct.unpack_from(layout, self.content, self.place)
        self.place += struct.calcsize(layout)
        return value

    def text(self) -> str:
        """Return a TString and go on."""
        length = self.number(">B")
        if length == 255:
            length = self.number(">I")
        self.place += length
        if self.place > len(self.content):
            raise _UnexpectedError
        return self.content[self.place - length : self.place].decode(errors="surrogateescape")

    def array(self, kind: str) -> npt.NDArray[Any]:
        """Return a TArray and go on."""
        length = self.number(">i")
        if length < 0:
            raise _UnexpectedError
        found = np.frombuffer(self.content, kind, length, self.place)
        self.place += found.nbytes
        return found

    def named(self) -> tuple[str, int]:
        """Return title and bits of a TNamed that begins here and go behind it."""
        end = self.part(range(1, 2))
        self.number(">H")  # TObject has a version and no number of bytes
        self.number(">I")
        bits = self.number(">I")
        if bits & _REFERENCED:
            self.number(">H")
        self.text()
        title = self.text()
        if self.place != end:
            raise _UnexpectedError
        return title, bits


def histogram_of_bytes(content: bytes, classname: str) -> Histogram | None:
    """Return the histogram of a class (TH1D, TH1F, ...) in the uncompressed bytes of a TKey's object.

    None where they are laid out in another way. Entries that wait in ROOT's buffer are filled in. Without Sumw2 the
    fills were unweighted and the variance is the absolute content. Raises TemplateError where the edges do not
    increase, and where ROOT's own outcome can't be told.
    """
    if classname not in TYPES:
        return None
    try:
        return _histogram(_Reader(content), classname)
    except (_UnexpectedError, struct.error, ValueError):
        return None


def _histogram(reader: _Reader, classname: str) -> Histogram:
    whole = reader.part(range(1, 4))
    base = reader.part(range(6, 9))
    title, bits = reader.named()
    for _ in ("TAttLine", "TAttFill", "TAttMarker"):
        reader.skip_part()
    cells = reader.number(">i")
    axis = _axis(reader, cells - 2)
    for _ in ("fYaxis", "fZaxis"):
        reader.skip_part()
    reader.place += 4  # fBarOffset, fBarWidth
    entries = reader.number(">d")
    reader.place += 6 * 8  # four sums of weights, fMaximum, fMinimum
    norm_factor = reader.number(">d")
    reader.array(">f8")  # fContour
    sumw2 = reader.array(">f8")
    buffer = _buffer(reader)
    if reader.place > base:
        raise _UnexpectedError
    reader.place = base
    contents = reader.array(TYPES[classname])
    if reader.place != whole or whole != len(reader.content) or contents.size != cells:
        raise _UnexpectedError
    state = axis.state(bits, buffer, norm_factor)
    values, variances = filled(classname, state, contents, sumw2, axis.edges)
    return Histogram(
        Axis(axis.edges, label=axis.title),
        values[1:-1],
        variances[1:-1],
        underflow=float(values[0]),
        overflow=float(values[-1]),
        entries=entries + max(state.waiting, 0),
        title=title,
        remarks=tuple(state.remarks()),
    )


def _buffer(reader: _Reader) -> FloatArray:
    """Return fBuffer, behind fOption and fFunctions, and go behind it."""
    reader.text()
    reader.skip_part()
    size = reader.number(">i")
    reader.place += 1  # says whether there is one
    if size <= 0:
        return _NO_BUFFER
    found = np.frombuffer(reader.content, ">f8", size, reader.place).astype(np.float64)
    reader.place += found.nbytes
    return found


@dataclass(frozen=True)
class _RootAxis:
    """A TAxis: its edges, whether they are stored one by one, and what else tells."""

    title: str
    edges: FloatArray
    regular: bool
    bits: int
    first: int
    last: int
    extends: bool

    def state(self, bits: int, buffer: FloatArray, norm_factor: float) -> State:
        """Return the state of the histogram on this axis; raises TemplateError where the axis has no range."""
        lower, upper = float(self.edges[0]), float(self.edges[-1])
        rest = self.regular, self.bits, self.first, self.last, self.extends
        state = State(bits, buffer, norm_factor, len(self.edges) - 1, lower, upper, *rest)
        state.require_range()
        return state


def _axis(reader: _Reader, bins: int) -> _RootAxis:
    """Return a TAxis that begins here and go behind it."""
    end = reader.part(range(6, 11))
    title, bits = reader.named()
    reader.skip_part()  # TAttAxis
    if reader.number(">i") != bins or not 0 < bins < len(reader.content):
        raise _UnexpectedError
    lower, upper = reader.number(">d"), reader.number(">d")
    edges = reader.array(">f8").astype(np.float64)
    regular = edges.size == 0
    if regular:
        edges = np.linspace(lower, upper, bins + 1)
    first, last, more_bits = struct.unpack_from(">iiH", reader.content, reader.place)
    if edges.size != bins + 1 or reader.place > end:
        raise _UnexpectedError
    reader.place = end
    return _RootAxis(title, edges, regular, bits, first, last, bool(more_bits & CAN_EXTEND))
