"""How every command ends: mistakes as sentences, interruptions and closed pipes without a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click

from wilks.cli.combine_options import understand
from wilks.cli.completion import complete_files
from wilks.errors import InputError, WilksError, nearest, shown

MISTAKE, INTERRUPTED, CLOSED_PIPE = 2, 130, 141


class Commands(click.Group):
    """A group of commands that lists them in the order of an analysis, and meets unknown ones with the nearest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` names; UsageError with the nearest name where there is none."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f'no command "{args[0]}"{nearest(args[0], self.commands)}')
        return super().resolve_command(ctx, args)


class Application(Commands):
    """The outermost group: its commands stand in sections; it turns exceptions into sentences and exit codes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.sections: dict[str, tuple[str, ...]] = {}

    def add_section(self, title: str, commands: Iterable[click.Command]) -> None:
        """Add commands, which `--help` lists under a title."""
        for command in commands:
            complete_files(command)
            understand(command)
            self.add_command(command)
            self.sections[title] = (*self.sections.get(title, ()), str(command.name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, section by section, their explanations below each other."""
        width = max(map(len, self.commands))
        for title, names in self.sections.items():
            with formatter.section(title):
                room = formatter.width - 6 - width
                formatter.write_dl([(f"{n:<{width}}", self.commands[n].get_short_help_str(room)) for n in names])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit with 2 for a user's mistake, 130 after Ctrl-C, 141 where nobody reads on."""
        code = MISTAKE
        _print_any_name()
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _drop_output()
            code = CLOSED_PIPE
        except KeyboardInterrupt:
            _complain("interrupted")
            code = INTERRUPTED
        except InputError as error:
            _complain(*error.problems)
        except WilksError as error:
            _complain(str(error))
        except OSError as error:
            _drop_output()
            _complain(f"{error.filename or 'standard output'}: {error.strerror or error}")
        ctx.exit(code)
        return None


def _print_any_name() -> None:
    """Let names of files that are no Unicode text be printed: as escapes, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _complain(*sentences: str) -> None:
    for sentence in sentences:
        click.echo(shown(f"wilks: {sentence}"), err=True)


def _drop_output() -> None:
    """Let standard output lead nowhere: the interpreter writes the rest when it exits, and would fail again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
