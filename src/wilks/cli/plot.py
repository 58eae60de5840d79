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
from wilks.cli.several import by_label, label_option
from wilks.cli.streams import figure_target, output_option, wrote
from wilks.errors import InputError, listed

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle


@click.command(
    cls=Command,
    examples=(
        "wilks plot ranking.json -o figures/ranking.pdf --style ATLAS --status Internal",
        "wilks plot limit.json --style CMS --energy '13 TeV' --luminosity '138 fb$^{-1}$'",
        "wilks plot scan.json asimov.json --label observed --label expected -o figures/scans",
        "wilks plot 2016.json 2017.json combined.json --summary --band combined",
    ),
)
@click.argument("files", metavar="RESULT...", nargs=-1, required=True)
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG. Default: figures/ and the name of RESULT.",
    never_printed="writes figures: name a path",
)
@label_option
@click.option(
    "--summary",
    is_flag=True,
    help="One parameter in all results, a row for each: value with statistical and total uncertainty.",
)
@click.option("--band", metavar="LABEL", help="With --summary: draw the uncertainty of this result over all rows.")
@click.option(
    "--reference", "compared", type=float, metavar="VALUE", help="With --summary: a line at a value to compare with."
)
@click.option(
    "--poi",
    metavar="NAME",
    help="Parameter that a ranking, a breakdown, toys or --summary are drawn for. Default: the (first) parameter of "
    "interest.",
)
@log_option("Limits on a logarithmic or linear axis. Default: logarithmic where they differ by over a factor 20.")
@figure_options(PLOT)
@titles_option
@style_options
def plot(
    files: tuple[str, ...],
    output: str | None,
    labels: tuple[str, ...],
    summary: bool,
    band: str | None,
    compared: float | None,
    poi: str | None,
    log: bool | None,
    options: dict[str, Any],
    titles: dict[str, str],
    style: FigureStyle,
) -> None:
    """Draw saved results of any kind.

    Several fits, scans, limits or rankings are drawn in one figure.
    """
    if not summary and (band is not None or compared is not None):
        raise InputError("--band and --reference are for the rows of --summary")
    if summary and log is not None:
        raise InputError("--log and --linear are for limits; --summary has a linear axis")
    if summary and options:
        raise InputError(f"--summary has no such options: {listed(options)}")
    results = by_label(files, labels, read_result if summary else _drawable)
    stem, formats = figure_target(output or f"figures/{_stem(files, summary)}")
    chosen = titles.get(poi, poi) if poi is not None else None
    named = wilks.figures.titled(results, titles)
    figure: Any
    if summary:
        figure = wilks.figures.poi_summary(named, poi=chosen, band=band, reference=compared, style=style)
    else:
        drawn = next(iter(named.values())) if len(named) == 1 and not labels else named
        keywords = renamed(options, titles, results)
        figure = wilks.figures.draw(drawn, poi=chosen, log=log, style=style, **keywords)
    wrote(wilks.figures.save(figure, stem, formats))


def _drawable(file: str) -> Any:
    """Return the result in a file. Raises InputError for one that has no figure."""
    from wilks.figures.draw import DRAWN_BY, undrawn

    found = read_result(file)
    if type(found).__name__ not in DRAWN_BY:
        raise InputError(f"{file}: {undrawn(found)}")
    return found


def _stem(files: tuple[str, ...], summary: bool) -> str:
    """Return the name of a figure without suffix."""
    if summary:
        return "summary"
    return "together" if len(files) > 1 else Path(files[0]).stem if files[0] != "-" else "result"
