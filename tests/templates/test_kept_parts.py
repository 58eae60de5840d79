from __future__ import annotations

import numpy as np
import pytest
from tests.assemble.analysis import ERRORS, YIELDS, document, templates, varied

from wilks import load_config, process_templates
from wilks.templates.record import Step
from wilks.templates.store import TemplateKey

UP = np.array([110.0, 45.0, 5.8])  # 1.2 times 134
KEY = TemplateKey("S R", "B", "JES", "Up")


@pytest.mark.parametrize(
    ("kind", "contents", "errors", "step"),
    [
        ("ShapeOnly", UP / 1.2, np.array(ERRORS["B"]) / 1.2, Step("shape only", {"factor": pytest.approx(1 / 1.2)})),
        ("NormOnly", 1.2 * np.array(YIELDS["B"]), ERRORS["B"], Step("yield only", {"factor": pytest.approx(1.2)})),
        ("NormPlusShape", UP, ERRORS["B"], None),
    ],
)
def test_what_a_type_keeps(kind: str, contents: np.ndarray, errors: np.ndarray, step: Step | None) -> None:
    source = document(varied(kind))
    made = process_templates(templates(source, {("B", "JES", "Up"): UP}), load_config(source))
    np.testing.assert_allclose(made[KEY].contents, contents, rtol=1e-12)
    np.testing.assert_allclose(made[KEY].stdev, errors, rtol=1e-12)
    assert made.steps.get(KEY, ()) == (() if step is None else (step,))
    assert made.original(KEY).contents.tolist() == UP.tolist()


def test_without_a_yield_there_is_no_ratio() -> None:
    for kind in ("ShapeOnly", "NormOnly"):
        source = document(varied(kind))
        made = process_templates(templates(source, {("B", "JES", "Up"): [1.0, -1.0, 0.0]}), load_config(source))
        expected = [1.0, -1.0, 0.0] if kind == "ShapeOnly" else YIELDS["B"]
        assert made[KEY].contents.tolist() == expected
