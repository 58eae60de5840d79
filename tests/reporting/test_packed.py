"""A packed workspace, and a model whose templates are what its workspace does not tell, come back to the last bit."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reporting.conftest import Run

import wilks
from wilks._container import differences
from wilks.model.export import export_model
from wilks.workspace.packing import pack_workspace

SHOW = """
const numbers = wilks.workspaceNumbers(await wilks.read(wilks.toBase64(input.numbers)));
const text = wilks.workspaceText(JSON.parse(new TextDecoder().decode(await wilks.gunzip(input.parts))), numbers);
const given = input.exported ? [input.exported, input.numbers].map(wilks.toBase64) : null;
const arrays = given ? (await Model.read(engine, ...given)).content.arrays : {};
show({ text, values: numbers.values, arrays });
"""


def document() -> dict[str, Any]:
    """Return a workspace with numbers of every kind: symmetric, one-sided, spelled as integers, tiny, huge, -0.0."""
    nominal = [10.0, 0.1, 1e-310, 3.5e15, 2e22]
    changes = {
        "symmetric": ([9.0, 0.09, 1e-310, 3.4e15, 1.9e22], [11.0, 0.11, 1e-310, 3.6e15, 2.1e22]),
        "one-sided": (nominal, [11.0, 0.2, 0.0, 3.5e15, 2.5e22]),
        "odd": ([0.0, -0.0, 5e-324, 1.0, 1e21], [1e300, 0.3, 1e-300, -1.0, 123456789.125]),
    }
    modifiers: list[dict[str, Any]] = [{"name": "mu", "type": "normfactor", "data": None}]
    for name, (low, high) in changes.items():
        modifiers.append({"name": name, "type": "histosys", "data": {"lo_data": low, "hi_data": high}})
    whole = {"lo_data": [9, 9, 9, 9, 9], "hi_data": [11.0, 11, 11, 11, 11]}
    modifiers.append({"name": "integers", "type": "histosys", "data": whole})
    modifiers.append({"name": "stat", "type": "staterror", "data": [1.0, 0.5, 0.0, 1e3, 1e5]})
    other = {"name": 'b "list"', "data": [1, 2.0, 3, 4, 5], "modifiers": copy.deepcopy(modifiers[1:2])}
    return {
        "channels": [{"name": "SR\u2028", "samples": [{"name": "a", "data": nominal, "modifiers": modifiers}, other]}],
        "observations": [{"name": "SR\u2028", "data": [10.0, 3.0, 3.0, 3.5e15, 2e22]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def unpacked(node: Run, workspace: wilks.Workspace, model: Any = None) -> dict[str, Any]:
    packed = pack_workspace(workspace)
    more = {} if model is None else {"exported": export_model(model, packed)}
    found = node(SHOW, parts=packed.text, numbers=packed.numbers, **more)
    assert found["values"].tobytes() == packed.values.tobytes()
    return found


def test_numbers_of_every_kind_keep_bits_and_spelling(node: Run) -> None:
    workspace = wilks.load_workspace(document())
    found = unpacked(node, workspace)
    again = wilks.load_workspace(json.loads(found["text"]))
    assert again.digest == workspace.digest
    assert again == workspace
    assert msgspec.json.encode(again.document) == msgspec.json.encode(workspace.document)


@pytest.mark.parametrize("name", ["measurement", "search", "document"])
def test_templates_of_a_model_are_those_that_it_has(node: Run, name: str) -> None:
    workspace = wilks.load_workspace(document()) if name == "document" else getattr(wilks.examples, name)()
    model = wilks.compile_model(workspace)
    arrays = unpacked(node, workspace, model)["arrays"]
    for name, array in model.engine.__getstate__().items():
        if isinstance(array, np.ndarray):
            assert arrays[name].tobytes() == array.tobytes(), name


def test_published_workspaces(node: Run, shared_data: Path) -> None:
    for file in ("likelihoods/atlas-tHu-fcnc/workspace_tHu.json", "ttbar-lesson/workspace_repaired.json"):
        workspace = wilks.load_workspace(shared_data / file)
        model = wilks.compile_model(workspace)
        found = unpacked(node, workspace, model)
        assert found["arrays"]["templates"].tobytes() == model.engine.__getstate__()["templates"].tobytes()
        assert wilks.load_workspace(json.loads(found["text"])).digest == workspace.digest


def test_a_model_of_another_workspace_is_exported_whole(node: Run) -> None:
    """What the workspace does not have is not predicted, and nothing is lost."""
    workspace, other = wilks.examples.measurement(), wilks.examples.search()
    model = wilks.compile_model(workspace)
    arrays = unpacked(node, other, model)["arrays"]
    assert arrays["templates"].tobytes() == model.engine.__getstate__()["templates"].tobytes()


def test_without_the_numbers_there_is_no_model(node: Run) -> None:
    workspace = wilks.examples.measurement()
    exported = export_model(wilks.compile_model(workspace), pack_workspace(workspace))
    said = node(
        "try { await Model.read(engine, wilks.toBase64(input.exported)); } catch (e) { show({ said: e.message }); }",
        exported=exported,
    )["said"]
    assert said == "the model is to be read with the numbers of its workspace"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=1))
def test_differences_lose_no_bit(pairs: list[tuple[float, float]]) -> None:
    values, predicted = np.array(pairs).T
    found = differences(values, predicted).view("<u8")
    steps = (found >> np.uint64(1)).view("<i8") ^ -(found & np.uint64(1)).view("<i8")
    there = np.where(np.isfinite(predicted), predicted, 0.0).view("<i8")
    assert (there + steps).tobytes() == values.tobytes()


def test_what_follows_from_nominal_and_one_side_takes_no_room() -> None:
    random = np.random.default_rng(2)
    parts = []
    for slope in (1.0, None):
        nominal = random.uniform(10, 100, 2000)
        low = nominal * (1 - random.normal(0, 0.05, 2000))
        high = nominal + (nominal - low) if slope else nominal * (1 + random.normal(0, 0.05, 2000))
        spec = document()
        sides = {"lo_data": low.tolist(), "hi_data": high.tolist()}
        modifier = {"name": "x", "type": "histosys", "data": sides}
        mu = {"name": "mu", "type": "normfactor", "data": None}
        spec["channels"][0]["samples"] = [{"name": "a", "data": nominal.tolist(), "modifiers": [mu, modifier]}]
        spec["observations"][0]["data"] = nominal.tolist()
        parts.append(len(pack_workspace(wilks.load_workspace(spec)).numbers))
    assert parts[0] < 0.8 * parts[1]
