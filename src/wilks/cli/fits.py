"""Commands that fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

import wilks
from wilks.cli.data import Chosen, data_options
from wilks.cli.helping import Command
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.minos import check_minos, minos, save_beside
from wilks.cli.named import bounds_option, numbers_by_name
from wilks.cli.regions import Regions, region_options
from wilks.cli.streams import deliver, output_option, table_options, warn
from wilks.cli.waiting import search_option
from wilks.cli.wording import fit_lines
from wilks.errors import ModelError, listed, nearest
from wilks.results.conditions import without

if TYPE_CHECKING:
    from wilks.fitting.problem import Search
    from wilks.model.model import Model

_FEW = 12


@click.command(
    cls=Command,
    examples=(
        "wilks fit workspace.json -o fit.json",
        'wilks fit workspace.json --channels "*CR" --fix mu=0 -o control.json',
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the first.")
@data_options
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's.")
@click.option(
    "--fix",
    multiple=True,
    metavar="NAME=VALUE",
    callback=numbers_by_name,
    help="Keep a parameter at a value; repeatable.",
)
@bounds_option
@region_options(what="left out of the fit")
@click.option(
    "--minos",
    "profiled",
    multiple=True,
    metavar="NAME",
    help="Give a parameter, by name or pattern, its profile-likelihood interval; repeatable.",
)
@click.option("--minimizer", default="newton", show_default=True, help="newton, or minuit for a second opinion.")
@search_option
@table_options
@click.pass_context
def fit(
    ctx: click.Context,
    workspace: str,
    output: str | None,
    measurement: str | None,
    poi: str | None,
    fix: dict[str, float],
    bounds: dict[str, tuple[float, float]],
    minimizer: str,
    profiled: tuple[str, ...],
    regions: Regions,
    chosen: Chosen,
    search: Search,
) -> None:
    """Fit the model to observed data or to Asimov data.

    The exit code is 1 where the fit fails; what it found is printed and written all the same.
    """
    from wilks.fitting.problem import FitOptions

    read_once(workspace, chosen.after)
    used = regions.restricted(read_workspace(workspace), measurement, poi)
    model = wilks.compile_model(used, measurement=measurement, poi=poi, data_set=chosen.data_set)
    check_fixed(model, fix)
    if chosen.blind_poi and model.poi is None:
        raise ModelError("--blind-poi: the model has no parameter of interest, name one with --poi")
    check_minos(model, profiled, fix, output, chosen.blind_poi)
    data = chosen.data(model, workspace)
    result = wilks.fit(model, data, fixed=fix, bounds=bounds, minimizer=minimizer, options=FitOptions(search=search))
    intervals = minos(model, data, profiled, fix, bounds, result)
    known = result.conditions
    if chosen.blind_poi:
        result = result.blinded(*model.pois)
    parts = [f"{result}\n", *([] if intervals is None else [f"{without(intervals, known)}\n"]), *fit_lines(result)]
    tables = [*result.tables(), *([] if intervals is None else intervals.tables())]
    deliver(result, "\n".join(parts), output, tables)
    if intervals is not None and output is not None:
        save_beside(intervals, output)
    ctx.exit(0 if result.converged and (intervals is None or intervals.converged) else 1)


def check_fixed(model: Model, fix: dict[str, float]) -> None:
    """Raise ModelError for what --fix can't mean; values outside the bounds are used, and pointed out."""
    from wilks.model.selection import matching

    names = model.parameter_names
    allowed = f"; the model has {listed(names)}" if len(names) <= _FEW else ""
    lower, upper = model.bounds
    problems, outside = [], []
    for name, value in fix.items():
        found = matching(names, name)
        if not found:
            problems.append(f'--fix: no parameter "{name}" in this model{allowed}{nearest(name, names)}')
        if not math.isfinite(value):
            problems.append(f'--fix: "{name}" needs a finite value, found {value}')
        outside += [
            f'--fix: "{names[i]}" is kept at {value:g}, outside its bounds {lower[i]:g} to {upper[i]:g}'
            for i in found
            if not lower[i] <= value <= upper[i]
        ]
    if problems:
        raise ModelError(problems)
    for sentence in outside:
        warn(sentence)
