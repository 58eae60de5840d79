"""Fits to many data sets, eight at a time in vector lanes: the answers of single fits, whatever stands beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wilks


def _document(bent: bool) -> dict[str, Any]:
    """Return a workspace with every constraint and interpolation that lanes know, its channels of 1 to 5 bins.

    If it is `bent`, curvatures change so much within a standard deviation that fits get matrices of their own.
    """
    channels, observations = [], []
    for c, bins in enumerate((5, 1, 3, 4)):
        nominal = np.linspace(60, 20, bins) + 10 * c

        def histosys(name: str, code: str, low: float, high: float, nominal: np.ndarray = nominal) -> dict[str, Any]:
            tilt = np.linspace(-1, 1, nominal.size) + 0.3
            data = {"lo_data": (nominal * (1 - low * tilt)).tolist(), "hi_data": (nominal * (1 + high * tilt)).tolist()}
            return {"name": name, "type": "histosys", "interpolation": code, "data": data}

        def normsys(name: str, code: str, low: float, high: float) -> dict[str, Any]:
            return {"name": name, "type": "normsys", "interpolation": code, "data": {"lo": low, "hi": high}}

        more = [histosys(f"b{i}", "code4p", 0.02 * i, -0.1 * i) for i in range(1, 5)]
        gammas = {"name": f"gamma{c}", "type": "shapesys", "data": (0.1 * nominal).tolist()}
        background = [
            normsys("n4", "code4", 0.92, 1.1),
            normsys("n1", "code1", 1 / 1.1, 1.1),
            normsys("n2", "code2", 0.95, 1.07),
            normsys("nc", "combine", 0.93, 1.06),
            histosys("h4", "code4p", 0.05, 0.07),
            histosys("h2", "code2", 0.03, 0.04),
            *(more if bent else [gammas]),
            {"name": "k", "type": "normfactor", "data": None},
        ]
        other = [
            normsys("n4", "code4", 0.9, 1.2),
            {"name": "lumi", "type": "lumi", "data": None},
            {"name": f"stat{c}", "type": "staterror", "data": (0.02 * nominal).tolist()},
        ]
        signal = [{"name": "mu", "type": "normfactor", "data": None}, normsys("n4", "code4", 0.9, 1.1)]
        channels.append(
            {
                "name": f"c{c}",
                "samples": [
                    {"name": "background", "data": nominal.tolist(), "modifiers": background},
                    {"name": "other", "data": (0.3 * nominal).tolist(), "modifiers": other},
                    {"name": "signal", "data": (0.1 * nominal[::-1]).tolist(), "modifiers": signal},
                ],
            }
        )
        observations.append({"name": f"c{c}", "data": np.round(1.4 * nominal).tolist()})
    parameters = [
        {"name": "lumi", "auxdata": [1.0], "sigmas": [0.02], "inits": [1.0], "bounds": [[0.5, 1.5]]},
        {"name": "mu", "bounds": [[0, 20]]},
        {"name": "nc", "constraint": "normal", "auxdata": [0.0], "sigmas": [1.2], "lower_sigmas": [0.8]},
        {"name": "k", "constraint": "poisson", "factors": [400.0]},
    ]
    correlations = [{"parameters": ["n1", "n2"], "matrix": [[1, 0.4], [0.4, 1]]}]
    config = {"poi": "mu", "parameters": parameters, "correlations": correlations}
    return {
        "channels": channels,
        "observations": observations,
        "measurements": [{"name": "m", "config": config}],
        "version": "wilks-1",
    }


@pytest.fixture(scope="module", params=[False, True], ids=["one matrix", "bent"])
def model(request: pytest.FixtureRequest) -> wilks.Model:
    return wilks.compile_model(wilks.load_workspace(_document(request.param)))


@pytest.mark.parametrize("truth", [0.0, 0.6])
def test_they_are_the_minima_of_single_fits(model: wilks.Model, truth: float) -> None:
    """With the parameter of interest at its bound in half of them, and free."""
    start = model.initial.copy()
    start[model.index("mu")] = truth
    data = wilks.toy_data(model, values=start, count=150, seed=3)
    together = wilks.fit_many(model, data, start=start)
    single = wilks.fit_many(model, data, start=start, uncertainties=True)  # these get the full method
    assert single.uncertainties is not None
    assert together.converged.all()
    assert np.abs(together.twice_nll - single.twice_nll).max() < 2e-9
    sigma = np.where(single.uncertainties > 0, single.uncertainties, 1.0)
    assert np.nanmax(np.abs(together.values - single.values) / sigma) < 1e-4
    held = single["mu"] == 0
    assert (held.mean() > 0.35) == (truth == 0)
    assert (together["mu"][held] == 0).all()
    for i in (0, 7, 149):
        assert 2 * model.nll(together.values[i], data[i]) == pytest.approx(together.twice_nll[i], abs=1e-9)
    # Steps of the quasi-Newton method, not of Newton's: this is how they were made.
    assert np.median(together.iterations) > np.median(single.iterations)
    if truth > 0:  # "bent" takes 20 with one matrix for all
        assert np.median(together.iterations) < 16


def test_no_bit_depends_on_what_is_fitted_beside(model: wilks.Model) -> None:
    start = model.initial.copy()
    start[model.index("mu")] = 0.6
    data = wilks.toy_data(model, values=start, count=130, seed=5)
    order = np.concatenate([np.arange(16), 16 + np.random.default_rng(2).permutation(114)])  # the first ones say how
    whole, mixed = wilks.fit_many(model, data, start=start), wilks.fit_many(model, data[order], start=start, threads=3)
    part = wilks.fit_many(model, data[:77], start=start, threads=1)
    for name in ("values", "twice_nll", "edm", "iterations"):
        np.testing.assert_array_equal(getattr(whole, name)[order], getattr(mixed, name))
        np.testing.assert_array_equal(getattr(whole, name)[:77], getattr(part, name))


def test_fixed_parameters_and_factors_at_zero(model: wilks.Model) -> None:
    start = model.initial.copy()
    start[model.index("mu")] = 0.0
    data = wilks.toy_data(model, values=start, count=80, seed=6)
    fixed = {"mu": 0.0, "stat*": 1.0}
    together = wilks.fit_many(model, data, start=start, fixed=fixed)
    single = wilks.fit_many(model, data, start=start, fixed=fixed, uncertainties=True)
    assert together.converged.all()
    assert np.abs(together.twice_nll - single.twice_nll).max() < 2e-9
    assert (together["mu"] == 0).all()


def test_data_that_no_rate_explains_are_left_to_the_full_method(model: wilks.Model) -> None:
    data = wilks.toy_data(model, count=80, seed=7)
    data[20, : model.observed_main.size] *= 40
    data[41, 0] = 0.0
    together = wilks.fit_many(model, data)
    single = wilks.fit_many(model, data, uncertainties=True)
    np.testing.assert_array_equal(together.converged, single.converged)
    assert (together.twice_nll <= single.twice_nll + 1e-8).all()
