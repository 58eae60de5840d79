"""Commands that test the parameter of interest: hypothesis tests, limits, significance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import click

import wilks
from wilks.cli.asked import Asked, conclude, study_options
from wilks.cli.combine_files import combine_root_option, conclude_with, limits_json_option
from wilks.cli.ensembles import seed_option
from wilks.cli.helping import Command
from wilks.cli.streams import output_option
from wilks.errors import InputError

_OUTPUT = "File for the result, as JSON; with - it is printed instead of the table."
_toys_option = click.option(
    "--toys", type=click.IntRange(0), default=0, metavar="N", help="Use N toys of each hypothesis. Default: none."
)
_importance_option = click.option(
    "--importance",
    is_flag=True,
    help="With --toys: throw them at other signals too, weighted, for p-values far below 1/N.",
)
level_option = click.option(
    "--level", type=float, default=0.95, show_default=True, metavar="LEVEL", help="Confidence level, between 0 and 1."
)


@dataclass(frozen=True)
class Test:
    """How a value is tested, as keywords of `hypotest`, `limit` and `grid` have it."""

    statistic: str
    base: str
    calculator: str
    toys: int
    importance: bool
    seed: int

    @property
    def keywords(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def test_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a value is tested; the command is called with `test`."""

    @functools.wraps(command)
    def wrapped(*, statistic: str, base: str, toys: int, importance: bool, seed: int, **rest: Any) -> Any:
        _check_importance(toys, importance)
        calculator = "toys" if toys else "asymptotic"
        return command(test=Test(statistic, base, calculator, toys or 1, importance, seed), **rest)

    for decorate in (
        seed_option,
        _importance_option,
        _toys_option,
        click.option(
            "--base",
            default="normal",
            show_default=True,
            metavar="NAME",
            help="Base distribution of the expected bands: normal or clipped_normal.",
        ),
        click.option(
            "--statistic",
            default="q~",
            show_default=True,
            metavar="NAME",
            help="Test statistic: q~ or q (for limits), q0 (discovery), t~ or t (intervals).",
        ),
    ):
        wrapped = decorate(wrapped)
    return wrapped


def _check_importance(toys: int, importance: bool) -> None:
    if importance and not toys:
        raise InputError("--importance weights toys; say how many with --toys N")


@click.command(
    cls=Command,
    examples=(
        "wilks hypotest workspace.json --value 0.5 --value 1 -o test.json",
        "wilks hypotest workspace.json --value 1 --toys 10000 --seed 2",
        "wilks hypotest workspace.json --value 3 --toys 10000 --importance",
    ),
)
@functools.partial(study_options, pieces=True)
@click.option(
    "--value",
    "tested",
    type=float,
    multiple=True,
    metavar="VALUE",
    help="Value to test; repeatable. Default: 1, for q0 0.",
)
@test_options
@output_option(_OUTPUT)
@click.pass_context
def hypotest(ctx: click.Context, asked: Asked, tested: tuple[float, ...], test: Test, output: str | None) -> None:
    """Test values of the parameter: CLs, CLs+b, CLb.

    Observed, and expected with its bands. The exit code is 1 where a value has no answer; the others are printed and
    written all the same.
    """
    asked.refuse_to_show()
    asked.refuse_to_keep_without(test.calculator == "toys")
    result = asked.ask("hypothesis test", wilks.hypotest, value=tested or None, **test.keywords)
    conclude(ctx, result, output)


@click.command(
    cls=Command,
    examples=(
        "wilks limit workspace.json -o limit.json",
        "wilks limit workspace.json --asimov --set mu=0 --level 0.9",
    ),
)
@functools.partial(study_options, pieces=True)
@level_option
@test_options
@combine_root_option
@limits_json_option
@output_option(_OUTPUT)
@click.pass_context
def limit(
    ctx: click.Context,
    asked: Asked,
    level: float,
    test: Test,
    combine_root: str | None,
    limits_json: str | None,
    output: str | None,
) -> None:
    """Find upper limits by CLs.

    Observed, and expected with its bands; test statistics are q~ and q. The exit code is 1 where a limit is missing;
    the others are printed and written all the same. With toys the values to be tested depend on the answers before, so
    that --part does one round of about three; --finish goes on with the next ones.
    """
    asked.refuse_to_show()
    asked.refuse_to_keep_without(test.calculator == "toys")
    result = asked.ask("limit", wilks.limit, level=level, **test.keywords)
    conclude_with(ctx, result, output, combine_root=combine_root, limits_json=limits_json)


@click.command(
    cls=Command,
    examples=(
        "wilks significance workspace.json -o significance.json",
        "wilks significance workspace.json --asimov --set mu=1",
        "wilks significance workspace.json --toys 10000 --importance",
    ),
)
@functools.partial(study_options, pieces=True)
@click.option(
    "--injected",
    type=float,
    multiple=True,
    metavar="SIZE",
    help="Size of the signal for an expected significance; repeatable. Default: 1.",
)
@_toys_option
@_importance_option
@seed_option
@combine_root_option
@output_option(_OUTPUT)
@click.pass_context
def significance(
    ctx: click.Context,
    asked: Asked,
    injected: tuple[float, ...],
    toys: int,
    importance: bool,
    seed: int,
    combine_root: str | None,
    output: str | None,
) -> None:
    """Find the significance of a signal.

    Observed and expected, with p0. The exit code is 1 where one is missing.
    """
    asked.refuse_to_show()
    _check_importance(toys, importance)
    asked.refuse_to_keep_without(bool(toys))
    options = {"injected": injected or (1.0,), "toys": toys, "importance": importance, "seed": seed}
    result = asked.ask("significance", wilks.significance, **options)
    conclude_with(ctx, result, output, combine_root=combine_root)
