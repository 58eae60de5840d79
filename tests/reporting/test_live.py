"""What the page answers about a changed model is what the package says of a model that was changed so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.reporting.conftest import MODULE, ROOT

import wilks
from wilks.model.export import export_model

Ask = Callable[..., Any]
UNCHANGED = {
    "values": {},
    "fixed": [],
    "freed": [],
    "dropped": [],
    "channels": [],
    "bins": {},
    "widths": {},
    "luminosity": 1,
    "asimov": None,
}
ASK = f"""
const {{ Work }} = await import("{(ROOT / "web/src/live/work.ts").as_uri()}");
const work = await Work.open(readFileSync("{MODULE}").toString("base64"), wilks.toBase64(input.exported));
show({{ answer: work.answer(input.question, () => {{}}) }});
"""


@pytest.fixture
def workspace() -> Any:
    return wilks.examples.search()


@pytest.fixture
def ask(node: Any, workspace: Any) -> Ask:
    """Return what asks the page's worker about the packaged search."""

    def asked(kind: str, *, base: Any = None, changes: dict[str, Any] | None = None, **more: Any) -> Any:
        exported = export_model(wilks.compile_model(workspace))
        question = {"kind": kind, "setting": UNCHANGED | (changes or {}), "base": base, **more}
        return node(ASK, exported=exported, question=question)["answer"]

    return asked


def arrays(prediction: Any, name: str) -> dict[str, Any]:
    return {channel["name"]: np.array(channel[name], float) for channel in prediction["channels"]}


def test_a_fit_with_its_prediction_and_goodness(ask: Ask, workspace: Any) -> None:
    found, model = ask("fit"), wilks.compile_model(workspace)
    fit = wilks.fit(model)
    np.testing.assert_array_equal(found["values"], fit.values)
    np.testing.assert_array_equal(found["uncertainties"], fit.uncertainties)
    assert found["twiceNll"] == fit.twice_nll
    expected = wilks.predict(model, fit)
    for name, totals in arrays(found["prediction"], "total_uncertainty").items():
        np.testing.assert_allclose(totals, expected[name].total_uncertainty, rtol=1e-9)
    for channel in found["prediction"]["channels"]:
        there = expected[channel["name"]]
        order = [there.samples.index(sample) for sample in channel["samples"]]
        np.testing.assert_allclose(channel["yields"], there.yields[order], rtol=1e-12)
        np.testing.assert_array_equal(channel["data"], there.data)
    test = wilks.goodness_of_fit(model)
    assert found["goodness"]["statistic"] == pytest.approx(test.statistic, rel=1e-9)
    assert found["goodness"]["ndof"] == test.ndof
    assert found["goodness"]["p"] == pytest.approx(test.p_value, rel=1e-9)


def test_parameters_that_are_held_and_dropped(ask: Ask, workspace: Any) -> None:
    changes = {"fixed": ["mu"], "values": {"mu": 0.25}, "dropped": ["b-tagging"]}
    found = ask("fit", changes=changes)
    fit = wilks.fit(wilks.compile_model(workspace), fixed={"mu": 0.25, "b-tagging": 0.0})
    np.testing.assert_array_equal(found["values"], fit.values)
    assert found["twiceNll"] == fit.twice_nll


def test_regions_and_bins_that_are_left_out(ask: Ask, workspace: Any) -> None:
    found = ask("fit", changes={"channels": ["CR top"], "bins": {"SR 2b": [0, 5]}})
    left = wilks.mask_bins(wilks.select_channels(workspace, "SR*"), {"SR 2b": [0, 5]})
    fit = wilks.fit(wilks.compile_model(left))
    values = dict(zip(found["names"], found["values"], strict=True))
    for name in ("mu", "b-tagging", "Z+jets modelling"):
        assert values[name] == pytest.approx(fit[name].value, abs=1e-6)
    data = arrays(found["prediction"], "data")
    assert np.isnan(data["CR top"]).all()
    assert np.flatnonzero(np.isnan(data["SR 2b"])).tolist() == [0, 5]


def test_asimov_data(ask: Ask, workspace: Any) -> None:
    found, model = ask("fit", changes={"asimov": 0.5}), wilks.compile_model(workspace)
    fit = wilks.fit(model, wilks.asimov(model, values={"mu": 0.5}))
    np.testing.assert_allclose(found["values"], fit.values, atol=1e-9)
    np.testing.assert_allclose(found["uncertainties"], fit.uncertainties, rtol=1e-9)


def test_a_width_that_is_doubled_is_a_weaker_constraint(ask: Ask, workspace: Any) -> None:
    before, after = ask("fit"), ask("fit", changes={"widths": {"Luminosity": 2}})
    i = before["names"].index("Luminosity")
    assert after["uncertainties"][i] == pytest.approx(2 * before["uncertainties"][i], rel=0.01)


def test_luminosity_scales_every_yield(ask: Ask) -> None:
    one, three = ask("predict"), ask("predict", changes={"luminosity": 3})
    for before, after in zip(one["channels"], three["channels"], strict=True):
        np.testing.assert_allclose(np.array(after["yields"]), 3 * np.array(before["yields"]), rtol=1e-12)


def test_a_parameter_that_is_moved(ask: Ask, workspace: Any) -> None:
    model = wilks.compile_model(workspace)
    theta = model.prefit_values.copy()
    theta[model.index("b-tagging")] = 1.5
    found = ask("predict", changes={"values": {"b-tagging": 1.5}})
    assert found["twiceNll"] == 2 * model.nll(theta)
    assert found["constraints"]["b-tagging"] == pytest.approx(1.5**2)
    assert sum(found["constraints"].values()) == pytest.approx(1.5**2)


def test_a_scan(ask: Ask, workspace: Any) -> None:
    found = ask("scan", parameter="mu", points=7)
    scan = wilks.scan(wilks.compile_model(workspace), parameter="mu", values=found["values"])
    np.testing.assert_allclose(found["delta"], scan.curves[0].delta, atol=1e-6)


def test_a_ranking(ask: Ask, workspace: Any) -> None:
    found, ranking = ask("ranking"), wilks.ranking(wilks.compile_model(workspace))
    rows = [ranking.names.index(name) for name in found["names"]]
    expected = ranking.impacts[0][rows]
    both = np.isfinite(expected)
    np.testing.assert_allclose(np.array(found["impacts"], float)[both], expected[both], atol=1e-6)


def test_toys(ask: Ask, workspace: Any) -> None:
    found, model = ask("toys", count=20, seed=3, changes={"asimov": 1.0}), wilks.compile_model(workspace)
    theta = model.prefit_values.copy()
    theta[model.index("mu")] = 1.0
    data = wilks.toy_data(model, values=theta, seed=3, count=20)
    values = [wilks.fit(model, row)["mu"].value for row in data]
    np.testing.assert_allclose(found["values"], values, atol=1e-6)
    assert (found["truth"], found["failed"]) == (1.0, 0)
