"""Options of commands that draw: `--style`, the text beside the experiment's name, titles in place of names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from wilks.errors import InputError

_OPTIONS = (
    click.option("--style", default="plain", show_default=True, help="plain, ATLAS or CMS."),
    click.option(
        "--status",
        default="",
        metavar="TEXT",
        help='Beside the name of the experiment: "Internal"; "paper" leaves it alone. Default: "Work in progress".',
    ),
    click.option("--energy", default="", metavar="TEXT", help='Centre-of-mass energy: "13 TeV".'),
    click.option("--luminosity", default="", metavar="TEXT", help="Integrated luminosity: '140 fb$^{-1}$'."),
)


def named_titles(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the title of each name; a title may have equals signs."""
    parts = [text.partition("=") for text in texts]
    if problems := [f'--title: "{"".join(part)}" is not NAME=TITLE' for part in parts if not all(part)]:
        raise InputError(problems)
    return {name: title for name, _, title in parts}


def log_option(help: str = "") -> Callable[[Any], Any]:
    """Return the option `--log/--linear`; the command is called with `log`, None where nothing is asked for."""
    words = (
        help or "Yields on a logarithmic or linear axis. Default: logarithmic where they differ by over a factor 100."
    )
    return click.option("--log/--linear", "log", default=None, help=words)


titles_option = click.option(
    "--title",
    "titles",
    multiple=True,
    metavar="NAME=TITLE",
    callback=named_titles,
    help=r"Draw this in place of a name: 'mu=$\mu_{t\bar{t}}$'; repeatable.",
)


def style_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command is called with `style`, a FigureStyle, before it reads or computes anything."""

    @functools.wraps(command)
    def wrapped(*, style: str, status: str, energy: str, luminosity: str, **rest: Any) -> Any:
        from wilks.figures.style import FigureStyle, label

        # What is no valid formula is drawn as it is written, instead of being an error of matplotlib.
        texts = (label(text, width=1000) for text in (status, energy, luminosity))
        return command(style=FigureStyle(style, *texts), **rest)

    decorated: Callable[..., Any] = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
