"""The fallback ladder: every rung reached, the lowest answer counts, and who converges never climbs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wilks import compile_model, fit, load_workspace
from wilks.fitting import minuit
from wilks.fitting.ladder import ANOTHER_START, MINUIT, NEWTON, SCORING, Answer, Ladder, final
from wilks.fitting.problem import FitOptions, pose
from wilks.fitting.status import Status
from wilks.model.model import Model

Spec = dict[str, Any]

MU = {"name": "mu", "type": "normfactor", "data": None}
NU = {"name": "nu", "type": "normfactor", "data": None}


def model_of(observed: list[float], samples: dict[str, tuple[list[float], list[Spec]]], **settings: Spec) -> Model:
    parameters = [{"name": name, **values} for name, values in settings.items()]
    spec = {
        "channels": [
            {"name": "SR", "samples": [{"name": s, "data": d, "modifiers": m} for s, (d, m) in samples.items()]}
        ],
        "observations": [{"name": "SR", "data": observed}],
        "measurements": [{"name": "m", "config": {"poi": "", "parameters": parameters}}],
        "version": "1.0.0",
    }
    return compile_model(load_workspace(spec))


def free_and_constrained(**settings: Spec) -> Model:
    tilt = {"name": "tilt", "type": "histosys", "data": {"lo_data": [45.0, 33.0], "hi_data": [55.0, 26.0]}}
    return model_of([90.0, 20.0], {"s": ([8.0, 2.0], [MU]), "b": ([50.0, 30.0], [tilt])}, **settings)


def only_free() -> Model:
    return model_of([99.0, 43.0], {"s": ([8.0, 2.0], [MU]), "b": ([50.0, 30.0], [NU])})


def stopped(ladder: Ladder, iterations: int = 1) -> Answer:
    """Return a fit that was stopped too early."""
    answer = replace(ladder, options=FitOptions(max_iterations=iterations)).first()
    assert answer.raw["status"] == Status.ITERATION_LIMIT
    return answer


def ladder_of(model: Model, start: dict[str, float] | None = None, **options: Any) -> Ladder:
    return Ladder(model, model.observed_dataset, pose(model, start, None, None), FitOptions(**options))


def assert_same_minimum(answer: Answer, model: Model) -> None:
    best = fit(model)
    assert best.minimizer == NEWTON
    assert answer.raw["status"] == Status.CONVERGED
    np.testing.assert_allclose(answer.raw["theta"], best.values, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(answer.raw["covariance"])), best.uncertainties, rtol=1e-6)


@pytest.mark.parametrize("start", [None, {"mu": 0.0}])
def test_an_impossible_start_finds_its_way_in(start: dict[str, float] | None) -> None:
    # mu begins at 0, as the workspace (or the user) wants it, where nothing is expected: 5 mu = 3.
    model = model_of([3.0], {"s": ([5.0], [MU])}, mu={"inits": [0.0]})
    result = fit(model, start=start)
    assert result.converged
    assert result.minimizer == NEWTON
    assert result["mu"].value == pytest.approx(0.6, rel=1e-10)


@pytest.mark.parametrize("start", [None, {"mu": 9.0, "tilt": -3.0}])
def test_another_start(start: dict[str, float] | None) -> None:
    """From the values before the fit where the start was another; else with the free parameters fitted first."""
    model = free_and_constrained()
    ladder = ladder_of(model, start)
    first = stopped(ladder)
    answer = ladder.climb(first)
    assert answer.minimizer == ANOTHER_START
    assert_same_minimum(answer, model)
    assert answer.raw["evaluations"] > first.raw["evaluations"] + 3  # those of all rungs


def test_the_mirrored_start() -> None:
    """Where nothing is free but constrained parameters, and the start is the nominal one."""
    model = free_and_constrained(mu={"fixed": True})
    ladder = ladder_of(model)
    answer = ladder.climb(stopped(ladder))
    assert answer.minimizer == ANOTHER_START
    assert_same_minimum(answer, model)


def test_scoring() -> None:
    """Free parameters alone, from their initial values, have no other start."""
    model = only_free()
    ladder = ladder_of(model)
    answer = ladder.climb(stopped(ladder))
    assert answer.minimizer == SCORING
    assert_same_minimum(answer, model)


def test_minuit_comes_last() -> None:
    """With so few iterations scoring does not arrive, but Newton's method does from where MIGRAD ends."""
    model = only_free()
    ladder = ladder_of(model, max_iterations=3)
    answer = ladder.climb(stopped(ladder))
    assert answer.minimizer == MINUIT
    assert answer.calls > 10
    assert_same_minimum(answer, model)


def test_without_iminuit_the_others_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iminuit", None)
    ladder = ladder_of(only_free(), max_iterations=3)
    first = stopped(ladder)
    answer = ladder.climb(first)
    assert answer.minimizer in (NEWTON, SCORING)
    assert answer.raw["nll"] <= first.raw["nll"]


def test_a_higher_minimum_does_not_count() -> None:
    """Two wells: an answer in the deeper one, though not certified, is kept against the minimum of the other."""
    wells = {"name": "a", "type": "histosys", "data": {"lo_data": [125.0], "hi_data": [130.0]}}
    model = model_of([140.0], {"b": ([100.0], [wells])})
    deep = fit(model)
    ladder = Ladder(model, model.observed_dataset, pose(model, {"a": -1.3}, {"a": -1.3}, None))
    near = {
        **model.engine.fit(model.observed_dataset, deep.values + 0.01, *model.bounds, np.zeros(1, np.uint8), 1e-8, 0)
    }
    assert near["status"] == Status.STALLED
    answer = ladder.climb(Answer(near))
    assert answer.raw["nll"] == near["nll"]
    # Free again, the climb ends in the deeper well.
    free = ladder_of(model, {"a": -1.3}).climb(Answer(near))
    assert free.raw["status"] == Status.CONVERGED
    assert 2 * free.raw["nll"] == pytest.approx(deep.twice_nll, abs=1e-9)


def test_who_converges_does_not_climb(monkeypatch: pytest.MonkeyPatch) -> None:
    def climb(self: Ladder, first: Answer) -> Answer:
        raise AssertionError("climbed")

    monkeypatch.setattr(Ladder, "climb", climb)
    model = free_and_constrained()
    assert fit(model).converged
    assert "flat" in fit(model_of([9.0], {"s": ([5.0], [MU, NU])})).status
    assert "1 iterations" in fit(model, options=FitOptions(max_iterations=1)).status  # as was asked for
    with pytest.raises(AssertionError, match="climbed"):
        fit(model_of([0.0], {"s": ([5.0], [MU]), "b": ([2.0], [])}, mu={"bounds": [[-9.0, 9.0]]}))


def test_what_is_final() -> None:
    def said(status: Status, options: FitOptions = FitOptions()) -> bool:
        return final(Answer({"status": int(status)}), options)

    assert {status for status in Status if said(status)} == {
        Status.CONVERGED,
        Status.FLAT_DIRECTION,
        Status.INTERRUPTED,
    }
    assert said(Status.ITERATION_LIMIT, FitOptions(max_iterations=999))


def test_a_vanishing_rate_stays_what_it_is() -> None:
    # 5 mu + 2 = 0 is the minimum for no events: no rung finds another.
    result = fit(model_of([0.0], {"s": ([5.0], [MU]), "b": ([2.0], [])}, mu={"bounds": [[-9.0, 9.0]]}))
    assert "the minimum lies where a rate vanishes" in result.status
    assert result["mu"].value == pytest.approx(-0.4, abs=1e-6)


@pytest.mark.parametrize("name", ["agc-cms-ttbar/workspace.json", "pyhf-tutorial/bkg_only.json"])
def test_scoring_finds_the_minimum_of_public_likelihoods(shared_data: Path, name: str) -> None:
    model = compile_model(load_workspace(shared_data / "likelihoods" / name))
    best, (lower, upper) = fit(model), model.bounds
    mask = model.fixed.astype(np.uint8)
    raw = model.engine.fit(model.observed_dataset, model.initial, lower, upper, mask, 1e-8, 1000, scoring=True)
    assert raw["status"] == Status.CONVERGED
    assert 2 * raw["nll"] == pytest.approx(best.twice_nll, abs=1e-7)
    assert raw["iterations"] > best.iterations  # linear, not quadratic, convergence
    np.testing.assert_allclose(np.sqrt(np.diag(raw["covariance"])), best.uncertainties, rtol=1e-4)


def test_minuit_gives_up_when_told(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "likelihoods" / "atlas-tHu-fcnc" / "workspace_tHu.json"))
    problem = pose(model, None, None, None)
    _, calls = minuit.minimise(model, model.observed_dataset, problem, limit=10)
    assert calls < minuit.minimise(model, model.observed_dataset, problem)[1]
