"""Commands that test the parameter of interest: hypothesis tests, limits, significance, grids of signals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import wilks
from wilks.cli.asked import Asked, conclude, shown_progress, study_options
from wilks.cli.fits import numbers_by_name
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.streams import output_option, source
from wilks.errors import InputError

_OUTPUT = "File for the result, as JSON; with - it is printed instead of the table."


def _toy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the toys."),
        click.option("--toys", type=click.IntRange(0), default=0, metavar="N", help="Use N toys of each hypothesis."),
    ):
        command = decorate(command)
    return command


def _test_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        click.option("--base", default="normal", show_default=True, help="Base distribution: normal, clipped_normal."),
        click.option("--statistic", default="q~", show_default=True, help="Test statistic."),
    ):
        command = decorate(command)
    return _toy_options(command)


_level = click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")


@click.command()
@study_options
@output_option(_OUTPUT)
@click.option("--value", "tested", type=float, multiple=True, help="Value to test; repeatable. Default: 1, for q0 0.")
@_test_options
@click.pass_context
def hypotest(
    ctx: click.Context,
    asked: Asked,
    output: str | None,
    tested: tuple[float, ...],
    statistic: str,
    base: str,
    toys: int,
    seed: int,
) -> None:
    """Test values of the parameter of interest: CLs, CLs+b, CLb.

    Test statistics are q~ and q (limits), q0 (discovery; the value is 0), t and t~ (intervals).
    """
    result = asked.ask(
        "hypothesis test",
        wilks.hypotest,
        value=tested or None,
        statistic=statistic,
        base=base,
        calculator="toys" if toys else "asymptotic",
        toys=toys,
        seed=seed,
    )
    conclude(ctx, result, output)


@click.command()
@study_options
@output_option(_OUTPUT)
@_level
@_test_options
@click.pass_context
def limit(
    ctx: click.Context,
    asked: Asked,
    output: str | None,
    level: float,
    statistic: str,
    base: str,
    toys: int,
    seed: int,
) -> None:
    """Find upper limits by CLs.

    Observed, and expected with its bands.
    """
    result = asked.ask(
        "limit",
        wilks.limit,
        level=level,
        statistic=statistic,
        base=base,
        calculator="toys" if toys else "asymptotic",
        toys=toys,
        seed=seed,
    )
    conclude(ctx, result, output)


@click.command()
@study_options
@output_option(_OUTPUT)
@click.option(
    "--injected",
    type=float,
    multiple=True,
    help="Size of signal for an expected significance; repeatable. Default: 1.",
)
@_toy_options
@click.pass_context
def significance(
    ctx: click.Context, asked: Asked, output: str | None, injected: tuple[float, ...], toys: int, seed: int
) -> None:
    """Find the significance of a signal.

    Observed and expected, with p0.
    """
    result = asked.ask("significance", wilks.significance, injected=injected or (1.0,), toys=toys, seed=seed)
    conclude(ctx, result, output)


def _ranges(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, list[float]]:
    """Return the values of NAME=A,B,... or NAME=LOW:HIGH:POINTS by name."""
    found = {}
    for text in given:
        name, equals, numbers = text.rpartition("=")
        try:
            if not equals:
                raise ValueError
            if ":" in numbers:
                low, high, points = numbers.split(":")
                step = (float(high) - float(low)) / max(int(points) - 1, 1)
                found[name] = [float(low) + i * step for i in range(int(points))]
            else:
                found[name] = [float(number) for number in numbers.split(",")]
        except ValueError:
            raise click.BadParameter(
                f'"{text}" is not NAME=VALUE,VALUE,... or NAME=LOW:HIGH:POINTS', ctx, parameter
            ) from None
    return found


@click.command()
@click.argument("workspaces", metavar="WORKSPACE...", nargs=-1, required=True)
@output_option(_OUTPUT)
@click.option(
    "--patches", metavar="PATCHES", help="pyhf patch set, or a JSON patch, with the signals of one WORKSPACE."
)
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME=VALUES",
    callback=_ranges,
    help="Keep a parameter at every one of the values, as in mass=300,400 or mass=300:800:11; repeatable.",
)
@click.option("--folder", metavar="FOLDER", help="Save every point here; what is here already is not done again.")
@click.option("--question", default="limit", show_default=True, help="limit, or CLs (of --value).")
@click.option("--value", type=float, default=1.0, show_default=True, help="With --question CLs: the value to test.")
@_level
@_test_options
@click.option("--any-background", is_flag=True, help="Apply patches that were made for another background.")
@click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the first.")
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's.")
@click.option(
    "--fix", multiple=True, metavar="NAME=VALUE", callback=numbers_by_name, help="Keep a parameter; repeatable."
)
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Threads. Default: all of the machine.")
@click.pass_context
def grid(
    ctx: click.Context,
    /,
    workspaces: tuple[str, ...],
    output: str | None,
    patches: str | None,
    vary: dict[str, list[float]],
    toys: int,
    any_background: bool,
    fix: dict[str, float],
    threads: int | None,
    **asked: Any,
) -> None:
    """Find limits (or CLs) for many signals.

    They are patches of a background-only WORKSPACE, or several workspaces.

    The result is one figure for "wilks plot". Ctrl-C keeps the points that are done; with --folder a later call goes
    on from there.
    """
    from wilks.infer.study import Running
    from wilks.workspace.patchset import load_patchset

    read_once(*workspaces, patches)
    if len(workspaces) > 1 and (patches is not None or vary):
        raise InputError("--patches and --vary are for one WORKSPACE, not for several")
    if patches is not None and vary:
        raise InputError("give --patches or --vary, not both")
    signals: Any = {Path(path).stem: read_workspace(path) for path in workspaces}
    if len(signals) < len(workspaces):
        raise InputError("the files of several workspaces need different names")
    points: Any = None
    if patches is not None or vary:
        (signals,) = signals.values()
        points = vary if patches is None else load_patchset(source(patches))
    with shown_progress("grid") as progress:
        result = wilks.grid(
            signals,
            points,
            calculator="toys" if toys else "asymptotic",
            toys=toys or 1,
            verify=not any_background,
            fixed=fix,
            running=Running(threads=threads, progress=progress),
            **asked,
        )
    conclude(ctx, result, output)
