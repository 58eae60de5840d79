"""Every published workspace gets the numbers of the package in a page too, to the last bit.

Both have log from elsewhere, which may differ in the last bit; along the way to the minima here it does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.reporting.conftest import Run

import wilks
from wilks.errors import WilksError
from wilks.fitting.mle import fit_problem
from wilks.fitting.problem import pose
from wilks.model.model import Model

FIT = """
const result = fit(model);
const point = model.parameters.initial.map((x, i) => Math.min(x + 0.1, model.parameters.upper[i]));
show({ values: result.values, uncertainties: result.uncertainties, twiceNll: result.twiceNll, starts: result.starts,
       iterations: result.iterations, constants: model.dataset().constants, nll: model.nll(point),
       gradient: model.gradient(point), hessian: model.hessian(point), samples: model.expectedBySample(point) });
"""


def _models(folder: Path) -> dict[str, Model]:
    """Return the models of all workspaces in a folder, of pyhf and HS3, but for those that clip yields: pages don't."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            workspace = wilks.load_workspace(path)
        except WilksError:
            continue  # another format, or a patch
        try:
            model = wilks.compile_model(workspace)
        except WilksError:
            model = wilks.compile_model(workspace, poi="")
        if "clip" not in model.settings:
            found[str(path)] = model
    return found


@pytest.fixture(scope="module")
def models(shared_data: Path) -> dict[str, Model]:
    found = _models(shared_data)
    assert len(found) > 10
    return found


def test_all_of_them(node: Run, models: dict[str, Model]) -> None:
    for path, model in models.items():
        found = node(FIT, model)
        expected = fit_problem(model, model.observed_dataset, pose(model, None, None, None), label="observed")
        assert found["twiceNll"] == expected.twice_nll, path
        assert found["constants"] == model.observed_dataset.constants, path
        np.testing.assert_array_equal(found["values"], expected.values, err_msg=path)
        np.testing.assert_array_equal(found["uncertainties"], expected.uncertainties, err_msg=path)
        assert (found["iterations"], found["starts"]) == (expected.iterations, expected.starts), path
        point = np.minimum(model.initial + 0.1, model.bounds[1])
        assert found["nll"] == model.nll(point), path
        np.testing.assert_array_equal(found["gradient"], model.gradient(point), err_msg=path)
        np.testing.assert_array_equal(found["hessian"], model.hessian(point).ravel(), err_msg=path)
        np.testing.assert_array_equal(np.array(found["samples"]), model.expected_by_sample(point), err_msg=path)


def test_impacts_and_scans_of_the_lesson(node: Run, shared_data: Path) -> None:
    for name in ("workspace.json", "workspace_repaired.json"):
        model = wilks.compile_model(wilks.load_workspace(shared_data / "ttbar-lesson" / name))
        best = wilks.fit(model)
        poi = best[model.poi or ""]
        values = poi.value + poi.uncertainty * np.linspace(-2, 2, 9)
        found = node(
            "const best = fit(model); const { impacts } = wilks.ranking(model, model.poi, { best });"
            "show({ impacts, delta: wilks.scan(model, model.poi, input.values, {}, best).delta });",
            model,
            values=values,
        )
        ranked = wilks.ranking(model, result=best)
        np.testing.assert_array_equal(np.array(found["impacts"]), ranked.impacts[0])
        np.testing.assert_array_equal(found["delta"], wilks.scan(model, values=values, result=best).delta)
