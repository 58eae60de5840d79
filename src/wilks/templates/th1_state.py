"""What a TH1 keeps beside its bins, and what ROOT says of the bins because of it.

ROOT fills a histogram through a buffer (`TH1::SetBuffer`; always while an axis has no range yet). Written to a file,
the entries in it are not in the bins: ROOT fills them in when the histogram is read and looked at, and so does this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wilks._types import FloatArray
from wilks.errors import TemplateError

TYPES = {"TH1D": ">f8", "TH1F": ">f4", "TH1L": ">i8", "TH1I": ">i4", "TH1S": ">i2", "TH1C": ">i1"}
_IS_AVERAGE, _IS_NOT_WEIGHTED = 1 << 18, 1 << 19  # bits of a TH1
_HAS_RANGE = 1 << 11  # of a TAxis
CAN_EXTEND = 1 << 1  # of the second bits of a TAxis
_EMPTY_BUFFER = "call BufferEmpty(1) before it is written"


class State(NamedTuple):
    """Members of a TH1: bits, fBuffer, fNormFactor, and of its axis the number of bins, bits and range.

    `lower` and `upper` are the ends of the axis, `regular` says whether its bins have one width, `extends` whether ROOT
    may make it longer.
    """

    bits: int
    buffer: FloatArray
    norm_factor: float
    bins: int
    lower: float
    upper: float
    regular: bool
    axis_bits: int = 0
    first: int = 0
    last: int = 0
    extends: bool = False

    @property
    def waiting(self) -> int:
        """Number of entries that are in the buffer and not in the bins; below zero they are in both."""
        return int(self.buffer[0]) if self.buffer.size else 0

    def require_range(self) -> None:
        """Raise TemplateError where the axis has no range: ROOT would choose one, each version its own."""
        if not self.lower < self.upper:
            reason = f"its axis has no range yet ({self.lower:g} to {self.upper:g})"
            if self.waiting > 0:
                reason += f", and {self.waiting} entries wait in ROOT's buffer for one: {_EMPTY_BUFFER}"
            raise TemplateError(reason)

    def remarks(self) -> Iterator[str]:
        """Yield what ROOT says or does with this histogram that its bins don't show."""
        if self.norm_factor:
            yield f"ROOT draws it scaled to a sum of {self.norm_factor:g} (SetNormFactor); bins are read as they are"
        everything = self.first <= 1 and self.last >= self.bins
        if self.axis_bits & _HAS_RANGE and self.last and not everything:
            bins = f"bins {self.first} to {self.last} of {self.bins}"
            yield f"ROOT's Integral() counts {bins} only (SetRange of its axis); all of them are read"
        if self.bits & _IS_AVERAGE:
            yield "ROOT averages it with others instead of adding them (kIsAverage); here sums are sums"


def filled(
    classname: str, state: State, contents: npt.NDArray[Any], sumw2: FloatArray, edges: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return contents and variances with under- and overflow, shape (n + 2,), what waits in the buffer filled in.

    Without Sumw2 the fills were unweighted and the variance is the absolute content. Raises TemplateError where
    the numbers don't fit together, or where ROOT's own outcome can't be told.
    """
    if sumw2.size not in (0, contents.size):
        raise TemplateError(f"{contents.size} contents and {sumw2.size} squared weights don't fit together")
    if state.waiting <= 0:
        plain = contents.astype(np.float64)
        return plain, sumw2.astype(np.float64) if sumw2.size else np.abs(plain)
    if 2 * state.waiting + 1 > state.buffer.size:
        raise TemplateError(f"its buffer has no room for the {state.waiting} entries that it promises")
    weights, values = state.buffer[1 : 2 * state.waiting + 1].reshape(-1, 2).T
    inside = (values >= state.lower) & (values < state.upper)
    if state.extends and not inside[np.isfinite(values)].all():
        text = f"{state.waiting} entries wait in ROOT's buffer, some outside of an axis that ROOT would extend"
        raise TemplateError(f"{text}: {_EMPTY_BUFFER}")
    places = _places(state, values, inside, edges)
    found = contents.astype(np.dtype(TYPES[classname]).newbyteorder("="))
    # Before the first weight that isn't one there are no squared weights, and the variance is the content.
    unit = 0 if sumw2.size else state.waiting
    if not sumw2.size and not state.bits & _IS_NOT_WEIGHTED and np.any(weights != 1.0):
        unit = int(np.argmax(weights != 1.0))
    _add(found, places[:unit], weights[:unit])
    squared = sumw2.astype(np.float64) if sumw2.size else np.abs(found.astype(np.float64))
    _add(found, places[unit:], weights[unit:])
    np.add.at(squared, places[unit:], weights[unit:] ** 2)
    return found.astype(np.float64), squared


def _places(state: State, values: FloatArray, inside: npt.NDArray[np.bool_], edges: FloatArray) -> npt.NDArray[np.intp]:
    """Return the bins that ROOT finds: 0 below the edges, n + 1 above them and for what is no number."""
    places = np.where(values < state.lower, 0, state.bins + 1)
    if state.regular:
        # As ROOT 6.40: older versions don't look whether rounding led to the bin beside.
        width = (state.upper - state.lower) / state.bins
        chosen = values[inside]
        found = (state.bins * (chosen - state.lower) / (state.upper - state.lower)).astype(np.intp)
        found -= chosen < state.lower + found * width
        found += chosen >= state.lower + (found + 1) * width
        places[inside] = np.clip(found, 0, state.bins - 1) + 1
    else:
        places[inside] = np.searchsorted(edges, values[inside], side="right")
    return places


def _add(contents: npt.NDArray[Any], places: npt.NDArray[np.intp], weights: FloatArray) -> None:
    """Add weights one by one in the precision of the histogram; whole numbers stop at the largest, as ROOT's do."""
    if contents.dtype.kind == "f":
        np.add.at(contents, places, weights.astype(contents.dtype))
        return
    if not np.isfinite(weights).all():
        raise TemplateError("weights in ROOT's buffer are no numbers")
    most = int(np.iinfo(contents.dtype).max)
    for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
        contents[place] = min(max(int(contents[place]) + int(weight), -most), most)
