"""Widths before the fit of factors that a count constrains, whose count is not what it is per unit of the factor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.formats.datacard.cards import COUNTING

import wilks
from wilks.formats.datacard.read import read
from wilks.model.model import Model


def model_with(row: str) -> Model:
    return wilks.compile_model(read((COUNTING + row).encode()).workspace)


@pytest.mark.parametrize(
    ("row", "width"),
    [
        ("x gmN 16 - 0.34375\n", 4.0),
        ("x gmN 1 - 5.5\n", 1.0),
        ("x gmN 0 1.2 -\n", 0.5),  # exp(-theta) has fallen by exp(-1/2) there
        ("x gmM - 0.5\n", math.sqrt(3.0) / 4.0),  # 3 events, 4 for each unit: 3/4 +- root 3 / 4
    ],
)
def test_it_is_the_root_of_the_count_per_unit(row: str, width: float) -> None:
    model = model_with(row)
    assert model.prefit_uncertainties[model.index("x")] == pytest.approx(width, rel=1e-14)
    assert model.prefit_uncertainties[model.index("r")] == 0


def test_where_the_count_is_what_one_unit_gives_nothing_changes() -> None:
    data = {"name": "B", "data": [50.0, 7.0], "modifiers": [{"name": "u", "type": "shapesys", "data": [5.0, 2.0]}]}
    said = {
        "channels": [{"name": "a", "samples": [data]}],
        "observations": [{"name": "a", "data": [50, 7]}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}],
        "version": "1.0.0",
    }
    model = wilks.compile_model(wilks.load_workspace(said))
    np.testing.assert_array_equal(model.prefit_uncertainties, 1.0 / np.sqrt([100.0, 12.25]))


def test_bands_pulls_and_impacts_before_the_fit_have_it() -> None:
    """16 events in a control region, of which 0.34375 each are background: 5.5 +- 1.375, where 6 are observed."""
    model = model_with("x gmN 16 - 0.34375\n")
    before = wilks.predict(model)
    (channel,) = before.channels
    assert float(channel.total[0]) == pytest.approx(1.0 + 5.5)
    assert float(channel.total_uncertainty[0]) == pytest.approx(4.0 * 0.34375)
    best = wilks.fit(model, fixed={"r": 1.0})
    value = _positive_root(16, 0.34375, 6, 1.0)
    assert best["x"].value == pytest.approx(value, rel=1e-9)
    assert best["x"].pull == pytest.approx((value - 16.0) / 4.0, rel=1e-9)
    ranked = wilks.ranking(model)
    up, down = ranked.impacts[0, 0, :2]  # r is 6 - 0.34375 x, not below 0
    assert (up, down) == pytest.approx((-0.5, 4.0 * 0.34375), rel=1e-6)


def _positive_root(count: int, each: float, observed: int, signal: float) -> float:
    """Return x where -observed ln(signal + each x) + each x - count ln x + x is least: a quadratic equation."""
    a, b, c = each * (1 + each), (1 + each) * signal - each * (observed + count), -count * signal
    return (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)
