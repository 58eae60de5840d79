"""What is told while an analysis runs: a line per stage, and on a terminal a progress bar under them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from wilks.cli.wording import counted, fit_lines, plural
from wilks.pages import drawn_alone
from wilks.pipeline import Event, Run, Stage
from wilks.questions import Unanswered
from wilks.results.conditions import beyond_status

_NOTES = 6
# Sentences on what was read that are told; all of them are in templates.json.
_AFTER = 1.0
# Seconds without a bar: what takes no longer needs none.


@dataclass(frozen=True)
class Narrator:
    """Who is told how a run goes: `observe` of its stages, `progress` of entries done and entries in all, `drawn` of
    figures.
    """

    observe: Callable[[Event], None]
    progress: Callable[[int, int], bool]
    drawn: Callable[[int, int], bool]


@contextmanager
def narrator() -> Iterator[Narrator]:
    """Give who prints a line when a stage has ended, below them a bar if this is a terminal.

    Lines that can't be printed are left out, and the run goes on: whoever reads them may leave early.
    """
    if sys.stdout is None or not sys.stdout.isatty():
        yield Narrator(lambda event: _tell(event, click.echo), lambda done, total: True, lambda done, total: True)
        return
    with _bar() as bar:
        stages = bar.add_task("", total=len(Stage), pace="")

        def say(line: str) -> None:
            bar.console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

        entries, drawn = _Entries(bar), _Entries(bar, "figures")

        def observe(event: Event) -> None:
            entries.end()
            drawn.end()
            bar.update(stages, description=event.stage, advance=0 if event.product is None else 1)
            _tell(event, say)

        yield Narrator(observe, entries.told, drawn.told)


@contextmanager
def reading_progress() -> Iterator[Callable[[int, int], bool]]:
    """Give who shows entries done and entries in all on a terminal, once a second has passed."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, total: True
        return
    from rich.console import Console

    with _bar(console=Console(stderr=True)) as bar:
        yield _Entries(bar).told


def _bar(**options: Any) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn

    columns = TextColumn("{task.description:<10}"), BarColumn(), TextColumn("{task.fields[pace]}", markup=False)
    return Progress(*columns, transient=True, **options)


class _Entries:
    """The bar of entries (or of what else is counted), which is there from the second second to the last entry."""

    def __init__(self, bar: Any, what: str = "entries") -> None:
        self.bar, self.what, self.task, self.started, self.pace = bar, what, None, time.monotonic(), Pace()

    def told(self, done: int, total: int) -> bool:
        text = self.pace.told(done, total)
        if self.task is None and time.monotonic() - self.started > _AFTER:
            self.task = self.bar.add_task(self.what, total=None, pace="")
        if self.task is not None:
            self.bar.update(self.task, completed=done, total=total or None, pace=text)
        return True

    def end(self) -> None:
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task, self.pace = None, Pace()


class Pace:
    """How fast entries are read, over all the time since the first were, and how long the others will take."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.begun: float | None = None

    def told(self, done: int, total: int) -> str:
        """Return entries done and in all, a second, and time left; empty before there are any."""
        if not total:
            return ""
        now = self.clock()
        if self.begun is None:
            self.begun = now
        text = f"{amount(done)} of {amount(total)}"
        passed = now - self.begun
        if not done or not passed > 0:
            return text
        rate = done / passed
        return f"{text}, {amount(rate)}/s, {duration((total - done) / rate)} left"


def amount(number: float) -> str:
    """Return a number with three digits and a unit: `950`, `12.3k`, `1.20M`."""
    thousands = 0
    while number >= 999.5 and thousands < 4:
        number, thousands = number / 1000, thousands + 1
    digits = f"{number:#.3g}".removesuffix(".") if thousands else f"{number:.0f}"
    return digits + ("", "k", "M", "G", "T")[thousands]


def duration(seconds: float) -> str:
    """Return a time in its two largest units: `12 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def ending(run: Run, output: str) -> list[str]:
    """Return the last lines of a run: where everything is."""
    folder = Path(output)
    made = {path.parent.name for path in run.files}
    kinds = [kind for kind in ("figures", "tables") if kind in made]
    lines = ["", ", ".join(f"{kind} {'are ' * (i == 0)}in {folder / kind}" for i, kind in enumerate(kinds))]
    if folder / "report.html" in run.files:
        lines.append(f"everything is in {folder / 'report.html'}")
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
            kept = f", {len(made.reused)} of them from before" if made.reused else ""
            if made.events is None:
                return f"{plural(len(made), 'histogram')}{kept}", []
            notes = made.events.notes
            more = [f"... and {len(notes) - _NOTES} more"] if len(notes) > _NOTES else []
            return f"{plural(len(made), 'histogram')}{kept}{',' if kept else ''} from {made.events}", [
                *notes[:_NOTES],
                *more,
            ]
        case Stage.WORKSPACE:
            bins = sum(len(made.axis(channel)) for channel in made.channel_names)
            return f"{plural(len(made.channel_names), 'channel')}, {plural(bins, 'bin')}", []
        case Stage.CHECK:
            return counted(made), [str(finding) for finding in made if finding.severity != "note"]
        case Stage.FIT:
            lines = [str(condition) for condition in beyond_status(made.conditions) if condition.severity != "note"]
            return f"2NLL {made.twice_nll:.6f}, {plural(made.iterations, 'iteration')}", [*fit_lines(made), *lines]
        case Stage.VARIATIONS:
            return "variations and pruning" if made else "none", []
        case Stage.PULLS:
            return "parameters", []
        case Stage.PREFIT | Stage.POSTFIT:
            hidden = len(made.channels) - len(drawn_alone(made))
            said = f'{hidden} channels of one bin are drawn in the summary only; "wilks data-mc" draws each'
            return "data and prediction", [said] if hidden else []
        case Stage.CORRELATIONS | Stage.RANKING_FIGURE:
            return "drawn" if made else "none", []
        case Stage.CHECK_FIT:
            return counted(made), [str(finding) for finding in made if finding.severity != "note"]
        case Stage.REPORT:
            return "everything in one page", []
        case _:
            return _answer(made), []


def _answer(made: Any) -> str:
    """Return the answer to a question in a few words."""
    if isinstance(made, Unanswered):
        return f"none: {made.reason}"
    return repr(made).strip("<>").partition(": ")[2]
