"""Commands that ask whether model and fit can be trusted: goodness of fit, compatibility of channels, toys."""

from __future__ import annotations

from functools import partial

import click

import wilks
from wilks.cli.asked import Asked, conclude, study_options
from wilks.cli.combine_files import combine_root_option, conclude_with, gof_json_option
from wilks.cli.helping import Command
from wilks.cli.inputs import read_fit
from wilks.cli.parts import part_of
from wilks.cli.streams import deliver, output_option, table_options
from wilks.cli.truths import Truth, truth_options
from wilks.cli.waiting import Work, end, work_options
from wilks.errors import InputError

seed_option = click.option(
    "--seed", type=click.IntRange(0), metavar="N", default=1, show_default=True, help="Seed of the toys."
)
_toys_option = click.option(
    "--toys", type=click.IntRange(0), default=0, metavar="N", help="Toys for the p-value. Default: none."
)


@click.command(
    cls=Command,
    examples=(
        "wilks gof workspace.json --toys 1000 -o gof.json",
        'wilks gof workspace.json --channels "SR*" --chi-square --fit control.json',
    ),
)
@partial(study_options, pieces=True)
@_toys_option
@seed_option
@click.option("--chi-square", is_flag=True, help="Chi-square with the covariance of all bins instead; pre-fit.")
@click.option("--fit", "fit_file", metavar="FIT", help="With --chi-square: after this fit, of other channels.")
@combine_root_option
@gof_json_option
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.pass_context
def gof(
    ctx: click.Context,
    asked: Asked,
    toys: int,
    seed: int,
    chi_square: bool,
    fit_file: str | None,
    combine_root: str | None,
    gof_json: str | None,
    output: str | None,
) -> None:
    """Test how well the model describes the data.

    The statistic is that of the saturated model: the fit beside one that describes every bin exactly. The exit code is
    1 where the fit fails.
    """
    if chi_square and (combine_root or gof_json) is not None:
        raise InputError("--combine-root and --gof-json have the test of the saturated model; leave out --chi-square")
    if gof_json is not None and not toys:
        raise InputError("--gof-json has the p-value of toys; give --toys")
    if fit_file is not None and not chi_square:
        raise InputError("--fit gives the prediction that --chi-square tests; it needs --chi-square")
    asked.refuse_to_keep_without(bool(toys))
    if chi_square:
        if asked.bounds:
            raise InputError("--bounds are those of fits; --chi-square makes none")
        if toys:
            raise InputError("--toys is for the saturated model; --chi-square takes none")
        after = None if fit_file is None else read_fit(fit_file)
        result = wilks.chi_square(asked.model, asked.data, after=after, fixed=asked.fixed)
    else:
        result = asked.ask("goodness of fit", wilks.goodness_of_fit, toys=toys, seed=seed)
    conclude_with(ctx, result, output, combine_root=combine_root, gof_json=gof_json)


@click.command(
    cls=Command,
    examples=(
        "wilks compatibility workspace.json -o compatibility.json",
        'wilks compatibility workspace.json --group "one lepton=SR1l*" --group "two leptons=SR2l*,CR2l"',
        "wilks compatibility workspace.json --toys 1000 --seed 2",
    ),
)
@partial(study_options, pieces=True)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="NAME=CHANNELS",
    help="Channels with a value of their own: names or patterns, separated by commas; repeatable. Default: each one.",
)
@_toys_option
@seed_option
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.pass_context
def compatibility(
    ctx: click.Context, asked: Asked, groups: tuple[str, ...], toys: int, seed: int, output: str | None
) -> None:
    """Test whether one parameter serves all channels.

    The fit with one for each channel (or group of channels) beside the fit with one for all. The exit code is 1 where a
    fit fails.
    """
    parts = [group.partition("=") for group in groups]
    if wrong := [group for group, (_, equals, _) in zip(groups, parts, strict=True) if not equals]:
        raise InputError(f'--group: "{wrong[0]}" is not NAME=CHANNELS')
    members = {name: channels.split(",") for name, _, channels in parts} or None
    asked.refuse_to_show()
    asked.refuse_to_keep_without(bool(toys))
    result = asked.ask(
        "compatibility", wilks.compatibility, workspace=asked.workspace, groups=members, toys=toys, seed=seed
    )
    conclude(ctx, result, output)


@click.command(
    cls=Command,
    examples=(
        "wilks toys workspace.json --count 10000 --seed 1 --folder toys -o toys.json",
        "wilks toys workspace.json --after fit.json --set mu=1 --profile mu -o toys.json",
        "wilks toys workspace.json --count 100000 --part 3/10 --folder toys",
    ),
)
@truth_options
@click.option("--count", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="Number of toys.")
@seed_option
@click.option(
    "--profile",
    multiple=True,
    metavar="NAME",
    help="Parameters whose profile likelihood intervals are tested too (names or patterns); repeatable.",
)
@click.option("--folder", metavar="FOLDER", help="Keep every toy in a folder; the same command goes on where it ended.")
@click.option(
    "--part",
    metavar="I/N",
    callback=part_of,
    help="Make part I of N only, such as 3/100 in a job array; with --folder. wilks merge joins the folders.",
)
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@table_options
@work_options
@click.pass_context
def toys(
    ctx: click.Context,
    truth: Truth,
    count: int,
    seed: int,
    profile: tuple[str, ...],
    folder: str | None,
    part: tuple[int, int] | None,
    output: str | None,
    work: Work,
) -> None:
    """Fit random data sets: bias, pulls and coverage.

    The exit code is 1 where no fit converges. After Ctrl-C it is 130; what is done by then counts.
    """
    if part is not None and folder is None:
        raise InputError("--part: what a part makes is kept in a folder; name one with --folder")
    with work.running("toys") as running:
        result = wilks.toys(
            truth.model,
            truth.made_at,
            values=truth.values or None,
            count=count,
            seed=seed,
            profile=profile,
            folder=folder,
            part=part,
            fixed=truth.fix,
            bounds=truth.bounds,
            running=running,
        )
    deliver(result, str(result), output)
    end(ctx, good=bool(result.converged) and result.done == result.count)
