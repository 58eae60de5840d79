"""Labels of bins: read from axes of other packages, and used to find the bins of one histogram in another.

ROOT gives labels to bins in the order in which they are filled, so the same bins stand in another order from one
histogram to the next. Where every bin has a label of its own, the label says which bin it is; its place says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_SHOWN = 40
# The version of ROOT's TAxis from which on fBits2 tells whether labels made the axis grow.
_TELLS_GROWTH = 10
_ALPHANUMERIC = 1


def identify(labels: Sequence[str]) -> bool:
    """Return whether every bin has a label, and no two the same: then the labels say which bin is which.

    >>> identify(("ee", "mm")), identify(("ee", "")), identify(("0j", "0j")), identify(())
    (True, False, False, False)
    """
    return bool(labels) and all(labels) and len(set(labels)) == len(labels)


def order(labels: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Return the places of the wanted labels, or None where the bins of both are not the same.

    Bins that labels don't identify keep their place: no label of one may then stand elsewhere in the other.

    >>> order(("mm", "ee"), ("ee", "mm")), order(("ee", ""), ("", "")), order(("ee", "mm"), ("ee", "em"))
    ([1, 0], [0, 1], None)
    """
    if len(labels) != len(wanted):
        return None
    if identify(labels) or identify(wanted):
        known = {label: number for number, label in enumerate(labels)}
        return [known[label] for label in wanted] if known.keys() == set(wanted) and len(known) == len(wanted) else None
    named, others = set(labels) - {""}, set(wanted) - {""}
    pairs = zip(labels, wanted, strict=True)
    agree = all(one == other or not ((one and other) or one in others or other in named) for one, other in pairs)
    return list(range(len(labels))) if agree else None


def places(indices: Iterable[int], labels: Sequence[str] = (), limit: int = 6) -> str:
    """Return bins as they are written everywhere: number (from 0) and, where there is one, label; over `limit` counted.

    >>> places([3]), places([1, 2]), places([1, 2], ("ee", "em", "mm"))
    ('bin 3 (from 0)', 'bins 1, 2 (from 0)', 'bins 1 "em", 2 "mm" (from 0)')
    """
    names = [place(int(index), labels) for index in indices]
    shown = ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
    return f"bin{'s' if len(names) != 1 else ''} {shown} (from 0)"


def place(index: int, labels: Sequence[str] = ()) -> str:
    """Return the number of a bin with its label, if it has one: `2 "mm"`."""
    return f'{index} "{labels[index]}"' if labels and labels[index] else str(index)


def mismatch(labels: Sequence[str], wanted: Sequence[str]) -> str:
    """Return both lists of labels, for a sentence on why the bins are not the same.

    >>> mismatch(("ee", "mm"), ("ee", "em"))
    'labels "ee", "mm" and labels "ee", "em"; only one has "mm", "em"'
    """
    alone = [label for label in dict.fromkeys((*labels, *wanted)) if label and (label in labels) != (label in wanted)]
    only = f"; only one has {_quoted(alone)}" if alone and any(labels) and any(wanted) else ""
    return f"{_said(labels)} and {_said(wanted)}{only}"


def of_axis(axis: Any) -> tuple[str, ...]:
    """Return the labels of the bins of a UHI axis, with whole numbers written out; () of an axis of numbers.

    Categories are what boost-histogram and hist call StrCategory and IntCategory, and any discrete axis that has texts.
    """
    own = getattr(axis, "bin_labels", None)
    if own is not None:
        return tuple(own)
    traits = getattr(axis, "traits", None)
    if not getattr(traits, "discrete", False) or getattr(traits, "ordered", None) is True:
        return ()
    values = [axis[i] for i in range(len(axis))]
    unordered = getattr(traits, "ordered", None) is False
    return tuple(str(v) for v in values) if all(isinstance(v, str) for v in values) or unordered else ()


def of_root_axis(axis: Any) -> tuple[tuple[str, ...], bool]:
    """Return the labels of the bins of a TAxis as uproot reads it, and whether labels made it grow (see `numbered`)."""
    found = axis.member("fLabels", none_if_missing=True)
    if found is None:
        return (), False
    version = axis.class_version or 0
    bits = axis.member("fBits2", none_if_missing=True) or 0
    labels = numbered([(item.member("@fUniqueID"), str(item)) for item in found], axis.member("fNbins"))
    return labels, grows(version, bits)


def grows(version: int, bits: int) -> bool:
    """Return whether labels may have made a TAxis of some version and fBits2 longer than they need."""
    return version < _TELLS_GROWTH or bool(bits & _ALPHANUMERIC)


def numbered(labels: Iterable[tuple[int, str]], bins: int) -> tuple[str, ...]:
    """Return the labels of bins 1 to n in a ROOT axis as one text per bin, "" where there is none.

    Labels come with the number of their bin, in any order. Where none has a number (uproot once wrote such files), the
    order counts if it is one for each bin.

    >>> numbered([(3, "mm"), (1, "ee")], 3), numbered([(0, "ee"), (0, "mm")], 2)
    (('ee', '', 'mm'), ('ee', 'mm'))
    """
    pairs = list(labels)
    if len(pairs) == bins and not any(number for number, _ in pairs):
        pairs = [(place, label) for place, (_, label) in enumerate(pairs, start=1)]
    found = [""] * bins
    for number, label in pairs:
        if 1 <= number <= bins:
            found[number - 1] = label
    return tuple(found) if any(found) else ()


def spare(labels: Sequence[str]) -> int:
    """Return the number of bins without label after the last one with a label, if all before it have one; else 0.

    >>> spare(("ee", "mm", "", "")), spare(("ee", "", "mm", ""))
    (2, 0)
    """
    used = len(labels)
    while used and not labels[used - 1]:
        used -= 1
    return len(labels) - used if used and all(labels[:used]) else 0


def _said(labels: Sequence[str]) -> str:
    return f"labels {_quoted(labels)}" if any(labels) else "no labels"


def _quoted(labels: Sequence[str]) -> str:
    shown = ", ".join(f'"{label}"' if label else "(none)" for label in labels[:_SHOWN])
    return f"{shown} and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else shown
