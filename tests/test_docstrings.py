"""Examples in docstrings run and give what they say; what is public has one, and says what it raises."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wilks
from wilks.results.io import KINDS

DOCS = Path(__file__).parents[1] / "docs" / "reference" / "python-api.md"
MODULES = ("examples", "figures", "tables")
WITH_EXTRAS = "wilks.jax"  # their examples are run in tests/extras


def _with_examples() -> list[str]:
    """Return the names of all modules that have an example, without importing any."""
    root = Path(wilks.__file__).parent
    sources = sorted(path for path in root.rglob("*.py") if path.stem != "__main__")
    found = [path.relative_to(root.parent) for path in sources if ">>>" in path.read_text(encoding="utf-8")]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]
    return [name for name in names if not name.startswith(WITH_EXTRAS)]


@pytest.mark.parametrize("name", _with_examples())
def test_examples_give_what_they_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def _is_module(path: str) -> bool:
    try:
        return importlib.util.find_spec(path) is not None
    except ModuleNotFoundError:  # of something in a module
        return False


def _public() -> Iterator[tuple[str, Any]]:
    """Yield every public callable with its name."""
    for name in wilks.__all__:
        found = getattr(wilks, name)
        if callable(found):
            yield name, found
    for module in MODULES:
        home = getattr(wilks, module)
        for name in getattr(home, "__all__", None) or [name for name in vars(home) if not name.startswith("_")]:
            found = getattr(home, name)
            if isinstance(found, types.FunctionType | type) and found.__module__.startswith(home.__name__):
                yield f"{module}.{name}", found
    named = re.findall(r"`(wilks(?:\.[a-z_]\w*){2,}\.?\w*)\b", DOCS.read_text(encoding="utf-8"))
    for path in dict.fromkeys([*named, *KINDS.values()]):
        if _is_module(path):
            continue
        module, _, name = path.rpartition(".")
        found = getattr(importlib.import_module(module), name) if module != "wilks" else None
        if isinstance(found, types.FunctionType | type):
            yield path, found


@pytest.mark.parametrize(("name", "found"), [pytest.param(*each, id=each[0]) for each in _public()])
def test_what_is_public_stands_alone(name: str, found: Any) -> None:
    text = inspect.getdoc(found) or ""
    assert ">>> " in text, f"{name} has no example"
    assert "+SKIP" not in text, f"{name} has an example that is not run"
    if isinstance(found, types.FunctionType):
        prose = text.split(">>> ")[0]
        keywords = [p.name for p in inspect.signature(found).parameters.values() if p.kind is p.KEYWORD_ONLY]
        # What many have alike is explained once.
        common = {"style", "ax"} if name.startswith("figures.") else {"threads", "progress"}
        assert [keyword for keyword in keywords if keyword not in common and f"`{keyword}" not in prose] == []
