"""A ROOT file as one self-contained HTML page: a tree of its objects, and its histograms drawn."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from wilks import __version__
from wilks._files import write_atomically
from wilks._types import FloatArray, JSONDict
from wilks.browse.selection import unsupported
from wilks.browse.tree import summary
from wilks.errors import InputError
from wilks.moments import spill, statistics
from wilks.tlatex import plain

if TYPE_CHECKING:
    from wilks.histogram import Histogram
    from wilks.templates.readers import RootObject

_MOST_BINS = 1_500_000
# All bins of a page together; about 25 bytes each, so that the largest page is some 40 MB and still opens at once.

_SCRIPTS = ("tree.js", "labels.js", "plot.js", "page.js")


def write_page(path: str | Path, output: str | Path) -> None:
    """Write a page to browse a ROOT file with: it loads nothing else, and works without a network.

    On the left a searchable tree of folders, histograms, trees and their branches; on the right the chosen histograms
    with error bars, statistics, logarithmic axis, ratio and normalisation. `page.html#name&other` opens with these
    histograms. Where a file has more than 1.5 million bins, the page lists the rest without drawing it, and says so.
    The page is written beside the target and then moved there, so that no half a page is ever left.

    Raises TemplateError where the file can't be read, InputError where the page can't be written.
    """
    page = _page(_payload(path)).encode()
    try:
        write_atomically(output, page)
    except OSError as error:
        raise InputError(f"{output}: the page can't be written there ({error.strerror or error})") from error


def _page(payload: JSONDict) -> str:
    assets = resources.files("wilks.browse") / "assets"
    style = (assets / "page.css").read_text(encoding="utf-8")
    script = "".join((assets / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    template = Template((assets / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(payload["file"]),
        version=__version__,
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        payload=_embedded(payload),
    )


def _digest(text: str) -> str:
    """Return a content security policy's name for a text: with it, the browser runs this script and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _embedded(payload: JSONDict) -> str:
    """Return JSON that can stand inside a script element: no name in a file can close it."""
    text = json.dumps(payload, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _payload(path: str | Path) -> JSONDict:
    """Return what the page knows of the file; edges and labels are stored once for all histograms that share them."""
    from wilks.templates.readers import list_objects, read_histograms

    objects = list_objects(path)
    drawn = _drawn(objects)
    histograms = read_histograms([(path, name) for name in drawn])
    edges: dict[tuple[Any, ...], int] = {}
    labels: dict[tuple[str, ...], int] = {}
    described = []
    for entry in objects:
        record = _record(entry)
        if entry.path in drawn:
            record["histogram"] = _drawing(histograms[str(path), entry.path], edges, labels)
        elif entry.is_histogram and entry.bins:
            record["note"] = (
                f"Not drawn: the page holds at most {_MOST_BINS} bins, and those of other histograms came first."
            )
        described.append(record)
    return {
        "file": os.path.basename(os.fspath(path)),
        "summary": summary(objects),
        "edges": [list(key) for key in edges],
        "labels": [list(key) for key in labels],
        "objects": described,
    }


def _drawn(objects: Sequence[RootObject]) -> set[str]:
    """Return the paths of the histograms that the page holds: all, until their bins are too many."""
    left = _MOST_BINS
    drawn = set()
    for entry in objects:
        if not unsupported(entry) and entry.bins[0] <= left:
            left -= entry.bins[0]
            drawn.add(entry.path)
    return drawn


def _record(entry: RootObject) -> JSONDict:
    record: JSONDict = {"path": entry.path, "class": entry.classname, "title": entry.title}
    record["entries"] = None if entry.entries is None else _number(entry.entries)
    if entry.is_directory:
        return {**record, "folder": True}
    if entry.bins:
        record["bins"] = list(entry.bins)
    if entry.branches:
        record["branches"] = [[branch.name, branch.typename] for branch in entry.branches]
    elif reason := unsupported(entry):
        record["note"] = f"This {reason}."
    return record


def _drawing(histogram: Histogram, edges: dict[tuple[Any, ...], int], labels: dict[tuple[str, ...], int]) -> JSONDict:
    """Return what the page draws of one histogram; edges and labels of bins by their place in the list of all."""
    s = statistics(histogram)
    key = tuple(histogram.axis.edges.tolist())
    names = tuple(plain(text) for text in histogram.axis.bin_labels)
    return ({"labels": labels.setdefault(names, len(labels))} if names else {}) | {
        "edges": edges.setdefault(key, len(edges)),
        "label": plain(histogram.axis.label),
        "values": _numbers(histogram.contents, 10),
        "errors": _numbers(histogram.stdev, 6),
        "integral": _number(s.integral),
        "mean": None if s.mean is None else _number(s.mean),
        "stdev": None if s.stdev is None else _number(s.stdev),
        "underflow": _number(s.underflow),
        "overflow": _number(s.overflow),
        "outside": spill(histogram),
    }


def _numbers(values: FloatArray, digits: int) -> list[float | int | str]:
    return [_number(value, digits) for value in values.tolist()]


def _number(value: float, digits: int = 12) -> float | int | str:
    """Return a number for JSON, rounded; whole numbers without a point, and as a string what JSON has no number for."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
