"""Commands for the coverage of intervals: Feldman-Cousins intervals, and the coverage of any method."""

from __future__ import annotations

from functools import partial

import click

import wilks
from wilks.cli.asked import Asked, conclude, study_options
from wilks.cli.ensembles import seed_option
from wilks.cli.helping import Command
from wilks.cli.streams import output_option, table_options
from wilks.cli.truths import Truth, truth_options
from wilks.cli.waiting import Work, work_options

_RESULT = "File for the result, as JSON; with - it is printed instead of the table."


@click.command(
    cls=Command,
    examples=(
        "wilks feldman-cousins workspace.json --level 0.9 -o fc.json",
        "wilks feldman-cousins workspace.json --parameter mu --parameter k --toys 2000 -o region.json",
    ),
)
@partial(study_options, pieces=True)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME",
    help="Parameter; two of them have a region. Default: the parameter of interest.",
)
@click.option(
    "--level", type=float, default=0.6827, show_default=True, metavar="LEVEL", help="Confidence level, between 0 and 1."
)
@click.option(
    "--toys",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Toys that a point takes at most.",
)
@click.option(
    "--certainty",
    type=float,
    default=0.99,
    show_default=True,
    metavar="P",
    help="Probability that a point, once decided, is on the right side; it takes no more toys then.",
)
@click.option(
    "--precision",
    type=float,
    default=0.01,
    show_default=True,
    metavar="PART",
    help="How closely ends are found: this part of their distance from the best fit.",
)
@click.option(
    "--points", type=click.IntRange(5), default=25, show_default=True, metavar="N", help="Points along each of two."
)
@seed_option
@output_option(_RESULT)
@click.pass_context
def feldman_cousins(
    ctx: click.Context,
    asked: Asked,
    parameters: tuple[str, ...],
    level: float,
    toys: int,
    certainty: float,
    precision: float,
    points: int,
    seed: int,
    output: str | None,
) -> None:
    """Find a Feldman-Cousins interval, or a region of two.

    By toys at the conditional fits, as many as it takes. The exit code is 1 where an end, or a point, has no answer.
    Which toys are needed depends on the answers before, so that --part does one round of dozens; --finish goes on with
    the next ones, and --dask is the better way.
    """
    asked.refuse_to_show(*parameters)
    options = {"level": level, "toys": toys, "certainty": certainty, "precision": precision, "points": points}
    result = asked.ask("toys", wilks.feldman_cousins, parameters=parameters or None, seed=seed, **options)
    conclude(ctx, result, output)


def _values(ctx: click.Context, parameter: click.Parameter, text: str) -> list[float]:
    try:
        return [float(value) for value in text.split(",")]
    except ValueError:
        raise click.BadParameter(f'"{text}" is not VALUE,VALUE,... with numbers', ctx, parameter) from None


@click.command(
    cls=Command,
    examples=(
        "wilks coverage workspace.json --values 0,0.5,1 -o coverage.json",
        "wilks coverage workspace.json --values 0,1 --methods profile,feldman-cousins --level 0.9 --toys 500",
    ),
)
@truth_options
@click.option(
    "--parameter", metavar="NAME", help="Parameter whose intervals are asked about. Default: that of interest."
)
@click.option(
    "--values",
    required=True,
    metavar="VALUE,...",
    callback=_values,
    help="True values of the parameter, as in 0,0.5,1.",
)
@click.option(
    "--methods",
    default="wald,profile,cls",
    show_default=True,
    metavar="NAME,...",
    help="wald, profile, feldman-cousins (these three for intervals), cls (upper limits).",
)
@click.option(
    "--level", type=float, default=0.95, show_default=True, metavar="LEVEL", help="Confidence level, between 0 and 1."
)
@click.option(
    "--toys", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="Toys of every value."
)
@click.option(
    "--inner-toys",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Toys that each toy takes at most for its Feldman-Cousins interval.",
)
@seed_option
@output_option(_RESULT)
@table_options
@partial(work_options, pieces=True)
@click.pass_context
def coverage(
    ctx: click.Context,
    truth: Truth,
    parameter: str | None,
    values: list[float],
    methods: str,
    level: float,
    toys: int,
    inner_toys: int,
    seed: int,
    output: str | None,
    work: Work,
) -> None:
    """Find how often intervals and limits hold the true value.

    The exit code is 1 where a method has no interval in any toy. After Ctrl-C it is 130; what is done by then counts.
    """
    with work.running("coverage") as running:
        result = wilks.coverage(
            truth.model,
            truth.made_at,
            values=values,
            parameter=parameter,
            methods=[name.strip() for name in methods.split(",")],
            level=level,
            toys=toys,
            inner_toys=inner_toys,
            at=truth.values,
            seed=seed,
            fixed=truth.fix,
            bounds=truth.bounds,
            running=running,
        )
    conclude(ctx, result, output)
