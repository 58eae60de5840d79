"""The histograms that somebody asked to see, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wilks.errors import TemplateError, listed, nearest
from wilks.histogram import Histogram
from wilks.moments import printable

if TYPE_CHECKING:
    from wilks.templates.readers import RootObject


def select(path: str | Path, names: Sequence[str]) -> tuple[tuple[str, Histogram], ...]:
    """Return (name, histogram) for each named one-dimensional histogram of a ROOT file, in the order asked for.

    Raises TemplateError, with a sentence for every name, where the file can't be read, an object is missing, or is
    not a one-dimensional histogram: then the sentence says what it is, for a tree with its branches.
    """
    from wilks.templates.readers import list_objects, read_histograms

    try:
        found = read_histograms([(path, name) for name in names])
    except TemplateError:
        # Only now is the whole file looked through: that takes seconds where it is large.
        objects = {entry.path: entry for entry in list_objects(path)}
        wanted = [name.strip("/").partition(";")[0] for name in names]
        problems = [text for name in wanted if (text := _problem(path, name, objects))]
        if not problems:
            raise
        raise TemplateError(problems) from None
    return tuple((name, found[str(path), name]) for name in names)


def unsupported(entry: RootObject) -> str:
    """Return why an object can't be drawn, as the end of a sentence, or an empty string where it can."""
    if entry.is_histogram:
        return "" if entry.bins else f"is a {entry.classname} that can't be read"
    if len(entry.bins) > 1:
        return (
            f"is a {entry.classname} with {' x '.join(map(str, entry.bins))} bins; "
            f"drawing histograms of {len(entry.bins)} dimensions is not supported"
        )
    if entry.is_directory:
        return "is a folder, not a histogram"
    if entry.branches:
        names = listed(printable(branch.name) for branch in entry.branches)
        return f"is a {entry.classname}, not a histogram; it has {len(entry.branches)} branches: {names}"
    return f"is a {entry.classname}; only one-dimensional histograms (TH1) can be drawn"


def _problem(path: str | Path, name: str, objects: dict[str, RootObject]) -> str:
    if name in objects:
        reason = unsupported(objects[name])
        inside = [inner for inner in objects if inner.startswith(f"{name}/")] if objects[name].is_directory else []
        return (
            f'{path}: "{printable(name)}" {reason}{f"; it holds {listed(inside)}" if inside else ""}' if reason else ""
        )
    drawable = [entry.path for entry in objects.values() if not unsupported(entry)]
    hint = nearest(name, drawable) or f"; its histograms: {listed(drawable) or 'none'}"
    return f'{path}: no object "{printable(name)}"{hint}'
