"""One-dimensional ROOT histograms from their bytes, an order of magnitude faster than through a general reader.

The layout is that of ROOT's streamers, TH1 of versions 7 and 8. Every part begins with the number of its bytes, by
which whatever is not needed is stepped over. Anything unexpected gives None: the general reader is then to say what it
is.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.histogram import Axis, Histogram
from wilks.templates.root_labels import axis_labels

_COUNTED = 0x40000000  # set in a number of bytes
_REFERENCED = 1 << 4  # of TObject: the number of its process follows
_TYPES = {"TH1D": ">f8", "TH1F": ">f4", "TH1I": ">i4", "TH1S": ">i2", "TH1C": ">i1"}


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

    def title(self) -> str:
        """Return the title of a TNamed that begins here and go behind it."""
        end = self.part(range(1, 2))
        self.number(">H")  # TObject has a version and no number of bytes
        self.number(">I")
        if self.number(">I") & _REFERENCED:
            self.number(">H")
        self.text()
        title = self.text()
        if self.place != end:
            raise _UnexpectedError
        return title


def histogram_of_bytes(content: bytes, classname: str) -> Histogram | None:
    """Return the histogram of a class (TH1D, TH1F, ...) in the uncompressed bytes of a TKey's object.

    None where they are laid out in another way. Without Sumw2 the fills were unweighted and the variance is the
    absolute content. Raises TemplateError where the edges do not increase.
    """
    kind = _TYPES.get(classname)
    if kind is None:
        return None
    try:
        return _histogram(_Reader(content), kind)
    except (_UnexpectedError, struct.error, ValueError):
        return None


def _histogram(reader: _Reader, kind: str) -> Histogram:
    whole = reader.part(range(1, 4))
    base = reader.part(range(6, 9))
    title = reader.title()
    for _ in ("TAttLine", "TAttFill", "TAttMarker"):
        reader.skip_part()
    cells = reader.number(">i")
    axis, grown = _axis(reader, cells - 2)
    for _ in ("fYaxis", "fZaxis"):
        reader.skip_part()
    reader.place += 4  # fBarOffset, fBarWidth
    entries = reader.number(">d")
    reader.place += 7 * 8  # four sums of weights, fMaximum, fMinimum, fNormFactor
    reader.array(">f8")  # fContour
    sumw2 = reader.array(">f8").astype(np.float64)
    reader.place = base
    contents = reader.array(kind).astype(np.float64)
    if reader.place != whole or whole != len(reader.content) or contents.size != cells:
        raise _UnexpectedError
    variances = sumw2 if sumw2.size == contents.size else np.abs(contents)
    histogram = Histogram(
        axis,
        contents[1:-1],
        variances[1:-1],
        underflow=float(contents[0]),
        overflow=float(contents[-1]),
        outside_sumw2=(float(variances[0]), float(variances[-1])),
        entries=entries,
        title=title,
    )
    return histogram.without_spare_bins() if grown else histogram


def _axis(reader: _Reader, bins: int) -> tuple[Axis, bool]:
    """Return the axis in a TAxis that begins here, and whether labels may have made it grow, and go behind it."""
    begin = reader.place
    end = reader.part(range(6, 11))
    title = reader.title()
    reader.skip_part()  # TAttAxis
    if reader.number(">i") != bins or not 0 < bins < len(reader.content):
        raise _UnexpectedError
    lower, upper = reader.number(">d"), reader.number(">d")
    edges = reader.array(">f8").astype(np.float64)
    if edges.size == 0:
        edges = np.linspace(lower, upper, bins + 1)
    if edges.size != bins + 1 or reader.place > end:
        raise _UnexpectedError
    labels, grown = axis_labels(reader, begin, end, bins)
    reader.place = end
    return Axis(edges, label=title, bin_labels=labels), grown
