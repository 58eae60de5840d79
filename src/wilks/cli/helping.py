"""Commands whose help has examples, and their options in the same groups and order."""

from __future__ import annotations

from typing import Any

import click

_GROUPS = {
    "Figure": ("titles", "style", "status", "energy", "luminosity"),
    "Model and data": (
        "measurement",
        "poi",
        "channels",
        "blind",
        "signal",
        "fix",
        "bounds",
        "asimov",
        "after",
        "values",
        "blind_poi",
    ),
    "Running": ("search", "threads", "dask", "folder", "part", "finish", "progress"),
}


class Command(click.Command):
    """A command with `examples`: its own options come first, then those that many commands have."""

    def __init__(self, *arguments: Any, examples: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in their groups."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": [], **{name: [] for name in _GROUPS}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                group = next((group for group, names in _GROUPS.items() if parameter.name in names), "Options")
                groups[group].append(record)
        for group, records in groups.items():
            if records:
                with formatter.section(group):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
