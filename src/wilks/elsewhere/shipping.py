"""What is sent to workers: large things once to each of them, by digest; a task names those that it needs.

A job is a callable `job(item, threads, progress)`. It and its items are pickled without the things they share with
others (models), which are named in them by their digests.
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

# Things that a worker keeps: a model, the jobs that it is used in, and those of a few other questions; more of them
# where all together have no more bytes, as they were sent, than this.
_KEPT, _LITTLE = 16, 1 << 26


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


def packed(thing: object, shared: Callable[[object], Parcel | None] | None = None) -> Parcel:
    """Return a thing as a parcel; in it, those that are `shared` are named by the digest of their parcel."""
    if shared is None:
        content = pickle.dumps(thing, protocol=5)
        return Parcel(hashlib.sha256(content).hexdigest(), content)
    needs: dict[str, Parcel] = {}
    stream, parcel_of = io.BytesIO(), shared

    class Pickler(pickle.Pickler):
        def persistent_id(self, found: object) -> str | None:
            parcel = parcel_of(found)
            if parcel is None:
                return None
            needs[parcel.digest] = parcel
            return parcel.digest

    Pickler(stream, protocol=5).dump(thing)
    content = stream.getvalue()
    return Parcel(hashlib.sha256(content).hexdigest(), content, tuple(needs.values()))


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
    """What a process was sent, by digest, with its number of bytes: the last ones used."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: str, content: bytes | None, near: Mapping[str, Any]) -> Any:
        """Return a thing, unpacked where it is not there yet, with what it shares from `near`; KeyError where there is
        nothing to unpack.
        """
        with self._lock:
            if digest not in self._things:
                if content is None:
                    raise KeyError(digest)
                self._things[digest] = _unpacked(content, near), len(content)
                while len(self._things) > _KEPT and sum(size for _, size in self._things.values()) > _LITTLE:
                    self._things.popitem(last=False)
            self._things.move_to_end(digest)
            return self._things[digest][0]


def _unpacked(content: bytes, near: Mapping[str, Any]) -> Any:
    """Return what was packed, with the things that it shares."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, digest: str) -> Any:
            return near[digest]

    return Unpickler(io.BytesIO(content)).load()


# A worker is a process that serves many tasks: what it was sent outlives a task.
_shelf = _Shelf()


def do(digests: Sequence[str], items: bytes, *contents: bytes | None) -> Answer:
    """Return what the job, the last of `digests`, makes of each of some packed items; in one thread.

    `contents` are those of the digests, None for what is believed to be here.
    """
    who = f"{socket.gethostname()}:{os.getpid()}"
    near: dict[str, Any] = {}
    for digest, content in zip(digests, contents, strict=True):
        try:
            near[digest] = _shelf.get(digest, content, near)
        except KeyError:
            return Answer(who, versions(), tuple(digests))
    job = near[digests[-1]]
    begun = time.perf_counter()
    made = tuple(job(item, 1, None) for item in _unpacked(items, near))
    return Answer(who, versions(), made=made, seconds=time.perf_counter() - begun)


def versions() -> str:
    """Return what has to be the same here and there."""
    return f"wilks {__version__} in Python {'.'.join(platform.python_version_tuple()[:2])}"
