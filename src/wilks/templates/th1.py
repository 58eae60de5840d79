"""One-dimensional ROOT histograms from their bytes, an order of magnitude faster than through a general reader.

The layout is that of ROOT's streamers, TH1 of versions 7 and 8. Every part begins with the number of its bytes, by
which whatever is not needed is stepped over. Anything unexpected gives None: the general reader is then to say what it
is.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from wilks._root_bytes import Reader, UnexpectedError
from wilks._types import FloatArray
from wilks.histogram import Axis, Histogram
from wilks.templates.root_labels import axis_labels
from wilks.templates.th1_state import CAN_EXTEND, TYPES, State, filled

_INT = struct.Struct(">i")
_SUMS = struct.Struct(">4xd48xd")  # fBarOffset, fBarWidth, fEntries, four sums, fMaximum, fMinimum, fNormFactor
_ENDS, _RANGE = struct.Struct(">idd"), struct.Struct(">iiH")
_NO_BUFFER: FloatArray = np.empty(0)


def histogram_of_bytes(content: bytes, classname: str) -> Histogram | None:
    """Return the histogram of a class (TH1D, TH1F, ...) in the uncompressed bytes of a TKey's object.

    None where they are laid out in another way. Entries that wait in ROOT's buffer are filled in. Without Sumw2 the
    fills were unweighted and the variance is the absolute content. Raises TemplateError where the edges do not
    increase, and where ROOT's own outcome can't be told.
    """
    if classname not in TYPES:
        return None
    try:
        return _histogram(Reader(content), classname)
    except (UnexpectedError, struct.error, ValueError):
        return None


def _histogram(reader: Reader, classname: str) -> Histogram:
    whole = reader.part(range(1, 4))
    base = reader.part(range(6, 9))
    title, bits = reader.named()
    for _ in ("TAttLine", "TAttFill", "TAttMarker"):
        reader.skip_part()
    (cells,) = reader.numbers(_INT)
    axis = _axis(reader, cells - 2)
    for _ in ("fYaxis", "fZaxis"):
        reader.skip_part()
    entries, norm_factor = reader.numbers(_SUMS)
    reader.array(">f8")  # fContour
    sumw2 = reader.array(">f8")
    buffer = _buffer(reader)
    if reader.place > base:
        raise UnexpectedError
    reader.place = base
    contents = reader.array(TYPES[classname])
    if reader.place != whole or whole != len(reader.content) or contents.size != cells:
        raise UnexpectedError
    state = axis.state(bits, buffer, norm_factor)
    values, variances = filled(classname, state, contents, sumw2, axis.edges)
    histogram = Histogram(
        Axis(axis.edges, label=axis.title, bin_labels=axis.labels),
        values[1:-1],
        variances[1:-1],
        underflow=float(values[0]),
        overflow=float(values[-1]),
        outside_sumw2=(float(variances[0]), float(variances[-1])),
        entries=entries + max(state.waiting, 0),
        title=title,
        remarks=tuple(state.remarks()),
    )
    return histogram.without_spare_bins() if axis.grown else histogram


def _buffer(reader: Reader) -> FloatArray:
    """Return fBuffer, behind fOption and fFunctions, and go behind it."""
    reader.text()
    reader.skip_part()
    (size,) = reader.numbers(_INT)
    reader.place += 1  # says whether there is one
    if size <= 0:
        return _NO_BUFFER
    found = np.frombuffer(reader.content, ">f8", size, reader.place).astype(np.float64)
    reader.place += found.nbytes
    return found


class _RootAxis(NamedTuple):
    """A TAxis: its edges, whether they are stored one by one, the labels of its bins, and what else tells.

    `grown`: labels may have made it grow.
    """

    title: str
    edges: FloatArray
    regular: bool
    labels: tuple[str, ...]
    grown: bool
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


@lru_cache(maxsize=256)
def _regular(lower: float, upper: float, bins: int) -> FloatArray:
    return np.linspace(lower, upper, bins + 1)


def _axis(reader: Reader, bins: int) -> _RootAxis:
    """Return a TAxis that begins here and go behind it."""
    begin = reader.place
    end = reader.part(range(6, 11))
    title, bits = reader.named()
    reader.skip_part()  # TAttAxis
    stored, lower, upper = reader.numbers(_ENDS)
    if stored != bins or not 0 < bins < len(reader.content):
        raise UnexpectedError
    edges = reader.array(">f8").astype(np.float64)
    regular = edges.size == 0
    if regular:
        edges = _regular(lower, upper, bins)
    labels, grown = axis_labels(reader, begin, end, bins)
    first, last, more_bits = reader.numbers(_RANGE)
    if edges.size != bins + 1 or reader.place > end:
        raise UnexpectedError
    reader.place = end
    return _RootAxis(title, edges, regular, labels, grown, bits, first, last, bool(more_bits & CAN_EXTEND))
