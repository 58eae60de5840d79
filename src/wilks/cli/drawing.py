"""Options of commands that draw: `--style`, and the text beside the experiment's name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option("--style", default="plain", show_default=True, help="plain, ATLAS or CMS."),
    click.option("--status", default="", metavar="TEXT", help='Beside the name of the experiment: "Internal".'),
    click.option("--energy", default="", metavar="TEXT", help='Centre-of-mass energy: "13 TeV".'),
    click.option("--luminosity", default="", metavar="TEXT", help="Integrated luminosity: '140 fb$^{-1}$'."),
)


def style_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command is called with `style`, a FigureStyle, before it reads or computes anything."""

    @functools.wraps(command)
    def wrapped(*, style: str, status: str, energy: str, luminosity: str, **rest: Any) -> Any:
        from wilks.figures.style import FigureStyle, label

        # What is no valid formula is drawn as it is written, instead of being an error of matplotlib.
        texts = (label(text, limit=200) for text in (status, energy, luminosity))
        return command(style=FigureStyle(style, *texts), **rest)

    decorated: Callable[..., Any] = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
