"""Friend trees: by position in a real file, by index against a dictionary."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import uproot

from wilks import build_templates, load_config
from wilks.errors import TemplateError
from wilks.templates import trees
from wilks.templates.evaluation import evaluate
from wilks.templates.expression_text import ExpressionError
from wilks.templates.filling import numbers
from wilks.templates.friends import Declared, Friend, Friends, Index, _index, friends_of
from wilks.templates.trees import Tree, open_trees

SIZE = 1000


def index_of(values: Any, minor: Any = None) -> Index:
    """Return the index that TTree::BuildIndex makes of two branches."""
    minor = np.zeros(len(values), dtype=np.int64) if minor is None else minor
    order = np.lexsort((minor, values))
    return Index(("run", "event"), values[order], minor[order], order)


def write(path: Path, **written: dict[str, Any]) -> None:
    with uproot.recreate(path) as file:
        for name, branches in written.items():
            file.mktree(name, {branch: values.dtype for branch, values in branches.items()}).extend(branches)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    run, event = rng.integers(0, 5, SIZE), np.arange(SIZE)
    order = rng.permutation(SIZE)
    branches = {"x": rng.random(SIZE), "run": run, "event": event}
    write(tmp_path / "in.root", t=branches, empty={"x": np.zeros(0)})
    sf = {"sf": rng.random(SIZE), "run": run[order], "event": event[order], "x": np.zeros(SIZE)}
    write(tmp_path / "friend.root", sf=sf)
    return {"path": tmp_path, "run": run, "event": event, "order": order}


def values(tree: Tree, text: str) -> tuple[Any, Any]:
    node = tree.bind(text)
    numbers(evaluate(node, tree.empties(node.branches), {}, frozenset()), 0)
    parts = []
    for _, columns, entries in tree.chunks(node.branches, 0, tree.entries):
        parts.append(numbers(evaluate(node, columns, {}, frozenset()), entries))
    found = np.concatenate([part for part, _ in parts])
    present = [np.ones(len(part), bool) if there is None else there for part, there in parts]
    return found, np.concatenate(present)


def with_friend(files: dict[str, Any], index: Index | None, stack: ExitStack) -> tuple[Tree, Any]:
    opened = stack.enter_context(open_trees(str(files["path"] / "in.root")))
    plain = opened.tree("t")
    source = stack.enter_context(uproot.open(files["path"] / "friend.root"))["sf"]
    friend = Friend(Declared("w", "sf", "friend.root"), source, frozenset(source.keys()), index, "friend.root")
    return Tree(plain.source, plain.names, lambda: Friends((friend,))), source


@pytest.mark.parametrize("rows", [1 << 17, 64])
def test_by_position(files: dict[str, Any], rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "_MOST_ROWS", rows)
    monkeypatch.setattr(trees, "_FEWEST_ROWS", rows)
    with ExitStack() as stack:
        tree, source = with_friend(files, None, stack)
        expected = source["sf"].array(library="np")
        for text in ("sf", "w.sf", "sf.sf"):
            assert np.array_equal(values(tree, text)[0], expected)
        assert np.array_equal(values(tree, "x")[0], tree.source["x"].array(library="np")), "its own comes first"
        assert not values(tree, "w.x")[0].any()
        assert np.allclose(values(tree, "x*w.sf")[0], tree.source["x"].array(library="np") * expected)


def test_by_index(files: dict[str, Any]) -> None:
    order = files["order"]
    with ExitStack() as stack:
        tree, source = with_friend(files, index_of(files["run"][order], files["event"][order]), stack)
        sf = source["sf"].array(library="np")
        known = dict(zip(zip(files["run"][order], files["event"][order], strict=True), sf, strict=True))
        expected = [known[pair] for pair in zip(files["run"], files["event"], strict=True)]
        found, present = values(tree, "x*0 + sf")
        assert present.all()
        assert found.tolist() == expected


def test_entries_without_a_friend_are_missing(files: dict[str, Any]) -> None:
    order = files["order"]
    run, event = files["run"][order], files["event"][order] * 2
    with ExitStack() as stack:
        tree, source = with_friend(files, index_of(run, event), stack)
        known = dict(zip(zip(run, event, strict=True), source["sf"].array(library="np"), strict=True))
        found, present = values(tree, "sf")
        for i, pair in enumerate(zip(files["run"], files["event"], strict=True)):
            assert present[i] == (pair in known)
            assert not present[i] or found[i] == known[pair]


def test_the_first_of_several_entries_counts() -> None:
    index = index_of(np.array([7, 3, 7, 3]))
    places, present = index.find(np.array([3, 7, 5]), np.array([0, 0, 0]))
    assert (places[:2].tolist(), present.tolist()) == ([1, 0], [True, True, False])


def test_a_friend_with_fewer_entries_is_refused(files: dict[str, Any]) -> None:
    with ExitStack() as stack:
        opened = stack.enter_context(open_trees(str(files["path"] / "in.root")))
        plain, empty = opened.tree("t"), opened.tree("empty")
        friend = Friend(Declared("w", "empty", ""), empty.source, empty.names, None, "")
        tree = Tree(plain.source, plain.names, lambda: Friends((friend,)))
        with pytest.raises(ExpressionError, match="of a friend tree with 0 entries, this one has 1000"):
            tree.bind("w.x")
        with pytest.raises(ExpressionError, match='no branch "nope"; the tree has the friend "w"'):
            tree.bind("nope")


def test_bytes_of_an_index() -> None:
    """The layout of TTreeIndex::Streamer: a TVirtualIndex, two names, and three arrays."""
    inside = b"\0\1" + struct.pack(">IH", 0x40000000 | 14, 1) + b"\0\1" + b"\0" * 10
    numbers_ = np.array([[1, 2, 5], [0, 0, 3], [2, 0, 1]], dtype=">i8").tobytes()
    body = struct.pack(">I", 0x40000000 | len(inside)) + inside + b"\3run\5event" + struct.pack(">q", 3) + numbers_
    content = b"???" + struct.pack(">IH", 0x40000000 | (len(body) + 2), 2) + body
    raw = type("Unknown_TTreeIndex", (), {})()
    raw.chunk, raw.cursor = SimpleNamespace(raw_data=content), SimpleNamespace(index=3)
    index = _index(raw)
    assert index.expressions == ("run", "event")
    assert [one.tolist() for one in (index.major, index.minor, index.entries)] == [[1, 2, 5], [0, 0, 3], [2, 0, 1]]


def case(shared_data: Path) -> Path:
    return shared_data.parent / "cases" / "templates" / "friend-tree"


def built(path: Path, weight: str) -> Any:
    sample = {"Name": "B", "SamplePath": str(path), "Tree": "t", "Weight": weight}
    document = {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "{SamplePath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR", "Variable": "x", "Binning": [0, 1, 2, 3, 4]}],
        "Samples": [sample, {"Name": "D", "SamplePath": str(path), "Tree": "t", "Data": True}],
        "NormFactors": [{"Name": "mu", "Samples": "B"}],
    }
    return build_templates(load_config(document))


def test_a_friend_that_root_wrote(shared_data: Path, tmp_path: Path) -> None:
    """TTree::Draw gives 50 in every bin."""
    for weight in ("sf", "sf.sf"):
        found = built(case(shared_data) / "in.root", weight)
        assert found.nominal("SR", "B").contents.tolist() == [50, 50, 50, 50]
        assert not any(origin.fingerprint for origin in found.origins.values()), "the friend may change"
    plain = built(case(shared_data) / "in.root", "x")
    assert all(origin.fingerprint for origin in plain.origins.values())
    with ExitStack() as stack:
        friends = friends_of(str(case(shared_data) / "in.root"), "t", stack)
        assert [friend.declared for friend in friends.friends] == [Declared("sf", "sf", "fr.root")]


def test_a_friend_whose_file_is_gone(shared_data: Path, tmp_path: Path) -> None:
    lonely = tmp_path / "in.root"
    lonely.write_bytes((case(shared_data) / "in.root").read_bytes())
    with pytest.raises(TemplateError, match=r"; its friend \"sf\" in fr\.root can't be read"):
        built(lonely, "sf")
