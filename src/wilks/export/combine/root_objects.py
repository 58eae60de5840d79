"""Histograms, matrices, graphs and trees in one ROOT file, as Combine has them: single precision for histograms."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wilks._types import FloatArray

# Of a graph whose range is not set, as in ROOT.
_UNSET = -1111.0


def root_file(objects: Mapping[str, Any], trees: Mapping[str, Mapping[str, Any]] = {}) -> bytes:
    """Return the bytes of a ROOT file with objects at paths (folders with slashes), and trees of plain columns."""
    import uproot

    stream = io.BytesIO()
    with uproot.recreate(stream) as file:
        for name, columns in trees.items():
            file.mktree(name, {branch: values.dtype for branch, values in columns.items()}, title=name)
            file[name].extend(dict(columns))
        for path, made in objects.items():
            file[path] = made
        return stream.getvalue()


def th1(
    title: str, values: FloatArray, errors: FloatArray, *, labels: Sequence[str] = (), precision: Any = np.float32
) -> Any:
    """Return a TH1F (TH1D in double `precision`): bins from 0 to n of width 1, values and errors of shape (n,)."""
    from uproot.writing.identify import to_TH1x

    contents = np.pad(np.asarray(values, precision), 1)
    squared = np.pad(np.asarray(errors, np.float64) ** 2, 1)
    centres = np.arange(len(contents)) - 0.5
    total, spread = float(contents.sum()), float(squared.sum())
    moments = float(contents @ centres), float(contents @ centres**2)
    return to_TH1x(
        "", title, contents, total, total, spread, *moments, squared, _axis("xaxis", len(values), "", labels)
    )


def th2(
    title: str,
    matrix: FloatArray,
    *,
    axis: str = "",
    labels: tuple[Sequence[str], Sequence[str]] = ((), ()),
    precision: Any = np.float32,
) -> Any:
    """Return a TH2F (TH2D in double `precision`) of a matrix whose first index is along x, shape (n, n)."""
    from uproot.writing.identify import to_TH2x

    contents = np.pad(np.asarray(matrix, precision), 1).T.ravel()
    n = len(matrix)
    total = float(np.sum(matrix))
    axes = [_axis(name, n, axis, names) for name, names in zip(("xaxis", "yaxis"), labels, strict=True)]
    return to_TH2x("", title, contents, float(n * n), total, *(0.0,) * 6, np.zeros(0), *axes)


def _axis(name: str, bins: int, title: str, labels: Sequence[str]) -> Any:
    from uproot.writing.identify import to_TAxis, to_THashList, to_TObjString

    found = [to_TObjString(label) for label in labels]
    for number, (made, label) in enumerate(zip(found, labels, strict=True), 1):
        made._bases[0]._members["@fUniqueID"] = number  # ROOT knows the bin of a label by it
        size = len(label.encode())  # uproot counts characters
        made._num_bytes = size + (1 if size < 255 else 5) + 16
    return to_TAxis(name, title, bins, 0.0, float(bins), fLabels=to_THashList(found) if found else None)


def data_graph(title: str, counts: FloatArray, ends: tuple[FloatArray, FloatArray]) -> Any:
    """Return a TGraphAsymmErrors of counts, shape (n,), in bins from 0 to n, with the ends of their intervals."""
    import uproot

    half = np.full(len(counts), 0.5)
    members = {"fEXlow": half, "fEXhigh": half, "fEYlow": counts - ends[0], "fEYhigh": ends[1] - counts}
    plain = uproot.as_TGraph(
        {"x": np.arange(len(counts)) + half, "y": np.asarray(counts, np.float64)}, minY=_UNSET, maxY=_UNSET
    )
    plain._bases[0]._members["fTitle"] = title
    graph = _asymmetric().empty()
    graph._bases.append(plain)
    graph._members.update(members)
    return graph


def _asymmetric() -> Any:
    """Return uproot's class of these graphs, which it reads and does not write, with what is missing."""
    from uproot.models.TGraph import Model_TGraphAsymmErrors_v3 as Read
    from uproot.serialization import numbytes_version

    def serialize(self: Any, out: list[bytes], header: bool, name: str, flags: Any) -> None:
        start = len(out)
        for base in self._bases:
            base._serialize(out, True, name, flags)
        for member in ("fEXlow", "fEXhigh", "fEYlow", "fEYhigh"):
            out += [b"\x01", self._members[member].astype(">f8").tobytes()]
        if header:
            out.insert(start, numbytes_version(sum(map(len, out[start:])), 3))

    return type(Read.__name__, (Read,), {"_serialize": serialize, "__module__": Read.__module__})
