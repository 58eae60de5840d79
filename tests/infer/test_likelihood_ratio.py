"""Profiles of the parameter of interest: which fits are made, from where, and what becomes of a better minimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, canonical, counting, model, modifier, workspace
from tests.infer.test_hypotest import COUPLED_HISTOSYS

import wilks
from wilks.fitting.problem import FitOptions
from wilks.infer.likelihood_ratio import Profile, asimov_study, one_sided, test_study
from wilks.infer.study import Study

ALONE = FitOptions(search="none")


def study(statistic: str = "t", spec: dict[str, Any] | None = None, **options: Any) -> Study:
    asked: dict[str, Any] = {"model": model(spec or canonical()), "data": None}
    return test_study(statistic, options.pop("bounds", None), **asked, **options)


def test_a_profile_is_conditional_fits() -> None:
    profile = Profile.of(study()).extended(np.array([2.0, 0.5]))
    profile = profile.extended(np.array([1.0, 0.5]))
    assert profile.values.tolist() == [0.5, 1.0, 2.0]
    for value, twice_nll in zip(profile.values, profile.twice_nll, strict=True):
        assert twice_nll == pytest.approx(wilks.fit(model(canonical()), fixed={"mu": value}).twice_nll, abs=1e-8)
    assert profile.extended(profile.values) is profile
    theta, status = profile.row(1.0)
    assert (theta[profile.study.poi], status) == (1.0, "converged")


@pytest.mark.parametrize(
    ("statistic", "bounds", "range_"),
    [
        ("q~", None, (0, np.inf)),
        ("q", None, (-np.inf, np.inf)),
        ("t", {"m*": (-3, 5)}, (-3, 5)),
        ("q0", {"mu": (-3, 5)}, (0, 5)),
        ("t~", {"*": (-3, 5)}, (0, 5)),
    ],
)
def test_the_range_belongs_to_the_statistic(statistic: str, bounds: Any, range_: tuple[float, float]) -> None:
    found = study(statistic, bounds=bounds)
    assert (found.problem.lower[found.poi], found.problem.upper[found.poi]) == range_
    own = study(statistic, counting(5, 10, 12, (-2, 4)), bounds=bounds)
    if statistic == "q":
        assert own.problem.lower[own.poi] == -2


def test_only_one_side_takes_fits() -> None:
    values = np.array([0.5, 1.0, 3.0])
    profile = Profile.of(study("q", counting(5, 10, 17)))
    assert profile.study.best.values[profile.study.poi] == pytest.approx(1.4)
    assert profile.needed(values, "q").tolist() == [3.0]
    assert profile.needed(values, "t").tolist() == values.tolist()
    q, statuses = profile.extended(np.array([3.0])).statistic(values, "q")
    assert q[:2].tolist() == [0, 0]
    assert q[2] > 1
    assert set(statuses) == {"converged"}


def test_statistics_are_zero_on_the_other_side() -> None:
    best, t = np.array([-1.0, 0.5, 2.0]), np.array([1.0, 2.0, 3.0])
    assert one_sided(t, best, 1.0, "q").tolist() == [1, 2, 0]
    assert one_sided(t, best, 0.0, "q0").tolist() == [0, 2, 3]
    assert one_sided(t, best, 1.0, "t~").tolist() == [1, 2, 3]


def test_the_best_fit_to_asimov_data_is_where_they_were_made() -> None:
    profile = Profile.of(study("q~")).extended(np.array([0.0, 1.0]))
    for value in (0.0, 1.0):
        found = asimov_study(profile, value)
        np.testing.assert_allclose(found.best.values, profile.row(value)[0], atol=1e-7)
        assert found.best.uncertainties[found.poi] > 0
        assert f"mu = {value:g}" in found.data.label


def test_a_better_minimum_found_on_the_way_replaces_the_best_fit() -> None:
    """pyhf's model of coupled variations has two minima; a fit sent to the wrong one is replaced."""
    spec = COUPLED_HISTOSYS
    found = model(spec)
    worse, better = (wilks.fit(found, start={"coupled": a}, options=ALONE) for a in (-2.0, 2.0))
    assert worse.twice_nll > better.twice_nll + 1
    before = study("t", spec, result=worse)
    assert before.best.twice_nll == worse.twice_nll
    held = np.zeros((1, found.n_parameters), np.bool_)
    improved = before.improved(before.fits(better.values[None], held))
    assert improved is not None
    assert improved.best.twice_nll == pytest.approx(better.twice_nll)


def test_tests_are_made_again_with_a_better_best_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conditional fits start in the good minimum, the free fit that is handed in is the other one."""
    spec = COUPLED_HISTOSYS
    found = model(spec)
    worse = wilks.fit(found, start={"coupled": -2.0}, options=ALONE)

    def predicted(self: Study, fixed: Any) -> np.ndarray:
        theta = np.tile(self.best.values, (len(fixed[self.poi]), 1))
        theta[:, found.index("coupled")] = 0.4
        theta[:, self.poi] = fixed[self.poi]
        return theta

    monkeypatch.setattr(Study, "predicted", predicted)
    # Left of the wrong best fit, right of the good one: at first no fit is needed there.
    result = wilks.hypotest(found, value=[0.5, 0.7], statistic="q", result=worse)
    assert worse["mu"].value > 0.5
    assert result.best_value == pytest.approx(0.42706693, abs=1e-5)
    expected = [
        wilks.fit(found, start={"coupled": 0.5}, fixed={"mu": mu}).twice_nll - 29.33113153688 for mu in (0.5, 0.7)
    ]
    np.testing.assert_allclose(result.test_statistic, expected, atol=1e-6)


def test_fits_that_fail_get_a_second_chance_from_the_initial_values() -> None:
    """From the best fit, the prediction to mu = 0 crosses a rate of zero: the efficiency's effect is linear in it."""
    shape = modifier("eff", "histosys", {"lo_data": [8.0, 30.0], "hi_data": [12.0, 10.0]})
    samples = {"signal": ([10.0, 20.0], [MU, shape]), "background": ([0.5, 30.0], [modifier("k", "normfactor")])}
    profile = Profile.of(study("t", workspace({"SR": samples}, {"SR": [14, 31]}))).extended(np.array([0.0, 0.01, 5.0]))
    assert set(profile.statuses) == {"converged"}
    for value, twice_nll in zip(profile.values, profile.twice_nll, strict=True):
        single = wilks.fit(profile.study.model, fixed={"mu": value})
        assert twice_nll <= single.twice_nll + 1e-7
