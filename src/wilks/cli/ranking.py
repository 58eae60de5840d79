"""Commands that say where an uncertainty comes from: ranking, breakdown, and figures of impacts and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import wilks
from wilks.cli.asked import Asked, study_options
from wilks.cli.drawing import style_options, titles_option
from wilks.cli.figure_options import CORRELATIONS, IMPACTS, figure_options
from wilks.cli.helping import Command
from wilks.cli.inputs import read_fit, read_result
from wilks.cli.streams import check_target, deliver, figure_target, output_option, warn, wrote
from wilks.cli.waiting import end
from wilks.errors import InputError
from wilks.pipeline import save_text
from wilks.selection import matching

if TYPE_CHECKING:
    from wilks.figures.style import FigureStyle
    from wilks.results.ranking import BreakdownResult, RankingResult

    _Result = TypeVar("_Result", RankingResult, BreakdownResult)


@click.command(
    cls=Command,
    examples=(
        "wilks ranking workspace.json -o ranking.json",
        'wilks ranking workspace.json --method "global observables" --exclude "staterror_*"',
    ),
)
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
    if impacts_json is not None:
        check_target(impacts_json, file=True)
        if asked.chosen.blind_poi:
            raise InputError("--impacts-json: the file has the value that --blind-poi hides")
    result = asked.ask(
        "ranking",
        wilks.ranking,
        method=method,
        profile=profile,
        parameters=parameters or None,
        exclude=exclude or None,
        poi=_pois(asked, also),
    )
    result = _blinded(asked, result)
    if impacts_json is not None:
        written = save_text(result.impacts_json(), Path(impacts_json))
        if output != "-":
            wrote(written)
    deliver(result, str(result), output)
    _complain(result.failures, "impacts of")
    end(ctx, good=not result.failures)


@click.command(
    cls=Command,
    examples=(
        "wilks breakdown workspace.json -o breakdown.json",
        "wilks breakdown workspace.json --groups groups.yml --profile",
    ),
)
@study_options
@click.option(
    "--groups",
    metavar="FILE",
    help='YAML or JSON file with names or patterns by label; or "modifier type". '
    "Default: those of the workspace, else normalisation factors, MC statistics, systematics.",
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
    result = _blinded(asked, result)
    deliver(result, str(result), output)
    _complain(result.failures, "part of")
    end(ctx, good=not result.failures)


@click.command(
    cls=Command,
    examples=(
        "wilks impacts ranking.json -o figures/impacts.pdf --style CMS --status Preliminary",
        'wilks impacts ranking.json --sort pull --relative --blind --group "jets=Jet *" --group "b-tagging=b-tag *"',
        "wilks impacts ranking.json --summary",
    ),
)
@click.argument("ranked", metavar="RANKING")
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the first of the ranking.")
@click.option("--blind", "--blind-poi", "hidden", is_flag=True, help="Hide the value of the parameter of interest.")
@click.option("--summary", is_flag=True, help="One figure instead: all pulls, and what is largest.")
@output_option(
    "Files for the figures; the number of the page is appended; without suffix each is written as PDF and as PNG. "
    "Default: figures/impacts, with --summary figures/impacts_summary.",
    never_printed="writes figures: name a path",
)
@figure_options(
    IMPACTS,
    rows="Parameters on a page. Default: 30; of --summary the largest in each column, 10.",
    groups="Colour of names by group; repeatable, also for one label. Default: by type of constraint.",
)
@titles_option
@style_options
def impacts(
    ranked: str,
    poi: str | None,
    hidden: bool,
    options: dict[str, Any],
    summary: bool,
    output: str | None,
    titles: dict[str, str],
    style: FigureStyle,
) -> None:
    """Draw a saved ranking: pulls beside impacts.

    All pages, in the way of CMS.
    """
    if summary and set(options) - {"rows"}:
        raise InputError("--summary has an order and colours of its own; leave out --sort, --relative and --group")
    from wilks.figures.impacts import ROWS
    from wilks.pages import impacts_pictures
    from wilks.pictures import save_pictures
    from wilks.templates.workers import processors

    found: RankingResult = _read_ranking(ranked)
    result = wilks.figures.titled(found, titles)
    if titles and "groups" in options:
        groups = options["groups"].items()
        options["groups"] = {label: _titled(found.names, patterns, titles) for label, patterns in groups}
    poi = titles.get(poi, poi) if poi is not None else None
    stem, formats = figure_target(output or ("figures/impacts_summary" if summary else "figures/impacts"))
    if summary:
        wrote(wilks.figures.save(wilks.figures.impacts_summary(result, poi=poi, style=style, **options), stem, formats))
        return
    keywords = {"groups": None, "rows": ROWS, "poi": poi, "blind": hidden, "style": style, **options}
    pages = impacts_pictures(result, stem.name, **keywords)
    for files in save_pictures(pages, stem.parent, formats, processes=processors()):
        wrote(files)


@click.command(cls=Command, examples=("wilks correlations fit.json --threshold 0.2 --style ATLAS --status Internal",))
@click.argument("fit", metavar="FIT")
@output_option(
    "File for the figure; without suffix it is written as PDF and as PNG.",
    default="figures/correlations",
    never_printed="writes figures: name a path",
)
@figure_options(
    CORRELATIONS,
    rows="Most parameters to draw: the strongest correlated. Default: 30.",
    include_staterrors="Staterror and shapesys parameters too.",
)
@titles_option
@style_options
def correlations(fit: str, output: str, options: dict[str, Any], titles: dict[str, str], style: FigureStyle) -> None:
    """Draw the correlations between the parameters of a fit."""
    result = wilks.figures.titled(read_fit(fit), titles)
    figure = wilks.figures.correlations(result, style=style, **options)
    wrote(wilks.figures.save(figure, *figure_target(output)))


def _titled(names: Sequence[str], patterns: list[str], titles: Mapping[str, str]) -> list[str]:
    """Return the titles of the names that are meant, and the patterns that mean none."""
    found = {pattern: [names[i] for i in matching(names, pattern)] for pattern in patterns}
    return [titles.get(name, name) for pattern in patterns for name in found[pattern] or [pattern]]


def _pois(asked: Asked, also: tuple[str, ...]) -> list[str] | None:
    """Return all parameters of interest, or None for that of the model alone."""
    if not also:
        return None
    return [*([asked.model.poi] if asked.model.poi is not None else []), *also]


def _blinded(asked: Asked, result: _Result) -> _Result:
    """Return a result without the values of parameters of interest, where they are hidden: NaN, null in a file."""
    if not asked.chosen.blind_poi:
        return result
    return replace(result, poi_values=result.poi_values * math.nan)


def _read_ranking(given: str) -> RankingResult:
    from wilks.results.ranking import RankingResult

    result = read_result(given)
    if not isinstance(result, RankingResult):
        raise InputError(f'{given}: not a ranking ("wilks ranking -o" writes one)')
    return result


def _complain(failures: Mapping[str, str], what: str) -> None:
    for name, reason in failures.items():
        warn(f'{what} "{name}": {reason}')
