"""Datacards of CMS's Combine: a column for each process of each channel, and histograms in ROOT files or tables."""

from __future__ import annotations

_KEYWORDS = (b"imax", b"jmax", b"kmax", b"bin", b"process", b"rate", b"observation", b"shapes")
_LOOKED_AT = 1 << 20


def recognise(content: bytes) -> bool:
    """Return whether bytes are (the beginning of) a datacard: lines that begin with `process` and `rate`, or `imax`.

    >>> recognise(b"imax 1\\nbin a\\nobservation 1\\nprocess s b\\nprocess 0 1\\nrate 1 1\\n")
    True
    >>> recognise(b"General:\\n  rate: 1\\n")
    False
    """
    content = content[:_LOOKED_AT]
    if b"\0" in content:
        return False
    words = [line.split() for line in content.splitlines()]
    found = {line[0].lower() for line in words if len(line) > 1}.intersection(_KEYWORDS)
    return {b"process", b"rate"} <= found or {b"imax", b"kmax"} <= found or {b"imax", b"process"} <= found
