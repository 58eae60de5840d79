"""Rules about what is equal to the last bit though it should differ, and about what is empty: slips of paths and names.

Numbers count as equal by chance, or by hand, while they have few digits in all: 55, 42 and 33 have six.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np

from wilks._types import FloatArray
from wilks.checks.cases import block_case, channel_case
from wilks.checks.thresholds import Thresholds
from wilks.checks.view import Block, Side, View
from wilks.checks.wording import quoted, some
from wilks.results.findings import Case, Finding, Severity
from wilks.table import number

_Pair: TypeAlias = tuple[str, str]
_DIGITS = 6
# Fewer digits than these, all bins together, are equal now and then.
_EXPECTED = 10.0
# Events: with as many expected there are some.


def _digits(*arrays: FloatArray) -> int:
    """Return how many digits different numbers have that say something, without zeros before and after them."""
    values = np.unique(np.concatenate(arrays)) if arrays else ()
    return sum(len(repr(float(value)).partition("e")[0].replace(".", "").strip("-0")) for value in values)


def _groups(items: Iterable[tuple[Hashable, str]]) -> list[list[str]]:
    """Return the names that have something in common, where more than one has."""
    found: dict[Hashable, list[str]] = {}
    for what, name in items:
        found.setdefault(what, []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _together(groups: Sequence[Sequence[str]], limit: int = 3) -> str:
    """Return groups of names: `"a" and "b"; "c", "d" and "e"`."""
    texts = []
    for names in groups:
        first, last = (names[:-1], quoted(names[-1])) if len(names) <= 6 else (names[:5], f"{len(names) - 5} more")
        texts.append(f"{', '.join(map(quoted, first))} and {last}")
    return "; ".join(texts[:limit]) + (f"; and {len(texts) - limit} more groups" if len(texts) > limit else "")


def equal_regions(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Channels with the same data, the same samples, or both: one selection taken twice."""
    both: list[tuple[Hashable, str]] = []
    samples: list[tuple[Hashable, str]] = []
    data: list[tuple[Hashable, str]] = []
    for channel, blocks in view.blocks_of.items():
        observed, yields = view.observed.get(channel, np.zeros(0)), [block.nominal for block in blocks]
        predicted = tuple(sorted(array.tobytes() for array in yields))
        for kind, arrays, key in (
            (both, [observed, *yields], (observed.tobytes(), predicted)),
            (samples, yields, predicted),
            (data, [observed], observed.tobytes()),
        ):
            if _digits(*arrays) >= _DIGITS:
                kind.append((key, channel))
    told: set[str] = set()
    for kind, severity, what in (
        (
            both,
            Severity.ERROR,
            "The data and all samples of {} are the same to the last bit: events count twice, and "
            "uncertainties come out too small.",
        ),
        (samples, Severity.WARNING, "All samples of {} are the same to the last bit, the data are not."),
        (data, Severity.WARNING, "The data of {} are the same to the last bit, the samples are not."),
    ):
        groups = [names for names in _groups(kind) if not told.issuperset(names)]
        names = [name for group in groups for name in group]
        told.update(names)
        if groups:
            yield Finding(
                "equal-regions",
                severity,
                f"channels {some([quoted(name) for name in names])}",
                what.format(_together(groups)),
                "Check RegionPath, Filter and Variable of these regions.",
                tuple(map(channel_case, names)),
            )


def equal_samples(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Two samples with the same yields in every channel that has both: one histogram taken twice."""
    same: dict[tuple[str, str], list[tuple[Block, Block]]] = {}
    differ: set[tuple[str, str]] = set()
    for blocks in view.blocks_of.values():
        by_data: dict[bytes, list[Block]] = {}
        for block in blocks:
            by_data.setdefault(block.nominal.tobytes(), []).append(block)
        for group in by_data.values():
            for first, second in combinations(group, 2):
                if first.nominal.any():
                    same.setdefault((first.sample.name, second.sample.name), []).append((first, second))
    for blocks in view.blocks_of.values():
        here = {block.sample.name: block.nominal for block in blocks}
        differ |= {pair for pair in same if {*pair} <= here.keys() and not np.array_equal(here[pair[0]], here[pair[1]])}
    found = {
        pair: places
        for pair, places in same.items()
        if pair not in differ and _digits(*(first.nominal for first, _ in places)) >= _DIGITS
    }
    if found:
        cases = {block: None for places in found.values() for pair in places for block in pair}
        yield Finding(
            "equal-samples",
            Severity.WARNING,
            f"samples {some([quoted(name) for name in dict.fromkeys(n for pair in found for n in pair)])}",
            f"The yields of {_together(list(found))} are the same to the last bit wherever both are.",
            "Check their SamplePath: a process that is read twice counts twice.",
            tuple(map(block_case, cases)),
        )


def data_of_sample(view: View, limits: Thresholds) -> Iterator[Finding]:
    """A sample whose yields are the data, though it is neither all that is predicted nor all the background."""
    equal: dict[str, list[Block]] = {}
    other: set[str] = set()
    for block in view.blocks:
        observed = view.observed.get(block.channel, np.zeros(0))
        if not np.array_equal(observed, block.nominal):
            other.add(block.sample.name)
        elif block.nominal.any():
            sums = (view.total[block.channel], view.background.get(block.channel))
            if not any(yields is not None and np.allclose(yields, block.nominal, rtol=1e-9) for yields in sums):
                equal.setdefault(block.sample.name, []).append(block)
    for name, blocks in equal.items():
        if name not in other and _digits(*(block.nominal for block in blocks)) >= _DIGITS:
            yield Finding(
                "data-of-sample",
                Severity.WARNING,
                f'sample "{name}"',
                f"Its yields are the data, to the last bit, in {some([block.channel for block in blocks])}.",
                "Check the paths of both: one histogram may stand for two.",
                tuple(map(block_case, blocks)),
            )


def equal_variations(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Sides of different systematics that are the same in all templates that both act on: one histogram taken twice."""
    acting: dict[str, set[int]] = {}
    same: dict[_Pair, dict[int, set[_Pair]]] = {}
    for index, (block, varied) in enumerate(zip(view.blocks, view.sides, strict=True)):
        by_key: dict[Side, list[_Pair]] = {}
        for name, keys in varied.items():
            acting.setdefault(name, set()).add(index)
            for side, key in zip(("Up", "Down"), keys, strict=True):
                if key is not None:
                    by_key.setdefault(key, []).append((name, side))
        for key, users in by_key.items():
            shared = len(users) > 1 and _telling(key, block)
            for (first, side), (second, other) in combinations(users, 2) if shared else ():
                if first != second:
                    same.setdefault((first, second), {}).setdefault(index, set()).add((side, other))
    found = {pair: blocks for pair, blocks in same.items() if blocks.keys() == acting[pair[0]] & acting[pair[1]]}
    whole = {pair: blocks for pair, blocks in found.items() if all(len(sides) > 1 for sides in blocks.values())}
    for pairs, severity in ((whole, Severity.WARNING), (found.keys() - whole.keys(), Severity.NOTE)):
        told = [pair for pair in found if pair in pairs]
        if told:
            yield _equal_pairs(told, found[told[0]], severity)


def _equal_pairs(pairs: list[_Pair], blocks: dict[int, set[_Pair]], severity: Severity) -> Finding:
    """Return the finding about pairs of systematics; of the first it says where, and which sides are the same."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    first, second = map(quoted, pairs[0])
    side, other = min(min(sides) for sides in blocks.values() if severity == Severity.WARNING or len(sides) == 1)
    what = (
        f"Both sides of {first} and {second}"
        if severity == Severity.WARNING
        else f"{side} of {first} and {other} of {second}"
    )
    where = "in the template that both vary" if len(blocks) == 1 else f"in all {len(blocks)} templates that both vary"
    more = f"; {len(pairs) - 1} more {'pair is' if len(pairs) == 2 else 'pairs are'} so" if len(pairs) > 1 else ""
    return Finding(
        "equal-variations",
        severity,
        f"systematics {some([quoted(name) for name in names], 6)}",
        f"{what} are the same to the last bit {where}{more}.",
        "Check the paths of their variations: one uncertainty would count twice.",
        tuple(Case(systematic=name) for name in names),
    )


def _telling(side: Side, block: Block) -> bool:
    """Return whether a side has too many digits, beside those of nominal, to be the same by chance or by hand."""
    factor, yields = side[0], np.frombuffer(side[1])
    return _digits(np.array([factor])) >= _DIGITS or _digits(yields[yields != block.nominal]) >= _DIGITS


def nominal_side(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Systematics of which one side is nominal to the last bit wherever the other is not."""
    sides: dict[str, set[tuple[bool, bool]]] = {}
    for varied in view.sides:
        for name, (up, down) in varied.items():
            sides.setdefault(name, set()).add((up is None, down is None))
    found = {
        name: "Up" if (True, False) in seen else "Down"
        for name, seen in sides.items()
        if seen - {(True, True)} in ({(True, False)}, {(False, True)})
    }
    if found:
        yield Finding(
            "nominal-side",
            Severity.NOTE,
            f"systematic{'s' if len(found) > 1 else ''} {some([quoted(name) for name in found], 6)}",
            f"{' or '.join(dict.fromkeys(found.values()))} is nominal to the last bit wherever the other side is not.",
            "Right for an effect in one direction; else check its path, or write Symmetrize: True.",
            tuple(Case(systematic=name) for name in found),
        )


def empty_channel(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Channels without any data where some are expected, or without any prediction."""
    nothing, unseen = [], []
    everywhere = len(view.total) if len(view.total) > 1 else None
    for channel, total in view.total.items():
        data = view.observed.get(channel)
        if not any(block.nominal.any() for block in view.blocks_of[channel]):
            nothing.append(channel)
        elif data is not None and not data.any() and total.sum() > _EXPECTED:
            unseen.append((channel, float(total.sum())))
    if nothing:
        yield Finding(
            "empty-channel",
            Severity.WARNING,
            f"channel{'s' if len(nothing) > 1 else ''} {some([quoted(name) for name in nothing], 6)}",
            f"Nothing is predicted{' in any channel' if len(nothing) == everywhere else ''}, by no sample.",
            "Check RegionPath and Filter, or leave the region out.",
            tuple(map(channel_case, nothing)),
        )
    if unseen:
        yield Finding(
            "empty-channel",
            Severity.WARNING,
            f"channel{'s' if len(unseen) > 1 else ''} {some([quoted(name) for name, _ in unseen], 6)}",
            f"There are no data{' in any channel' if len(unseen) == everywhere else ''}, where "
            f"{some([number(expected) for _, expected in unseen])} events are predicted.",
            "Check the path and the selection of the data; a region is blinded by leaving it out of the fit.",
            tuple(channel_case(name, expected) for name, expected in unseen),
        )


def unit_weights(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Samples of whole numbers whose variances equal them."""
    found = [blocks for blocks in _with_root(view) if all(_whole(block) for block in blocks)]
    if found:
        yield _weights_finding(
            "unit-weights",
            found,
            "All weights are 1: yields are whole numbers, and variances equal to them.",
            "Right for events that are counted; simulated ones need a Weight that brings them to the luminosity.",
        )


def lost_weights(view: View, limits: Thresholds) -> Iterator[Finding]:
    """Samples whose variances equal the yields, as if all weights were 1, though these are no whole numbers."""
    found = [blocks for blocks in _with_root(view) if not all(_whole(block) for block in blocks)]
    if found:
        yield _weights_finding(
            "lost-weights",
            found,
            "Statistical uncertainties are roots of the yields, as if all weights were 1; these are no whole numbers.",
            "Check how the histograms were filled and scaled: without Sumw2 it is wrong.",
        )


def _with_root(view: View) -> list[list[Block]]:
    """Return the blocks of each sample whose statistical uncertainty is the root of its yield in all bins."""
    found: dict[str, list[Block]] = {}
    others: set[str] = set()
    for block in view.blocks:
        filled = block.nominal > 0
        if not block.has_staterror or not filled.any():
            continue
        if np.allclose(block.errors[filled] ** 2, block.nominal[filled], rtol=1e-9, atol=0.0):
            found.setdefault(block.sample.name, []).append(block)
        else:
            others.add(block.sample.name)
    return [blocks for name, blocks in found.items() if name not in others]


def _whole(block: Block) -> bool:
    return np.array_equal(block.nominal, np.round(block.nominal))


def _weights_finding(rule: str, found: list[list[Block]], message: str, advice: str) -> Finding:
    names = [quoted(blocks[0].sample.name) for blocks in found]
    cases = tuple(block_case(block) for blocks in found for block in blocks)
    return Finding(
        rule, Severity.NOTE, f"sample{'s' if len(names) > 1 else ''} {some(names, 6)}", message, advice, cases
    )
