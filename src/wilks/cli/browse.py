"""The command that looks into ROOT files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

import wilks
from wilks.cli.inputs import ROOT, refuse_other_kinds
from wilks.cli.streams import STDIN, figure_target, output_option, source, wrote
from wilks.errors import InputError, TemplateError


@click.command()
@click.argument("file", metavar="FILE")
@click.argument("names", metavar="[NAMES]...", nargs=-1)
@output_option(
    "Write a page (.html) with everything in the file, or a figure (.pdf, .png) of the named histograms.",
    never_printed="writes a page or figures: name a path (.html, .pdf, .png)",
)
def browse(file: str, names: tuple[str, ...], output: str | None) -> None:
    """List or draw what is in a ROOT file.

    Without names the objects are listed; named histograms are drawn over each other, here or in a figure.
    """
    with _file(file) as path:
        if output is None:
            click.echo(_drawn(path, names) if names else _listed(path, file))
        elif output.endswith((".html", ".htm")):
            _write_page(path, names, output)
        else:
            _write_figure(path, names, output)


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


def _drawn(path: str, names: tuple[str, ...]) -> str:
    from wilks.browse import draw, select

    encoding = (sys.stdout.encoding or "").lower()
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return draw(
        select(path, names), shutil.get_terminal_size().columns, unicode=encoding.startswith("utf"), color=color
    )


def _write_page(path: str, names: tuple[str, ...], output: str) -> None:
    from wilks.browse import select, write_page

    select(path, names)
    write_page(path, output)
    wrote([Path(output)])
    if names:
        click.echo(f"opens with them at {output}#{'&'.join(quote(name) for name in names)}")


def _write_figure(path: str, names: tuple[str, ...], output: str) -> None:
    from wilks.browse import select

    if not names:
        raise InputError(f"name the histograms to draw in {output}; without names only a page (.html) can be written")
    stem, formats = figure_target(output)
    wrote(wilks.figures.save(wilks.figures.histograms(select(path, names)), stem, formats))
