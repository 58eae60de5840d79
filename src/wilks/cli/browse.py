"""The command that looks into ROOT files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks.cli.inputs import ROOT, refuse_other_kinds
from wilks.cli.streams import STDIN, figure_target, output_option, source, warn, wrote
from wilks.errors import InputError, TemplateError

if TYPE_CHECKING:
    from wilks.browse import Request


_HELP_BINS = "Bins of what is drawn of a tree: 40, or with a range 40,0,200; of y:x both, x first: 40,0,200,20,-1,1."


@click.command()
@click.argument("file", metavar="FILE")
@click.argument("names", metavar="[NAMES]...", nargs=-1)
@click.option("--where", metavar="EXPRESSION", help="Draw the entries of a tree that pass this, such as 'n_jets > 2'.")
@click.option("--weight", metavar="EXPRESSION", help="Weight of each entry of a tree.")
@click.option("--bins", metavar="N[,LOW,HIGH]", help=_HELP_BINS)
@click.option("--project", metavar="AXES", help="Draw the projection of a TH2 or TH3: x, y, z, xy, xz or yz.")
@click.option("--profile", metavar="AXIS", help="Draw the mean of the other axis of a TH2 along x or y.")
@click.option("--log", is_flag=True, help="Logarithmic axis; of maps, logarithmic colours.")
@output_option(
    "Write a page (.html) with everything in the file, or a figure (.pdf, .png, .svg) of what is named.",
    never_printed="writes a page or figures: name a path (.html, .pdf, .png, .svg)",
)
def browse(file: str, names: tuple[str, ...], output: str | None, log: bool, **options: str | None) -> None:
    """List or draw what is in a ROOT file.

    Without names the objects are listed. Named histograms, graphs and stacks are drawn over each other, here or in a
    figure. After the name of a tree stand expressions over its branches: wilks browse FILE events pt/1000
    """
    from wilks.browse import Request

    asked = Request(names, **options)
    if log and not names:
        raise InputError("--log: name what to draw")
    with _file(file) as path:
        if output is None:
            click.echo(_picture(path, asked, log) if names else _listed(path, file))
        elif output.endswith((".html", ".htm")):
            _write_page(path, asked, log, output)
        else:
            _write_figure(path, asked, log, output)


@contextmanager
def _file(file: str) -> Iterator[str]:
    """Give the path of a file; what comes through a pipe is put into a temporary one, which no message names."""
    given = source(file)
    if isinstance(given, str):
        with _recognised(given):
            yield given
        return
    if not given.getvalue():
        raise InputError(f"{given.name}: empty, not {ROOT}")
    with _recognised(given), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin.root"
        path.write_bytes(given.getvalue())
        try:
            yield str(path)
        except InputError as error:
            raise type(error)([problem.replace(str(path), given.name) for problem in error.problems]) from None


@contextmanager
def _recognised(given: Any) -> Iterator[None]:
    """Say what a file is that is no ROOT file, where its content tells."""
    try:
        yield
    except TemplateError:
        refuse_other_kinds(given, ROOT)
        raise


def _listed(path: str, file: str) -> str:
    from wilks.browse import listing

    return listing(path).replace(path, STDIN, 1) if file == "-" else listing(path)


def _picture(path: str, asked: Request, log: bool) -> str:
    from wilks.browse import draw, show

    encoding = (sys.stdout.encoding or "").lower()
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    selected = show(path, asked)
    width = shutil.get_terminal_size().columns
    picture = draw(selected.drawn, width, unicode=encoding.startswith("utf"), color=color, log=log)
    return "\n".join([picture, *(["", *selected.notes] if selected.notes else [])])


def _write_page(path: str, asked: Request, log: bool, output: str) -> None:
    from wilks.browse import show, write_page

    selected = show(path, asked)
    write_page(path, output, selected.labelled[len(selected.drawn) - len(selected.own) :])
    wrote([Path(output)])
    for note in selected.notes:
        warn(note)
    if asked.names:
        click.echo(f"opens with them at {output}#{'&'.join([*selected.words, *(['!log'] if log else [])])}")


def _write_figure(path: str, asked: Request, log: bool, output: str) -> None:
    from wilks.browse import show

    if not asked.names:
        raise InputError(f"name what to draw in {output}; without names only a page (.html) can be written")
    stem, formats = figure_target(output)
    selected = show(path, asked)
    wrote(wilks.figures.save(wilks.figures.drawables(selected.labelled, log=log), stem, formats))
    for note in selected.notes:
        warn(note)
