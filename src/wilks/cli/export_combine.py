"""`wilks export fit-diagnostics`: what Combine's FitDiagnostics writes."""

from __future__ import annotations

from pathlib import Path

import click

from wilks.cli.asked import Asked, study_options
from wilks.cli.helping import Command
from wilks.cli.streams import output_option, put, warn, wrote
from wilks.cli.waiting import end
from wilks.products import writing


@click.command(
    "fit-diagnostics",
    cls=Command,
    examples=(
        "wilks export fit-diagnostics workspace.json -o fitDiagnosticsTest.root",
        "wilks export fit-diagnostics card.txt --asimov --set r=1 -o fitDiagnosticsAsimov.root",
    ),
)
@study_options
@output_option("ROOT file.", default="fitDiagnosticsTest.root", never_printed="writes a ROOT file: name it")
@click.pass_context
def fit_diagnostics(ctx: click.Context, asked: Asked, output: str) -> None:
    """Fit without and with signal, and write shapes, yields and correlations as Combine's FitDiagnostics.

    The exit code is 1 where a fit fails; the file then has all but its shapes.
    """
    from wilks.export.combine import save_fit_diagnostics
    from wilks.infer.diagnostics import diagnostics

    asked.refuse_to_show()
    result = asked.ask("fits", diagnostics)
    with writing(output):
        save_fit_diagnostics(result, output)
    shown = result.signal if result.interval is None else result.interval
    put(str(shown), None, shown.tables())
    wrote([Path(output)])
    for name, status in result.failures.items():
        warn(f"{name}: {status}; the file has no shapes of it")
    end(ctx, good=not result.failures)
