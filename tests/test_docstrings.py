"""Examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import wilks


def _with_examples() -> list[str]:
    """Return the names of all modules that have an example, without importing any."""
    root = Path(wilks.__file__).parent
    names = [info.name for info in pkgutil.walk_packages([str(root)], "wilks.") if info.name != "wilks.__main__"]
    paths = {name: root.joinpath(*name.split(".")[1:]) for name in names}
    sources = {name: path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for name, path in paths.items()}
    return [name for name, path in sources.items() if path.is_file() and ">>>" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", _with_examples())
def test_examples_give_what_they_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
