"""Objects of ROOT files as they are drawn: histograms of any number of axes, profiles, graphs, stacks, efficiencies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wilks import bin_labels
from wilks._types import BoolArray, FloatArray, Positions
from wilks.aligned import aligned
from wilks.browse.efficiencies import read_efficiency
from wilks.config.paths import is_uhi_file
from wilks.drawables import Drawable, HistogramND, Parts, Points, of_bins
from wilks.errors import InputError, TemplateError
from wilks.histogram import Axis, Histogram

_ND = ("TH2C", "TH2S", "TH2I", "TH2L", "TH2F", "TH2D", "TH3C", "TH3S", "TH3I", "TH3L", "TH3F", "TH3D")
_GRAPHS = ("TGraph", "TGraphErrors", "TGraphAsymmErrors")
_CLASSES = (*_ND, "TProfile", "TProfile2D", *_GRAPHS, "TMultiGraph", "THStack", "TEfficiency")


def is_drawable(classname: str) -> bool:
    """Return whether objects of a class can be drawn."""
    return classname.startswith("TH1") or classname in _CLASSES


def read_drawables(path: str | Path, names: Iterable[str]) -> dict[str, Drawable]:
    """Return the objects of these names as they are drawn; one-dimensional histograms as for templates.

    Raises TemplateError with a sentence for each that is missing, can't be drawn, or can't be read.
    """
    from wilks.templates.files import first_line
    from wilks.templates.readers import classnames_of, known_as, opened, read_available, read_histograms

    if is_uhi_file(path):
        given = list(names)
        histograms = read_histograms([(path, name) for name in given])
        return {name: histograms[str(path), name] for name in given}
    wanted, plain, problems = list(dict.fromkeys(names)), [], []
    found: dict[str, Drawable] = {}
    with opened(path) as file:
        classnames = classnames_of(file)
        for name in wanted:
            known = known_as(name, classnames) or name
            classname = classnames.get(known.partition(";")[0], "")
            if classname.startswith("TH1"):
                plain.append(name)
            elif classname not in _CLASSES:
                problems.append(f'{path}: "{name}" is {f"a {classname}" if classname else "not there"}')
            else:
                try:
                    found[name] = _drawable(file, known, classname)
                except Exception as error:  # uproot raises whatever the first unreadable byte leads to
                    problems.append(f"{path}:{name}: can't be read ({first_line(error)})")
    reading = read_available([(path, name) for name in plain])
    problems += reading.problems
    if problems:
        raise TemplateError(problems)
    found |= {name: histogram for (_, name), histogram in reading.histograms.items()}
    return {name: found[name] for name in wanted}


def _drawable(file: Any, name: str, classname: str) -> Drawable:
    if classname == "TEfficiency":
        return read_efficiency(file, name, _axes)
    source = file[name]
    waiting = source.member("fBuffer", none_if_missing=True) if source.has_member("fBufferSize") else None
    if waiting is not None and len(waiting) and waiting[0] > 0:
        raise ValueError(f"{waiting[0]:g} entries wait in ROOT's buffer: call BufferEmpty(1) before it is written")
    return _READERS.get(classname, _graph)(source)


def _axis(source: Any, name: str, filled: BoolArray) -> tuple[Axis, Positions]:
    """Return an axis without the empty bins that labels made ROOT add, and the places of its bins, flow included.

    `filled` has shape (n + 2,): whether there is something in a bin, or whatever lies beside it along other axes.
    """
    axis = source.member(f"f{name}axis")
    edges = np.asarray(axis.edges(), dtype=np.float64)
    labels, grown = bin_labels.of_root_axis(axis)
    used = len(edges) - 1 - (bin_labels.spare(labels) if grown else 0)
    if filled[used + 1 : -1].any():
        used = len(edges) - 1
    places = np.append(np.arange(used + 1), len(edges))
    return Axis(edges[: used + 1], label=axis.member("fTitle"), bin_labels=labels[:used]), places


def _axes(source: Any, filled: BoolArray) -> tuple[tuple[Axis, ...], tuple[Positions, ...]]:
    """Return the axes as `_axis` does, and how their bins are taken out of arrays of all; `filled` is such an array."""
    found = []
    for i, letter in enumerate("XYZ"[: filled.ndim]):
        others = tuple(j for j in range(filled.ndim) if j != i)
        found.append(_axis(source, letter, np.asarray(filled.any(axis=others))))
    return tuple(axis for axis, _ in found), np.ix_(*(places for _, places in found))


def _histogram_nd(source: Any) -> HistogramND:
    contents = np.asarray(source.values(flow=True), dtype=np.float64)
    sumw2 = np.asarray(source.member("fSumw2"), dtype=np.float64)
    # ROOT counts the bins along x first.
    given = sumw2.reshape(contents.shape[::-1]).T if sumw2.size == contents.size else np.abs(contents)
    axes, bins = _axes(source, (contents != 0) | (given != 0))
    label = source.member("fZaxis").member("fTitle") if len(axes) == 2 else ""
    return HistogramND(axes, contents[bins], given[bins], float(source.member("fEntries")), source.title, label)


def _profile(source: Any) -> Points:
    filled = np.asarray(source.member("fBinEntries"), dtype=np.float64) != 0
    with np.errstate(all="ignore"):
        values = np.asarray(source.values(flow=True), dtype=np.float64)
        errors = np.asarray(source.errors(flow=True, error_mode=source.member("fErrorMode")), dtype=np.float64)
    (axis,), bins = _axes(source, filled)
    values, errors, filled = (array[bins][1:-1] for array in (values, errors, filled))
    return of_bins(axis, values, errors, filled, source.title, source.member("fYaxis").member("fTitle") or "mean")


def _profile_2d(source: Any) -> HistogramND:
    with np.errstate(all="ignore"):
        values = np.array(source.values(flow=True), dtype=np.float64)
        errors = np.asarray(source.errors(flow=True, error_mode=source.member("fErrorMode")), dtype=np.float64)
    filled = np.asarray(source.member("fBinEntries"), dtype=np.float64).reshape(values.shape[::-1]).T != 0
    axes, bins = _axes(source, filled)
    means, sumw2 = np.where(filled, values, np.nan)[bins], errors[bins] ** 2
    entries, label = float(source.member("fEntries")), source.member("fZaxis").member("fTitle")
    return HistogramND(axes, means, sumw2, entries, source.title, label, averaged=True)


def _titles(source: Any) -> tuple[str, str, str]:
    """Return title and titles of the axes: of the frame, where it was made, else what follows ";" in the title."""
    title, *rest = str(source.member("fTitle")).split(";")
    frame = source.member("fHistogram") if source.has_member("fHistogram") else None
    given = [frame.member(name).member("fTitle") for name in ("fXaxis", "fYaxis")] if frame is not None else ["", ""]
    x, y = (own or (rest[i] if i < len(rest) else "") for i, own in enumerate(given))
    return title, x, y


def _graph(source: Any) -> Points:
    x, y = (np.asarray(source.member(name), dtype=np.float64) for name in ("fX", "fY"))

    def error(axis: str, side: str) -> FloatArray:
        for name in (f"fE{axis}{side}", f"fE{axis}"):
            if source.has_member(name):
                return np.asarray(source.member(name), dtype=np.float64)
        return np.zeros(x.size)

    across, up = ([error(axis, side) for side in ("low", "high")] for axis in "XY")
    title, label, y_label = _titles(source)
    return Points(x, y, across[0], across[1], up[0], up[1], title, label, y_label)


def _histogram(source: Any) -> Histogram:
    from wilks.templates.readers import histogram_of_th1

    return histogram_of_th1(source, source.classname)


def _parts(source: Any) -> Parts:
    stacked = source.has_member("fHists")
    members: Sequence[Any] = list(source.member("fHists" if stacked else "fGraphs") or ())
    read: Callable[[Any], Any] = _histogram if stacked else _graph
    names = [str(member.member("fName")) for member in members]
    unique = len(set(names)) == len(names)
    parts: Sequence[tuple[str, Any]] = tuple(
        (name if unique and name else f"{name or 'part'} {i}", read(member))
        for i, (name, member) in enumerate(zip(names, members, strict=True), 1)
    )
    title, x, y = _titles(source)
    inner = next((part.axis.label if stacked else part.label for _, part in parts), "")
    whole = _stack(parts) if stacked else None
    return Parts(tuple(parts if whole is None else whole), whole is not None, title, x or inner, y)


def _stack(parts: Sequence[tuple[str, Histogram]]) -> Sequence[tuple[str, Histogram]] | None:
    """Return histograms as they can stand on each other, bin on bin; None where they have other edges or labels."""
    try:
        parts = aligned(parts)
        Parts(tuple(parts), stacked=True).sums()
    except InputError:
        return None
    return parts


_READERS: dict[str, Callable[[Any], Drawable]] = {
    **dict.fromkeys(_ND, _histogram_nd),
    "TProfile": _profile,
    "TProfile2D": _profile_2d,
    "TMultiGraph": _parts,
    "THStack": _parts,
}
