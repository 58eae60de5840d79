"""HistFactory XML: a top file, a file for each channel, and histograms in ROOT files."""

from __future__ import annotations

from wilks.formats.xml_tree import is_xml, root_tag


def recognise(content: bytes) -> bool:
    """Return whether bytes are (the beginning of) a HistFactory description: its top file, or that of a channel."""
    return is_xml(content) and root_tag(content) in ("Combination", "Channel")
