"""The command for the look-elsewhere effect."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

import wilks
from wilks.cli.asked import conclude, fix_option, measurement_option, poi_option
from wilks.cli.data import Chosen, data_options
from wilks.cli.ensembles import seed_option
from wilks.cli.grids import patches_option, signals_of, vary_option
from wilks.cli.helping import Command
from wilks.cli.inputs import read_once
from wilks.cli.named import bounds_option
from wilks.cli.streams import output_option, table_options
from wilks.cli.waiting import Work, work_options


@click.command(
    cls=Command,
    examples=(
        "wilks look-elsewhere BkgOnly.json --patches patchset.json --toys 1000 -o global.json",
        "wilks look-elsewhere workspace.json --vary mass=300:800:51 --toys 200",
    ),
)
@click.argument("workspaces", metavar="WORKSPACE...", nargs=-1, required=True)
@patches_option
@vary_option
@click.option(
    "--toys", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="Toys without signal."
)
@click.option(
    "--threshold",
    type=float,
    default=1.0,
    show_default=True,
    metavar="Q0",
    help="The q0 whose up-crossings are counted along one coordinate.",
)
@seed_option
@click.option("--any-background", is_flag=True, help="Apply patches that were made for another background.")
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@measurement_option
@poi_option
@fix_option
@bounds_option
@data_options
@table_options
@partial(work_options, pieces=True)
@click.pass_context
def look_elsewhere(
    ctx: click.Context,
    /,
    workspaces: tuple[str, ...],
    patches: str | None,
    vary: dict[str, list[float]],
    any_background: bool,
    fix: dict[str, float],
    chosen: Chosen,
    work: Work,
    output: str | None,
    **asked: Any,
) -> None:
    """Find the global significance of many local ones.

    The signals are those of "wilks grid". By toys without signal, which all signals share, and by up-crossings. The
    exit code is 1 where a point has no answer.
    """
    chosen.refuse_to_show(asked["poi"], "look-elsewhere")
    read_once(*workspaces, patches, chosen.after)
    signals, points = signals_of(workspaces, patches, vary)
    with work.running("global significance") as running:
        result = wilks.global_significance(
            signals,
            points,
            data=chosen.maker(),
            data_set=chosen.data_set,
            verify=not any_background,
            fixed=fix,
            running=running,
            **asked,
        )
    conclude(ctx, result, output)
