"""Many fits at once: the same answers as one by one, whatever the number of threads."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.strategies import workspaces

from wilks import compile_model, fit, fit_many, load_workspace
from wilks.errors import ModelError
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import FitOptions, Problem
from wilks.model.model import Model


def model() -> Model:
    def modifier(name: str, kind: str, data: Any = None) -> dict[str, Any]:
        return {"name": name, "type": kind, "data": data}

    signal = [modifier("mu", "normfactor"), modifier("scale", "normsys", {"lo": 0.9, "hi": 1.15})]
    background = [
        modifier("shape", "histosys", {"lo_data": [45.0, 33.0, 19.0], "hi_data": [56.0, 27.0, 22.0]}),
        modifier("stat", "staterror", [3.0, 2.0, 2.5]),
    ]
    samples = [
        {"name": "signal", "data": [5.0, 8.0, 3.0], "modifiers": signal},
        {"name": "background", "data": [50.0, 30.0, 20.0], "modifiers": background},
    ]
    parameters = [{"name": "mu", "bounds": [[-10.0, 10.0]]}]
    spec = {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [57, 36, 22]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": parameters}}],
        "version": "1.0.0",
    }
    return compile_model(load_workspace(spec))


def toys(number: int) -> np.ndarray:
    m, rng = model(), np.random.default_rng(3)
    main = rng.poisson(m.expected(m.initial), (number, 3))
    aux = rng.normal(m.auxiliary, 0.05, (number, m.auxiliary.size))
    return np.hstack([main, aux]).astype(np.float64)


def test_equals_single_fits() -> None:
    m, datasets = model(), toys(40)
    many = fit_many(m, datasets, uncertainties=True, threads=2)
    assert len(many) == 40
    assert many.uncertainties is not None
    for i, data in enumerate(datasets):
        one = fit(m, data)
        np.testing.assert_array_equal(many.values[i], one.values)
        assert many.twice_nll[i] == one.twice_nll
        np.testing.assert_array_equal(many.uncertainties[i], one.uncertainties)
        assert many.converged[i] == one.converged


def test_threads_change_no_bit() -> None:
    m, datasets = model(), toys(200)
    results = [fit_many(m, datasets, threads=threads) for threads in (1, 2, 7)]
    for other in results[1:]:
        np.testing.assert_array_equal(results[0].values, other.values)
        np.testing.assert_array_equal(results[0].twice_nll, other.twice_nll)


def test_a_shared_hessian_gives_the_same_minima() -> None:
    m, datasets = model(), toys(300)
    shared, full = fit_many(m, datasets), fit_many(m, datasets, uncertainties=True)
    assert full.uncertainties is not None
    assert (shared.twice_nll <= full.twice_nll + 1e-9).all()
    sigma = np.where(full.uncertainties > 0, full.uncertainties, np.inf)
    assert np.nanmax(np.abs(shared.values - full.values) / sigma) < 1e-4


def test_estimator_is_unbiased_and_its_spread_is_the_uncertainty() -> None:
    m, datasets = model(), toys(4000)
    many = fit_many(m, datasets)
    asimov = fit(m, np.concatenate([m.expected(m.initial), m.auxiliary]))
    sigma = asimov["mu"].uncertainty
    assert many.converged.all()
    assert many["mu"].mean() == pytest.approx(1.0, abs=5 * sigma / np.sqrt(4000))
    assert many.uncertainties is None


def test_a_fit_that_fails_keeps_its_row() -> None:
    m, datasets = model(), toys(5)
    datasets[2, :3] = [0.0, 0.0, 60.0]
    many = fit_many(m, datasets, fixed={"mu": [-200.0, 1.0, -200.0, -200.0, -200.0], "shape": 0.0}, threads=1)
    assert many.converged.tolist() == [False, True, False, False, False]
    assert set(many.failures.values()) == {"no possible point was found: a rate is not positive"}


def test_fixed_and_bounds_by_pattern() -> None:
    m, datasets = model(), toys(6)
    many = fit_many(m, datasets, fixed={"stat*": 1.0}, bounds={"mu": (0.5, 0.6)})
    assert (many.values[:, [m.index(f"stat[{i}]") for i in range(3)]] == 1.0).all()
    assert ((many["mu"] >= 0.5) & (many["mu"] <= 0.6)).all()
    with pytest.raises(ModelError, match=r'fixed: no parameter "stats\*"'):
        fit_many(m, datasets, fixed={"stats*": 1.0})
    with pytest.raises(ModelError, match=r'fixed: no parameter "stat\[9\]" .* did you mean'):
        fit(m, fixed={"stat[9]": 1.0})


def test_wrong_data_are_told() -> None:
    m, datasets = model(), toys(4)
    for wrong in (datasets[:, :4], datasets[None], 3.0):
        with pytest.raises(ModelError, match="datasets have shape"):
            fit_many(m, wrong)
    datasets[1, 2] = -1.0
    with pytest.raises(ModelError, match="can't be negative; entry 1, 2 is -1"):
        fit_many(m, datasets)
    with pytest.raises(ModelError, match="at least one thread"):
        fit_many(m, toys(4), threads=0)
    with pytest.raises(KeyError, match='no parameter "nu"'):
        fit_many(m, toys(2))["nu"]


def test_a_scan_is_the_fits_one_by_one() -> None:
    m, points = model(), np.linspace(-1.0, 3.0, 9)
    scan = fit_many(m, fixed={"mu": points}, uncertainties=True, threads=2)
    assert scan.uncertainties is not None
    np.testing.assert_array_equal(scan["mu"], points)
    for i, point in enumerate(points):
        one = fit(m, fixed={"mu": point})
        np.testing.assert_array_equal(scan.values[i], one.values)
        np.testing.assert_array_equal(scan.uncertainties[i], one.uncertainties)
        assert scan.twice_nll[i] == one.twice_nll


def test_a_scan_equals_pyhf() -> None:
    simple = pyhf.simplemodels.uncorrelated_background([5.0, 8.0], [50.0, 30.0], [3.0, 2.0], validate=False)
    spec = {
        "channels": simple.spec["channels"],
        "observations": [{"name": "singlechannel", "data": [57, 36]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    m, points = compile_model(load_workspace(spec)), [0.5, 1.0, 2.5]
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-8))
    try:
        theirs = [
            float(pyhf.infer.mle.fixed_poi_fit(point, m.observed(), simple, return_fitted_val=True)[1])
            for point in points
        ]
    finally:
        pyhf.set_backend("numpy", "scipy")
    np.testing.assert_allclose(fit_many(m, fixed={"mu": points}).twice_nll, theirs, rtol=0, atol=1e-7)


def test_a_parameter_fixed_in_some_fits_only() -> None:
    """A ranking: each parameter in turn held at a value, all others free."""
    m = model()
    held = np.where(np.eye(m.n_parameters, dtype=bool), m.nominal + 0.1, np.nan)
    many = fit_many(m, fixed=dict(zip(m.parameter_names, held.T, strict=True)), uncertainties=True)
    assert many.uncertainties is not None
    for i, name in enumerate(m.parameter_names):
        one = fit(m, fixed={name: m.nominal[i] + 0.1})
        np.testing.assert_array_equal(many.values[i], one.values)
        np.testing.assert_array_equal(many.uncertainties[i], one.uncertainties)
        assert many.uncertainties[i, i] == 0.0


RANDOM = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@settings(RANDOM, max_examples=60)
@given(workspaces(max_channels=2, max_bins=4), st.integers(0, 2**32 - 1))
def test_fits_that_differ_in_everything(spec: dict[str, Any], seed: int) -> None:
    m, rng, fits = compile_model(load_workspace(spec), poi=""), np.random.default_rng(seed), 6
    size = m.n_parameters
    data = np.array([m.observed() * rng.uniform(0.8, 1.2, m.observed().size) for _ in range(fits)])
    start = m.initial + rng.normal(0.0, 0.1, (fits, size))
    lower, upper = m.bounds[0] + rng.uniform(0.0, 0.3, (fits, size)), m.bounds[1] - rng.uniform(0.0, 0.3, (fits, size))
    held = m.fixed | (rng.random((fits, size)) < 0.3)
    common = [rng.random() < 0.3 for _ in range(4)]
    data, start, held, (lower, upper) = (
        data[0] if common[0] else data,
        start[0] if common[1] else start,
        held[0] if common[2] else held,
        (lower[0], upper[0]) if common[3] else (lower, upper),
    )
    options = FitOptions(max_iterations=50)
    problem = Problem(start, lower, upper, held)
    many = [fit_problems(m, data, problem, options=options, uncertainties=True, threads=n) for n in (1, 3)]
    np.testing.assert_array_equal(many[0].values, many[1].values)
    np.testing.assert_array_equal(many[0].uncertainties, many[1].uncertainties)
    assert many[0].statuses == many[1].statuses
    assert len(many[0]) == (1 if all(common) else fits)


@pytest.mark.parametrize("iterations", [2, 3, 7, 20])
def test_nothing_of_a_fit_that_was_stopped_on_an_edge_is_left_for_the_next_one(iterations: int) -> None:
    """A bin without events whose rate is driven to zero, and iterations that end before it is there."""
    spec = {
        "channels": [{"name": "c", "samples": [
            {"name": "a", "data": [10.0, 1.0], "modifiers": [
                {"name": "mu", "type": "normfactor", "data": None},
                {"name": "x", "type": "normsys", "data": {"lo": 0.8, "hi": 1.2}}]},
            {"name": "b", "data": [5.0, 5.0], "modifiers": [
                {"name": "k", "type": "normfactor", "data": None},
                {"name": "y", "type": "histosys", "data": {"lo_data": [6.0, 4.0], "hi_data": [4.0, 6.5]}}]}]}],
        "observations": [{"name": "c", "data": [0.0, 30.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [{"name": "mu", "bounds": [[-5, 10]]}]}}],
        "version": "1.0.0",
    }  # fmt: skip
    m = compile_model(load_workspace(spec))
    problem = Problem(np.tile(m.initial, (6, 1)), *m.bounds, np.zeros((6, m.n_parameters), np.bool_))
    same = fit_problems(m, m.observed(), problem, options=FitOptions(max_iterations=iterations), threads=1)
    np.testing.assert_array_equal(same.values, np.tile(same.values[0], (6, 1)))


def test_words_for_each_fit() -> None:
    """Starts and bounds by name, by pattern, and as arrays mean what they mean for single fits."""
    m, n = model(), 4
    low = np.linspace(0.2, 0.8, n)
    starts, shapes = np.linspace(0.9, 1.1, n), np.linspace(-0.5, 0.5, n)
    many = fit_many(
        m,
        start={"stat*": starts, "mu": 0.5},
        bounds={"mu": (low, 0.9)},
        fixed={"shape": shapes, "scale": [0.1]},
        options=FitOptions(max_iterations=1),
    )
    for i in range(n):
        one = fit(
            m,
            start={"stat*": starts[i], "mu": 0.5},
            bounds={"mu": (low[i], 0.9)},
            fixed={"shape": shapes[i], "scale": 0.1},
            options=FitOptions(max_iterations=1),
        )
        np.testing.assert_array_equal(many.values[i], one.values)
    full = m.initial + np.linspace(0.0, 0.1, n)[:, None]
    far = fit_many(m, start=full, options=FitOptions(max_iterations=1))
    for i in range(n):
        np.testing.assert_array_equal(far.values[i], fit(m, start=full[i], options=FitOptions(max_iterations=1)).values)


def test_one_row_serves_all_fits() -> None:
    m, datasets = model(), toys(3)
    same = fit_many(m, datasets[1:2], fixed={"mu": [0.5, 1.0]}, start=m.initial[None])
    np.testing.assert_array_equal(same.values, fit_many(m, datasets[1], fixed={"mu": [0.5, 1.0]}).values)
    assert len(fit_many(m)) == 1
    np.testing.assert_array_equal(fit_many(m).values[0], fit(m).values)
    assert len(fit_many(m, datasets[:0])) == 0
    assert len(fit_many(m, fixed={"mu": []}, uncertainties=True)) == 0


def test_wrong_words_for_each_fit_are_told() -> None:
    m = model()
    with pytest.raises(ModelError, match=r'how many fits\? datasets: 4, start of "scale": 2, fixed "mu": 3'):
        fit_many(m, toys(4), start={"scale": [0.0, 0.1]}, fixed={"mu": [0.0, 1.0, 2.0]})
    with pytest.raises(ModelError) as caught:
        fit_many(
            m,
            fixed={"mu": [0.0, np.inf], "shape": np.nan},
            start={"scale": [np.nan, 1.0], "stat*": np.ones((2, 2)), "shap": 1.0},
            bounds={"mu": ([0.0, 5.0], 2.0)},
        )
    sentences = "\n".join(caught.value.problems)
    assert 'bounds: "mu" has ([0.0, 5.0], 2.0); the first must be below the second' in sentences
    assert 'start: "scale" needs a finite value, found [nan, 1.0]' in sentences
    assert 'start: "stat*" needs a number or an array of shape (2,), found array' in sentences
    assert 'start: no parameter "shap" in this model; did you mean "shape"' in sentences
    assert 'fixed: "mu" needs a finite value, found [0.0, inf]' in sentences
    assert 'fixed: "shape" needs a finite value, found nan' in sentences
    assert len(caught.value.problems) == 6
    with pytest.raises(ModelError, match=r'fixed: "mu" needs a number, found \[1.0, 2.0\]'):
        fit(m, fixed={"mu": [1.0, 2.0]})
    with pytest.raises(ModelError, match="needs a number, found 'one'"):
        fit(m, start={"mu": "one"})


def test_uncertainties_at_a_bound_are_those_of_single_fits() -> None:
    m = model()
    many = fit_many(m, bounds={"mu": ([-10.0, 2.0], 5.0)}, uncertainties=True)
    assert many.uncertainties is not None
    for i, low in enumerate((-10.0, 2.0)):
        np.testing.assert_array_equal(many.uncertainties[i], fit(m, bounds={"mu": (low, 5.0)}).uncertainties)
    assert np.isnan(many.uncertainties[1, m.index("mu")])


def test_progress_is_told() -> None:
    m, datasets = model(), np.tile(toys(500), (40, 1))
    told: list[tuple[int, int]] = []
    caller = threading.current_thread()

    def tell(done: int, total: int) -> None:
        assert threading.current_thread() is caller
        told.append((done, total))

    many = fit_many(m, datasets, uncertainties=True, threads=2, progress=tell)
    assert told[-1] == (20000, 20000)
    assert {total for _, total in told} == {20000}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert many.converged.all()
    np.testing.assert_array_equal(many.values, fit_many(m, datasets, uncertainties=True).values)


def test_progress_may_stop_and_what_is_done_is_kept() -> None:
    m, datasets = model(), np.tile(toys(500), (200, 1))
    many = fit_many(m, datasets, uncertainties=True, threads=2, progress=lambda done, total: False)
    left = np.array([status == "interrupted" for status in many.statuses])
    assert 0 < left.sum() < len(many)
    assert np.isnan(many.values[left]).all()
    assert np.isnan(many.twice_nll[left]).all()
    assert not many.converged[left].any()
    assert many.converged[~left].all()
    last = np.flatnonzero(~left)[-1]
    np.testing.assert_array_equal(many.values[last], fit(m, datasets[last]).values)


def test_an_exception_of_progress_comes_out() -> None:
    m, datasets = model(), np.tile(toys(500), (200, 1))

    def fail(done: int, total: int) -> None:
        raise OSError(f"{done} are done")

    with pytest.raises(OSError, match="are done"):
        fit_many(m, datasets, uncertainties=True, threads=2, progress=fail)
    with pytest.raises(OSError, match="3 are done"):
        fit_many(m, datasets[:3], progress=fail)
