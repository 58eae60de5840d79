"""Goodness of fit: cabinetry's numbers, closed forms, the reference likelihood, distributions of toys."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln, rel_entr
from tests.infer.counting import WIDE, model, modifier, spec, workspace
from tests.reference.likelihood import Likelihood

import wilks.infer.goodness_of_fit as module
from wilks import chi_square, compile_model, fit, goodness_of_fit, load_workspace, mask_bins, select_channels, transfer
from wilks.errors import ModelError, ResultError
from wilks.infer.study import Running

EXAMPLE = "cabinetry-example/golden/example_ntuple_workspace.json"
LESSON = "ttbar-lesson/workspace.json"
SYSTEMATICS = [modifier(f"jes_{i}", "normsys", {"lo": 1 - 0.02 * i, "hi": 1 + 0.02 * i}) for i in (1, 2, 3)]
TEN_BINS = {"SR": ([5.0] * 10, [400.0] * 10, [410.0 + 3 * (-1) ** i * i for i in range(10)])}


def test_cabinetrys_p_values(shared_data: Path) -> None:
    example = goodness_of_fit(compile_model(load_workspace(shared_data / EXAMPLE)))
    assert example.p_value == pytest.approx(0.24679341, abs=2e-6)  # its fit stops early
    assert example.ndof == 3
    lesson = goodness_of_fit(compile_model(load_workspace(shared_data / LESSON)))
    assert lesson.ndof == 21
    assert lesson.p_value == pytest.approx(0.99999, abs=1e-5)


def test_saturated_likelihood_by_the_reference(shared_data: Path) -> None:
    document = json.loads((shared_data / "ttbar-lesson/workspace_repaired.json").read_text())
    ref, compiled = Likelihood(document), compile_model(load_workspace(document))
    found, best = goodness_of_fit(compiled, fixed={"Luminosity": 0.5}), fit(compiled, fixed={"Luminosity": 0.5})
    n, rates = ref.main_data, ref.expected(best.values)
    deviance = 2 * (rates - n + n * np.log(n / rates))
    sigma = ref.sigmas[ref.constrained]
    pulls = (ref.auxdata - best.values[ref.constrained]) / sigma
    pulls[[compiled.parameter_names[i] == "Luminosity" for i in ref.constrained]] = 0.0
    assert found.statistic == pytest.approx(deviance.sum() + (pulls**2).sum(), rel=1e-9)
    assert found.constraints == pytest.approx((pulls**2).sum(), rel=1e-8)
    assert [c.statistic for c in found.channels] == pytest.approx(
        [deviance[ref.channel_bins[c.name]].sum() for c in found.channels], rel=1e-9
    )
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 21), rel=1e-12)


def test_one_bin_without_parameters_in_closed_form() -> None:
    found = goodness_of_fit(model({"SR": ([3.0], [9.0], [17.0])}), fixed={"mu": 1.0})
    assert found.statistic == pytest.approx(2 * (12 - 17 + 17 * np.log(17 / 12)), rel=1e-12)
    assert found.ndof == 1
    empty = goodness_of_fit(model({"SR": ([3.0], [9.0], [0.0])}), fixed={"mu": 1.0})
    assert empty.statistic == pytest.approx(24.0)


def test_poisson_constraints_by_hand() -> None:
    compiled = model({"SR": ([3.0], [50.0], [70.0])}, background=[modifier("gamma", "shapesys", [5.0])])
    found, best = goodness_of_fit(compiled, fixed={"mu": 1.0}), fit(compiled, fixed={"mu": 1.0})
    tau, gamma = 100.0, best["gamma[0]"].value
    nu = 3 + 50 * gamma
    parts = [2 * (mean - n + n * np.log(n / mean)) for n, mean in ((70.0, nu), (tau, tau * gamma))]
    assert found.statistic == pytest.approx(sum(parts), rel=1e-9)
    assert found.constraints == pytest.approx(parts[1], rel=1e-7)


def test_bins_that_expect_nothing_do_not_count() -> None:
    channels = {"SR": ([3.0, 4.0], [9.0, 8.0], [17.0, 9.0])}
    whole = goodness_of_fit(model(channels), fixed={"mu": 1.0})
    masked = goodness_of_fit(compile_model(mask_bins(workspace(channels), {"SR": [0]})), fixed={"mu": 1.0})
    assert (whole.ndof, masked.ndof) == (2, 1)
    assert masked.statistic == pytest.approx(2 * (12 - 9 + 9 * np.log(9 / 12)))
    assert masked.channels[0].bins == 1


@pytest.mark.parametrize("held", [{}, {"jes_*": 0.0}])
def test_toys_follow_chi_square_where_events_are_many(held: dict[str, float]) -> None:
    """Constraint terms of parameters that are kept are left out: they would add one degree of freedom each."""
    found = goodness_of_fit(model(TEN_BINS, background=SYSTEMATICS, parameters=WIDE), toys=3000, seed=5, fixed=held)
    assert found.statuses == {"converged": 3000}
    assert found.ndof == 9
    assert stats.kstest(found.toys, stats.chi2(9).cdf).pvalue > 1e-3
    assert found.toys.mean() == pytest.approx(9, abs=5 * np.sqrt(2 * 9 / 3000))
    assert abs(found.toys_p_value - found.p_value) < 5 * found.toys_p_uncertainty
    # One channel: its part is the statistic without the constraint terms.
    assert found.channels[0].p_value == pytest.approx(found.toys_p_value, abs=0.1)


def test_toys_of_few_events_by_summation() -> None:
    """Counts repeat: toys with the statistic of the data count as large."""
    found = goodness_of_fit(model({"SR": ([1.0, 2.0, 1.0], [0.0] * 3, [1, 0, 2])}), toys=20_000, seed=3)
    expected = 0.75 * np.array([1.0, 2.0, 1.0])  # the rate fitted to three events
    counts = np.array(np.meshgrid(*[np.arange(15)] * 3)).reshape(3, -1)
    fitted = counts.sum(axis=0) * expected[:, None] / 3.0
    statistic = 2.0 * (rel_entr(counts, fitted) - counts + fitted).sum(axis=0)
    probability = stats.poisson.pmf(counts, expected[:, None]).prod(axis=0)
    observed = statistic[(counts == np.array([[1], [0], [2]])).all(axis=0)]
    assert found.statistic == pytest.approx(observed[0], abs=1e-6)
    p = probability[statistic >= observed - 1e-9].sum()
    assert abs(found.toys_p_value - p) < 4 * found.toys_p_uncertainty
    assert p - probability[statistic > observed + 1e-9].sum() > 8 * found.toys_p_uncertainty


def test_toys_are_the_same_for_any_number_of_threads() -> None:
    compiled = model(TEN_BINS, background=SYSTEMATICS, parameters=WIDE)
    one, two = (goodness_of_fit(compiled, toys=200, seed=2, running=Running(threads=n)) for n in (1, 2))
    np.testing.assert_array_equal(one.toys, two.toys)
    other = goodness_of_fit(compiled, toys=200, seed=3)
    assert not np.array_equal(one.toys, other.toys)
    few = goodness_of_fit(compiled, toys=70, seed=2)
    np.testing.assert_allclose(few.toys, one.toys[:70], rtol=1e-9)


def test_interrupted_toys_are_counted_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_A_TIME", 1)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 200

    compiled = model(TEN_BINS, background=SYSTEMATICS, parameters=WIDE)
    found = goodness_of_fit(compiled, toys=450, running=Running(progress=stop))
    assert told[-1] == (200, 450)
    assert found.statuses == {"converged": 200, "interrupted": 250}
    assert np.isnan(found.toys).sum() == 250
    assert "250 of 450 without a statistic; 250 interrupted" in str(found)
    np.testing.assert_allclose(found.usable_toys, goodness_of_fit(compiled, toys=200).toys, rtol=1e-9)


def test_what_fails_for_good_is_an_interval_and_what_was_not_made_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, honest = model(TEN_BINS, background=SYSTEMATICS, parameters=WIDE), module.fit_toys
    whole = goodness_of_fit(compiled, toys=100, seed=3)

    def some_fail(*arguments: Any) -> Any:
        fits = honest(*arguments)
        statuses = ["no step improves the likelihood any more", *fits.statuses[1:]]
        statuses[90] = "interrupted"  # those after it are done, but no random choice
        return replace(fits, statuses=tuple(statuses), converged=np.array([s == "converged" for s in statuses]))

    monkeypatch.setattr(module, "fit_toys", some_fail)
    found = goodness_of_fit(compiled, toys=100, seed=3)
    assert found.statuses == {"converged": 89, "interrupted": 10, "no step improves the likelihood any more": 1}
    assert found.lost_toys == 1
    np.testing.assert_allclose(found.usable_toys, whole.toys[1:90])
    low, high = found.toys_p_range
    assert high - low == pytest.approx(1 / 90)
    assert low <= (whole.toys[:90] >= whole.statistic).mean() <= high
    (channel,) = found.channels
    assert channel.p_range[1] - channel.p_range[0] == pytest.approx(1 / 90)


def test_a_failed_fit_says_so() -> None:
    channels = {"SR": ([3.0], [9.0], [17.0])}
    flat = model(channels, signal=[modifier("mu"), modifier("twin")])
    found = goodness_of_fit(flat)
    assert not found.converged
    assert "NOT CONVERGED" in str(found)
    assert np.isnan(found.p_value)
    assert found.ndof == -1


def test_chi_square_before_the_fit_by_numerical_derivatives(shared_data: Path) -> None:
    document = json.loads((shared_data / "ttbar-lesson/workspace_repaired.json").read_text())
    ref, compiled = Likelihood(document), compile_model(load_workspace(document))
    widths = np.where(np.isnan(ref.sigmas) | ref.fixed, 0.0, ref.sigmas)
    jacobian = ref.jacobian(ref.inits)
    rates, residual = ref.expected(ref.inits), ref.main_data - ref.expected(ref.inits)
    matrix = (jacobian * widths**2) @ jacobian.T + np.diag(rates)
    found = chi_square(compiled)
    assert found.statistic == pytest.approx(residual @ np.linalg.inv(matrix) @ residual, rel=1e-7)
    assert (found.ndof, found.at) == (22, "pre-fit")
    for channel in found.channels:
        bins = ref.channel_bins[channel.name]
        part = residual[bins] @ np.linalg.inv(matrix[bins, bins]) @ residual[bins]
        assert channel.statistic == pytest.approx(part, rel=1e-7)
        assert channel.p_value == pytest.approx(stats.chi2.sf(part, 11))
    held = chi_square(compiled, fixed={"*": 1.0, "Jet*": 0.0, "b-tag*": 0.0, "*variation*": 0.0, "Luminosity": 0.0})
    assert held.statistic == pytest.approx((residual**2 / rates).sum(), rel=1e-9)


def test_chi_square_of_a_validation_region_in_closed_form() -> None:
    whole = workspace(
        {"CR": ([0.0], [80.0], [100.0]), "VR": ([0.0], [40.0], [61.0])},
        signal=[],
        background=[modifier("rate")],
    )
    control = fit(compile_model(select_channels(whole, "CR"), poi=""))
    validation = compile_model(select_channels(whole, "VR"), poi="")
    found = chi_square(validation, after=control)
    nu, variance = 50.0, 50.0 + (40 / 80) ** 2 * 100
    assert found.statistic == pytest.approx((61 - nu) ** 2 / variance, rel=1e-7)
    assert found.p_value == pytest.approx(stats.chi2.sf((61 - nu) ** 2 / variance, 1))
    assert found.at == "post-fit of other data"
    assert chi_square(validation, after=transfer(control, validation)).statistic == pytest.approx(found.statistic)
    with pytest.raises(ResultError, match="the fit used these data"):
        chi_square(validation, after=fit(validation))
    with pytest.raises(ResultError, match="no covariance"):
        chi_square(validation, after=replace(control, covariance_valid=False))
    with pytest.raises(ResultError, match='does not tell the value of "rate"'):
        chi_square(validation, after=control.blinded("rate"))


def test_events_where_none_are_expected_have_no_chance() -> None:
    compiled = model({"SR": ([0.0, 1.0], [0.0, 9.0], [1.0, 9.0])})
    found = chi_square(compiled)
    assert found.statistic == np.inf
    assert found.p_value == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"toys": -1}, "whole number from 0"),
        ({"toys": 10, "seed": -3}, "seed must be"),
        ({"fixed": {"muu": 1.0}}, 'did you mean "mu"'),
        ({"data": np.ones(3)}, "data have shape"),
        ({"data": np.array([np.nan])}, "finite"),
    ],
)
def test_mistakes_are_sentences(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        goodness_of_fit(model({"SR": ([3.0], [9.0], [17.0])}), **options)


def test_a_result_at_hand_is_used() -> None:
    compiled = model({"SR": ([3.0, 1.0], [9.0, 9.0], [17.0, 12.0])})
    result = fit(compiled)
    assert goodness_of_fit(compiled, result=result).statistic == pytest.approx(goodness_of_fit(compiled).statistic)
    with pytest.raises(ResultError, match="another workspace"):
        goodness_of_fit(model({"SR": ([3.0], [9.0], [17.0])}), result=result)


def test_constants_are_those_of_the_densities() -> None:
    """The statistic is a difference of two large numbers; both have all constants."""
    document = spec({"SR": ([3.0], [9.0], [17.5])}, background=[modifier("gamma", "staterror", [1.0])])
    compiled = compile_model(load_workspace(document))
    found, best = goodness_of_fit(compiled, fixed={"mu": 1.0}), fit(compiled, fixed={"mu": 1.0})
    saturated = 2 * (17.5 - 17.5 * np.log(17.5) + gammaln(18.5)) - 2 * stats.norm.logpdf(0.0, scale=1 / 9)
    assert best.twice_nll - saturated == pytest.approx(found.statistic, rel=1e-9)
