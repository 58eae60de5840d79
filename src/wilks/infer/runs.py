"""`Run`: fits in pieces, and who is told how many are done."""

from __future__ import annotations

from dataclasses import dataclass

from wilks.fitting.many import Progress


@dataclass
class Run:
    """A run of `total` fits in pieces: who is told about progress, and whether it was asked to stop."""

    progress: Progress | None
    total: int
    stopped: bool = False

    def told(self, done: int) -> bool:
        """Tell how many fits are done; returns False to stop."""
        if self.progress is not None and self.progress(done, self.total) is False:
            self.stopped = True
        return not self.stopped

    def part(self, first: int) -> Progress:
        """Return what is told about the piece that begins with fit `first`."""
        return lambda done, _: self.told(first + done)

    def rest(self, done: int) -> Progress:
        """Return what is told about fits that don't count, when `done` others are made."""
        return lambda _, __: self.told(done)
