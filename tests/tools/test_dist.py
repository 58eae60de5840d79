"""What is released holds what it has to and nothing else, under one version; nothing is compiled twice on the way."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

import wilks

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGE = {"src/wilks/__init__.py", "src/wilks/engine/model.hpp", "src/wilks/examples/measurement.yml"}
SDIST = [
    *PACKAGE,
    "CMakeLists.txt",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "pyproject.toml",
    "PKG-INFO",
]
WHEEL = [
    "wilks/__init__.py",
    "wilks/examples/measurement.yml",
    "wilks/_engine.cpython-311.so",
    "wilks-1.dist-info/RECORD",
]


def _tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_sdist_holds_the_package_and_what_builds_it() -> None:
    wrong = _tool("dist").wrong_in_sdist
    names = [f"wilks-0.1.0/{name}" for name in SDIST]
    assert wrong(names, PACKAGE) == []
    assert wrong(names[1:], PACKAGE) == [f"the sdist lacks {SDIST[0]}"]
    for leftover in ("build/cp311/CMakeCache.txt", "src/wilks/_engine.so", "tests/conftest.py", "shared/data/x.json"):
        assert wrong([*names, f"wilks-0.1.0/{leftover}"], PACKAGE) == [
            f"the sdist has {leftover}, which does not belong there"
        ]


def test_a_wheel_holds_the_package_and_one_engine() -> None:
    wrong = _tool("dist").wrong_in_wheel
    assert wrong(WHEEL, PACKAGE) == []
    assert wrong(WHEEL[1:], PACKAGE) == ["the wheel lacks wilks/__init__.py"]
    source = "wilks/engine/model.hpp"
    assert wrong([*WHEEL, source], PACKAGE) == [f"the wheel has {source}, which does not belong there"]
    assert wrong([name for name in WHEEL if "_engine" not in name], PACKAGE) == [
        "the wheel has 0 compiled engines, expected one"
    ]


def test_the_version_stands_in_one_place() -> None:
    """What has to repeat it agrees."""
    assert metadata.version("wilks") == wilks.__version__
    assert "version" not in PROJECT["project"]
    version = PROJECT["tool"]["scikit-build"]["metadata"]["version"]
    assert f'"{wilks.__version__}"' in (ROOT / version["input"]).read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == wilks.__version__
    assert {"cff-version", "message", "title", "authors", "date-released", "license"} <= citation.keys()
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Unreleased", wilks.__version__]


def test_wheels_are_made_for_every_python_that_is_named() -> None:
    named = {line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if ":: Python :: 3." in line}
    made = {f"3.{build[3:5]}" for build in PROJECT["tool"]["cibuildwheel"]["build"]}
    assert named <= made
    assert f">={min(named)}" == PROJECT["project"]["requires-python"]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "wheels.yml").read_text(encoding="utf-8"))
    machines = [row["machine"].partition("-")[0] for row in workflow["jobs"]["wheels"]["strategy"]["matrix"]["include"]]
    assert machines == ["ubuntu", "ubuntu", "macos", "macos", "windows"]


def test_nothing_is_compiled_for_the_tests(tmp_path: Path) -> None:
    """After `make demo`, `make test` and `make docs` install other packages alone."""

    def planned(*arguments: str) -> str:
        # Without the flags of a `make` that runs the tests.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
        command = ["make", "--dry-run", f"VENV={tmp_path}", f"PYTHON={sys.executable}", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment).stdout

    assert "--editable ." in planned("test")
    (tmp_path / ".installed").touch()
    for target in ("test", "docs", "bench", "fuzz"):
        assert " -m pip install" in planned(target)
        assert "--editable" not in planned(target)
        assert " -m venv" not in planned(target)


@pytest.mark.parametrize("extras", [[], ["test"], ["test", "lint"]])
def test_what_extras_need(extras: list[str]) -> None:
    project = PROJECT["project"]
    found = _tool("extras").requirements(PROJECT, extras)
    assert found == [*project["dependencies"], *(line for e in extras for line in project["optional-dependencies"][e])]


def test_an_unknown_extra_is_said() -> None:
    command = [sys.executable, str(ROOT / "tools" / "extras.py"), "tset"]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("tools/extras.py: no such extra: tset; allowed are ")
