"""Commands that show a workspace, a fit, or what the model predicts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.data import warn_of_another_workspace
from wilks.cli.drawing import log_option, style_options, titles_option
from wilks.cli.helping import Command
from wilks.cli.inputs import read_fit, read_once, read_workspace
from wilks.cli.regions import Regions, region_options
from wilks.cli.streams import figure_target, format_option, output_option, put, wrote
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle
    from wilks.results.prediction import Prediction


def _prediction_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a prediction is made from (the workspace, `--fit`, `--measurement`), and what is blinded in it.

    The command is called with `prediction`.
    """

    @functools.wraps(command)
    def wrapped(
        *, workspace: str, fit_file: str | None, measurement: str | None, regions: Regions, bands: str, **rest: Any
    ) -> Any:
        return command(prediction=_prediction(workspace, fit_file, measurement, regions, bands), **rest)

    decorated: Callable[..., Any] = wrapped
    for decorate in (
        region_options(what="without data", channels=False),
        click.option(
            "--bands",
            type=click.Choice(["linear", "cabinetry"]),
            default="linear",
            show_default=True,
            help="Uncertainties by exact derivatives, or by finite variations as cabinetry's.",
        ),
        click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the fit's, else the first."),
        click.option(
            "--fit", "fit_file", metavar="FIT", help="Show the model after this fit. Default: before the fit."
        ),
        click.argument("workspace", metavar="WORKSPACE"),
    ):
        decorated = decorate(decorated)
    return decorated


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@format_option
@output_option("File for the summary. Default: print it.")
def inspect(workspace: str, output: str | None) -> None:
    """Print what is in a workspace.

    Channels with their bins, samples, parameters and measurements; the default measurement has a star.
    """
    found = wilks.inspect(read_workspace(workspace))
    put(f"{found}\n\n{found.count}", output, found.tables())


@click.command(cls=Command, examples=("wilks pulls fit.json --style ATLAS --status Internal",))
@click.argument("fit_file", metavar="FIT")
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG.",
    default="figures/pulls",
    never_printed="writes figures: name a path",
)
@titles_option
@style_options
def pulls(fit_file: str, output: str, titles: dict[str, str], style: FigureStyle) -> None:
    """Draw the pulls of a fit: how far it moved each parameter."""
    stem, formats = figure_target(output)
    result = wilks.figures.titled(read_fit(fit_file), titles)
    wrote(wilks.figures.save(pipeline.pulls_figure(result, style=style), stem, formats))


@click.command("data-mc", cls=Command, examples=("wilks data-mc workspace.json --fit fit.json -o figures",))
@_prediction_options
@output_option("Folder for the figures.", default="figures", never_printed="writes several files: name a folder")
@click.option("--summary", is_flag=True, help="One figure of all channels and their bins instead.")
@log_option()
@click.option(
    "--log-x/--linear-x",
    "log_x",
    default=None,
    help="The axis of the bins logarithmic or linear. Default: logarithmic where the edges are.",
)
@style_options
def data_mc(
    prediction: Prediction,
    output: str,
    summary: bool,
    log: bool | None,
    log_x: bool | None,
    style: FigureStyle,
) -> None:
    """Draw data and prediction of every channel.

    Each figure is written as PDF and as PNG.
    """
    if summary and log_x is not None:
        raise InputError("--log-x and --linear-x are for the figures of channels; --summary numbers the bins")
    if summary:
        wrote(pipeline.save_summary(prediction, Path(output), style=style, log=log))
    else:
        wrote(pipeline.save_data_mc(prediction, Path(output), style=style, log=log, log_x=log_x))


@click.command()
@_prediction_options
@format_option
@click.option("--per-bin", is_flag=True, help="One row per bin instead of sums over the bins of each channel.")
@output_option("File for the table. Default: print it.")
def yields(prediction: Prediction, per_bin: bool, output: str | None) -> None:
    """Print the yields of samples, total and data."""
    table = wilks.tables.yields(prediction, per_bin=per_bin)
    put(table.text(), output, [table])


def _prediction(
    workspace: str, fit_file: str | None, measurement: str | None, regions: Regions, bands: str
) -> Prediction:
    read_once(workspace, fit_file)
    loaded = read_workspace(workspace)
    result = None if fit_file is None else read_fit(fit_file)
    hidden = regions.bins(loaded, measurement or (result.measurement if result else None), None)
    model = pipeline.matching_model(loaded, result, measurement=measurement)
    if result is not None and result.workspace_digest != loaded.digest:
        result = wilks.transfer(result, model)
        warn_of_another_workspace(str(fit_file), workspace, model, result.settings["not_in_fit"])
    prediction = wilks.predict(model, result, method=bands).blinded(hidden)
    for condition in prediction.conditions:
        click.echo(f"wilks: {condition}", err=True)
    return prediction
