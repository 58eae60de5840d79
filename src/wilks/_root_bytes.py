"""Bytes as ROOT's streamers write them, read one after the other: numbers, texts, arrays, parts with their length."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

COUNTED = 0x40000000  # set in a number of bytes
REFERENCED = 1 << 4  # of TObject: the number of its process follows
_HEAD, _BYTE, _INT = struct.Struct(">IH"), struct.Struct(">B"), struct.Struct(">i")
_OBJECT = struct.Struct(">HII")  # a TObject: its version (and no number of bytes), identifier, bits
_ANY = range(1, 100)


class UnexpectedError(Exception):
    """The bytes are not what was expected."""


class Reader:
    """Bytes and a place in them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def part(self, versions: range) -> int:
        """Go into a part that begins here, of one of some versions; return where it ends."""
        count, version = _HEAD.unpack_from(self.content, self.place)
        end: int = self.place + 4 + (count ^ COUNTED)
        if version not in versions or end > len(self.content):  # without the flag the end is far away
            raise UnexpectedError
        self.place += 6
        return end

    def skip_part(self) -> None:
        """Go behind a part that begins here."""
        self.place = self.part(_ANY)

    def numbers(self, layout: struct.Struct) -> tuple[Any, ...]:
        """Return some numbers and go on."""
        values = layout.unpack_from(self.content, self.place)
        self.place += layout.size
        return values

    def number(self, layout: str) -> Any:
        """Return one number and go on."""
        return self.numbers(struct.Struct(layout))[0]

    def text(self) -> str:
        """Return a TString and go on."""
        (length,) = self.numbers(_BYTE)
        if length == 255:
            (length,) = self.numbers(_INT)
        self.place += length
        if self.place > len(self.content):
            raise UnexpectedError
        return self.content[self.place - length : self.place].decode(errors="surrogateescape")

    def array(self, kind: str) -> npt.NDArray[Any]:
        """Return a TArray and go on."""
        (length,) = self.numbers(_INT)
        if length < 0:
            raise UnexpectedError
        found = np.frombuffer(self.content, kind, length, self.place)
        self.place += found.nbytes
        return found

    def named(self) -> tuple[str, int]:
        """Return title and bits of a TNamed that begins here and go behind it."""
        end = self.part(range(1, 2))
        _, _, bits = self.numbers(_OBJECT)
        if bits & REFERENCED:
            self.place += 2
        self.text()
        title = self.text()
        if self.place != end:
            raise UnexpectedError
        return title, bits
