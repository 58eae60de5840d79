"""One parameter made several, in a workspace that is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from wilks.errors import WorkspaceError, listed
from wilks.workspace.edit import carriers, components, cut, matched, modifiers_of
from wilks.workspace.making import as_list, changed_modifiers, made, names_of
from wilks.workspace.references import all_names, correlated_in, groups_inherited, needing, pois_inherited
from wilks.workspace.spec import Channel, Document, Lumi, Measurement, Modifier, Sample
from wilks.workspace.workspace import Workspace

BY = ("channel", "sample")


def decorrelate(
    workspace: Workspace,
    parameters: str | Sequence[str],
    *,
    by: str = "channel",
    groups: Mapping[str, str | Sequence[str]] | None = None,
) -> Workspace:
    """Return the workspace with a parameter for each channel (or sample) in place of one that acts on several.

    `parameters` are names or patterns, `by` is "channel" or "sample". The new ones are called `NAME_CHANNEL`; with
    `groups` (channels or samples, names or patterns, by label) `NAME_LABEL`, and what is in no group keeps the old
    parameter. Each has the settings and the constraint of the old one, so that at equal values the model expects the
    same; where the parameter of interest is gone, the first that came of it takes its place; groups have them all.
    Raises WorkspaceError for names that match nothing or are taken, for parameters with one place only, for modifiers
    of type lumi, which are one parameter in this format (patterns leave them alone), for functions and parameters that
    these need, and for parameters whose constraints are correlated.

    >>> import wilks
    >>> workspace = wilks.decorrelate(wilks.examples.search(), "b-tagging")
    >>> [p.name for p in wilks.inspect(workspace).parameters if "tagging" in p.name]
    ['b-tagging_CR top', 'b-tagging_SR 1b', 'b-tagging_SR 2b']
    """
    if by not in BY:
        raise WorkspaceError(f'by "{by}" found, needed is "channel" or "sample"')
    document = workspace.document
    every = list(modifiers_of(document.channels))
    names = all_names(document)
    chosen = matched(names, as_list(parameters), "parameter")
    problems = _one_only(document, chosen)
    label = _labels(
        names_of(c for c, _, _ in every) if by == "channel" else names_of(s for _, s, _ in every), groups, by
    )
    acting: dict[str, dict[str, str]] = {}  # by parameter and place, the name there
    for channel, sample, modifier in every:
        if modifier.name in chosen:
            place = channel.name if by == "channel" else sample.name
            new = f"{modifier.name}_{label[place]}" if place in label else modifier.name
            acting.setdefault(modifier.name, {})[place] = new
    several = {name: places for name, places in acting.items() if len(set(places.values())) > 1}
    lumi = {m.name for _, _, m in every if isinstance(m, Lumi)}
    problems += [
        f'"{name}" is a modifier of type lumi, of which the format knows one only'
        for name in as_list(parameters)
        if name in lumi & set(several)
    ]
    several = {name: places for name, places in several.items() if name not in lumi}
    for pattern in as_list(parameters):
        if not problems and not (meant := matched(names, [pattern], "parameter")) & set(several):
            where = f": it acts in {by} {listed(acting[pattern])}" if meant == {pattern} else ""
            problems.append(f'"{pattern}" would not become several parameters{where}')
    problems += _taken(names, several)
    if problems:
        raise WorkspaceError(list(dict.fromkeys(problems)))

    def renamed(channel: Channel, sample: Sample, modifier: Modifier) -> Modifier:
        places = several.get(modifier.name, {})
        name = places.get(channel.name if by == "channel" else sample.name, modifier.name)
        return msgspec.structs.replace(modifier, name=name)

    channels = changed_modifiers(document.channels, renamed)
    heirs = {old: list(dict.fromkeys(places.values())) for old, places in several.items()}
    measurements = [_inherited(m, heirs, document.channels, channels) for m in document.measurements]
    document = msgspec.structs.replace(
        document,
        channels=channels,
        measurements=measurements,
        groups=groups_inherited(document.groups or (), heirs) or None,
    )
    return made(document, workspace.axes)


def _one_only(document: Document, chosen: set[str]) -> list[str]:
    """Return why some can't become several: they are functions, are needed by some, or are correlated."""
    functions = sorted(chosen & {function.name for function in document.functions or ()})
    problems = [f'"{one}" is a function: its parameters can\'t become several' for one in functions]
    problems += [
        f'"{one}" is needed by the function "{function}", which has one value everywhere: it can\'t become several'
        for one, function in sorted(needing(document, chosen - set(functions)).items())
    ]
    return problems + [
        f'"{one}" is in a correlation of measurement "{measurement}": take it out of that first'
        for one, measurement in sorted(correlated_in(document, chosen).items())
    ]


def _taken(names: Sequence[str], several: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return a sentence for each new name that another parameter has, or gets."""
    owners: dict[str, list[str]] = {name: [name] for name in names if name not in several}
    for old, places in several.items():
        for new in dict.fromkeys(places.values()):
            owners.setdefault(new, []).append(old)
    return [
        f'"{new}" is already the name of a parameter' if new in olds else f'{listed(olds)} would both become "{new}"'
        for new, olds in owners.items()
        if len(olds) > 1
    ]


def _labels(places: Sequence[str], groups: Mapping[str, str | Sequence[str]] | None, by: str) -> dict[str, str]:
    """Return the label of each channel or sample that has one."""
    if groups is None:
        return {place: place for place in places}
    found: dict[str, str] = {}
    problems: list[str] = []
    for label, patterns in groups.items():
        try:
            members = matched(places, as_list(patterns), by)
        except WorkspaceError as error:
            problems += error.problems
            continue
        problems += [
            f'{by} "{place}" is in the groups "{found[place]}" and "{label}"' for place in members if place in found
        ]
        found |= dict.fromkeys(members, label)
    if problems:
        raise WorkspaceError(problems)
    return found


def _inherited(
    measurement: Measurement, heirs: Mapping[str, list[str]], before: list[Channel], after: list[Channel]
) -> Measurement:
    """Return a measurement in which the heirs of parameters have their settings (staterrors: of their components)."""
    parameters = []
    for settings in measurement.config.parameters:
        for name in heirs.get(settings.name, [settings.name]):
            kept = components(settings.name, before, carriers(name, after))
            own = cut(settings, kept) if settings.name in heirs else settings
            parameters.append(msgspec.structs.replace(own, name=name))
    # A parameter of interest that is still there stays the first one.
    first = {old: sorted(names, key=old.__ne__) for old, names in heirs.items()}
    config = msgspec.structs.replace(pois_inherited(measurement.config, first), parameters=parameters)
    return msgspec.structs.replace(measurement, config=config)
