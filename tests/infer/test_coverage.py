"""Coverage against sums over all counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.infer.searches import counting, model, modifier, one_channel, poisson_q

import wilks
from wilks.errors import ModelError
from wilks.infer.study import Running

SIGNAL, BACKGROUND, LEVEL = 2.0, 6.0, 0.9
TOYS = 3000
COUNTS = np.arange(60)


@pytest.fixture(scope="module")
def found() -> wilks.results.coverage.CoverageResult:
    asked = model(counting(SIGNAL, BACKGROUND, 6, bounds=(0, 50)))
    methods = ("wald", "profile", "feldman-cousins", "cls")
    return wilks.coverage(asked, values=[0.0, 1.0, 3.0], methods=methods, level=LEVEL, toys=TOYS, inner_toys=4000)


def likelihood_ratio(n: float, mu: float) -> float:
    best = max((n - BACKGROUND) / SIGNAL, 0.0)

    def twice_nll(strength: float) -> float:
        rate = strength * SIGNAL + BACKGROUND
        return 2 * (rate - n * np.log(rate))

    return float(twice_nll(mu) - twice_nll(best))


def wald(n: int, mu: float) -> float:
    """Return whether the interval holds mu; NaN at the bound, where there is none."""
    best = (n - BACKGROUND) / SIGNAL
    if best <= 0:
        return np.nan
    return float(abs(best - mu) <= stats.norm.isf(0.5 * (1 - LEVEL)) * np.sqrt(n) / SIGNAL)


def profile(n: int, mu: float) -> float:
    return float(likelihood_ratio(n, mu) <= stats.chi2.isf(1 - LEVEL, 1))


def feldman_cousins(n: int, mu: float) -> float:
    t = np.array([likelihood_ratio(k, mu) for k in COUNTS])
    return float(stats.poisson.pmf(COUNTS, mu * SIGNAL + BACKGROUND)[t >= t[n] - 1e-9].sum() > 1 - LEVEL)


def cls(n: int, mu: float) -> float:
    """The limit by the asymptotic formulae of q~, as 1007.1727 has them."""
    q, asimov = poisson_q(SIGNAL, BACKGROUND, n, mu), poisson_q(SIGNAL, BACKGROUND, BACKGROUND, mu)
    if mu == 0:
        return 1.0
    root, sigma = np.sqrt(q), np.sqrt(asimov)
    if q <= asimov:
        clsb, clb = stats.norm.sf(root), stats.norm.sf(root - sigma)
    else:
        clsb, clb = stats.norm.sf((q + asimov) / (2 * sigma)), stats.norm.sf((q - asimov) / (2 * sigma))
    return float(clsb / clb > 1 - LEVEL)


@pytest.mark.parametrize("method", [wald, profile, feldman_cousins, cls])
def test_coverage_of_a_count_is_summed_exactly(found: wilks.results.coverage.CoverageResult, method: object) -> None:
    row = found.methods.index(method.__name__.replace("_", "-"))  # type: ignore[attr-defined]
    for column, mu in enumerate(found.values):
        weights = stats.poisson.pmf(COUNTS, mu * SIGNAL + BACKGROUND)
        holds = np.array([method(int(n), float(mu)) for n in COUNTS])  # type: ignore[operator]
        known = np.isfinite(holds)
        exact = weights[known & (holds == 1)].sum() / weights[known].sum()
        error = max(found.errors[row, column], 1 / TOYS)
        assert abs(found.coverage[row, column] - exact) < 4 * error
        assert found.lost[row, column] == pytest.approx(TOYS * weights[~known].sum(), abs=4 * np.sqrt(TOYS) * 0.5)
        low, high = found.ranges[row, column]
        assert low <= found.coverage[row, column] <= high


def test_binomial_intervals(found: wilks.results.coverage.CoverageResult) -> None:
    for i, j in np.ndindex(found.covered.shape):
        k, n = int(found.covered[i, j]), int(found.usable[i, j])
        known = stats.binomtest(k, n).proportion_ci(0.6826894921370859, "exact")
        np.testing.assert_allclose(found.intervals[i, j], [known.low, known.high], atol=1e-9)


def test_feldman_cousins_with_a_nuisance_parameter_covers_where_wald_does() -> None:
    """Many events: all intervals do; every toy has inner toys of its own."""
    spec = one_channel([300.0], [5000.0], [5150.0], [modifier("norm", "normsys", {"lo": 0.99, "hi": 1.01})])
    asked = model(spec, poi="mu")
    options = {"values": [1.0], "methods": ("wald", "profile", "feldman-cousins"), "level": 0.68, "toys": 150}
    one, two = (wilks.coverage(asked, inner_toys=200, threads=threads, **options) for threads in (1, 3))
    assert (np.abs(one.coverage - 0.68) < 3.5 * one.errors).all()
    np.testing.assert_array_equal(one.covered, two.covered)
    assert one.converged


def test_toys_are_made_where_asked(tmp_path: Path) -> None:
    """With the background higher than its constraint says, intervals of the signal miss the truth."""
    spec = one_channel([300.0], [5000.0], [5150.0], [modifier("norm", "normsys", {"lo": 0.999, "hi": 1.001})])
    shifted = wilks.coverage(
        model(spec), values=[0.5], methods=("profile",), toys=200, at={"norm": 30.0}, fixed={"norm": 0}
    )
    assert shifted.coverage[0, 0] < 0.8
    shifted.save(tmp_path / "coverage.json")
    assert str(wilks.load_result(tmp_path / "coverage.json")) == str(shifted)
    assert shifted.origin.dataset == "toys (pre-fit), norm = 30"
    hidden = wilks.fit(model(spec)).blinded("mu")
    after = wilks.coverage(model(spec), hidden, values=[0.5], methods=("profile",), toys=20)
    assert after.origin.dataset == "toys (post-fit)"


def test_ctrl_c_keeps_what_is_done() -> None:
    asked = model(counting(SIGNAL, BACKGROUND, 6, bounds=(0, 50)))
    stop = Running(progress=lambda done, _: done < 2500)
    stopped = wilks.coverage(asked, values=[1.0, 2.0], methods=("profile", "cls"), toys=900, running=stop)
    assert not stopped.converged
    assert stopped.usable[0, 0] == 900
    assert stopped.usable[:, 1].sum() < 1800
    assert "interrupted" in str(stopped)


def test_all_mistakes_at_once() -> None:
    asked = model(counting(SIGNAL, BACKGROUND, 6, bounds=(0, 50)))
    with pytest.raises(ModelError) as caught:
        wilks.coverage(asked, values=[1], parameter="mv", methods=("wadl", "cls"), level=95, toys=0, inner_toys=3)
    assert len(caught.value.problems) == 5
    with pytest.raises(ModelError, match="whose true values"):
        wilks.coverage(asked, values=[1], at={"mu": 2})
    with pytest.raises(ModelError, match="bounds 0 to 50"):
        wilks.coverage(asked, values=[-1.0, 60.0])
