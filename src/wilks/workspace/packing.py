"""A workspace as few bytes: the numbers of its templates apart from its text, and as what they differ by."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from wilks._container import container, differences
from wilks._types import FloatArray
from wilks.workspace.workspace import Workspace

# What a list of numbers is: any, the yields of a sample, yields at -1 and +1 standard deviations.
_ANY, _NOMINAL, _LOW, _HIGH = range(4)
_DIGITS = 9


@dataclass(frozen=True)
class PackedWorkspace:
    """The parts of a workspace: `text` is a JSON list of what stands between the lists of `numbers`, both compressed.

    `values` are all these numbers, one list after the other. `places` says where some begin: yields of a sample by
    channel, sample and "", and those of a histosys modifier at -1 standard deviation by its name; at +1 they follow.
    """

    text: bytes
    numbers: bytes
    values: FloatArray
    places: dict[tuple[str, str, str], int]


class _Lists:
    """The lists of numbers that were taken out of a document, in its order."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.lists: list[list[float]] = []
        self.kinds: list[int] = []
        self.size = 0

    def take(self, holder: Any, key: str, kind: int = _ANY) -> int:
        """Take a list out, where all its numbers are spelled as floating-point ones; return its place, else -1."""
        values = holder.get(key)
        if not isinstance(values, list) or not values or any(type(value) is not float for value in values):
            return -1
        holder[key] = self.mark
        self.lists.append(values)
        self.kinds.append(kind)
        self.size += len(values)
        return self.size - len(values)


def pack_workspace(workspace: Workspace) -> PackedWorkspace:
    """Return a workspace for a page, which puts it together again: the same document, of the same digest.

    Templates are saved as what they differ by from a prediction: yields at -1 standard deviation from the nominal
    ones, those at +1 from what continues the change at -1 with a slope that suits the whole template (1 where it is
    symmetric). The last bits of what can't be predicted take most of the room.

    >>> import wilks
    >>> packed = pack_workspace(wilks.examples.measurement())
    >>> packed.values.size
    130
    """
    document: Any = msgspec.to_builtins(workspace.document)
    lists = _Lists(f"{workspace.digest} list")
    places: dict[tuple[str, str, str], int] = {}
    for channel in document["channels"]:
        for sample in channel["samples"]:
            _take_sample(channel["name"], sample, lists, places)
    for observation in document["observations"]:
        lists.take(observation, "data")
    parts = json.dumps(msgspec.json.encode(document).decode().split(f'"{lists.mark}"'), ensure_ascii=False)
    values = np.array([value for one in lists.lists for value in one], np.float64)
    lengths = np.array([len(one) for one in lists.lists], np.int32)
    kinds = np.array(lists.kinds, np.uint8)
    slopes, predicted = _predicted(values, lengths, kinds)
    arrays: dict[str, np.ndarray[Any, Any]] = {"lengths": lengths, "kinds": kinds, "slopes": slopes}
    arrays["numbers"] = differences(values, predicted)
    return PackedWorkspace(gzip.compress(parts.encode(), 9, mtime=0), container({}, arrays), values, places)


def _take_sample(channel: str, sample: Any, lists: _Lists, places: dict[tuple[str, str, str], int]) -> None:
    bins, name = len(sample["data"]), sample["name"]
    nominal = lists.take(sample, "data", _NOMINAL)
    if nominal >= 0:
        places[channel, name, ""] = nominal
    for modifier in sample["modifiers"]:
        sides = modifier.get("data")
        if modifier["type"] != "histosys":
            lists.take(modifier, "data")
        elif nominal >= 0 and all(_floats(sides[side], bins) for side in ("lo_data", "hi_data")):
            places.setdefault((channel, name, modifier["name"]), lists.take(sides, "lo_data", _LOW))
            lists.take(sides, "hi_data", _HIGH)


def _floats(values: list[Any], bins: int) -> bool:
    return len(values) == bins and all(type(value) is float for value in values)


def _predicted(
    values: FloatArray, lengths: np.ndarray[Any, Any], kinds: np.ndarray[Any, Any]
) -> tuple[FloatArray, FloatArray]:
    """Return the slope of every template at +1, and what is predicted for every number (0 for most lists)."""
    starts = np.cumsum(lengths, dtype=np.int64) - lengths
    predicted = np.zeros_like(values)
    low = np.flatnonzero(kinds == _LOW)
    if not low.size:
        return np.empty(0), predicted
    bins = lengths[low]
    # The yields of the sample are the last ones before the template.
    home = np.maximum.accumulate(np.where(kinds == _NOMINAL, np.arange(kinds.size), 0))[low]
    inside = np.arange(bins.sum()) - np.repeat(np.cumsum(bins) - bins, bins)
    nominal = values[np.repeat(starts[home], bins) + inside]
    at_low, at_high = (np.repeat(starts[row], bins) + inside for row in (low, low + 1))
    step, wanted = nominal - values[at_low], values[at_high] - nominal
    first = np.cumsum(bins) - bins
    squares = np.add.reduceat(step * step, first)
    slopes = np.divide(np.add.reduceat(step * wanted, first), squares, out=np.zeros_like(squares), where=squares > 0)
    slopes[~np.isfinite(slopes)] = 0.0
    # A slope with few digits is most probably what the template was made with.
    rounded = np.round(slopes, _DIGITS)
    apart = np.abs(np.repeat(rounded - slopes, bins) * step) > np.abs(wanted + nominal) * 1e-13
    slopes = np.where(np.logical_or.reduceat(apart, first), slopes, rounded)
    predicted[at_low] = nominal
    predicted[at_high] = nominal + np.repeat(slopes, bins) * step
    return slopes, predicted
