"""(Templates, Config) -> Templates: smoothing, and statistical uncertainties that are numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wilks.config.schema import Config, applies
from wilks.errors import TemplateError
from wilks.histogram import Histogram
from wilks.templates.smoothing import smooth_353qh_twice
from wilks.templates.store import TemplateKey, Templates


def process_templates(templates: Templates, config: Config) -> Templates:
    """Return the templates as they enter the workspace; what changed is kept in `originals`.

    Undefined statistical uncertainties become 0. Where the steering file asks for it, variations are smoothed: the
    ratio to the nominal template by 353QH, twice; the total yield and the statistical uncertainties stay. Bins that
    are empty in the nominal template have no ratio: they don't take part and keep their share of the variation.

    Processing starts from the originals, so processing twice changes nothing. Raises TemplateError where a variation
    is to be smoothed and its nominal template is missing or has another number of bins.
    """
    originals = {key: templates.original(key) for key in templates}
    processed: dict[TemplateKey, Histogram] = {}
    problems: list[str] = []
    for key, histogram in originals.items():
        result = _with_defined_variances(histogram)
        if _is_smoothed(key, config):
            nominal = originals.get(TemplateKey(key.region, key.sample))
            if nominal is None or len(nominal.axis) != len(histogram.axis):
                problems.append(f"{key}: can't be smoothed without a nominal template of the same binning")
                continue
            result = _smoothed(result, nominal)
        processed[key] = result
    if problems:
        raise TemplateError(problems)
    changed = {key: histogram for key, histogram in originals.items() if processed[key] is not histogram}
    return Templates(processed, changed)


def _with_defined_variances(histogram: Histogram) -> Histogram:
    undefined = np.isnan(histogram.sumw2) | (histogram.sumw2 < 0.0)
    return replace(histogram, sumw2=np.where(undefined, 0.0, histogram.sumw2)) if undefined.any() else histogram


def _is_smoothed(key: TemplateKey, config: Config) -> bool:
    if key.systematic is None:
        return False
    region = next((region for region in config.regions if region.name == key.region), None)
    sample = next((sample for sample in config.samples if sample.name == key.sample), None)
    systematic = next((systematic for systematic in config.systematics if systematic.name == key.systematic), None)
    if region is None or sample is None or systematic is None or systematic.smoothing is None:
        return False
    return applies(systematic.smoothing, region, sample)


def _smoothed(variation: Histogram, nominal: Histogram) -> Histogram:
    if not (np.isfinite(variation.contents).all() and np.isfinite(nominal.contents).all()):
        return variation
    filled = nominal.contents != 0.0
    smooth = variation.contents.copy()
    smooth[filled] = (
        smooth_353qh_twice(variation.contents[filled] / nominal.contents[filled]) * nominal.contents[filled]
    )
    total = float(smooth.sum())
    # A sum of zero can't be scaled back to the yield of the variation: better no smoothing than another yield.
    return replace(variation, contents=smooth * (variation.integral / total)) if total != 0.0 else variation
