"""Conditional fits that share the Hessian at the best fit: the same minima as full fits, from far starts too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import compile_model, fit, load_workspace
from wilks._types import BoolArray, FloatArray
from wilks.fitting.many import fit_problems
from wilks.fitting.problem import Problem
from wilks.model.model import Model
from wilks.results.many import ManyFits

NUISANCES = 14


def model(seed: int, size: float = 0.3, signal: float = 1.0, even: bool = False) -> Model:
    """Three bins, 14 systematics on rates and shapes with unequal sides; with `even`, one whose sides are alike."""
    rng = np.random.default_rng(seed)

    def effects(nominal: FloatArray) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"name": "stat", "type": "staterror", "data": (0.2 * nominal).tolist()}]
        for i in range(NUISANCES):
            up, other = size * rng.uniform(-1, 1), rng.uniform(-0.3, 1.2)
            down = -up * other
            rates = {"hi": 1 + up, "lo": 1 + down}
            shapes = {"hi_data": (nominal * (1 + up)).tolist(), "lo_data": (nominal * (1 + down)).tolist()}
            kind, data = ("normsys", rates) if i % 3 else ("histosys", shapes)
            found.append({"name": f"s{i}", "type": kind, "data": data})
        if even:
            alike = (nominal * [1.6, 1.0, 1.0]).tolist()
            found.append({"name": "even", "type": "histosys", "data": {"hi_data": alike, "lo_data": alike}})
        return found

    yields = np.array([[3.0, 6.0, 9.0], [20.0, 12.0, 8.0], [6.0, 5.0, 4.0]])
    samples = [{"name": f"p{k}", "data": row.tolist(), "modifiers": effects(row)} for k, row in enumerate(yields)]
    samples[0]["modifiers"].append({"name": "mu", "type": "normfactor", "data": None})
    samples[1]["modifiers"].append({"name": "k", "type": "normfactor", "data": None})
    observed = rng.poisson((yields * [[signal], [1.0], [1.0]]).sum(axis=0)).astype(float)
    return compile_model(
        load_workspace(
            {
                "channels": [{"name": "SR", "samples": samples}],
                "observations": [{"name": "SR", "data": observed.tolist()}],
                "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
                "version": "1.0.0",
            }
        )
    )


def ranked(m: Model, best: FloatArray, sigmas: float = 1.0) -> tuple[FloatArray, BoolArray]:
    """Starts at the best fit and what is held: each parameter in turn, up and down by its width before the fit."""
    rows = [(i, s) for i in range(m.n_parameters) for s in (sigmas, -sigmas)]
    start, held = np.tile(best, (len(rows), 1)), np.zeros((len(rows), m.n_parameters), np.bool_)
    for row, (i, sign) in enumerate(rows):
        width = m.prefit_uncertainties[i] if m.prefit_uncertainties[i] > 0 else 0.4
        start[row, i] = np.clip(best[i] + sign * width, m.bounds[0][i], m.bounds[1][i])
        held[row, i] = True
    return start, held


def fitted(
    m: Model, start: FloatArray, held: BoolArray, anchor: FloatArray | None, starts: int = 1, threads: int = 2
) -> ManyFits:
    problem = Problem(start, *m.bounds, held)
    return fit_problems(m, m.observed(), problem, anchor=anchor, starts=starts, threads=threads)


# With signal 0 the best fit is at the bound of mu, where the factors of the signal vanish.
@pytest.mark.parametrize("signal", [1.0, 0.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_same_minima_as_full_fits(seed: int, signal: float) -> None:
    m = model(seed, signal=signal)
    best = fit(m)
    start, held = ranked(m, best.values)
    quick, full = fitted(m, start, held, best.values), fitted(m, start, held, None)
    assert quick.converged.all()
    assert full.converged.all()
    assert (quick.edm < 1e-8).all()
    np.testing.assert_allclose(quick.twice_nll, full.twice_nll, rtol=0, atol=1e-8)
    width = np.where(best.uncertainties > 0, best.uncertainties, 1.0)
    np.testing.assert_allclose(quick.values / width, full.values / width, rtol=0, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_starts_far_away_end_no_higher(seed: int) -> None:
    m = model(seed, size=0.6)
    best = fit(m)
    start, held = ranked(m, best.values)
    both, kept = np.concatenate([start, np.where(held, start, m.initial)]), np.concatenate([held, held])
    quick = fitted(m, both, kept, best.values, starts=2).twice_nll.reshape(2, -1).min(axis=0)
    full = fitted(m, both, kept, None, starts=2).twice_nll.reshape(2, -1).min(axis=0)
    assert (quick < full + 1e-7).all()


@pytest.mark.parametrize("seed", range(4))
def test_answers_do_not_depend_on_threads(seed: int) -> None:
    m = model(seed)
    best = fit(m)
    start, held = ranked(m, best.values)
    both, kept = np.concatenate([start, np.where(held, start, m.initial)]), np.concatenate([held, held])
    one, several = (fitted(m, both, kept, best.values, starts=2, threads=n) for n in (1, 4))
    np.testing.assert_array_equal(one.values, several.values)
    np.testing.assert_array_equal(one.twice_nll, several.twice_nll)


@pytest.mark.parametrize("seed", [2, 3, 4, 7])
def test_a_saddle_on_the_way_is_left(seed: int) -> None:
    # Where "even" is 0 its gradient vanishes whatever the data: with k kept low, only the curvature tells.
    m = model(seed, even=True)
    best = fit(m)
    i = m.index("k")
    values = np.linspace(0.1, 1.6, 9)
    start = np.tile(best.values, (values.size, 1))
    start[:, i], start[:, m.index("even")] = values, 0.0
    held = np.zeros(start.shape, np.bool_)
    held[:, i] = True
    quick, full = fitted(m, start, held, best.values), fitted(m, start, held, None)
    assert (np.abs(full["even"]) > 0.1).any()
    assert (np.abs(full["even"]) < 1e-6).any()
    np.testing.assert_allclose(quick.twice_nll, full.twice_nll, rtol=0, atol=1e-7)


def test_an_anchor_that_is_no_minimum_does_no_harm() -> None:
    m = model(2)
    best = fit(m)
    start, held = ranked(m, best.values)
    for anchor in (m.initial, np.where(np.arange(m.n_parameters) % 2, 3.0, 0.5)):
        quick, full = fitted(m, start, held, anchor), fitted(m, start, held, None)
        np.testing.assert_allclose(quick.twice_nll, full.twice_nll, rtol=0, atol=1e-7)
