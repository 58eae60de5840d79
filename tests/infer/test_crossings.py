"""Where profiles cross heights: hard cases, each against an answer found by other means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2
from tests.infer.profiled import compiled, counting, counting_rise, factor, free, gaussian, specification
from tests.reference.likelihood import Likelihood

import wilks
from wilks.fitting.status import BRIEF, Status
from wilks.infer.crossings import crossings
from wilks.infer.intervals import intervals, quantile
from wilks.infer.study import Study, study
from wilks.results.intervals import AT_BOUND, CONVERGED
from wilks.results.many import EDGE, ManyFits


def test_questions_of_all_kinds_at_once() -> None:
    """Parameters, sides and heights as they come: the root of the height, or the bound."""
    asked = study(gaussian(), needs_poi=False, bounds={"b": (-2.0, 1.5)})
    found = crossings(asked, [1, 0, 1, 0], [1, -1, -1, 1], [9.0, 4.0, 1.0, 0.01])
    np.testing.assert_allclose(found.values, [1.5, -2.0, -1.0, 0.1], atol=1e-9)
    assert found.statuses == (AT_BOUND, CONVERGED, CONVERGED, CONVERGED)
    assert found.study is asked


def test_mirrored_minima() -> None:
    """Up and down the same: below the barrier at 0 the interval is around one minimum, above it holds both."""
    spec = specification([117.0], {"B": ([100.0], [factor("even", 1.3, 1.3)])})
    ref, model = Likelihood(spec), compiled(spec)
    best = wilks.fit(model)
    at = abs(best["even"].value)

    def above(alpha: float, height: float) -> float:
        return float(ref.twice_nll(np.array([alpha])) - best.twice_nll) - height

    barrier = above(0.0, 0.0)
    below, beyond = (float(chi2.cdf(barrier * scale, 1)) for scale in (0.7, 1.3))
    result = intervals(model, parameters="even", levels=(below, beyond))
    inner, outer = (chi2.ppf(level, 1) for level in (below, beyond))
    near, far = (brentq(above, *sides, args=(inner,), xtol=1e-13) for sides in ((0.0, at), (at, 4.0)))
    expected = (near, far) if best["even"].value > 0 else (-far, -near)
    assert (result["even", below].lower, result["even", below].upper) == pytest.approx(expected, abs=1e-6)
    whole = brentq(above, at, 4.0, args=(outer,), xtol=1e-13)
    assert (result["even", beyond].lower, result["even", beyond].upper) == pytest.approx((-whole, whole), abs=1e-6)
    (note,) = result.notes
    assert '"even" has another minimum, as deep' in note
    assert f"rises by {barrier:.3g}" in note


def test_a_lower_minimum_starts_everything_again() -> None:
    """The best fit handed in is the saddle between two minima."""
    model = compiled(specification([117.0], {"B": ([100.0], [factor("even", 1.3, 1.3)])}))
    best = wilks.fit(model)
    saddle = replace(best, values=np.zeros(1), twice_nll=2 * model.nll([0.0]), mirrored=())
    again = intervals(model, parameters="even", result=saddle)
    assert again.twice_nll == pytest.approx(best.twice_nll, abs=1e-9)
    assert "a better minimum was found on the way" in again.notes[0]
    assert abs(again["even"].value) == pytest.approx(abs(best["even"].value), rel=1e-6)
    straight = intervals(model, parameters="even")
    ends = sorted([abs(again["even"].lower), abs(again["even"].upper)])
    assert ends == pytest.approx(sorted([abs(straight["even"].lower), abs(straight["even"].upper)]), rel=1e-6)


def test_an_end_beyond_which_fits_fail_is_missing_and_says_so() -> None:
    """Bin 1 is empty: below mu = -0.3 its rate would be negative, and 2NLL has risen by 1.2 only."""
    samples = {"S": ([10.0, 5.0], [free("mu")]), "B": ([3.0, 50.0], [])}
    model = compiled(specification([0.0, 160.0], samples, poi="mu", mu=[-10.0, 10.0]))
    result = intervals(model, levels=(0.3, 0.95))
    assert result["mu", 0.3].lower_status == CONVERGED
    assert -0.3 < result["mu", 0.3].lower < result["mu"].value
    failed = result["mu", 0.95]
    assert np.isnan(failed.lower)
    assert failed.lower_status.startswith("not reached: beyond -0.3 fits fail (")
    assert failed.upper_status == CONVERGED
    assert not result.converged
    assert "FAILED" in repr(result)
    assert "not reached" in str(result)


def test_where_other_parameters_are_flat_the_profile_is_exact() -> None:
    """Only the product of two factors is known: no covariance, but the third has its interval."""
    spec = specification(
        [20.0, 100.0],
        {"S": ([10.0, 0.0], [free("mu")]), "B": ([0.0, 100.0], [free("f"), free("g")])},
        poi="mu",
    )
    result = intervals(compiled(spec), parameters=["mu", "f"])
    expected = [
        brentq(lambda mu: counting_rise(mu, 20, 10, 0, 2.0) - quantile(0.6827), *side, xtol=1e-13)
        for side in ((1e-3, 2.0), (2.0, 9.0))
    ]
    assert (result["mu"].lower, result["mu"].upper) == pytest.approx(expected, rel=1e-6)
    assert result["f"].upper_status == AT_BOUND
    assert [condition.rule for condition in result.origin.conditions] == ["flat-direction"]


def test_what_is_done_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    model = counting(12.0, 4.0, 7.3)
    complete, stopped = Study.fits, BRIEF[Status.INTERRUPTED]

    rounds = []

    def fits(self: Study, start: np.ndarray, held: np.ndarray, data: None = None, **more: Any) -> ManyFits:
        """The first round answers for bounds; then everything ends."""
        rounds.append(complete(self, start, held, **more))
        if len(rounds) == 1:
            return rounds[0]
        nothing = np.full(len(start), np.nan)
        statuses = (stopped,) * len(start)
        return replace(rounds[-1], twice_nll=nothing, converged=nothing > 0, statuses=statuses)

    monkeypatch.setattr(Study, "fits", fits)
    result = intervals(model, levels=(0.95, 0.01))
    assert result["mu", 0.95].lower_status == AT_BOUND
    assert result["mu", 0.95].upper_status == stopped
    assert len(rounds) == 2
    for interval in result:
        assert np.isnan(interval.lower) == (interval.lower_status == stopped)
        assert np.isnan(interval.upper) == (interval.upper_status == stopped)
    assert not result.converged


def test_an_impossible_model_is_a_status() -> None:
    model = compiled(specification([5.0], {"B": ([0.0], [free("mu")])}, poi="mu"))
    result = intervals(model)
    assert not result.converged
    assert np.isnan(result["mu"].upper)
    assert "no possible point" in result["mu"].upper_status


def test_beside_a_best_fit_that_is_none_nothing_is_searched_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bin 1 is empty: its rate vanishes at mu = -0.3, where the best fit is said to be, and below all fits fail."""
    samples = {"S": ([10.0, 5.0], [free("mu")]), "B": ([3.0, 50.0], [])}
    model = compiled(specification([0.0, 160.0], samples, poi="mu", mu=[-10.0, 10.0]))
    edge = wilks.fit(model, fixed={"mu": -0.3 + 1e-9})
    asked = study(model, needs_poi=False)
    values = edge.values
    best = replace(edge, fixed=np.zeros(1, np.bool_), converged=False, status=f"{EDGE}: somewhere", edm=1.0)
    calls = []
    fits = Study.fits
    monkeypatch.setattr(Study, "fits", lambda self, *args, **options: calls.append(1) or fits(self, *args, **options))
    found = crossings(replace(asked, given=best), [0], [-1], [1.0])
    assert found.statuses[0].startswith("not reached: beyond -0.3 fits fail (")
    assert np.isnan(found.values[0])
    assert len(calls) <= 3
    np.testing.assert_array_equal(found.study.best.values, values)
