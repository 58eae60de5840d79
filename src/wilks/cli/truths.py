"""The options of commands that make toys: of which model, and where its parameters are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks.cli.asked import fix_option, measurement_option, poi_option
from wilks.cli.combine_asked import made_with
from wilks.cli.data import fit_for
from wilks.cli.fits import check_fixed
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.named import bounds_option, numbers_by_name
from wilks.cli.regions import Regions, region_options

if TYPE_CHECKING:
    from wilks.model.model import Model
    from wilks.results.fit import FitResult


@dataclass(frozen=True)
class Truth:
    """A model, the fit and the values that its toys are made with, and what is said of the fits to them."""

    model: Model
    made_at: FitResult | None
    values: dict[str, float]
    fix: dict[str, float]
    bounds: dict[str, tuple[float, float]]


def truth_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add WORKSPACE and the options that say what toys are made of; the command is called with `truth`."""

    @functools.wraps(command)
    def wrapped(
        *,
        workspace: str,
        measurement: str | None,
        poi: str | None,
        regions: Regions,
        fix: dict[str, float],
        bounds: dict[str, tuple[float, float]],
        after: str | None,
        others: dict[str, float],
        **rest: Any,
    ) -> Any:
        read_once(workspace, after)
        used = regions.restricted(read_workspace(workspace), measurement, poi)
        model = wilks.compile_model(used, measurement=measurement, poi=poi)
        check_fixed(model, fix)
        made_at = None if after is None else fit_for(after, workspace, model)
        return command(truth=Truth(model, made_at, made_with(model, others), fix, bounds), **rest)

    decorated: Callable[..., Any] = wrapped
    for decorate in (
        click.option(
            "--set",
            "others",
            multiple=True,
            metavar="NAME=VALUE",
            callback=numbers_by_name,
            help="A parameter that the toys are made with, for example an injected signal; repeatable.",
        ),
        click.option("--after", metavar="FIT", help="Make the toys at the best fit saved in a file. Default: pre-fit."),
        bounds_option,
        fix_option,
        region_options(what="left out of the fits"),
        poi_option,
        measurement_option,
        click.argument("workspace", metavar="WORKSPACE"),
    ):
        decorated = decorate(decorated)
    return decorated
