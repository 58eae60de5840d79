"""The suites of other packages: what is changed in the copied tests, and what the table says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "peer_suites.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("peer_suites", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_entries_of_missing_libraries_are_left_out_with_their_names(tool: Any) -> None:
    text = """
@pytest.fixture(
    params=[
        (pyhf.tensor.numpy_backend(), None),
        (pyhf.tensor.jax_backend(), None),
        (pyhf.tensor.pytorch_backend(precision='64b'), None),
        pyhf.tensor.jax_backend,
    ],
    ids=['numpy', 'pytorch', 'pytorch64', 'jax', 'numpy_minuit'],
)
"""
    reduced = tool.reduced(text, ["jax", "pytorch"])
    assert "jax" not in reduced
    assert "pytorch" not in reduced
    assert "ids=['numpy', 'numpy_minuit']" in reduced
    assert tool.reduced(text, []) == text
    untouched = "@pytest.mark.parametrize('name', ['jax', 'numpy'], ids=['jax', 'numpy'])\n"
    assert tool.reduced(untouched, ["jax"]) == untouched


def test_what_is_lost_is_counted_by_file(tool: Any) -> None:
    without = {"a::one": "passed", "a::two": "passed", "b::one": "failed", "b::two": "skipped", "::tests.c": "failed"}
    with_wilks = {"a::one": "passed", "a::two": "failed", "b::one": "passed"}
    lines = tool.table(without, with_wilks)
    assert lines[2:] == ["| a | 2 | 2 | 1 | 1 |", "| b | 1 | 0 | 1 | 0 |", "| all | 3 | 2 | 2 | 1 |"]


def test_without_a_checkout_it_says_how_it_is_called(
    tool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main([str(tmp_path)]) == 2
    assert "PATH_OF_CHECKOUT" in capsys.readouterr().err


def test_every_reason_is_a_sentence(tool: Any) -> None:
    assert all("::" in name and len(reason.split()) > 5 for name, reason in tool.KNOWN.items())
