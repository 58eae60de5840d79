"""Commands that write results as other people expect them: HEPData submissions, simplified likelihoods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wilks.cli.application import Commands
from wilks.cli.helping import Command
from wilks.cli.inputs import DATACARD, DESCRIPTION, HS3, content, kind, read_workspace
from wilks.cli.streams import output_option, wrote


@click.group(cls=Commands)
def export() -> None:
    """Results as other people expect them."""


def _keyword_option(name: str, words: str) -> Any:
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
@click.option("--energy", default="", metavar="TEXT", help='Centre-of-mass energy: "13 TeV".')
@click.option("--luminosity", default="", metavar="TEXT", help='Integrated luminosity: "140 fb-1".')
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
def hepdata(
    inputs: tuple[str, ...],
    output: str,
    csv_folder: str | None,
    license_: tuple[str, str] | None,
    **said: Any,
) -> None:
    """Write a HEPData submission.

    FILE is a folder of "wilks run", or any saved results, with the workspace and the steering file if they are to go
    with it. Nothing is fitted; of a workspace and its fit the predictions and the covariances of bins are added.
    """
    from wilks.export.hepdata import submission

    given = [read_workspace(file) if kind(content(file)) in (HS3, DESCRIPTION, DATACARD) else file for file in inputs]
    made = submission(*given, license=license_, **said)
    files = made.save(output)
    wrote([Path(output) if len(files) > 1 else files[0]])
    if csv_folder is not None:
        wrote(made.save_csv(csv_folder))
