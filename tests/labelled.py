"""Histograms of ROOT with labels of bins, as ROOT writes them: in any order, of some bins only, with bins to spare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from uproot.writing import identify


def labelled_th1(
    values: Sequence[float],
    labels: Sequence[tuple[int, str]],
    *,
    variances: Sequence[float] | None = None,
    alphanumeric: bool = False,
    edges: Sequence[float] | None = None,
    flow: tuple[float, float] = (0.0, 0.0),
) -> Any:
    """Return a TH1D for uproot to write; labels come with the number of their bin (from 1) in the order of the list."""
    bins = len(values)
    items = [identify.to_TObjString(text) for _, text in labels]
    for item, (number, _) in zip(items, labels, strict=True):
        item._bases[0]._members["@fUniqueID"] = number
    axis = identify.to_TAxis(
        fName="xaxis",
        fTitle="",
        fNbins=bins,
        fXmin=0.0 if edges is None else edges[0],
        fXmax=float(bins) if edges is None else edges[-1],
        fXbins=None if edges is None else np.asarray(edges, dtype=np.float64),
        fBits2=int(alphanumeric),
        fLabels=identify.to_THashList(items) if items else None,
    )
    spread = values if variances is None else variances
    return identify.to_TH1x(
        fName="h",
        fTitle="",
        data=np.array([flow[0], *values, flow[1]], dtype=np.float64),
        fEntries=1.0,
        fTsumw=1.0,
        fTsumw2=1.0,
        fTsumwx=1.0,
        fTsumwx2=1.0,
        fSumw2=np.array([flow[0], *spread, flow[1]], dtype=np.float64),
        fXaxis=axis,
    )
