"""Reading trees: names, types, ranges and chunks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from tests.templates import events

from wilks.errors import TemplateError
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import parse
from wilks.templates.trees import Tree, open_trees

NAMES = ["pt", "jet", "three", "flag"]


@pytest.fixture(params=["TTree", "RNTuple"])
def path(request: Any, tmp_path: Path) -> str:
    made = tmp_path / "in.root"
    events.write_tree(made, {"events": events.columns(1, 2500)}, rntuple=request.param == "RNTuple")
    return str(made)


@pytest.mark.parametrize("span", [1, 1000, 10_000])
def test_ranges_and_chunks_make_up_the_tree(path: str, span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.templates.trees._SPAN", span)
    monkeypatch.setattr("wilks.templates.trees._MOST_ROWS", 128)
    monkeypatch.setattr("wilks.templates.trees._FEWEST_ROWS", 128)
    whole = events.columns(1, 2500)
    with open_trees(path) as file:
        tree = file.tree("events")
        spans = tree.spans(NAMES)
        assert len(spans) == {1: 4, 1000: 2, 10_000: 1}[span]
        assert (spans[0][0], spans[-1][1]) == (0, tree.entries)
        assert all(one[1] == other[0] for one, other in pairwise(spans))
        parts = [chunk for start, stop in spans for chunk in tree.chunks(NAMES, start, stop)]
    position = 0
    for first, columns, entries in parts:
        assert first == position
        position += entries
        for name in NAMES:
            assert len(columns[name]) == entries
            assert ak.to_list(columns[name]) == ak.to_list(whole[name][first:position])
        assert isinstance(columns["pt"], np.ndarray)
        assert isinstance(columns["three"], ak.Array)
    assert position == 2500


def test_types_are_known_without_reading(path: str) -> None:
    with open_trees(path) as file:
        tree = file.tree("events")
        before = file.bytes_read
        empties = tree.empties([*NAMES, "eta"])
        assert file.bytes_read - before < 3000  # an RNTuple's list of fields; each branch has 20 kB
    assert {name: len(array) for name, array in empties.items()} == dict.fromkeys([*NAMES, "eta"], 0)
    assert (empties["eta"].dtype, empties["flag"].dtype) == (np.float32, np.bool_)
    assert (empties["jet"].ndim, empties["three"].ndim) == (2, 2)


def test_what_is_not_there(path: str) -> None:
    with open_trees(path) as file:
        with pytest.raises(TemplateError, match=r'no tree "event" in .*in\.root; did you mean "events"\?'):
            file.tree("event")
        with pytest.raises(ExpressionError, match=r'no branch "jets"; did you mean "jet"\?') as caught:
            file.tree("events").bind("flag && jets[0] > 1")
        assert caught.value.column == 8
    with pytest.raises(TemplateError, match="no such file"), open_trees(path + "s"):
        pass


def test_what_is_not_a_tree(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "h.root") as file:
        file["folder/h"] = (np.array([1.0]), np.array([0.0, 1.0]))
    with open_trees(str(tmp_path / "h.root")) as file, pytest.raises(TemplateError, match="folder/h is a TH1D"):
        file.tree("folder/h")


def test_names_that_are_no_names(tmp_path: Path) -> None:
    tree = {"pt": np.arange(3.0), "m-2": np.arange(3.0) + 1, "Jet.m": np.arange(3.0) + 2, "sqrt": np.arange(3.0) + 3}
    events.write_tree(tmp_path / "in.root", {"folder/events": tree})
    with open_trees(str(tmp_path / "in.root")) as file:
        found = file.tree("folder/events")
        for text, name in (("m-2", "m-2"), ("get('m-2')*2", "m-2"), ("Jet.m + 1", "Jet.m"), ("sqrt(sqrt)", "sqrt")):
            assert found.bind(text).branches == (name,)
            ((_, columns, _),) = found.chunks([name], 0, 3)
            np.testing.assert_array_equal(columns[name], tree[name])


def test_aliases_of_a_tree() -> None:
    """A stand-in, as no Python package writes them."""
    aliases = {"ht": "sum(jet) + lep", "lep": "el + mu", "me": "me + 1"}
    tree = Tree(SimpleNamespace(aliases=aliases), frozenset({"jet", "el", "mu"}))
    bound = tree.bind("2*ht")
    assert bound == parse("2*(sum(jet) + (el + mu))")
    assert [node.column for node in bound.walk()] == [1, 0] + 6 * [2]
    with pytest.raises(ExpressionError, match='the alias "me": the alias "me" is made of itself') as caught:
        tree.bind("jet + me")
    assert caught.value.column == 6


@pytest.mark.parametrize(("form", "count"), [("{0} + {0}", 40), ("-{0}", 2000)])
def test_aliases_grow_within_limits(form: str, count: int) -> None:
    """Each stands for the one before, twice, or with one more operation."""
    aliases = {f"a{i}": form.format(f"a{i - 1}") for i in range(1, count)} | {"a0": "x"}
    tree = Tree(SimpleNamespace(aliases=aliases), frozenset({"x"}))
    assert len(list(tree.bind("a5").walk())) in (6, 2**6 - 1)
    with pytest.raises(ExpressionError, match=r"operations.*aliases"):
        tree.bind(f"a{count - 1}")
