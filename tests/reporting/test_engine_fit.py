"""The engine in a page gives the numbers of the package, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reporting.conftest import Run

import wilks
from wilks.model.model import Model

MODELS = {
    "measurement": lambda: wilks.compile_model(wilks.examples.measurement()),
    "search": lambda: wilks.compile_model(wilks.examples.search()),
    "code1": lambda: wilks.compile_model(wilks.examples.measurement(), normsys="code1", histosys="code0"),
    "code2": lambda: wilks.compile_model(wilks.examples.search(), histosys="code2"),
}


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    made: Model = MODELS[request.param]()
    return made


POINT = """
const theta = input.theta;
show({ nll: model.nll(theta), gradient: model.gradient(theta), hessian: model.hessian(theta),
       samples: model.expectedBySample(theta), names: model.samples, expected: model.expected(theta) });
"""


def test_a_point(node: Run, model: Model) -> None:
    theta = model.initial + np.random.default_rng(1).normal(0, 0.3, model.n_parameters)
    theta = np.clip(theta, *model.bounds)
    found = node(POINT, model, theta=theta)
    assert found["nll"] == model.nll(theta)
    np.testing.assert_array_equal(found["gradient"], model.gradient(theta))
    np.testing.assert_array_equal(found["hessian"], model.hessian(theta).ravel())
    np.testing.assert_array_equal(found["expected"], model.expected(theta))
    np.testing.assert_array_equal(np.array(found["samples"]), model.expected_by_sample(theta))
    assert found["names"] == list(model.sample_names)


FIT = """
show(Object.fromEntries(Object.entries(fit(model, { fixed: input.fixed })).filter(([name]) =>
  ["values", "uncertainties", "covariance", "twiceNll", "edm", "iterations", "starts", "status"].includes(name))));
"""


@pytest.mark.parametrize("fixed", [{}, {"mu": 0.5}])
def test_a_fit(node: Run, model: Model, fixed: dict[str, float]) -> None:
    found, fit = node(FIT, model, fixed=fixed), wilks.fit(model, fixed=fixed)
    assert found["status"] == fit.status == "converged"
    for name in ("twice_nll", "edm", "iterations", "starts"):
        assert found["twiceNll" if name == "twice_nll" else name] == getattr(fit, name), name
    np.testing.assert_array_equal(found["values"], fit.values)
    np.testing.assert_array_equal(found["uncertainties"], fit.uncertainties)
    np.testing.assert_array_equal(found["covariance"], fit.covariance.ravel())
