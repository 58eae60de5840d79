"""Systematics in the order of the steering file, from the effects that they have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from wilks.templates.record import Effect


def systematics_in_order(effects: Iterable[Effect]) -> tuple[str, ...]:
    """Return the names of all systematics once, in an order that is that of every region and sample.

    The effects on each sample in each region are in the order of the steering file, but may lack some systematics, so
    that none of these lists tells the whole order. What they leave open is decided by the first appearance.
    """
    lists: dict[tuple[str, str], list[str]] = {}
    for effect in effects:
        lists.setdefault((effect.region, effect.sample), []).append(effect.systematic)
    left = dict.fromkeys(name for names in lists.values() for name in names)
    before: dict[str, set[str]] = {name: set() for name in left}
    for names in lists.values():
        for first, second in pairwise(names):
            before[second].add(first)
    order: list[str] = []
    while left:
        # Lists that contradict each other leave nothing that may come next.
        name = next((name for name in left if before[name].isdisjoint(left)), next(iter(left)))
        order.append(name)
        del left[name]
    return tuple(order)
