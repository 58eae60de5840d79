"""Commands on pyhf's patch sets: apply, verify, inspect, extract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from wilks.cli.application import Commands
from wilks.cli.inputs import read_once, read_patches, read_workspace
from wilks.cli.streams import format_option, output_option, put
from wilks.cli.written import put_workspace
from wilks.errors import InputError, listed

if TYPE_CHECKING:
    from wilks.workspace.patchset import Patch, PatchSet

_name = click.option("--name", metavar="NAME", help="Which patch. Default: the only one.")


@click.group(cls=Commands)
def patchset() -> None:
    """About signals as patches of a background-only workspace."""


@patchset.command()
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("patches", metavar="PATCHES")
@_name
@click.option("--any-background", is_flag=True, help="Apply a patch that was made for another background.")
@output_option("File for the workspace; bin edges go beside it. Default: print it.")
def apply(workspace: str, patches: str, name: str | None, any_background: bool, output: str | None) -> None:
    """Add a signal to its background-only workspace."""
    read_once(workspace, patches)
    background, signals = read_workspace(workspace), read_patches(patches)
    put_workspace(signals.apply(background, _chosen(signals, name).name, verify=not any_background), output)


@patchset.command()
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("patches", metavar="PATCHES")
def verify(workspace: str, patches: str) -> None:
    """Check that a patch set belongs to a background-only workspace, by its digests."""
    from wilks.workspace.digests import ALGORITHMS

    read_once(workspace, patches)
    background, signals = read_workspace(workspace), read_patches(patches)
    known = [algorithm for algorithm in ALGORITHMS if algorithm in signals.digests]
    if not known:
        raise InputError(f"{patches}: nothing to verify: it has no digest of {listed(ALGORITHMS)}")
    signals.verify(background)
    click.echo(f"the patches belong to this workspace ({' and '.join(known)} agree)")


@patchset.command()
@click.argument("patches", metavar="PATCHES")
@format_option
@output_option("File for the table. Default: print it.")
def inspect(patches: str, output: str | None) -> None:
    """Print which signals a patch set has."""
    table = read_patches(patches).table()
    put(table.text(), output, [table])


@patchset.command()
@click.argument("patches", metavar="PATCHES")
@_name
@click.option("--with-metadata", is_flag=True, help="With name and values, as in the set.")
@output_option("File for the patch. Default: print it.")
def extract(patches: str, name: str | None, with_metadata: bool, output: str | None) -> None:
    """Print one patch, as a JSON patch that any tool applies."""
    patch = _chosen(read_patches(patches), name)
    operations: Any = list(patch.operations)
    if with_metadata:
        operations = {"metadata": {"name": patch.name, "values": list(patch.values)}, "patch": operations}
    put(json.dumps(operations, indent=4, sort_keys=True), output)


def _chosen(signals: PatchSet, name: str | None) -> Patch:
    """Return the patch of a name, or the only one. Raises InputError."""
    if name is None and len(signals) > 1:
        raise InputError(f"--name: which of the {len(signals)} patches? {listed(signals.names)}")
    return signals.patches[0] if name is None else signals[name]
