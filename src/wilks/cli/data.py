"""Options that choose the data: observed, or Asimov data; and what is not shown of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from wilks.cli.combine_asked import asimov_data
from wilks.cli.inputs import read_fit
from wilks.cli.named import numbers_by_name
from wilks.cli.streams import warn
from wilks.errors import InputError

if TYPE_CHECKING:
    from wilks.model.datasets import Data
    from wilks.model.model import Model
    from wilks.results.fit import FitResult


data_set_option = click.option(
    "--data-set", metavar="NAME", help="Data set of the workspace to use. Default: its observations."
)


@dataclass(frozen=True)
class Chosen:
    """Which data a command uses, and whether the value of the parameter of interest in them is hidden."""

    asimov: bool
    after: str | None
    values: dict[str, float]
    blind_poi: bool
    data_set: str | None = None

    def data(self, model: Model, workspace: str) -> Data:
        """Return the data for a model; a fit of another workspace is pointed out."""
        from wilks.model.datasets import labelled

        self._check()
        if not self.asimov:
            return labelled(model, None)
        after = None if self.after is None else fit_for(self.after, workspace, model)
        return asimov_data(model, after, self.values)

    def maker(self) -> Callable[[Model], Data] | None:
        """Return what makes the data of every model of a grid; None for the observed ones."""
        self._check()
        if not self.asimov:
            return None
        after = None if self.after is None else read_fit(self.after)
        return lambda model: asimov_data(model, after, self.values)

    def refuse_to_show(self, poi: str | None, command: str) -> None:
        """Raise InputError where a command would tell the value of a hidden parameter of interest."""
        known = self.asimov and (self.after is None or poi in self.values)
        if self.blind_poi and not known:
            raise InputError(
                f'--blind-poi: "wilks {command}" would tell the value of the parameter of interest in the data; '
                "while it is blind, use --asimov"
            )

    def _check(self) -> None:
        if not self.asimov and (self.after is not None or self.values):
            raise InputError("--after and --set say what Asimov data are made of; they need --asimov")
        if self.asimov and self.data_set is not None:
            raise InputError("--data-set names data of the workspace, --asimov makes others: give one of them")


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--data-set`, `--asimov`, `--after`, `--set` and `--blind-poi`; the command is called with `chosen`."""

    @functools.wraps(command)
    def wrapped(
        *,
        asimov: bool,
        after: str | None,
        values: dict[str, float],
        blind_poi: bool,
        data_set: str | None,
        **rest: Any,
    ) -> Any:
        return command(chosen=Chosen(asimov, after, values, blind_poi, data_set), **rest)

    for decorate in (
        click.option(
            "--blind-poi",
            is_flag=True,
            help="Do not tell the value of the parameter of interest: hide it, or refuse.",
        ),
        click.option(
            "--set",
            "values",
            multiple=True,
            metavar="NAME=VALUE",
            callback=numbers_by_name,
            help="With --asimov: a parameter the data are made with, for example an injected signal; repeatable.",
        ),
        click.option("--after", metavar="FIT", help="With --asimov: make the data at the best fit saved in a file."),
        click.option("--asimov", is_flag=True, help="Use Asimov data instead of the observed ones."),
        data_set_option,
    ):
        wrapped = decorate(wrapped)
    return wrapped


def warn_of_another_workspace(file: str, workspace: str, model: Model, missing: Collection[str]) -> None:
    """Say that a fit is not one of the workspace it is used with, and how much of the model it does not know."""
    some = f"; {len(missing)} of its {model.n_parameters} parameters are not in the fit and stay as before it"
    warn(f"{file} is a fit of another workspace than {workspace}{some if missing else ''}")


def fit_for(file: str, workspace: str, model: Model) -> FitResult:
    """Return a saved fit that parameters of a model are taken from; one of another workspace is pointed out."""
    from wilks.model.common import common_parameters

    result = read_fit(file)
    if result.workspace_digest != model.workspace_digest:
        common = set(common_parameters(model, result)[0])
        missing = [name for i, name in enumerate(model.parameter_names) if i not in common]
        warn_of_another_workspace(file, workspace, model, missing)
    return result
