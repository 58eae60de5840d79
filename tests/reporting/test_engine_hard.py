"""Fits that don't end as usual: flat, without effect, at bounds, from impossible starts, mirrored, with two minima."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reporting.conftest import Run

import wilks
from wilks.model.model import Model


def _model(samples: list[dict[str, Any]], data: list[float], parameters: list[dict[str, Any]] | None = None) -> Model:
    """Return a model of one channel; the parameter of interest is mu."""
    config = {"poi": "mu", "parameters": parameters or []}
    return wilks.compile_model(
        wilks.load_workspace(
            {
                "channels": [{"name": "SR", "samples": samples}],
                "observations": [{"name": "SR", "data": data}],
                "measurements": [{"name": "m", "config": config}],
                "version": "1.0.0",
            }
        )
    )


def _sample(name: str, data: list[float], *modifiers: tuple[str, str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "data": data,
        "modifiers": [dict(zip(("name", "type", "data"), m, strict=True)) for m in modifiers],
    }


MU = ("mu", "normfactor", None)


def _shape(name: str, low: list[float], high: list[float]) -> tuple[str, str, Any]:
    return name, "histosys", {"lo_data": low, "hi_data": high}


CASES: dict[str, Any] = {
    "two factors of one sample": _model([_sample("s", [10.0, 5.0], MU, ("k", "normfactor", None))], [12.0, 6.0]),
    "an empty sample": _model([_sample("s", [0.0, 0.0], MU), _sample("b", [9.0, 5.0])], [9.0, 6.0]),
    "a signal at its bound": _model([_sample("s", [5.0, 1.0], MU), _sample("b", [9.0, 5.0])], [2.0, 4.0]),
    "no events": _model(
        [_sample("s", [5.0], MU), _sample("b", [3.0], ("a", "normsys", {"hi": 1.2, "lo": 0.8}))], [0.0]
    ),
    "identical variations": _model(
        [_sample("s", [5.0, 9.0], MU), _sample("b", [50.0, 40.0], _shape("a", [55.0, 35.0], [55.0, 35.0]))],
        [62.0, 41.0],
    ),
    "two minima": _model(
        [
            _sample("s", [5.0, 9.0, 2.0], MU),
            _sample("b", [50.0, 40.0, 30.0], _shape("a", [60.0, 30.0, 41.0], [58.0, 31.0, 40.0])),
        ],
        [68.0, 37.0, 45.0],
    ),
    "an impossible start": _model(
        [_sample("s", [5.0, 9.0], MU), _sample("b", [-3.0, 4.0], ("a", "normsys", {"hi": 1.3, "lo": 0.7}))],
        [6.0, 12.0],
        [{"name": "mu", "inits": [0.1]}],
    ),
    "a wild normsys": _model(
        [_sample("s", [5.0, 9.0], MU), _sample("b", [30.0, 14.0], ("a", "normsys", {"hi": 1.9, "lo": 0.3}))],
        [86.0, 42.0],
    ),
}
TEXT = """
const { values, uncertainties, twiceNll, code, atBound, idle, minimised, converged, minima, mirrored } = fit(model);
show({ values, uncertainties, twiceNll, code, atBound, idle, minimised, converged,
       mirrored: mirrored.map(([name]) => name), heights: Float64Array.from(minima, (one) => one.twiceNll) });
"""


@pytest.mark.parametrize("name", sorted(CASES))
def test_fits_end_as_in_the_package(node: Run, name: str) -> None:
    model = CASES[name]
    found, fit = node(TEXT, model), wilks.fit(model)
    assert (found["converged"], found["minimised"]) == (fit.converged, fit.minimised)
    assert found["twiceNll"] == pytest.approx(fit.twice_nll, rel=1e-12, abs=1e-12)
    np.testing.assert_array_equal(found["idle"].astype(bool), fit.idle)
    assert found["mirrored"] == [each for each, _ in fit.mirrored]
    if not fit.flat.size:
        np.testing.assert_array_equal(found["atBound"].astype(bool), fit.at_bound)
        np.testing.assert_allclose(found["values"], fit.values, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found["uncertainties"], fit.uncertainties, rtol=1e-10)
        np.testing.assert_allclose(found["heights"], [one.twice_nll for one in fit.minima], rtol=1e-9)


def test_a_flat_fit_has_no_uncertainties(node: Run) -> None:
    found = node(TEXT, CASES["two factors of one sample"])
    assert (found["converged"], found["minimised"], found["code"]) == (False, True, 1)
    assert np.isnan(found["uncertainties"]).all()


def test_a_fit_is_stopped(node: Run) -> None:
    text = """
    let asked = 0;
    engine.onIteration = () => ++asked > 2;
    const { status, converged } = fit(model);
    engine.onIteration = () => false;
    show({ status, converged, after: fit(model).status });
    """
    found = node(text, wilks.compile_model(wilks.examples.search()))
    assert found == {"status": "interrupted", "converged": False, "after": "converged"}


def test_without_memory_the_engine_starts_afresh(node: Run) -> None:
    text = """
    const before = fit(model).twiceNll;
    let problem = "";
    try {
      engine.call("fit_many", model.pointer, 2 ** 28, ...Array(18).fill(0));
    } catch (error) {
      problem = error.message;
    }
    show({ problem, same: fit(model).twiceNll === before });
    """
    found = node(text, wilks.compile_model(wilks.examples.measurement()))
    assert found == {"problem": "the engine ended in fit_many: out of memory?", "same": True}


def test_a_damaged_model_is_refused(node: Run) -> None:
    text = """
    const { header, arrays } = model.content;
    const texts = [];
    for (const change of [{ templates: arrays.templates.slice(1) }, { factor_start: arrays.factor_start.slice(1) },
                          { bin_parameter: arrays.bin_parameter.map((p) => p + 1000) }])
      try {
        new Model(engine, { header, arrays: { ...arrays, ...change } });
      } catch (error) {
        texts.push(error.message);
      }
    show({ texts });
    """
    assert node(text, wilks.compile_model(wilks.examples.measurement()))["texts"] == [
        "the templates have the wrong length",
        "the arrays of scalar factors have different lengths",
        "a parameter index is out of range",
    ]
