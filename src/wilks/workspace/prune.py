"""Workspaces without some of their channels, samples, modifiers and measurements."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from wilks.errors import WorkspaceError, listed, nearest
from wilks.selection import matching
from wilks.workspace.edit import as_plain_as_can_be, modifiers_of, with_channels
from wilks.workspace.making import as_list, changed_modifiers, made, names_of, tag
from wilks.workspace.workspace import Workspace


def prune(
    workspace: Workspace,
    *,
    channels: str | Sequence[str] = (),
    samples: str | Sequence[str] = (),
    modifiers: str | Sequence[str] = (),
    modifier_types: str | Sequence[str] = (),
    measurements: str | Sequence[str] = (),
    data_sets: str | Sequence[str] = (),
) -> Workspace:
    """Return the workspace without channels, samples, modifiers, modifiers of some types, measurements and data sets.

    `channels`, `samples`, `modifiers`, `modifier_types`, `measurements` and `data_sets` are names or patterns, and each
    goes wherever it is. Parameters that act on nothing any more are gone, with their settings and their rows of
    correlations; functions that steer nothing any more are gone, and parameters that only they needed; a parameter of
    interest that is gone is none. Raises WorkspaceError for names that match nothing, and where a channel would be left
    without samples, or the workspace without channels or measurements.

    >>> import wilks
    >>> pruned = wilks.prune(wilks.examples.search(), samples="Diboson", modifier_types="staterror")
    >>> wilks.inspect(pruned).samples
    ('Signal', 'Top', 'Z+jets')
    """
    before = workspace.document
    every = [modifier for _, _, modifier in modifiers_of(before.channels)]
    problems: list[str] = []

    def meant(patterns: str | Sequence[str], names: Sequence[str], what: str) -> set[str]:
        found: set[str] = set()
        for pattern in as_list(patterns):
            places = matching(names, pattern)
            found.update(names[i] for i in places)
            if not places:
                known = listed(names) or "none"
                problems.append(f'no {what} "{pattern}", the workspace has {known}{nearest(pattern, names)}')
        return found

    no_channel = meant(channels, workspace.channel_names, "channel")
    no_sample = meant(samples, names_of(s for channel in before.channels for s in channel.samples), "sample")
    no_modifier = meant(modifiers, names_of(every), "modifier")
    no_type = meant(modifier_types, sorted({tag(modifier) for modifier in every}), "modifier type")
    no_measurement = meant(measurements, workspace.measurement_names, "measurement")
    no_data_set = meant(data_sets, workspace.data_set_names, "data set")

    left = []
    for channel in before.channels:
        if channel.name in no_channel:
            continue
        kept = [sample for sample in channel.samples if sample.name not in no_sample]
        if not kept:
            problems.append(f'channel "{channel.name}" would have no sample left: prune it, too')
        left.append(msgspec.structs.replace(channel, samples=kept))
    if not left:
        problems.append("no channel would be left")
    if len(no_measurement) == len(before.measurements):
        problems.append("no measurement would be left")
    if problems:
        raise WorkspaceError(problems)
    left = changed_modifiers(left, lambda _, __, m: None if m.name in no_modifier or tag(m) in no_type else m)
    found = with_channels(workspace, left)
    rest = [m for m in found.document.measurements if m.name not in no_measurement]
    sets = [data_set for data_set in found.document.data_sets or () if data_set.name not in no_data_set]
    document = msgspec.structs.replace(found.document, measurements=rest, data_sets=sets or None)
    return made(as_plain_as_can_be(document), found.axes)
