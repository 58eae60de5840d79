"""Asymptotic p-values against pyhf, ROOT's tails, and simulated best fits."""

from __future__ import annotations

import numpy as np
import pytest
from pyhf.infer.calculators import AsymptoticTestStatDistribution
from scipy import stats

from wilks.errors import ModelError
from wilks.infer.asymptotics import SIGMAS, STATISTICS, check_test, expected_tails, log_tail, observed_tails

ROOT = {
    5: 2.866515718791945e-07,
    6: 9.865876450377018e-10,
    7: 1.279812543885835e-12,
    8: 6.220960574271829e-16,
    9: 1.1285884059538408e-19,
}


@pytest.mark.parametrize("sigmas", ROOT)
def test_tails_are_roots(sigmas: int) -> None:
    assert np.exp(log_tail(np.float64(sigmas))) == pytest.approx(ROOT[sigmas], rel=1e-12)


def test_tails_that_floating_point_numbers_cannot_hold() -> None:
    # Mills' ratio: tail(z) = density(z) / z (1 - 1 / z^2 + ...).
    z = 1000.0
    assert log_tail(np.float64(z)) == pytest.approx(
        -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - np.log(z) - z**-2, rel=1e-14
    )


def statistic_of(name: str, best: np.ndarray, mu: float) -> np.ndarray:
    """Return the test statistic of best fits whose likelihood is exactly parabolic, with sigma 1."""
    bounded = np.maximum(best, 0) if name in ("t~", "q~", "q0") else best
    t = (best - mu) ** 2 - (best - bounded) ** 2
    if name in ("q", "q~"):
        return np.where(bounded > mu, 0.0, t)
    return np.where(bounded < mu, 0.0, t) if name == "q0" else t


@pytest.mark.parametrize("name", STATISTICS)
def test_p_values_are_fractions_of_experiments(name: str) -> None:
    mu, other = (0.0, 1.7) if name == "q0" else (1.7, 0.0)
    random = np.random.default_rng(3)
    n = 400_000
    tested, alternative = (statistic_of(name, random.normal(mean, 1, n), mu) for mean in (mu, other))
    asimov = float(statistic_of(name, np.array([other]), mu)[0])
    assert asimov == pytest.approx(1.7**2)
    for best in (-1.3, -0.2, 0.4, 1.1, 2.9):
        q = float(statistic_of(name, np.array([best]), mu)[0])
        if q == 0:
            continue
        tails = observed_tails(np.array([q]), np.array([asimov]), name)
        for toys, found in ((tested, tails.log_clsb), (alternative, tails.log_clb)):
            fraction = np.mean(toys >= q)
            assert np.exp(found[0]) == pytest.approx(fraction, abs=5 * np.sqrt(fraction / n) + 1e-5)


@pytest.mark.parametrize("name", ["t", "t~"])
def test_two_sided_bands_lie_at_the_quantiles_of_the_alternative(name: str) -> None:
    asimov = np.array([0.3, 1.0, 6.0, 40.0])
    tails = expected_tails(asimov, name)
    np.testing.assert_allclose(tails.log_clb, np.broadcast_to(stats.norm.logsf(SIGMAS), (4, 5)), atol=1e-9)
    assert (np.diff(tails.log_clsb, axis=1) > 0).all()


@pytest.mark.parametrize("base", ["normal", "clipped_normal"])
@pytest.mark.parametrize("name", ["q", "q~", "q0"])
def test_bands_are_pyhfs(name: str, base: str) -> None:
    for asimov in (0.2, 1.5, 3.0, 30.0):
        cutoff = -np.sqrt(asimov) if base == "clipped_normal" else -np.inf
        tested = AsymptoticTestStatDistribution(-np.sqrt(asimov), cutoff)
        other = AsymptoticTestStatDistribution(0.0, cutoff)
        points = [other.expected_value(n) for n in (2, 1, 0, -1, -2)]
        tails = expected_tails(np.array([asimov]), name, base)
        np.testing.assert_allclose(np.exp(tails.log_clsb[0]), [tested.pvalue(p) for p in points], rtol=1e-12)
        np.testing.assert_allclose(np.exp(tails.log_clb[0]), [other.pvalue(p) for p in points], rtol=1e-12)


@pytest.mark.parametrize("name", ["q", "q~", "t", "t~"])
def test_a_signal_of_size_zero_is_never_excluded(name: str) -> None:
    for q in (0.0, 1e-15, 0.7):
        assert observed_tails(np.array([q]), np.zeros(1), name).log_cls[0] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(expected_tails(np.zeros(1), name).log_cls, 0, atol=1e-12)


def test_unknown_names_are_refused_together() -> None:
    with pytest.raises(ModelError) as caught:
        check_test("qtilde", "normall")
    assert len(caught.value.problems) == 2
    assert 'did you mean "normal"' in caught.value.problems[1]
