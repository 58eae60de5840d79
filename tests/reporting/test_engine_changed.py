"""Models changed in a page are those that the package makes of a changed workspace."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.reporting.conftest import Run

import wilks
from wilks.model.model import Model

FIT = """
const result = fit(changed);
show({ values: result.values, uncertainties: result.uncertainties, twiceNll: result.twiceNll, status: result.status,
       names: changed.names, expected: changed.expected(result.values), fixed: result.fixed });
"""


def _same(found: dict[str, Any], model: Model, rtol: float = 0.0) -> None:
    fit = wilks.fit(model)
    assert found["status"] == fit.status == "converged"
    assert found["names"] == list(model.parameter_names)
    np.testing.assert_allclose(found["values"], fit.values, rtol=rtol)
    np.testing.assert_allclose(found["uncertainties"], fit.uncertainties, rtol=rtol)
    np.testing.assert_allclose(found["expected"], model.expected(fit.values), rtol=rtol)
    np.testing.assert_array_equal(found["fixed"].astype(bool), fit.fixed)
    assert found["twiceNll"] == pytest.approx(fit.twice_nll, rel=rtol or 1e-15)


@pytest.mark.parametrize("bins", [{"electrons": [0]}, {"electrons": [1, 4], "muons": [2]}])
def test_without_bins(node: Run, bins: dict[str, list[int]]) -> None:
    workspace = wilks.examples.measurement()
    model = wilks.compile_model(workspace)
    removed = np.zeros(model.observed_main.size, np.uint8)
    for name, chosen in bins.items():
        removed[[model.channel_slices[name].start + b for b in chosen]] = 1
    found = node("const changed = model.withoutBins(input.removed);" + FIT, model, removed=removed)
    _same(found, wilks.compile_model(wilks.mask_bins(workspace, bins)))


def test_without_a_channel(node: Run) -> None:
    """Parameters of the channel stay, as constants; all others are where they are without it."""
    workspace = wilks.examples.search()
    model = wilks.compile_model(workspace)
    gone = model.channel_names[-1]
    removed = np.zeros(model.observed_main.size, np.uint8)
    removed[model.channel_slices[gone]] = 1
    found = node("const changed = model.withoutBins(input.removed);" + FIT, model, removed=removed)
    bins = range(model.channel_bins[gone])
    fit = wilks.fit(wilks.compile_model(wilks.mask_bins(workspace, {gone: tuple(bins)})))
    values = dict(zip(found["names"], found["values"], strict=True))
    assert [values[name] for name in fit.names] == pytest.approx(fit.values, abs=1e-9)
    assert found["status"] == "converged"


def test_a_factor_without_bins_acts_on_nothing(node: Run) -> None:
    removed = np.array([1, 0], np.uint8)
    text = "const changed = model.withoutBins(input.removed); const { idle, status, uncertainties } = fit(changed);"
    found = node(text + "show({ idle, status, uncertainties });", wilks.compile_model(_counting()), removed=removed)
    assert found["idle"].tolist() == [1, 0]
    assert found["status"] == "converged"
    assert np.isnan(found["uncertainties"]).tolist() == [True, False]


def _counting() -> Any:
    """Return a workspace of two channels of one bin, with a factor of its own each."""
    channels = [
        {"name": name, "samples": [{"name": "s", "data": [10.0], "modifiers": [_factor(f"k_{name}")]}]}
        for name in ("A", "B")
    ]
    return wilks.load_workspace(
        {
            "channels": channels,
            "observations": [{"name": name, "data": [12.0]} for name in ("A", "B")],
            "measurements": [{"name": "m", "config": {"poi": "k_A", "parameters": []}}],
            "version": "1.0.0",
        }
    )


def _factor(name: str) -> dict[str, Any]:
    return {"name": name, "type": "normfactor", "data": None}


def test_wider_constraints(node: Run) -> None:
    workspace = wilks.examples.measurement()
    model = wilks.compile_model(workspace)
    names = [name for name, s in zip(model.parameter_names, model.constraints, strict=True) if s == "normal"]
    name = next(name for name in names if "[" not in name)
    text = "const changed = model.withWidths(new Map([[input.index, 2]]));" + FIT
    found = node(text, model, index=model.index(name))
    spec = copy.deepcopy(workspace.spec)
    settings = spec["measurements"][0]["config"]["parameters"]
    known = next((each for each in settings if each["name"] == name), None)
    if known is None:
        settings.append(known := {"name": name})
    known["sigmas"] = [2.0 * float(model.prefit_uncertainties[model.index(name)])]
    _same(found, wilks.compile_model(wilks.load_workspace(spec)))


def test_wider_poisson_constraints(node: Run) -> None:
    modifier = {"name": "gamma", "type": "shapesys", "data": [2.0, 1.5]}
    spec: dict[str, Any] = {
        "channels": [
            {
                "name": "A",
                "samples": [
                    {"name": "b", "data": [40.0, 30.0], "modifiers": [modifier]},
                    {"name": "s", "data": [3.0, 9.0], "modifiers": [_factor("mu")]},
                ],
            }
        ],
        "observations": [{"name": "A", "data": [45.0, 41.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    model = wilks.compile_model(wilks.load_workspace(spec))
    positions = [model.index("gamma[0]"), model.index("gamma[1]")]
    text = "const changed = model.withWidths(new Map(input.positions.map((p) => [p, 2])));" + FIT
    found = node(text, model, positions=positions)
    modifier["data"] = [4.0, 3.0]
    _same(found, wilks.compile_model(wilks.load_workspace(spec)), rtol=1e-14)


@pytest.mark.parametrize("samples", [None, ["Signal"]])
def test_other_yields(node: Run, samples: list[str] | None) -> None:
    workspace = wilks.examples.measurement()
    model = wilks.compile_model(workspace)
    samples = samples and [model.sample_names[0]]
    found = node(
        "const changed = model.withYields(2, input.samples ?? undefined);"
        "show({ rates: changed.expected(input.theta), before: model.expected(input.theta) });",
        model,
        samples=samples,
        theta=model.initial,
    )
    rates = model.expected_by_sample(model.initial)
    chosen = np.array([samples is None or name in samples for name in model.sample_names])
    np.testing.assert_allclose(found["rates"], rates.sum(axis=0) + rates[chosen].sum(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(found["before"], model.expected(model.initial))


def test_what_can_not_be(node: Run) -> None:
    text = """
    const texts = [];
    for (const work of [
      () => model.withWidths(new Map([[0, 0]])), () => model.withYields(NaN), () => model.index("nu"),
      () => fit(model, { fixed: { nu: 1 } }), () => fit(model, { start: { mu: Infinity } }),
      () => fit(model, { bounds: { mu: [2, 1] } }),
      () => fit(model, { data: new Float64Array(3) }), () => fit(model, { data: model.observed.with(0, -1) }),
      () => model.expected(new Float64Array(3)), () => wilks.scan(model, "mu", [100]),
      () => model.toyData(new Float64Array(model.size).fill(NaN)),
    ]) { try { work(); texts.push("nothing"); } catch (error) { texts.push(error.message); } }
    show({ texts });
    """
    told = node(text, wilks.compile_model(wilks.examples.measurement()))["texts"]
    assert told == [
        "a constraint can't be 0 times as wide",
        "yields can't be multiplied by NaN",
        *['no parameter "nu" in this model'] * 2,
        "a start and fixed values must be finite numbers",
        'the bounds of "mu" are 2 and 1: the first must be below the second',
        "data have 3 entries, needed are 25",
        "entry 0 of the data is -1: no possible value",
        "theta has 3 entries, needed are 16",
        'a scan of "mu" needs values between 0 and 5',
        "means and widths must be finite, means of counts not negative",
    ]
