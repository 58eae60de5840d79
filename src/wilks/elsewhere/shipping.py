"""What is sent to workers: large things once to each of them, by digest; a task names those that it needs.

A job is a callable `job(item, threads, progress)`. It is pickled without the things it shares with other jobs (models),
which are named in it by their digests.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import platform
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from wilks._version import __version__

Job: TypeAlias = Callable[[Any, int | None, Callable[[int, int], bool] | None], Any]

# Things that a worker keeps: a model, the jobs that it is used in, and those of a few other questions.
_KEPT = 16


@dataclass(frozen=True, eq=False)
class Parcel:
    """A thing as it is sent: its digest, its bytes, and the parcels that must be there before it."""

    digest: str
    content: bytes
    needs: tuple[Parcel, ...] = ()

    @property
    def all(self) -> tuple[Parcel, ...]:
        """What it needs, then itself."""
        return (*self.needs, self)


def packed(thing: object, needs: Mapping[int, Parcel] | None = None) -> Parcel:
    """Return a thing as a parcel; in it, those whose `id` is in `needs` are named by digest."""
    known = dict(needs or {})
    stream = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, found: object) -> str | None:
            parcel = known.get(id(found))
            return None if parcel is None else parcel.digest

    Pickler(stream, protocol=5).dump(thing)
    content = stream.getvalue()
    return Parcel(hashlib.sha256(content).hexdigest(), content, tuple(known.values()))


@dataclass(frozen=True)
class Answer:
    """What a worker says: who it is, with which versions, what it lacks to begin; else what it made and how long the
    items took, in seconds.
    """

    worker: str
    version: str
    missing: tuple[str, ...] = ()
    made: tuple[Any, ...] = ()
    seconds: float = 0.0


class _Shelf:
    """What a process was sent, by digest: the last ones used."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: str, content: bytes | None) -> Any:
        """Return a thing, unpacked where it is not there yet; KeyError where there is nothing to unpack."""
        with self._lock:
            if digest not in self._things:
                if content is None:
                    raise KeyError(digest)
                self._things[digest] = self._unpacked(content)
                while len(self._things) > _KEPT:
                    self._things.popitem(last=False)
            self._things.move_to_end(digest)
            return self._things[digest]

    def _unpacked(self, content: bytes) -> Any:
        things = self._things

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, digest: str) -> Any:
                things.move_to_end(digest)
                return things[digest]

        return Unpickler(io.BytesIO(content)).load()


# A worker is a process that serves many tasks: what it was sent outlives a task.
_shelf = _Shelf()


def do(digests: Sequence[str], items: bytes, *contents: bytes | None) -> Answer:
    """Return what the job, the last of `digests`, makes of each of some pickled items; in one thread.

    `contents` are those of the digests, None for what is believed to be here.
    """
    who = f"{socket.gethostname()}:{os.getpid()}"
    missing = []
    for digest, content in zip(digests, contents, strict=True):
        try:
            job = _shelf.get(digest, content)
        except KeyError as error:
            missing.append(str(error.args[0]))
    if missing:
        return Answer(who, versions(), tuple(digests))
    begun = time.perf_counter()
    made = tuple(job(item, 1, None) for item in pickle.loads(items))
    return Answer(who, versions(), made=made, seconds=time.perf_counter() - begun)


def versions() -> str:
    """Return what has to be the same here and there."""
    return f"wilks {__version__} in Python {'.'.join(platform.python_version_tuple()[:2])}"
