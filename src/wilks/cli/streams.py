"""Where commands read and write: files, or `-` for standard input and output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from wilks.pipeline import save_text


def output_option(help: str, *, default: str | None = None) -> Callable[[Any], Any]:
    """Return the option `-o`, `--output`."""
    return click.option("-o", "--output", metavar="PATH", default=default, show_default=default is not None, help=help)


def source(file: str) -> Any:
    """Return what a loader reads: the path, or standard input for `-`."""
    return sys.stdin.buffer if file == "-" else file


def put(text: str, output: str | None) -> None:
    """Print a text, or write it to the file `output`."""
    if output is None or output == "-":
        click.echo(text)
    else:
        wrote(save_text(f"{text}\n", Path(output)))


def wrote(files: list[Path]) -> None:
    """Say which files were written."""
    for file in files:
        click.echo(f"wrote {file}")


def figure_target(output: str) -> tuple[Path, tuple[str, ...]]:
    """Return path without suffix and formats of a figure: the suffix of `output`, else PDF and PNG."""
    path = Path(output)
    return path.with_suffix(""), (path.suffix[1:],) if path.suffix else ("pdf", "png")
