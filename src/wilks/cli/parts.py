"""Runs in parts: `--folder` and `--part I/N`, and `wilks merge`, which joins what the parts made."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from wilks.cli.helping import Command
from wilks.cli.streams import deliver, table_options
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.elsewhere.pieces import PieceFolder
    from wilks.elsewhere.pool import Pool


def part_of(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Return the numbers of I/N, None where nothing is given. Raises InputError for anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f'--part: "{text}" is not I/N with I from 1 to N, such as 3/100')
    return int(match[1]), int(match[2])


@dataclass(frozen=True)
class Kept:
    """Where the pieces of a question are kept, which part of them is made, and whether it goes on to the answer."""

    folder: str | None = None
    part: tuple[int, int] | None = None
    finish: bool = False

    def pool(self, workers: Pool | None) -> Pool | PieceFolder | None:
        """Return who makes pieces: the workers, or a folder that keeps what they make."""
        if self.folder is None:
            return workers
        from wilks.elsewhere.pieces import PieceFolder

        return PieceFolder(self.folder, part=self.part, finish=self.finish, workers=workers)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """End the command with a sentence where a part has done what is its own."""
        if self.part is None:
            yield
            return
        from wilks.elsewhere.pieces import PartDone

        try:
            yield
        except PartDone as done:
            when = "" if done.stopped else "when they are there, "
            more = "" if done.stopped else ", with --part or without"
            click.echo(f"{done}; {when}the same command goes on{more}", err=True)
            if done.stopped:
                raise KeyboardInterrupt from None
            click.get_current_context().exit(0)


NOT_KEPT = Kept()


def kept_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--folder`, `--part` and `--finish`; the command is called with `kept`."""

    @functools.wraps(command)
    def wrapped(*, folder: str | None, part: tuple[int, int] | None, finish: bool, **rest: Any) -> Any:
        if part is not None and folder is None:
            raise InputError("--part: what a part makes is kept in a folder; name one with --folder")
        if finish and part is None:
            raise InputError("--finish is for a part; without --part a command always goes on to the answer")
        return command(kept=Kept(folder, part, finish), **rest)

    for decorate in (
        click.option(
            "--finish",
            is_flag=True,
            help="With --part: then wait for the other parts, and make what nobody makes, until there is the answer.",
        ),
        click.option(
            "--part",
            metavar="I/N",
            callback=part_of,
            help="Make part I of N only, such as 3/100 in a job array; with --folder. Without it the same command then "
            "has the answer.",
        ),
        click.option(
            "--folder",
            metavar="FOLDER",
            help="Keep toys here, piece by piece; the same command goes on where it ended.",
        ),
    ):
        wrapped = decorate(wrapped)
    return wrapped


@click.command(
    cls=Command,
    examples=(
        "wilks merge part-* -o toys.json",
        "wilks merge part-1 part-2 part-3 -o toys -o toys.json",
        "wilks merge limit-part-* -o limit",
    ),
)
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Folder for all toys or pieces, or file for the result of wilks toys, as JSON (a name that ends in .json, or "
    "- to print it); repeatable.",
)
@table_options
@click.pass_context
def merge(ctx: click.Context, folders: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    """Join what parts of a run have made.

    Of "wilks toys" the result is that of the whole run. Of other commands the pieces come into one folder, with which
    the command itself has the answer. What is in several folders counts once. The exit code is 1 where toys or pieces
    are missing; which parts lack is told.
    """
    from wilks.elsewhere.piece_merge import are_pieces
    from wilks.results.toy_merge import merge_toys

    files = [name for name in outputs if name == "-" or name.endswith(".json")]
    into = [name for name in outputs if name not in files]
    if len(files) > 1 or len(into) > 1:
        raise InputError("-o takes one file for the result, and one folder for the toys")
    if are_pieces(folders):
        _merge_pieces(ctx, folders, files, into)
        return
    merged = merge_toys(folders, folder=into[0] if into else None)
    for note in merged.notes:
        click.echo(note, err=True)
    deliver(merged.result, str(merged.result), files[0] if files else None)
    ctx.exit(1 if merged.missing or not merged.result.converged else 0)


def _merge_pieces(ctx: click.Context, folders: tuple[str, ...], files: list[str], into: list[str]) -> None:
    from wilks.elsewhere.piece_merge import merge_pieces

    if files:
        raise InputError(
            f"-o {files[0]}: pieces have no result of their own; join them with -o FOLDER, and ask the command that "
            "made them with --folder FOLDER"
        )
    merged = merge_pieces(folders, folder=into[0] if into else None)
    for note in merged.notes:
        click.echo(note, err=True)
    where = f" in {into[0]}" if into else ""
    click.echo(f"{merged.count} piece{'s' * (merged.count != 1)}{where}")
    ctx.exit(1 if merged.missing else 0)
