"""Fits whose data are far from the model: bounds, vanishing rates, and starts where the likelihood is infinite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.fitting.test_hard_cases import Sample, assert_best, compiled, factor, free, lowest, per_bin, shape, workspace
from tests.reference.likelihood import Likelihood

from wilks import compile_model, fit, load_workspace
from wilks.fitting.problem import FitOptions

Spec = dict[str, Any]


def random_excess(seed: int) -> Spec:
    """Two channels of random samples and systematics, with twenty times the events that the model expects."""
    rng = np.random.default_rng(seed)
    bins, channels = int(rng.integers(2, 6)), {}
    for channel in ("A", "B"):
        samples: dict[str, Sample] = {}
        for s in range(int(rng.integers(2, 4))):
            yields = np.round(rng.uniform(5, 100, bins), 1)
            found = [factor(f"n{q}", rng.uniform(0.6, 1), rng.uniform(1, 1.5)) for q in range(3) if rng.random() < 0.6]
            for q in range(2):
                if rng.random() < 0.6:
                    lo, hi = (np.round(yields * rng.uniform(0.7, 1.3, bins), 1).tolist() for _ in range(2))
                    found.append(shape(f"h{q}", lo, hi))
            if s == 0:
                found.append(free("mu"))
            if rng.random() < 0.5:
                found.append(per_bin(f"u{channel}{s}", "shapesys", (yields * rng.uniform(0.05, 0.3, bins)).tolist()))
            samples[f"s{s}"] = (yields.tolist(), found)
        expected = np.sum([yields for yields, _ in samples.values()], axis=0)
        channels[channel] = (rng.poisson(20 * expected).astype(float).tolist(), samples)
    return workspace(channels)


# Steepest descent along these valleys, or steps shared with parameters that can't move, take hundreds of iterations.
@pytest.mark.parametrize("seed", [28, 55, 74, 76, 156, 228, 259, 267, 284])
def test_far_more_data_than_the_model_can_give(seed: int) -> None:
    """Parameters run to their bounds one after the other, along curved valleys: no reason for many steps."""
    spec = random_excess(seed)
    model = compiled(spec)
    result = fit(model, options=FitOptions(search="none"))
    assert result.converged, result.status
    assert result.iterations < 150
    assert result.minimizer == "trust-region Newton"
    ref, best = Likelihood(spec), lowest(spec, result.values)
    assert ref.twice_nll(result.values) <= ref.twice_nll(best) + 1e-6


def test_a_gamma_that_starts_where_its_constraint_is_infinite() -> None:
    samples: dict[str, Sample] = {
        "s": ([5.0, 2.0], [free("mu")]),
        "b": ([20.0, 10.0], [per_bin("g", "shapesys", [4.0, 3.0]), factor("k", 0.8, 1.2)]),
    }
    spec = workspace({"SR": ([30.0, 12.0], samples), "CR": ([25.0], {"b": ([20.0], [factor("k", 0.8, 1.2)])})})
    model = compiled(spec)
    result = fit(model, start={"g*": 1e-10, "mu": 3.0})
    assert result.iterations < 20
    assert_best(spec, result, lowest(spec, model.initial))


@pytest.mark.parametrize("mu", [0.02, 0.05, 0.1, 0.15])
def test_a_rate_that_all_other_data_drive_to_zero(shared_data: Path, mu: float) -> None:
    """Two bins with 4e-6 events each: their logarithms have to hold against thousands of units of nll."""
    path = shared_data / "likelihoods" / "agc-cms-ttbar" / "workspace_ml.json"
    model, ref = compile_model(load_workspace(path)), Likelihood(json.loads(path.read_text()))
    result = fit(model, fixed={"ttbar_norm": mu})
    assert result.converged, result.status
    assert result.edm < 1e-8
    assert result.iterations < 500
    assert result.twice_nll == pytest.approx(ref.twice_nll(result.values), rel=1e-9)
    # Nothing is lower around it, among the points that exist.
    rng = np.random.default_rng(2)
    moving = ~result.fixed & ~result.at_bound
    root = np.linalg.cholesky(result.covariance[np.ix_(moving, moving)])
    for size in np.repeat([1e-5, 1e-3, 0.1], 20):
        theta = result.values.copy()
        theta[moving] += size * (root @ rng.normal(size=len(root)))
        assert model.nll(np.clip(theta, *model.bounds)) > 0.5 * result.twice_nll - 1e-7


def test_a_rate_below_what_numbers_can_tell(shared_data: Path) -> None:
    """Without any signal the rate that the minimum wants is 1e-10 of the nominal one: lowest, but not certified."""
    path = shared_data / "likelihoods" / "agc-cms-ttbar" / "workspace_ml.json"
    result = fit(compile_model(load_workspace(path)), fixed={"ttbar_norm": 0.0})
    assert result.converged or 'rate vanishes: channel "Feature1"' in result.status
    assert result.twice_nll < 211001.48218 + 1e-5


def test_parameters_that_only_together_leave_their_bounds_go_one_by_one() -> None:
    """A step that pushes all of them out, though each of their gradients pulls in, is no sign of a minimum."""
    mu, lumi = free("mu"), {"name": "lumi", "type": "lumi", "data": None}
    sample_of: dict[str, Sample] = {
        "wjets": (
            [0.0, 1.5],
            [
                shape("both", [0.0, 1.7439], [0.0, 1.2]),
                per_bin("stat_CR", "staterror", [0.0315, 0.2175]),
                factor("z_norm", 0.7972, 1.2178),
                lumi,
                mu,
            ],
        ),
        "Signal": (
            [124.2951, 0.6],
            [
                shape("Shape", [107.527691, 0.55272], [109.180816, 0.4815]),
                per_bin("free_2", "shapefactor"),
                shape("shape_z", [125.376467, 0.61044], [144.679496, 0.48]),
            ],
        ),
        "bkg": (
            [79.4473, 93.2677],
            [
                lumi,
                mu,
                factor("both", 0.6536, 1.1229),
                shape("shape_z", [63.756458, 109.104555], [92.031752, 85.022835]),
                per_bin("stat_CR", "staterror", [0.0, 28.838373]),
            ],
        ),
    }
    settings_ = {
        "lumi": {"bounds": [[1.35, 4.050000000000001]], "auxdata": [2.7], "sigmas": [0.13311], "inits": [2.7]},
        "free_2": {"bounds": [[0.01, 6.0]] * 2},
    }
    model = compiled(workspace({"CR": ([144.0, 81.0], sample_of)}, **settings_))
    far = {"shape_z": 1.0, "both": 3.3, "lumi": 2.7425731475455493, "mu": 5.9}
    far |= {"free_2[0]": 3.2, "free_2[1]": 0.0, "stat_CR[1]": 0.0}
    result = fit(model, start=far)
    gradient, hessian = model.gradient(result.values), model.hessian(result.values)
    lower, upper = model.bounds
    inward = np.where(result.values <= lower, -gradient, np.where(result.values >= upper, gradient, 0.0))
    # It is the end of a valley: three free factors share two bins.
    assert result.minimised
    assert {p.name for p in result if p.flat} == {"mu", "free_2[0]", "free_2[1]"}
    assert (inward < 1e-6 * np.sqrt(np.abs(np.diag(hessian)) + 1.0)).all()
    assert result.twice_nll == pytest.approx(fit(model).twice_nll, abs=1e-6)
