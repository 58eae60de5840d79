"""Many fits at once: the same answers as one by one, whatever the number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import compile_model, fit, fit_many, load_workspace
from wilks.errors import ModelError
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
    many = fit_many(m, datasets, start={"mu": -9.0, "shape": 0.0}, threads=1)
    assert not many.converged.any()
    assert set(many.failures.values()) == {"the starting point is impossible: a rate is not positive"}


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
    with pytest.raises(ModelError, match="datasets have shape"):
        fit_many(m, datasets[:, :4])
    datasets[1, 2] = -1.0
    with pytest.raises(ModelError, match="can't be negative; entry 1, 2 is -1"):
        fit_many(m, datasets)
    with pytest.raises(ModelError, match="at least one thread"):
        fit_many(m, toys(4), threads=0)
    with pytest.raises(KeyError, match='no parameter "nu"'):
        fit_many(m, toys(2))["nu"]
