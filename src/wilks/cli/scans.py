"""Commands that profile the likelihood: intervals, along one parameter, over two."""

from __future__ import annotations

import click

import wilks
from wilks.cli import combine_asked
from wilks.cli.asked import Asked, study_options
from wilks.cli.combine_files import combine_root_option, conclude_with
from wilks.cli.helping import Command
from wilks.cli.named import by_name, ends, labelled
from wilks.cli.streams import output_option
from wilks.errors import InputError

_RESULT = "File for the result, as JSON; with - it is printed instead of the table."


@click.command(
    cls=Command,
    examples=(
        "wilks intervals workspace.json -o intervals.json",
        'wilks intervals workspace.json --parameter mu --parameter "JES_*" --level 0.95',
    ),
)
@study_options
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME",
    help="Parameter, by name or pattern; repeatable. Default: the parameter of interest.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=float,
    default=(0.6827,),
    show_default=True,
    metavar="LEVEL",
    help="Confidence level, between 0 and 1; repeatable.",
)
@combine_root_option
@output_option(_RESULT)
@click.pass_context
def intervals(
    ctx: click.Context,
    asked: Asked,
    parameters: tuple[str, ...],
    levels: tuple[float, ...],
    combine_root: str | None,
    output: str | None,
) -> None:
    """Find profile-likelihood (MINOS) intervals.

    The exit code is 1 where an end is missing; everything else is printed and written all the same.
    """
    asked.refuse_to_show(*parameters)
    result = asked.ask("intervals", wilks.intervals, parameters=parameters or None, levels=levels)
    conclude_with(ctx, result, output, combine_root=combine_root)


@click.command(
    cls=Command,
    examples=(
        "wilks scan workspace.json --stat-only -o scan.json",
        'wilks scan workspace.json --parameter JES_1 --range -2 2 --freeze "no b-tagging=btag_*"',
    ),
)
@study_options
@click.option("--parameter", metavar="NAME", help="Parameter to scan. Default: the parameter of interest.")
@click.option(
    "--range",
    "span",
    nargs=2,
    type=float,
    metavar="LOW HIGH",
    help="Where to scan. Default: a little more than the 95 % interval.",
)
@click.option("--points", type=click.IntRange(2), default=31, show_default=True, metavar="N", help="Number of points.")
@click.option("--stat-only", is_flag=True, help="Add a curve with all constrained parameters kept at the best fit.")
@click.option(
    "--freeze",
    multiple=True,
    metavar="LABEL=PATTERN",
    help="Add a curve with parameters kept at the best fit; repeatable, also for one label.",
)
@combine_root_option
@output_option(_RESULT)
@click.pass_context
def scan(
    ctx: click.Context,
    asked: Asked,
    parameter: str | None,
    span: tuple[float, float] | None,
    points: int,
    stat_only: bool,
    freeze: tuple[str, ...],
    combine_root: str | None,
    output: str | None,
) -> None:
    """Profile the likelihood along a parameter.

    The exit code is 1 where a fit fails; the other points are printed and written all the same.
    """
    groups = labelled("--freeze", freeze)
    span = span or combine_asked.range_of(asked.model.poi if parameter is None else parameter)
    asked.refuse_to_show(*([parameter] if parameter is not None else []))
    result = asked.ask(
        "scan", wilks.scan, parameter=parameter, range=span, points=points, stat_only=stat_only, frozen=groups
    )
    conclude_with(ctx, result, output, combine_root=combine_root)


@click.command(
    cls=Command,
    examples=(
        "wilks contour workspace.json --parameter mu --parameter JES_1 -o contour.json",
        "wilks contour workspace.json --parameter mu --parameter JES_1 --range mu=0:3 --range JES_1=-2:2",
    ),
)
@study_options
@click.option("--parameter", "parameters", multiple=True, metavar="NAME", help="One of the two parameters; give two.")
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=float,
    default=(0.6827, 0.95),
    show_default=True,
    metavar="LEVEL",
    help="Confidence level of a contour, between 0 and 1; repeatable.",
)
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    callback=by_name("NAME=LOW:HIGH", ends),
    help="Where to look along one of them; repeatable. Default: what holds the outermost contour.",
)
@click.option(
    "--points", type=click.IntRange(5), default=31, show_default=True, metavar="N", help="Points along each axis."
)
@combine_root_option
@output_option(_RESULT)
@click.pass_context
def contour(
    ctx: click.Context,
    asked: Asked,
    parameters: tuple[str, ...],
    levels: tuple[float, ...],
    ranges: dict[str, tuple[float, float]],
    points: int,
    combine_root: str | None,
    output: str | None,
) -> None:
    """Find contours of the likelihood over two parameters.

    The exit code is 1 where a fit fails; the other points are printed and written all the same.
    """
    parameters = parameters or combine_asked.pois()
    ranges = {name: ends for name in parameters if (ends := combine_asked.range_of(name)) is not None} | ranges
    if len(parameters) != 2:
        raise InputError(f"--parameter: a contour needs two, found {len(parameters)}")
    asked.refuse_to_show(*parameters)
    result = asked.ask(
        "contour", wilks.contour, parameters=parameters, levels=levels, ranges=ranges or None, points=points
    )
    conclude_with(ctx, result, output, combine_root=combine_root)
