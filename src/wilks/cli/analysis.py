"""Commands that start from a steering file."""

from __future__ import annotations

import json
from pathlib import Path

import click

import wilks
from wilks import pipeline
from wilks.cli.streams import output_option, put, source, wrote


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option("Folder for everything that is made.", default=pipeline.OUTPUT)
@click.pass_context
def run(ctx: click.Context, steering_file: str, output: str) -> None:
    """Do the whole analysis, down to the figures.

    Templates, workspace, checks, fit, tables and figures: every stage writes its products to the output folder before
    the next one starts. What looks wrong is printed, and does not stop the run.
    """
    from wilks.cli.progress import ending, narrator

    with narrator() as observe:
        done = pipeline.run(source(steering_file), output, observe=observe)
    for line in ending(done, output):
        click.echo(line)
    ctx.exit(0 if done.result.converged else 1)


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option("File for the templates.", default=f"{pipeline.OUTPUT}/templates.npz")
def templates(steering_file: str, output: str) -> None:
    """Collect the histograms of an analysis.

    They are smoothed where the steering file asks for it.
    """
    config = wilks.load_config(source(steering_file))
    wrote(pipeline.save_templates(pipeline.make_templates(config), Path(output)))


@click.command()
@click.argument("steering_file", metavar="CONFIG")
@output_option("File for the workspace; bin edges go beside it. Default: print it.")
def workspace(steering_file: str, output: str | None) -> None:
    """Build the workspace: model and data in one file."""
    config = wilks.load_config(source(steering_file))
    built = wilks.build_workspace(pipeline.make_templates(config), config)
    if output is None or output == "-":
        put(json.dumps(built.spec, indent=4, sort_keys=True), None)
    else:
        wrote(pipeline.save_workspace(built, Path(output)))


@click.group()
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
