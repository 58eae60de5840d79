"""Answers that are true pass; answers that were changed by hand do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from tests.fuzz.answers import judge
from tests.reference.likelihood import Likelihood

from wilks import compile_model, intervals, limit, load_workspace, scan

SPEC: dict[str, Any] = {
    "channels": [
        {
            "name": "SR",
            "samples": [
                {"name": "s", "data": [5.0, 12.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
                {
                    "name": "b",
                    "data": [50.0, 60.0],
                    "modifiers": [
                        {"name": "scale", "type": "normsys", "data": {"lo": 0.9, "hi": 1.1}},
                        {"name": "stat", "type": "staterror", "data": [3.0, 0.0]},  # the second is held
                    ],
                },
            ],
        }
    ],
    "observations": [{"name": "SR", "data": [52.0, 70.0]}],
    "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
    "version": "1.0.0",
}
MODEL = compile_model(load_workspace(SPEC))
REFERENCE = Likelihood(SPEC)


def kinds(answer: object) -> set[str]:
    return {fault.kind for fault in judge(MODEL, REFERENCE, answer)}


def test_true_answers_pass() -> None:
    for answer in (limit(MODEL), scan(MODEL, points=5), intervals(MODEL), "anything else"):
        assert kinds(answer) == set()


def test_a_limit_where_cls_is_not_alpha_is_caught() -> None:
    answer = limit(MODEL)
    assert kinds(replace(answer, observed=1.02 * answer.observed)) == {"limit that is no root"}
    assert kinds(replace(answer, expected=0.98 * answer.expected)) == {"limit that is no root"}


def test_a_scanned_point_above_the_profile_is_caught() -> None:
    answer = scan(MODEL, points=5)
    curve = answer.curves[0]
    raised = replace(curve, delta=curve.delta + np.array([0.0, 0.0, 0.0, 0.01, 0.0]))
    assert kinds(replace(answer, curves=(raised,))) == {"scan above the profile"}


def test_an_interval_that_ends_too_early_is_caught() -> None:
    answer = intervals(MODEL)
    assert kinds(replace(answer, upper=answer.values + 0.9 * (answer.upper - answer.values))) == {"interval too narrow"}
    assert kinds(replace(answer, twice_nll=answer.twice_nll + 0.01)) == {"interval too narrow"}
