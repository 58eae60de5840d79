"""Grids of conditional fits, with some of them spoiled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.infer.profiled import compiled, free, gaussian, measured, specification

import wilks
from wilks.fitting.problem import FitOptions
from wilks.infer import profiles
from wilks.infer.profiles import _shortened, profile, rises
from wilks.infer.scans import scan
from wilks.infer.study import Study, study
from wilks.results.intervals import CONVERGED
from wilks.results.many import EDGE, ManyFits


def test_a_grid_has_its_last_axis_fastest() -> None:
    asked = study(gaussian(), needs_poi=False)
    a, b = np.meshgrid([0.0, 1.0], [0.0, 2.0, 3.0])
    rise = rises(asked, profile(asked, {0: a.ravel(), 1: b.ravel()}, (3, 2)))
    np.testing.assert_allclose(rise.reshape(3, 2), a**2 + b**2, atol=1e-12)


def test_neighbours_lead_out_of_wrong_minima(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits that end too high, or fail, are made again from their neighbours' parameters."""
    model = measured()
    right = scan(model, points=9)
    honest = profiles.lowest

    def wrong(asked: Study, start: np.ndarray, held: np.ndarray) -> ManyFits:
        fits = honest(asked, start, held)
        values, nll, good, statuses = fits.values.copy(), fits.twice_nll.copy(), fits.converged.copy(), [*fits.statuses]
        values[3:5, 0], nll[3:5] = 5.0, nll[3:5] + 3.0
        nll[6], good[6], statuses[6] = np.nan, False, "no step improves the likelihood any more"
        return replace(fits, values=values, twice_nll=nll, converged=good, statuses=tuple(statuses))

    monkeypatch.setattr(profiles, "lowest", wrong)
    result = scan(model, points=9)
    np.testing.assert_allclose(result.delta, right.delta, atol=1e-6)
    assert result.curves[0].statuses == (CONVERGED,) * 9


def test_what_ends_far_from_the_edge_gives_way_to_what_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two fits as low as each other the one counts that is known to be at the minimum."""
    model, honest = measured(), Study.fits

    def spoiled(
        asked: Study, start: np.ndarray, held: np.ndarray, data: np.ndarray | None = None, **more: Any
    ) -> ManyFits:
        fits = honest(asked, start, held, data, **more)
        edm, good, statuses = fits.edm.copy(), fits.converged.copy(), [*fits.statuses]
        edm[0], good[0], statuses[0] = 1e-3, False, f"{EDGE} somewhere"
        return replace(fits, edm=edm, converged=good, statuses=tuple(statuses))

    monkeypatch.setattr(Study, "fits", spoiled)
    asked = study(model, needs_poi=False)
    held = np.zeros((2, model.n_parameters), bool)
    held[:, 0] = True
    fits = profiles.lowest(asked, np.tile(asked.best.values, (2, 1)), held)
    assert fits.statuses == (CONVERGED,) * 2
    assert fits.minimised.all()


def test_the_lower_of_two_minima_counts(shared_data: Path) -> None:
    """With these nuisance parameters the way from the best fit ends in a minimum that is far too high."""
    golden = shared_data / "cabinetry-example" / "golden" / "example_histogram_workspace.json"
    model, kept = wilks.compile_model(wilks.load_workspace(golden)), {"Modeling": -1.0, "Luminosity": 1.0}
    random = np.random.default_rng(7)
    lower, upper = np.maximum(model.bounds[0], -3.0), np.minimum(model.bounds[1], 3.0)
    starts = random.uniform(
        np.where(model.initial == 1.0, 0.7, lower), np.where(model.initial == 1.0, 1.3, upper), (40, 8)
    )
    fixed, alone = {"Signal_norm": 0.0, **kept}, FitOptions(search="none")
    fits = [wilks.fit(model, fixed=fixed, start=start, options=alone).twice_nll for start in starts]
    best = wilks.fit(model, fixed=kept)
    assert max(fits) > min(fits) + 50
    result = scan(model, range=(0.0, 2.0), points=3, fixed=kept)
    assert result.delta[0] == pytest.approx(min(fits) - best.twice_nll, abs=1e-6)
    # CLs as pyhf has it with SLSQP: 0.592 observed, 0.312 expected.
    test = wilks.hypotest(model, value=1.0, fixed=kept)
    assert test.observed.cls[0] == pytest.approx(0.592, abs=1e-3)
    assert test.expected.cls[0, 2] == pytest.approx(0.312, abs=1e-3)


def test_a_start_that_leads_too_far_is_shortened() -> None:
    """To first order a parameter goes where the rate is negative, or far too high: the way back is tried."""
    shift = {"name": "shift", "type": "histosys", "data": {"lo_data": [20.0], "hi_data": [80.0]}}
    model = compiled(specification([60.0], {"b": ([50.0], [shift, free("mu")])}, poi="mu"))
    asked = study(model)
    pull, mu = model.index("shift"), model.index("mu")
    start = np.tile(asked.best.values, (3, 1))
    start[:, pull], start[:, mu] = [-4.0, 0.5, 40.0], [1.0, 1.0, 0.7]
    held = np.zeros(start.shape, np.bool_)
    held[:, mu] = True
    initial = np.where(held, start, model.initial)
    found = _shortened(asked, start, initial, held)
    assert not np.isfinite(model.nll(start[0]))
    np.testing.assert_array_equal(found[1], start[1])
    np.testing.assert_array_equal(found[:, mu], start[:, mu])
    assert (model.nll(found)[[0, 2]] < model.nll(start)[[0, 2]]).all()
    assert np.isfinite(profiles.lowest(asked, start, held).twice_nll).all()
