"""Starts that are impossible, or absurd: the fit finds its way in, and says so only where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fitting.test_hard_cases import compiled, factor, free, per_bin, shape, workspace

from wilks import compile_model, fit, load_workspace
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import FitOptions, pose
from wilks.infer.toys import toys
from wilks.model.model import Model
from wilks.results.many import ManyFits

ALONE = FitOptions(search="none")


def random_starts(model: Model, count: int, scale: float = 1.0) -> ManyFits:
    problem = pose(model, None, None, None)
    drawn = np.random.default_rng(5).normal(size=(count, model.n_parameters)) * model.prefit_uncertainties * scale
    start = np.where(problem.held, problem.start, np.clip(model.initial + drawn, problem.lower, problem.upper))
    return fit_problems(model, model.observed(), replace(problem, start=start), threads=2)


def wild(seed: int, largest: float) -> Model:
    """Sixty systematics on twelve samples, some of which change a yield by orders of magnitude."""
    rng = np.random.default_rng(seed)
    channels: dict[str, Any] = {}
    for c in range(3):
        samples: dict[str, Any] = {}
        total = np.zeros(6)
        for s in range(4):
            nominal = rng.gamma(2.0, 20.0, 6)
            total += nominal
            modifiers = [free("mu")] if s == 0 else []
            for k in range(60):
                if rng.random() < 0.3:
                    low, high = 10 ** (rng.uniform(-1, 1, 2) * largest * rng.uniform() ** 3)
                    modifiers.append(factor(f"norm{k}", float(low), float(high)))
                if rng.random() < 0.1:
                    low, high = nominal * (1 + rng.normal(size=(2, 6)) * 0.3)
                    modifiers.append(shape(f"shape{k}", list(low), list(high)))
            modifiers.append(per_bin(f"stat{c}", "staterror", list(0.05 * nominal)))
            samples[f"s{s}"] = (list(nominal), modifiers)
        channels[f"c{c}"] = (list(rng.poisson(total).astype(float)), samples)
    return compiled(workspace(channels))


@pytest.mark.parametrize(("seed", "largest"), [(0, 1.0), (0, 2.0), (2, 2.0), (3, 3.0)])
def test_random_starts_of_a_wild_model_are_survived(seed: int, largest: float) -> None:
    """2NLL of 1e15 and rates below zero at the start; every fit ends in a minimum."""
    model = wild(seed, largest)
    fits = random_starts(model, 25)
    assert fits.converged.all(), set(fits.statuses)
    assert fits.twice_nll.min() == pytest.approx(fit(model).twice_nll, abs=1e-4)


@pytest.mark.parametrize(
    "name",
    [
        "likelihoods/agc-cms-ttbar/workspace.json",
        "likelihoods/agc-cms-ttbar/workspace_ml.json",
        "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
        "likelihoods/atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json",
        "ttbar-lesson/workspace.json",
        "../cases/staus_280_1/workspace.json",
        "../cases/limit_at_a_jump/workspace.json",
        "../cases/infeasible_start/workspace.json",
    ],
)
def test_random_starts_of_public_models_are_survived(shared_data: Path, name: str) -> None:
    assert random_starts(compile_model(load_workspace(shared_data / name)), 20).minimised.all()


def test_a_start_whose_rate_is_negative(shared_data: Path) -> None:
    model = compile_model(load_workspace(shared_data.parent / "cases/infeasible_start/workspace.json"))
    assert not np.isfinite(model.nll(pose(model, None, {"mu": 0.0}, None).start))
    assert fit(model, fixed={"mu": 0.0}).twice_nll == pytest.approx(24.60204138821144, abs=1e-8)
    for value in (0.05, 0.1):
        assert fit(model, fixed={"mu": value}).converged


def test_the_only_way_in_is_far() -> None:
    # 10 + 4 jes - 30 > 0 only for jes > 4.6 or so: the default start is outside, the bound 5 is not.
    samples = {"b": ([10.0], [shape("jes", [6.0], [14.4])]), "i": ([-30.0], [])}
    model = compiled(workspace({"SR": ([1.0], samples)}, jes={"bounds": [[-8.0, 8.0]]}))
    result = fit(model, options=ALONE)
    grid = np.linspace(-8.0, 8.0, 16_001)
    levels = np.array([model.nll([value]) for value in grid])
    assert result.converged
    assert result.twice_nll == pytest.approx(2.0 * levels.min(), abs=1e-4)


def test_no_way_in_is_told_with_the_bin() -> None:
    samples = {"s": ([0.0, 5.0], [free("mu")]), "b": ([0.0, 3.0], [factor("a", 0.9, 1.1)])}
    result = fit(compiled(workspace({"SR": ([4.0, 8.0], samples)})))
    assert not result.converged
    assert result.status == 'no possible point was found: channel "SR", bin 0 has 4 events and no positive rate'


@pytest.mark.parametrize("room", [0.0, 1e-15, 1e-12, 1e-6])
@pytest.mark.parametrize("fixed", [True, False])
def test_bounds_without_room_hold_a_parameter(room: float, fixed: bool) -> None:
    """The others are what they are with the parameter fixed."""
    background = ([50.0, 30.0], [free("k"), factor("a", 1.1, 0.9)])
    samples = {"s": ([5.0, 9.0], [free("mu"), factor("a", 0.9, 1.2)]), "b": background}
    settings = {"bounds": [[1.0, 1.0 + room]], "inits": [1.0], "fixed": fixed}
    model = compiled(workspace({"SR": ([57.0, 41.0], samples)}, k=settings))
    result = fit(model)
    other = fit(compiled(workspace({"SR": ([57.0, 41.0], samples)}, k={"fixed": True})))
    assert result.converged, result.status
    for name in ("mu", "a"):
        assert result[name].value == pytest.approx(other[name].value, abs=1e-4)
        assert result[name].uncertainty == pytest.approx(other[name].uncertainty, rel=1e-4)
    ensemble = toys(model, count=100, seed=1)
    assert ensemble.statuses == {"converged": 100}


def test_a_gamma_without_auxiliary_count_is_at_its_bound() -> None:
    """Data (1, 0): 2 (3 mu + 0.3 g - log(3 mu + 0.3 g) + g) rises with g, so that its minimum is the bound 1e-10."""
    samples = {"s": ([3.0], [free("mu")]), "b": ([0.3], [per_bin("u", "shapesys", [0.3])])}
    model = compiled(workspace({"SR": ([1.0], samples)}))
    result = fit(model, [1.0, 0.0], fixed={"mu": 1.0})
    assert result.converged
    assert result["u[0]"].value == 1e-10
    assert result["u[0]"].at_bound


def test_a_free_factor_does_not_hide_that_a_sample_is_negative() -> None:
    """Bin 1 is positive for both > 4.46 only; mu = 0 would bring it to zero, and bin 0, with its event, too."""
    both = shape("both", [0.369108, -0.420694], [0.520466, -0.319169])
    model = compiled(workspace({"SR": ([1.0, 0.0], {"b": ([0.4992, -0.4113], [both, free("mu")])})}))
    result = fit(model)
    grids = np.meshgrid(np.linspace(4.4, 5.0, 301), np.linspace(0.0, 10.0, 501), indexing="ij")
    index = [model.index("both"), model.index("mu")]
    points = np.empty((grids[0].size, 2))
    points[:, index[0]], points[:, index[1]] = grids[0].ravel(), grids[1].ravel()
    levels = 2.0 * model.nll(points)
    assert result.minimised, result.status
    assert result.twice_nll <= levels.min()
    assert result.twice_nll == pytest.approx(levels.min(), abs=0.05)


def test_a_lower_minimum_on_the_edge_is_the_result() -> None:
    """A bin without events whose rate vanishes on one side; the other side has a minimum inside, which is higher."""
    variation = shape("a", [100.0, 2.0], [140.0, 0.0])
    model = compiled(workspace({"SR": ([150.0, 0.0], {"b": ([100.0, 1.0], [variation])})}, a={"bounds": [[-3.0, 3.0]]}))
    grid = np.linspace(-3.0, 3.0, 60_001)
    levels = np.array(2.0 * model.nll(grid[:, None]))
    result = fit(model)
    assert result.twice_nll <= levels[np.isfinite(levels)].min() + 1e-6


def test_an_auxiliary_datum_beyond_all_numbers_is_told() -> None:
    """The square of its distance is no number: nowhere is the likelihood one, and the fit ends at once."""
    lumi = {"name": "lumi", "type": "lumi", "data": None}
    settings = {"auxdata": [1.7e308], "sigmas": [0.01], "inits": [1.0], "bounds": [[0.0, 10.0]]}
    result = fit(compiled(workspace({"SR": ([4.0], {"b": ([5.0], [lumi])})}, lumi=settings)))
    assert result.status == 'no possible point was found: "lumi" is too far from its auxiliary datum'
