"""The exact side of the comparison is right, and its summary counts."""

from __future__ import annotations

import pytest
from scipy.optimize import brentq
from scipy.stats import norm, poisson

benchmark = pytest.importorskip("benchmarks.few_events", reason="the benchmarks are not part of this source tree")


@pytest.mark.parametrize(("n", "b"), [(0, 0.2), (2, 1.0), (7, 5.0)])
def test_one_bin_is_a_ratio_of_poisson_sums(n: int, b: float) -> None:
    exact = benchmark.Exact.of(benchmark.Counting(b, (n,), 0.0))
    expected = brentq(lambda mu: poisson.cdf(n, mu + b) / poisson.cdf(n, b) - 0.05, 1e-6, 1e3)
    assert exact.limit() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("n", "b"), [(1, 0.1), (9, 3.0)])
def test_the_significance_is_that_of_the_tail(n: int, b: float) -> None:
    exact = benchmark.Exact.of(benchmark.Counting(b, (n,), 0.0))
    assert exact.significance() == pytest.approx(norm.isf(poisson.sf(n - 1, b)), rel=1e-6)


def test_no_event_excludes_three_whatever_the_background() -> None:
    """Outcomes without events are the only ones that are as extreme, for any auxiliary count."""
    assert benchmark.Exact.of(benchmark.Counting(1.0, (0,), 0.3)).limit() == pytest.approx(2.996, rel=2e-3)


def test_one_event_in_an_empty_bin_beside_a_hopeless_one() -> None:
    """The second bin has a third of the signal: no events in either exclude 3 / (1 + 1/3)."""
    assert benchmark.Exact.of(benchmark.Counting(0.01, (0, 0), 0.0)).limit() == pytest.approx(2.996 * 0.75, rel=2e-3)


def test_the_summary_counts() -> None:
    model = benchmark.Counting(1.0, (0,), 0.0)
    found = [(1.3, True), (1.2, False), (1.05, True), (1, False)]
    rows = [benchmark.Row("kind", model, asymptotic, 1.0, told) for asymptotic, told in found]
    assert benchmark.summary(rows).splitlines()[-1] == "| kind | 2 | 1 | 2 | 1 | 20 % |"
    assert "0: 1.30, 1.00, **+30 %**" in benchmark.single(rows)
