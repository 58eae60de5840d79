"""The same workspace in another order, and in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from wilks.errors import WorkspaceError
from wilks.workspace.edit import matched, select_channels
from wilks.workspace.making import as_list, tag
from wilks.workspace.references import reordered
from wilks.workspace.spec import Measurement
from wilks.workspace.workspace import Workspace

_BY_NAME = attrgetter("name")


def sort(workspace: Workspace) -> Workspace:
    """Return the workspace with channels, samples, modifiers, measurements and settings sorted by name, as pyhf does.

    So are data sets, groups, functions, masks and correlations, and parameters of interest after the first. The model
    is the same; the first measurement, which is the default, may be another. Two workspaces that differ in their order
    only have the same digest afterwards.

    >>> import wilks
    >>> wilks.sort(wilks.examples.search()).channel_names
    ('CR top', 'SR 1b', 'SR 2b')
    """
    document = workspace.document
    channels = []
    for channel in sorted(document.channels, key=_BY_NAME):
        samples = [
            msgspec.structs.replace(s, modifiers=sorted(s.modifiers, key=lambda m: (m.name, tag(m))))
            for s in sorted(channel.samples, key=_BY_NAME)
        ]
        channels.append(msgspec.structs.replace(channel, samples=samples))
    sets = [
        msgspec.structs.replace(d, observations=sorted(d.observations, key=_BY_NAME)) for d in document.data_sets or ()
    ]
    groups = [msgspec.structs.replace(g, parameters=sorted(g.parameters)) for g in document.groups or ()]
    masks = [msgspec.structs.replace(m, bins=m.bins and sorted(m.bins)) for m in document.masks or ()]
    return Workspace(
        msgspec.structs.replace(
            document,
            channels=channels,
            measurements=[_sorted_measurement(m) for m in sorted(document.measurements, key=_BY_NAME)],
            observations=sorted(document.observations, key=_BY_NAME),
            data_sets=sorted(sets, key=_BY_NAME) or None,
            groups=sorted(groups, key=_BY_NAME) or None,
            functions=sorted(document.functions or (), key=_BY_NAME) or None,
            masks=sorted(masks, key=lambda m: (m.channel, m.bins or [])) or None,
        ),
        workspace.axes,
    )


def _sorted_measurement(measurement: Measurement) -> Measurement:
    config = measurement.config
    correlations = [
        reordered(c, sorted(range(len(c.parameters)), key=c.parameters.__getitem__)) for c in config.correlations or ()
    ]
    config = msgspec.structs.replace(
        config,
        parameters=sorted(config.parameters, key=_BY_NAME),
        pois=config.pois and [config.pois[0], *sorted(config.pois[1:])],
        correlations=sorted(correlations, key=attrgetter("parameters")) or None,
    )
    return msgspec.structs.replace(measurement, config=config)


def split(workspace: Workspace, groups: Mapping[str, str | Sequence[str]] | None = None) -> dict[str, Workspace]:
    """Return a workspace for each channel, by name, or for each of the `groups`: channels (names or patterns) by label.

    Each part is what `select_channels` gives; every channel is in one of them. A correlation between parameters of
    different parts is in none of them. Raises WorkspaceError for names that
    match nothing, and for channels in no group or in several.

    >>> import wilks
    >>> parts = wilks.split(wilks.examples.search(), {"signal": "SR*", "control": "CR*"})
    >>> parts["signal"].channel_names
    ('SR 2b', 'SR 1b')
    """
    names = workspace.channel_names
    chosen: dict[str, set[str]] = {}
    problems: list[str] = []
    for label, patterns in ({name: [name] for name in names} if groups is None else groups).items():
        try:
            chosen[label] = matched(names, as_list(patterns), "channel")
        except WorkspaceError as error:
            problems += error.problems
    for name in names if not problems else ():
        count = sum(name in group for group in chosen.values())
        if count != 1:
            problems.append(f'channel "{name}" is in {"no group" if count == 0 else "several groups"}')
    problems += [f'group "{label}" has no channel' for label, group in chosen.items() if not group]
    if problems:
        raise WorkspaceError(problems)
    return {label: select_channels(workspace, [n for n in names if n in group]) for label, group in chosen.items()}
