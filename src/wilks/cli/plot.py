"""The command that draws results."""

from __future__ import annotations

from pathlib import Path

import click

import wilks
from wilks.cli.inputs import read_result
from wilks.cli.streams import figure_target, output_option, wrote


@click.command()
@click.argument("result", metavar="RESULT")
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG. Default: figures/ and the kind of result.",
    never_printed="writes figures: name a path",
)
@click.option("--style", default="plain", show_default=True, help="plain, ATLAS or CMS.")
def plot(result: str, output: str | None, style: str) -> None:
    """Draw a saved result of any kind."""
    found = read_result(result)
    stem, formats = figure_target(output or f"figures/{Path(result).stem if result != '-' else 'result'}")
    wrote(wilks.figures.save(wilks.figures.draw(found, style=style), stem, formats))
