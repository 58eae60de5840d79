"""Commands that make a workspace of others: combine, prune, rename, sort, split, decorrelate, correlate, with-data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import wilks
from wilks import pipeline
from wilks.cli.helping import Command
from wilks.cli.inputs import read_counts, read_once, read_workspace
from wilks.cli.named import by_name, labelled, numbers_by_name
from wilks.cli.streams import output_option, wrote
from wilks.cli.written import put_workspace
from wilks.errors import InputError, listed, nearest, shown
from wilks.pages import file_names

if TYPE_CHECKING:
    from wilks.workspace.workspace import Workspace

_JOINS = ("none", "outer", "left outer", "right outer")
_CHANGE = by_name("OLD=NEW", str)
# What --channel, --sample, --modifier and --measurement are called in Python.
_KINDS = ("channel", "sample", "modifier", "measurement")

output = output_option("File for the workspace; bin edges go beside it. Default: print it.")


def note(sentence: str) -> None:
    """Say on standard error what is worth knowing."""
    click.echo(shown(f"wilks: {sentence}"), err=True)


@click.command(
    cls=Command,
    examples=(
        "wilks combine SR.json CR.json -o both.json",
        "wilks combine ours.json theirs.json --join outer --rename-channels '*=* (theirs)' -o both.json",
    ),
)
@click.argument("left", metavar="WORKSPACE")
@click.argument("right", metavar="WORKSPACE")
@click.option(
    "-j",
    "--join",
    type=click.Choice(_JOINS),
    default="none",
    show_default=True,
    help="What becomes of channels and measurements that are in both.",
)
@click.option("--merge-channels", is_flag=True, help="Take the samples of both for a channel that is in both.")
@click.option(
    "--rename-channels",
    multiple=True,
    metavar="OLD=NEW",
    callback=_CHANGE,
    help="New names, in the second workspace, of channels that are in both (names or patterns); repeatable.",
)
@click.option(
    "--rename-modifiers",
    multiple=True,
    metavar="OLD=NEW",
    callback=_CHANGE,
    help="The same for modifiers, which would be one parameter; repeatable.",
)
@output
def combine(
    left: str,
    right: str,
    join: str,
    merge_channels: bool,
    rename_channels: dict[str, str],
    rename_modifiers: dict[str, str],
    output: str | None,
) -> None:
    """Combine two workspaces.

    Which parameters they have in common afterwards is said on standard error, which of these have other settings in
    one than in the other, and which settings a measurement of one lacks for parameters of the other.
    """
    from wilks.workspace.combine import shared_modifiers, told_apart
    from wilks.workspace.combined_settings import settings_remarks

    read_once(left, right)
    one, other = read_workspace(left), read_workspace(right)
    other = told_apart(one, other, channels=rename_channels, modifiers=rename_modifiers)
    made = wilks.combine(one, other, join=join, merge_channels=merge_channels)
    note(f"parameters that both have: {listed(shared_modifiers(one, other)) or 'none'}")
    for remark in settings_remarks(one, other, made):
        note(remark)
    put_workspace(made, output)


@click.command(cls=Command, examples=("wilks prune workspace.json -s Diboson -t staterror -o pruned.json",))
@click.argument("workspace", metavar="WORKSPACE")
@click.option("-c", "--channel", "channels", multiple=True, metavar="NAME", help="Channel; repeatable.")
@click.option("-s", "--sample", "samples", multiple=True, metavar="NAME", help="Sample; repeatable.")
@click.option("-m", "--modifier", "modifiers", multiple=True, metavar="NAME", help="Modifier; repeatable.")
@click.option(
    "-t", "--modifier-type", "modifier_types", multiple=True, metavar="TYPE", help="Type of modifiers; repeatable."
)
@click.option("--measurement", "measurements", multiple=True, metavar="NAME", help="Measurement; repeatable.")
@click.option("--data-set", "data_sets", multiple=True, metavar="NAME", help="Data set; repeatable.")
@output
def prune(workspace: str, output: str | None, **what: tuple[str, ...]) -> None:
    """Leave parts of a workspace out.

    Channels, samples, modifiers, types of modifiers, measurements, data sets: names or patterns.
    """
    if not any(what.values()):
        raise InputError("nothing to leave out: name channels, samples, modifiers, types, measurements or data sets")
    put_workspace(wilks.prune(read_workspace(workspace), **what), output)


@click.command(
    cls=Command,
    examples=(
        "wilks rename workspace.json 'JES_*=ATLAS_JES_*' -o renamed.json",
        "wilks rename workspace.json -c SR 'signal region' -m mu mu_ttH -o renamed.json",
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("changes", metavar="[OLD=NEW]...", nargs=-1, callback=_CHANGE)
@click.option("-c", "--channel", nargs=2, multiple=True, metavar="OLD NEW", help="Channel; repeatable.")
@click.option("-s", "--sample", nargs=2, multiple=True, metavar="OLD NEW", help="Sample; repeatable.")
@click.option("-m", "--modifier", nargs=2, multiple=True, metavar="OLD NEW", help="Modifier; repeatable.")
@click.option("--measurement", nargs=2, multiple=True, metavar="OLD NEW", help="Measurement; repeatable.")
@output
def rename(workspace: str, changes: dict[str, str], output: str | None, **given: tuple[tuple[str, str], ...]) -> None:
    """Give parts of a workspace other names.

    OLD is a name or a pattern, whose * and ? have the same place in NEW. Without an option OLD=NEW renames what has
    that name: channels, samples, modifiers or measurements.
    """
    if not changes and not any(given.values()):
        raise InputError("nothing to rename: OLD=NEW")
    loaded = read_workspace(workspace)
    asked: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    problems = []
    for kind, pairs in given.items():
        for old, new in pairs:
            if asked[kind].setdefault(old, new) != new:
                problems.append(f'--{kind}: "{old}" would get two names, "{asked[kind][old]}" and "{new}"')
    for old, new in changes.items():
        kinds = _kinds(loaded, old, problems)
        for kind in kinds:
            asked[kind][old] = new
    if problems:
        raise InputError(problems)
    put_workspace(wilks.rename(loaded, **{f"{kind}s": found for kind, found in asked.items()}), output)


def _kinds(workspace: Workspace, old: str, problems: list[str]) -> list[str]:
    """Return what is called `old`; adds to `problems` where that is nothing, or things of several kinds."""
    from wilks.selection import matching
    from wilks.workspace.references import all_names

    summary = wilks.inspect(workspace)
    names = {
        "channel": workspace.channel_names,
        "sample": summary.samples,
        "modifier": all_names(workspace.document),
        "measurement": workspace.measurement_names,
    }
    kinds = [kind for kind, known in names.items() if matching(known, old)]
    if not kinds:
        every = [name for known in names.values() for name in known]
        problems.append(f'no channel, sample, modifier or measurement "{old}"{nearest(old, every)}')
    elif len(kinds) > 1:
        options = " or ".join(f"--{kind}" for kind in kinds)
        problems.append(f'"{old}" is the name of {" and ".join(f"a {kind}" for kind in kinds)}: use {options}')
    return kinds


@click.command()
@click.argument("workspace", metavar="WORKSPACE")
@output
def sort(workspace: str, output: str | None) -> None:
    """Sort a workspace by names.

    Channels, samples, modifiers, measurements and settings, as pyhf does. The model stays the same; the first
    measurement, which is the default, may be another.
    """
    loaded = read_workspace(workspace)
    made = wilks.sort(loaded)
    if made.measurement_names[0] != loaded.measurement_names[0]:
        note(f'the default measurement is now "{made.measurement_names[0]}", before "{loaded.measurement_names[0]}"')
    put_workspace(made, output)


@click.command(
    cls=Command,
    examples=(
        "wilks split workspace.json -o channels",
        "wilks split workspace.json --group 'signal=SR*' --group 'control=CR*' -o parts",
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="LABEL=PATTERN",
    help="Channels that stay together (name or pattern); repeatable, also for one label. Default: each for itself.",
)
@output_option(
    "Folder for the workspaces, a file for each.", default="split", never_printed="writes several files: name a folder"
)
def split(workspace: str, groups: tuple[str, ...], output: str) -> None:
    """Split a workspace by channels, or groups of them."""
    parts = wilks.split(read_workspace(workspace), labelled("--group", groups) or None)
    files = file_names(parts)
    for label, part in parts.items():
        wrote(pipeline.save_workspace(part, Path(output) / f"{files[label]}.json"))


@click.command(
    cls=Command,
    examples=(
        "wilks decorrelate workspace.json 'JES*' --by channel -o decorrelated.json",
        "wilks decorrelate workspace.json JER --group 'low=SR1*' --group 'high=SR2*' -o decorrelated.json",
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("parameters", metavar="PARAMETER...", nargs=-1, required=True)
@click.option(
    "--by",
    type=click.Choice(["channel", "sample"]),
    default="channel",
    show_default=True,
    help="One for each of these.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="LABEL=PATTERN",
    help="One for these channels (samples) together, the rest keeps the old one; repeatable, also for one label.",
)
@output
def decorrelate(
    workspace: str, parameters: Sequence[str], by: str, groups: tuple[str, ...], output: str | None
) -> None:
    """Make one parameter several, by channel or sample.

    PARAMETER is a name or pattern. The new names are NAME_CHANNEL, NAME_SAMPLE or NAME_LABEL.
    """
    loaded = read_workspace(workspace)
    made = wilks.decorrelate(loaded, parameters, by=by, groups=labelled("--group", groups) or None)
    for before, after in zip(loaded.document.measurements, made.document.measurements, strict=True):
        if before.config.poi != after.config.poi:
            note(f'measurement "{before.name}": the parameter of interest is now "{after.config.poi}"')
    put_workspace(made, output)


@click.command(cls=Command, examples=("wilks correlate workspace.json 'JES_*' --name JES -o correlated.json",))
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("parameters", metavar="PARAMETER...", nargs=-1, required=True)
@click.option("--name", required=True, metavar="NAME", help="Name of the one parameter.")
@output
def correlate(workspace: str, parameters: Sequence[str], name: str, output: str | None) -> None:
    """Make several parameters one.

    PARAMETER is a name or pattern. They must be constrained alike, and have the same settings.
    """
    put_workspace(wilks.correlate(read_workspace(workspace), parameters, name), output)


@click.command(
    "with-data",
    cls=Command,
    examples=(
        "wilks with-data workspace.json unblinded.json -o with_data.json",
        "wilks with-data workspace.json --asimov --set mu=0 -o background_only.json",
    ),
)
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("counts", metavar="[FILE]", required=False)
@click.option("--asimov", is_flag=True, help="Asimov data of the model before the fit, in place of a FILE.")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    callback=numbers_by_name,
    help="With --asimov: a free parameter the data are made with; repeatable.",
)
@click.option("--measurement", metavar="NAME", help="With --asimov: measurement to use. Default: the first.")
@output
def with_data(
    workspace: str,
    counts: str | None,
    asimov: bool,
    values: dict[str, float],
    measurement: str | None,
    output: str | None,
) -> None:
    """Replace the observed data of a workspace.

    FILE is another workspace, whose data are taken, or a JSON object with a list of counts for each channel; channels
    that are not in it keep their data.
    """
    if asimov == (counts is not None):
        raise InputError("needed is either a FILE with data or --asimov")
    if not asimov and (values or measurement is not None):
        raise InputError("--set and --measurement say what Asimov data are made of; they need --asimov")
    read_once(workspace, counts)
    loaded = read_workspace(workspace)
    if counts is not None:
        put_workspace(wilks.with_data(loaded, read_counts(counts)), output)
        return
    data = wilks.asimov(wilks.compile_model(loaded, measurement=measurement), values=values or None)
    put_workspace(wilks.with_data(loaded, data), output)
