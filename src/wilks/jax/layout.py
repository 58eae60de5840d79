"""What the likelihood in JAX gathers from where: index arrays made once of the engine's arrays of a model, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from wilks._types import FloatArray, Positions
from wilks.model.model import Model

BENT = (1, 5)
"""Codes of histosys that multiply bins (engine/interpolation.hpp)."""


@dataclass(frozen=True, eq=False)
class Bucket:
    """Blocks whose templates have about the same size, as one array.

    `cells` (blocks, rows, bins) are positions in the row cells: yields, odd parts, even parts, 0. `values` (blocks,
    rows) are positions in the row values: inputs, even parts, 1, 0.
    """

    cells: Positions
    values: Positions


@dataclass(frozen=True, eq=False)
class Layout:
    """Index arrays of a model. Cells are bins of blocks, one block after the other; variations have cells alike.

    What is padded points behind the last entry, where the likelihood puts 0 or 1.
    """

    arrays: Mapping[str, Any]
    parameters: int
    inputs: int
    blocks: int
    bins: int
    nominal: FloatArray
    down: FloatArray
    up: FloatArray
    cell_block: Positions
    cell_bin: Positions
    variation_cell: Positions
    bent: Positions
    bent_entry: Positions
    even: tuple[tuple[int, int], ...]
    buckets: tuple[Bucket, ...]
    cell_place: Positions
    block_factors: Positions
    cell_factors: Positions
    block_cells: tuple[slice, ...]
    variation_cells: tuple[slice, ...]


def layout(model: Model) -> Layout:
    """Return the index arrays of a model."""
    arrays = model.engine.__getstate__()
    sizes = np.asarray(arrays["channel_bins"], np.int64)
    channel = np.asarray(arrays["block_channel"], np.int64)
    bins, starts = sizes[channel], np.asarray(arrays["shape_start"], np.int64)
    counts = np.diff(starts)
    first = np.concatenate([[0], np.cumsum(bins)])
    variation_bins = np.repeat(bins, counts)
    vfirst = np.concatenate([[0], np.cumsum(variation_bins)])
    inside = np.arange(first[-1]) - np.repeat(first[:-1], bins)
    channel_first = np.concatenate([[0], np.cumsum(sizes)])[channel]
    nominal, down, up = _templates(arrays, bins, starts, first, vfirst)
    code = np.asarray(arrays["shape_code"], np.int64)
    inputs = int(arrays["parameters"]) + len(arrays["function_result"])
    even = tuple(dict.fromkeys(zip(arrays["shape_parameter"].tolist(), code.tolist(), strict=True)))
    even = tuple(pair for pair in even if pair[1] not in BENT)
    is_bent = np.repeat(np.isin(code, BENT), variation_bins)
    block_of_variation = np.repeat(np.arange(len(bins)), counts)
    within = np.arange(vfirst[-1]) - np.repeat(vfirst[:-1], variation_bins)
    buckets, place = _buckets(arrays, bins, first, vfirst, {pair: i for i, pair in enumerate(even)}, inputs)
    return Layout(
        arrays=arrays,
        parameters=int(arrays["parameters"]),
        inputs=inputs,
        blocks=len(bins),
        bins=int(sizes.sum()),
        nominal=nominal,
        down=down,
        up=up,
        cell_block=np.repeat(np.arange(len(bins)), bins),
        cell_bin=inside + np.repeat(channel_first, bins),
        variation_cell=within + np.repeat(first[block_of_variation], variation_bins),
        bent=np.flatnonzero(is_bent),
        bent_entry=np.repeat(np.arange(len(code)), variation_bins)[is_bent],
        even=even,
        buckets=buckets,
        cell_place=place,
        block_factors=_padded(arrays["factor_start"], np.arange(len(arrays["factor_parameter"]))),
        cell_factors=_bin_factors(arrays, bins),
        block_cells=tuple(slice(int(a), int(b)) for a, b in pairwise(first)),
        variation_cells=tuple(slice(int(a), int(b)) for a, b in pairwise(vfirst)),
    )


def _templates(
    arrays: Mapping[str, Any], bins: Positions, starts: Positions, first: Positions, vfirst: Positions
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return yields and both variations of the document, from the rows of the engine."""
    rows, at = arrays["templates"], 0
    nominal, down, up = np.zeros(first[-1]), np.zeros(vfirst[-1]), np.zeros(vfirst[-1])
    for k, size in enumerate(bins):
        stride = 4 * -(-int(size) // 4)
        yields = nominal[first[k] : first[k + 1]] = rows[at : at + size]
        at += stride
        for e in range(starts[k], starts[k + 1]):
            one, two = rows[at : at + size], rows[at + stride : at + stride + size]
            both = bool(arrays["even"][e])
            at += stride * (1 + both)
            here = slice(vfirst[e], vfirst[e + 1])
            if arrays["shape_code"][e] in BENT:  # logarithms of up and down over nominal
                up[here], down[here] = yields * np.exp(one), yields * np.exp(two)
                continue
            middle = yields + 8.0 * two if both else yields
            up[here], down[here] = middle + one, middle - one
    return nominal, down, up


def _buckets(
    arrays: Mapping[str, Any],
    bins: Positions,
    first: Positions,
    vfirst: Positions,
    even: Mapping[tuple[int, int], int],
    inputs: int,
) -> tuple[tuple[Bucket, ...], Positions]:
    """Return the templates of all blocks in few arrays, and where each cell stands in what they give, one by one."""
    cells, variation_cells = int(first[-1]), int(vfirst[-1])
    nothing, one = cells + 2 * variation_cells, inputs + len(even)
    rows: list[list[tuple[int, int]]] = []  # of each block: first cell, value
    for k, here in enumerate(_slices(arrays["shape_start"])):
        of_block = [(int(first[k]), one)]
        for e in range(here.start, here.stop):
            pair = int(arrays["shape_parameter"][e]), int(arrays["shape_code"][e])
            if pair[1] not in BENT:
                of_block.append((cells + int(vfirst[e]), pair[0]))
                if arrays["even"][e]:
                    of_block.append((cells + variation_cells + int(vfirst[e]), inputs + even[pair]))
        rows.append(of_block)
    by_size: dict[tuple[int, int], list[int]] = {}
    for k, of_block in enumerate(rows):
        by_size.setdefault((_power(len(of_block)), _power(int(bins[k]))), []).append(k)
    found, place, before = [], np.zeros(cells, np.int64), 0
    for (height, width), members in by_size.items():
        at = np.full((len(members), height, width), nothing, np.int64)
        values = np.full((len(members), height), one + 1, np.int64)
        for i, k in enumerate(members):
            size = int(bins[k])
            for r, (start, value) in enumerate(rows[k]):
                at[i, r, :size] = np.arange(start, start + size)
                values[i, r] = value
            place[first[k] : first[k + 1]] = before + i * width + np.arange(size)
        before += len(members) * width
        found.append(Bucket(at, values))
    return tuple(found), place


def _power(n: int) -> int:
    """Return the next power of two."""
    return 1 << (n - 1).bit_length()


def _slices(start: Any) -> Iterator[slice]:
    return (slice(int(a), int(b)) for a, b in pairwise(start))


def _padded(start: Any, entries: Positions) -> Positions:
    """Return the entries of each block, one row each; the position behind the last entry where there are none."""
    most = int(np.diff(start).max(initial=0))
    table = np.full((len(start) - 1, most), len(entries), np.int64)
    for row, here in zip(table, _slices(start), strict=True):
        row[: here.stop - here.start] = entries[here]
    return table


def _bin_factors(arrays: Mapping[str, Any], bins: Positions) -> Positions:
    """Return the parameters that multiply each cell, shape (cells, most factors); padded with their number."""
    start = np.asarray(arrays["bin_start"], np.int64)
    most, at = int(np.diff(start).max(initial=0)), 0
    table = np.full((int(bins.sum()), most), int(arrays["parameters"]), np.int64)
    row = 0
    for k, size in enumerate(bins):
        for e in range(int(start[k + 1] - start[k])):
            table[row : row + size, e] = arrays["bin_parameter"][at : at + size]
            at += int(size)
        row += int(size)
    return table
