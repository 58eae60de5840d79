"""A ROOT file with one object of every kind that a browser meets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
from uproot.writing.identify import to_TAxis, to_TH1x

from wilks._types import FloatArray

EDGES = np.array([0.0, 1.0, 2.5, 10.0])
HOSTILE = "</script><script>alert(1)</script><b>\"q\" 'a' & \x1b[31m"


def th1(contents: FloatArray, sumw2: FloatArray, edges: FloatArray, title: str, label: str, entries: float) -> object:
    """Return a TH1D to write; contents and sumw2 have the underflow first and the overflow last."""
    bins = edges.size - 1
    axis = to_TAxis("xaxis", label, bins, float(edges[0]), float(edges[-1]), fXbins=edges)
    return to_TH1x(None, title, contents, entries, 0.0, 0.0, 0.0, 0.0, sumw2, axis)


@pytest.fixture(scope="session")
def root_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with histograms in folders, a tree, a 2D histogram, a string and unpleasant names and numbers."""
    path = tmp_path_factory.mktemp("browse") / "all<kinds>.root"
    contents = np.array([0.5, 3.25, -1.5, 4.0, 7.0])
    with uproot.recreate(path) as file:
        file["plain"] = th1(contents, np.array([1.0, 2.0, 3.0, 4.0, 5.0]), EDGES, "Plain title", "m [GeV]", 17.0)
        file["folder/inner/deep"] = th1(2.0 * contents, contents**2, EDGES, HOSTILE, HOSTILE, 3.0)
        bad = np.array([0.0, np.nan, np.inf, 4.0, -np.inf])
        file["folder/bad"] = th1(bad, bad, EDGES, "", "", np.nan)
        file["<b>bold 'n' \"q\" &amp"] = th1(contents, np.abs(contents), EDGES, "", "", 1.0)
        file["flat"] = np.histogram(np.linspace(-1.0, 1.0, 50), bins=20, range=(-2.0, 2.0))
        file["plane"] = np.histogram2d(np.linspace(0, 1, 9), np.linspace(0, 1, 9), bins=(4, 6))
        file.mktree("events", {"pt": np.float64, "charge": np.int32})
        file["events"].extend({"pt": np.linspace(0, 1, 12), "charge": np.arange(12, dtype=np.int32)})
        file["remark"] = "a string"
    return path
