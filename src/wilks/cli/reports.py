"""Commands that write pages: the report, and the model alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

import wilks
from wilks.cli.inputs import DATACARD, DESCRIPTION, HS3, content, kind, read_workspace
from wilks.cli.streams import output_option, wrote


@click.command()
@click.argument("inputs", metavar="FILE...", nargs=-1, required=True)
@output_option("File for the page.", default="report.html", never_printed="writes a page: name a file (.html)")
@click.option("--title", default="", metavar="TEXT", help="Title of the page. Default: the name of the measurement.")
@click.option(
    "--live/--no-live",
    default=None,
    help="With the model itself, to be fitted again in the page. Default: where it takes up to 24 MB.",
)
@click.option("--blind-poi", "blinded", is_flag=True, help="Tell no value of a parameter of interest; hold no model.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
def report(inputs: tuple[str, ...], output: str, title: str, live: bool | None, blinded: bool, show: bool) -> None:
    """Write one page with everything that was found.

    FILE is a folder of "wilks run", or a workspace with any saved results, templates and the steering file. The page
    needs nothing else and works offline; nothing is fitted to make it.
    """
    given = [read_workspace(file) if kind(content(file)) in (HS3, DESCRIPTION, DATACARD) else file for file in inputs]
    wilks.report(*given, title=title, live=live, blinded=blinded).save(output)
    wrote([Path(output)])
    if show:
        click.launch(output)


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@output_option("File for the page. Default: a temporary one.", never_printed="writes a page: name a file (.html)")
@click.option("--open/--no-open", "show", default=True, show_default=True, help="Open the page in the browser.")
def explore(workspace: str, output: str | None, show: bool) -> None:
    """Open the model of a workspace in the browser."""
    if output is None:
        output = str(Path(tempfile.mkdtemp(prefix="wilks-")) / "explore.html")
    wilks.report(read_workspace(workspace), live=True).save(output)
    wrote([Path(output)])
    if show:
        click.launch(output)
