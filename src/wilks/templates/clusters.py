"""(address) -> executor of a dask cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from wilks._version import __version__
from wilks.errors import InputError
from wilks.templates.files import first_line

_SECONDS = 10
# A scheduler that has not answered by then is not there.


@contextmanager
def dask_executor(address: str, *, all_workers: bool = True) -> Iterator[Executor]:
    """Give the executor of the dask cluster whose scheduler has this address, such as `tcp://host:8786`.

    Raises InputError if dask.distributed is not installed, no scheduler answers, or, where `all_workers` are needed,
    one has another wilks.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise InputError("a dask cluster needs dask.distributed; install it with: pip install 'wilks[dask]'") from None
    try:
        # A client of nobody waits without end where a port is open, and complains when it goes.
        asyncio.run(asyncio.wait_for(_ask(distributed, address), _SECONDS))
        client = distributed.Client(address, timeout=_SECONDS, set_as_default=False)
    except Exception as error:  # an address can be wrong in many ways, and anything may listen there
        text = f'no scheduler of a dask cluster answers at "{address}"'
        reason = f"nothing within {_SECONDS} seconds" if isinstance(error, TimeoutError) else first_line(error)
        raise InputError(f"{text} ({reason})") from None
    with client:
        if all_workers:
            _require_same_version(client)
        yield client.get_executor(pure=False)


def _require_same_version(client: Any) -> None:
    """Raise InputError where a worker has another wilks, which may make other histograms of the same input, or none."""
    try:
        found: dict[str, str] = client.run(version)
    except ImportError as error:
        raise InputError(f"a worker of the cluster lacks a package ({first_line(error)})") from None
    for address, other in found.items():
        if other != __version__:
            raise InputError(f"the worker {address} has wilks {other}; it needs {__version__}, as there is here")


def version() -> str:
    """Return the version of wilks where this is called."""
    return __version__


async def _ask(distributed: Any, address: str) -> None:
    """Return once a scheduler has said who it is."""
    scheduler = distributed.rpc(address, timeout=_SECONDS)
    try:
        if (await scheduler.identity()).get("type") != "Scheduler":
            raise ValueError("it is something else")
    finally:
        await scheduler.close_rpc()
