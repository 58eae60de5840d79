"""Python's garbage collector, paused while a large document is made or read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the collector within the block, for the whole process; it runs again afterwards if it ran before.

    Every few hundred new lists it would walk over all the others to find cycles, of which a document has none: that
    takes most of the time of reading a large one.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
