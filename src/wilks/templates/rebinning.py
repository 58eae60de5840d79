"""Bins merged, and bins left out, after the histograms were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Config, Region
from wilks.errors import TemplateError, listed
from wilks.histogram import Axis, Histogram
from wilks.templates.auto_binning import auto_edges
from wilks.templates.record import Step
from wilks.templates.store import TemplateKey

REBINNED = "rebinned"
Changes = dict[TemplateKey, tuple[Histogram, Step]]


def merged(histogram: Histogram, edges: FloatArray) -> Histogram:
    """Return a histogram with fewer bins: `edges` are some of its edges; what lies outside goes to under- and overflow.

    Raises TemplateError where an edge is none of the histogram's.
    """
    axis = histogram.axis
    places = [int(np.argmin(np.abs(axis.edges - edge))) for edge in edges]
    tolerance = 1e-9 * axis.widths.min()
    wrong = edges[np.abs(axis.edges[places] - edges) > tolerance]
    if wrong.size:
        known = ", ".join(f"{edge:.12g}" for edge in axis.edges)
        raise TemplateError(f"{wrong[0]:.12g} is no edge of the histogram; there are {known}")
    if axis.is_categorical and len(places) < len(axis.edges):
        raise TemplateError(
            f"bins with labels ({listed(axis.bin_labels)}) have no neighbours to be merged with; "
            "DropBins leaves some out, and what is to be one category is filled as one"
        )
    first, last = places[0], places[-1]
    labels = [axis.bin_labels[i] if axis.bin_labels and j - i == 1 else "" for i, j in pairwise(places)]
    outside = histogram.outside_sumw2
    below, above = float(histogram.sumw2[:first].sum()), float(histogram.sumw2[last:].sum())
    return replace(
        histogram,
        axis=Axis(axis.edges[places], axis.label, axis.unit, tuple(labels)),
        contents=np.add.reduceat(histogram.contents[:last], places[:-1]),
        sumw2=np.add.reduceat(histogram.sumw2[:last], places[:-1]),
        underflow=histogram.underflow + float(histogram.contents[:first].sum()),
        overflow=histogram.overflow + float(histogram.contents[last:].sum()),
        outside_sumw2=None if outside is None else (below + outside[0], above + outside[1]),
    )


def with_outside(histogram: Histogram) -> Histogram:
    """Return a histogram with what lies outside its edges in the first and the last bin.

    Raises TemplateError where the variance of what lies outside is not known.
    """
    sides = (0, histogram.underflow), (-1, histogram.overflow)
    outside = histogram.outside_sumw2
    if outside is None and (histogram.underflow or histogram.overflow):
        text = "what lies outside the edges can't be merged (OutsideBinning): its variance is not known"
        raise TemplateError(text)
    contents, sumw2 = histogram.contents.copy(), histogram.sumw2.copy()
    for (edge, content), variance in zip(sides, outside or (0.0, 0.0), strict=True):
        contents[edge] += content
        sumw2[edge] += variance
    return replace(
        histogram, contents=contents, sumw2=sumw2, underflow=0.0, overflow=0.0, outside_sumw2=outside and (0.0, 0.0)
    )


def without(histogram: Histogram, bins: tuple[int, ...]) -> Histogram:
    """Return a histogram without some bins (from 0). Where a gap would be left its edges are bin numbers.

    Raises TemplateError for bins that don't exist, and where none would be left.
    """
    if not bins:
        return histogram
    count = len(histogram.axis)
    wrong = [number for number in bins if not 0 <= number < count]
    if wrong:
        raise TemplateError(f"there is no bin {wrong[0]}; they are counted from 0 to {count - 1}")
    kept = np.setdiff1d(np.arange(count), bins)
    if kept.size == 0:
        raise TemplateError("all bins would be dropped")
    axis = histogram.axis
    labels = tuple(axis.bin_labels[i] for i in kept) if axis.bin_labels else ()
    if kept[-1] - kept[0] + 1 == kept.size:
        left = Axis(axis.edges[kept[0] : kept[-1] + 2], axis.label, axis.unit, labels)
    elif axis.is_categorical:
        left = Axis.of_labels(labels, axis.label)
    else:
        title = f"{axis.label}, bins {', '.join(map(str, kept))}".lstrip(", ")
        left = replace(Axis.of_bin_numbers(kept.size, title), bin_labels=labels)
    return replace(histogram, axis=left, contents=histogram.contents[kept], sumw2=histogram.sumw2[kept])


def rebinned(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of regions with `Rebin`, `AutoBinning` or `DropBins`.

    There is a sentence for each region where that fails.
    """
    regions = {region.name: region for region in config.regions}
    changes: Changes = {}
    problems: list[str] = []
    for automatic in config.regions:
        if automatic.auto_binning is None or all(key.region != automatic.name for key in histograms):
            continue
        try:
            edges = auto_edges(histograms, config, automatic)
        except TemplateError as error:
            problems.append(f'region "{automatic.name}": {error}')
            continue
        regions[automatic.name] = automatic.model_copy(update={"rebin": edges})
    for key, histogram in histograms.items():
        region = regions.get(key.region)
        if region is None or (region.rebin is None and not region.drop_bins):
            continue
        try:
            changes[key] = _changed(histogram, region)
        except TemplateError as error:
            problems.append(f'region "{region.name}": {error}')
    return changes, list(dict.fromkeys(problems))


def repeated(histogram: Histogram, step: Step) -> Histogram:
    """Return a histogram after the same rebinning as the recorded one. Raises TemplateError for other bins."""
    return without(merged(histogram, np.asarray(step.numbers["edges"])), tuple(step.numbers["dropped"]))


def _changed(histogram: Histogram, region: Region) -> tuple[Histogram, Step]:
    edges = histogram.axis.edges if region.rebin is None else _edges(histogram.axis, region.rebin)
    wide = merged(histogram, edges)
    result = without(wide, region.drop_bins)
    numbers = {
        "bins_before": len(histogram.axis),
        "bins": len(result.axis),
        "edges": edges.tolist(),
        "dropped": list(region.drop_bins),
        "yield_dropped": histogram.integral - result.integral,
    }
    if histogram.axis.bin_labels and region.drop_bins:
        numbers["labels_dropped"] = [histogram.axis.bin_labels[i] for i in region.drop_bins]
    return result, Step(REBINNED, numbers)


def _edges(axis: Axis, rebin: int | tuple[int | float, ...]) -> FloatArray:
    if isinstance(rebin, tuple):
        edges = np.asarray(rebin, dtype=np.float64)
        # Of ntuples an open bin is one of the `Binning` too, and the axis has what stands for its edge.
        return np.clip(edges, *axis.edges[[0, -1]]) if np.isinf(edges).any() else edges
    if len(axis) % rebin:
        raise TemplateError(f"{len(axis)} bins can't be merged in groups of {rebin}")
    return axis.edges[::rebin]
