"""Options of the form NAME=VALUE and LABEL=PATTERN, given several times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from wilks.errors import InputError

_Value = TypeVar("_Value")
Callback = Callable[[click.Context, click.Parameter, tuple[str, ...]], dict[str, _Value]]


def by_name(form: str, parse: Callable[[str], _Value]) -> Callback[_Value]:
    """Return a callback that gives the value of each name; a name may contain `=`.

    `parse` raises ValueError for a value that it can't read; `form` says in the mistake how a text must look.
    """

    def parsed(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, _Value]:
        found = {}
        for text in given:
            name, equals, value = text.rpartition("=")
            try:
                if not equals:
                    raise ValueError
                found[name] = parse(value)
            except ValueError:
                raise click.BadParameter(f'"{text}" is not {form}', ctx, parameter) from None
        return found

    return parsed


def ends(text: str) -> tuple[float, float]:
    """Return the two numbers of `LOW:HIGH`. Raises ValueError."""
    low, high = map(float, text.split(":"))
    return low, high


bounds_option = click.option(
    "--bounds",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    callback=by_name("NAME=LOW:HIGH", ends),
    help="Other bounds of a parameter (name or pattern) in the fits; repeatable.",
)
numbers_by_name = by_name("NAME=VALUE with a number as value", float)


def labelled(option: str, given: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the patterns of LABEL=PATTERN by label. Raises InputError with everything else."""
    groups: dict[str, list[str]] = {}
    for text in given:
        label, _, pattern = text.partition("=")
        groups.setdefault(label, []).append(pattern)
    if problems := [f'{option}: "{text}" is not LABEL=PATTERN' for text in given if not all(text.partition("="))]:
        raise InputError(problems)
    return groups
