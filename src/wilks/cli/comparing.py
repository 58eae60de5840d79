"""Commands that say what a workspace is, and what differs between two: digest, diff."""

from __future__ import annotations

from pathlib import Path

import click

import wilks
from wilks.cli.helping import Command
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.streams import format_option, output_option, put


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@click.option("--pyhf", is_flag=True, help="pyhf's digests, which patch sets and HEPData have: SHA-256 and MD5.")
def digest(workspace: str, pyhf: bool) -> None:
    """Print a workspace's digest, by which results know it."""
    loaded = read_workspace(workspace)
    if not pyhf:
        click.echo(loaded.digest)
        return
    from wilks.workspace.digests import ALGORITHMS, pyhf_digest

    for algorithm in ALGORITHMS:
        click.echo(f"{algorithm}:{pyhf_digest(loaded, algorithm)}")


@click.command(
    cls=Command,
    examples=(
        "wilks diff old.json new.json",
        "wilks diff old.json new.json --format csv -o differences.csv",
    ),
)
@click.argument("left", metavar="WORKSPACE")
@click.argument("right", metavar="WORKSPACE")
@format_option
@output_option("File for the differences: sentences, or a table as its suffix says. Default: print them.")
@click.option("--exit-code", is_flag=True, help="End with exit code 1 where there is any difference.")
@click.pass_context
def diff(ctx: click.Context, /, left: str, right: str, output: str | None, exit_code: bool) -> None:
    """Say how two workspaces differ, the largest first.

    Yields and data, modifiers by what they do, settings of measurements, bin edges.
    """
    read_once(left, right)
    found = wilks.diff(read_workspace(left), read_workspace(right), names=_names(left, right))
    put(str(found), output, found.tables())
    if exit_code and found:
        ctx.exit(1)


def _names(left: str, right: str) -> tuple[str, str]:
    """Return what the sentences call two files."""
    names = tuple("standard input" if file == "-" else Path(file).stem for file in (left, right))
    return (names[0], names[1]) if names[0] != names[1] else (left, right) if left != right else ("A", "B")
