"""Commands that show a workspace, a fit, or what the model predicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.streams import figure_target, output_option, put, source, wrote
from wilks.errors import ResultError

if TYPE_CHECKING:
    from wilks.results.fit import FitResult
    from wilks.results.prediction import Prediction


def _prediction_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a prediction is made from: the workspace, `--fit` and `--measurement`."""
    for decorate in (
        click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the fit's, else the first."),
        click.option(
            "--fit", "fit_file", metavar="FIT", help="Show the model after this fit. Default: before the fit."
        ),
        click.argument("workspace", metavar="WORKSPACE"),
    ):
        command = decorate(command)
    return command


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@output_option("File for the summary. Default: print it.")
def inspect(workspace: str, output: str | None) -> None:
    """Print what is in a workspace.

    Channels with their bins, samples, parameters and measurements; the default measurement has a star.
    """
    put(str(wilks.inspect(wilks.load_workspace(source(workspace)))), output)


@click.command()
@click.argument("fit_file", metavar="FIT")
@output_option("File for the figure; without suffix it is written as PDF and as PNG.", default="figures/pulls")
def pulls(fit_file: str, output: str) -> None:
    """Draw the pulls of a fit: how far it moved each parameter."""
    stem, formats = figure_target(output)
    wrote(wilks.figures.save(pipeline.pulls_figure(_fit_result(fit_file)), stem, formats))


@click.command("data-mc")
@_prediction_options
@output_option("Folder for the figures.", default="figures")
def data_mc(workspace: str, fit_file: str | None, measurement: str | None, output: str) -> None:
    """Draw data and prediction of every channel.

    Each figure is written as PDF and as PNG.
    """
    wrote(pipeline.save_data_mc(_prediction(workspace, fit_file, measurement), Path(output)))


@click.command()
@_prediction_options
@click.option(
    "--format",
    "markup",
    type=click.Choice(["text", "markdown", "latex", "html"]),
    default="text",
    show_default=True,
    help="How the table is written.",
)
@click.option("--per-bin", is_flag=True, help="One row per bin instead of sums over the bins of each channel.")
@output_option("File for the table. Default: print it.")
def yields(
    workspace: str, fit_file: str | None, measurement: str | None, markup: str, per_bin: bool, output: str | None
) -> None:
    """Print the yields of samples, total and data."""
    table = wilks.tables.yields(_prediction(workspace, fit_file, measurement), per_bin=per_bin)
    put(getattr(table, markup)(), output)


def _prediction(workspace: str, fit_file: str | None, measurement: str | None) -> Prediction:
    loaded = wilks.load_workspace(source(workspace))
    result = None if fit_file is None else _fit_result(fit_file)
    if result is not None and result.workspace_digest != loaded.digest:
        click.echo(f"wilks: warning: {fit_file} is a fit of another workspace than {workspace}", err=True)
    return wilks.predict(pipeline.matching_model(loaded, result, measurement=measurement), result)


def _fit_result(fit_file: str) -> FitResult:
    from wilks.results.fit import FitResult

    result = wilks.load_result(source(fit_file))
    if not isinstance(result, FitResult):
        raise ResultError(f"{fit_file}: not the result of a fit but {type(result).__name__.lower()}")
    return result
