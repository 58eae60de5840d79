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
    axis = _axis("xaxis", len(values), labels, alphanumeric, edges)
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


def labelled_th2(
    values: Sequence[Sequence[float]],
    x: Sequence[tuple[int, str]] = (),
    y: Sequence[tuple[int, str]] = (),
    *,
    alphanumeric: bool = False,
) -> Any:
    """Return a TH2D for uproot to write; `values` are those of the first bin of x, then of the second, without flow."""
    contents = np.pad(np.asarray(values, dtype=np.float64), 1).T.ravel()
    along, up = np.shape(values)
    sums = dict.fromkeys(("fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2", "fTsumwy", "fTsumwy2", "fTsumwxy"), 1.0)
    return identify.to_TH2x(
        fName="h",
        fTitle="",
        data=contents,
        fEntries=1.0,
        fSumw2=contents,
        fXaxis=_axis("xaxis", along, x, alphanumeric),
        fYaxis=_axis("yaxis", up, y, alphanumeric),
        **sums,
    )


def labelled_profile(means: Sequence[float], labels: Sequence[tuple[int, str]], *, alphanumeric: bool = False) -> Any:
    """Return a TProfile of four entries per bin with these means, for uproot to write; bins with mean 0 have none."""
    entries = np.where(np.pad(np.asarray(means), 1) != 0.0, 4.0, 0.0)
    sums = np.pad(np.asarray(means, dtype=np.float64), 1) * entries
    return identify.to_TProfile(
        fName="h",
        fTitle="",
        data=sums,
        fEntries=float(entries.sum()),
        fSumw2=sums**2 / np.maximum(entries, 1.0) + entries,
        fBinEntries=entries,
        fBinSumw2=np.zeros(0),
        fXaxis=_axis("xaxis", len(means), labels, alphanumeric),
        **dict.fromkeys(("fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2", "fTsumwy", "fTsumwy2"), 1.0),
    )


def _axis(
    name: str,
    bins: int,
    labels: Sequence[tuple[int, str]],
    alphanumeric: bool,
    edges: Sequence[float] | None = None,
) -> Any:
    items = [identify.to_TObjString(text) for _, text in labels]
    for item, (number, _) in zip(items, labels, strict=True):
        item._bases[0]._members["@fUniqueID"] = number
    return identify.to_TAxis(
        fName=name,
        fTitle="",
        fNbins=bins,
        fXmin=0.0 if edges is None else edges[0],
        fXmax=float(bins) if edges is None else edges[-1],
        fXbins=None if edges is None else np.asarray(edges, dtype=np.float64),
        fBits2=int(alphanumeric),
        fLabels=identify.to_THashList(items) if items else None,
    )
