"""Two workspaces in one: pyhf's four joins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np

from wilks.axis import Axis
from wilks.errors import WorkspaceError, listed, nearest
from wilks.workspace.combine_extensions import IN_CONFIG, joined_config, joined_extensions
from wilks.workspace.edit import as_plain_as_can_be, modifiers_of
from wilks.workspace.extensions import WILKS
from wilks.workspace.making import made
from wilks.workspace.naming import new_names
from wilks.workspace.references import all_names
from wilks.workspace.rename import Changes, rename
from wilks.workspace.spec import Channel, Lumi, Measurement, Observation, ParameterSettings
from wilks.workspace.workspace import Workspace

JOINS = ("none", "outer", "left outer", "right outer")

_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_Record = TypeVar("_Record", Channel, Observation, Measurement, ParameterSettings)


def combine(
    left: Workspace,
    right: Workspace,
    *,
    join: str = "none",
    merge_channels: bool = False,
    rename_channels: Changes | None = None,
    rename_modifiers: Changes | None = None,
) -> Workspace:
    """Return one workspace with the channels, observations and measurements of two.

    `join` says what becomes of those whose names are in both: with `none` there may be none; with `outer` they must be
    the same, and settings of measurements are put together (a measurement without parameter of interest goes with
    any); with `left outer` and `right outer` those of that side are taken, and the others dropped. `merge_channels`
    takes the samples of both for a channel that is in both, those of the preferred side where they share a name.

    Modifiers of one name in both are one parameter afterwards; a name must be that of the same function in both, or of
    a function in none. Groups and correlations of both are put together. Where channels are in both, so must be their
    masks. A data set needs counts of every channel: one of one side only is refused where the other has channels of its
    own. `rename_channels` and `rename_modifiers` give those whose names are in both new names in the right workspace,
    by name or pattern, of which exact names win: `{"*": "*_CMS", "mu": "mu"}` leaves one parameter in common (and lumi,
    which has no other name in this format).
    Raises WorkspaceError with everything that doesn't go together.

    >>> import wilks
    >>> search, measurement = wilks.examples.search(), wilks.examples.measurement()
    >>> wilks.combine(search, measurement).channel_names
    ('SR 2b', 'SR 1b', 'CR top', 'electrons', 'muons')
    """
    if join not in JOINS:
        raise WorkspaceError(f'no join "{join}", there are {listed(JOINS)}{nearest(join, JOINS)}')
    if merge_channels and join == "none":
        raise WorkspaceError('channels are merged with the joins "outer", "left outer" and "right outer", not "none"')
    right = told_apart(left, right, channels=rename_channels, modifiers=rename_modifiers)
    first, second = (right, left) if join == "right outer" else (left, right)
    ours, theirs = first.document, second.document
    problems: list[str] = []
    channels = _joined(ours.channels, theirs.channels, join, "channel", problems, merged=merge_channels)
    observations = _joined(ours.observations, theirs.observations, join, "data of channel", problems)
    if join == "outer":
        measurements = _joined_measurements(ours.measurements, theirs.measurements, problems)
    else:
        measurements = _joined(ours.measurements, theirs.measurements, join, "measurement", problems)
    if merge_channels or join == "outer":
        problems += _other_axes(first.axes, second.axes)
    more = joined_extensions(ours, theirs, {c.name for c in channels}, join, merge_channels, problems)
    known = {"channels", "observations", "measurements", "version", *more}
    document = msgspec.structs.replace(
        with_rest_of(ours, theirs, known, "the workspaces", problems),
        channels=channels,
        observations=observations,
        measurements=measurements,
        version=WILKS if WILKS in (ours.version, theirs.version) else ours.version,
        **more,
    )
    if problems:
        raise WorkspaceError(problems)
    return made(as_plain_as_can_be(document), {**second.axes, **first.axes})


def shared_modifiers(left: Workspace, right: Workspace) -> list[str]:
    """Return the names of parameters and functions that both workspaces have: a combination makes one of each."""
    theirs = set(all_names(right.document))
    return [name for name in all_names(left.document) if name in theirs]


def told_apart(
    left: Workspace, right: Workspace, *, channels: Changes | None = None, modifiers: Changes | None = None
) -> Workspace:
    """Return the right workspace, its channels and modifiers renamed where the left one has their names."""
    if not channels and not modifiers:
        return right
    every = [modifier for _, _, modifier in modifiers_of(right.document.channels)]
    lumi = {modifier.name for modifier in every if isinstance(modifier, Lumi)}
    both = [name for name in right.channel_names if name in left.channel_names]
    return rename(
        right,
        channels=_of_shared(channels or {}, right.channel_names, both),
        modifiers=_of_shared(modifiers or {}, all_names(right.document), shared_modifiers(left, right), keep=lumi),
    )


def _of_shared(changes: Changes, names: Sequence[str], shared: Sequence[str], *, keep: Collection[str] = ()) -> Changes:
    """Return what changes say about the shared names, by name; all of it where rename will refuse some."""
    problems: list[str] = []
    found = new_names(names, changes, "name", problems, keep=keep)
    return changes if problems else {name: new for name, new in found.items() if name in shared}


def _joined(
    ours: Sequence[_Record],
    theirs: Sequence[_Record],
    join: str,
    what: str,
    problems: list[str],
    *,
    merged: bool = False,
) -> list[_Record]:
    """Return the records of one side, and those that only the other side has."""
    found: dict[str, Any] = {record.name: record for record in ours}
    for record in theirs:
        mine = found.get(record.name)
        if mine is None:
            found[record.name] = record
        elif merged and isinstance(mine, Channel) and isinstance(record, Channel):
            found[record.name] = _with_samples_of(mine, record)
        elif join == "none":
            problems.append(f'{what} "{record.name}" is in both workspaces: rename it, or choose another join')
        elif join == "outer" and mine != record:
            problems.append(
                f'{what} "{record.name}" is in both workspaces, and differs: rename it, or choose "left outer" or '
                '"right outer"'
            )
    return list(found.values())


def _with_samples_of(channel: Channel, other: Channel) -> Channel:
    """Return a channel with the samples that only another one has."""
    known = {sample.name for sample in channel.samples}
    more = [sample for sample in other.samples if sample.name not in known]
    return msgspec.structs.replace(channel, samples=[*channel.samples, *more])


def _joined_measurements(
    ours: Sequence[Measurement], theirs: Sequence[Measurement], problems: list[str]
) -> list[Measurement]:
    """Return the measurements of both sides; those of one name together."""
    others = {measurement.name: measurement for measurement in theirs}
    found = []
    for mine in ours:
        other = others.pop(mine.name, None)
        if other is not None:
            pois = list(dict.fromkeys(m.config.poi for m in (mine, other) if m.config.poi))
            if len(pois) > 1:
                problems.append(f'measurement "{mine.name}" has the parameters of interest {listed(pois)}')
            what = f'measurement "{mine.name}"'
            settings = _joined(
                mine.config.parameters, other.config.parameters, "outer", f"{what}: settings of", problems
            )
            config = joined_config(mine.config, other.config, (pois or [""])[0], what, problems)
            config = msgspec.structs.replace(config, parameters=settings)
            config = with_rest_of(config, other.config, {"poi", "parameters", *IN_CONFIG}, what, problems)
            mine = with_rest_of(msgspec.structs.replace(mine, config=config), other, {"name", "config"}, what, problems)
        found.append(mine)
    return [*found, *others.values()]


def with_rest_of(
    one: _Struct, other: msgspec.Struct, known: Collection[str], what: str, problems: list[str]
) -> _Struct:
    """Return a record with what another one says in fields that are not `known`: lists are put together.

    Adds to `problems` where both say something else.
    """
    changes: dict[str, Any] = {}
    for field in one.__struct_fields__:
        mine, theirs = getattr(one, field), getattr(other, field)
        if field in known or mine == theirs or not theirs:
            continue
        if isinstance(mine, list) and isinstance(theirs, list):
            changes[field] = [*mine, *(item for item in theirs if item not in mine)]
        elif not mine:
            changes[field] = theirs
        else:
            problems.append(f'{what}: "{field}" differs')
    return msgspec.structs.replace(one, **changes)


def _other_axes(ours: Mapping[str, Axis], theirs: Mapping[str, Axis]) -> list[str]:
    return [
        f'channel "{name}" has other bin edges in the two workspaces'
        for name, axis in ours.items()
        if name in theirs and not np.array_equal(axis.edges, theirs[name].edges)
    ]
