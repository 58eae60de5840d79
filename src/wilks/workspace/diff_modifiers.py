"""Which modifiers differ between two workspaces, and what they do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from wilks._types import FloatArray
from wilks.workspace.acting import Acting, acting
from wilks.workspace.differences import Difference, Place, percent
from wilks.workspace.edit import modifiers_of
from wilks.workspace.making import tag
from wilks.workspace.spec import Channel, Modifier
from wilks.workspace.workspace import Workspace

# Relative effects that differ by less differ by the rounding of scaled numbers.
_ROUNDING = 1e-9

Block = tuple[str, str]
Acts = dict[str, dict[Block, Acting]]


def modifier_differences(
    a: Workspace, b: Workspace, pairs: Sequence[tuple[Channel, Channel]], names: tuple[str, str]
) -> Iterator[Difference]:
    """Yield modifiers that are in one workspace only, or somewhere in one only, of other types or other effects."""
    common = next((name for name in a.measurement_names if name in b.measurement_names), None)
    sides = _by_name(a, common), _by_name(b, common)
    records = _records(a), _records(b)
    both = _common_blocks(pairs)
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        ours, theirs = sides[0].get(name, {}), sides[1].get(name, {})
        if not ours or not theirs:
            yield _one_sided(name, ours or theirs, names, 0 if ours else 1, everywhere=True)
            continue
        for side, own, other in ((0, ours, theirs), (1, theirs, ours)):
            only = {block: act for block, act in own.items() if block in both and block not in other}
            if only:
                yield _one_sided(name, only, names, side, everywhere=False)
        shared = [block for block in ours if block in theirs and block in both]
        yield from _other_types(name, [(block, ours[block], theirs[block]) for block in shared], names)
        alike = [block for block in shared if ours[block].types == theirs[block].types]
        changed = []
        for block in alike:
            raw = records[0][name, block], records[1][name, block]
            difference = _effect(ours[block], theirs[block])
            rewritten = np.array_equal(ours[block].nominal, theirs[block].nominal) and _data(raw[0]) != _data(raw[1])
            if difference is not None and (difference[0] > _ROUNDING or rewritten):
                changed.append((block, difference))
        if changed:
            yield _changed(name, changed, names)
        yield from _properties(
            name, [(block, records[0][name, block], records[1][name, block]) for block in alike], names
        )


def renamed_modifiers(a: Workspace, b: Workspace) -> dict[str, str]:
    """Return what modifiers that are in `b` only are called in `a`, where they are the same but for their name."""
    sides = []
    for own, other in ((_records(a), _records(b)), (_records(b), _records(a))):
        gone = {name for name, _ in own} - {name for name, _ in other}
        whole: dict[str, list[tuple[Block, list[Modifier]]]] = {name: [] for name in gone}
        for (name, block), modifiers in own.items():
            if name in gone:
                whole[name].append((block, [msgspec.structs.replace(m, name="") for m in modifiers]))
        contents: dict[bytes, list[str]] = {}
        for name, found in whole.items():
            contents.setdefault(msgspec.json.encode(sorted(found, key=lambda each: each[0])), []).append(name)
        sides.append(contents)
    return {
        theirs[0]: sides[0][content][0]
        for content, theirs in sides[1].items()
        if len(theirs) == 1 and len(sides[0].get(content, ())) == 1
    }


def _by_name(workspace: Workspace, measurement: str | None) -> Acts:
    found: Acts = {}
    for act in acting(workspace, measurement=measurement):
        found.setdefault(act.name, {})[act.channel, act.sample] = act
    return found


def _records(workspace: Workspace) -> dict[tuple[str, Block], list[Modifier]]:
    """Return the modifiers of each name on each sample, sorted by type."""
    found: dict[tuple[str, Block], list[Modifier]] = {}
    for channel, sample, modifier in modifiers_of(workspace.document.channels):
        found.setdefault((modifier.name, (channel.name, sample.name)), []).append(modifier)
    return {key: sorted(modifiers, key=tag) for key, modifiers in found.items()}


def _data(modifiers: list[Modifier]) -> list[object]:
    return [modifier.data for modifier in modifiers]


def _rest(modifiers: list[Modifier]) -> list[dict[str, object]]:
    """Return what modifiers say beside their name and data."""
    fields = [{*modifier.__struct_fields__} - {"name", "data"} for modifier in modifiers]
    return [{f: getattr(m, f) for f in sorted(own)} for m, own in zip(modifiers, fields, strict=True)]


def _properties(
    name: str, blocks: list[tuple[Block, list[Modifier], list[Modifier]]], names: tuple[str, str]
) -> Iterator[Difference]:
    """Yield what modifiers say differently beside their data: interpolation, constraint, threshold, shared."""
    found: dict[tuple[str, str, str], list[Place]] = {}
    for block, ours, theirs in blocks:
        for one, other in zip(_rest(ours), _rest(theirs), strict=True):
            for key in one:
                if one[key] != other.get(key):
                    sides = ["the default" if v is None else str(v) for v in (one[key], other.get(key))]
                    found.setdefault((key, sides[0], sides[1]), []).append(Place(*block, sides[0], sides[1]))
    for (key, before, after), places in found.items():
        where = f' on "{places[0].sample}" in "{places[0].channel}"'
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        sentence = f'{key} of "{name}"{where}{more}: {before} in {names[0]}, {after} in {names[1]}'
        yield Difference("modifier", name, sentence, math.inf, tuple(places))


def _common_blocks(pairs: Sequence[tuple[Channel, Channel]]) -> set[Block]:
    """Return the samples in channels that both workspaces have, with as many bins."""
    sizes = [{(c.name, s.name): len(s.data) for c in side for s in c.samples} for side in zip(*pairs, strict=True)]
    return {block for block in sizes[0] if sizes[1].get(block) == sizes[0][block]} if sizes else set()


def _one_sided(
    name: str, acts: dict[Block, Acting], names: tuple[str, str], side: int, *, everywhere: bool
) -> Difference:
    """Return that modifiers are in one workspace only, with the largest effect that they have there."""
    types = ", ".join(sorted({kind for act in acts.values() for kind in act.types}))
    largest = max(acts.values(), key=lambda act: -1.0 if math.isnan(act.size) else act.size)
    size = largest.size
    where = f'on "{largest.sample}" in "{largest.channel}"'
    effect = "free" if math.isnan(size) else f"up to {percent(size).lstrip('+')}"
    many = f", on {len(acts)} samples in channels" if len(acts) > 1 else ""
    verb = "is" if everywhere else "acts"
    sentence = f'"{name}" ({types}) {verb} in {names[side]} only'
    sentence += f"{many}: {effect}, {where}" if many or everywhere else f" {where}: {effect}"
    places = []
    for (channel, sample), act in acts.items():
        text = "free" if math.isnan(act.size) else percent(act.size).lstrip("+")
        places.append(Place(channel, sample, *((text, "") if side == 0 else ("", text))))
    return Difference("modifier", name, sentence, math.inf if math.isnan(size) else size, tuple(places))


def _other_types(name: str, blocks: list[tuple[Block, Acting, Acting]], names: tuple[str, str]) -> Iterator[Difference]:
    found = [(block, " + ".join(a.types), " + ".join(b.types)) for block, a, b in blocks if a.types != b.types]
    if found:
        block, one, other = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        sentence = f'"{name}" is {one} in {names[0]}, {other} in {names[1]}: on "{block[1]}" in "{block[0]}"{more}'
        yield Difference("modifier", name, sentence, math.inf, tuple(Place(*b, a, c) for b, a, c in found))


def _effect(ours: Acting, theirs: Acting) -> tuple[float, int, float, float] | None:
    """Return the largest difference of relative effects, its bin, and both effects there; None for free factors."""
    if ours.up is None or ours.down is None or theirs.up is None or theirs.down is None:
        return None
    one = np.stack([_shift(ours.up, ours.nominal), _shift(ours.down, ours.nominal)])
    other = np.stack([_shift(theirs.up, theirs.nominal), _shift(theirs.down, theirs.nominal)])
    side, place = np.unravel_index(int(np.argmax(np.abs(other - one))), one.shape)
    difference = float(abs(other - one)[side, place])
    return difference, int(place), float(one[side, place]), float(other[side, place])


def _shift(varied: FloatArray, nominal: FloatArray) -> FloatArray:
    """Return changes relative to the yield of a bin; of empty bins, to the sum (1 where all are empty)."""
    scale = np.where(nominal != 0.0, np.abs(nominal), float(np.abs(nominal).sum()) or 1.0)
    shift: FloatArray = (varied - nominal) / scale
    return shift


def _changed(
    name: str, changed: list[tuple[Block, tuple[float, int, float, float]]], names: tuple[str, str]
) -> Difference:
    (channel, sample), (size, place, one, other) = max(changed, key=lambda each: each[1][0])
    where = f'"{sample}" in {channel}[{place}]'
    sentence = f'the effect of "{name}" on {where} is {percent(one)} in {names[0]}, {percent(other)} in {names[1]}'
    if percent(one) == percent(other):
        sentence += f" (they differ by {percent(size).lstrip('+')})"
    if len(changed) > 1:
        sentence += f", the largest of {len(changed)} differences"
    places = tuple(
        Place(*block, percent(before), percent(after), after - before, bin)
        for block, (_, bin, before, after) in changed
    )
    return Difference("effect", name, sentence, size, places)
