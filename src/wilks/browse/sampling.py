"""Some entries of each branch of a tree, for a page to draw: how many is limited, and said."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from wilks._types import JSONDict
from wilks.templates.trees import Tree, TreeFile
from wilks.templates.whole_numbers import type_of

MOST_ENTRIES = 20_000
# Of one branch.
MOST_VALUES = 1_500_000
# Of all branches of a page together: 8 MB in it.
_FEWEST = 200
_MOST_READS = 3_000
# Of baskets.
_MOST_BLOCKS = 10
_EXACT_IN_SINGLE = 1 << 24


def sample(file: TreeFile, name: str, branches: Sequence[str], values: int) -> JSONDict:
    """Return some entries of the branches of a tree: in blocks, evenly over the tree, at most `values` altogether.

    `entries` were read of the `of` in the tree, in `blocks`; `branches` has by name the values as base64 of
    little-endian numbers (`type` f4 or f8), with all elements of lists, or a `note` why there are none.
    """
    tree = file.tree(name)
    most = int(min(MOST_ENTRIES, max(values // max(len(branches), 1), _FEWEST)))
    shown = branches[: max(values // most, 0)]
    spans = _spans(tree.entries, most, max(1, min(_MOST_BLOCKS, _MOST_READS // max(len(shown), 1))))
    read = _read(tree, shown, spans)
    found = {branch: _branch(read.get(branch), most) for branch in shown}
    left = f"Not in the page: the first {len(shown)} of {len(branches)} branches are."
    found |= {branch: {"note": left} for branch in branches[len(shown) :]}
    entries = sum(stop - start for start, stop in spans)
    return {"entries": entries, "of": tree.entries, "blocks": len(spans), "branches": found}


def _spans(entries: int, most: int, blocks: int) -> list[tuple[int, int]]:
    """Return ranges of entries, all or `most` of them.

    >>> _spans(100, 10, 2)
    [(0, 5), (95, 100)]
    """
    if entries <= most:
        return [(0, entries)] if entries else []
    size = most // blocks
    starts = np.linspace(0, entries - size, blocks).astype(int) if blocks > 1 else [0]
    return [(int(start), int(start) + size) for start in starts]


def _read(tree: Tree, branches: Sequence[str], spans: Sequence[tuple[int, int]]) -> dict[str, list[Any]]:
    """Return the values of branches by block, without those that can't be read; many branches are read together."""
    found: dict[str, list[Any]] = {branch: [] for branch in branches}
    try:
        for span in spans:
            for _, columns, _ in tree.chunks(branches, *span):
                for branch, values in columns.items():
                    found[branch].append(values)
    except Exception:  # uproot raises what it likes for a class that it can't lay out, and for unreadable bytes
        if len(branches) == 1:
            return {}
        half = len(branches) // 2
        return _read(tree, branches[:half], spans) | _read(tree, branches[half:], spans)
    return found


def _branch(parts: Sequence[Any] | None, most: int) -> JSONDict:
    if parts is None:
        return {"note": "This branch can't be drawn: it can't be read as numbers."}
    dtypes = [dtype for part in parts if (dtype := type_of(part)) is not None]
    if not parts:
        return {"note": "The tree has no entries."}
    if len(dtypes) < len(parts):
        return {"note": "This branch can't be drawn: it has no numbers."}
    flat = np.concatenate([_flat(part) for part in parts])
    listed = any(getattr(part, "ndim", 1) > 1 for part in parts)
    values = flat[:: -(-flat.size // most)] if flat.size > most else flat
    whole = all(dtype.kind in "iub" for dtype in dtypes)
    record: JSONDict = {"whole": whole, **_encoded(values)}
    if listed:
        every = "" if values is flat else f", {values.size} of {flat.size} are in the page"
        record["note"] = (
            f"Lists of {flat.size / max(sum(len(part) for part in parts), 1):.3g} on average: all elements{every}."
        )
    return record


def _flat(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        return part
    import awkward

    return awkward.to_numpy(awkward.drop_none(awkward.flatten(part, axis=None)))


def _encoded(values: Any) -> JSONDict:
    """Return numbers in single precision where they fit: whole ones exactly, others in their range."""
    numbers = values.astype("<f8")
    finite = numbers[np.isfinite(numbers)]
    largest = float(np.abs(finite).max(initial=0.0))
    small = largest <= _EXACT_IN_SINGLE if values.dtype.kind in "iu" else largest < float(np.finfo("f4").max)
    kind = "f4" if small else "f8"
    return {"type": kind, "values": base64.b64encode(numbers.astype(f"<{kind}").tobytes()).decode("ascii")}
