"""What the commands of inference share: workspace, data set, what is held, and how progress is shown."""

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

import wilks
from wilks.cli.fits import check_fixed, numbers_by_name
from wilks.cli.inputs import read_fit, read_once, read_workspace
from wilks.cli.regions import Regions, region_options
from wilks.cli.streams import deliver
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.infer.study import Running
    from wilks.model.datasets import Data
    from wilks.model.model import Model
    from wilks.workspace.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """Model, data, parameters that are held, and threads, as the options of a command say."""

    model: Model
    data: Data
    fixed: dict[str, float]
    threads: int | None
    workspace: Workspace

    def ask(self, what: str, verb: Callable[..., Any], **own: Any) -> Any:
        """Return what a verb of inference says about model and data; `what` stands beside the progress bar."""
        with self.running(what) as running:
            return verb(self.model, self.data, fixed=self.fixed, running=running, **own)

    @contextmanager
    def running(self, what: str) -> Iterator[Running]:
        """Give the fits a progress bar (on a terminal, once a second has passed); Ctrl-C then ends them early.

        What is done by then is kept: the fits left out have the status "interrupted".
        """
        from wilks.infer.study import Running

        with shown_progress(what) as progress:
            yield Running(threads=self.threads, progress=progress)


def conclude(ctx: click.Context, result: Any, output: str | None) -> None:
    """Print and save a result, and end the command with exit code 1 where it has not converged."""
    deliver(result, str(result), output)
    ctx.exit(0 if result.converged else 1)


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add WORKSPACE and the options that choose model and data; the command is called with `asked`."""

    @functools.wraps(command)
    def wrapped(
        *,
        workspace: str,
        measurement: str | None,
        poi: str | None,
        fix: dict[str, float],
        asimov: bool,
        after: str | None,
        values: dict[str, float],
        threads: int | None,
        regions: Regions,
        **rest: Any,
    ) -> Any:
        read_once(workspace, after)
        used = regions.restricted(read_workspace(workspace), measurement, poi)
        model = wilks.compile_model(used, measurement=measurement, poi=poi)
        check_fixed(model, fix)
        data = _data(model, asimov, after, values)
        return command(asked=Asked(model, data, fix, threads, used), **rest)

    for decorate in (
        click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads. Default: all of the machine."),
        click.option(
            "--set",
            "values",
            multiple=True,
            metavar="NAME=VALUE",
            callback=numbers_by_name,
            help="With --asimov: a parameter the data are made with, for example an injected signal; repeatable.",
        ),
        click.option("--after", metavar="FIT", help="With --asimov: make the data at the best fit saved in a file."),
        click.option("--asimov", is_flag=True, help="Use Asimov data instead of the observed ones."),
        click.option(
            "--fix", multiple=True, metavar="NAME=VALUE", callback=numbers_by_name, help="Keep a parameter; repeatable."
        ),
        region_options(what="left out"),
        click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's."),
        click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the first."),
        click.argument("workspace", metavar="WORKSPACE"),
    ):
        wrapped = decorate(wrapped)
    return wrapped


def _data(model: Model, asimov: bool, after: str | None, values: dict[str, float]) -> Data:
    from wilks.model.datasets import asimov as expected
    from wilks.model.datasets import labelled

    if not asimov:
        if after is not None or values:
            raise InputError("--after and --set say what Asimov data are made of; they need --asimov")
        return labelled(model, None)
    return expected(model, None if after is None else read_fit(after), values=values or None)


@contextmanager
def shown_progress(what: str) -> Iterator[Callable[[int, int], bool]]:
    """Give what shows progress on a terminal, once a second has passed; it returns False after Ctrl-C."""
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True

    started = time.monotonic()
    before = signal.signal(signal.SIGINT, stop)
    try:
        if sys.stderr is None or not sys.stderr.isatty():
            yield lambda done, total: not stopped
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int) -> bool:
            if time.monotonic() - started > 1.0:
                bar.start()
                bar.update(task, completed=done, total=total)
            return not stopped

        try:
            yield tell
        finally:
            bar.stop()
    finally:
        signal.signal(signal.SIGINT, before)
