"""What is done to nominal templates: uncertainties scaled, bins that are not positive raised, and smoothing.

`StaterrorScale`, `MinimumYield` and `Smooth` of samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wilks._types import BoolArray, FloatArray
from wilks.config.schema import Config
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.smoothing import smooth_353qh_twice
from wilks.templates.store import TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
_PASSES = 5
_REACH = 2.0
# Statistical standard deviations that smoothing may move a bin by.


def scale_uncertainties(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the nominal templates of samples with `StaterrorScale`, with statistical uncertainties times that."""
    factors = {sample.name: sample.staterror_scale for sample in config.samples if sample.staterror_scale is not None}
    changes: Changes = {}
    for key, histogram in histograms.items():
        factor = float(factors.get(key.sample, 1))
        if factor != 1.0 and key.systematic is None:
            scaled = replace(histogram, sumw2=histogram.sumw2 * factor**2)
            changes[key] = scaled, Step("statistical uncertainty scaled", {"factor": factor})
    return changes, []


def raise_bins(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of samples with `MinimumYield` that have bins which are not positive.

    These bins get the minimum, in variations those that are not positive either; where the yield was positive all bins
    are scaled to keep it. Such a bin of the nominal template keeps its statistical uncertainty, and one without any has
    the smallest of the filled bins. Bins of variations that are negative elsewhere become the minimum after that.
    This is TRExFitter's treatment of backgrounds.
    """
    least = {sample.name: sample.minimum_yield for sample in config.samples if sample.minimum_yield is not None}
    changes: Changes = {}
    for key, histogram in histograms.items():
        nominal = histograms.get(TemplateKey(key.region, key.sample))
        if key.sample not in least or nominal is None or len(nominal.axis) != len(histogram.axis):
            continue
        raised = (nominal.contents <= 0.0) & (histogram.contents <= 0.0)
        if raised.any() or (histogram.contents < 0.0).any():
            changes[key] = _raised(histogram, raised, float(least[key.sample]), own=key.systematic is None)
    return changes, []


def _raised(histogram: Histogram, raised: BoolArray, least: float, *, own: bool) -> tuple[Histogram, Step]:
    before = histogram.integral
    contents = np.where(raised, least, histogram.contents)
    total = float(contents.sum())
    if before > 0.0 and total > 0.0:
        contents = contents * (before / total)
    negative = contents < 0.0
    contents = np.where(negative, least, contents)
    sumw2 = histogram.sumw2
    if own:
        filled = sumw2[(histogram.contents > 0.0) & (sumw2 > 0.0)]
        smallest = float(filled.min()) if filled.size else least**2
        sumw2 = np.where(raised & ~(sumw2 > 0.0), smallest, sumw2)
    numbers = {
        "bins": np.flatnonzero(raised | negative).tolist(),
        "yield_before": before,
        "yield": float(contents.sum()),
    }
    return replace(histogram, contents=contents, sumw2=sumw2), Step("raised to the minimum", numbers)


def smooth_nominal(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the templates of samples with `Smooth`: nominal ones smoothed, and variations with the same ratio to them.

    Where the nominal template has no positive yield, variations stay.
    """
    wanted = {sample.name for sample in config.samples if sample.smooth}
    changes: Changes = {}
    problems: list[str] = []
    for key, histogram in histograms.items():
        nominal = histograms.get(TemplateKey(key.region, key.sample))
        if key.sample not in wanted or nominal is None or len(nominal.axis) < 3:
            continue
        if nominal.axis.is_categorical:
            problems.append(f"{key}: bins with labels have no neighbours to be smoothed with")
        elif (
            len(nominal.axis) == len(histogram.axis) and np.isfinite(nominal.contents).all() and nominal.integral > 0.0
        ):
            smooth = smoothed_yields(nominal.contents, nominal.stdev)
            changes[key] = _smoothed(histogram, nominal, smooth, own=key.systematic is None)
    return changes, problems


def smoothed_yields(contents: FloatArray, stdev: FloatArray) -> FloatArray:
    """Return smoothed yields with the same sum, shape (n,), which is above 0.

    353QH, twice, up to five times; bins that would move by more than two standard deviations stay. This is
    TRExFitter's smoothing of nominal histograms.
    """
    smooth = contents
    for _ in range(_PASSES):
        tried = smooth_353qh_twice(smooth)
        stays = np.abs(tried - smooth) > _REACH * stdev
        smooth = np.where(stays, smooth, tried)
        if stays.all():
            break
    total = float(smooth.sum())
    return smooth * (float(contents.sum()) / total) if total > 0.0 else contents


def _smoothed(histogram: Histogram, nominal: Histogram, smooth: FloatArray, *, own: bool) -> tuple[Histogram, Step]:
    if own:
        # The uncertainty of the sum stays, and bins have their part of it.
        sumw2 = nominal.sumw2.sum() * np.maximum(smooth, 0.0) / nominal.integral
        change = np.abs(smooth - nominal.contents).max() / nominal.integral
        return replace(nominal, contents=smooth, sumw2=sumw2), Step(
            "nominal smoothed", {"largest_change_of_the_yield": float(change)}
        )
    positive = nominal.contents > 0.0
    ratio = np.divide(smooth, nominal.contents, out=np.ones_like(smooth), where=positive)
    made = replace(histogram, contents=histogram.contents * ratio, sumw2=histogram.sumw2 * ratio**2)
    return made, Step("as the smoothed nominal", {"yield_before": histogram.integral, "yield": made.integral})
