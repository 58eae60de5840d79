"""ROOT files looked into without ROOT: listed, drawn in a terminal, or written as one HTML page.

`listing(path)` is the tree of objects as text, `select(path, names)` the histograms asked for, `draw(histograms,
width)` their picture in characters, `write_page(path, output)` a page with everything in the file.
"""

from __future__ import annotations

from wilks.browse.page import write_page
from wilks.browse.selection import select
from wilks.browse.terminal import draw
from wilks.browse.tree import listing

__all__ = ["draw", "listing", "select", "write_page"]
