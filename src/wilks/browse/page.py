"""A ROOT file as one self-contained HTML page: a tree of its objects, and its histograms drawn."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from wilks._files import write_atomically
from wilks._html import embedded, policy_name
from wilks._types import JSONDict
from wilks._version import __version__
from wilks.browse.encoding import Encoder, number, numbers, size_of, size_of_bins
from wilks.browse.objects import read_drawables
from wilks.browse.sampling import MOST_VALUES, sample
from wilks.browse.selection import unsupported
from wilks.browse.tree import summary
from wilks.drawables import Drawable, Parts
from wilks.errors import InputError, TemplateError
from wilks.moments import spill, statistics
from wilks.tlatex import plain

if TYPE_CHECKING:
    from wilks.histogram import Histogram
    from wilks.templates.readers import RootObject

_MOST_BINS = 1_500_000
# All bins of a page together; about 25 bytes each, so that the largest page is some 40 MB and still opens at once.


def write_page(path: str | Path, output: str | Path, made: Sequence[tuple[str, Drawable]] = ()) -> None:
    """Write a page to browse a ROOT file with: it loads nothing else, and works without a network.

    On the left a searchable tree of folders, histograms, graphs, trees and their branches; on the right what is chosen,
    with error bars, legend, statistics, logarithmic axis, ratio, normalisation and projections, to be saved as SVG or
    PNG. `page.html#name&other` opens with these. `made` are histograms made of trees, which stand first, in a folder
    `drawn`. Where a file has more than 1.5 million bins, the page lists the rest without drawing it, and says so; of
    each branch it has at most 20 000 entries, of all together at most 1.5 million values, and says that as well.
    The page is written beside the target and then moved there, so that no half a page is ever left.

    Raises TemplateError where the file can't be read, InputError where the page can't be written.
    """
    page = _page(_payload(path, made)).encode()
    try:
        write_atomically(output, page)
    except OSError as error:
        raise InputError(f"{output}: the page can't be written there ({error.strerror or error})") from error


def _page(payload: JSONDict) -> str:
    assets = resources.files("wilks.browse") / "assets"
    style, script, text = (
        (assets / name).read_text(encoding="utf-8") for name in ("browse.css", "browse.js", "browse.html")
    )
    template = Template(text)
    return template.substitute(
        title=html.escape(payload["file"]),
        version=__version__,
        style=style,
        style_hash=policy_name(style),
        script=script,
        script_hash=policy_name(script),
        payload=embedded(payload),
    )


def made_path(name: str) -> str:
    """Return where in the page a histogram stands that was made of a tree: no slash in its name makes a folder."""
    return "drawn/" + name.replace("/", "\N{DIVISION SLASH}")


def _payload(path: str | Path, made: Sequence[tuple[str, Drawable]] = ()) -> JSONDict:
    """Return what the page knows of the file; edges and labels are stored once for all histograms that share them."""
    from wilks.templates.readers import list_objects

    objects = list_objects(path)
    encoder = Encoder(_drawing)
    described = [_made(name, drawable, encoder) for name, drawable in made]
    drawn, unread = _drawables(path, _drawn(objects))
    left = _MOST_BINS
    for entry in objects:
        record = _record(entry)
        if entry.path in drawn and (size := size_of(drawn[entry.path])) <= left:
            left -= size
            record |= encoder.record(drawn[entry.path])
        elif entry.path in unread:
            record["note"] = unread[entry.path]
        elif not unsupported(entry):
            record["note"] = (
                f"Not drawn: the page holds at most {_MOST_BINS} bins, and those of other histograms came first."
            )
        described.append(record)
    _add_samples(path, described)
    return {
        "file": os.path.basename(os.fspath(path)),
        "summary": summary(objects),
        "edges": [list(key) for key in encoder.edges],
        "labels": [list(key) for key in encoder.labels],
        "objects": described,
    }


def _made(name: str, drawable: Drawable, encoder: Encoder) -> JSONDict:
    entries = None if isinstance(drawable, Parts) else getattr(drawable, "entries", None)
    record: JSONDict = {"path": made_path(name), "class": "drawn of a tree", "title": drawable.title}
    record["entries"] = None if entries is None else number(entries)
    return {**record, **encoder.record(drawable)}


def _drawables(path: str | Path, names: Sequence[str]) -> tuple[dict[str, Drawable], dict[str, str]]:
    """Return objects by name, and sentences on those that can't be read."""
    try:
        return read_drawables(path, names), {}
    except TemplateError:
        found: dict[str, Drawable] = {}
        unread = {}
        for name in names:
            try:
                found |= read_drawables(path, [name])
            except TemplateError as error:
                unread[name] = error.problems[0]
        return found, unread


def _drawn(objects: Sequence[RootObject]) -> list[str]:
    """Return the paths of the objects that are read for the page: all, until their bins are too many."""
    left = _MOST_BINS
    drawn = []
    for entry in objects:
        size = size_of_bins(entry.bins) if entry.bins else 0
        if not unsupported(entry) and size <= left:
            left -= size
            drawn.append(entry.path)
    return drawn


def _add_samples(path: str | Path, described: Sequence[JSONDict]) -> None:
    """Add some entries of each branch to the trees; all trees share what a page may hold."""
    from wilks.templates.trees import open_trees

    trees = [record for record in described if record.get("branches")]
    if not trees:
        return
    with open_trees(str(path)) as file:
        for i, record in enumerate(trees):
            names = [name for name, _ in record["branches"]]
            others = sum(len(other["branches"]) for other in trees[i:])
            share = MOST_VALUES * len(names) // max(others, 1)
            try:
                record["sample"] = sample(file, record["path"], names, share if len(trees) > 1 else MOST_VALUES)
            except TemplateError as error:
                record["note"] = error.problems[0]


def _record(entry: RootObject) -> JSONDict:
    record: JSONDict = {"path": entry.path, "class": entry.classname, "title": entry.title}
    record["entries"] = None if entry.entries is None else number(entry.entries)
    if entry.is_directory:
        return {**record, "folder": True}
    if entry.bins:
        record["bins"] = list(entry.bins)
    if entry.branches:
        record["branches"] = [[branch.name, branch.typename] for branch in entry.branches]
    elif reason := unsupported(entry):
        record["note"] = f"This {reason}."
    return record


def _drawing(histogram: Histogram) -> JSONDict:
    """Return what the page draws of one histogram, without its bins."""
    s = statistics(histogram)
    return {
        "label": plain(histogram.axis.label),
        "values": numbers(histogram.contents, 10),
        "errors": numbers(histogram.stdev, 6),
        "integral": number(s.integral),
        "mean": None if s.mean is None else number(s.mean),
        "stdev": None if s.stdev is None else number(s.stdev),
        "underflow": number(s.underflow),
        "overflow": number(s.overflow),
        "outside": spill(histogram),
    }
