"""Options as Combine's users type them, on every command that takes a workspace, and several cards in its place.

They are hidden from `--help`: each stands for something that a command has, or that can be said of a workspace. What
they say of parameters, channels and datacards is done where the workspace is read (`combine_asked`);
what they say of data, toys and levels becomes the command's own option.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import click

from wilks.cli import combine_names as names
from wilks.cli.combine_asked import ASKED
from wilks.cli.targets import require_others

_GIVEN = "wilks.combine.given"
_CHANGES = (
    ("--setParameters", "--setPhysicsModelParameters"),
    ("--setParameterRanges", "--setPhysicsModelParameterRanges"),
    ("--rMin",),
    ("--rMax",),
    ("--freezeParameters", "--freezeNuisances"),
    ("--freezeNuisanceGroups",),
    ("-P", "--parameters", "--physics-model"),
    ("--redefineSignalPOIs",),
    ("--floatOtherPOIs",),
    ("-S", "--systematics"),
)
_CARDS = (
    ("-m", "--mass"),
    ("--PO", "--physics-option"),
    ("--keyword-value",),
    ("--ic",),
    ("--xc",),
)
_MIXED = ("report", "hepdata")  # of several files one may be a workspace
_CARD_FLAGS = ("--X-allow-no-signal", "--X-allow-no-background", "--X-no-check-norm", "--combine-rounding")
_DATA = (
    ("-M", "--method"),
    ("--algo",),
    ("-t", "--toys"),
    ("--expectSignal",),
    ("--run",),
    ("-s", "--seed"),
    ("-T", "--toysH"),
    ("--singlePoint",),
    ("-C", "--cl"),
)


def understand(command: click.Command, group: str = "") -> None:
    """Let a command that takes a workspace understand Combine's options, and several cards in place of one workspace.

    Options that the command has itself stay its own.
    """
    for member in command.commands.values() if isinstance(command, click.Group) else ():
        understand(member, f"{command.name} ")
    taken = frozenset(name for one in command.params for name in (*one.opts, *one.secondary_opts))
    places = [p for p in command.params if isinstance(p, click.Argument) and "WORKSPACE" in _words(p)]
    if command.callback is None or not (places or command.name in _MIXED):
        return
    command.params += _options(taken & {name for spelled, _ in _spelled() for name in spelled})
    place = places[0] if places else _arguments(command)[0]
    several = place.nargs == 1 and (len(_arguments(command)) == 1 or command.name == "convert")
    if several:
        place.nargs, place.required = -1, command.name != "convert"
    inner, called = command.callback, f"{group}{command.name}"

    @functools.wraps(inner)
    def wrapped(**parameters: Any) -> Any:
        context = click.get_current_context()
        given: dict[str, list[str]] = context.meta.pop(_GIVEN, {})
        if not parameters.get(str(place.name)):
            raise click.UsageError("Missing argument 'PATH'.", context)
        require_others(str(command.name), _texts(parameters[str(place.name)]), parameters)
        if several and len(parameters[str(place.name)]) > 1:
            from wilks.cli.several_cards import as_one

            parameters[str(place.name)] = as_one(parameters[str(place.name)], called)
        elif several:
            (parameters[str(place.name)],) = parameters[str(place.name)]
        if given:
            from wilks.cli.combine_translation import Translation

            context.meta[ASKED] = Translation(called, given, parameters).asked()
        return inner(**parameters)

    command.callback = wrapped


def _texts(given: Any) -> list[str]:
    """Return what an argument was given, as texts."""
    return [one for one in (given if isinstance(given, tuple) else (given,)) if isinstance(one, str)]


def _words(argument: click.Argument) -> list[str]:
    return (argument.metavar or "").removesuffix("...").strip("[]").split("|")


def _arguments(command: click.Command) -> list[click.Argument]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Argument)]


@functools.cache
def _spelled() -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Return all options as they are spelled, with whether each is a flag."""
    valued = [*_CHANGES, *_CARDS, *_DATA]
    valued += [
        (name, names.SHORT[name]) if name in names.SHORT else (name,) for name in (names.NOT_NEEDED | names.ELSEWHERE)
    ]
    flags = [*_CARD_FLAGS, *names.NOT_NEEDED_FLAGS, *names.ELSEWHERE_FLAGS]
    return (*((one, False) for one in valued), *(((one,), True) for one in flags))


@functools.cache
def _options(taken: frozenset[str]) -> tuple[click.Option, ...]:
    """Return hidden options for all of Combine's names but those that are taken."""
    made = []
    for spelled, flag in _spelled():
        if left := tuple(name for name in spelled if name not in taken):
            made.append(_option(spelled, left, flag))
    return tuple(made)


@functools.cache
def _option(spelled: tuple[str, ...], left: tuple[str, ...], flag: bool) -> click.Option:
    name = next((one for one in spelled if one.startswith("--")), spelled[0])

    def keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value:
            ctx.meta.setdefault(_GIVEN, {})[name] = ["1"] if flag else list(value)

    many = {"is_flag": True} if flag else {"multiple": True}
    return click.Option([*left, "combine_" + name.strip("-").replace("-", "_").lower()], hidden=True,
                        expose_value=False, callback=keep, **many)  # type: ignore[arg-type]  # fmt: skip


def spelled() -> Iterator[str]:
    """Yield every name that is understood or answered."""
    for option in _options(frozenset()):
        yield from option.opts
