"""Labels of the bins in the bytes of a TAxis: a THashList of TObjString, each with the number of its bin."""

from __future__ import annotations

import struct
from functools import lru_cache

from wilks import bin_labels
from wilks._root_bytes import COUNTED, REFERENCED, Reader

_NEW_CLASS = 0xFFFFFFFF
_KNOWN_CLASS = 0x80000000


def axis_labels(reader: Reader, begin: int, end: int, bins: int) -> tuple[tuple[str, ...], bool]:
    """Return the labels of a TAxis that lies between two places, and whether labels may have made it grow.

    The reader stands behind its edges. Raises ValueError (struct.error) where the bytes are not what was expected.
    """
    if reader.content.find(b"THashList", reader.place, end) < 0:
        return (), False
    (version,) = struct.unpack_from(">H", reader.content, begin + 4)
    if version not in (9, 10):
        raise ValueError("labels in an axis of another version")
    numbers, bits = _numbered(reader.content[reader.place : end])
    return bin_labels.numbered(numbers, bins), bin_labels.grows(version, bits)


@lru_cache(maxsize=1024)
def _numbered(content: bytes) -> tuple[tuple[tuple[int, str], ...], int]:
    """Return labels with the numbers of their bins, and fBits2, of a TAxis from fFirst on.

    They are the same bytes in thousands of histograms.
    """
    reader = Reader(content)
    reader.place += 8  # fFirst, fLast
    bits = int(reader.number(">H"))
    reader.place += 1  # fTimeDisplay
    reader.text()  # fTimeFormat
    _enter(reader, "THashList")
    inside = reader.part(range(1, 100))  # of TList
    _unique_id(reader)
    reader.text()  # fName
    found = tuple(_label(reader) for _ in range(reader.number(">i")))
    if reader.place != inside:
        raise ValueError("a list that ends elsewhere")
    return found, bits


def _label(reader: Reader) -> tuple[int, str]:
    """Return number of the bin and text of a label."""
    _enter(reader, "TObjString")
    stop = reader.part(range(1, 2))
    number = _unique_id(reader)
    text = reader.text()
    if reader.place != stop:
        raise ValueError("a label with something more")
    reader.text()  # the option with which it was added
    return number, text


def _enter(reader: Reader, classname: str) -> None:
    """Go into an object that a pointer points to; a class has its name where it stands for the first time."""
    if not reader.number(">I") & COUNTED:
        raise ValueError("an object that stands elsewhere, or none")
    tag = reader.number(">I")
    if tag == _NEW_CLASS:
        stop = reader.content.index(b"\0", reader.place)
        name = reader.content[reader.place : stop].decode()
        reader.place = stop + 1
        if name != classname:
            raise ValueError(f"a {name}, no {classname}")
    elif not tag & _KNOWN_CLASS:
        raise ValueError("an object without a class")


def _unique_id(reader: Reader) -> int:
    """Return fUniqueID of a TObject that begins here, which has no number of bytes, and go behind it."""
    reader.number(">H")
    number = int(reader.number(">I"))
    if reader.number(">I") & REFERENCED:
        reader.number(">H")
    return number
