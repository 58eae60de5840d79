from __future__ import annotations

import copy
from typing import Any

import pytest

from wilks import Axis, check, load_workspace
from wilks.workspace.workspace import Workspace

NOMINAL = {"signal": [10.0, 20.0, 30.0], "background": [100.0, 80.0, 60.0]}


def workspace(errors: dict[str, list[float]], poisson: dict[str, list[float]] | None = None) -> dict[str, Any]:
    def modifiers(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"name": "staterror_SR", "type": "staterror", "data": errors[name]}]
        if poisson:
            found.append({"name": f"staterror_SR_{name}", "type": "shapesys", "data": poisson[name]})
        return found if name != "signal" else [*found, {"name": "mu", "type": "normfactor", "data": None}]

    samples = [{"name": name, "data": data, "modifiers": modifiers(name)} for name, data in NOMINAL.items()]
    return {
        "channels": [{"name": "SR", "samples": samples}],
        "observations": [{"name": "SR", "data": [110.0, 100.0, 90.0]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def places(spec: dict[str, Any]) -> list[str]:
    return [finding.place for finding in check(load_workspace(copy.deepcopy(spec))) if finding.rule == "zero-staterror"]


@pytest.mark.parametrize(
    ("errors", "poisson", "found"),
    [
        ({"signal": [1, 1, 1], "background": [3, 3, 3]}, None, []),
        # One sample without: its histogram lacks the sum of squared weights.
        ({"signal": [0, 0, 0], "background": [3, 3, 3]}, None, ['sample "signal"']),
        ({"signal": [1, 1, 0], "background": [3, 3, 3]}, None, ['sample "signal"']),
        ({"signal": [0, 0, 0], "background": [0, 0, 0]}, None, ['sample "signal"', 'sample "background"']),
        # All samples without in some bins: these were below a threshold.
        ({"signal": [0, 1, 1], "background": [0, 3, 3]}, None, []),
        # Bins that have Poisson-constrained parameters instead.
        (
            {"signal": [1, 0, 0], "background": [3, 0, 0]},
            {"signal": [0, 1, 1], "background": [0, 3, 3]},
            [],
        ),
        (
            {"signal": [1, 0, 0], "background": [3, 0, 0]},
            {"signal": [0, 1, 0], "background": [0, 3, 3]},
            ['sample "signal"'],
        ),
    ],
)
def test_zero_uncertainties_that_nobody_asked_for(errors: Any, poisson: Any, found: list[str]) -> None:
    assert places(workspace(errors, poisson)) == found


def test_a_systematic_of_each_bin_is_no_statistical_uncertainty() -> None:
    spec = workspace({"signal": [0, 1, 1], "background": [0, 3, 3]})
    closure = {"name": "closure_SR_signal", "type": "shapesys", "data": [2.0, 2.0, 2.0]}
    spec["channels"][0]["samples"][0]["modifiers"].append(closure)
    assert places(spec) == []


def test_bins_with_labels_are_named_by_them() -> None:
    spec = workspace({"signal": [1, 1, 1], "background": [3, 3, 3]})
    spec["observations"][0]["data"] = [110.0, -1.0, -2.0]
    axes = {"SR": Axis.of_labels(["ee", "em", "mm"])}
    found = check(Workspace(load_workspace(spec).document, axes))
    (finding,) = [finding for finding in found if finding.rule == "negative-data"]
    assert finding.message == 'The data are negative in bins 1 "em", 2 "mm" (from 0) (lowest -2).'
