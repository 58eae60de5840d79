"""What `wilks run` tells while it runs: a line per stage, and on a terminal a progress bar under them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from wilks.cli.wording import counted, fit_lines, plural
from wilks.pipeline import Event, Run, Stage

_NOTES = 6
# Sentences on what was read that are told; all of them are in templates.json.


@contextmanager
def narrator() -> Iterator[Callable[[Event], None]]:
    """Give the observer of a run: it prints a line when a stage has ended, below them a bar if this is a terminal.

    Lines that can't be printed are left out, and the run goes on: whoever reads them may leave early.
    """
    if sys.stdout is None or not sys.stdout.isatty():
        yield lambda event: _tell(event, click.echo)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(TextColumn("{task.description:<10}"), BarColumn(), transient=True) as bar:
        task = bar.add_task("", total=len(Stage))

        def say(line: str) -> None:
            bar.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

        def observe(event: Event) -> None:
            bar.update(task, description=event.stage, advance=0 if event.product is None else 1)
            _tell(event, say)

        yield observe


def ending(run: Run, output: str) -> list[str]:
    """Return the last lines of a run: where everything is."""
    folder = Path(output)
    lines = ["", f"figures are in {folder / 'figures'}, tables in {folder / 'tables'}"]
    if run.postfit is None:
        lines.append("there are none after the fit, because it gave no uncertainties")
    return lines


def _tell(event: Event, say: Callable[[str], None]) -> None:
    if event.product is None:
        return
    text, details = _words(event)
    with suppress(OSError):
        say(f"{event.stage:<10} {text}{_where(event.files)}")
        for line in details:
            say(f"  {line}")


def _where(files: tuple[Path, ...]) -> str:
    return f" -> {files[0]}{f' and {len(files) - 1} more' if len(files) > 1 else ''}" if files else ""


def _words(event: Event) -> tuple[str, list[str]]:
    """Return what a stage made, in a few words, and what else there is to say, a sentence a line."""
    made = event.product
    match event.stage:
        case Stage.CONFIG:
            counts = {"region": made.regions, "sample": made.samples, "systematic": made.systematics}
            return ", ".join(plural(len(blocks), word) for word, blocks in counts.items()), []
        case Stage.TEMPLATES:
            if made.events is None:
                return plural(len(made), "histogram"), []
            notes = made.events.notes
            more = [f"... and {len(notes) - _NOTES} more"] if len(notes) > _NOTES else []
            return f"{plural(len(made), 'histogram')} from {made.events}", [*notes[:_NOTES], *more]
        case Stage.WORKSPACE:
            bins = sum(len(made.axis(channel)) for channel in made.channel_names)
            return f"{plural(len(made.channel_names), 'channel')}, {plural(bins, 'bin')}", []
        case Stage.CHECK:
            return counted(made), [str(finding) for finding in made if finding.severity != "note"]
        case Stage.FIT:
            return f"2NLL {made.twice_nll:.6f}, {plural(made.iterations, 'iteration')}", fit_lines(made)
        case Stage.VARIATIONS:
            return "variations and pruning" if made else "none", []
        case Stage.PULLS:
            return "parameters", []
        case Stage.PREFIT | Stage.POSTFIT:
            return "data and prediction", []
