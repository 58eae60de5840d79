"""Runs in parts: `--part I/N`, and `wilks merge`, which joins what the parts made."""

from __future__ import annotations

import re

import click

from wilks.cli.helping import Command
from wilks.cli.streams import deliver, table_options
from wilks.errors import InputError


def part_of(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Return the numbers of I/N, None where nothing is given. Raises InputError for anything else."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f'--part: "{text}" is not I/N with I from 1 to N, such as 3/100')
    return int(match[1]), int(match[2])


@click.command(
    cls=Command,
    examples=(
        "wilks merge part-* -o toys.json",
        "wilks merge part-1 part-2 part-3 -o toys -o toys.json",
    ),
)
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="File for the result, as JSON (a name that ends in .json, or - to print it), or folder for all toys; "
    "repeatable.",
)
@table_options
@click.pass_context
def merge(ctx: click.Context, folders: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    """Join the toys that parts of a run have made.

    The result is that of the whole run. Toys that are in several folders count once. The exit code is 1 where toys are
    missing; which ones is told.
    """
    from wilks.results.toy_merge import merge_toys

    files = [name for name in outputs if name == "-" or name.endswith(".json")]
    into = [name for name in outputs if name not in files]
    if len(files) > 1 or len(into) > 1:
        raise InputError("-o takes one file for the result, and one folder for the toys")
    merged = merge_toys(folders, folder=into[0] if into else None)
    for note in merged.notes:
        click.echo(note, err=True)
    deliver(merged.result, str(merged.result), files[0] if files else None)
    ctx.exit(1 if merged.missing or not merged.result.converged else 0)
