"""Commands that start from a steering file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import wilks
from wilks import pipeline
from wilks.cli.application import Commands
from wilks.cli.drawing import log_option
from wilks.cli.inputs import CONFIG, read_config, refuse_other_kinds, say_what_is_approximate
from wilks.cli.reading import Reading, reading_options
from wilks.cli.streams import output_option, put, source, wrote
from wilks.cli.wording import plural
from wilks.cli.written import besides, format_options, put_workspace, write_as
from wilks.errors import ConfigError, InputError, listed, shown

if TYPE_CHECKING:
    from wilks.cli.progress import Narrator


def _stages(ctx: click.Context, parameter: click.Parameter, given: str | None) -> tuple[str, ...] | None:
    """Return the names of stages in an option; InputError with the nearest names for those that there are not."""
    if given is None:
        return None if parameter.name == "only" else ()
    names = [name.strip() for name in given.split(",") if name.strip()]
    if unknown := pipeline.unknown_stages(f"--{parameter.name}", names):
        raise InputError(unknown)
    return tuple(names)


def _formats(ctx: click.Context, parameter: click.Parameter, given: str | None) -> tuple[str, ...] | None:
    """Return the formats of figures in an option; InputError for those that can't be written."""
    if given is None:
        return None
    names = [name.strip() for name in given.split(",") if name.strip() and name.strip() != "none"]
    known = ("pdf", "png", "svg")
    if unknown := [name for name in names if name not in known]:
        raise InputError([f'--figures: no format "{name}"; there are {listed(known)}, and none' for name in unknown])
    return tuple(dict.fromkeys(names))


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option(
    "Folder for everything that is made.",
    default=pipeline.OUTPUT,
    never_printed="writes many files: name a folder",
)
@click.option(
    "--only",
    callback=_stages,
    metavar="STAGES",
    help=f"Besides fit and predictions make these only: {', '.join(pipeline.OPTIONAL)}, with commas between.",
)
@click.option("--skip", callback=_stages, metavar="STAGES", help="Leave these out, of those that --only lists.")
@click.option(
    "--search/--no-search",
    default=None,
    help="Whether to find upper limit and significance. Default: what General.Search says.",
)
@click.option(
    "--figures",
    callback=_formats,
    metavar="FORMATS",
    help="Formats of figures, such as pdf,svg, or none; ranking and correlations are then drawn too. Default: pdf,png, "
    "without these two, which report.html shows.",
)
@log_option()
@format_options
@reading_options
@click.pass_context
def run(
    ctx: click.Context, /, steering_file: str, output: str, formats: tuple[str, ...], reading: Reading, **options: Any
) -> None:
    """Do the whole analysis, down to the report.

    Templates, workspace, checks, fit, what a measurement or a search needs, tables, figures, and report.html with all
    of it: every stage writes its products to the output folder before the next one starts. What looks wrong is
    printed, and does not stop the run. Templates that an earlier run left in the folder are used again where nothing
    they were made of has changed.
    """
    from wilks.cli.progress import ending, narrator

    with narrator() as tell:
        done = _done(source(steering_file), output, tell, reading, options)
    for line in ending(done, output):
        click.echo(shown(line))
    for name in formats:
        write_as(done.workspace, besides(Path(output) / "workspace.json", name), name)
    ctx.exit(0 if done.result.converged else 1)


def _done(given: Any, output: str, tell: Narrator, reading: Reading, options: dict[str, Any]) -> pipeline.Run:
    """Run the analysis; a file that is no steering file at all is met with what it is."""
    from wilks.templates.workers import processors

    try:
        say_what_is_approximate(given)
        with reading.workers() as workers:
            return pipeline.run(
                given,
                output,
                observe=tell.observe,
                progress=tell.progress,
                workers=workers,
                skip_unreadable=reading.skip_unreadable,
                force=reading.force,
                processes=processors(),
                drawn=tell.drawn,
                **options,
            )
    except ConfigError:
        refuse_other_kinds(given, CONFIG)
        raise


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option(
    "File for the templates.",
    default=f"{pipeline.OUTPUT}/templates.npz",
    never_printed="writes a binary file: name a path",
)
@reading_options
def templates(steering_file: str, output: str, reading: Reading) -> None:
    """Make the histograms of an analysis.

    They are filled from ntuples or collected from ROOT files, and processed as the steering file asks for. What was
    read, and what was left out, is said on the standard error. Templates that are in the output file already are used
    again where nothing they were made of has changed.
    """
    from wilks.cli.progress import reading_progress

    config = read_config(steering_file)
    pipeline.require_place_for_templates(Path(output), config)
    previous = None if reading.force else pipeline.earlier_templates(Path(output))
    with reading.workers() as workers, reading_progress() as progress:
        made = pipeline.make_templates(
            config,
            workers=workers,
            progress=progress,
            skip_unreadable=reading.skip_unreadable,
            previous=previous,
        )
    files = pipeline.save_templates(made, Path(output))
    if made.reused:
        click.echo(f"{plural(len(made.reused), 'template')} in {output} need not be made again", err=True)
    if made.events is not None:
        for line in (str(made.events), *made.events.notes):
            click.echo(line, err=True)
    wrote(files)


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option(
    "File for the workspace, in the format its name ends with (.hs3.json, .pyhf.json, .xml); bin edges go beside it. "
    "Default: print it."
)
@format_options
def workspace(steering_file: str, output: str | None, formats: tuple[str, ...]) -> None:
    """Build the workspace: model and data in one file."""
    if formats and output in (None, "-"):
        raise InputError("--format writes a file beside that of the workspace: name it with -o")
    config = read_config(steering_file)
    if output is not None:
        pipeline.require_other_file(Path(output), config)
    built = wilks.build_workspace(pipeline.make_templates(config), config)
    put_workspace(built, output)
    for name in formats:
        write_as(built, besides(Path(str(output)), name), name)


@click.group(cls=Commands)
def config() -> None:
    """About steering files."""


@config.command()
@output_option("File for the schema. Default: print it.")
def schema(output: str | None) -> None:
    """Print the JSON schema of steering files.

    Editors complete and check YAML with it.
    """
    from wilks.config.load import config_json_schema

    put(json.dumps(config_json_schema(), indent=2), output)
