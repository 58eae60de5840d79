"""ROOT files with one-dimensional histograms."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wilks._types import FloatArray


@dataclass(frozen=True, eq=False)
class Written:
    """A histogram to be written: contents and errors of its bins, shape (n,), edges (n + 1), title of the axis."""

    values: FloatArray
    errors: FloatArray
    edges: FloatArray
    title: str = ""


def root_file(histograms: Mapping[str, Written]) -> bytes:
    """Return the bytes of a ROOT file with a TH1D at each path (folders with slashes)."""
    import uproot
    from uproot.writing.identify import to_TAxis, to_TH1x

    stream = io.BytesIO()
    with uproot.recreate(stream) as file:
        for path, histogram in histograms.items():
            edges = np.asarray(histogram.edges, np.float64)
            values, squared = (np.pad(one, 1) for one in (histogram.values, histogram.errors**2))
            total = float(values.sum())
            axis = to_TAxis("xaxis", histogram.title, len(edges) - 1, float(edges[0]), float(edges[-1]), edges)
            sums = total, float(squared.sum()), 0.0, 0.0
            file[path] = to_TH1x("", "", values, total, *sums, squared, axis)
        return stream.getvalue()
