"""Commands that write results as other people expect them: HEPData submissions, simplified likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from wilks.cli.application import Commands
from wilks.cli.drawing import named_titles
from wilks.cli.helping import Command
from wilks.cli.inputs import DATACARD, DESCRIPTION, HS3, content, kind, read_workspace
from wilks.cli.limits import level_option
from wilks.cli.streams import check_target, output_option, warn, wrote
from wilks.errors import InputError


@click.group(cls=Commands)
def export() -> None:
    """Results as other people expect them."""


def _keyword_option(name: str, words: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}", f"{name}s", multiple=True, metavar="TEXT", help=f"Keyword of every table: {words}; repeatable."
    )


@export.command(
    cls=Command,
    examples=(
        "wilks export hepdata wilks-output --energy '13 TeV' --luminosity '140 fb-1'",
        "wilks export hepdata workspace.json fit.json limit.json -o submission.tar.gz --csv tables",
    ),
)
@click.argument("inputs", metavar="FILE...", nargs=-1, required=True)
@output_option(
    "Folder, or archive (.zip, .tar.gz), for the submission.",
    default="hepdata",
    never_printed="writes many files: name a folder or an archive",
)
@click.option("--csv", "csv_folder", metavar="FOLDER", help="Write every table as CSV too, into this folder.")
@click.option("--energy", "cm_energy", default="", metavar="TEXT", help='Centre-of-mass energy: "13 TeV".')
@click.option("--luminosity", "recorded", default="", metavar="TEXT", help='Integrated luminosity: "140 fb-1".')
@_keyword_option("reaction", '"P P --> TOP TOPBAR X"')
@_keyword_option("observable", '"SIG"')
@_keyword_option("phrase", '"Top quark"')
@click.option(
    "--license",
    "license_",
    nargs=2,
    metavar="NAME URL",
    help="Licence of tables and files. Default: none; HEPData's own is CC0.",
)
@click.option("--comment", default="", metavar="TEXT", help="Abstract of the submission.")
@click.option(
    "--title",
    "shown_as",
    multiple=True,
    metavar="NAME=TITLE",
    callback=named_titles,
    help=r"In place of the name of a parameter, channel or sample: 'mu=$\mu_{t\bar{t}}$'; repeatable.",
)
def hepdata(
    inputs: tuple[str, ...],
    output: str,
    csv_folder: str | None,
    cm_energy: str,
    recorded: str,
    license_: tuple[str, str] | None,
    shown_as: dict[str, str],
    **said: Any,
) -> None:
    """Write a HEPData submission.

    FILE is a folder of "wilks run", or any saved results, with the workspace and the steering file if they are to go
    with it. Nothing is fitted; of a workspace and its fit the predictions and the covariances of bins are added.
    """
    from wilks.export.hepdata import submission

    given = [read_workspace(file) if kind(content(file)) in (HS3, DESCRIPTION, DATACARD) else file for file in inputs]
    if csv_folder is not None:
        check_target(f"{csv_folder}/table.csv", file=True)
    made = submission(*given, energy=cm_energy, luminosity=recorded, license=license_, titles=shown_as, **said)
    files = made.save(output)
    wrote([Path(output) if len(files) > 1 else files[0]])
    if csv_folder is not None:
        wrote(made.save_csv(csv_folder))


@export.command(
    cls=Command,
    examples=(
        "wilks export simplified workspace.json --channels 'SR*'",
        "wilks export simplified workspace.json --fit all --uncertainties per-bin -o simplified",
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@output_option("Folder for what is written.", default="simplified", never_printed="writes many files: name a folder")
@click.option(
    "--channels", "-c", multiple=True, metavar="NAME", help="Keep these channels (names or patterns). Default: all."
)
@click.option(
    "--fit",
    "fitted",
    metavar="CHANNELS",
    help="What tells the background: a fit of control (the channels that are not kept), of all, or none (constraints "
    "alone). Default: control where there are such channels, else all.",
)
@click.option(
    "--uncertainties",
    type=click.Choice(["correlated", "per-bin"]),
    default="correlated",
    show_default=True,
    help="Of the one background: one parameter for all bins, or one for each.",
)
@click.option(
    "--signal-systematics",
    is_flag=True,
    help="Keep signals whole, with their systematic uncertainties.",
)
@click.option(
    "--samples",
    type=int,
    default=20_000,
    show_default=True,
    metavar="N",
    help="Points for the moments of the background.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, metavar="N", help="Seed of the points.")
@click.option("--measurement", metavar="NAME", help="Measurement of the workspace. Default: the first.")
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's.")
@click.option(
    "--compare/--no-compare", default=True, show_default=True, help="Print the limits of the full model beside these."
)
@level_option
def simplified(
    workspace: str,
    output: str,
    channels: tuple[str, ...],
    uncertainties: str,
    compare: bool,
    level: float,
    **asked: Any,
) -> None:
    """Write the simplified likelihoods of a model, and print their limits beside its own.

    One has a parabola for the background of each bin, from mean, covariance and third moment (CMS, arXiv:1809.05548);
    the other one background with one uncertainty (ATLAS, ATL-PHYS-PUB-2021-038). Both are workspaces too.
    """
    from wilks.export.simplified import comparison, simplify

    if compare and not 0 < level < 1:
        raise InputError(f"--level: must lie between 0 and 1, found {level:g}")
    given = read_workspace(workspace)
    found = simplify(given, channels=channels or None, uncertainties=uncertainties.replace("-", " "), **asked)
    wrote(found.save(output))
    for note in found.notes:
        warn(note)
    if not compare:
        return
    if not found.moments.signals:
        warn("the workspace has no signal, so there is no limit to compare")
        return
    click.echo(f"\n{comparison(found.limits(level=level)).text()}")
