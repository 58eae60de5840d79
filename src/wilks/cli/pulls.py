"""The command that draws pulls, of one fit or of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.asked import measurement_option, poi_option
from wilks.cli.data import data_set_option
from wilks.cli.drawing import style_options, titles_option
from wilks.cli.figure_options import PULLS, figure_options, renamed
from wilks.cli.helping import Command
from wilks.cli.inputs import read_fit, read_workspace
from wilks.cli.several import by_label, label_option
from wilks.cli.streams import digits_option, figure_target, output_option, wrote
from wilks.errors import InputError, ModelError, shown

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle
    from wilks.results.fit import FitResult


@click.command(
    cls=Command,
    examples=(
        "wilks pulls fit.json --style ATLAS --status Internal",
        "wilks pulls fit-2016.json fit-2017.json --label 2016 --label 2017",
        "wilks pulls workspace.json --b-only",
    ),
)
@click.argument("fit_files", metavar="FIT...", nargs=-1, required=True)
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG.",
    default="figures/pulls",
    never_printed="writes figures: name a path",
)
@label_option
@click.option(
    "--b-only", is_flag=True, help="Of a workspace in place of FIT: fit it, s+b beside background only, and draw both."
)
@click.option("--blind-poi", is_flag=True, help="With --b-only: hide the value of the parameter of interest.")
@measurement_option
@data_set_option
@poi_option
@digits_option
@figure_options(PULLS)
@titles_option
@style_options
def pulls(
    fit_files: tuple[str, ...],
    output: str,
    labels: tuple[str, ...],
    b_only: bool,
    blind_poi: bool,
    measurement: str | None,
    data_set: str | None,
    poi: str | None,
    options: dict[str, Any],
    titles: dict[str, str],
    style: FigureStyle,
) -> None:
    """Draw the pulls of a fit: how far it moved each parameter.

    Of several fits they are side by side, with the differences to the first one, and what changes most is printed.
    """
    stem, formats = figure_target(output)
    if b_only:
        if len(fit_files) > 1 or labels:
            raise InputError("--b-only: takes one workspace, and labels its fits itself")
        results = _with_and_without_signal(fit_files[0], measurement, data_set, poi, blind_poi)
    else:
        given = {
            "--blind-poi": blind_poi,
            "--measurement": measurement,
            "--data-set": data_set,
            "--poi": poi,
        }
        if extra := [option for option, value in given.items() if value]:
            raise InputError(f"{', '.join(extra)}: for the fits of --b-only; those of files are made")
        results = by_label(fit_files, labels, read_fit)
    chosen = renamed(options, titles, results)
    if len(results) == 1 and not labels:
        (only,) = results.values()
        figure = pipeline.pulls_figure(wilks.figures.titled(only, titles), style=style, **chosen)
    else:
        named = wilks.figures.titled(results, titles)
        figure = pipeline.pulls_figure(named, style=style, **chosen)
        if len(named) > 1:
            click.echo(shown(f"{wilks.tables.changes(named).text()}\n"))
    wrote(wilks.figures.save(figure, stem, formats))


def _with_and_without_signal(
    workspace: str, measurement: str | None, data_set: str | None, poi: str | None, blind_poi: bool
) -> dict[str, FitResult]:
    """Return the fits of a workspace with the parameter of interest free, and kept at 0."""
    model = wilks.compile_model(read_workspace(workspace), measurement=measurement, poi=poi, data_set=data_set)
    if model.poi is None:
        raise ModelError("--b-only: the model has no parameter of interest, name one with --poi")
    free, held = wilks.fit(model), wilks.fit(model, fixed={model.poi: 0.0})
    return {"s+b": free.blinded(*model.pois) if blind_poi else free, "b-only": held}
