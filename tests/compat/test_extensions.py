"""What pyhf's models can't be gets one sentence in its layers, and is never read as another model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.workspace.wide import wide

import wilks.compat.cabinetry
import wilks.compat.pyhf
from wilks.errors import WorkspaceError

SPEC = wide().spec
PYHF: Any = wilks.compat.pyhf
CABINETRY: Any = wilks.compat.cabinetry
MODEL = {"channels": SPEC["channels"], "parameters": SPEC["measurements"][0]["config"]["parameters"]}
MODEL_WITH_CONSTRAINT = {
    "channels": wilks.examples.measurement().spec["channels"],
    "parameters": [{"name": "mu", "constraint": "normal", "auxdata": [1], "sigmas": [0.1]}],
}


@pytest.mark.parametrize(
    ("ask", "place"),
    [
        (lambda: PYHF.Workspace(SPEC), "data_sets"),
        (lambda: PYHF.Workspace(SPEC, validate=False).model(), ""),
        (lambda: PYHF.Model(MODEL, poi_name=None), "channels[0].samples[0].modifiers[1].interpolation"),
        (lambda: PYHF.Model(MODEL, poi_name=None, validate=False), "modifiers[1].interpolation"),
        (lambda: PYHF.Model(MODEL_WITH_CONSTRAINT, validate=False), "constraint"),
        (lambda: CABINETRY.model_utils.model_and_data(SPEC), "modifiers[1].interpolation"),
    ],
)
def test_there_is_one_sentence(ask: Callable[[], Any], place: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        ask()
    assert len(caught.value.problems) == 1
    assert 'of version "wilks-1"' in str(caught.value)
    assert "wilks.compile_model" in str(caught.value)
    assert place.partition("[")[0] in str(caught.value)


def test_a_document_is_loaded_by_cabinetry_and_asked_of_wilks(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    path.write_text(json.dumps(SPEC))
    spec = CABINETRY.workspace.load(path)
    assert wilks.fit(wilks.compile_model(wilks.load_workspace(spec))).converged
