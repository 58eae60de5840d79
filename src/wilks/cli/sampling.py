"""The command that samples a posterior."""

from __future__ import annotations

import click

import wilks
from wilks.cli.asked import Asked, study_options
from wilks.cli.helping import Command
from wilks.cli.named import by_name
from wilks.cli.streams import deliver, output_option
from wilks.cli.waiting import end


def _prior(text: str) -> str:
    if not text:
        raise ValueError
    return text


@click.command(
    cls=Command,
    examples=(
        "wilks sample workspace.json -o posterior.json",
        "wilks sample workspace.json --prior mu=uniform:0,20 --prior 'norm_*=log-normal:1,1.3' --seed 3",
        "wilks sample workspace.json --fix lumi=1 --draws 5000 --level 0.9 --level 0.95",
    ),
)
@study_options
@click.option(
    "--prior",
    "priors",
    multiple=True,
    metavar="NAME=PRIOR",
    callback=by_name("NAME=PRIOR", _prior),
    help="Prior of a parameter (name or pattern) without constraint: flat, normal:MEAN,SD, log-normal:MEDIAN,KAPPA, "
    "gamma:SHAPE,RATE, uniform:LOW,HIGH or power:EXPONENT; repeatable. Default: flat within its bounds.",
)
@click.option("--draws", type=int, default=1000, show_default=True, metavar="N", help="Draws of each chain.")
@click.option(
    "--warmup",
    type=int,
    default=500,
    show_default=True,
    metavar="N",
    help="Draws before them, which adapt the sampler.",
)
@click.option("--chains", type=int, default=4, show_default=True, metavar="N", help="Number of chains.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Seed of the chains.")
@click.option(
    "--acceptance",
    type=float,
    default=0.9,
    show_default=True,
    metavar="PART",
    help="Acceptance that the step size aims at; higher where steps diverge.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=float,
    default=(0.6827, 0.95),
    show_default=True,
    metavar="LEVEL",
    help="Probability of intervals and upper limits, between 0 and 1; repeatable.",
)
@click.option(
    "--keep", type=int, default=4000, show_default=True, metavar="N", help="Samples that are written, evenly spaced."
)
@output_option(
    "File for the result, as JSON, with its samples beside it as .npz; with - it is printed, without samples."
)
@click.pass_context
def sample(
    ctx: click.Context,
    asked: Asked,
    priors: dict[str, str],
    draws: int,
    warmup: int,
    chains: int,
    seed: int,
    acceptance: float,
    levels: tuple[float, ...],
    keep: int,
    output: str | None,
) -> None:
    """Sample the posterior of all free parameters (Bayes).

    Likelihood with its constraint terms times a prior for each free parameter. Needs the extra "sampling". The exit
    code is 1 where the chains don't agree or are too short; after Ctrl-C it is 130, and what is done by then counts.
    """
    asked.refuse_to_show()
    result = asked.ask(
        "sampling",
        wilks.sample,
        priors=priors,
        draws=draws,
        warmup=warmup,
        chains=chains,
        seed=seed,
        acceptance=acceptance,
        levels=levels,
        keep=keep,
    )
    deliver(result, str(result), output)
    end(ctx, good=result.converged)
