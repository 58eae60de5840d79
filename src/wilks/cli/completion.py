"""What a shell completes behind a command: names of files and folders, where the command takes them."""

from __future__ import annotations

import click

# What stands for a file or folder in the usage of commands.
FILES = frozenset(["CONFIG", "WORKSPACE", "TEMPLATES", "RESULT", "FIT", "RANKING", "PATCHES", "FILE", "FOLDER", "PATH"])


def complete_files(command: click.Command) -> None:
    """Let a shell complete the names of files that a command takes; what the command makes of them stays as it is."""
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        complete_files(inner)
    for parameter in command.params:
        words = (parameter.metavar or "").removesuffix("...").strip("[]").split("|")
        if parameter.type is click.STRING and FILES.issuperset(words):
            parameter.type = click.Path(readable=False)
