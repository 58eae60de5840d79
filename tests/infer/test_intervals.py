"""Profile-likelihood intervals against closed forms, MINOS, cabinetry and conditional fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from iminuit import Minuit
from scipy.optimize import brentq
from scipy.stats import chi2
from tests.infer.profiled import (
    compiled,
    counting,
    counting_rise,
    factor,
    free,
    gaussian,
    specification,
)
from tests.reference.likelihood import Likelihood

import wilks
from wilks.errors import ModelError, ResultError
from wilks.infer.intervals import intervals, quantile
from wilks.results.intervals import AT_BOUND, CONVERGED

EXAMPLE = "cabinetry-example/golden/example_ntuple_workspace.json"
REPAIRED = "ttbar-lesson/workspace_repaired.json"
LESSON = "ttbar-lesson/workspace.json"


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.mark.parametrize("level", [0.01, 0.5, 0.6827, 0.95, 0.999999])
def test_quantiles(level: float) -> None:
    assert quantile(level) == pytest.approx(chi2.ppf(level, 1), rel=1e-12)


def test_a_gaussian_likelihood_gives_the_covariance() -> None:
    result = intervals(gaussian(), parameters="*", levels=(0.6827, 0.95))
    for row, level in enumerate(result.levels):
        z = np.sqrt(chi2.ppf(level, 1))
        np.testing.assert_allclose(result.lower[row], [-z, -z], atol=1e-9)
        np.testing.assert_allclose(result.upper[row], [z, z], atol=1e-9)
        np.testing.assert_allclose(np.stack(result.symmetric(level)), [[-z, -z], [z, z]], rtol=1e-12)
    assert result.converged
    assert result.notes == ()


@pytest.mark.parametrize(("n", "signal", "background"), [(12.0, 4.0, 7.3), (3.0, 1.5, 0.2), (2500.0, 100.0, 1900.0)])
def test_counting_against_root_finding(n: float, signal: float, background: float) -> None:
    best = (n - background) / signal
    levels = (0.3, 0.6827, 0.9)
    result = intervals(counting(n, signal, background), levels=levels)
    for level in levels:
        height = chi2.ppf(level, 1)

        def above(mu: float, height: float = height) -> float:
            return counting_rise(mu, n, signal, background, best) - height

        interval = result["mu", level]
        assert interval.value == pytest.approx(best, rel=1e-9)
        assert interval.upper == pytest.approx(brentq(above, best, best + 20, xtol=1e-13), rel=1e-7)
        if above(0.0) < 0:
            assert (interval.lower, interval.lower_status) == (0.0, AT_BOUND)
        else:
            assert interval.lower == pytest.approx(brentq(above, 0.0, best, xtol=1e-13), rel=1e-7)
            assert interval.lower_status == CONVERGED
    assert result.converged


def test_best_fit_at_a_bound() -> None:
    """The likelihood rises from the bound with a slope; below the bound there is nothing."""
    result = intervals(counting(5.0, 10.0, 8.0), levels=(0.6827, 0.95))
    for level in result.levels:
        interval = result["mu", level]
        height = chi2.ppf(level, 1)
        expected = brentq(lambda mu, height=height: counting_rise(mu, 5.0, 10.0, 8.0, 0.0) - height, 0, 20, xtol=1e-13)
        assert interval.upper == pytest.approx(expected, rel=1e-7)
        assert (interval.value, interval.lower, interval.lower_status) == (0.0, 0.0, AT_BOUND)
    assert "at bound" in str(result)


def test_bounds_are_respected() -> None:
    model = counting(12.0, 4.0, 7.3)
    free_interval = intervals(model)["mu"]
    inside = intervals(model, bounds={"mu": (0.9, 1.5)})["mu"]
    assert free_interval.lower < 0.9
    assert free_interval.upper > 1.5
    assert (inside.lower, inside.upper) == (0.9, 1.5)
    assert (inside.lower_status, inside.upper_status) == (AT_BOUND, AT_BOUND)


def test_against_minos(shared_data: Path) -> None:
    """iminuit's MINOS on the independent likelihood, every parameter of a model that is far from linear."""
    spec = read(shared_data / EXAMPLE)
    ref = Likelihood(spec)
    model = compiled(spec)
    result = intervals(model, parameters="*", levels=(0.6827, 0.95))
    best = wilks.fit(model)
    minuit = Minuit(ref.twice_nll, best.values, grad=lambda theta: 2 * ref.gradient(theta), name=ref.parameter_names)
    minuit.limits, minuit.fixed = ref.bounds, list(ref.fixed)
    minuit.strategy, minuit.tol, minuit.errordef = 2, 1e-5, Minuit.LEAST_SQUARES
    minuit.migrad()
    for level in result.levels:
        minuit.minos(cl=level)
        for name in result.names:
            interval, merror = result[name, level], minuit.merrors[name]
            if merror.lower_valid:
                assert interval.lower - interval.value == pytest.approx(merror.lower, rel=2e-3)
            else:
                assert (interval.lower, interval.lower_status) == (model.bounds[0][model.index(name)], AT_BOUND)
            assert interval.up == pytest.approx(merror.upper, rel=2e-3)


def test_cabinetry_golden(shared_data: Path) -> None:
    golden = read(shared_data / "cabinetry-example/golden/example_ntuple_results.json")["fit"]
    result = intervals(compiled(read(shared_data / EXAMPLE)), parameters="Signal_norm")
    down, up = golden["minos_uncertainty"]["Signal_norm"]
    # Their fit stops early: its value is off by 2e-4.
    assert result["Signal_norm"].lower == pytest.approx(golden["bestfit"][2] + down, abs=1.5e-4)
    assert result["Signal_norm"].upper == pytest.approx(golden["bestfit"][2] + up, abs=1.5e-4)
    assert result.twice_nll <= golden["best_twice_nll"] + 1e-6


@pytest.mark.parametrize("name", [REPAIRED, LESSON])
def test_ends_are_at_the_quantile(shared_data: Path, name: str) -> None:
    """A separate fit, started from scratch, at every end of every parameter."""
    model = compiled(read(shared_data / name))
    result = intervals(model, parameters="*", levels=(0.6827, 0.95))
    assert result.converged
    for interval in result:
        for end in (interval.lower, interval.upper):
            other = wilks.fit(model, fixed={interval.name: end})
            assert other.twice_nll - result.twice_nll == pytest.approx(quantile(interval.level), abs=1e-5)


def test_ends_with_the_independent_likelihood(shared_data: Path) -> None:
    spec = read(shared_data / REPAIRED)
    ref, model = Likelihood(spec), compiled(spec)
    interval, best = intervals(model)["ttbar_norm"], wilks.fit(model)
    # What cabinetry's own MINOS says for this model: -0.0778, +0.0804.
    assert (interval.down, interval.up) == pytest.approx((0.0778, 0.0804), abs=3e-4)
    others = np.array(model.parameter_names) != "ttbar_norm"
    for end in (interval.lower, interval.upper):
        theta = wilks.fit(model, fixed={"ttbar_norm": end}).values
        assert ref.twice_nll(theta) - ref.twice_nll(best.values) == pytest.approx(quantile(0.6827), abs=1e-6)
        np.testing.assert_allclose(ref.gradient(theta)[others], 0, atol=1e-4)


def test_coverage() -> None:
    """The 68.27 % interval holds the truth in 68.27 % of toys, within the error of 600 of them."""
    model = counting(120.0, 20.0, 100.0)
    toys = np.random.default_rng(3).poisson(120.0, 600).astype(float)
    inside = [(i := intervals(model, [n])["mu"]).lower <= 1.0 <= i.upper for n in np.unique(toys)]
    share = np.mean([dict(zip(np.unique(toys), inside, strict=True))[n] for n in toys])
    # Counts are integers: the coverage itself differs from the level by up to a bin's probability, 0.035.
    assert share == pytest.approx(0.6827, abs=0.035 + 3 * 0.019)


def test_selection() -> None:
    model = compiled(
        specification(
            [105.0, 98.0],
            {"S": ([10.0, 5.0], [free("mu")]), "B": ([90.0, 95.0], [factor(f"np[{i}]", 0.9, 1.1) for i in range(3)])},
            poi="mu",
        )
    )
    assert intervals(model).names == ("mu",)
    assert intervals(model, parameters=["np[?]", "mu"]).names == ("np[0]", "np[1]", "np[2]", "mu")
    assert intervals(model, parameters=["np[?]", "mu"]).table().rows[0][0] == "mu"
    assert intervals(model, parameters=["np[?]"]).poi is None
    assert intervals(model, parameters="np*", poi="np[2]").table().rows[0][0] == "np[2]"
    assert intervals(model, parameters="np*", fixed={"np[1]": 0.0}).names == ("np[0]", "np[2]")
    assert intervals(model, poi="np[2]").names == ("np[2]",)
    fixed = intervals(model, fixed={"np*": 0.5})
    assert fixed.origin.settings["fixed"] == {f"np[{i}]": 0.5 for i in range(3)}
    assert fixed["mu"].up < intervals(model)["mu"].up


def test_other_data_and_a_best_fit_at_hand() -> None:
    model = counting(12.0, 4.0, 7.3)
    best = wilks.fit(model, [30.0])
    given = intervals(model, [30.0], result=best)["mu"]
    assert given.value == pytest.approx((30 - 7.3) / 4)
    assert given == intervals(model, [30.0])["mu"]
    with pytest.raises(ResultError, match="not made with these data"):
        intervals(model, result=best)


def test_every_mistake_is_a_sentence() -> None:
    model = counting(12.0, 4.0, 7.3)
    with pytest.raises(ModelError) as caught:
        intervals(model, parameters=["mu", "mvv", "m?"], levels=(0.5, 1.0, float("nan"), 1.0))
    assert caught.value.problems == (
        "level 1: it must lie between 0 and 1; 95 % is 0.95",
        "level nan: it must lie between 0 and 1; 95 % is 0.95",
        'no parameter "mvv" in this model',
    )
    for options, sentence in (
        ({"levels": ()}, "at least one level is needed"),
        ({"parameters": ()}, "at least one parameter is needed"),
        ({"parameters": "mu", "fixed": {"mu": 1}}, '"mu" is fixed: there is nothing to profile'),
        ({"fixed": {"mu": 1}}, 'the parameter of interest "mu" is fixed'),
        ({"data": [1.0, 2.0]}, "data have shape"),
    ):
        with pytest.raises(ModelError, match=sentence):
            intervals(model, **options)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="no parameter of interest"):
        intervals(gaussian())
