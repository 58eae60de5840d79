"""The command that draws results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks.cli.drawing import log_option, style_options, titles_option
from wilks.cli.figure_options import PLOT, figure_options, renamed
from wilks.cli.helping import Command
from wilks.cli.inputs import read_result
from wilks.cli.streams import figure_target, output_option, wrote
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle


@click.command(
    cls=Command,
    examples=(
        "wilks plot ranking.json -o figures/ranking.pdf --style ATLAS --status Internal",
        "wilks plot limit.json --style CMS --energy '13 TeV' --luminosity '138 fb$^{-1}$'",
    ),
)
@click.argument("result", metavar="RESULT")
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG. Default: figures/ and the name of RESULT.",
    never_printed="writes figures: name a path",
)
@click.option(
    "--poi",
    metavar="NAME",
    help="Parameter that a ranking, a breakdown or toys are drawn for. Default: the (first) parameter of interest.",
)
@log_option("Limits on a logarithmic or linear axis. Default: logarithmic where they differ by over a factor 20.")
@figure_options(PLOT)
@titles_option
@style_options
def plot(
    result: str,
    output: str | None,
    poi: str | None,
    log: bool | None,
    options: dict[str, Any],
    titles: dict[str, str],
    style: FigureStyle,
) -> None:
    """Draw a saved result of any kind."""
    from wilks.figures.draw import DRAWN_BY, undrawn

    found = read_result(result)
    if type(found).__name__ not in DRAWN_BY:
        raise InputError(f"{result}: {undrawn(found)}")
    stem, formats = figure_target(output or f"figures/{Path(result).stem if result != '-' else 'result'}")
    chosen = titles.get(poi, poi) if poi is not None else None
    keywords = {"poi": chosen, "log": log, "style": style, **renamed(options, titles, found)}
    figure = wilks.figures.draw(wilks.figures.titled(found, titles), **keywords)
    wrote(wilks.figures.save(figure, stem, formats))
