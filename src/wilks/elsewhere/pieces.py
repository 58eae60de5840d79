"""`PieceFolder`: the pieces of a question in a folder, so that a run goes on where it ended, and jobs share it.

A piece has a name that is a digest of all that it depends on: model, data, settings, seed, which toys. So it is found
by whoever needs it, in whatever order, and counts once, however many jobs have made it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wilks._reading import read_file
from wilks.elsewhere.coding import decoded, encoded, fingerprint
from wilks.elsewhere.piece_questions import begin, files_in, note_part, piece_file, question_of, written
from wilks.elsewhere.pool import Cluster, Pool
from wilks.elsewhere.shipping import Job
from wilks.errors import InputError, ModelError, ResultError, WilksError

# Seconds without news of others before their pieces are made, or so many times what a piece takes; seconds between two
# looks.
_PATIENCE, _LONGER, _BETWEEN = 10.0, 3.0, 0.5


class PartDone(WilksError):  # noqa: N818 - it is no mistake
    """A part has done its pieces, and the answer needs pieces of others; `stopped`: it was told to stop before.

    >>> import wilks
    >>> from wilks.elsewhere.pieces import PartDone, PieceFolder
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> try:
    ...     wilks.significance(model, toys=2000, executor=PieceFolder("half", part=(2, 2)))
    ... except PartDone as done:
    ...     print(done)
    part 2 of 2 is done: 1 piece made; the answer needs 1 more of other parts
    """

    def __init__(self, sentence: str, *, stopped: bool) -> None:
        super().__init__(sentence)
        self.stopped = stopped


class PieceFolder:
    """A folder that keeps the pieces of a question; `workers` make those that are missing, else this process does.

    Handed in as `executor`. With `part` (3, 100) only every hundredth piece is made, from the third on; where that is
    not all, PartDone is raised, which says so. The same call without it finds all pieces, and makes what is missing.
    With `finish` a part then waits for the pieces of others, and makes those that nobody seems to make, until there is
    an answer.

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
        workers: Executor | Cluster | Pool | None = None,
    ) -> None:
        """`workers`: an executor of concurrent.futures, or a client of dask.distributed."""
        if part is not None and not 1 <= part[0] <= part[1]:
            raise ModelError(f"part: the first is 1 of {max(part[1], 1)}, found {part[0]} of {part[1]}")
        if finish and part is None:
            raise ModelError("finish: is for a part; without one a question always goes on to the answer")
        self.path, self.part, self.finish = Path(path), part, finish
        self.pool = workers if workers is None or isinstance(workers, Pool) else Pool(workers)
        # Pieces that were there, that were made here, and that the question has had so far.
        self.found = self.made = self.asked = 0
        # When something of another part was seen last, and how long a piece took at most, in seconds.
        self.news, self.longest = time.monotonic(), 0.0

    @property
    def workers(self) -> int:
        """How many pieces are made at the same time: by the workers, or by all parts."""
        own = 1 if self.pool is None else self.pool.workers
        return own if self.part is None else own * self.part[1]

    @property
    def dashboard(self) -> str:
        """Where the workers can be watched, an empty text where they can't."""
        return "" if self.pool is None else self.pool.dashboard

    def told(self) -> str:
        """Return in a few words what was there and what was made."""
        return self._counted() if self.pool is None else f"{self._counted()}; {self.pool.told()}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said at the end: what the folder was good for, and work that got lost."""
        kept = self._counted() if self.asked else "nothing was kept, the answer needs no pieces"
        return f"{self.path}: {kept}", *(() if self.pool is None else self.pool.notes)

    def pace(self, kind: str) -> float:
        """Return what work is taken to last that may be left to others: so long that all of it is kept in pieces."""
        return float("inf")

    def set_pace(self, kind: str, seconds: float) -> None:
        """Do nothing: pieces are those of any machine."""

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
        """Yield the place of each item and what the job makes of it: what is in the folder, and what is made.

        Arguments are those of `Pool.each`. Raises PartDone where pieces of other parts are missing.
        """
        names = self._names(job, (made(item) for item in items), shared)
        first, self.asked = self.asked, self.asked + len(names)
        how: dict[str, Any] = {"shared": shared, "threads": threads, "most": most, "made": made}
        turn = _Turn(self, job, items, names, how, _Stop(going_on))
        present = files_in(self.path)
        there = [place for place, name in enumerate(names) if piece_file(self.path, name).name in present]
        missing = sorted(set(range(len(names))).difference(there))
        if self.part is None:
            yield from turn.reading(there)
            yield from turn.making(missing)
            return
        # First what is its own: jobs that begin together need not read what others have made.
        part = self.part
        mine, others = _shares(missing, part, first)
        yield from turn.making(mine, then=lambda: note_part(self.path, part, self.asked))
        if self.finish:
            yield from turn.waiting(others)
        left = sum(not piece_file(self.path, names[place]).exists() for place in others)
        if left or turn.stop.told:
            raise PartDone(self._ended(left, turn.stop.told), stopped=turn.stop.told)
        yield from turn.reading(there if self.finish else sorted([*there, *others]))

    def _counted(self) -> str:
        return f"{self.found} piece{'s' * (self.found != 1)} found, {self.made} made"

    def _ended(self, left: int, stopped: bool) -> str:
        assert self.part is not None
        name = f"part {self.part[0]} of {self.part[1]} {'was stopped' if stopped else 'is done'}"
        more = "" if stopped else f"; the answer needs {left} more of other parts"
        return f"{name}: {self.made} piece{'s' * (self.made != 1)} made{more}"

    def _names(self, job: Job, items: Iterable[Any], shared: Sequence[object]) -> list[str]:
        """Return the names of pieces. Raises InputError for questions that can't be named."""
        try:
            known = {id(thing): fingerprint(thing) for thing in shared}
            asked = fingerprint(job, known)
            names = [fingerprint((asked, item), known)[:32] for item in items]
        except TypeError as error:
            raise InputError(f"a folder can't keep the pieces of this question: {error}") from None
        if not self.asked:
            begin(self.path, question_of(job))
            if self.part is not None:
                note_part(self.path, self.part)
        return names


@dataclass(frozen=True, eq=False)
class _Turn:
    """What is asked for at once: a job, its items and the names of their pieces, as `each` of a folder has it."""

    folder: PieceFolder
    job: Job
    items: Sequence[Any]
    names: Sequence[str]
    how: dict[str, Any]
    stop: _Stop

    def reading(self, places: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Yield pieces that are there."""
        for place in places:
            if self.stop():
                return
            if (known := self._known(place)) is None:
                raise ResultError(f"{self._file(place)}: vanished while pieces were read")
            yield place, known[0]

    def making(self, places: Sequence[int], then: Callable[[], None] = lambda: None) -> Iterator[tuple[int, Any]]:
        """Yield pieces that are made, and written; `then` is called where all of them are.

        A part has no answer to a piece that was cut short, so that it yields none.
        """
        left = len(places)
        if not left:
            then()
        for place, answer, new in self._made(places):
            if self.stop.told and self.folder.part is not None:
                return
            if new and not self.stop.told:  # else it may be cut short
                written(self._file(place), encoded(answer))
                self.folder.made += 1
            left -= 1
            if not left and not self.stop.told:
                then()
            yield place, answer

    def waiting(self, places: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Yield pieces that other parts make, as they appear; made here where there is no news for some time."""
        left, folder = list(places), self.folder
        while left and not self.stop():
            there = [place for place in left if self._file(place).exists()]
            if there:
                folder.news = time.monotonic()
                yield from self.reading(there)
                left = sorted(set(left).difference(there), key=left.index)
            elif time.monotonic() - folder.news < max(_PATIENCE, _LONGER * folder.longest):
                time.sleep(_BETWEEN)
            else:
                count = 1 if folder.pool is None else folder.pool.workers
                yield from self.making(left[:count])
                left = left[count:]

    def _made(self, places: Sequence[int]) -> Iterator[tuple[int, Any, bool]]:
        """Yield pieces and whether they are new: those that others have made meanwhile are not."""
        if self.folder.pool is not None:
            chosen = [self.items[place] for place in places]
            for k, answer in self.folder.pool.each(self.job, chosen, going_on=lambda: not self.stop(), **self.how):
                yield places[k], answer, True
            return
        for place in places:
            if self.stop():
                return
            known = self._known(place)
            if known is not None:
                yield place, known[0], False
            else:
                item, begun = self.how["made"](self.items[place]), time.monotonic()
                answer = self.job(item, self.how["threads"], lambda done, total: not self.stop())
                self.folder.longest = max(self.folder.longest, time.monotonic() - begun)
                yield place, answer, True

    def _known(self, place: int) -> tuple[Any] | None:
        """Return a piece, None where it is not there. Raises ResultError where it is damaged."""
        path = self._file(place)
        try:
            known = (decoded(read_file(path)),)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise ResultError(f"{path}: this piece is damaged; delete it to have it made again") from None
        self.folder.found += 1
        return known

    def _file(self, place: int) -> Path:
        return piece_file(self.folder.path, self.names[place])


def _shares(missing: Sequence[int], part: tuple[int, int], first: int) -> tuple[list[int], list[int]]:
    """Return the missing places that are a part's own, and those of others, its successor's first; `first` is what the
    question has had before.
    """
    which, parts = part
    turn = {place: (first + place - (which - 1)) % parts for place in missing}
    return [p for p in missing if turn[p] == 0], sorted((p for p in missing if turn[p]), key=lambda p: turn[p])


class _Stop:
    """Asks whether to stop, and remembers that it was told so."""

    def __init__(self, going_on: Callable[[], bool]) -> None:
        self.going_on, self.told = going_on, False

    def __call__(self) -> bool:
        self.told = self.told or not self.going_on()
        return self.told
