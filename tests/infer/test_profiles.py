"""Grids of conditional fits, with some of them spoiled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.infer.profiled import gaussian, measured

from wilks.infer.profiles import profile, rises
from wilks.infer.scans import scan
from wilks.infer.study import Study, study
from wilks.results.intervals import CONVERGED
from wilks.results.many import ManyFits


def test_a_grid_has_its_last_axis_fastest() -> None:
    asked = study(gaussian(), needs_poi=False)
    a, b = np.meshgrid([0.0, 1.0], [0.0, 2.0, 3.0])
    rise = rises(asked, profile(asked, {0: a.ravel(), 1: b.ravel()}, (3, 2)))
    np.testing.assert_allclose(rise.reshape(3, 2), a**2 + b**2, atol=1e-12)


def test_neighbours_lead_out_of_wrong_minima(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits that end too high, or fail, are made again from their neighbours' parameters."""
    model = measured()
    right = scan(model, points=9)
    honest = Study.at

    def wrong(self: Study, fixed: dict[int, np.ndarray]) -> ManyFits:
        fits = honest(self, fixed)
        values, nll, good, statuses = fits.values.copy(), fits.twice_nll.copy(), fits.converged.copy(), [*fits.statuses]
        values[3:5, 0], nll[3:5] = 5.0, nll[3:5] + 3.0
        nll[6], good[6], statuses[6] = np.nan, False, "no step improves the likelihood any more"
        return replace(fits, values=values, twice_nll=nll, converged=good, statuses=tuple(statuses))

    monkeypatch.setattr(Study, "at", wrong)
    result = scan(model, points=9)
    np.testing.assert_allclose(result.delta, right.delta, atol=1e-6)
    assert result.curves[0].statuses == (CONVERGED,) * 9
