"""Commands that show a workspace, a fit, or what the model predicts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.convert import read_option
from wilks.cli.data import warn_of_another_workspace
from wilks.cli.drawing import log_option, style_options, titles_option
from wilks.cli.figure_options import DATA_MC, figure_options, renamed
from wilks.cli.helping import Command
from wilks.cli.inputs import read_as, read_config, read_fit, read_once, read_workspace
from wilks.cli.regions import Regions, region_options
from wilks.cli.streams import format_option, output_option, put, wrote
from wilks.cli.written import tell_notes
from wilks.errors import InputError, listed, nearest
from wilks.pages import look_of

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle
    from wilks.model.model import Model
    from wilks.results.prediction import Prediction


def _prediction_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a prediction is made from (workspace, fit, measurement, data set), and what is blinded in it.

    The command is called with `prediction`.
    """

    @functools.wraps(command)
    def wrapped(
        *,
        workspace: str,
        fit_file: str | None,
        measurement: str | None,
        data_set: str | None,
        regions: Regions,
        bands: str,
        **rest: Any,
    ) -> Any:
        prediction, model = _prediction(workspace, fit_file, measurement, data_set, regions, bands)
        if "prefit" in rest:
            rest["before"] = None if fit_file is None else functools.partial(wilks.predict, model, method=bands)
        return command(prediction=prediction, **rest)

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
        click.option(
            "--data-set",
            metavar="NAME",
            help="Data set of the workspace to show. Default: the fit's, else its observations.",
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
@read_option
@format_option
@output_option("File for the summary. Default: print it.")
def inspect(workspace: str, reading: dict[str, Any], output: str | None) -> None:
    """Print what is in a workspace.

    Channels with their bins, samples, parameters and measurements; the default measurement has a star.
    What there is to know about how it was read, from HistFactory XML or HS3, is on standard error.
    """
    read = read_as(workspace, reading)
    tell_notes(read.notes, "read", every=True)
    found = wilks.inspect(read.workspace)
    put(f"{found}\n\n{found.count}", output, found.tables())


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
@click.option(
    "--channels",
    "only",
    multiple=True,
    metavar="NAME",
    help="Draw these only (names or patterns); repeatable.",
)
@click.option("--config", metavar="FILE", help="Steering file whose order and colours of samples are taken.")
@figure_options(DATA_MC)
@titles_option
@style_options
def data_mc(
    prediction: Prediction,
    before: Callable[[], Prediction] | None,
    output: str,
    summary: bool,
    log: bool | None,
    log_x: bool | None,
    only: tuple[str, ...],
    config: str | None,
    options: dict[str, Any],
    titles: dict[str, str],
    style: FigureStyle,
) -> None:
    """Draw data and prediction of every channel.

    Each figure is written as PDF and as PNG.
    """
    from wilks.templates.workers import processors

    if summary and log_x is not None:
        raise InputError("--log-x and --linear-x are for the figures of channels; --summary numbers the bins")
    _check_data_mc(options, summary, before)
    chosen = _with_channels(prediction, only)
    if before is not None and "prefit" in options:
        options["prefit"] = wilks.figures.titled(_with_channels(before(), only), titles)
    if config is not None:
        look = look_of(read_config(config), chosen)
        options = {**options, "order": options.get("order") or look["order"]}
        options["colors"] = look["colors"] | dict(options.get("colors", {}))
    drawn = wilks.figures.titled(chosen, titles)
    keywords: dict[str, Any] = {"style": style, "log": log, **renamed(options, titles, chosen)}
    if summary:
        wrote(pipeline.save_summary(drawn, Path(output), **keywords))
    else:
        for files in pipeline.save_data_mc(drawn, Path(output), processes=processors(), log_x=log_x, **keywords):
            wrote(files)


def _check_data_mc(options: dict[str, Any], summary: bool, before: object) -> None:
    """Raise InputError for options without effect."""
    problems = []
    if "prefit" in options and before is None:
        problems.append("--prefit: without --fit the prediction is that before the fit")
    if "per_bin" in options and not summary:
        problems.append("--per-bin and --per-channel are for --summary; other figures have all bins of a channel")
    if "divide_by_width" in options and summary:
        problems.append("--divide-by-width is for the figures of channels; --summary numbers the bins")
    if problems:
        raise InputError(problems)


def _with_channels(prediction: Prediction, patterns: tuple[str, ...]) -> Prediction:
    """Return a prediction of the channels that match one of the patterns, if any are given."""
    from wilks.selection import matching

    if not patterns:
        return prediction
    names = prediction.channel_names
    if unknown := [pattern for pattern in patterns if not matching(names, pattern)]:
        raise InputError(
            [f'--channels: no channel "{one}", there are {listed(names)}{nearest(one, names)}' for one in unknown]
        )
    wanted = {i for pattern in patterns for i in matching(names, pattern)}
    return replace(prediction, channels=tuple(c for i, c in enumerate(prediction.channels) if i in wanted))


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
    workspace: str,
    fit_file: str | None,
    measurement: str | None,
    data_set: str | None,
    regions: Regions,
    bands: str,
) -> tuple[Prediction, Model]:
    read_once(workspace, fit_file)
    loaded = read_workspace(workspace)
    result = None if fit_file is None else read_fit(fit_file)
    hidden = regions.bins(loaded, measurement or (result.measurement if result else None), None)
    model = pipeline.matching_model(loaded, result, measurement=measurement, data_set=data_set, masks=False)
    if result is not None and result.workspace_digest != loaded.digest:
        result = wilks.transfer(result, model)
        warn_of_another_workspace(str(fit_file), workspace, model, result.settings["not_in_fit"])
    prediction = wilks.predict(model, result, method=bands).blinded(hidden)
    for condition in prediction.conditions:
        click.echo(f"wilks: {condition}", err=True)
    return prediction, model
