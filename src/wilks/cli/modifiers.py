"""The command that shows which parameter acts where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks.cli.drawing import style_options
from wilks.cli.figure_options import MODIFIERS, figure_options
from wilks.cli.helping import Command
from wilks.cli.inputs import read_workspace
from wilks.cli.streams import figure_target, format_option, output_option, put, wrote
from wilks.pages import modifier_figures

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle


@click.command(
    cls=Command,
    examples=(
        "wilks modifiers workspace.json -o figures/modifiers",
        'wilks modifiers workspace.json --parameters "JES*" --channels "SR*" --per-block --format csv',
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@click.option("--per-block", is_flag=True, help="A row of the table for each sample in each channel.")
@output_option(
    "File for the figure as well; the number of the page is appended; without suffix each is written as PDF and as "
    "PNG.",
    never_printed="writes figures: name a path",
)
@figure_options(MODIFIERS, rows="Parameters on a page of the figure. Default: 60.")
@format_option
@style_options
def modifiers(workspace: str, per_block: bool, output: str | None, options: dict[str, Any], style: FigureStyle) -> None:
    """Show which parameter acts where, how, and by how much.

    A table of all parameters with the largest changes of yields and bins is printed; with -o a figure has a cell for
    each parameter in each channel and sample.
    """
    found = read_workspace(workspace)
    chosen = {name: value for name, value in options.items() if name != "rows"}
    table = wilks.tables.modifiers(found, per_block=per_block, **chosen)
    put(table.text(), None, [table])
    if output is None:
        return
    stem, formats = figure_target(output)
    for page, figure in enumerate(modifier_figures(found, style=style, **options)):
        target = stem if page == 0 else stem.with_name(f"{stem.name}_{page + 1}")
        wrote(wilks.figures.save(figure, target, formats))
