"""`PieceFolder`: the pieces of a question in a folder, so that a run goes on where it ended, and jobs share it.

A piece has a name that is a digest of all that it depends on: model, data, settings, seed, which toys. So it is found
by whoever needs it, in whatever order, and counts once, however many jobs have made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wilks._reading import read_file
from wilks.elsewhere.coding import decoded, encoded, fingerprint
from wilks.elsewhere.piece_questions import begin, note_part, piece_file, question_of, written
from wilks.elsewhere.pool import Pool
from wilks.elsewhere.shipping import Job
from wilks.errors import InputError, ModelError, ResultError, WilksError


class PartDone(WilksError):  # noqa: N818 - it is no mistake
    """A part has done its pieces, and the answer needs pieces of others; `stopped`: it was told to stop before."""

    def __init__(self, sentence: str, *, stopped: bool) -> None:
        super().__init__(sentence)
        self.stopped = stopped


class PieceFolder:
    """A folder that keeps the pieces of a question; `workers` make those that are missing, else this process does.

    Handed in as `executor`. With `part` (3, 100) only every hundredth piece is made, from the third on; where that is
    not all, PartDone is raised, which says so. The same call without it finds all pieces, and makes what is missing.
    With `finish` a part goes on with the pieces of others that nobody has made by then, until there is an answer.

    Raises ModelError for a part that is none, KindError for workers that are none. Questions raise ResultError where
    the folder is that of another question, damaged, or can't be written.

    >>> import wilks
    >>> from wilks.elsewhere.pieces import PieceFolder
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> kept = PieceFolder("pieces")
    >>> test = wilks.hypotest(model, calculator="toys", toys=100, executor=kept)
    >>> again = PieceFolder("pieces")
    >>> wilks.hypotest(model, calculator="toys", toys=100, executor=again).observed.cls == test.observed.cls
    array([ True])
    >>> (kept.found, kept.made), (again.found, again.made)
    ((0, 2), (2, 0))
    """

    def __init__(
        self,
        path: str | Path,
        *,
        part: tuple[int, int] | None = None,
        finish: bool = False,
        workers: Pool | Any | None = None,
    ) -> None:
        """`workers`: an executor of concurrent.futures, or a client of dask.distributed."""
        if part is not None and not 1 <= part[0] <= part[1]:
            raise ModelError(f"part: the first is 1 of {max(part[1], 1)}, found {part[0]} of {part[1]}")
        self.path, self.part, self.finish = Path(path), part, finish
        self.pool = workers if workers is None or isinstance(workers, Pool) else Pool(workers)
        # Pieces that were there, that were made here, and that the question has had so far.
        self.found = self.made = self.asked = 0

    @property
    def workers(self) -> int:
        """How many pieces are made at the same time."""
        return 1 if self.pool is None else self.pool.workers

    @property
    def dashboard(self) -> str:
        """Where the workers can be watched, an empty text where they can't."""
        return "" if self.pool is None else self.pool.dashboard

    def told(self) -> str:
        """Return in a few words what was there and what was made."""
        own = f"{self.found} piece{'s' * (self.found != 1)} found, {self.made} made"
        return own if self.pool is None else f"{own}; {self.pool.told()}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said at the end."""
        return () if self.pool is None else self.pool.notes

    def each(
        self,
        job: Job,
        items: Sequence[Any],
        *,
        shared: Sequence[object] = (),
        threads: int | None = None,
        going_on: Callable[[], bool] = lambda: True,
        most: int | None = None,
        made: Callable[[Any], Any] = lambda item: item,
    ) -> Iterator[tuple[int, Any]]:
        """Yield the place of each item and what the job makes of it: what is in the folder, then what is made.

        Arguments are those of `Pool.each`. Raises PartDone where pieces of other parts are missing.
        """
        names = self._names(job, [made(item) for item in items])
        first, self.asked = self.asked, self.asked + len(names)
        stop = _Stop(going_on)
        missing = []
        for place, name in enumerate(names):
            if stop():
                break
            if (known := self._read(name)) is None:
                missing.append(place)
            else:
                self.found += 1
                yield place, known[0]
        mine, others = self._shares(missing, first)
        for turn in (mine, others if self.part is None or self.finish else []):
            if self.pool is None:
                yield from self._here(job, turn, names, lambda place: made(items[place]), threads, stop)
            else:
                chosen = [items[place] for place in turn]
                how: dict[str, Any] = {"shared": shared, "threads": threads, "most": most, "made": made}
                for place, answer in self.pool.each(job, chosen, going_on=lambda: not stop(), **how):
                    if not self._kept(names[turn[place]], answer, stop):
                        break
                    yield turn[place], answer
        self._end_part([names[place] for place in others], stop)

    def _here(
        self,
        job: Job,
        places: Sequence[int],
        names: Sequence[str],
        item: Callable[[int], Any],
        threads: int | None,
        stop: _Stop,
    ) -> Iterator[tuple[int, Any]]:
        """Yield pieces made in this process, but those that somebody else has made meanwhile."""
        for place in places:
            if stop():
                return
            if (known := self._read(names[place])) is not None:
                self.found += 1
                yield place, known[0]
                continue
            answer = job(item(place), threads, lambda done, total: not stop())
            if not self._kept(names[place], answer, stop):
                return
            yield place, answer

    def _kept(self, name: str, answer: Any, stop: _Stop) -> bool:
        """Write a piece, unless it may have been cut short; return whether the question may have it then.

        A part has no answer to what was cut short.
        """
        if not stop.told:
            written(piece_file(self.path, name), encoded(answer))  # it appears whole or not at all
            self.made += 1
        return not stop.told or self.part is None

    def _shares(self, missing: list[int], first: int) -> tuple[list[int], list[int]]:
        """Return the missing places that are this part's, and those of others, its successor's first."""
        if self.part is None:
            return missing, []
        which, parts = self.part
        turn = {place: (first + place - (which - 1)) % parts for place in missing}
        return [p for p in missing if turn[p] == 0], sorted((p for p in missing if turn[p]), key=lambda p: turn[p])

    def _end_part(self, others: Sequence[str], stop: _Stop) -> None:
        """Note that a part is done; raise PartDone where it was stopped, or pieces of others are missing."""
        if self.part is None:
            return
        name = f"part {self.part[0]} of {self.part[1]}"
        if stop.told:
            raise PartDone(f"{name} was stopped: {self._done()}; the answer needs more", stopped=True)
        note_part(self.path, self.part, self.asked)
        missing = sum(not piece_file(self.path, other).exists() for other in others)
        if missing:
            raise PartDone(
                f"{name} is done: {self._done()}; the answer needs {missing} more of other parts", stopped=False
            )

    def _done(self) -> str:
        return f"{self.made} piece{'s' * (self.made != 1)} made, {self.found} found"

    def _names(self, job: Job, items: Sequence[Any]) -> list[str]:
        """Return the names of pieces. Raises InputError for questions that can't be named."""
        try:
            asked = fingerprint(job)
            names = [fingerprint((asked, item))[:32] for item in items]
        except TypeError as error:
            raise InputError(f"a folder can't keep the pieces of this question: {error}") from None
        if not self.asked:
            begin(self.path, question_of(job))
            if self.part is not None:
                note_part(self.path, self.part)
        return names

    def _read(self, name: str) -> tuple[Any] | None:
        """Return a piece, None where it is not there. Raises ResultError where it is damaged."""
        path = piece_file(self.path, name)
        try:
            return (decoded(read_file(path)),)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise ResultError(f"{path}: this piece is damaged; delete it to have it made again") from None


class _Stop:
    """Asks whether to stop, and remembers that it was told so."""

    def __init__(self, going_on: Callable[[], bool]) -> None:
        self.going_on, self.told = going_on, False

    def __call__(self) -> bool:
        self.told = self.told or not self.going_on()
        return self.told
