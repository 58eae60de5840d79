"""The command that turns a configuration of TRExFitter into a steering file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wilks.cli.inputs import TREX, refuse_other_kinds
from wilks.cli.streams import check_target, output_option, source, wrote
from wilks.errors import InputError, shown
from wilks.pipeline import save_text

if TYPE_CHECKING:
    from wilks.trexfitter.importing import Imported


@click.command("import-trex")
@click.argument("configuration", metavar="CONFIG")
@output_option("File for the steering file; others that belong to it go beside it. Default: print it.")
@click.option(
    "-r",
    "--replacements",
    metavar="FILE",
    multiple=True,
    help="File with values of placeholders (XXX_name: value), in place of the one that CONFIG names; repeatable.",
)
def import_trex(configuration: str, output: str | None, replacements: tuple[str, ...]) -> None:
    """Turn a configuration of TRExFitter into a steering file.

    The command lines for what is no steering (fit type and region, blinding, Asimov data, MINOS, limit, ranking) stand
    at the head of the file, and are printed. What is exact, what is approximate and what can't be said goes to standard
    error, with lines. Unfolding, morphing, effective field theory and C++ code are refused.
    """
    from wilks.trexfitter.importing import Imported
    from wilks.trexfitter.multifit import fit_file, import_any

    given = source(configuration)
    refuse_other_kinds(given, TREX)
    printed = output in (None, "-")
    content = None if isinstance(given, str) else given.getvalue()
    found = import_any(getattr(given, "name", given), replacements, "config.yml" if printed else str(output), content)
    for line in found.report():
        click.echo(shown(line), err=True)
    if isinstance(found, Imported):
        if printed:
            click.echo(shown(found.text), nl=False)
            return
        _write(found, Path(str(output)))
    else:
        if printed:
            raise InputError(f"{configuration}: several fits make several steering files; name one with -o")
        for name, fit in found.fits.items():
            target = fit_file(Path(str(output)), name)
            check_target(str(target), file=True)
            _write(fit, target)
    for command in found.commands:
        click.echo(shown(str(command)))


def _write(found: Imported, output: Path) -> None:
    from wilks.config.load import load_config

    load_config(found.document)
    wrote(save_text(found.text, output))
    if found.validation is not None:
        wrote(save_text(found.validation, output.with_name(f"{output.stem}.validation{output.suffix}")))
