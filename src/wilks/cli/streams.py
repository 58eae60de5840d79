"""Where commands read and write: files, or `-` for standard input and output."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wilks._reading import read_file, read_stream
from wilks.errors import InputError, shown
from wilks.pipeline import save_text
from wilks.results.conditions import conditions_of

if TYPE_CHECKING:
    from wilks.table import Table

STDIN = "<stdin>"


def output_option(help: str, *, default: str | None = None, never_printed: str = "") -> Callable[[Any], Any]:
    """Return the option `-o`, `--output`; `never_printed` says why a command can't write to standard output."""

    def checked(ctx: click.Context, parameter: click.Parameter, output: str | None) -> str | None:
        if never_printed and output == "-":
            raise InputError(f'-o -: "wilks {ctx.info_name}" {never_printed}')
        if output is not None and output != "-":
            check_target(output, file=not never_printed)
        return output

    return click.option(
        "-o", "--output", metavar="PATH", default=default, show_default=default is not None, help=help, callback=checked
    )


def _shown(ctx: click.Context, parameter: click.Parameter, significant: int) -> None:
    from wilks.table import digits

    ctx.with_resource(digits(significant))


FORMATS = ("text", "markdown", "latex", "html", "csv", "json")
_BY_SUFFIX = {".md": "markdown", ".tex": "latex", ".html": "html", ".htm": "html", ".csv": "csv", ".json": "json"}
_FORMAT = "wilks.format"


def _remember(ctx: click.Context, parameter: click.Parameter, chosen: str | None) -> None:
    ctx.meta[_FORMAT] = chosen


format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    expose_value=False,
    callback=_remember,
    help="Print tables so, and nothing else. Default: text; for the file of a table what its suffix says.",
)


def as_tables(tables: Iterable[Table], form: str) -> str:
    """Return tables in one of the `FORMATS`: an empty line between two, in JSON a list."""
    if form == "json":
        return json.dumps([table.json_data() for table in tables], indent=1, ensure_ascii=False)
    return "\n\n".join(getattr(table, form)() for table in tables)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--digits` and `--format`, which work without the command."""
    decorated: Callable[..., Any] = digits_option(format_option(command))
    return decorated


digits_option = click.option(
    "--digits",
    type=click.IntRange(1, 15),
    default=2,
    show_default=True,
    expose_value=False,
    callback=_shown,
    help="Significant digits of uncertainties; other numbers have two more.",
)


def check_target(output: str, *, file: bool) -> None:
    """Raise InputError where nothing can be written to a path, before there is anything to lose."""
    path = Path(output)
    if file and path.exists() and not path.is_file():
        what = "it is a folder; name a file" if path.is_dir() else "it is no file; - is standard output"
        raise InputError(f"{output}: can't be written: {what}")
    there = next((folder for folder in (path.absolute().parent, *path.absolute().parents) if folder.exists()), None)
    if there is not None and not there.is_dir():
        raise InputError(f"{output}: can't be written: {there} is a file")
    if there is not None and not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{output}: can't be written: no permission to write to {there}")


def source(file: str) -> Any:
    """Return what a loader reads: the path; for `-` and for pipes with a name, which can be read once, the content."""
    if file == "-":
        content = _Named(read_stream(sys.stdin.buffer, STDIN) if sys.stdin else b"")
        content.name = STDIN
        return content
    if Path(file).is_fifo():
        content = _Named(read_file(file))
        content.name = file
        return content
    return file


class _Named(io.BytesIO):
    """Bytes with the name that messages call them by."""

    name: str


def put(text: str, output: str | None, tables: Iterable[Table] = ()) -> None:
    """Print a text, or write it to the file `output`: its `tables` alone where --format or the suffix asks for that."""
    form = _asked_format() or _BY_SUFFIX.get(Path(output or "").suffix.lower(), "text")
    if form != "text" and tables:
        text = as_tables(tables, form)
    if output is None or output == "-":
        click.echo(shown(text))
    else:
        wrote(save_text(f"{text}\n", Path(output)))


def _asked_format() -> str | None:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_FORMAT)


def deliver(result: Any, text: str, output: str | None, tables: Iterable[Table] | None = None) -> None:
    """Save a result to the file `output` and print `text` about it; for `-` print the result as JSON instead.

    With --format its `tables` (default: all of them) are printed in place of the text, and what else is to be known
    goes to standard error.

    It is saved before anything is printed, since whoever reads that may leave early; and printed where saving fails.
    """
    if output == "-":
        from wilks.results.io import encode_result

        if _asked_format() is not None:
            raise InputError("--format: with -o - the whole result is printed, not its tables")
        click.echo(encode_result(result), nl=False)
        return
    form = _asked_format() or "text"
    if form != "text":
        text = as_tables(result.tables() if tables is None else tables, form)
        _tell_the_rest(result)
    try:
        if output is not None:
            result.save(output)
    except InputError:
        with suppress(OSError):
            click.echo(shown(text))
        raise
    click.echo(shown(text))
    if output is not None:
        wrote([Path(output)])


def _tell_the_rest(result: Any) -> None:
    """Say on standard error what tables lack: that fits failed, and the conditions."""
    if not getattr(result, "converged", True):
        warn(str(getattr(result, "status", "") or "not everything was found; the text says what"))
    for condition in conditions_of(result):
        click.echo(shown(f"wilks: {condition}"), err=True)


def wrote(files: list[Path]) -> None:
    """Say which files were written."""
    for file in files:
        click.echo(shown(f"wrote {file}"))


def warn(sentence: str) -> None:
    """Say on standard error what does not stop a command."""
    click.echo(shown(f"wilks: warning: {sentence}"), err=True)


def figure_target(output: str) -> tuple[Path, tuple[str, ...]]:
    """Return path without suffix and formats of a figure: the suffix of `output`, else PDF and PNG."""
    path = Path(output)
    return path.with_suffix(""), (path.suffix[1:],) if path.suffix else ("pdf", "png")
