"""One pass over a range of entries: sums, shared parts, weights that are no numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.templates import events

from wilks.templates.filling import Recipe, Tally, Task, fill, starts_of, tasks_of

EDGES = tuple(events.EDGES)
RECIPES = (
    Recipe("pt", None, None, EDGES),
    Recipe("pt", "flag", "weight*sf_up", EDGES),
    Recipe("pt", "flag", "2", (0.0, 50.0)),
    Recipe("jet[0]", "flag", "weight", EDGES),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    events.write_tree(tmp_path / "in.root", {"events": events.columns(3, 2000)}, basket=500)
    return str(tmp_path / "in.root")


def test_a_range_of_entries(path: str) -> None:
    tree = {name: column[500:1500] for name, column in events.columns(3, 2000).items()}
    tally = fill(Task(path, "events", RECIPES, 500, 1500))
    assert not tally.failed
    assert tally.bytes_read > 0
    everything = np.ones(1000, dtype=bool)
    for recipe, start, (weights, keep) in zip(
        RECIPES[:3],
        starts_of(RECIPES),
        ((1.0, everything), (tree["weight"] * tree["sf_up"], tree["flag"]), (2.0, tree["flag"])),
        strict=False,
    ):
        yields, variances, below, above = events.histogram(tree["pt"], weights, keep, list(recipe.edges))
        stop = start + len(recipe.edges) + 1
        np.testing.assert_allclose(tally.contents[start:stop], [below, *yields, above], rtol=1e-12)
        np.testing.assert_allclose(tally.sumw2[start + 1 : stop - 1], variances, rtol=1e-12)
    assert tally.entries[:2].tolist() == [1000, np.count_nonzero(tree["flag"])]
    lacking = np.array([len(jets) == 0 for jets in tree["jet"]]) & tree["flag"]
    assert tally.undefined.tolist() == [0, 0, 0, np.count_nonzero(lacking)]
    assert tally.entries[3] + tally.undefined[3] == tally.entries[1]


def test_parts_add_up(path: str) -> None:
    total = Tally.of(RECIPES)
    for task in tasks_of(path, "events", RECIPES, ((0, 500), (500, 2000))):
        total.add(fill(task))
    whole = fill(Task(path, "events", RECIPES, 0, 2000))
    np.testing.assert_allclose(total.contents, whole.contents, rtol=1e-12)
    np.testing.assert_allclose(total.sumw2, whole.sumw2, rtol=1e-12)
    np.testing.assert_array_equal(total.entries, whole.entries)


def test_bad_weights_are_remembered_and_good_ones_not(tmp_path: Path) -> None:
    tree = events.columns(3, 600)
    tree["pt"][100:200] = np.nan  # not filled, whatever the weight
    tree["weight"][[150, 220, 480]] = np.nan, np.inf, -np.inf
    events.write_tree(tmp_path / "in.root", {"events": tree})
    recipes = Recipe("pt", None, "weight", EDGES), Recipe("pt", None, None, EDGES)
    tally = fill(Task(str(tmp_path / "in.root"), "events", recipes, 0, 600))
    assert tally.bad == {"weight": (220, 480)}
    assert tally.undefined.tolist() == [100, 100]
    assert tally.entries.tolist() == [500, 500]


def test_trouble_is_a_sentence(path: str, tmp_path: Path) -> None:
    tally = fill(Task(str(tmp_path / "none.root"), "events", RECIPES, 0, 10))
    assert len(tally.unreadable) == 1
    assert "no such file" in tally.unreadable[0]
    np.testing.assert_array_equal(tally.contents, 0.0)
