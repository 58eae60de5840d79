"""What differs between two workspaces: channels, samples, yields, data, modifiers, settings, axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import numpy as np

from wilks._types import FloatArray
from wilks.errors import listed
from wilks.table import number
from wilks.workspace.diff_extensions import IN_DOCUMENT, extension_differences
from wilks.workspace.diff_modifiers import modifier_differences, renamed_modifiers
from wilks.workspace.diff_settings import axis_differences, measurement_differences, order_differences, other_fields
from wilks.workspace.differences import Difference, Differences, Place, percent
from wilks.workspace.edit import bins_of
from wilks.workspace.references import all_names
from wilks.workspace.rename import rename
from wilks.workspace.spec import Channel, Sample
from wilks.workspace.workspace import Workspace


def diff(a: Workspace, b: Workspace, *, names: tuple[str, str] = ("A", "B")) -> Differences:
    """Return what differs between two workspaces, in sentences, the largest first; they call them by `names`.

    Yields and data are compared bin by bin, modifiers by what they do to yields at one standard deviation (the
    modifiers of one name on a sample together; those that only have another name are recognised), measurements setting
    by setting. Bins are counted from 0. What is
    the same number spelled otherwise (1 and 1.0), or in another order, is told last: the model is the same.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> str(wilks.diff(workspace, workspace))
    'no difference'
    >>> print(wilks.diff(workspace, wilks.prune(workspace, samples="Fakes"))[0])
    sample "Fakes" is in A only, in 2 channels, with up to 16.8 % of the total: electrons[0]
    """
    found: list[Difference] = []
    if a.document == b.document and dict(a.axes) == dict(b.axes):
        found += _spelling(a, b)
        return Differences(tuple(found), names)
    taken = {*all_names(a.document)} & {*all_names(b.document)}
    called = {new: old for new, old in renamed_modifiers(a, b).items() if old and not {new, old} & taken}
    for new, old in called.items():
        words = f'"{old}" in {names[0]} is called "{new}" in {names[1]}, and is the same'
        found.append(Difference("name", new, words, 0.0, (Place("", "", old, new),)))
    b = rename(b, modifiers=called) if called else b
    pairs = _pairs(a, b)
    found += _channels(a, b, pairs, names)
    found += _samples(pairs, names)
    found += _yields(pairs)
    found += _data(a, b, pairs)
    found += modifier_differences(a, b, pairs, names)
    found += extension_differences(a, b, names)
    found += measurement_differences(a.document, b.document, names)
    found += axis_differences(a, b, names)
    found += order_differences(a.document, b.document)
    for what, one, other, known in _records(a, b, pairs):
        found += other_fields(what, one, other, known, names)
    return Differences(tuple(found or _unnamed(a, b)), names)


def _pairs(a: Workspace, b: Workspace) -> list[tuple[Channel, Channel]]:
    """Return the channels of one name."""
    others = {channel.name: channel for channel in b.document.channels}
    return [(channel, others[channel.name]) for channel in a.document.channels if channel.name in others]


def _channels(
    a: Workspace, b: Workspace, pairs: Sequence[tuple[Channel, Channel]], names: tuple[str, str]
) -> Iterator[Difference]:
    both = {channel.name for channel, _ in pairs}
    for workspace, name in ((a, names[0]), (b, names[1])):
        for channel in workspace.document.channels:
            if channel.name not in both:
                size = ", ".join([_many(bins_of(channel), "bin"), _many(len(channel.samples), "sample")])
                sides = (size, "") if workspace is a else ("", size)
                sentence = f'channel "{channel.name}" is in {name} only ({size})'
                yield Difference("channel", channel.name, sentence, math.inf, (Place(channel.name, "", *sides),))
    for one, other in pairs:
        bins = bins_of(one), bins_of(other)
        if bins[0] != bins[1]:
            sentence = f'channel "{one.name}" has {_many(bins[0], "bin")} in {names[0]}, {bins[1]} in {names[1]}'
            places = (Place(one.name, "", f"{bins[0]} bins", f"{bins[1]} bins"),)
            yield Difference("channel", one.name, sentence, math.inf, places)


def _samples(pairs: Sequence[tuple[Channel, Channel]], names: tuple[str, str]) -> Iterator[Difference]:
    """Yield samples that a channel has in one workspace only, with their largest share of a bin."""
    for side in (0, 1):
        places: dict[str, list[tuple[float, str, Place]]] = {}
        for pair in pairs:
            known = {sample.name for sample in pair[1 - side].samples}
            total = np.sum([sample.data for sample in pair[side].samples], axis=0, dtype=np.float64)
            for sample in pair[side].samples:
                if sample.name not in known:
                    data = np.array(sample.data, np.float64)
                    share = np.divide(data, total, out=np.zeros_like(data), where=total != 0.0)
                    where = int(np.argmax(np.abs(share)))
                    text = number(float(data.sum()), 4)
                    place = Place(pair[0].name, sample.name, *((text, "") if side == 0 else ("", text)))
                    places.setdefault(sample.name, []).append(
                        (abs(float(share[where])), f"{pair[0].name}[{where}]", place)
                    )
        for name, found in places.items():
            share_of_bin, place_of_bin, _ = max(found, key=lambda each: each[0])
            sentence = (
                f'sample "{name}" is in {names[side]} only, in {counted([p.channel for _, _, p in found], "channel")}, '
                f"with up to {percent(share_of_bin).lstrip('+')} of the total: {place_of_bin}"
            )
            yield Difference("sample", name, sentence, math.inf, tuple(place for _, _, place in found))


def common_samples(pairs: Iterable[tuple[Channel, Channel]]) -> Iterator[tuple[str, Sample, Sample]]:
    """Yield the samples that are in both, with as many bins, and the names of their channels."""
    for one, other in pairs:
        others = {sample.name: sample for sample in other.samples}
        for sample in one.samples:
            twin = others.get(sample.name)
            if twin is not None and len(twin.data) == len(sample.data):
                yield one.name, sample, twin


def _yields(pairs: Sequence[tuple[Channel, Channel]]) -> Iterator[Difference]:
    places: dict[str, list[tuple[float, str, Place]]] = {}
    for channel, one, other in common_samples(pairs):
        if one.data != other.data:
            places.setdefault(one.name, []).append(_counts(channel, one.name, one.data, other.data))
    for name, found in places.items():
        yield _numbers("yields", name, f'yields of "{name}"', found)


def _data(a: Workspace, b: Workspace, pairs: Sequence[tuple[Channel, Channel]]) -> Iterator[Difference]:
    """Yield other counts of the observations, and of data sets that are in both."""
    sets = [{d.name: d.observations for d in w.document.data_sets or ()} for w in (a, b)]
    both = {f'data set "{name}"': (sets[0][name], sets[1][name]) for name in sets[0] if name in sets[1]}
    for what, sides in {"data": (a.document.observations, b.document.observations), **both}.items():
        ours, theirs = ({o.name: o.data for o in observations} for observations in sides)
        found = []
        for channel, _ in pairs:
            one, other = ours[channel.name], theirs[channel.name]
            if one != other and len(one) == len(other):
                found.append(_counts(channel.name, "", one, other))
        if found:
            yield _numbers("data", what, what, found)


def _counts(channel: str, sample: str, one: Sequence[float], other: Sequence[float]) -> tuple[float, str, Place]:
    """Return the largest change of a bin, that bin and both numbers as words, and both sums."""
    before, after = np.array(one, np.float64), np.array(other, np.float64)
    change = relative(before, after)
    where = int(np.argmax(np.abs(change)))
    words = (
        f"{channel}[{where}], {number(before[where], 5)} to {number(after[where], 5)} ({percent(change[where])})"
        if before[where]
        else f"{channel}[{where}], 0 to {number(after[where], 5)}"
    )
    sums = float(before.sum()), float(after.sum())
    share = (sums[1] - sums[0]) / abs(sums[0]) if sums[0] else math.nan
    words += f"; its sum is {number(sums[0], 5)} and {number(sums[1], 5)}" + (f" ({percent(share)})" if sums[0] else "")
    place = Place(channel, sample, number(sums[0], 5), number(sums[1], 5), share)
    return abs(float(change[where])), words, place


def relative(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return changes by bin relative to what was there; of empty bins, to the sum (1 where all are empty)."""
    total = float(np.abs(before).sum())
    scale = np.where(before != 0.0, np.abs(before), total or 1.0)
    changes: FloatArray = (after - before) / scale
    return changes


def _numbers(kind: str, name: str, what: str, found: list[tuple[float, str, Place]]) -> Difference:
    size, words, _ = max(found, key=lambda each: each[0])
    channels = counted([place.channel for _, _, place in found], "channel")
    sentence = f"{what} differ in {channels}, most in {words}"
    return Difference(kind, name, sentence, size, tuple(place for _, _, place in found))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def counted(names: Sequence[str], what: str) -> str:
    """Return how many there are; of one its name."""
    return f'{what} "{names[0]}"' if len(names) == 1 else f"{len(names)} {what}s"


def _records(
    a: Workspace, b: Workspace, pairs: Sequence[tuple[Channel, Channel]]
) -> Iterator[tuple[str, msgspec.Struct, msgspec.Struct, set[str]]]:
    """Yield the records of both documents, and the fields of them that are compared elsewhere."""
    known = {"channels", "observations", "measurements", *IN_DOCUMENT}
    yield "the document", a.document, b.document, known
    for one, other in pairs:
        yield f'channel "{one.name}"', one, other, {"name", "samples"}
    for channel, sample, twin in common_samples(pairs):
        yield f'sample "{sample.name}" in "{channel}"', sample, twin, {"name", "data", "modifiers"}
    ours, theirs = ({o.name: o for o in w.document.observations} for w in (a, b))
    for name in ours:
        if name in theirs:
            yield f'data of "{name}"', ours[name], theirs[name], {"name", "data"}


def _spelling(a: Workspace, b: Workspace) -> list[Difference]:
    if a.digest == b.digest:
        return []
    return [Difference("other", "digest", "numbers are spelled differently (as 1 and 1.0), and digests differ", 0.0)]


def _unnamed(a: Workspace, b: Workspace) -> list[Difference]:
    """Return that something else differs: nothing that does is ever no difference."""
    extra = {o.name for w in (a, b) for o in w.document.observations} - {*a.channel_names, *b.channel_names}
    words = f"data of channels that are not there differ: {listed(sorted(extra))}" if extra else "the documents differ"
    if a.document.version != b.document.version:
        words = f'the versions are "{a.document.version}" and "{b.document.version}"; the model is the same'
    return [Difference("other", "document", words, 0.0)]
