"""Automatic binning: transformations D and F by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wilks
from wilks.config.auto_binning import AutoBinning
from wilks.errors import TemplateError
from wilks.templates.auto_binning import merged_places
from wilks.templates.store import TemplateKey, Templates

ONES = np.ones(8)


@pytest.mark.parametrize(
    ("signal", "background", "counts", "places"),
    [
        # A bin is worth (2 + 2)/8 = 0.5: after two the share is 1, and not above; with a third it is 1.5, from which
        # 1/share is further from 1 (0.33) than without (0), so it stays out. At the left end two bins are left.
        (ONES, ONES, (2, 2), (0, 2, 4, 6, 8)),
        # The signal alone, from the right 4, 4, 4, 4 of 16: one bin each; what is left of it has none.
        (np.array([0, 0, 0, 0, 4, 4, 4, 4.0]), ONES, (4.1, 0), (0, 5, 6, 7, 8)),
        # Shares from the right are 0.6, 1.2: 1/1.2 is nearer to 1 than 1/0.6.
        (np.array([0, 6, 6, 6, 6.0]), np.array([1.0, 1, 1, 1, 1]), (2.4, 0), (0, 3, 5)),
    ],
)
def test_transformation_d(signal: Any, background: Any, counts: tuple[float, float], places: tuple[int, ...]) -> None:
    how = AutoBinning(method="TransfoD", signal=counts[0], background=counts[1])
    assert merged_places(signal, background, background, how) == places


def test_transformation_f_needs_a_known_background() -> None:
    how = AutoBinning(method="TransfoF", signal=0, background=4.1)
    background = np.full(8, 400.0)
    # sqrt(4.1 n/8) is above 1 with two bins; the last bin joins the one before.
    assert merged_places(np.zeros(8), background, background, how) == (0, 4, 6, 8)
    # Variances of 0.0201 of the square: two bins are known to sqrt(2 * 0.0201)/2 = 10.02 %, three to 8.2 %.
    assert merged_places(np.zeros(8), background, 0.0201 * background**2, how) == (0, 5, 8)


DOCUMENT: dict[str, Any] = {
    "General": {"Measurement": "m", "POI": "mu", "InputPath": "f.root:{SamplePath}", "HistogramFolder": "h"},
    "Regions": [{"Name": "SR", "AutoBinning": {"Method": "TransfoD", "Signal": 2, "Background": 2}}],
    "Samples": [
        {"Name": "Data", "Data": True, "SamplePath": "d"},
        {"Name": "S", "SamplePath": "s"},
        {"Name": "B", "SamplePath": "b"},
    ],
    "NormFactors": [{"Name": "mu", "Samples": "S"}],
}


def templates(**yields: Any) -> Templates:
    found = {"Data": 2 * ONES, "S": ONES, "B": ONES} | yields
    return Templates(
        {TemplateKey("SR", k): wilks.Histogram.from_arrays(range(9), v, np.sqrt(np.abs(v))) for k, v in found.items()}
    )


def test_all_templates_of_the_region_are_merged() -> None:
    config = wilks.load_config(DOCUMENT)
    made = wilks.process_templates(templates(), config)
    for key, histogram in made.items():
        assert histogram.axis.edges.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
        assert made.steps[key][0].numbers["edges"] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert wilks.process_templates(made, config) == made
    with pytest.raises(TemplateError, match=r'region "SR": AutoBinning: there is no signal'):
        wilks.process_templates(templates(S=0 * ONES), config)
