"""Bins raised to a minimum and nominal templates smoothed, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

import wilks
from wilks.templates.nominal import smoothed_yields
from wilks.templates.store import TemplateKey, Templates

NOMINAL, UP = TemplateKey("SR", "B"), TemplateKey("SR", "B", "JES", "Up")


def processed(nominal: Any, up: Any, stdev: Any, **keys: Any) -> Templates:
    jes = {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "up"}, "Down": {"Symmetrize": True}}
    config = wilks.load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "B"} | keys],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [jes],
        }
    )
    yields = {TemplateKey("SR", "Data"): np.abs(nominal), NOMINAL: nominal, UP: up}
    found = {k: wilks.Histogram.from_arrays(range(len(v) + 1), v, stdev) for k, v in yields.items()}
    made = wilks.process_templates(Templates(found), config)
    assert wilks.process_templates(made, config) == made
    return made


def test_bins_are_raised_and_the_yield_stays() -> None:
    """SampleHist::FixEmptyBins of TRExFitter 4.11: contents are scaled, uncertainties are not."""
    made = processed([4.0, 0.0, -1.0, 6.0], [5.0, 1.0, -2.0, 6.0], [2.0, 0.0, 0.5, 1.0], MinimumYield=0.5)
    # 4 + 0.5 + 0.5 + 6 = 11, which was 9.
    np.testing.assert_allclose(made[NOMINAL].contents, np.array([4, 0.5, 0.5, 6]) * 9 / 11)
    np.testing.assert_allclose(made[NOMINAL].stdev, [2.0, 1.0, 0.5, 1.0])
    np.testing.assert_allclose(made[UP].contents, np.array([5, 1, 0.5, 6]) * 10 / 12.5)
    assert made.steps[NOMINAL][0].numbers["bins"] == [1, 2]
    # A negative yield can't be kept.
    made = processed([-4.0, 1.0], [5.0, -1.0], [2.0, 0.0], MinimumYield=0.5)
    assert made[NOMINAL].contents.tolist() == [0.5, 1.0]
    # Elsewhere negative bins of variations are raised, and the yield follows (HistoTools::CheckHistograms).
    assert made[UP].contents.tolist() == [5.0, 0.5]
    assert processed([4.0, 1.0], [5.0, 0.0], [2.0, 0.0], MinimumYield=0.5).steps == {}


def test_nominal_templates_are_smoothed() -> None:
    # 353QH, twice makes 1, 2, 3.25, 5 of 1, 3, 2, 5, and then the same again (`test_smoothing`).
    rough, wide = np.array([1.0, 3.0, 2.0, 5.0]), np.full(4, 2.0)
    np.testing.assert_allclose(smoothed_yields(rough, np.zeros(4)), rough)
    smooth = smoothed_yields(rough, wide)
    assert smooth.sum() == np.sum(rough)
    assert np.all(np.diff(smooth) > 0)
    # Only the second bin is uncertain, and moves by the 1 that the first pass asks for, or more.
    partly = smoothed_yields(rough, np.array([0.0, 2.0, 0.0, 0.0]))
    np.testing.assert_allclose(partly[[0, 2, 3]] / partly[0], [1.0, 2.0, 5.0])
    assert partly[1] / partly[0] < 2.01
    made = processed(rough, 1.1 * rough, wide, Smooth=True)
    np.testing.assert_allclose(made[NOMINAL].contents, smooth)
    np.testing.assert_allclose(made[NOMINAL].sumw2, 16.0 * smooth / 11.0)
    np.testing.assert_allclose(made[UP].contents, 1.1 * smooth)
    effect = made.effect("SR", "B", "JES")
    assert effect is not None
    np.testing.assert_allclose(effect.norm, (0.1, -0.1))
