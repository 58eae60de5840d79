"""The same workspace in another order, and in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec

from wilks.errors import WorkspaceError
from wilks.workspace.edit import matched, select_channels
from wilks.workspace.making import as_list, tag, with_settings
from wilks.workspace.workspace import Workspace

_BY_NAME = attrgetter("name")


def sort(workspace: Workspace) -> Workspace:
    """Return the workspace with channels, samples, modifiers, measurements and settings sorted by name, as pyhf does.

    The model is the same; the first measurement, which is the default, may be another. Two workspaces that differ in
    their order only have the same digest afterwards.

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
    measurements = [
        with_settings(m, m.config.poi, sorted(m.config.parameters, key=_BY_NAME))
        for m in sorted(document.measurements, key=_BY_NAME)
    ]
    observations = sorted(document.observations, key=_BY_NAME)
    return Workspace(
        msgspec.structs.replace(document, channels=channels, measurements=measurements, observations=observations),
        workspace.axes,
    )


def split(workspace: Workspace, groups: Mapping[str, str | Sequence[str]] | None = None) -> dict[str, Workspace]:
    """Return a workspace for each channel, by name, or for each of the `groups`: channels (names or patterns) by label.

    Each part is what `select_channels` gives; every channel is in one of them. Raises WorkspaceError for names that
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
