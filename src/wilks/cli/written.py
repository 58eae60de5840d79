"""Workspaces that commands write, in the format that a name asks for; and notes on what is read and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wilks import pipeline
from wilks.cli.streams import put, wrote
from wilks.errors import shown

if TYPE_CHECKING:
    from wilks.formats.notes import Note
    from wilks.workspace.workspace import Workspace

_FEW = 5  # notes that a command shows


def put_workspace(workspace: Workspace, output: str | None) -> None:
    """Print a workspace, or write it to a file, in the format that the name of the file ends with."""
    if output is None or output == "-":
        put(json.dumps(workspace.spec, indent=4, sort_keys=True), None)
    else:
        write_as(workspace, Path(output), None)


def write_as(workspace: Workspace, path: Path, format: str | None) -> None:
    """Write a workspace in a format (None: that of the name), and say which files there are and what is lost."""
    writing = pipeline.write_workspace(workspace, path, format)
    tell_notes(writing.notes, "written")
    wrote([file for file in writing.files if not file.name.endswith(".axes.json")])


def besides(path: Path, format: str) -> Path:
    """Return the file in another format that goes beside the file of a workspace."""
    from wilks.formats.known import format_of

    return path.with_name(f"{path.name.removesuffix('.json')}{format_of(format).suffix}")


def tell_notes(notes: Sequence[Note], done: str, *, every: bool = False) -> None:
    """Say on standard error how a workspace was read, or written (`done`): what is lost first; the rest is counted."""
    ordered = sorted(notes, key=lambda note: ("lost", "approximate", "read as").index(note.kind))
    told = ordered if every or len(ordered) <= _FEW else ordered[: _FEW - 1]
    for note in told:
        click.echo(shown(f"wilks: {'' if note.kind == 'read as' else f'{note.kind}: '}{note}"), err=True)
    if rest := ordered[len(told) :]:
        lossy = sum(note.kind != "read as" for note in rest)
        what = f", {lossy} of them on what is lost or approximate" if lossy else ""
        how = '"wilks inspect" lists all' if done == "read" else '"wilks convert" lists all'
        click.echo(f"wilks: {len(rest)} more notes on how it was {done}{what}; {how}", err=True)


format_options = click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("pyhf", "hs3", "histfactory-xml", "datacard")),
    help="Write the workspace in this format too, beside it (.pyhf.json, .hs3.json, .xml, .txt); repeatable.",
)
