"""Bins merged until each has its share of signal and background (`AutoBinning`): transformations D and F of TRExFitter.

The formulas are those of TRExFitter's documentation (Region, `Binning: "AutoBin"`). Bins are merged from the right.
Transformation D ends a bin where z_S n_S / N_S + z_B n_B / N_B is above 1, transformation F where
sqrt(z_B n_B / N_B) + sqrt(z_S sum n_S log(1 + n_S / n_B)) is, and the background is known to 10 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from wilks._types import FloatArray
from wilks.config.auto_binning import AutoBinning
from wilks.config.functions import scaling
from wilks.config.schema import Config, Region, applies
from wilks.errors import TemplateError
from wilks.histogram import Histogram
from wilks.templates.store import TemplateKey

_UNCERTAINTY = 0.10
# Of the background of a bin, relative, that transformation F allows.
_SURPLUS = 0.01
# What rounding may do to the number of bins.


def auto_edges(histograms: Mapping[TemplateKey, Histogram], config: Config, region: Region) -> tuple[float, ...]:
    """Return the edges that `AutoBinning` of a region leads to, some of those of its templates.

    Raises TemplateError where there is no background, or no signal where it counts.
    """
    how = region.auto_binning
    if how is None:
        raise ValueError(f'the region "{region.name}" has no AutoBinning')
    inside = [sample for sample in config.samples if sample.in_model and applies(sample, region, sample)]
    factors = list(scaling(config.norm_factors, config.functions, config.general.of_interest))
    chosen = how.samples or [s.name for s in inside if any(applies(factor, region, s) for factor in factors)]
    found = {s.name: h for s in inside if (h := histograms.get(TemplateKey(region.name, s.name))) is not None}
    axes = {histogram.axis.edges.tobytes(): histogram.axis for histogram in found.values()}
    if len(axes) != 1:
        raise TemplateError("AutoBinning needs templates of one binning")
    (axis,) = axes.values()
    if axis.is_categorical:
        raise TemplateError("bins with labels have no neighbours to be merged with, which AutoBinning would do")
    groups = [[h for name, h in found.items() if (name in chosen) is signal] for signal in (True, False)]
    size = len(axis)
    signal, background = (sum((h.contents for h in group), np.zeros(size)) for group in groups)
    variance = sum((h.sumw2 for h in groups[1]), np.zeros(size))
    for name, yields, counts in (("background", background, how.background), ("signal", signal, how.signal)):
        if counts and not yields.sum() > 0.0:
            raise TemplateError(f"AutoBinning: there is no {name}")
    return tuple(axis.edges[list(merged_places(signal, background, variance, how))].tolist())


def merged_places(
    signal: FloatArray, background: FloatArray, variance: FloatArray, how: AutoBinning
) -> tuple[int, ...]:
    """Return which edges are kept, from 0 to n; `signal`, `background` and its `variance` have shape (n,).

    >>> yields = np.ones(8)
    >>> merged_places(yields, yields, yields, AutoBinning(method="TransfoD", signal=2, background=2))
    (0, 2, 4, 6, 8)
    """
    totals = float(signal.sum()), float(background.sum())
    kept = [signal.size]
    place = signal.size
    while place > 0:
        sums, separation, squared, before = [0.0, 0.0], 0.0, 0.0, math.inf
        passed = False
        while not passed and place > 0:
            one, other = float(signal[place - 1]), float(background[place - 1])
            sums = [sums[0] + one, sums[1] + other]
            separation += one * math.log1p(one / other) if one > 0.0 and other > 0.0 else 0.0
            squared += float(variance[place - 1])
            if how.method == "TransfoD":
                share = _share((how.signal, how.background), sums, totals)
                passed, distance = share > 1.0, abs((1.0 / share if share else math.inf) - 1.0)
            else:
                share = _root_share(how, separation, sums[1], totals[1])
                passed = share > 1.0 and sums[1] != 0.0 and squared < (_UNCERTAINTY * sums[1]) ** 2
                distance = before
            # A bin that is further from its share with one more than without is left without.
            place -= not (passed and distance > before)
            before = distance
        last = place == 0 and len(kept) > 1
        if last and (how.method == "TransfoF" or len(kept) > how.signal + how.background + _SURPLUS):
            kept.pop()
        kept.append(place)
    return tuple(sorted({0, *kept[:-1]} | {signal.size}))


def _share(counts: tuple[float, float], sums: list[float], totals: tuple[float, float]) -> float:
    """Return the part of a bin that the sums are worth: 1 is a whole one."""
    parts = [count * part / total if total else 0.0 for count, part, total in zip(counts, sums, totals, strict=True)]
    return sum(parts)


def _root_share(how: AutoBinning, separation: float, background: float, total: float) -> float:
    part = how.background * background / total if total else 0.0
    return math.sqrt(max(part, 0.0)) + math.sqrt(how.signal * separation)
