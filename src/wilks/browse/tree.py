"""What a ROOT file contains, as text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wilks.bin_labels import identify
from wilks.moments import number, printable

if TYPE_CHECKING:
    from wilks.templates.readers import RootObject

_HEADER = ("name", "type", "bins", "range", "entries", "integral", "title")
_LEFT = {0, 1, 6}
_LONGEST_LABELS = 30


def listing(path: str | Path) -> str:
    """Return the tree of objects of a ROOT file as a table in plain text, one line per object or branch.

    Folders and trees stand above what they hold, which is indented. Columns: name, type, bins (per axis), range of
    the first axis (where all bins have labels, these), entries, integral inside the edges, title. Raises TemplateError
    where the file can't be read.

    >>> import uproot
    >>> import wilks
    >>> from wilks.browse import listing
    >>> with uproot.recreate("histograms.root") as file:
    ...     file["SR/data"] = wilks.Histogram.from_arrays([0, 10, 20], [8, 3], [2.8, 1.7])
    >>> print(listing("histograms.root").splitlines()[0])
    histograms.root: 1 object (1 TH1D)
    """
    from wilks.templates.readers import list_objects

    objects = list_objects(path)
    rows = [row for entry in objects for row in _rows(entry)]
    kept = [i for i in range(len(_HEADER)) if i < 2 or any(row[i] for row in rows)]
    table = [[row[i] for i in kept] for row in (_HEADER, *rows)]
    return "\n".join(
        [f"{printable(os.fspath(path))}: {summary(objects)}", "", *(_aligned(table, kept) if rows else [])]
    )


def summary(objects: Sequence[RootObject]) -> str:
    """Return how many objects of which class there are: `146 objects (146 TH1D)`."""
    counts: dict[str, int] = {}
    for entry in objects:
        if not entry.is_directory:
            counts[entry.classname] = counts.get(entry.classname, 0) + 1
    total = sum(counts.values())
    classes = ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"{total} object{'' if total == 1 else 's'}" + (f" ({classes})" if classes else "")


def _rows(entry: RootObject) -> list[tuple[str, ...]]:
    depth = entry.path.count("/")
    name = "  " * depth + printable(entry.path.rpartition("/")[2])
    if entry.is_directory:
        return [(f"{name}/", "folder", "", "", "", "", printable(entry.title))]
    edges = "" if entry.edges is None else f"{number(entry.edges[0])} .. {number(entry.edges[1])}"
    if identify(entry.bin_labels):
        edges = _shortened(entry.bin_labels)
    entries = "" if entry.entries is None else number(entry.entries)
    integral = "" if entry.integral is None else number(entry.integral)
    bins = " x ".join(map(str, entry.bins))
    # Uninformative titles are most of the width of a listing: many programs write the name a second time.
    title = "" if entry.title == entry.path.rpartition("/")[2] else printable(entry.title)
    row = (name, printable(entry.classname), bins, edges, entries, integral, title)
    inner = "  " * (depth + 1)
    return [row, *((inner + printable(b.name), printable(b.typename), "", "", "", "", "") for b in entry.branches)]


def _shortened(labels: Sequence[str]) -> str:
    """Return the labels of bins; where that is long, the first and the last one."""
    names = [printable(label) for label in labels]
    text = ", ".join(names)
    return text if len(text) <= _LONGEST_LABELS else f"{names[0]} .. {names[-1]}"[:_LONGEST_LABELS]


def _aligned(table: Sequence[Sequence[str]], columns: Sequence[int]) -> list[str]:
    """Return the lines of a table: words on the left of their columns, numbers on the right."""
    sizes = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            f"{cell:<{size}}" if column in _LEFT else f"{cell:>{size}}"
            for cell, size, column in zip(row, sizes, columns, strict=True)
        ).rstrip()
        for row in table
    ]
