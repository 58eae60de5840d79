"""Commands that take a while: progress with the time left, on standard error, and what Ctrl-C does."""

from __future__ import annotations

import functools
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from wilks.cli.parts import NOT_KEPT, Kept, kept_options

if TYPE_CHECKING:
    from wilks.elsewhere.pool import Pool
    from wilks.fitting.problem import Search
    from wilks.infer.study import Running

Told = Callable[[int, int], bool]
# Seconds before anything is shown, and between lines where there is no terminal.
_FIRST, _BETWEEN = 1.0, 10.0
_STOPPED = "wilks.stopped"


search_option = click.option(
    "--search",
    type=click.Choice(["none", "default", "thorough"]),
    default="default",
    show_default=True,
    help="How far the lowest minimum is searched for: milliseconds by default, hundreds of starts if thorough.",
)


@dataclass(frozen=True)
class Work:
    """How a command does its fits: threads, whether progress is shown (None: on a terminal), how far minima are
    searched for, the address of a cluster, and where pieces are kept."""

    threads: int | None = None
    shown: bool | None = None
    search: Search = "default"
    dask: str | None = None
    kept: Kept = NOT_KEPT

    @contextmanager
    def running(self, what: str) -> Iterator[Running]:
        """Give the fits a progress bar (once a second has passed) that `what` stands beside; Ctrl-C ends them early.

        What is done by then is kept: the fits left out have the status "interrupted". A second Ctrl-C keeps nothing.
        """
        from wilks.fitting.problem import FitOptions
        from wilks.infer.study import Running

        options = FitOptions(search=self.search)
        with self._pool() as workers:
            pool = self.kept.pool(workers)
            with self.kept.ending(), shown_progress(what, self.shown, None if pool is None else pool.told) as progress:
                yield Running(options=options, threads=self.threads, progress=progress, executor=pool)
            for note in () if pool is None else pool.notes:
                click.echo(note, err=True)

    @contextmanager
    def _pool(self) -> Iterator[Pool | None]:
        """Give the workers of the cluster, None without one."""
        if self.dask is None:
            yield None
            return
        from wilks.elsewhere.pool import Pool
        from wilks.templates.clusters import dask_executor

        with dask_executor(self.dask, all_workers=False) as executor:
            pool = Pool(executor)
            terminal = sys.stderr is not None and sys.stderr.isatty()
            if pool.dashboard and (terminal if self.shown is None else self.shown):
                click.echo(f"dashboard: {pool.dashboard}", err=True)
            yield pool


def work_options(command: Callable[..., Any], *, pieces: bool = False) -> Callable[..., Any]:
    """Add `--search`, `--threads`, `--dask`, `--progress`, and with `pieces` `--folder`, `--part` and `--finish`; the
    command is called with `work`.
    """

    @functools.wraps(command)
    def wrapped(
        *,
        threads: int | None,
        progress: bool | None,
        search: Search,
        dask: str | None,
        kept: Kept = NOT_KEPT,
        **rest: Any,
    ) -> Any:
        return command(work=Work(threads, progress, search, dask, kept), **rest)

    optional: list[Callable[..., Any]] = [kept_options] if pieces else []
    decorated: Callable[..., Any] = wrapped
    for decorate in (
        click.option(
            "--progress/--no-progress",
            default=None,
            help="Show progress, and the time left, on standard error. Default: on a terminal.",
        ),
        *optional,
        click.option(
            "--dask",
            metavar="ADDRESS",
            help="Leave what takes long to the workers of a dask cluster, such as tcp://host:8786: the same answer.",
        ),
        click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads. Default: all of the machine."),
        search_option,
    ):
        decorated = decorate(decorated)
    return decorated


def end(ctx: click.Context, *, good: bool) -> None:
    """End a command whose result is written: as interrupted after Ctrl-C, else with exit code 0, or 1 if not good."""
    if ctx.meta.get(_STOPPED):
        raise KeyboardInterrupt
    ctx.exit(0 if good else 1)


@contextmanager
def shown_progress(what: str, shown: bool | None = None, more: Callable[[], str] | None = None) -> Iterator[Told]:
    """Give what is told about progress; it shows it once a second has passed, and returns False after Ctrl-C.

    `more` tells what else there is to say, such as how many workers there are.
    """
    context = click.get_current_context(silent=True)
    meta = {} if context is None else context.meta

    def stop(number: int, frame: object) -> None:
        meta[_STOPPED] = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        with _display(what, shown, more) as show:
            yield lambda done, total: show(done, total) and not meta.get(_STOPPED)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _display(what: str, shown: bool | None, more: Callable[[], str] | None) -> Iterator[Told]:
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if shown is False or not (terminal or shown):
        yield lambda done, total: True
        return
    if not terminal:
        yield Lines(what, more=more)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    said = TextColumn("{task.fields[more]}", markup=False)
    columns = TextColumn(what, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), said
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None, more="")
    started = time.monotonic()

    def tell(done: int, total: int) -> bool:
        if time.monotonic() - started > _FIRST:
            bar.update(task, completed=done, total=total, more=more() if more else "")
            bar.start()
        return True

    try:
        yield tell
    finally:
        bar.stop()


class Lines:
    """Progress as lines on standard error, for log files: one after a second, then one every ten seconds."""

    def __init__(
        self, what: str, clock: Callable[[], float] = time.monotonic, more: Callable[[], str] | None = None
    ) -> None:
        self.what, self.clock, self.more = what, clock, more
        self.started = clock()
        self.due = self.started + _FIRST

    def __call__(self, done: int, total: int) -> bool:
        now = self.clock()
        if now >= self.due:
            self.due = now + _BETWEEN
            left = f", {_duration((now - self.started) * (total - done) / done)} left" if done else ""
            more = f"; {self.more()}" if self.more else ""
            click.echo(f"{self.what}: {done} of {total}{left}{more}", err=True)
        return True


def _duration(seconds: float) -> str:
    """Return hours, minutes and seconds as `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
