"""What pyhf's format can't say, of two workspaces in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from wilks.errors import listed
from wilks.workspace.references import all_names, reordered
from wilks.workspace.spec import (
    Correlation,
    DataSet,
    Document,
    Function,
    Group,
    Mask,
    MeasurementConfig,
)

IN_CONFIG = ("pois", "clip", "correlations")
"""Keys of a measurement that `joined_config` puts together."""


def joined_extensions(
    ours: Document, theirs: Document, channels: set[str], join: str, merged: bool, problems: list[str]
) -> dict[str, Any]:
    """Return data sets, groups, functions and masks of both documents, by their keys; adds to `problems`.

    `ours` are preferred where `join` says so; `merged` says that channels have samples of both.
    """
    alike = join in ("none", "outer")
    return {
        "data_sets": _data_sets(ours, theirs, channels, alike, problems) or None,
        "groups": _groups(ours.groups or [], theirs.groups or []) or None,
        "functions": _functions(ours, theirs, alike, problems) or None,
        "masks": _masks(ours, theirs, alike or merged, problems) or None,
    }


def _groups(ours: Sequence[Group], theirs: Sequence[Group]) -> list[Group]:
    """Return the groups of both; those of one name have the parameters of both."""
    found: dict[str, dict[str, None]] = {}
    for group in (*ours, *theirs):
        found.setdefault(group.name, {}).update(dict.fromkeys(group.parameters))
    return [Group(name, list(parameters)) for name, parameters in found.items()]


def _functions(ours: Document, theirs: Document, alike: bool, problems: list[str]) -> list[Function]:
    """Return the functions of both; one name can't be a function's and a parameter's, nor that of two functions."""
    found = {function.name: function for function in ours.functions or ()}
    others = {function.name: function for function in theirs.functions or ()}
    for own, other, document in ((found, others, theirs), (others, found, ours)):
        names = set(all_names(document)) if own else set()
        problems += [
            f'"{name}" is a function in one workspace and a parameter in the other: rename it'
            for name in own
            if name in names and name not in other
        ]
    problems += [
        f'function "{name}" is in both workspaces, and differs: rename it'
        for name, function in others.items()
        if name in found and alike and found[name] != function
    ]
    return [*found.values(), *(function for name, function in others.items() if name not in found)]


def _masks(ours: Document, theirs: Document, alike: bool, problems: list[str]) -> list[Mask]:
    """Return the masks of both; a channel that is in both has those of the preferred side."""
    shared = {channel.name for channel in ours.channels} & {channel.name for channel in theirs.channels}
    for name in sorted(shared) if alike else ():
        if _masked(ours, name) != _masked(theirs, name):
            problems.append(f'channel "{name}" has other masks in the two workspaces')
    return [*(ours.masks or ()), *(mask for mask in theirs.masks or () if mask.channel not in shared)]


def _masked(document: Document, channel: str) -> set[int]:
    """Return the bins of a channel that are masked; -1 stands for all of them."""
    masks = [mask for mask in document.masks or () if mask.channel == channel]
    return {-1} if any(mask.bins is None for mask in masks) else {b for mask in masks for b in mask.bins or ()}


def _data_sets(ours: Document, theirs: Document, channels: set[str], alike: bool, problems: list[str]) -> list[DataSet]:
    """Return the data sets of both, those of one name with the channels of both."""
    found = {data_set.name: data_set for data_set in ours.data_sets or ()}
    for other in theirs.data_sets or ():
        mine = found.setdefault(other.name, other)
        known = {observation.name: observation for observation in mine.observations}
        differing = [o.name for o in other.observations if known.get(o.name, o) != o]
        if differing and alike:
            problems.append(f'data set "{other.name}" has other counts of {listed(differing)} in the two workspaces')
        more = [o for o in other.observations if o.name not in known]
        found[other.name] = msgspec.structs.replace(mine, observations=[*mine.observations, *more])
    for name, data_set in found.items():
        if lacking := sorted(channels - {observation.name for observation in data_set.observations}):
            problems.append(
                f'data set "{name}" is in one workspace only, and has no counts of {listed(lacking)}: prune it'
            )
    return list(found.values())


def joined_config(
    ours: MeasurementConfig, theirs: MeasurementConfig, poi: str, what: str, problems: list[str]
) -> MeasurementConfig:
    """Return the configuration of a measurement that both workspaces have, without settings of the other one."""
    pois = None
    if ours.pois or theirs.pois:
        pois = list(dict.fromkeys([*(poi,) * bool(poi), *ours.of_interest, *theirs.of_interest]))
    if bool(ours.clip) != bool(theirs.clip):
        problems.append(f'{what}: "clip" differs')
    correlations = _correlations([*(ours.correlations or ()), *(theirs.correlations or ())], what, problems)
    return msgspec.structs.replace(ours, poi=poi, pois=pois, correlations=correlations or None)


def _correlations(every: Sequence[Correlation], what: str, problems: list[str]) -> list[Correlation]:
    """Return correlations, those that say less than another one left out; adds to `problems` where they disagree."""
    found: list[Correlation] = []
    for one in every:
        at, other = next(
            ((i, c) for i, c in enumerate(found) if {*c.parameters} & {*one.parameters}), (len(found), None)
        )
        if other is None:
            found.append(one)
            continue
        small, large = sorted((one, other), key=lambda c: len(c.parameters))
        places = [large.parameters.index(name) for name in small.parameters if name in large.parameters]
        if len(places) < len(small.parameters) or reordered(large, places) != small:
            names = listed(sorted({*one.parameters, *other.parameters}))
            problems.append(f"{what}: the correlations of {names} are in both workspaces, and differ")
        elif large is one:
            found[at] = one
    return found
