"""What differs between two workspaces beyond pyhf's format: functions, masks, data sets, groups, correlations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from wilks.errors import listed
from wilks.table import number
from wilks.workspace.beyond import function_words
from wilks.workspace.differences import Difference, Place
from wilks.workspace.edit import masked_bins
from wilks.workspace.references import expressions_of
from wilks.workspace.spec import Document, MeasurementConfig
from wilks.workspace.workspace import Workspace

IN_DOCUMENT = ("data_sets", "groups", "functions", "masks", "version")
IN_CONFIG = ("pois", "correlations", "clip")
"""Keys that are compared here."""

Names = tuple[str, str]


def extension_differences(a: Workspace, b: Workspace, names: Names) -> Iterator[Difference]:
    """Yield functions, masks and groups that differ or are in one only, and data sets that are in one only."""
    yield from _functions(a.document, b.document, names)
    yield from _masks(a, b, names)
    yield from _groups(a.document, b.document, names)
    for own, other, name in ((a, b, names[0]), (b, a, names[1])):
        for only in own.data_set_names:
            if only not in other.data_set_names:
                yield Difference("data", only, f'data set "{only}" is in {name} only', math.inf)


def _one_sided(
    kind: str, what: str, sides: tuple[Mapping[str, str], Mapping[str, str]], names: Names
) -> Iterator[Difference]:
    """Yield what is in one workspace only; the sides are words about each thing by its name."""
    for side in (0, 1):
        for only, words in sides[side].items():
            if only not in sides[1 - side]:
                place = Place("", "", *((words, "") if side == 0 else ("", words)))
                sentence = f'{what} "{only}" is in {names[side]} only: {words}'
                yield Difference(kind, only, sentence, math.inf if kind == "function" else 0.0, (place,))


def _functions(a: Document, b: Document, names: Names) -> Iterator[Difference]:
    sides = [{f.name: f for f in document.functions or ()} for document in (a, b)]
    words = [{name: function_words(f) for name, f in side.items()} for side in sides]
    yield from _one_sided("function", "function", (words[0], words[1]), names)
    expressions = expressions_of(a), expressions_of(b)
    for name, before in words[0].items():
        after = words[1].get(name)
        if after is None or sides[0][name] == sides[1][name]:
            continue
        places = (Place("", "", before, after),)
        if expressions[0][name] == expressions[1][name] and bool(sides[0][name].penalty) == bool(
            sides[1][name].penalty
        ):
            sentence = f'function "{name}" is written as {before} and {after}, and is the same'
            yield Difference("function", name, sentence, 0.0, places)
        else:
            sentence = f'function "{name}" is {before} in {names[0]}, {after} in {names[1]}'
            yield Difference("function", name, sentence, math.inf, places)


def _masks(a: Workspace, b: Workspace, names: Names) -> Iterator[Difference]:
    ours, theirs = masked_bins(a), masked_bins(b)
    for channel in dict.fromkeys([*ours, *theirs]):
        one, other = set(ours.get(channel, ())), set(theirs.get(channel, ()))
        if one == other:
            continue
        parts = [
            f"{_bins(only)} in {name} only" for only, name in ((one - other, names[0]), (other - one, names[1])) if only
        ]
        sentence = f'masks of "{channel}" leave out {" and ".join(parts)}'
        before, after = (", ".join(map(str, sorted(side))) for side in (one, other))
        yield Difference("mask", channel, sentence, math.inf, (Place(channel, "", before, after),))


def _bins(bins: set[int]) -> str:
    return f"bin{'' if len(bins) == 1 else 's'} {listed(map(str, sorted(bins)), 6)}".replace('"', "")


def _groups(a: Document, b: Document, names: Names) -> Iterator[Difference]:
    sides = [{g.name: g.parameters for g in document.groups or ()} for document in (a, b)]
    words = [{name: listed(members, 4) for name, members in side.items()} for side in sides]
    yield from _one_sided("group", "group", (words[0], words[1]), names)
    for name, members in sides[0].items():
        others = sides[1].get(name, members)
        parts = [
            f"{listed(only, 4)} in {side} only"
            for only, side in (
                ([m for m in members if m not in others], names[0]),
                ([m for m in others if m not in members], names[1]),
            )
            if only
        ]
        if parts:
            place = Place("", "", words[0][name], words[1][name])
            yield Difference("group", name, f'group "{name}" has {" and ".join(parts)}', 0.0, (place,))


def config_differences(
    what: str, one: MeasurementConfig, other: MeasurementConfig, names: Names
) -> Iterator[Difference]:
    """Yield other parameters of interest than the first, correlations and clipping of a measurement that differ."""
    pois = one.of_interest[1:], other.of_interest[1:]
    if set(pois[0]) != set(pois[1]):
        ours, theirs = (listed(each) if each else "none" for each in pois)
        sentence = f"{what}: further parameters of interest are {ours} in {names[0]}, {theirs} in {names[1]}"
        yield Difference("measurement", "pois", sentence, math.inf, (Place("", "", ours, theirs),))
    if bool(one.clip) != bool(other.clip):
        side = names[0] if one.clip else names[1]
        ours, theirs = ("clipped" if config.clip else "not clipped" for config in (one, other))
        sentence = f"{what}: yields below 0 are clipped in {side} only"
        yield Difference("measurement", "clip", sentence, math.inf, (Place("", "", ours, theirs),))
    pairs = _pairs(one), _pairs(other)
    changed = [
        (pair, pairs[0].get(pair, 0.0), pairs[1].get(pair, 0.0))
        for pair in dict.fromkeys([*pairs[0], *pairs[1]])
        if pairs[0].get(pair, 0.0) != pairs[1].get(pair, 0.0)
    ]
    if changed:
        (p, q), before, after = max(changed, key=lambda each: abs(each[2] - each[1]))
        more = f", the largest of {len(changed)} differences" if len(changed) > 1 else ""
        sentence = (
            f'{what}: the correlation of "{p}" and "{q}" is {number(before, 4)} in {names[0]}, {number(after, 4)} in '
            f"{names[1]}{more}"
        )
        places = tuple(Place("", f"{p}, {q}", number(x, 4), number(y, 4)) for (p, q), x, y in changed)
        yield Difference("correlation", "correlations", sentence, math.inf, places)


def _pairs(config: MeasurementConfig) -> dict[tuple[str, str], float]:
    """Return the correlations of pairs of parameters, these in alphabetical order."""
    return {
        (min(p, q), max(p, q)): float(correlation.matrix[i][j])
        for correlation in config.correlations or ()
        for i, p in enumerate(correlation.parameters)
        for j, q in enumerate(correlation.parameters[:i])
    }


def orders(document: Document) -> dict[str, Sequence[object]]:
    """Return the names of things that may stand in any order, by what they are."""
    return {
        "functions": [f.name for f in document.functions or ()],
        "data sets": [d.name for d in document.data_sets or ()],
        "groups": [(g.name, m) for g in document.groups or () for m in g.parameters],
        "masks": [m.channel for m in document.masks or ()],
        "correlations": [
            (m.name, p) for m in document.measurements for c in m.config.correlations or () for p in c.parameters
        ],
        "parameters of interest": [(m.name, p) for m in document.measurements for p in m.config.of_interest[1:]],
    }
