"""`Pool`: pieces of work done by an executor, whoever dies: sizes by measured time, lost work done again."""

from __future__ import annotations

import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol, runtime_checkable

from wilks.elsewhere.shipping import Answer, Job, Parcel, do, packed, versions
from wilks.errors import InputError, KindError

# Seconds of work in one task: these, and with many workers more, so that no more tasks end in a second than a scheduler
# takes on with a fraction of its time; seconds between two looks at whether somebody wants to stop, and between two
# counts of the workers.
SECONDS, _LONGEST, _PER_SECOND, _PATIENCE, _COUNTED = 3.0, 10.0, 100, 0.1, 5.0
# How often a task is tried elsewhere before it is done here; tasks waiting for each worker; and how many workers an
# executor is taken to have that does not say.
_TRIES, _AHEAD, _UNKNOWN = 3, 2, 16
_GONE = "the scheduler of the dask cluster is gone"
# Bytes of a job below which it travels with its tasks; and from which dask hands it on. What is smaller travels until
# all workers have it: dask gives tasks to the worker that holds what they need, though others are idle.
_SMALL, _LARGE = 4096, 1 << 18


@runtime_checkable
class Cluster(Protocol):
    """Somebody who has an executor: a client of dask.distributed."""

    def get_executor(self, *, pure: bool) -> Executor:
        """Return the executor; `pure=False` forbids it to remember what it did for the same arguments."""


@dataclass(eq=False)
class _Task:
    """Some items, their places, how often they were tried, what they need, and whether all of it was sent with them."""

    places: tuple[int, ...]
    items: tuple[Any, ...]
    tries: int = 0
    carried: bool = False
    parcels: tuple[Parcel, ...] = ()


@dataclass
class Counts:
    """What has happened so far: tasks done, those that had to be tried again, and those that were done here."""

    done: int = 0
    again: int = 0
    here: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


class Pool:
    """Workers of an executor (any of concurrent.futures, or a client of dask.distributed), for the pieces of questions.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> with ThreadPoolExecutor(2) as executor:
    ...     found = wilks.toys(model, count=200, seed=1, executor=executor)
    >>> found.done
    200
    """

    def __init__(self, workers: Executor | Cluster) -> None:
        """Raises KindError for what is no executor."""
        if isinstance(workers, Executor):
            self.executor = workers
        elif isinstance(workers, Cluster):
            self.executor = workers.get_executor(pure=False)
        else:
            raise KindError(
                "executor is one of concurrent.futures, or a client of dask.distributed, found a "
                f"{type(workers).__name__}"
            )
        # Of dask's executor the client: it sends a thing once, and knows the workers.
        self.client: Any = getattr(self.executor, "_client", None)
        self.counts = Counts()
        self.broken = False
        # Losses since somebody last did anything, and workers that have another version, with that.
        self._in_a_row, self._unfit = 0, dict[str, str]()
        self._asked: set[str] = set()
        self._most = 1
        self._parcels: dict[int, tuple[object, Parcel]] = {}
        self._scattered: dict[str, Any] = {}
        # Which workers have what, and how many have it.
        self._seen: set[tuple[str, str]] = set()
        self._having: Counter[str] = Counter()
        self._counted = (-_COUNTED, 0)
        self._pace: dict[str, float] = {}

    @property
    def workers(self) -> int:
        """How many tasks are done at the same time, as far as the executor tells."""
        if self.client is None:
            return int(getattr(self.executor, "_max_workers", _UNKNOWN))
        last, count = self._counted
        if time.monotonic() - last > _COUNTED and self.client.status == "running":
            with suppress(Exception):  # a scheduler that is gone shows in the tasks
                count = sum(self._fit().values())
            self._most = max(self._most, count)
            self._counted = (time.monotonic(), count)
        return count

    @property
    def seconds(self) -> float:
        """How much work one task is."""
        return min(_LONGEST, max(SECONDS, self.workers / _PER_SECOND))

    def _fit(self) -> dict[str, int]:
        """Return threads by worker of a cluster; those that have another version get no work."""
        threads: dict[str, int] = self.client.nthreads()
        if new := [address for address in threads if address not in self._asked]:
            for address, found in self.client.run(versions, workers=new, on_error="return").items():
                if isinstance(found, OSError):  # it is gone, or can't be reached now
                    continue
                self._asked.add(address)
                if found != versions():
                    self._unfit[address] = f"it has {found}" if isinstance(found, str) else f"it says {found}"
        fit = {address: count for address, count in threads.items() if address not in self._unfit}
        if len(fit) < len(threads):
            self.executor = self.client.get_executor(pure=False, workers=list(fit))
        return fit

    @property
    def dashboard(self) -> str:
        """Where a cluster can be watched, an empty text where it can't."""
        return str(getattr(self.client, "dashboard_link", "") or "")

    def told(self) -> str:
        """Return workers, pieces done and failures in a few words."""
        count = self.workers
        text = f"{count} worker{'s' * (count != 1)}, {self.counts.done} piece{'s' * (self.counts.done != 1)} done"
        return f"{text}, {self.counts.again} tried again" if self.counts.again else text

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said at the end: workers that were passed over, work that got lost, and why."""
        told = [f"{self._refused()}; it was passed over"] if self._unfit else []
        if not self.counts.again:
            return tuple(told)
        why = max(self.counts.reasons, key=lambda reason: (reason == _GONE, self.counts.reasons[reason]))
        here = f", {self.counts.here} of them here" if self.counts.here else ""
        times = "once" if self.counts.again == 1 else f"{self.counts.again} times"
        rest = "; from then on all was done here" if self.broken else ""
        return (*told, f"work got lost {times} and was done again{here} ({why}){rest}")

    def _refused(self) -> str:
        """Return who has another version, and which one is needed."""
        first, found = next(iter(self._unfit.items()))
        more = f", {len(self._unfit) - 1} more like it" if len(self._unfit) > 1 else ""
        return f"the worker {first} can't do this work ({found}, needed is {versions()}, as here{more})"

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
        """Yield the place of each item and what the job makes of it, as they get done; until `going_on` says no.

        `shared` are things in the job and in items that others have too, such as models: each worker gets those that
        it needs, once. `threads` are for what has to be done here. At most so many items are one task. What the job
        gets is `made` of an item when its turn comes. An error of the job is raised.
        """
        named = {id(thing): thing for thing in shared}

        def of_shared(thing: object) -> Parcel | None:
            return self._parcel(thing) if id(thing) in named else None

        parcel_of = of_shared if named else None
        parcel = packed(job, parcel_of)
        kind = type(job).__name__ + "".join(need.digest for need in parcel.needs)
        left: deque[_Task] = deque(_Task((place,), (item,)) for place, item in enumerate(items))
        running: dict[Future[Answer], _Task] = {}
        arrived: SimpleQueue[Future[Answer]] = SimpleQueue()
        if not self.workers and self._unfit:
            raise InputError(self._refused())
        try:
            while left or running:
                while left and not self.broken and len(running) < _AHEAD * max(self.workers, 1):
                    task = self._next(left, kind, most or len(items))
                    future = self._submitted(task, parcel, packed(tuple(made(i) for i in task.items), parcel_of))
                    running[future] = task
                    future.add_done_callback(arrived.put)
                if self.broken and left and not running:
                    yield from self._here(left.popleft(), job, made, threads, going_on)
                    continue
                for future in _taken(arrived):
                    task = running.pop(future)
                    answer = self._answer(future, task)
                    if answer is None and task.tries >= _TRIES:
                        yield from self._here(task, job, made, threads, going_on)
                    elif answer is None:
                        left.appendleft(task)
                    else:
                        self._pace[kind] = answer.seconds / len(task.items)
                        self.counts.done, self._in_a_row = self.counts.done + 1, 0
                        yield from zip(task.places, answer.made, strict=True)
                if not going_on():
                    return
        finally:
            for future in running:
                future.cancel()

    def pace(self, kind: str) -> float | None:
        """Return seconds that were last measured for an item of a kind of work."""
        return self._pace.get(kind)

    def set_pace(self, kind: str, seconds: float) -> None:
        """Keep seconds that were measured for an item of a kind of work."""
        self._pace[kind] = seconds

    def _parcel(self, thing: object) -> Parcel:
        """Return a thing as a parcel, packed once; the thing is kept, so that its id stays its own."""
        if id(thing) not in self._parcels:
            self._parcels[id(thing)] = thing, packed(thing)
        return self._parcels[id(thing)][1]

    def _next(self, left: deque[_Task], kind: str, most: int) -> _Task:
        """Return the next task: one that was tried before as it is, else as many items as take the time of a task."""
        first = left.popleft()
        pace = self._pace.get(kind)
        if first.tries or pace is None:
            return first
        # The last ones end together: no task has more than a share of what is left.
        size = min(int(self.seconds / max(pace, 1e-9)), -(-len(left) // (_AHEAD * max(self.workers, 1))), most)
        tasks = [first]
        while left and len(tasks) < size and not left[0].tries:
            tasks.append(left.popleft())
        return _Task(tuple(p for t in tasks for p in t.places), tuple(i for t in tasks for i in t.items))

    def _submitted(self, task: _Task, parcel: Parcel, items: Parcel) -> Future[Answer]:
        """Return the future answer; an executor that refuses fails like one that breaks later."""
        own = tuple(each for each in items.needs if each not in parcel.needs)
        parcels = task.parcels = (*own, *parcel.all)
        try:
            goes = [task.tries > 0 or self._having[each.digest] < self.workers for each in parcels]
            task.carried = all(goes)
            sent = zip(parcels, goes, strict=True)
            contents = [self._sent(each, going=going, everywhere=each not in own) for each, going in sent]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # dask has advice for large arguments
                return self.executor.submit(do, tuple(each.digest for each in parcels), items.content, *contents)
        except Exception as error:
            failed: Future[Answer] = Future()
            failed.set_exception(error)
            return failed

    def _sent(self, parcel: Parcel, *, going: bool, everywhere: bool) -> Any:
        """Return what stands for a parcel in a task: its content where it is small or `going` with the task, else None.

        A large one the workers of dask have, or get from each other; all at once if it is needed `everywhere`. Where
        there is no worker yet it travels with the task: a cluster that adapts starts workers for tasks alone.
        """
        if self.client is None or len(parcel.content) < _LARGE:
            return parcel.content if going or len(parcel.content) < _SMALL else None
        if not self.workers:
            return parcel.content
        if parcel.digest not in self._scattered:
            self._scattered[parcel.digest] = self.client.scatter(parcel.content, broadcast=everywhere, hash=False)
        return self._scattered[parcel.digest]

    def _answer(self, future: Future[Answer], task: _Task) -> Answer | None:
        """Return what a task gave; None where it got lost, with the task marked. Raises InputError where no worker can
        do anything.
        """
        try:
            answer = future.result()
            if not isinstance(answer, Answer):
                raise ValueError("an answer was not one to what was asked")
            if answer.version != versions():
                raise ImportError(f"the worker {answer.worker} has {answer.version}, needed is {versions()}, as here")
        except (Exception, CancelledError) as error:
            self._lost(task, error)
            return None
        known = {(answer.worker, each.digest) for each in task.parcels}
        if answer.missing:
            self._having.subtract(digest for _, digest in known & self._seen)
            self._seen -= known
            if task.carried:
                self._lost(task, ValueError(f"the worker {answer.worker} keeps nothing"))
            task.tries += not task.carried
            return None
        self._having.update(digest for _, digest in known - self._seen)
        self._seen |= known
        return answer

    def _lost(self, task: _Task, error: BaseException) -> None:
        """Note that a task has to be done again, and why."""
        reason = _reason(error)
        if isinstance(error, ImportError) and self.counts.done == 0 and self.counts.again + 1 >= _TRIES:
            raise InputError(f"the workers of the executor can't do this work ({reason})") from None
        if self.client is not None and self.client.status in ("closing", "closed"):
            reason, self.broken = _GONE, True
        self.broken = self.broken or isinstance(error, BrokenExecutor) or "after shutdown" in str(error)
        self._in_a_row += 1
        # Nobody does anything any more, whatever it is: all that was given out has been tried as often as it may.
        self.broken = self.broken or self._in_a_row >= _TRIES * _AHEAD * max(self._most, self.workers)
        task.tries = _TRIES if self.broken else task.tries + 1
        self.counts.again += 1
        self.counts.reasons[reason] = self.counts.reasons.get(reason, 0) + 1
        # What was sent may have been lost with the worker that had it.
        self._scattered.clear()

    def _here(
        self,
        task: _Task,
        job: Job,
        made: Callable[[Any], Any],
        threads: int | None,
        going_on: Callable[[], bool],
    ) -> Iterator[tuple[int, Any]]:
        """Yield what the items of a task give, made in this process."""
        self.counts.here += 1
        for place, item in zip(task.places, task.items, strict=True):
            if not going_on():
                return
            yield place, job(made(item), threads, lambda done, total: going_on())


def _reason(error: BaseException) -> str:
    """Return why work got lost in a few words."""
    name = type(error).__name__
    if name == "KilledWorker":
        return "workers died of it one after the other, as they do without memory for it"
    if isinstance(error, CancelledError) or name in ("CommClosedError", "FutureCancelledError"):
        return "a worker was lost, or what it had"
    return f"{name}: {error}".splitlines()[0].strip(": ") if str(error) else name


def _taken(arrived: SimpleQueue[Future[Answer]]) -> list[Future[Answer]]:
    """Return the futures that are done, after a short wait if there is none."""
    found = []
    with suppress(Empty):
        found.append(arrived.get(timeout=_PATIENCE))
        while True:
            found.append(arrived.get_nowait())
    return found
