"""The WebAssembly module in the package is that of the sources; `make wasm-check` compiles and compares the bytes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def _tool(path: Path = ROOT / "tools" / "wasm.py") -> Any:
    spec = importlib.util.spec_from_file_location("wasm", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_module_was_made_from_these_sources() -> None:
    tool = _tool()
    assert tool.DIGEST.read_text(encoding="utf-8").strip() == tool.digest(), "the engine has changed: make wasm"


def test_the_digest_is_that_of_everything_that_matters(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("wasm.py", "constraints.txt"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools" / name)
    engine = tmp_path / "src" / "wilks" / "engine"
    shutil.copytree(ROOT / "src" / "wilks" / "engine", engine)
    tool = _tool(tmp_path / "tools" / "wasm.py")
    before = tool.digest()
    assert before == _tool().digest()
    for name, other in (("kernels.hpp", True), ("wasm.cpp", True), ("bindings.cpp", False), ("python.hpp", False)):
        text = (engine / name).read_bytes()
        (engine / name).write_bytes(text + b"\n")
        assert (tool.digest() != before) is other, name
        (engine / name).write_bytes(text)


def test_a_wrong_argument_is_told() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "wasm.py"), "--chek"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "python tools/wasm.py [--check]" in done.stderr
