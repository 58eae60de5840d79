"""The options that say how the input of templates is read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.templates.workers import Workers


@dataclass(frozen=True)
class Reading:
    """Who reads, whether files that can't be read are left out, and whether everything is made again."""

    count: int | None
    processes: bool
    dask: str | None
    skip_unreadable: bool
    force: bool

    def __post_init__(self) -> None:
        if self.dask is not None and (self.processes or self.count is not None):
            raise InputError("--dask leaves the reading to a cluster; --workers and --processes don't go with it")

    @contextmanager
    def workers(self) -> Iterator[Workers]:
        """Give who reads; a cluster is left in the end."""
        if self.dask is not None:
            from wilks.templates.clusters import dask_executor

            with dask_executor(self.dask) as executor:
                yield executor
        elif self.processes:
            from wilks.templates.workers import Processes

            yield Processes(self.count)
        else:
            yield self.count


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command is called with `reading`."""

    @functools.wraps(command)
    def wrapped(
        *, workers: int | None, processes: bool, dask: str | None, skip_unreadable: bool, force: bool, **rest: Any
    ) -> Any:
        return command(reading=Reading(workers, processes, dask, skip_unreadable, force), **rest)

    for decorate in (
        click.option("--force", is_flag=True, help="Make all templates again, also those whose input hasn't changed."),
        click.option(
            "--skip-unreadable",
            is_flag=True,
            help="Leave out ntuples that can't be read, and say which. Default: fail.",
        ),
        click.option("--dask", metavar="ADDRESS", help="Read ntuples on a dask cluster, such as tcp://host:8786."),
        click.option("--processes", is_flag=True, help="Read ntuples in processes instead of threads."),
        click.option(
            "--workers",
            type=click.IntRange(1),
            metavar="N",
            help="Threads (processes) that read ntuples. Default: one per processor, at most 8 threads.",
        ),
    ):
        wrapped = decorate(wrapped)
    return wrapped
