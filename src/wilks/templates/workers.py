"""(function, items) -> results in the order of the items, from threads, processes or any executor.

Work that gets lost, because whoever did it died, is done again; what comes out is the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

from wilks.errors import TemplateError
from wilks.templates.files import first_line

_MOST_THREADS = 8
# By default: more of them wait for Python, and each has a chunk in memory.
_MOST_DEATHS = 3
# After as many, the fresh pool has one process: the next death shows what kills it.
_PATIENCE = 0.2
# Seconds between two looks at whether somebody wants to stop.

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Processes:
    """Processes that read ntuples, `count` of them (None: one per processor), started for it and ended after it.

    Where one dies, for want of memory or in a library, its work is done again in fresh processes, fewer each time. They
    start anew from the Python program they belong to, which needs `if __name__ == "__main__":` around what it does.

    >>> import wilks
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> templates = wilks.build_templates(config, workers=wilks.Processes(2))
    """

    count: int | None = None

    def __post_init__(self) -> None:
        _at_least_one(self.count)


class Cluster(Protocol):
    """Somebody who has an executor: a client of dask.distributed."""

    def get_executor(self, *, pure: bool) -> Executor:
        """Return the executor; `pure=False` forbids it to remember what it did for the same arguments."""


Workers: TypeAlias = int | Processes | Executor | Cluster | None


@runtime_checkable
class Checked(Protocol):
    """Work that can tell an answer to it from anything else: who does it may be on any machine, with any program."""

    def answered_by(self, made: object) -> bool:
        """Return whether something can be the result of this work."""


class Map(Protocol):
    """What gives the results of a function, in order; it calls `waiting` now and then while there is none."""

    def __call__(
        self, function: Callable[[_Given], _Made], items: Sequence[_Given], waiting: Callable[[], None], /
    ) -> Iterator[_Made]: ...


@contextmanager
def mapping(workers: Workers, notes: list[str]) -> Iterator[Map]:
    """Give a `map` that works in so many threads (None: one per processor, at most 8), in processes or an executor.

    It adds a sentence to `notes` where work was lost and done again: in fresh processes if they were its own, here if
    they were somebody else's. Raises TemplateError where processes keep dying, or lack a package.
    """
    if isinstance(workers, Processes):
        own = _OwnProcesses(workers.count or processors(), notes)
        try:
            yield own
        finally:
            own.end()
    elif isinstance(workers, Executor):
        yield _Elsewhere(workers, notes)
    elif workers is None or isinstance(workers, int):
        _at_least_one(workers)
        count = min(processors(), _MOST_THREADS) if workers is None else workers
        if count == 1:
            yield _here
            return
        pool = ThreadPoolExecutor(count)
        try:
            yield _Elsewhere(pool, notes)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    else:
        yield _Elsewhere(workers.get_executor(pure=False), notes)


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _at_least_one(count: int | None) -> None:
    if count is not None and count < 1:
        raise ValueError(f"workers must be at least 1, found {count}")


def _here(function: Callable[[_Given], _Made], items: Sequence[_Given], waiting: Callable[[], None]) -> Iterator[_Made]:
    return map(function, items)


@dataclass(frozen=True)
class _Elsewhere:
    """An executor; what it loses is done here."""

    executor: Executor
    notes: list[str]

    def __call__(
        self, function: Callable[[_Given], _Made], items: Sequence[_Given], waiting: Callable[[], None], /
    ) -> Iterator[_Made]:
        futures = [_submitted(self.executor, function, item) for item in items]
        futures.reverse()  # taken from the end, so that no result is kept
        lost, reason = 0, ""
        try:
            for item in items:
                try:
                    made = _result(futures.pop(), waiting)
                    if isinstance(item, Checked) and not item.answered_by(made):
                        raise ValueError("an answer was not one to what was asked")
                except ImportError as error:
                    raise TemplateError(f"whoever reads the ntuples lacks a package ({first_line(error)})") from error
                except Exception as error:  # executors break in their own ways; a mistake of ours comes again
                    lost, reason = lost + 1, first_line(error)
                    made = function(item)
                yield made
        finally:
            for future in futures:
                future.cancel()
        if lost:
            self.notes.append(f"{lost} of {len(items)} pieces of work got lost and were done again here ({reason})")


class _OwnProcesses:
    """A pool of processes that is replaced when one of them dies."""

    def __init__(self, count: int, notes: list[str]) -> None:
        self.count, self.notes, self.deaths = count, notes, 0
        self.pool = _pool(count)

    def __call__(
        self, function: Callable[[_Given], _Made], items: Sequence[_Given], waiting: Callable[[], None], /
    ) -> Iterator[_Made]:
        with _children_never_interrupted():
            futures = {number: _submitted(self.pool, function, item) for number, item in enumerate(items)}
        number = deaths = 0
        while number < len(items):
            try:
                made = _result(futures[number], waiting)
            except BrokenExecutor:
                deaths += 1
                self._renew(items[number])
                with _children_never_interrupted():
                    for other, future in futures.items():
                        if not future.done() or future.cancelled() or future.exception() is not None:
                            futures[other] = _submitted(self.pool, function, items[other])
                continue
            del futures[number]
            number += 1
            yield made
        if deaths:
            times = "once" if deaths == 1 else f"{deaths} times"
            self.notes.append(f"a process died {times}, and what it was doing was done again")

    def _renew(self, item: object) -> None:
        """Replace the pool. Dead processes are mostly a lack of memory, so there are fewer each time."""
        self.end()
        self.deaths += 1
        if self.deaths > _MOST_DEATHS:
            raise TemplateError(
                f"a process that reads ntuples died {self.deaths} times, the last time over {item}; if memory is "
                "short, use fewer workers"
            )
        self.pool = _pool(1 if self.deaths == _MOST_DEATHS else max(self.count >> self.deaths, 1))

    def end(self) -> None:
        """Wait for what is being done, and end the processes."""
        self.pool.shutdown(wait=True, cancel_futures=True)


def _pool(count: int) -> ProcessPoolExecutor:
    # Forked processes inherit locks that threads hold; spawned ones exist everywhere.
    return ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )


@contextmanager
def _children_never_interrupted() -> Iterator[None]:
    """Have processes that start here not even see Ctrl-C, which would end one before it can ignore it.

    Here it is seen when they have started: none is left half started.
    """
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and callable(handler)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    if ours:  # other threads can take the signal, too
        signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if ours:
            signal.signal(signal.SIGINT, handler)
            if came:
                signal.raise_signal(signal.SIGINT)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _submitted(executor: Executor, function: Callable[[_Given], _Made], item: _Given) -> Future[_Made]:
    """Return the future result; an executor that is broken already fails like one that breaks later."""
    try:
        return executor.submit(function, item)
    except Exception as error:
        failed: Future[_Made] = Future()
        failed.set_exception(error)
        return failed


def _result(future: Future[_Made], waiting: Callable[[], None]) -> _Made:
    while not wait([future], timeout=_PATIENCE).done:
        waiting()
    return future.result()
