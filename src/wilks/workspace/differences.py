"""What differs between two workspaces: sentences, sorted by size, and a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from wilks.table import Table, number


@dataclass(frozen=True)
class Place:
    """One place of a difference: what is there in either workspace, as text ("" where it isn't), and the change.

    Of yields and data these are sums over the bins. `change` is relative (0.1: 10 %); of effects it is the difference
    of two relative changes, in the `bin` (from 0) where it is the largest; NaN where there is none.
    """

    channel: str
    sample: str
    before: str
    after: str
    change: float = math.nan
    bin: int | None = None


@dataclass(frozen=True)
class Difference:
    """One difference, as a sentence, with its places.

    `kind` is channel, sample, yields, data, modifier, effect, name (another one), function, mask, group, measurement,
    correlation, setting, axis, order or other; `name` that of the channel, sample, modifier, ... `size` is the largest
    relative change; infinite where something is in one workspace only, or has no size; 0 where the model is the same.
    """

    kind: str
    name: str
    sentence: str
    size: float
    places: tuple[Place, ...] = ()

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Differences:
    """All differences, the largest first; `names` are those of the two workspaces in the sentences.

    It is false where there is none; `str()` gives the sentences.

    >>> import wilks
    >>> workspace = wilks.examples.measurement()
    >>> found = wilks.diff(workspace, wilks.with_data(workspace, {"muons": [900, 700, 500, 300, 100]}))
    >>> [difference.kind for difference in found]
    ['data']
    """

    items: tuple[Difference, ...]
    names: tuple[str, str] = ("A", "B")

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda item: -item.size)))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.items)

    def __getitem__(self, index: int) -> Difference:
        return self.items[index]

    def of_kind(self, kind: str) -> Differences:
        """Return the differences of one kind."""
        return Differences(tuple(item for item in self.items if item.kind == kind), self.names)

    def table(self) -> Table:
        """Return the places of all differences, one by one: what is there in either workspace, and the change."""
        rows = []
        for item in self.items:
            for place in item.places or (Place("", "", item.sentence, ""),):
                change = "" if math.isnan(place.change) else percent(place.change)
                where = place.channel, place.sample, "" if place.bin is None else str(place.bin)
                rows.append((item.kind, item.name, *where, place.before, place.after, change))
        header = ("what", "name", "channel", "sample", "bin", *(f"in {name}" for name in self.names), "change")
        return Table(str(self) if not self.items else "Differences", header, tuple(rows), "llllrrrr")

    def tables(self) -> tuple[Table, ...]:
        """Return the one table."""
        return (self.table(),)

    def __repr__(self) -> str:
        return f"<Differences: {len(self)} between {self.names[0]} and {self.names[1]}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or "no difference"

    def _repr_html_(self) -> str:
        return self.table().html() if self.items else "<p>no difference</p>"


def percent(change: float) -> str:
    """Return a relative change in percent, with its sign.

    >>> percent(0.1), percent(-0.00012345), percent(0.0)
    ('+10 %', '-0.0123 %', '0 %')
    """
    if not math.isfinite(change):
        return "n/a"
    text = number(100.0 * change, 3)
    return f"+{text} %" if change > 0 else f"{text} %"
