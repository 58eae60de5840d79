"""The command that asks about many signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

import wilks
from wilks.cli.asked import fix_option, measurement_option, poi_option
from wilks.cli.combine_files import combine_root_option, conclude_with, limits_json_option
from wilks.cli.data import Chosen, data_options
from wilks.cli.helping import Command
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.limits import Test, level_option, test_options
from wilks.cli.named import bounds_option, by_name
from wilks.cli.parts import part_of
from wilks.cli.streams import check_target, output_option, source, table_options
from wilks.cli.waiting import Work, work_options
from wilks.errors import InputError


def _values(numbers: str) -> list[float]:
    if ":" not in numbers:
        return [float(number) for number in numbers.split(",")]
    low, high, points = numbers.split(":")
    count = int(points)
    if count < 1:
        raise ValueError
    step = (float(high) - float(low)) / max(count - 1, 1)
    return [float(low) + i * step for i in range(count)]


patches_option = click.option(
    "--patches", metavar="PATCHES", help="pyhf patch set, or a JSON patch, with the signals of one WORKSPACE."
)
vary_option = click.option(
    "--vary",
    multiple=True,
    metavar="NAME=VALUES",
    callback=by_name("NAME=VALUE,VALUE,... or NAME=LOW:HIGH:POINTS", _values),
    help="Keep a parameter at every one of the values, as in mass=300,400 or mass=300:800:11; repeatable.",
)


@click.command(
    cls=Command,
    examples=(
        "wilks grid BkgOnly.json --patches patchset.json --folder points -o grid.json",
        "wilks grid BkgOnly.json --patches patchset.json --asimov --set mu_SIG=0 --folder expected",
        "wilks grid workspace.json --vary mass=300:800:11 -o grid.json",
    ),
)
@click.argument("workspaces", metavar="WORKSPACE...", nargs=-1, required=True)
@patches_option
@vary_option
@click.option("--folder", metavar="FOLDER", help="Save every point here; what is here already is not done again.")
@click.option(
    "--part",
    metavar="I/N",
    callback=part_of,
    help="Do part I of N only, such as 3/100 in a job array; with --folder. Without it the same command then has all.",
)
@click.option("--question", default="limit", show_default=True, metavar="WHAT", help="limit, or CLs (of --value).")
@click.option(
    "--value",
    type=float,
    default=1.0,
    show_default=True,
    metavar="VALUE",
    help="With --question CLs: the value to test.",
)
@level_option
@test_options
@click.option("--any-background", is_flag=True, help="Apply patches that were made for another background.")
@combine_root_option
@limits_json_option
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@measurement_option
@poi_option
@fix_option
@bounds_option
@data_options
@table_options
@work_options
@click.pass_context
def grid(
    ctx: click.Context,
    /,
    workspaces: tuple[str, ...],
    patches: str | None,
    vary: dict[str, list[float]],
    folder: str | None,
    part: tuple[int, int] | None,
    any_background: bool,
    fix: dict[str, float],
    test: Test,
    chosen: Chosen,
    work: Work,
    combine_root: str | None,
    limits_json: str | None,
    output: str | None,
    **asked: Any,
) -> None:
    """Find limits (or CLs) for many signals.

    They are patches of a background-only WORKSPACE, values of parameters (--vary), or several workspaces.

    The result is one figure for "wilks plot". Ctrl-C keeps the points that are done; with --folder a later call goes
    on from there. The exit code is 1 where a point has no answer.
    """
    if asked["question"] != "limit" and (combine_root or limits_json) is not None:
        raise InputError("--combine-root and --limits-json have limits; leave out --question")
    if part is not None and folder is None:
        raise InputError("--part: what a part makes is kept in a folder; name one with --folder")
    _check(ctx, folder, asked["question"])
    chosen.refuse_to_show(asked["poi"], "grid")
    read_once(*workspaces, patches, chosen.after)
    signals, points = signals_of(workspaces, patches, vary)
    with work.running("grid") as running:
        result = wilks.grid(
            signals,
            points,
            data=chosen.maker(),
            data_set=chosen.data_set,
            verify=not any_background,
            folder=folder,
            part=part,
            fixed=fix,
            running=running,
            **test.keywords,
            **asked,
        )
    conclude_with(ctx, result, output, combine_root=combine_root, limits_json=limits_json)


def _check(ctx: click.Context, folder: str | None, question: str) -> None:
    """Raise InputError for options that would have no effect, and a folder that can't be written."""
    if ctx.get_parameter_source("value") is not ParameterSource.DEFAULT and question == "limit":
        raise InputError("--value is what --question CLs tests; a limit has none")
    if folder is not None:
        check_target(str(Path(folder) / "point.json"), file=True)


def signals_of(workspaces: tuple[str, ...], patches: str | None, vary: dict[str, list[float]]) -> tuple[Any, Any]:
    """Return what a grid is made of. Raises InputError for combinations that mean nothing."""
    from wilks.workspace.patchset import load_patchset

    if len(workspaces) > 1 and (patches is not None or vary):
        raise InputError("--patches and --vary are for one WORKSPACE, not for several")
    if patches is not None and vary:
        raise InputError("give --patches or --vary, not both")
    signals = {Path(path).stem: read_workspace(path) for path in workspaces}
    if len(signals) < len(workspaces):
        raise InputError("the files of several workspaces need different names")
    if patches is None and not vary:
        return signals, None
    return signals[Path(workspaces[0]).stem], vary if patches is None else load_patchset(source(patches))
