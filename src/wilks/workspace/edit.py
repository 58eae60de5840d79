"""Workspaces with less in them: some of the channels, some of the bins; and with one parameter made several.

The new workspace is a document of its own, with its own digest. A parameter that is left keeps its name, so that a fit
can be carried over to the full model (`transfer`) and back. There is one exception: components of a staterror that
several channels share are counted through these channels, so where one of them goes, the numbers of the later ones
change (`transfer` recognises most of these by their widths, and leaves them out).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

import msgspec
import numpy as np

from wilks.errors import WorkspaceError, listed, nearest
from wilks.selection import matching
from wilks.workspace.extensions import PYHF, WILKS, extensions
from wilks.workspace.references import (
    all_names,
    correlated_in,
    correlations_without,
    functions_left,
    groups_inherited,
    needing,
    pois_inherited,
    steering_parameters,
)
from wilks.workspace.spec import (
    Channel,
    Document,
    HistoSys,
    HistoSysData,
    Lumi,
    Measurement,
    Modifier,
    NormFactor,
    NormSys,
    Number,
    Observation,
    ParameterSettings,
    Sample,
    ShapeSys,
    StatError,
)
from wilks.workspace.workspace import Workspace

Bins: TypeAlias = Mapping[str, Sequence[int]]
"""Bins, counted from 0, by channel."""

_NOTHING: Mapping[str, frozenset[int]] = MappingProxyType({})
_BINS = re.compile(r"(?P<channel>.*)\[(?P<bins>\d+(:\d+)?(,\d+(:\d+)?)*)\]", re.DOTALL)


def select_channels(workspace: Workspace, channels: str | Sequence[str]) -> Workspace:
    """Return the workspace with these channels (names or patterns) only: what is fitted, where others are predicted.

    Parameters that act on none of them are gone, with their settings, their functions and their rows of correlations;
    a parameter of interest that is gone is none. Raises WorkspaceError for names that match nothing.

    >>> import wilks
    >>> control = wilks.select_channels(wilks.examples.search(), "CR*")
    >>> control.channel_names
    ('CR top',)
    """
    names = workspace.channel_names
    kept = matched(names, [channels] if isinstance(channels, str) else channels, "channel")
    if not kept:
        raise WorkspaceError("no channel is selected")
    return with_channels(workspace, [c for c in workspace.document.channels if c.name in kept])


def find_bins(workspace: Workspace, places: str | Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the bins that words mean, by channel: "SR", "SR*", "SR[3]", "SR[3:6]" (3, 4 and 5), "SR[0,3:6]".

    Bins are counted from 0. Raises WorkspaceError with everything that doesn't exist.

    >>> import wilks
    >>> wilks.find_bins(wilks.examples.search(), ["CR top", "SR 2b[3:6]"])
    {'CR top': (0, 1, 2, 3), 'SR 2b': (3, 4, 5)}
    """
    sizes = {channel.name: bins_of(channel) for channel in workspace.document.channels}
    found: dict[str, set[int]] = {}
    problems = []
    for place in [places] if isinstance(places, str) else places:
        parts = None if matching(tuple(sizes), place) else _BINS.fullmatch(place)
        pattern = parts["channel"] if parts else place
        names = [workspace.channel_names[i] for i in matching(tuple(sizes), pattern)]
        if not names:
            problems.append(f'no channel "{pattern}", the workspace has {listed(sizes)}{nearest(pattern, sizes)}')
        for name in names:
            bins = set(range(sizes[name])) if parts is None else set(_numbers(parts["bins"]))
            if wrong := sorted(b for b in bins if b >= sizes[name]):
                problems.append(f'{place}: channel "{name}" has the bins 0 to {sizes[name] - 1}, found {wrong[0]}')
            found.setdefault(name, set()).update(bins)
    if problems:
        raise WorkspaceError(problems)
    return {name: tuple(sorted(bins)) for name, bins in found.items()}


def signal_bins(
    workspace: Workspace, above: float, *, signal: str | Sequence[str] | None = None, poi: str | None = None
) -> dict[str, tuple[int, ...]]:
    """Return the bins in which signal / background exceeds `above`, by channel, from the nominal yields.

    Signal are the samples named (or matching) `signal`; without it those that the parameter of interest (`poi`;
    default: of the first measurement) scales. All other samples are background. Raises WorkspaceError where there is no
    signal.

    >>> import wilks
    >>> wilks.signal_bins(wilks.examples.search(), above=0.3)
    {'SR 2b': (5,)}
    """
    samples = {s.name: None for channel in workspace.document.channels for s in channel.samples}
    if signal is not None:
        chosen = matched(tuple(samples), [signal] if isinstance(signal, str) else signal, "sample")
    else:
        name = workspace.document.measurements[0].config.poi if poi is None else poi
        steering = steering_parameters(workspace.document)
        chosen = {
            sample.name
            for _, sample, modifier in modifiers_of(workspace.document.channels)
            if isinstance(modifier, NormFactor) and name in steering.get(modifier.name, [modifier.name])
        }
        if not chosen:
            raise WorkspaceError(f'no sample is scaled by a normfactor "{name}": name the samples that are signal')
    found = {}
    for channel in workspace.document.channels:
        s, b = (
            np.sum([sample.data for sample in channel.samples if (sample.name in chosen) == is_signal], axis=0)
            * np.ones(bins_of(channel))
            for is_signal in (True, False)
        )
        bins = np.flatnonzero(s > above * np.maximum(b, 0.0))
        if bins.size:
            found[channel.name] = tuple(int(i) for i in bins)
    return found


def mask_bins(workspace: Workspace, bins: Bins) -> Workspace:
    """Return the workspace without what is in some bins (see `find_bins`, `signal_bins`): a fit does not see them.

    Masked bins keep their place, with no yield in any sample and no data, so that their likelihood is 1 whatever the
    parameters are; their staterror and shapesys components are constant. So the other components keep their numbers,
    and axes stay. Channels that are masked altogether are left out, and modifiers of samples with nothing left,
    but for those per bin. What can't be done: the component of a shapefactor whose bin is masked wherever it acts has
    nothing to be measured with; a fit says so (flat), and it is then to be fixed. Raises WorkspaceError for channels
    and bins that don't exist, and where nothing is left.

    >>> import wilks
    >>> workspace = wilks.examples.search()
    >>> blinded = wilks.mask_bins(workspace, wilks.signal_bins(workspace, above=0.3))
    >>> [sum(channel["data"]) for channel in (workspace.spec["observations"][0], blinded.spec["observations"][0])]
    [3548.0, 3303.0]
    """
    sizes = {channel.name: bins_of(channel) for channel in workspace.document.channels}
    problems = [f'no channel "{name}" in the workspace{nearest(name, sizes)}' for name in bins if name not in sizes]
    problems += [
        f'channel "{name}" has the bins 0 to {sizes[name] - 1}, found {wrong[0]}'
        for name, chosen in bins.items()
        if name in sizes and (wrong := [b for b in chosen if not 0 <= b < sizes[name]])
    ]
    hidden = {name: frozenset(chosen) for name, chosen in bins.items() if len(chosen)}
    kept = [c for c in workspace.document.channels if len(hidden.get(c.name, ())) < sizes[c.name]]
    if not problems and not kept:
        problems.append("every bin is masked: there is nothing to fit")
    if problems:
        raise WorkspaceError(problems)
    channels = [_masked(channel, hidden[channel.name]) if channel.name in hidden else channel for channel in kept]
    return with_channels(workspace, channels, hidden)


def masked_bins(workspace: Workspace) -> dict[str, tuple[int, ...]]:
    """Return the bins, counted from 0, that a workspace masks, by channel; nothing for others.

    >>> import wilks
    >>> wilks.workspace.edit.masked_bins(wilks.examples.search())
    {}
    """
    sizes = {channel.name: bins_of(channel) for channel in workspace.document.channels}
    bins: dict[str, set[int]] = {}
    for mask in workspace.document.masks or ():
        bins.setdefault(mask.channel, set()).update(range(sizes[mask.channel]) if mask.bins is None else mask.bins)
    return {name: tuple(sorted(chosen)) for name, chosen in bins.items()}


def without_masked_bins(workspace: Workspace) -> Workspace:
    """Return the workspace as its likelihood sees it: bins that it masks are masked, see `mask_bins`."""
    if not workspace.document.masks:
        return workspace
    masked = mask_bins(workspace, masked_bins(workspace))
    return replace(masked, document=msgspec.structs.replace(masked.document, masks=None))


def rename_normfactor(workspace: Workspace, name: str, by_channel: Mapping[str, str]) -> Workspace:
    """Return the workspace with a normfactor renamed in some channels: one parameter becomes several.

    The new parameters have the settings of the old one. Raises WorkspaceError where other modifiers have the old name
    (they would no longer be one parameter) or a new one.
    """
    names = set(all_names(workspace.document))
    others = {type(m) for _, _, m in modifiers_of(workspace.document.channels) if m.name == name} - {NormFactor}
    problems = [f'"{new}" is already the name of a modifier' for new in set(by_channel.values()) & names]
    functions = {f.name for f in workspace.document.functions or ()} | set(needing(workspace.document, {name}))
    if name not in names or others or name in functions | set(correlated_in(workspace.document, {name})):
        problems.append(f'"{name}" is not a parameter of normfactors alone')
    if problems:
        raise WorkspaceError(problems)

    def renamed(channel: Channel) -> Channel:
        new = by_channel.get(channel.name, name)
        samples = [
            msgspec.structs.replace(
                sample,
                modifiers=[msgspec.structs.replace(m, name=new) if m.name == name else m for m in sample.modifiers],
            )
            for sample in channel.samples
        ]
        return msgspec.structs.replace(channel, samples=samples)

    channels = [renamed(channel) for channel in workspace.document.channels]
    left = {modifier.name for _, _, modifier in modifiers_of(channels)} & {name, *by_channel.values()}
    heirs = {name: sorted(left)}
    measurements = []
    for measurement in workspace.document.measurements:
        parameters = [
            msgspec.structs.replace(settings, name=each)
            for settings in measurement.config.parameters
            for each in (sorted(left) if settings.name == name else [settings.name])
        ]
        config = msgspec.structs.replace(pois_inherited(measurement.config, heirs), parameters=parameters)
        measurements.append(msgspec.structs.replace(measurement, config=config))
    groups = groups_inherited(workspace.document.groups or (), heirs)
    document = msgspec.structs.replace(
        workspace.document, channels=channels, measurements=measurements, groups=groups or None
    )
    return Workspace(document, workspace.axes)


def matched(names: Sequence[str], patterns: Iterable[str], what: str) -> set[str]:
    """Return the names that patterns mean; WorkspaceError with every pattern that matches nothing."""
    found = {pattern: matching(names, pattern) for pattern in patterns}
    problems = [
        f'no {what} "{pattern}", the workspace has {listed(names)}{nearest(pattern, names)}'
        for pattern, positions in found.items()
        if not positions
    ]
    if problems:
        raise WorkspaceError(problems)
    return {names[i] for positions in found.values() for i in positions}


def _numbers(text: str) -> Iterator[int]:
    """Yield the bins in `0,3:6`."""
    for part in text.split(","):
        first, _, end = part.partition(":")
        yield from range(int(first), int(end) if end else int(first) + 1)


def bins_of(channel: Channel) -> int:
    """Return the number of bins of a channel."""
    return len(channel.samples[0].data)


def modifiers_of(channels: Iterable[Channel]) -> Iterator[tuple[Channel, Sample, Modifier]]:
    """Yield every modifier with its channel and sample."""
    for channel in channels:
        for sample in channel.samples:
            for modifier in sample.modifiers:
                yield channel, sample, modifier


def with_channels(
    workspace: Workspace, channels: list[Channel], hidden: Mapping[str, frozenset[int]] = _NOTHING
) -> Workspace:
    """Return the workspace with other channels: observations (none in `hidden` bins), settings and axes that fit."""
    before, after = workspace.document, {channel.name for channel in channels}

    def left(observations: list[Observation]) -> list[Observation]:
        return [
            msgspec.structs.replace(o, data=_zeroed(o.data, hidden.get(o.name, frozenset())))
            for o in observations
            if o.name in after
        ]

    functions = functions_left(before, channels)
    document = msgspec.structs.replace(
        before,
        channels=channels,
        observations=left(before.observations),
        data_sets=[msgspec.structs.replace(one, observations=left(one.observations)) for one in before.data_sets or ()]
        or None,
        functions=functions or None,
        masks=[mask for mask in before.masks or () if mask.channel in after] or None,
    )
    gone = set(all_names(before)) - set(all_names(document))
    document = msgspec.structs.replace(
        document,
        measurements=[_settings_left(m, gone, before, document) for m in before.measurements],
        groups=groups_inherited(before.groups or (), {name: [] for name in gone}) or None,
    )
    axes = {name: axis for name, axis in workspace.axes.items() if name in after}
    return Workspace(as_plain_as_can_be(document), axes)


def as_plain_as_can_be(document: Document) -> Document:
    """Return a document with pyhf's version where nothing is left in it that pyhf can't say."""
    plain = document.version == WILKS and next(extensions(document), None) is None
    return msgspec.structs.replace(document, version=PYHF) if plain else document


def _settings_left(measurement: Measurement, gone: set[str], before: Document, after: Document) -> Measurement:
    """Return a measurement without settings of parameters that are gone, its lists cut to the components left."""
    config = measurement.config
    parameters = [
        cut(s, components(s.name, before.channels, carriers(s.name, after.channels)))
        for s in config.parameters
        if s.name not in gone
    ]
    config = correlations_without(pois_inherited(config, {name: [] for name in gone}), gone)
    return msgspec.structs.replace(measurement, config=msgspec.structs.replace(config, parameters=parameters))


def carriers(name: str, channels: list[Channel]) -> dict[str, int]:
    """Return the channels with a staterror of a name, and their numbers of bins."""
    return {c.name: bins_of(c) for c, _, m in modifiers_of(channels) if isinstance(m, StatError) and m.name == name}


def components(name: str, channels: list[Channel], kept: Collection[str]) -> list[bool]:
    """Return which components of a staterror belong to channels that are kept; empty for other parameters."""
    sizes = carriers(name, channels)
    return [channel in kept for channel in sorted(sizes) for _ in range(sizes[channel])]


def cut(settings: ParameterSettings, kept: list[bool]) -> ParameterSettings:
    """Return settings with the components that are kept only."""
    if all(kept):
        return settings
    keys = ("inits", "bounds", "auxdata", "factors", "sigmas", "lower_sigmas", "fixed")
    lists = {key: getattr(settings, key) for key in keys}
    changes = {
        key: [value for value, keep in zip(values, kept, strict=True) if keep]
        for key, values in lists.items()
        if isinstance(values, list) and len(values) == len(kept)
    }
    return msgspec.structs.replace(settings, **changes)


def _zeroed(values: list[Number], hidden: frozenset[int]) -> list[Number]:
    return [0.0 if i in hidden else value for i, value in enumerate(values)]


def _masked(channel: Channel, hidden: frozenset[int]) -> Channel:
    samples = []
    for sample in channel.samples:
        data = _zeroed(sample.data, hidden)
        modifiers = [_masked_modifier(modifier, hidden) for modifier in sample.modifiers]
        if not any(data) and any(sample.data) and not any(_shifts(modifier) for modifier in modifiers):
            modifiers = [m for m in modifiers if not isinstance(m, HistoSys | NormSys | NormFactor | Lumi)]
        samples.append(msgspec.structs.replace(sample, data=data, modifiers=modifiers))
    return msgspec.structs.replace(channel, samples=samples)


def _masked_modifier(modifier: Modifier, hidden: frozenset[int]) -> Modifier:
    match modifier:
        case HistoSys():
            low, high = (_zeroed(side, hidden) for side in (modifier.data.lo_data, modifier.data.hi_data))
            return msgspec.structs.replace(modifier, data=HistoSysData(lo_data=low, hi_data=high))
        case ShapeSys() | StatError():
            return msgspec.structs.replace(modifier, data=_zeroed(modifier.data, hidden))
    return modifier


def _shifts(modifier: Modifier) -> bool:
    """Return whether a variation gives yield to a sample without."""
    return isinstance(modifier, HistoSys) and (any(modifier.data.lo_data) or any(modifier.data.hi_data))
