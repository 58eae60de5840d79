"""The search for the lowest minimum: brute force beside it, published models with two minima, what a result says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fitting.test_hard_cases import compiled, factor, free, per_bin, shape, workspace
from tests.fuzz.models import random_workspace
from tests.reference.likelihood import Likelihood

import wilks
from wilks import compile_model, fit, load_result, load_workspace
from wilks.errors import ModelError
from wilks.fitting import search
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import FitOptions, pose
from wilks.fitting.search import _ends, effort
from wilks.model.model import Model
from wilks.results.many import ManyFits

Spec = dict[str, Any]
ALONE = FitOptions(search="none")


def one_sided(seed: int) -> Spec:
    """A bin or two whose systematics go to the same side, or nearly, up and down, and data beside the nominal rate."""
    rng = np.random.default_rng(seed)
    bins = int(rng.integers(1, 3))
    nominal = rng.uniform(60.0, 200.0, bins)
    up = rng.uniform(0.1, 0.5, bins)
    down = up * rng.uniform(0.2, 1.2, bins)
    one = shape("one", list(nominal * (1 + down)), list(nominal * (1 + up)))
    two = factor("two", float(rng.uniform(0.95, 1.3)), float(rng.uniform(1.02, 1.4)))
    observed = list(rng.poisson(nominal * rng.uniform(1.0, 1.7)).astype(float))
    return workspace({"SR": (observed, {"b": (list(nominal), [one, two])})})


@pytest.mark.parametrize("seed", range(12))
def test_brute_force_finds_nothing_lower(seed: int) -> None:
    spec = one_sided(seed)
    result = fit(compiled(spec))
    ref = Likelihood(spec)
    grid = np.linspace(-4.0, 4.0, 401)
    points = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    levels = ref.twice_nll(points)
    assert result.converged
    assert result.twice_nll <= levels.min() + 1e-9
    assert result.twice_nll == pytest.approx(float(ref.twice_nll(result.values)), abs=1e-9)
    for minimum in result.minima:
        steps = 1e-3 * np.concatenate([np.eye(2), -np.eye(2), np.ones((1, 2)), -np.ones((1, 2))])
        assert (ref.twice_nll(minimum.values + steps) > ref.twice_nll(minimum.values)).all()


def random_model(seed: int) -> Model:
    """Strong asymmetries, both sides of one sign, free factors: the models that have several minima."""
    rng = np.random.default_rng(seed)
    bins, names = int(rng.integers(1, 5)), [f"a{k}" for k in range(int(rng.integers(2, 10)))]
    samples: dict[str, Any] = {}
    total = np.zeros(bins)
    for s in range(int(rng.integers(2, 4))):
        nominal = rng.gamma(2.0, 15.0, bins)
        total += nominal
        modifiers = [free("mu")] if s == 0 else []
        for name in names:
            kind = rng.integers(4)
            if kind == 0:
                low, high = np.exp(rng.normal(size=2) * 0.5)
                modifiers.append(factor(name, float(low), float(high)))
            elif kind == 1:
                up = rng.normal(size=bins) * 0.5
                down = up * rng.uniform(0.3, 1.3) if rng.random() < 0.5 else rng.normal(size=bins) * 0.5
                modifiers.append(shape(name, list(nominal * (1 + down)), list(nominal * (1 + up))))
        modifiers.append(per_bin("stat", "staterror", list(0.1 * nominal)))
        samples[f"s{s}"] = (list(nominal), modifiers)
    observed = list(rng.poisson(total * rng.uniform(0.6, 1.6)).astype(float))
    return compiled(workspace({"SR": (observed, samples)}))


def from_everywhere(model: Model, count: int, **fixed: float) -> np.ndarray:
    """Return 2NLL where fits from random starts end, at one pre-fit standard deviation; infinite where one fails."""
    problem = pose(model, None, fixed, None)
    normal = np.random.default_rng(3).normal(size=(count, model.n_parameters))
    drawn = model.nominal + normal * model.prefit_uncertainties
    free_factor = model.prefit_uncertainties == 0
    start = np.where(problem.held | free_factor, problem.start, np.clip(drawn, problem.lower, problem.upper))
    fits = fit_problems(model, model.observed(), replace(problem, start=start), threads=2)
    return np.where(fits.minimised, fits.twice_nll, np.inf)


def test_random_starts_find_nothing_lower_and_all_arrive() -> None:
    alone_lost = 0
    for seed in range(40):
        model = random_model(seed)
        others = from_everywhere(model, 60)
        assert np.isfinite(others).all(), seed
        assert fit(model).twice_nll <= others.min() + 1e-6, seed
        alone_lost += fit(model, options=ALONE).twice_nll > others.min() + 1e-6
    assert alone_lost >= 2  # so that the search has something to find


@pytest.mark.parametrize("seed", [900051, 900063])
def test_free_factors_leave_the_bounds_where_they_ended(seed: int) -> None:
    """The lowest minimum has factors of about 1 that are 0 in the first one found."""
    spec = random_workspace(seed)
    model, ref = compiled(spec), Likelihood(spec)
    moves = np.random.default_rng(seed).normal(size=(72, model.n_parameters)) * ref.scales()
    start = np.where(model.fixed, model.initial, np.clip(model.initial + moves, *model.bounds))
    with np.errstate(all="ignore"):
        others = wilks.fit_many(model, start=start, threads=2)
        levels = [float(ref.twice_nll(point)) for point in others.values[others.minimised]]
    assert fit(model).twice_nll <= min(levels) + 1e-6


@pytest.mark.parametrize(
    ("case", "fixed", "gain"),
    [
        ("staus_100_1", {"mu_SIG": 0.0}, 0.113),
        ("staus_280_1", {}, 0.134),
        ("staus_280_1", {"mu_SIG": 0.0}, 0.134),
        ("staus_400_1", {}, 0.121),
        ("staus_400_1", {"mu_SIG": 0.0}, 0.121),
    ],
)
def test_a_published_model_with_two_minima(shared_data: Path, case: str, fixed: dict[str, float], gain: float) -> None:
    model = compile_model(load_workspace(shared_data.parent / "cases" / case / "workspace.json"))
    alone, found = fit(model, fixed=fixed, options=ALONE), fit(model, fixed=fixed)
    assert alone.twice_nll - found.twice_nll == pytest.approx(gain, abs=1e-3)
    assert found.converged
    assert found.twice_nll <= from_everywhere(model, 100, **fixed).min() + 1e-6
    # Both are told: the other one is where the fit alone had ended.
    assert found.minima[0].twice_nll == pytest.approx(found.twice_nll, abs=1e-7)
    assert found.minima[1].twice_nll == pytest.approx(alone.twice_nll, abs=1e-5)
    assert found.starts > 5


def test_minima_where_rates_vanish(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data / "likelihoods/agc-cms-ttbar/workspace_ml.json"))
    result = fit(model, fixed={"ttbar_norm": 0.0})
    assert result.converged
    assert result.twice_nll == pytest.approx(208146.711, abs=1e-3)


def test_two_minima_with_kinks(shared_data: Path) -> None:
    path = shared_data.parent / "cases/coupled_histosys/workspace.json"
    result, ref = fit(compile_model(load_workspace(path))), Likelihood(json.loads(path.read_text()))
    assert [round(minimum.twice_nll - result.twice_nll, 3) for minimum in result.minima] == [0.0, 1.469]
    for minimum in result.minima:
        steps = 1e-3 * np.concatenate([np.eye(3)[~result.fixed], -np.eye(3)[~result.fixed]])
        assert (ref.twice_nll(minimum.values + steps) > ref.twice_nll(minimum.values)).all()


def test_how_much_is_tried() -> None:
    model = random_model(1)
    alone, default, thorough = (fit(model, options=FitOptions(search=s)) for s in ("none", "default", "thorough"))
    assert (alone.starts, alone.minima) == (0, ())
    assert 0 < default.starts < thorough.starts
    assert default.minima[0].twice_nll == pytest.approx(default.twice_nll, abs=1e-7)
    again = fit(model)
    np.testing.assert_array_equal(again.values, default.values)
    assert [m.twice_nll for m in again.minima] == [m.twice_nll for m in default.minima]
    with pytest.raises(
        ModelError, match='no search "defualt"; allowed are "none", "default", "thorough"; did you mean'
    ):
        FitOptions(search="defualt")  # type: ignore[arg-type]


def test_minima_are_saved_and_hidden(tmp_path: Path) -> None:
    spec = workspace({"SR": ([140.0], {"b": ([100.0], [shape("a", [125.0], [130.0])])})})
    result = fit(compiled(spec))
    assert len(result.minima) == 2
    result.save(tmp_path / "fit.json")
    loaded = load_result(tmp_path / "fit.json")
    assert loaded.starts == result.starts
    for one, other in zip(loaded.minima, result.minima, strict=True):
        assert one.twice_nll == other.twice_nll
        np.testing.assert_array_equal(one.values, other.values)
    hidden = result.blinded("a")
    assert all(np.isnan(minimum.values[hidden.index("a")]) for minimum in hidden.minima)


def test_bends_are_what_both_sides_have_in_common() -> None:
    """(nu(+1) + nu(-1)) / 2 - nu(0) of the independent likelihood, also where a name scales and shapes at once."""
    both = [shape("x", [60.0, 33.0], [55.0, 20.0]), factor("x", 1.2, 1.1)]
    channels = {
        "A": ([60.0, 40.0], {"s": ([5.0, 9.0], [free("mu")]), "b": ([50.0, 30.0], both)}),
        "B": ([20.0], {"b": ([18.0], [factor("y", 0.8, 1.4), per_bin("st", "staterror", [2.0])])}),
    }
    spec = workspace(channels)
    model, ref = compiled(spec), Likelihood(spec)
    theta = model.initial + 0.3
    bends = model.engine.bends(theta)
    for i, name in enumerate(model.parameter_names):
        points = np.tile(theta, (3, 1))
        points[:, i] = [1.0, -1.0, 0.0]
        up, down, centre = ref.expected(points)
        common = 0.5 * (up + down) - centre if name in ("x", "y") else 0.0
        assert bends[i] == pytest.approx(np.sqrt((common**2 / ref.expected(theta)).sum()), abs=1e-12)
    assert wilks.fit(model).converged


def test_long_fits_go_on_where_they_are_low() -> None:
    model = random_model(3)
    problem = pose(model, None, None, None)
    start = np.clip(model.nominal + np.linspace(-1.0, 1.0, 5)[:, None], problem.lower, problem.upper)
    problem = replace(problem, start=np.where(problem.held, problem.start, start))
    whole = fit_problems(model, model.observed(), problem)
    assert whole.minimised.all()
    for level in (np.inf, float(np.median(2.0 * model.nll(problem.start)))):
        ends = _ends(model, model.observed(), problem, FitOptions(), 2, level, 1)
        short = fit_problems(model, model.observed(), problem, options=FitOptions(max_iterations=2))
        on = ~short.minimised & (short.twice_nll < level)
        np.testing.assert_array_equal(ends.minimised, on | short.minimised)
        np.testing.assert_allclose(ends.twice_nll[on], whole.twice_nll[on], atol=1e-5)
    assert not _ends(model, model.observed(), problem, FitOptions(), 1, -np.inf, 1).minimised.any()


def test_all_starts_together_take_so_many_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    model, taken = random_model(1), []

    def counted(*asked: object, **more: object) -> ManyFits:
        taken.append(fit_problems(*asked, **more))
        return taken[-1]

    monkeypatch.setattr(search, "fit_problems", counted)
    allowed = replace(effort("default", model, 10), rounds=1)
    for total, most in ((10, 5), (200, 20), (np.inf, np.inf)):
        taken.clear()
        given = replace(allowed, iterations=total, most=most)
        monkeypatch.setattr(search, "effort", lambda *_, given=given: given)
        found = fit(model)
        assert found.starts == sum(map(len, taken))
        if total < np.inf:
            # The last ones may begin when there is hardly anything left.
            assert total <= sum(fits.iterations.sum() for fits in taken) < 2 * total + most
            assert all((fits.iterations <= most).all() for fits in taken if len(fits) > 1)
        else:
            assert found.starts > allowed.random


def test_effort_depends_on_how_large_a_model_is() -> None:
    model = random_model(1)
    assert effort("thorough", model, 10_000) == effort("thorough", model, 10)
    assert effort("default", model, 10_000).most > 10_000
