"""Which measurements, settings of parameters, axes and orders differ between two workspaces."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from wilks.workspace.diff_extensions import IN_CONFIG, config_differences, orders
from wilks.workspace.differences import Difference, Place
from wilks.workspace.making import tag
from wilks.workspace.spec import Document, Measurement, ParameterSettings
from wilks.workspace.workspace import Workspace

# Settings that move where a fit starts and what it may reach, not the likelihood.
_OF_THE_FIT = ("inits", "bounds")


def measurement_differences(a: Document, b: Document, names: tuple[str, str]) -> Iterator[Difference]:
    """Yield measurements that are in one only, other parameters of interest, other settings, another default."""
    others = {measurement.name: measurement for measurement in b.measurements}
    ours = {measurement.name: measurement for measurement in a.measurements}
    for own, other, name in ((ours, others, names[0]), (others, ours, names[1])):
        for only in own:
            if only not in other:
                yield Difference("measurement", only, f'measurement "{only}" is in {name} only', math.inf)
    if a.measurements and b.measurements and a.measurements[0].name != b.measurements[0].name:
        first = a.measurements[0].name, b.measurements[0].name
        sentence = f'the default measurement is "{first[0]}" in {names[0]}, "{first[1]}" in {names[1]}'
        yield Difference("measurement", "default", sentence, math.inf, (Place("", "", *first),))
    for measurement in a.measurements:
        if measurement.name in others:
            yield from _of_measurement(measurement, others[measurement.name], names)


def _of_measurement(one: Measurement, other: Measurement, names: tuple[str, str]) -> Iterator[Difference]:
    what = f'measurement "{one.name}"'
    pois = one.config.poi or "none", other.config.poi or "none"
    if pois[0] != pois[1]:
        sentence = f'{what}: the parameter of interest is "{pois[0]}" in {names[0]}, "{pois[1]}" in {names[1]}'
        yield Difference("measurement", one.name, sentence, math.inf, (Place("", "", *pois),))
    ours = {settings.name: settings for settings in one.config.parameters}
    theirs = {settings.name: settings for settings in other.config.parameters}
    for name in dict.fromkeys([*ours, *theirs]):
        before, after = ours.get(name) or ParameterSettings(name), theirs.get(name) or ParameterSettings(name)
        for field in before.__struct_fields__:
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                shown = _shown(old), _shown(new)
                sentence = f'{what}: {field} of "{name}": {shown[0]} in {names[0]}, {shown[1]} in {names[1]}'
                size = 0.0 if field in _OF_THE_FIT else math.inf
                yield Difference("setting", name, sentence, size, (Place("", "", *shown),))
    yield from other_fields(what, one, other, {"name", "config"}, names)
    yield from config_differences(what, one.config, other.config, names)
    yield from other_fields(what, one.config, other.config, {"poi", "parameters", *IN_CONFIG}, names)


def _shown(value: Any) -> str:
    """Return a setting as JSON writes it, endless ones shortened."""
    if value is None:
        return "the default"
    text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:40]} ... {text[-15:]}"


def axis_differences(a: Workspace, b: Workspace, names: tuple[str, str]) -> Iterator[Difference]:
    """Yield axes that differ, or are known in one workspace only."""
    both = [name for name in a.channel_names if name in b.channel_names]
    for channel in both:
        one, other = a.axes.get(channel), b.axes.get(channel)
        if one == other:
            continue
        if one is None or other is None:
            sentence = f'bin edges of "{channel}" are known in {names[0] if other is None else names[1]} only'
            sides = ("", "known") if one is None else ("known", "")
        elif np.array_equal(one.edges, other.edges):
            sentence = f'the axis of "{channel}" has other labels: "{one.label}" and "{other.label}"'
            sides = (one.label, other.label)
        else:
            sides = _shown(one.edges.tolist()), _shown(other.edges.tolist())
            sentence = f'bin edges of "{channel}": {sides[0]} in {names[0]}, {sides[1]} in {names[1]}'
        yield Difference("axis", channel, sentence, 0.0, (Place(channel, "", *sides),))


def order_differences(a: Document, b: Document) -> Iterator[Difference]:
    """Yield which orders differ, in one sentence: the model is the same."""
    found = []
    pairs = [(one, other) for one in a.channels for other in b.channels if one.name == other.name]
    samples = [(s, t) for one, other in pairs for s in one.samples for t in other.samples if s.name == t.name]
    if _other_order([c.name for c in a.channels], [c.name for c in b.channels]):
        found.append("channels")
    if any(_other_order([s.name for s in one.samples], [s.name for s in other.samples]) for one, other in pairs):
        found.append("samples")
    if any(
        _other_order([(m.name, tag(m)) for m in one.modifiers], [(m.name, tag(m)) for m in other.modifiers])
        for one, other in samples
    ):
        found.append("modifiers")
    if _other_order([o.name for o in a.observations], [o.name for o in b.observations]):
        found.append("observations")
    if _other_order([m.name for m in a.measurements], [m.name for m in b.measurements]):
        found.append("measurements")
    settings = [(m, n) for m in a.measurements for n in b.measurements if m.name == n.name]
    if any(
        _other_order([s.name for s in m.config.parameters], [s.name for s in n.config.parameters]) for m, n in settings
    ):
        found.append("settings")
    others = orders(b)
    found += [what for what, ours in orders(a).items() if _other_order(ours, others[what])]
    if found:
        words = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
        yield Difference("order", words, f"the order of {words} differs; the model is the same", 0.0)


def _other_order(ours: Sequence[object], theirs: Sequence[object]) -> bool:
    """Return whether what is in both stands in another order."""
    known, common = {*theirs}, {*ours}
    return [each for each in ours if each in known] != [each for each in theirs if each in common]


def other_fields(
    what: str, one: msgspec.Struct, other: msgspec.Struct, known: set[str], names: tuple[str, str]
) -> Iterator[Difference]:
    """Yield fields of a record that differ, but for those that are compared elsewhere."""
    for field in one.__struct_fields__:
        old, new = getattr(one, field), getattr(other, field)
        if field not in known and old != new:
            shown = _shown(old), _shown(new)
            sentence = f"{what}: {field} is {shown[0]} in {names[0]}, {shown[1]} in {names[1]}"
            yield Difference("other", field, sentence, math.inf, (Place("", "", *shown),))
