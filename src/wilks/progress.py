"""`shown`: a bar of what is done, and the time left, on standard error: in a terminal, in a notebook, in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from wilks.errors import KindError

# Seconds before anything is shown, between two states of a bar, and between lines of a log file.
_FIRST, _OFTEN, _SELDOM = 1.0, 0.1, 10.0
_WIDTH = 30

Told: TypeAlias = Callable[[int, int], object]


@contextmanager
def shown(progress: bool | Told | None, what: str) -> Iterator[Told | None]:
    """Give who is told (done, total): a bar beside `what` for True, nobody for False and None, else who was handed in.

    What takes less than a second shows nothing. Raises KindError for anything else.
    """
    if progress is True:
        bar = Bar(what)
        try:
            yield bar
        finally:
            bar.end()
    elif progress is None or progress is False:
        yield None
    elif callable(progress):
        yield progress
    else:
        raise KindError(f"progress is True, False or a function of (done, total), found {progress!r}")


class Bar:
    """A bar that is drawn again and again in one line; in a log file a line every ten seconds."""

    def __init__(self, what: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.what, self.stream, self.clock = what, sys.stderr if stream is None else stream, clock
        self.lively = self.stream is not None and (self.stream.isatty() or _in_notebook())
        self.started = clock()
        self.due = self.started + _FIRST
        self.width = 0

    def __call__(self, done: int, total: int) -> bool:
        now = self.clock()
        if self.stream is None or now < self.due:
            return True
        self.due = now + (_OFTEN if self.lively else _SELDOM)
        left = f", {clock_time((now - self.started) * (total - done) / done)} left" if done else ""
        if not self.lively:
            print(f"{self.what}: {done} of {total}{left}", file=self.stream, flush=True)
            return True
        full = _WIDTH * done // total if total else 0
        line = f"{self.what} [{'#' * full}{'.' * (_WIDTH - full)}] {done} of {total}{left}"
        self.stream.write(f"\r{line:<{self.width}}")
        self.stream.flush()
        self.width = max(self.width, len(line))
        return True

    def end(self) -> None:
        """Take the bar away."""
        if self.width and self.stream is not None:
            self.stream.write(f"\r{'':<{self.width}}\r")
            self.stream.flush()


def clock_time(seconds: float) -> str:
    """Return hours, minutes and seconds as `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _in_notebook() -> bool:
    """Return whether this is a kernel of Jupyter, whose standard error obeys carriage returns."""
    return "ipykernel" in sys.modules and type(sys.stderr).__module__.startswith("ipykernel")
