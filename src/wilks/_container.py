"""Named arrays as compressed bytes that pages read (web/src/engine/container.js)."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from wilks._types import FloatArray, JSONDict

_TYPES = {np.dtype(np.float64): "f8", np.dtype(np.int32): "i4", np.dtype(np.uint8): "u1"}


def container(header: JSONDict, arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return a header and arrays, compressed with gzip; the same content gives the same bytes.

    Inside: the length of the header (4 bytes, little-endian), the header as JSON, then the arrays that it lists, each
    with name, type ("f8", "i4", "u1") and length. Of floating-point numbers first all first bytes, then all second
    ones, and so on: that compresses well.
    """
    listed = [[name, _TYPES[array.dtype], int(array.size)] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": listed}, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    parts = [struct.pack("<I", len(text)), text, *map(_bytes, arrays.values())]
    return gzip.compress(b"".join(parts), compresslevel=6, mtime=0)


def differences(values: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return by how many steps of the last bit numbers differ from predicted ones, the sign as the lowest bit.

    These are 64-bit integers in the place of floating-point numbers; no bit of a number is lost, whatever was
    predicted. Where that is not finite it counts as 0.
    """
    there = np.where(np.isfinite(predicted), predicted, 0.0)
    steps = np.ascontiguousarray(values, "<f8").view("<i8") - there.astype("<f8").view("<i8")
    found: FloatArray = ((steps << 1) ^ (steps >> 63)).view("<f8").astype(np.float64, copy=False)
    return found


def _bytes(array: np.ndarray[Any, Any]) -> bytes:
    """Return the bytes of an array, little-endian; those of floating-point numbers sorted by significance."""
    values = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    if values.dtype.kind != "f":
        return values.tobytes()
    return values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()
