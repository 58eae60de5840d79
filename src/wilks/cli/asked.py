"""What the commands of inference share: workspace, data set, what is held, and how they end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks.cli.data import Chosen, data_options
from wilks.cli.fits import check_fixed
from wilks.cli.inputs import read_once, read_workspace
from wilks.cli.named import bounds_option, numbers_by_name
from wilks.cli.regions import Regions, region_options
from wilks.cli.streams import deliver, table_options
from wilks.cli.waiting import Work, end, work_options
from wilks.errors import InputError
from wilks.results.conditions import blinded, conditions_of, with_conditions

if TYPE_CHECKING:
    from wilks.model.datasets import Data
    from wilks.model.model import Model
    from wilks.workspace.workspace import Workspace

measurement_option = click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the first.")
poi_option = click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's.")
fix_option = click.option(
    "--fix",
    multiple=True,
    metavar="NAME=VALUE",
    callback=numbers_by_name,
    help="Keep a parameter (name or pattern) at a value in the fits; repeatable.",
)


@dataclass(frozen=True)
class Asked:
    """Model, data, parameters that are held, and how it is done, as the options of a command say."""

    model: Model
    data: Data
    fixed: dict[str, float]
    bounds: dict[str, tuple[float, float]]
    workspace: Workspace
    chosen: Chosen
    work: Work

    def ask(self, what: str, verb: Callable[..., Any], **own: Any) -> Any:
        """Return what a verb of inference says about model and data; `what` stands beside the progress bar.

        Its conditions don't tell the parameter of interest where that is hidden.
        """
        with self.work.running(what) as running:
            result = verb(self.model, self.data, fixed=self.fixed, bounds=self.bounds, running=running, **own)
        if not self.chosen.blind_poi or self.model.poi is None:
            return result
        return with_conditions(result, blinded(conditions_of(result), self.model.pois))

    def refuse_to_keep_without(self, toys: bool) -> None:
        """Raise InputError where pieces are to be kept of a question that has no toys."""
        if self.work.kept.folder is not None and not toys:
            raise InputError("--folder keeps toys; say how many with --toys N")

    def refuse_to_show(self, *parameters: str) -> None:
        """Raise InputError where one of the parameters (names or patterns; none: that of interest) is hidden."""
        from wilks.model.selection import matching

        names = self.model.parameter_names
        asked = {names[i] for pattern in parameters for i in matching(names, pattern)}
        shown = [poi for poi in self.model.pois if poi in asked]
        if not parameters or shown:
            poi = next(iter(shown), self.model.poi)
            self.chosen.refuse_to_show(poi, str(click.get_current_context().info_name))


def conclude(ctx: click.Context, result: Any, output: str | None) -> None:
    """Print and save a result, and end the command with exit code 1 where it has not converged."""
    deliver(result, str(result), output)
    end(ctx, good=result.converged)


def study_options(command: Callable[..., Any], *, pieces: bool = False) -> Callable[..., Any]:
    """Add WORKSPACE and the options that choose model and data; the command is called with `asked`.

    `pieces`: whether its toys can be kept in a folder.
    """

    @functools.wraps(command)
    def wrapped(
        *,
        workspace: str,
        measurement: str | None,
        poi: str | None,
        fix: dict[str, float],
        bounds: dict[str, tuple[float, float]],
        regions: Regions,
        chosen: Chosen,
        work: Work,
        **rest: Any,
    ) -> Any:
        read_once(workspace, chosen.after)
        used = regions.restricted(read_workspace(workspace), measurement, poi)
        model = wilks.compile_model(used, measurement=measurement, poi=poi, data_set=chosen.data_set)
        check_fixed(model, fix)
        if chosen.blind_poi and model.poi is None:
            raise InputError("--blind-poi: the model has no parameter of interest, name one with --poi")
        data = chosen.data(model, workspace)
        return command(asked=Asked(model, data, fix, bounds, used, chosen, work), **rest)

    decorated: Callable[..., Any] = wrapped
    for decorate in (
        table_options,
        functools.partial(work_options, pieces=pieces),
        data_options,
        bounds_option,
        fix_option,
        region_options(what="left out"),
        poi_option,
        measurement_option,
        click.argument("workspace", metavar="WORKSPACE"),
    ):
        decorated = decorate(decorated)
    return decorated
