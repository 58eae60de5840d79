"""Made events, written to ROOT files, and the plain NumPy histograms of them that tests compare with."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

EDGES = [0.0, 20.0, 40.0, 80.0, 160.0]


def columns(seed: int, size: int) -> dict[str, Any]:
    """Return branches of all kinds: numbers in several precisions, flags, lists, arrays of fixed length."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 4, size)
    return {
        "pt": rng.exponential(50.0, size),
        "eta": rng.normal(0.0, 1.5, size).astype(np.float32),
        "charge": rng.choice(np.array([-1, 1], dtype=np.int32), size),
        "number": rng.integers(0, 5, size).astype(np.uint32),
        "flag": rng.random(size) < 0.7,
        "weight": rng.normal(1.0, 0.5, size),
        "sf_up": (1.0 + 0.1 * rng.random(size)).astype(np.float32),
        "jet": ak.unflatten(rng.exponential(30.0, int(lengths.sum())), lengths),
        "three": rng.normal(0.0, 1.0, (size, 3)),
    }


def write_tree(path: Path, trees: dict[str, dict[str, Any]], *, basket: int = 700, rntuple: bool = False) -> None:
    """Write trees in baskets (clusters) of `basket` entries."""
    with uproot.recreate(path) as file:
        for name, content in trees.items():
            size = len(content["pt"])
            first, *others = [
                {key: value[start : start + basket] for key, value in content.items()}
                for start in range(0, max(size, 1), basket)
            ]
            if rntuple:
                file.mkrntuple(name, ak.Array(first))  # of arrays, because not all versions of uproot know types here
            else:
                file.mktree(name, {key: _kind(value) for key, value in content.items()})
                file[name].extend(first)
            for chunk in others:
                file[name].extend(ak.Array(chunk) if rntuple else chunk)


def _kind(value: Any) -> Any:
    if isinstance(value, ak.Array):
        return value.type.content
    return value.dtype if value.ndim == 1 else (value.dtype, value.shape[1:])


def histogram(values: Any, weights: Any, keep: Any, edges: list[float] | None = None) -> tuple[Any, Any, float, float]:
    """Return yields, variances, underflow and overflow, upper edges exclusive, by comparing with every edge."""
    edges = EDGES if edges is None else edges
    values, weights = np.asarray(values, dtype=float)[keep], np.broadcast_to(weights, keep.shape)[keep].astype(float)
    inside = [(values >= low) & (values < high) for low, high in pairwise(edges)]
    yields = np.array([weights[mask].sum() for mask in inside])
    variances = np.array([(weights[mask] ** 2).sum() for mask in inside])
    return yields, variances, float(weights[values < edges[0]].sum()), float(weights[values >= edges[-1]].sum())
