"""Workspaces whose channels, samples, modifiers and measurements have other names."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wilks.errors import WorkspaceError
from wilks.workspace.edit import modifiers_of
from wilks.workspace.making import made, names_of
from wilks.workspace.naming import clashes, new_names
from wilks.workspace.references import all_names, with_names
from wilks.workspace.spec import Channel, Lumi, Modifier, Observation, Sample
from wilks.workspace.workspace import Workspace

Changes = Mapping[str, str]
"""New names by old names or patterns."""


def rename(
    workspace: Workspace,
    *,
    channels: Changes | None = None,
    samples: Changes | None = None,
    modifiers: Changes | None = None,
    measurements: Changes | None = None,
) -> Workspace:
    """Return the workspace with other names, given by old names or patterns: `{"JES_*": "ATLAS_JES_*"}`.

    `channels`, `samples`, `modifiers` and `measurements` are renamed, each by a mapping of its own.

    What `*` and `?` stand for goes to their place in the new name; exact names win over patterns. Parameters have the
    names of their modifiers, so that settings, parameters of interest, groups, correlations and functions follow; the
    names of functions and of parameters that only functions need are renamed as modifiers are. Modifiers of type lumi
    are called "lumi" in this format, and patterns leave them alone. Two things never become one: `correlate` makes one
    parameter of several. Raises WorkspaceError for names that match nothing, and for new ones that are taken.

    >>> import wilks
    >>> workspace = wilks.rename(wilks.examples.search(), channels={"SR *": "signal region *"})
    >>> workspace.channel_names
    ('signal region 2b', 'signal region 1b', 'CR top')
    """
    before = workspace.document
    every = [(sample, modifier) for _, sample, modifier in modifiers_of(before.channels)]
    parameters = all_names(before)
    fixed = {modifier.name for _, modifier in every if isinstance(modifier, Lumi)}
    problems: list[str] = []
    new_channel = new_names(workspace.channel_names, channels or {}, "channel", problems)
    known = names_of(sample for channel in before.channels for sample in channel.samples)
    new_sample = new_names(known, samples or {}, "sample", problems)
    new_modifier = new_names(parameters, modifiers or {}, "modifier", problems, keep=fixed)
    new_measurement = new_names(workspace.measurement_names, measurements or {}, "measurement", problems)

    problems += clashes(workspace.channel_names, new_channel, "channels")
    problems += clashes(workspace.measurement_names, new_measurement, "measurements")
    problems += clashes(parameters, new_modifier, "parameters", "; correlate makes one parameter of several")
    for channel in before.channels:
        problems += clashes(names_of(channel.samples), new_sample, f'channel "{channel.name}": samples')
    problems += [
        f'modifiers of type lumi are called "{name}" in this format, and can\'t be renamed'
        for name in fixed
        if new_modifier.get(name, name) != name
    ]
    if problems:
        raise WorkspaceError(list(dict.fromkeys(problems)))

    def modifier(one: Modifier) -> Modifier:
        return msgspec.structs.replace(one, name=new_modifier[one.name]) if one.name in new_modifier else one

    def sample(one: Sample) -> Sample:
        name = new_sample.get(one.name, one.name)
        return msgspec.structs.replace(one, name=name, modifiers=[modifier(each) for each in one.modifiers])

    def channel_of(one: Channel) -> Channel:
        name = new_channel.get(one.name, one.name)
        return msgspec.structs.replace(one, name=name, samples=[sample(each) for each in one.samples])

    named = with_names(before, new_modifier)
    renamed = [msgspec.structs.replace(one, name=new_measurement.get(one.name, one.name)) for one in named.measurements]

    def observed(observations: list[Observation]) -> list[Observation]:
        return [msgspec.structs.replace(o, name=new_channel.get(o.name, o.name)) for o in observations]

    sets = [msgspec.structs.replace(d, observations=observed(d.observations)) for d in before.data_sets or ()]
    masks = [msgspec.structs.replace(m, channel=new_channel.get(m.channel, m.channel)) for m in before.masks or ()]
    document = msgspec.structs.replace(
        named,
        channels=[channel_of(channel) for channel in before.channels],
        observations=observed(before.observations),
        measurements=renamed,
        data_sets=sets or None,
        masks=masks or None,
    )
    return made(document, {new_channel.get(name, name): axis for name, axis in workspace.axes.items()})
