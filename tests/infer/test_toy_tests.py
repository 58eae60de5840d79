"""Toys against enumeration of the counts, and against the asymptotic limit where it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import MU, canonical, counting, model, modifier, one_channel, poisson_q, workspace

import wilks
from wilks.infer import toy_tests
from wilks.infer.study import Running
from wilks.results.many import ManyFits

TOYS = 4000


def exact(signal: float, background: float, n: int, mu: float) -> tuple[float, float]:
    """Return CLs+b and CLb of a counting experiment, summed over all counts."""
    counts = np.arange(400)
    q = np.array([poisson_q(signal, background, float(k), mu) for k in counts])
    beyond = q >= poisson_q(signal, background, n, mu) - 1e-9
    return tuple(
        float(stats.poisson.pmf(counts[beyond], rate).sum()) for rate in (mu * signal + background, background)
    )


@pytest.mark.parametrize(("signal", "background", "n"), [(5, 3, 1), (5, 3, 4), (4, 0.5, 0), (12, 40, 44)])
def test_a_counting_experiment_is_enumerated(signal: float, background: float, n: int) -> None:
    values = np.array([0.5, 1.0, 1.7])
    result = wilks.hypotest(model(counting(signal, background, n)), value=values, calculator="toys", toys=TOYS, seed=5)
    assert result.converged
    assert result.counts is not None
    assert (result.counts.failures == 0).all()
    for i, mu in enumerate(values):
        clsb, clb = exact(signal, background, n, mu)
        assert result.observed.clsb[i] == pytest.approx(clsb, abs=4 * np.sqrt(clsb * (1 - clsb) / TOYS) + 1e-3)
        assert result.observed.clb[i] == pytest.approx(clb, abs=4 * np.sqrt(clb * (1 - clb) / TOYS) + 1e-3)
        assert abs(result.observed.cls[i] - clsb / clb) < 4.5 * result.counts.cls_error[i]


def test_expected_values_are_those_of_the_counts_that_background_gives() -> None:
    """The median count of a background of 40.3 is 40."""
    signal, background = 12.0, 40.3
    result = wilks.hypotest(model(counting(signal, background, 44)), calculator="toys", toys=TOYS)
    assert stats.poisson.median(background) == 40
    clsb, clb = exact(signal, background, 40, 1.0)
    assert result.counts is not None
    assert abs(result.expected.cls[0, 2] - clsb / clb) < 0.03
    assert (np.diff(result.expected.cls[0]) >= 0).all()


def test_many_events_are_asymptotic() -> None:
    spec = one_channel(
        [300.0, 200.0], [5000.0, 9000.0], [5150.0, 9050.0], [modifier("norm", "normsys", {"lo": 0.97, "hi": 1.03})]
    )
    found = model(spec)
    for statistic, value in (("q~", 0.7), ("q", 0.7), ("t", 0.5), ("t~", 0.5), ("q0", 0.0)):
        limit = wilks.hypotest(found, value=value, statistic=statistic)
        toys = wilks.hypotest(found, value=value, statistic=statistic, calculator="toys", toys=TOYS, seed=11)
        assert toys.counts is not None
        for ours, theirs in ((toys.observed.clsb, limit.observed.clsb), (toys.observed.clb, limit.observed.clb)):
            assert abs(ours[0] - theirs[0]) < 4.5 * np.sqrt(theirs[0] * (1 - theirs[0]) / TOYS) + 0.004
        np.testing.assert_allclose(toys.expected.clsb[0, :3], limit.expected.clsb[0, :3], atol=0.02)


def test_toys_do_not_depend_on_threads_or_on_other_values() -> None:
    found = model(canonical())
    one = wilks.hypotest(found, value=[0.5, 1.0], calculator="toys", toys=300, running=Running(threads=1))
    three = wilks.hypotest(found, value=[1.0], calculator="toys", toys=300, running=Running(threads=3))
    assert one.counts is not None
    assert three.counts is not None
    np.testing.assert_array_equal(one.counts.tested[1], three.counts.tested[0])
    np.testing.assert_array_equal(one.counts.alternative[1], three.counts.alternative[0])
    other = wilks.hypotest(found, value=[1.0], calculator="toys", toys=300, seed=2)
    assert other.counts is not None
    assert (other.counts.tested != three.counts.tested).any()


def test_batches_are_the_toys_of_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    found = model(canonical())
    whole = wilks.hypotest(found, calculator="toys", toys=500)
    monkeypatch.setattr("wilks.infer.toy_tests.BATCH", 700)
    told: list[tuple[int, int]] = []
    parts = wilks.hypotest(
        found, calculator="toys", toys=500, running=Running(progress=lambda done, total: told.append((done, total)))
    )
    assert whole.counts is not None
    assert parts.counts is not None
    np.testing.assert_allclose(parts.counts.tested, whole.counts.tested, atol=2e-6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert max(done for done, _ in told) <= 2000


class Stop:
    """Progress that is interrupted once so many fits are done; `told` is what it was told."""

    def __init__(self, after: int) -> None:
        self.after, self.told = after, [(0, 0)]

    def __call__(self, done: int, total: int) -> bool:
        self.told.append((done, total))
        return done < self.after

    def check(self, total: int) -> None:
        done = [done for done, _ in self.told]
        assert done == sorted(done)
        assert {total for _, total in self.told[1:]} == {total}


def test_ctrl_c_keeps_what_is_done() -> None:
    """The fits come piece by piece, four for each toy: the answer is that of the pieces done, and nothing failed."""
    found, toys = model(canonical()), 5000
    whole = wilks.hypotest(found, calculator="toys", toys=toys)
    stop = Stop(after=9000)
    result = wilks.hypotest(found, calculator="toys", toys=toys, running=Running(progress=stop))
    stop.check(4 * toys)
    assert result.statuses == ("interrupted",)
    assert result.test_statistic[0] == pytest.approx(3.938, abs=1e-3)
    assert whole.counts is not None
    assert result.counts is not None
    assert result.counts.failures[0] == 0
    for ours, theirs in (
        (result.counts.tested[0], whole.counts.tested[0]),
        (result.counts.alternative[0], whole.counts.alternative[0]),
    ):
        done = int(np.isfinite(ours).sum())
        assert 2000 <= done < 3000
        np.testing.assert_allclose(ours[:done], theirs[:done], atol=2e-6)
    assert result.counts.interrupted[0] == np.isnan([result.counts.tested, result.counts.alternative]).sum()
    assert abs(result.observed.cls[0] - whole.observed.cls[0]) < 4 * result.counts.cls_error[0]
    assert result.counts.cls_error[0] > 1.2 * whole.counts.cls_error[0]
    assert "toys not made" in str(result)
    assert "toys without fit" not in str(result)


def test_a_sample_that_is_cut_short_ends_before_the_first_toy_without_a_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toys on the other side have q = 0 without a fit: all of them beside some of the others would be too many."""
    found, fit_toys = model(canonical()), toy_tests.fit_toys
    whole = wilks.hypotest(found, calculator="toys", toys=400)

    def cut(*arguments: Any) -> ManyFits:
        fits = fit_toys(*arguments)
        if not arguments[2].held.any():
            return fits
        kept = fits.statuses[: len(fits) // 2]
        return replace(
            fits, statuses=kept + ("interrupted",) * (len(fits) - len(kept)), converged=fits.converged & False
        )

    monkeypatch.setattr(toy_tests, "fit_toys", cut)
    result = wilks.hypotest(found, calculator="toys", toys=400)
    assert result.statuses == ("interrupted",)
    assert whole.counts is not None
    assert result.counts is not None
    for name in ("tested", "alternative"):
        ours, theirs = (getattr(counts, name)[0] for counts in (result.counts, whole.counts))
        done = int(np.isfinite(ours).sum())
        assert 0 < done < 400
        np.testing.assert_allclose(ours[:done], theirs[:done], atol=2e-6)
        # The next one would have needed a fit.
        assert theirs[done] > 0
        assert (theirs[done:] == 0).any()


def test_an_interrupted_limit_has_the_asymptotic_ones_beside_it() -> None:
    found = model(canonical())
    asymptotic = wilks.limit(found)
    limits = [asymptotic.observed, *asymptotic.expected]
    stop = Stop(after=25_000)
    result = wilks.limit(found, calculator="toys", toys=5000, running=Running(progress=stop))
    np.testing.assert_allclose(result.asymptotic, limits)
    assert set(result.statuses) <= {"converged", "interrupted"}
    assert result.curve.counts is not None
    assert (result.curve.counts.interrupted > 0).all()
    assert (result.curve.counts.failures == 0).all()
    np.testing.assert_allclose(result.curve.values, np.sort(limits))
    good = result.curve.counts.cls_error > 0
    assert good.all()
    assert (abs(result.curve.observed.cls - wilks.hypotest(found, value=result.curve.values).observed.cls) < 0.1).all()
    printed = str(result)
    assert "Tests that were made by then" in printed
    assert f"{limits[0]:.4g}" in printed
    # The first round has six values; as many tests again are foreseen.
    stop.check(2 * (3 * 6 + 1) * 5000)


def test_progress_of_limits_never_goes_back() -> None:
    told: list[tuple[int, int]] = []
    running = Running(progress=lambda done, total: told.append((done, total)))
    result = wilks.limit(model(counting(5, 3, 4)), calculator="toys", toys=1000, running=running)
    done = [done for done, _ in told]
    assert done == sorted(done)
    assert all(done <= total for done, total in told)
    # Three fits for each toy of a value, and one for each of the alternative.
    assert 0 <= (3 * len(result.curve) + 1) * 1000 - done[-1] < 1000
    assert told[0][1] == 2 * 19 * 1000


def test_an_interrupted_significance_counts_what_was_done() -> None:
    found, toys = model(counting(2, 3.2, 8)), 5000
    stop = Stop(after=4000)
    result = wilks.significance(found, toys=toys, running=Running(progress=stop))
    stop.check(2 * toys)
    assert result.failures == 0
    assert 0 < result.interrupted < toys
    p, done = float(stats.poisson.sf(7, 3.2)), toys - result.interrupted
    assert result.toy_p_value == pytest.approx(p, abs=4 * np.sqrt(p / done))
    assert result.significance == wilks.significance(found).significance
    assert f"toys not made: {result.interrupted} (interrupted)" in str(result)


def test_toys_on_the_edge_have_their_likelihood() -> None:
    """q without a lower bound: without events, the best fit is a vanishing rate, and q is twice the tested rate."""
    result = wilks.hypotest(model(counting(3, 1, 2)), statistic="q", calculator="toys", toys=500, value=1.0)
    assert result.counts is not None
    assert result.counts.failures[0] == 0
    q, empty = result.counts.alternative[0], stats.poisson.pmf(0, 1) * 500
    assert abs(np.isclose(q, 8.0, atol=1e-4).sum() - empty) < 5 * np.sqrt(empty)


def test_limits_with_toys() -> None:
    """No event seen, background known: CLs = exp(-s), whatever the background."""
    found = model(counting(1, 0.6, 0))
    result = wilks.limit(found, calculator="toys", toys=20_000)
    assert result.statuses[0] == "converged"
    assert abs(result.observed - np.log(20)) < 4 * result.observed_error
    assert result.observed_error < 0.1
    assert result.curve.calculator == "toys"


def test_limits_with_toys_are_asymptotic_for_many_events() -> None:
    found = model(counting(100, 2000, 2030))
    asymptotic, toys = wilks.limit(found), wilks.limit(found, calculator="toys", toys=8000)
    assert abs(toys.observed - asymptotic.observed) < 4 * toys.observed_error + 0.02 * asymptotic.observed
    good = np.isfinite(toys.expected)
    assert good[1:].all()
    np.testing.assert_allclose(toys.expected[1:4], asymptotic.expected[1:4], rtol=0.06)


def test_significance_with_toys() -> None:
    background, n = 3.2, 8
    result = wilks.significance(model(counting(2, background, n)), toys=8000)
    p = float(stats.poisson.sf(n - 1, background))
    assert result.toy_p_value == pytest.approx(p, abs=4 * np.sqrt(p / 8000))
    assert result.toy_error == pytest.approx(np.sqrt(p / 8000), rel=0.3)
    assert result.failures == 0
    far = wilks.significance(model(counting(2, background, 60)), toys=200)
    assert far.toy_p_value == 0
    assert 0 < far.toy_error < 0.02
    assert far.significance > 10


def test_shared_systematics_are_fitted_in_toys() -> None:
    samples = {"signal": ([5.0, 9.0], [MU]), "background": ([40.0, 30.0], [modifier("gamma", "shapesys", [4.0, 5.0])])}
    found = model(workspace({"SR": samples}, {"SR": [44, 37]}))
    toys = wilks.hypotest(found, value=1.0, calculator="toys", toys=TOYS)
    limit = wilks.hypotest(found, value=1.0)
    assert toys.counts is not None
    assert abs(toys.observed.cls[0] - limit.observed.cls[0]) < 4 * toys.counts.cls_error[0] + 0.02
    assert replace(toys, counts=None).observed is toys.observed
