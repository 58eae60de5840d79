"""What a newcomer reads where wilks can't be set up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _ran(*arguments: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "tools" / "preflight.py"), *arguments]
    found = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    return found.returncode, found.stderr


def test_a_missing_compiler_is_one_sentence(tmp_path: Path) -> None:
    code, said = _ran(PATH=str(tmp_path), CXX="")
    assert code == 1
    assert [line for line in said.splitlines() if "a C++ compiler is missing" in line] != []


def test_failed_installation_says_the_way_out() -> None:
    code, said = _ran("--not-installed", "tools/constraints.txt")
    assert (code, said.count("\n")) == (1, 1)
    assert (
        f"(tools/constraints.txt) could not be installed for Python {sys.version_info[0]}.{sys.version_info[1]}" in said
    )
    assert "make demo PIN=" in said
    code, said = _ran("--not-installed", "")
    assert (code, said.count("\n")) == (1, 1)
    assert "PIN" not in said


@pytest.mark.parametrize(("lane", "words"), [("newest", "no wheel"), ("lowest", "raise its bound")])
def test_versions_that_can_not_be_installed_say_the_way_out(lane: str, words: str) -> None:
    code, said = _ran("--not-tested", lane)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"not tested: the {lane} versions")
    assert "pip says why, above" in said
    assert "If the network failed, run it again. " in said
    assert f"make test-{lane} PYTHON=" in said
    assert words in said
