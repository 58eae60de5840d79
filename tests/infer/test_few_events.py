"""Asymptotic formulae with hardly an event are told, and only these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import poisson
from tests.infer.profiled import compiled, counting, factor, free, specification

import wilks
from wilks.infer.few_events import counts
from wilks.infer.study import study
from wilks.model.model import Model


def told(result: Any) -> str:
    """Return which answers are said to be off."""
    found = [condition for condition in result.origin.conditions if condition.rule == "few-events"]
    return found[0].effect if found else ""


def exact_limit(n: float, s: float, b: float) -> float:
    """Return the CLs limit by Poisson sums."""
    cls = lambda mu: poisson.cdf(n, mu * s + b) / poisson.cdf(n, b) - 0.05  # noqa: E731
    return float(brentq(cls, 1e-6, 1e3))


@pytest.mark.parametrize(
    ("n", "b"),
    [
        (n, b)
        for b in (0.02, 0.3, 1.0, 3.0, 8.0, 30.0)
        for n in (0, 1, 3, 5, 10, 35)
        if poisson.cdf(n, b) > 0.02 and poisson.sf(n - 1, b) > 1e-6
    ],
)
def test_limits_that_are_off_by_ten_percent_are_told(n: int, b: float) -> None:
    """Exact limits by Poisson sums; between 8 and 12 % either is right."""
    result = wilks.limit(counting(n, 2.0, b))
    error = abs(result.observed / exact_limit(n, 2.0, b) - 1)
    if error > 0.12:
        assert told(result).startswith("Observed")
    elif error < 0.08:
        assert not told(result).startswith("Observed")


def test_counts_of_one_bin_are_those_of_the_bin() -> None:
    model = counting(4, 2.0, 3.0)
    found = counts(study(model), np.array([1.5]), 0)
    assert found is not None
    assert (found.expected, found.observed, found.auxiliary, found.discrete) == pytest.approx((6.0, 4.0, np.inf, True))


def test_equal_bins_count_together_and_insensitive_ones_do_not() -> None:
    samples = {"s": ([2.0, 2.0, 0.001], [free("mu")]), "b": ([3.0, 3.0, 90.0], [])}
    found = counts(study(compiled(specification([4.0, 1.0, 80.0], samples, poi="mu"))), np.array([1.0]), 0)
    assert found is not None
    assert not found.discrete
    assert (found.expected, found.observed) == pytest.approx((10.0, 5.0), rel=1e-3)


@pytest.mark.parametrize("seed", range(25))
def test_counts_are_at_least_what_the_bins_with_the_fewest_would_have_alone(seed: int) -> None:
    """So a closer look is only needed where this bound is low."""
    random = np.random.default_rng(seed)
    signal, background = random.uniform(0.01, 9, 3), random.uniform(0.01, 40, 3)
    samples = {
        "s": (signal.tolist(), [free("mu")]),
        "b": (background.tolist(), [factor("a", 0.7, 1.2), factor("c", 0.95, 1.1)]),
    }
    model = compiled(specification(random.poisson(signal + background).astype(float).tolist(), samples, poi="mu"))
    asked, theta = study(model), wilks.fit(model, fixed={"mu": 1.3}).values
    found, rates = counts(asked, theta, asked.poi), model.expected(theta)
    assert found is not None
    fewest = rates.min() * (1 - 1e-9)
    assert found.expected >= fewest
    assert found.observed >= fewest * (model.observed_main / rates).min()


def test_background_uncertainty_takes_weight_away() -> None:
    """The bin with most background and a large uncertainty tells little: the other one counts."""

    def model(size: float) -> Model:
        background = ([2.0, 50.0], [])
        own = ([1e-9, 40.0], [factor("a", 1 - size, 1 + size)])
        return compiled(
            specification([2.0, 90.0], {"s": ([1.0, 20.0], [free("mu")]), "b": background, "c": own}, poi="mu")
        )

    known, unknown = (counts(study(each), np.zeros(2), each.index("mu")) for each in map(model, (1e-6, 0.8)))
    assert known is not None
    assert unknown is not None
    assert known.expected > 50
    assert unknown.expected < 5


def test_toys_have_nothing_to_tell() -> None:
    model = counting(0, 1.0, 0.2)
    assert told(wilks.limit(model))
    assert told(wilks.hypotest(model))
    assert not told(wilks.limit(model, calculator="toys", toys=200))
    assert not told(wilks.hypotest(model, calculator="toys", toys=200))


@pytest.mark.parametrize(("n", "b", "off"), [(1, 0.01, True), (2, 0.2, True), (9, 1.0, False), (30, 15.0, False)])
def test_significances(n: int, b: float, off: bool) -> None:
    from scipy.stats import norm

    result = wilks.significance(counting(n, 1.0, b))
    exact = norm.isf(poisson.sf(n - 1, b))
    assert (abs(result.significance / exact - 1) > 0.1) == off
    assert bool(told(result)) == off
    assert bool(told(wilks.hypotest(counting(n, 1.0, b), statistic="q0"))) == off


def test_significances_with_a_background_from_one_event() -> None:
    """20 +- 20 expected: the auxiliary measurement is one event."""
    samples = {"s": ([1.0], [free("mu")]), "b": ([20.0], [{"name": "u", "type": "shapesys", "data": [20.0]}])}
    assert told(wilks.significance(compiled(specification([80.0], samples, poi="mu"))))
    samples["b"] = ([20.0], [{"name": "u", "type": "shapesys", "data": [4.0]}])
    assert not told(wilks.significance(compiled(specification([80.0], samples, poi="mu"))))


def test_intervals() -> None:
    assert told(wilks.intervals(counting(2, 1.0, 0.1)))
    assert not told(wilks.intervals(counting(40, 1.0, 0.1, mu=[0.0, 100.0])))


def test_what_nothing_tells_apart_has_no_counts() -> None:
    samples = {"s": ([3.0, 1.0], [free("mu")]), "w": ([6.0, 2.0], [free("k")])}
    found = study(compiled(specification([4.0, 1.0], samples, poi="mu")))
    for mu, k in ((0.3, 0.7), (0.123, 0.456), (1.1, 0.01)):
        theta = np.array([mu, k] if found.model.parameter_names[0] == "mu" else [k, mu])
        assert counts(found, theta, found.poi) is None


def test_the_published_kind(shared_data: Path) -> None:
    path = shared_data.parent / "cases" / "asymptotic_low_counts_silent" / "workspace.json"
    result = wilks.limit(wilks.compile_model(wilks.load_workspace(path)))
    assert result.observed == pytest.approx(2.088, abs=1e-3)
    found = result.origin.conditions[-1]
    assert found.rule == "few-events"
    assert "--toys" in found.advice
    assert found.numbers == pytest.approx({"events": 0.0, "expected without signal": 0.2})
