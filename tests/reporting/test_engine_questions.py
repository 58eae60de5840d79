"""Questions asked in a page get the answers of the package."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reporting.conftest import Run

import wilks
from wilks.model.model import Model

MODELS: dict[str, Any] = {
    "measurement": lambda: wilks.compile_model(wilks.examples.measurement()),
    "search": lambda: wilks.compile_model(wilks.examples.search()),
}


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    made: Model = MODELS[request.param]()
    return made


def test_impacts(node: Run, model: Model) -> None:
    found = node('const { parameters, impacts } = wilks.ranking(model, "mu"); show({ parameters, impacts });', model)
    ranked = wilks.ranking(model)
    assert tuple(model.parameter_names[int(p)] for p in found["parameters"]) == ranked.names
    np.testing.assert_array_equal(np.array(found["impacts"]), ranked.impacts[0])


def test_a_scan(node: Run, model: Model) -> None:
    values = np.linspace(0.3, 1.7, 15)
    found = node('const { delta } = wilks.scan(model, "mu", input.values); show({ delta });', model, values=values)
    np.testing.assert_array_equal(found["delta"], wilks.scan(model, values=values).delta)


TOYS = """
const rows = [...wilks.toys(model, model.parameters.initial, { count: 70, seed: 3 })].flatMap(({ fits }) => fits);
show({ data: model.toyData(model.parameters.initial, { seed: 3, count: 70 }), values: rows.map((row) => row.values),
       uncertainties: rows.map((row) => row.uncertainties), nll: Float64Array.from(rows, (row) => row.twiceNll) });
"""


def test_toys(node: Run, model: Model) -> None:
    found = node(TOYS, model)
    data = wilks.toy_data(model, values=model.initial, seed=3, count=70)
    np.testing.assert_array_equal(found["data"].reshape(data.shape), data)
    fits = wilks.fit_many(model, data, start=model.initial, uncertainties=True)
    np.testing.assert_array_equal(np.array(found["values"]), fits.values)
    np.testing.assert_array_equal(np.array(found["uncertainties"]), fits.uncertainties)
    np.testing.assert_allclose(found["nll"], fits.twice_nll, rtol=1e-12)


def test_goodness_of_fit(node: Run, model: Model) -> None:
    found = node("show(wilks.goodnessOfFit(model, fit(model)));", model)
    expected = wilks.goodness_of_fit(model)
    assert found["ndof"] == expected.ndof
    assert found["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
    assert found["pValue"] == pytest.approx(expected.p_value, rel=1e-9)
    assert found["constraints"] == pytest.approx(expected.constraints, abs=1e-9)
    assert found["channels"] == pytest.approx([channel.statistic for channel in expected.channels], rel=1e-9)


def test_chi_square(node: Run) -> None:
    from scipy.stats import chi2

    points = [(x, n) for n in (1, 2, 7, 40, 900) for x in (0.0, 0.1, 3.0, 41.0, 300.0, 1000.0)]
    text = "show({ tails: Float64Array.from(input.points, ([x, n]) => wilks.chiSquareTail(x, n)) });"
    found = node(text, points=[list(point) for point in points])
    np.testing.assert_allclose(found["tails"], [chi2.sf(*point) for point in points], rtol=1e-10)
