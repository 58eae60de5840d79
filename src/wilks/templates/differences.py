"""Differences from nominal scaled, of sides that ask for it (`ScaleDifference`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wilks.config.schema import Config, Systematic
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.store import TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]
_SMOOTHED_FIRST = ("ONESIDED", "LARGERSIDE")


def scale_differences(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the varied templates of sides with `ScaleDifference`: nominal + factor (varied - nominal), not below 0.

    Those of systematics that are smoothed before one side is mirrored wait for that: `scale_smoothed_differences`.
    """
    return _scaled(histograms, config, smoothed=False)


def scale_smoothed_differences(
    histograms: Mapping[TemplateKey, Histogram], config: Config
) -> tuple[Changes, list[str]]:
    """Return what `scale_differences` left, of templates that are smoothed by now."""
    return _scaled(histograms, config, smoothed=True)


def _scaled(
    histograms: Mapping[TemplateKey, Histogram], config: Config, *, smoothed: bool
) -> tuple[Changes, list[str]]:
    wanted = {s.name: s for s in config.systematics if s.has_templates and _waits(s) == smoothed}
    changes: Changes = {}
    for key, histogram in histograms.items():
        systematic = wanted.get(key.systematic or "")
        nominal = histograms.get(TemplateKey(key.region, key.sample))
        side = None if systematic is None else systematic.sides.get(key.side or "")
        factor = 1.0 if side is None else side.factor_in(key.region, key.sample)
        if factor != 1.0 and nominal is not None and len(nominal.axis) == len(histogram.axis):
            contents = nominal.contents + factor * (histogram.contents - nominal.contents)
            if systematic is not None and systematic.type != "NormOnly":  # of which only the yield is left
                contents = np.maximum(contents, 0.0)
            made = replace(histogram, contents=contents, sumw2=histogram.sumw2 * factor**2)
            changes[key] = made, Step("difference scaled", {"factor": factor, "yield_before": histogram.integral})
    return changes, []


def _waits(systematic: Systematic) -> bool:
    how = systematic.symmetrization
    return systematic.smoothing is not None and how is not None and how.method in _SMOOTHED_FIRST
