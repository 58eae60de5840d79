"""What is odd about a fit, by the fit itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from tests.fitting.test_hard_cases import shape
from tests.infer.profiled import compiled, counting, factor, free, specification
from tests.reference.likelihood import Likelihood

import wilks
from wilks.fitting.conditions import RULES
from wilks.fitting.problem import FitOptions
from wilks.results.conditions import Condition
from wilks.results.fit import FitResult


def only(result: FitResult) -> Condition:
    (found,) = result.conditions
    return found


def test_a_factor_at_zero_is_a_note_unless_it_matters() -> None:
    """The background of one bin with 3 events where 5 signal events are kept: -2 / 4."""
    samples = {"s": ([5.0], [free("mu")]), "b": ([4.0], [free("k")])}
    model = compiled(specification([3.0], samples, poi="mu"))
    found = only(wilks.fit(model, fixed={"mu": 1}))
    assert found.rule == "at-bound"
    assert found.parameters == ("k",)
    assert found.bounds == {}
    assert found.numbers["k"] == pytest.approx(-0.5, abs=1e-6)
    drop = 2 * (5 - 3 * np.log(5) - 3 + 3 * np.log(3))
    assert found.numbers["2NLL"] == pytest.approx(-drop, rel=1e-6)
    assert found.severity == ("warning" if drop > 1 else "note")
    model = compiled(specification([1.0], {"s": ([9.0], [free("mu")]), "b": ([4.0], [free("k")])}, poi="mu"))
    assert only(wilks.fit(model, fixed={"mu": 1})).severity == "warning"


def test_factors_that_hold_each_other_are_moved_together() -> None:
    """Once k leaves its bound, l is at its own: both are given wider bounds."""
    samples = {
        "s": ([1.0, 1.0, 0.0], [free("mu")]),
        "k": ([1.0, 0.0, 1.0], [free("k")]),
        "l": ([0.0, 1.0, 1.0], [free("l")]),
    }
    model = compiled(specification([19.0, 14.0, 29.0], samples, poi="mu", k=[0.0, 10.0], l=[0.0, 10.0]))
    found = only(wilks.fit(model))
    free_fit = wilks.fit(model, bounds={"k": (0, 1000), "l": (0, 1000)})
    assert not free_fit.at_bound[1:].any() or free_fit.converged
    assert set(found.bounds) == {"k", "l"}
    assert found.numbers["k"] == pytest.approx(free_fit["k"].value, rel=1e-5)
    assert "default" not in found.text


def test_bounds_of_the_measurement_and_defaults_are_told_apart() -> None:
    samples = {"b": ([1.0], [free("k")])}
    assert "a default" in only(wilks.fit(compiled(specification([30.0], samples)))).text
    own = compiled(specification([30.0], samples, k=[0.0, 5.0]))
    assert "default" not in only(wilks.fit(own)).text
    assert "default" not in only(wilks.fit(compiled(specification([30.0], samples)), bounds={"k": (0, 4)})).text
    assert own.default_bounds.tolist() == [False]


def test_many_factors_make_one_sentence() -> None:
    shape = {"name": "f", "type": "shapefactor", "data": None}
    found = only(wilks.fit(compiled(specification([30.0] * 6, {"b": ([1.0] * 6, [shape])}))))
    assert len(found.parameters) == 6
    assert "and 3 more" in found.text
    assert found.brief == "f[0], f[1], f[2] and 3 more at their bounds"


def test_a_bound_that_nothing_ends() -> None:
    """The rate of a bin without a limit: a factor on almost nothing."""
    found = only(wilks.fit(compiled(specification([30.0], {"b": ([1e-9], [free("k")])}))))
    assert "still at it" in found.text


def test_a_constrained_parameter_at_its_bound() -> None:
    samples = {"b": ([10.0], [factor("a", 0.9, 1.1)])}
    found = only(wilks.fit(compiled(specification([200.0], samples, a=[-5.0, 5.0]))))
    assert found.parameters == ("a",)
    assert found.numbers == {"a": 5.0}
    assert "+5 pre-fit uncertainties" in found.text
    assert found.brief == "a at its bound 5"


def test_the_parameter_of_interest_at_its_bound() -> None:
    found = only(wilks.fit(counting(20, 5, 30)))
    best = minimize_scalar(lambda mu: 5 * mu + 30 - 20 * np.log(5 * mu + 30), bounds=(-5.9, 0), method="bounded")
    assert found.parameters == ("mu",)
    assert found.numbers["mu"] == pytest.approx(best.x, abs=1e-4)
    assert "Between -90 and 10 it is -2," in found.text


def test_a_fit_that_is_flat_elsewhere_is_a_warning() -> None:
    samples = {"s": ([5.0, 0.0], [free("mu")]), "b": ([0.0, 20.0], [free("k"), free("l")])}
    model = compiled(specification([10.0, 22.0], samples, poi="mu"))
    found = only(wilks.fit(model))
    assert found.rule == "flat-direction"
    assert found.severity == "warning"
    assert set(found.parameters) == {"k", "l"}


def test_a_start_that_keeps_constants_elsewhere() -> None:
    samples = {"s": ([5.0], [free("mu")]), "b": ([4.0], [free("k")])}
    spec = specification([30.0], samples, poi="mu")
    spec["measurements"][0]["config"]["parameters"] = [{"name": "k", "fixed": True, "inits": [2.0]}]
    model = compiled(spec)
    start = np.ones(2)
    found = only(wilks.fit(model, start=start))
    assert found.rule == "kept-by-start"
    assert found.parameters == ("k",)
    assert found.numbers == {"k": 1.0}
    assert '"k" at 1, not 2' in found.text
    assert wilks.fit(model, start=start, fixed={"k": 1}).conditions == ()
    assert wilks.fit(model, start={"mu": 3}).conditions == ()


def test_bins_without_a_rate() -> None:
    """All that a bin without events has is taken away; the other bin keeps something."""
    model = compiled(specification([0.0, 0.0], {"w": ([3.0, 1.0], [free("k")]), "b": ([0.0, 2.0], [])}))
    found = {condition.rule: condition for condition in wilks.fit(model).conditions}
    assert found["no-rate"].text == 'The best fit expects 0 events in channel "SR", bin 0 (from 0).'
    assert found["no-rate"].numbers == {"rate": 0.0}


def test_hidden_values_are_not_told() -> None:
    samples = {"s": ([5.0, 0.1], [free("mu")]), "b": ([1.0, 1.0], [free("k")])}
    result = wilks.fit(compiled(specification([20.0, 15.0], samples, poi="mu")))
    assert "mu" in only(result).effect
    found = only(result.blinded())
    assert found.effect == ""
    assert "mu" not in found.numbers
    assert found.numbers["k"] > 10
    assert wilks.fit(counting(20, 5, 30)).blinded().conditions == ()


def test_every_rule_says_what_it_finds() -> None:
    assert all(rule.__doc__ for rule in RULES)


def test_a_rival_minimum_is_told_with_both_places() -> None:
    """Both sides raise the yield: 10.1622 at 1.16 and 10.7231 at -1.32, by brute force."""
    spec = specification([140.0], {"b": ([100.0], [shape("a", [125.0], [130.0])])})
    model = compiled(spec)
    grid = np.linspace(-3.0, 3.0, 60_001)
    levels = 2 * Likelihood(spec).nll(grid[:, None])
    right = grid[np.argmin(np.where(grid > 0, levels, np.inf))]
    left = grid[np.argmin(np.where(grid < 0, levels, np.inf))]
    found = only(wilks.fit(model))
    assert found.rule == "other-minima"
    assert found.parameters == ("a",)
    assert found.numbers["a"] == pytest.approx(left, abs=1e-3)
    assert found.numbers["2NLL"] == pytest.approx(levels[grid < 0].min() - levels.min(), abs=1e-5)
    assert f"{left:.3g} there and {right:.3g} here" in found.text
    assert wilks.fit(model, options=FitOptions(search="none")).conditions == ()


def test_a_minimum_far_above_or_a_mirror_image_is_no_rival() -> None:
    far = compiled(specification([160.0], {"b": ([100.0], [shape("a", [101.0], [160.0])])}))
    assert wilks.fit(far).conditions == ()
    even = compiled(specification([140.0], {"b": ([100.0], [shape("a", [130.0], [130.0])])}))
    result = wilks.fit(even)
    assert result.mirrored
    assert len(result.minima) == 2
    assert result.conditions == ()
