"""What Combine's options of the running command say, where workspaces are read and data are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from wilks.errors import shown

if TYPE_CHECKING:
    from wilks.cli.combine_translation import Asked
    from wilks.model.datasets import Data
    from wilks.model.model import Model
    from wilks.results.fit import FitResult
    from wilks.workspace.workspace import Workspace

ASKED = "wilks.combine"
"""Where a command's context has them."""


def reading() -> dict[str, Any]:
    """Return the options of reading datacards that the running command is given."""
    asked = _asked()
    return {} if asked is None else dict(asked.reading)


def changed(workspace: Workspace) -> Workspace:
    """Return the workspace with what the running command is given for parameters and channels. Raises InputError."""
    asked = _asked()
    return workspace if asked is None or not asked.changes else asked.changes.of(workspace)


def pois() -> tuple[str, ...]:
    """Return the parameters of interest that the running command is given, as -P or --redefineSignalPOIs."""
    asked = _asked()
    return () if asked is None else tuple(asked.changes.pois)


def range_of(name: str | None) -> tuple[float, float] | None:
    """Return the range of a parameter that the running command is given, along which Combine scans."""
    asked = _asked()
    return None if asked is None or name is None else asked.changes.ranges.get(name)


def made_with(model: Model, values: dict[str, float]) -> dict[str, float]:
    """Return the values that Asimov data or toys are made with: `values`, before them those of Combine's options."""
    asked = _asked()
    return values if asked is None else asked.made_with(model, values)


def asimov_data(model: Model, after: FitResult | None, values: dict[str, float]) -> Data:
    """Return Asimov data, made with what Combine's options say of parameters, too.

    As in Combine, --setParameters of constrained ones moves what is expected, and not their auxiliary data.
    """
    from wilks.model.datasets import asimov, mixed

    every, asked = made_with(model, values), _asked()
    data = asimov(model, after, values=every or None)
    shifted = set() if asked is None else set(asked.changes.starts) - set(values)
    kinds = dict(zip(model.parameter_names, model.constraints, strict=True))
    if not any(kinds.get(name, "none") != "none" for name in shifted):
        return data
    there = {name: value for name, value in every.items() if name not in shifted or kinds.get(name) == "none"}
    main = mixed(model, asimov(model, after, values=there or None), data, channels="*")
    return type(data)(main.values, data.label, data.bins)


def tell(sentence: str) -> None:
    """Say on standard error what becomes of an option."""
    click.echo(shown(f"wilks: {sentence}"), err=True)


def _asked() -> Asked | None:
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(ASKED)
