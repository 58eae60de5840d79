"""With many normsys some logarithm differs in the last bit between two libraries: numbers agree to a part in 10^12."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.reporting.conftest import Run

import wilks
from wilks.model.model import Model


def _many_normsys() -> Model:
    """Return a model of 100 parameters that act on everything, some by far more than a standard deviation off."""
    rng = np.random.default_rng(11)
    channels, observations = [], []
    for c in range(4):
        samples, total = [], np.zeros(8)
        for s in range(5):
            nominal = rng.uniform(20.0, 200.0, 8)
            modifiers: list[dict[str, Any]] = [
                {"name": f"n{k}", "type": "normsys", "data": {"hi": float(1 + x), "lo": float(1 - 0.9 * x)}}
                for k, x in enumerate(rng.normal(0.0, 0.04, 100))
            ]
            if s == 0:
                modifiers.append({"name": "mu", "type": "normfactor", "data": None})
            samples.append({"name": f"s{s}", "data": nominal.tolist(), "modifiers": modifiers})
            total += nominal
        channels.append({"name": f"c{c}", "samples": samples})
        observations.append({"name": f"c{c}", "data": rng.poisson(1.4 * total).astype(float).tolist()})
    measurement = {"name": "m", "config": {"poi": "mu", "parameters": []}}
    document = {"channels": channels, "observations": observations, "measurements": [measurement], "version": "1.0.0"}
    return wilks.compile_model(wilks.load_workspace(document))


def test_numbers_agree(node: Run) -> None:
    model = _many_normsys()
    text = "const { values, uncertainties, twiceNll } = fit(model); show({ values, uncertainties, twiceNll });"
    found, expected = node(text, model), wilks.fit(model)
    assert np.abs(expected.values[1:]).max() > 1.0
    size = np.maximum(np.abs(expected.values), expected.uncertainties)
    assert (np.abs(found["values"] - expected.values) <= 1e-12 * size).all()
    np.testing.assert_allclose(found["uncertainties"], expected.uncertainties, rtol=1e-12)
    np.testing.assert_allclose(found["twiceNll"], expected.twice_nll, rtol=1e-12)
