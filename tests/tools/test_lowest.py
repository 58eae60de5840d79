"""What pyproject.toml says of other packages is true, and the versions that are tested are complete."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
# Packages that another name is imported by, and what always comes with some: pydantic's own core, what matplotlib
# writes PNGs with, mplhep's fonts.
IMPORTED_AS = {
    "pyyaml": "yaml",
    "pydantic": "pydantic pydantic_core",
    "uhi": "uhi h5py",
    "matplotlib": "matplotlib PIL",
    "mplhep": "mplhep mplhep_data",
}


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("lowest", ROOT / "tools" / "lowest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def project(*requirements: str, **extras: list[str]) -> dict[str, Any]:
    return {
        "build-system": {"requires": ["builder>=0.1"]},
        "project": {"dependencies": list(requirements), "optional-dependencies": extras},
    }


def test_lowest_versions() -> None:
    made = project("Some.Thing[more]>=1.2", "other>=10", "any", a=["other>=9.1", "third_one>=2.0.1"], b=["fourth>=1"])
    assert _tool().lowest(made, []) == ["builder==0.1", "other==10", "some-thing==1.2"]
    assert _tool().lowest(made, ["a"]) == ["builder==0.1", "other==10", "some-thing==1.2", "third-one==2.0.1"]


@pytest.mark.parametrize("requirement", ["one>=1,<2", "one>=1; python_version > '3'", "one==1", "one @ file:///one"])
def test_what_has_more_than_a_lower_bound_is_refused(requirement: str) -> None:
    with pytest.raises(ValueError, match="a name with a lower bound is expected"):
        _tool().lowest(project(requirement), [])


def test_command() -> None:
    command = [sys.executable, str(ROOT / "tools" / "lowest.py")]
    printed = subprocess.run([*command, "minuit", "test"], capture_output=True, text=True, check=True).stdout.split()
    assert [line for line in PROJECT["project"]["dependencies"] if f"{_name(line)}==" not in " ".join(printed)] == []
    failed = subprocess.run([*command, "tset"], capture_output=True, text=True)
    assert failed.returncode == 1
    assert "no such extra: tset; allowed are" in failed.stderr


def test_extras_are_tested_with_their_own_bounds() -> None:
    """The tests need what users may install for the same reasons."""
    for extra in ("minuit", "hdf5", "dask", "pandas", "pyhf"):
        assert set(EXTRAS[extra]) <= set(EXTRAS["test"])


def test_every_package_that_is_imported_is_declared() -> None:
    extras = ("minuit", "hdf5", "dask", "pandas", "pyhf", "cabinetry", "jax", "sampling")
    declared = [*PROJECT["project"]["dependencies"], *(name for extra in extras for name in EXTRAS[extra])]
    known = {part for name in map(_name, declared) for part in IMPORTED_AS.get(name, name.replace("-", "_")).split()}
    imported = set()
    for path in (ROOT / "src" / "wilks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - known - {"wilks", *sys.stdlib_module_names} == set()


def test_every_package_has_a_tested_version() -> None:
    """Whatever is installed for wilks, its tests and its tools is in the constraints, and so is what builds it."""
    lines = (ROOT / "tools" / "constraints.txt").read_text(encoding="utf-8").split()
    tested = {_name(line) for line in lines}
    assert len(tested) == len(lines)
    wanted, seen = [*PROJECT["project"]["dependencies"], *EXTRAS["test"], *EXTRAS["lint"]], set()
    while wanted:
        name = _name(wanted.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # not for this platform or interpreter
        wanted += [line for line in requirements if "extra ==" not in line]
        assert name in tested, name
    assert {_name(line) for line in PROJECT["build-system"]["requires"]} | {"cmake", "ninja", "pip"} <= tested
