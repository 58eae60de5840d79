"""Commands that say where an uncertainty comes from: ranking, breakdown, and figures of impacts and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

import wilks
from wilks.cli.asked import Asked, study_options
from wilks.cli.inputs import read_fit, read_result
from wilks.cli.streams import deliver, figure_target, output_option, warn, wrote
from wilks.errors import InputError
from wilks.pipeline import save_text

if TYPE_CHECKING:
    from wilks.results.ranking import RankingResult


@click.command()
@study_options
@click.option("--method", default="refit", show_default=True, help='refit, covariance or "global observables".')
@click.option("--profile", is_flag=True, help="Move parameters by their profile-likelihood (MINOS) uncertainties.")
@click.option("--also", multiple=True, metavar="NAME", help="A further parameter of interest; repeatable.")
@click.option("--parameters", multiple=True, metavar="PATTERN", help="Rank only these; repeatable. Default: all.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave these out; repeatable.")
@click.option("--impacts-json", metavar="PATH", help="File in the format of CombineHarvester's impacts.json.")
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.pass_context
def ranking(
    ctx: click.Context,
    asked: Asked,
    method: str,
    profile: bool,
    also: tuple[str, ...],
    parameters: tuple[str, ...],
    exclude: tuple[str, ...],
    impacts_json: str | None,
    output: str | None,
) -> None:
    """Rank parameters by their impact.

    The exit code is 1 where an impact is missing; the others are printed and written all the same.
    """
    if impacts_json == "-":
        raise InputError("--impacts-json -: name a file")
    result = asked.ask(
        "ranking",
        wilks.ranking,
        method=method,
        profile=profile,
        parameters=parameters or None,
        exclude=exclude or None,
        poi=_pois(asked, also),
    )
    if impacts_json is not None:
        written = save_text(result.impacts_json(), Path(impacts_json))
        if output != "-":
            wrote(written)
    deliver(result, str(result), output)
    _complain(result.failures, "impacts of")
    ctx.exit(1 if result.failures else 0)


@click.command()
@study_options
@click.option(
    "--groups",
    metavar="FILE",
    help='YAML or JSON file with names or patterns by label; or "modifier type". '
    "Default: normalisation factors, MC statistics, systematics.",
)
@click.option("--method", default="frozen", show_default=True, help='frozen, sequential or "global observables".')
@click.option("--profile", is_flag=True, help="Split the profile-likelihood (MINOS) uncertainties.")
@click.option("--also", multiple=True, metavar="NAME", help="A further parameter of interest; repeatable.")
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.pass_context
def breakdown(
    ctx: click.Context,
    asked: Asked,
    groups: str | None,
    method: str,
    profile: bool,
    also: tuple[str, ...],
    output: str | None,
) -> None:
    """Split the uncertainty into those of groups of parameters.

    The exit code is 1 where a part is missing; the others are printed and written all the same.
    """
    result = asked.ask(
        "breakdown", wilks.breakdown, groups=groups, method=method, profile=profile, poi=_pois(asked, also)
    )
    deliver(result, str(result), output)
    _complain(result.failures, "part of")
    ctx.exit(1 if result.failures else 0)


@click.command()
@click.argument("ranked", metavar="RANKING")
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the first of the ranking.")
@click.option("--rows", type=click.IntRange(1), default=30, show_default=True, help="Parameters on a page.")
@click.option("--style", default="plain", show_default=True, help="plain, ATLAS or CMS.")
@output_option(
    "Files for the figures; the number of the page is appended; without suffix each is written as PDF and as PNG.",
    default="figures/impacts",
    never_printed="writes figures: name a path",
)
def impacts(ranked: str, poi: str | None, rows: int, style: str, output: str) -> None:
    """Draw a saved ranking: pulls beside impacts.

    All pages, in the way of CMS.
    """
    result: RankingResult = _read_ranking(ranked)
    stem, formats = figure_target(output)
    pages = math.ceil(len(result) / rows)
    for page in range(1, pages + 1):
        figure = wilks.figures.impacts(result, poi=poi, page=page, rows=rows, style=style)
        target = stem if pages == 1 else stem.with_name(f"{stem.name}_{page}")
        wrote(wilks.figures.save(figure, target, formats))


@click.command()
@click.argument("fit", metavar="FIT")
@click.option("--threshold", default=0.1, show_default=True, help="Smallest correlation that is worth a row.")
@click.option("--rows", default=30, show_default=True, help="Most parameters to draw: the strongest correlated.")
@click.option("--staterrors", is_flag=True, help="Staterror and shapesys parameters too.")
@click.option("--style", default="plain", show_default=True, help="plain, ATLAS or CMS.")
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG.",
    default="figures/correlations",
    never_printed="writes figures: name a path",
)
def correlations(fit: str, threshold: float, rows: int, staterrors: bool, style: str, output: str) -> None:
    """Draw the correlations between the parameters of a fit."""
    figure = wilks.figures.correlations(
        read_fit(fit), threshold=threshold, rows=rows, include_staterrors=staterrors, style=style
    )
    wrote(wilks.figures.save(figure, *figure_target(output)))


def _pois(asked: Asked, also: tuple[str, ...]) -> list[str] | None:
    """Return all parameters of interest, or None for that of the model alone."""
    if not also:
        return None
    return [*([asked.model.poi] if asked.model.poi is not None else []), *also]


def _read_ranking(given: str) -> RankingResult:
    from wilks.results.ranking import RankingResult

    result = read_result(given)
    if not isinstance(result, RankingResult):
        raise InputError(f'{given}: not a ranking ("wilks ranking -o" writes one)')
    return result


def _complain(failures: Mapping[str, str], what: str) -> None:
    for name, reason in failures.items():
        warn(f'{what} "{name}": {reason}')
