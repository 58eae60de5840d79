"""Commands that fit."""

from __future__ import annotations

from pathlib import Path

import click

import wilks
from wilks.cli.streams import output_option, source, wrote
from wilks.cli.wording import fit_lines


def _fixed(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    """Return the values of NAME=VALUE by name (names may contain `=`)."""
    values = {}
    for text in given:
        name, equals, number = text.rpartition("=")
        try:
            if not equals:
                raise ValueError
            values[name] = float(number)
        except ValueError:
            raise click.BadParameter(f'"{text}" is not NAME=VALUE with a number as value', ctx, parameter) from None
    return values


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@output_option("File for the result, as JSON; with - it is printed instead of the table.")
@click.option("--measurement", metavar="NAME", help="Measurement to use. Default: the first.")
@click.option("--poi", metavar="NAME", help="Parameter of interest. Default: the measurement's.")
@click.option(
    "--fix", multiple=True, metavar="NAME=VALUE", callback=_fixed, help="Keep a parameter at a value; repeatable."
)
@click.option("--minimizer", default="newton", show_default=True, help="newton, or minuit for a second opinion.")
@click.pass_context
def fit(
    ctx: click.Context,
    workspace: str,
    output: str | None,
    measurement: str | None,
    poi: str | None,
    fix: dict[str, float],
    minimizer: str,
) -> None:
    """Fit the model to the observed data.

    The exit code is 1 where the fit fails; what it found is printed and written all the same.
    """
    model = wilks.compile_model(wilks.load_workspace(source(workspace)), measurement=measurement, poi=poi)
    result = wilks.fit(model, fixed=fix, minimizer=minimizer)
    if output == "-":
        from wilks.results.io import encode_result

        click.echo(encode_result(result), nl=False)
    else:
        click.echo(str(result))
        click.echo("\n" + "\n".join(fit_lines(result)))
        if output is not None:
            result.save(output)
            wrote([Path(output)])
    ctx.exit(0 if result.converged else 1)
