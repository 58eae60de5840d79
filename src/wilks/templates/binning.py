"""The bins that a region asks for, made of those that its histograms have."""

from __future__ import annotations

import numpy as np

from wilks._types import FloatArray
from wilks.config.schema import Region
from wilks.errors import TemplateError
from wilks.histogram import Axis, Histogram, closed
from wilks.templates.rebinning import merged, with_outside
from wilks.templates.record import Step

BINNED = "binned"
_TOLERANCE = 1e-5
# Of the narrowest bin: edges that were once kept as 32-bit numbers are those that they stand for.


def asked_axis(region: Region) -> Axis | None:
    """Return the bins that a region asks for, None where it takes those of the input."""
    return None if region.binning is None else Axis(closed(region.binning))


def binned(histogram: Histogram, region: Region, asked: Axis | None = None) -> tuple[Histogram, Step | None]:
    """Return a histogram in the bins that its region asks for, and what was done, None where nothing was.

    The edges of `Binning` must be some of the histogram's. What lies outside goes to under- and overflow, or into the
    first and last bin (`OutsideBinning`). `asked` is `asked_axis(region)`, for many histograms of a region. Raises
    TemplateError, without saying of which template, where that is not possible.
    """
    asked = asked or asked_axis(region)
    same = asked is None or asked.has_edges_of(histogram.axis)
    result = histogram if asked is None or same else _in_bins(histogram, asked, region)
    below, above = result.underflow, result.overflow
    merging = region.outside_binning == "merge" and bool(below or above)
    if merging:
        result = with_outside(result)
    if len(result.axis) == len(histogram.axis) and not merging:
        return result, None
    numbers = {
        "bins_before": len(histogram.axis),
        "bins": len(result.axis),
        "edges": result.axis.edges.tolist(),
        "edges_before": histogram.axis.edges.tolist(),
        "outside": "merged" if merging else "left out",
        "below": below,
        "above": above,
    }
    return result, Step(BINNED, numbers)


def _in_bins(histogram: Histogram, asked: Axis, region: Region) -> Histogram:
    """Return a histogram with its bins merged to the `Binning` of a region."""
    axis, edges = histogram.axis, asked.edges
    nearest = axis.edges[[int(np.argmin(np.abs(axis.edges - edge))) for edge in edges]]
    far = np.abs(nearest - edges) > _TOLERANCE * axis.widths.min()
    if far.any():
        wrong = ", ".join(f"{edge:.12g}" for edge in edges[far])
        hint = ""
        if len(edges) == len(axis.edges) and np.array_equal(axis.edges, np.arange(len(edges))):
            hint = "; its edges are bin numbers: leave Binning out, or write the histograms with their edges"
        raise TemplateError(
            f'{bins_of(axis.edges)} can\'t be merged to the {bins_of(edges)} of Regions "{region.name}".Binning: '
            f"{wrong} {'is' if far.sum() == 1 else 'are'} not among them{hint}"
        )
    return merged(histogram, nearest).with_axis(Axis(edges, axis.label, axis.unit))


def bins_of(edges: FloatArray) -> str:
    """Return how many bins there are between some edges, and these.

    >>> import numpy as np
    >>> bins_of(np.array([0, 1, 2.5]))
    '2 bins with edges 0, 1, 2.5'
    """
    numbers = [f"{edge:.12g}" for edge in edges]
    shown = numbers if len(numbers) <= 13 else [*numbers[:11], "...", numbers[-1]]
    return f"{len(edges) - 1} bins with edges {', '.join(shown)}"
