"""ROOT files looked into without ROOT: listed, drawn in a terminal, or written as one HTML page.

`listing(path)` is the tree of objects as text, `select(path, names)` the objects asked for, `show(path, request)` also
expressions over the branches of trees; `draw(named, width)` is their picture in characters, `write_page(path, output)`
a page with everything in the file.
"""

from __future__ import annotations

from wilks.browse.page import write_page
from wilks.browse.request import Request, Selected, draw, show
from wilks.browse.selection import select
from wilks.browse.tree import listing

__all__ = ["Request", "Selected", "draw", "listing", "select", "show", "write_page"]
