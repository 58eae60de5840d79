"""`Run`: fits in pieces, here or elsewhere, and who is told how many are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wilks.elsewhere.ordered import in_order
from wilks.fitting.many import Progress
from wilks.infer.study import Running
from wilks.results.toy_folder import Piece, pieces


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

    def pieces(
        self, job: Callable[..., Any], count: int, rows: int, running: Running, shared: Sequence[object]
    ) -> Iterator[tuple[Piece, Any]]:
        """Yield what a job makes of each piece of `count` toys, in order: `job(piece, threads, progress)`.

        A toy may be several of the `total` fits. Ends early where it is stopped; the last piece may then be cut short.
        """
        wanted, each = pieces(count, rows), self.total // max(count, 1)
        if running.pool is not None:
            yield from zip(wanted, self._elsewhere(job, wanted, each, running, shared), strict=False)
            return
        for piece in wanted:
            if self.stopped:
                return
            yield piece, job(piece, running.threads, self.part(each * piece.first))

    def _elsewhere(
        self, job: Callable[..., Any], wanted: list[Piece], each: int, running: Running, shared: Sequence[object]
    ) -> Iterator[Any]:
        pool = running.pool
        assert pool is not None
        done = 0

        def arriving() -> Iterator[tuple[int, Any]]:
            nonlocal done
            found = pool.each(job, wanted, shared=shared, threads=running.threads, going_on=lambda: self.told(done))
            for place, made in found:
                done += each * wanted[place].size
                yield place, made

        return in_order(arriving())
