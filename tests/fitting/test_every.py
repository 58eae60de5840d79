"""Fits by the thousand against fits one by one, where the first attempt fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.infer.counting import model, modifier

from wilks import fit, toy_data
from wilks.fitting import every
from wilks.fitting.every import fit_every
from wilks.fitting.ladder import Ladder
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import Problem, pose
from wilks.model.model import Model
from wilks.results.many import INTERRUPTED, ManyFits

WIDE = [{"name": "mu", "bounds": [[-100, 100]]}]
FAILED = "no step improves the likelihood any more"


@pytest.fixture(scope="module")
def compiled() -> Model:
    background = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1}), modifier("gamma", "shapesys", [9.0])]
    return model({"a": ([5.0], [50.0], [52.0])}, background=background, parameters=WIDE)


@pytest.fixture(scope="module")
def data(compiled: Model) -> np.ndarray:
    return toy_data(compiled, seed=3, count=7)


@pytest.fixture
def half_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first attempts of every other fit fail, well above the minimum."""

    def some(*arguments: Any, **options: Any) -> ManyFits:
        fits = fit_problems(*arguments, **options)
        rows = np.arange(0, len(fits), 2)
        others = fits.rows(rows)
        lost = replace(
            others,
            values=others.values + 0.3,
            twice_nll=others.twice_nll + 1.0,
            edm=np.ones(rows.size),
            converged=np.zeros(rows.size, np.bool_),
            statuses=(FAILED,) * rows.size,
        )
        return fits.with_rows(rows, lost)

    monkeypatch.setattr(every, "fit_problems", some)


def posed(compiled: Model) -> Problem:
    problem = pose(compiled, None, None, None)
    return replace(problem, start=np.tile(problem.start, (7, 1)))


@pytest.mark.usefixtures("half_fail")
def test_what_fails_climbs_the_ladder(compiled: Model, data: np.ndarray) -> None:
    fits = fit_every(compiled, data, posed(compiled), uncertainties=True)
    assert fits.converged.all()
    assert fits.uncertainties is not None
    for row, values in enumerate(data):
        single = fit(compiled, values)
        assert fits.twice_nll[row] == pytest.approx(single.twice_nll, abs=1e-9)
        np.testing.assert_allclose(fits.values[row], single.values, atol=1e-5)
        np.testing.assert_allclose(fits.uncertainties[row], single.uncertainties, rtol=1e-4)


@pytest.mark.usefixtures("half_fail")
def test_threads_change_no_bit(compiled: Model, data: np.ndarray) -> None:
    one, three = (fit_every(compiled, data, posed(compiled), threads=n) for n in (1, 3))
    assert one.values.tobytes() == three.values.tobytes()
    assert one.twice_nll.tobytes() == three.twice_nll.tobytes()


@pytest.mark.usefixtures("half_fail")
def test_one_data_set_and_one_problem_serve_all(compiled: Model, data: np.ndarray) -> None:
    problem = posed(compiled)
    assert fit_every(compiled, data[0], problem).converged.all()
    alone = fit_every(compiled, data, replace(problem, start=problem.start[0]))
    assert alone.converged.all()
    np.testing.assert_allclose(alone.twice_nll, fit_every(compiled, data, problem).twice_nll, atol=1e-9)


@pytest.mark.usefixtures("half_fail")
def test_a_held_parameter_stays_and_has_no_uncertainty(compiled: Model, data: np.ndarray) -> None:
    problem, jes = posed(compiled), compiled.index("jes")
    held = problem.held.copy()
    held[jes] = True
    fits = fit_every(compiled, data, replace(problem, held=held), uncertainties=True)
    assert fits.uncertainties is not None
    assert (fits.values[:, jes] == 0).all()
    assert (fits.uncertainties[:, jes] == 0).all()


@pytest.mark.usefixtures("half_fail")
def test_who_stops_leaves_what_has_not_climbed_undone(compiled: Model, data: np.ndarray) -> None:
    """A fit that has failed at first may not count as failed: it was not tried to the end."""
    fits = fit_every(compiled, data, posed(compiled), progress=lambda done, total: done < 7)
    for row, status in enumerate(fits.statuses):
        if row % 2:
            assert fits.converged[row]
        else:
            assert status == INTERRUPTED
            assert np.isnan(fits.twice_nll[row])
            assert np.isnan(fits.values[row]).all()


def test_statuses_name_places_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    only_signal = model({"a": ([5.0], [0.0], [3.0])}, parameters=WIDE)
    problem = pose(only_signal, {"mu": 0.0}, {"mu": 0.0}, None)
    data = np.array([[3.0], [0.0]])
    plain, named = (fit_every(only_signal, data, problem, sentences=s) for s in (False, True))
    assert "channel" not in plain.statuses[0]
    assert 'channel "a", bin 0 has 3 events' in named.statuses[0]
    assert not named.converged[0]


def test_ladder_prefers_what_is_known_to_be_a_minimum_among_equals() -> None:
    """Without a lower bound and without events the rate vanishes; where it is exactly 0 nothing can be derived."""
    background = [modifier("gamma", "shapesys", [1.2])]
    found = model({"a": ([3.0], [1.2], [0.0])}, background=background)
    problem = pose(found, None, None, {"mu": (-np.inf, np.inf)})
    answer = Ladder(found, found.observed_dataset, problem).answer()
    assert answer.minimised
    # No event is expected, and the auxiliary count is 1 where 1 is expected.
    assert answer.raw["nll"] == pytest.approx(1.0, abs=1e-7)
