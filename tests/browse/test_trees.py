from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from wilks.browse.request import Request, draw, show
from wilks.browse.trees import Binning, Draw, axes_of, binnings_of, draw_tree, edges_of
from wilks.drawables import Filled, HistogramND
from wilks.errors import InputError, TemplateError

SIZE = 500


@pytest.fixture(scope="module")
def events() -> dict[str, Any]:
    random = np.random.default_rng(3)
    pt = random.exponential(50e3, SIZE)
    counts = random.poisson(2.0, SIZE)
    return {
        "pt": pt,
        "eta": random.normal(0.0, 1.5, SIZE).astype(np.float32),
        "n": counts.astype(np.int32),
        "w": random.normal(1.0, 0.2, SIZE),
        "hole": np.where(pt > 80e3, np.nan, pt),
        "name": ["ee" if i % 2 else "mumu" for i in range(SIZE)],
        "jets": ak.unflatten(random.exponential(30.0, counts.sum()), counts),
    }


@pytest.fixture(scope="module")
def tree_file(tmp_path_factory: pytest.TempPathFactory, events: dict[str, Any]) -> Path:
    path = tmp_path_factory.mktemp("trees") / "trees.root"
    with uproot.recreate(path) as file:
        types = {name: ak.Array(value).type.content for name, value in events.items()}
        file.mktree("dir/events", types)
        half = {name: value[: SIZE // 2] for name, value in events.items()}
        file["dir/events"].extend(half)
        file["dir/events"].extend({name: value[SIZE // 2 :] for name, value in events.items()})
        ntuple = file.mkrntuple("ntuple", {"pt": np.float64, "n": np.int32})
        ntuple.extend({"pt": events["pt"], "n": events["n"]})
        file["h"] = np.histogram(events["pt"], bins=10)
        file.mktree("empty", {"x": np.float64})
    return path


def shown(path: Path, *names: str, **options: str) -> Any:
    return show(path, Request(names, **options))


def test_selection_weight_and_bins_are_those_of_numpy(tree_file: Path, events: dict[str, Any]) -> None:
    options = {"where": "n>2 && abs(eta) < 2", "weight": "w", "bins": "40,0,200"}
    ((name, found),) = shown(tree_file, "dir/events", "pt/1000", **options).drawn
    chosen = (events["n"] > 2) & (np.abs(events["eta"]) < 2)
    values, weights = events["pt"][chosen] / 1000, events["w"][chosen]
    expected, edges = np.histogram(values, 40, (0, 200), weights=weights)
    assert name == "pt/1000"
    np.testing.assert_allclose(found.axis.edges, edges)
    np.testing.assert_allclose(found.contents, expected, rtol=1e-12)
    np.testing.assert_allclose(found.sumw2, np.histogram(values, 40, (0, 200), weights=weights**2)[0], rtol=1e-12)
    assert found.entries == chosen.sum()
    assert found.overflow == pytest.approx(weights[values >= 200].sum())


def test_statistics_are_those_of_the_values(tree_file: Path, events: dict[str, Any]) -> None:
    ((_, found),) = shown(tree_file, "dir/events/pt", weight="w", bins="3,0,90000").drawn
    inside = events["pt"] < 90e3
    values, weights = events["pt"][inside], events["w"][inside]
    mean = np.average(values, weights=weights)
    assert isinstance(found, Filled)
    assert found.mean == pytest.approx(mean, rel=1e-12)
    spread = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    assert found.stdev_of_values == pytest.approx(spread, rel=1e-9)
    assert f"{mean:.6g}" in draw((("pt", found),), 80)


def test_nothing_is_lost_without_a_range(tree_file: Path, events: dict[str, Any]) -> None:
    for bins in (None, "7"):
        options = {} if bins is None else {"bins": bins}
        ((_, found),) = shown(tree_file, "dir/events/pt", **options).drawn
        assert (found.underflow, found.overflow, found.integral) == (0, 0, SIZE)
        assert bins is None or len(found.axis) == 7
    ((_, whole),) = shown(tree_file, "dir/events/n").drawn
    assert whole.contents.tolist() == np.bincount(events["n"]).tolist()
    assert whole.axis.centers.tolist() == list(range(events["n"].max() + 1))


def test_rntuples_and_several_expressions_share_their_bins(tree_file: Path) -> None:
    ntuple = shown(tree_file, "ntuple", "pt", "2*pt").drawn
    tree = shown(tree_file, "dir/events", "pt", "2*pt").drawn
    assert [name for name, _ in ntuple] == ["pt", "2*pt"]
    assert np.array_equal(ntuple[0][1].axis.edges, ntuple[1][1].axis.edges)
    for (_, one), (_, other) in zip(ntuple, tree, strict=True):
        assert one.contents.tolist() == other.contents.tolist()


def test_two_axes_are_drawn_as_root_does(tree_file: Path, events: dict[str, Any]) -> None:
    ((_, found),) = shown(tree_file, "dir/events", "eta:n", bins="4,0,4,5,-1,1").drawn
    expected = np.histogram2d(events["n"], events["eta"], (4, 5), ((0, 4), (-1, 1 - 1e-9)))[0]
    assert isinstance(found, HistogramND)
    # The last edge belongs to the overflow; no value of this file lies on it but for n = 4.
    expected[3] -= np.histogram(events["eta"][events["n"] == 4], 5, (-1, 1))[0]
    assert found.inside.tolist() == expected.tolist()
    assert [axis.label for axis in found.axes] == ["n", "eta"]
    inside = (events["n"] < 4) & (np.abs(events["eta"]) < 1)
    assert found.moments[0][0] == pytest.approx(events["n"][inside].mean())
    assert "mean y" in draw((("eta:n", found),), 80)


def test_values_that_are_no_numbers_are_counted(tree_file: Path, events: dict[str, Any]) -> None:
    selected = shown(tree_file, "dir/events/hole")
    lost = int(np.isnan(events["hole"]).sum())
    assert selected.notes == (f"hole: {lost} of {SIZE} selected entries left out, their value is missing or NaN",)
    assert selected.drawn[0][1].entries == SIZE - lost
    missing = shown(tree_file, "dir/events", "jets[0]", where="n >= 0")
    assert str(int((events["n"] == 0).sum())) in missing.notes[0]


def test_large_trees_are_read_twice_with_the_same_outcome(tree_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = shown(tree_file, "dir/events/pt").drawn[0][1]
    monkeypatch.setattr("wilks.browse.trees._KEPT", 0)
    assert shown(tree_file, "dir/events/pt").drawn[0][1] == kept


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["dir/events", "ptt"], {}, ['tree "dir/events": no branch "ptt"; did you mean "pt"?']),
        (["dir/events", "zzzzzz"], {}, ['no branch "zzzzzz"; there are "eta", "hole", "jets", ']),
        (["dir/events/jets"], {}, ["the branch \"jets\" (double[]) has a list per entry; draw one number: 'jets[0]'"]),
        (["dir/events", "jets*2"], {}, ["gives a list per entry where one number is needed"]),
        (["dir/events", "name"], {}, ['the branch "name" (char*) gives text, not numbers']),
        (["dir/events", "pt"], {"where": "n > 200"}, [f"--where: none of {SIZE} entries passes n > 200"]),
        (
            ["dir/events", "pt"],
            {"where": "nn > 2", "weight": "ww"},
            ['--where: no branch "nn"', '--weight: no branch "ww"'],
        ),
        (
            ["dir/events", "pt"],
            {"where": "eta"},
            ['--where: the branch "eta" (float) gives numbers where a filter needs true or false'],
        ),
        (["dir/events", "pt"], {"weight": "hole"}, ['--weight: "hole" is missing, NaN or infinite in entry']),
        (["dir/events", "hole"], {"where": "pt > 80e3"}, ['"hole" is no finite number in any of']),
        (["empty", "x"], {}, ['tree "empty" has no entries']),
        (["dir/events", "pt:eta:n"], {}, ["at most two axes"]),
        (["dir/events", "pt:eta", "n"], {}, ['two axes ("y:x") are drawn alone']),
        (["dir/events", "pt"], {"bins": "4,0,1,4,0,1"}, ["--bins: 2 axes are given, 1 drawn"]),
        (["dir/events"], {}, ['"dir/events" is a TTree, not a histogram; name after it what to draw']),
        (["dir/evnts", "pt"], {}, ['no object "dir/evnts"', 'no object "pt"']),
        (["h"], {"where": "pt > 1", "bins": "3"}, ["--where, --bins: for trees; name a tree"]),
        (["dir/events", "pt"], {"project": "x"}, ["--project: for histograms of two and three axes"]),
    ],
)
def test_mistakes_are_sentences(tree_file: Path, names: list[str], options: dict[str, str], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        shown(tree_file, *names, **options)
    assert len(caught.value.problems) == len(words)
    for problem, word in zip(caught.value.problems, words, strict=True):
        assert word in problem


@pytest.mark.parametrize("text", ["", "x", "0", "2.5", "-3", "4,1,0", "4,0,nan", "1,2,3,4", "1e9", "4,0,1,2,0"])
def test_bins_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="--bins: found"):
        binnings_of(text)


def test_bins() -> None:
    assert binnings_of("40") == (Binning(40),)
    assert binnings_of("10,20") == (Binning(10), Binning(20))
    assert binnings_of("2,-1,1,3,0,9") == (Binning(2, (-1.0, 1.0)), Binning(3, (0.0, 9.0)))
    for low, high in ((0.3, 0.3), (-5e-9, 7e-9), (1e12, 1e12 + 5), (1.0, 1.0 + 4e-16), (-1e300, 1e300), (0.0, 0.0)):
        edges = edges_of(Binning(), low, high, False, 60)
        assert edges[0] <= low < edges[-1]
        assert high < edges[-1] or high == 1e300
        assert np.all(np.diff(edges) > 0)
        assert edges.size < 150


def test_colons_of_slices_and_names_are_no_axes() -> None:
    assert axes_of("jets[:, 0]") == ("jets[:, 0]",)
    assert axes_of("TMath::Abs(eta) : pt") == ("pt", "TMath::Abs(eta)")
    assert axes_of("get('a:b')") == ("get('a:b')",)


def test_options_without_names_and_against_each_other() -> None:
    with pytest.raises(InputError, match="--where, --weight: name what to draw"):
        Request((), where="a", weight="b")
    with pytest.raises(InputError, match="exclude each other"):
        Request(("h",), project="x", profile="y")


def test_draw_tree_checks_before_it_reads(tree_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wilks.templates.trees.Tree.chunks", lambda *_: pytest.fail("an entry was read"))
    with pytest.raises(TemplateError, match='no branch "x"'):
        draw_tree(tree_file, Draw("dir/events", ("pt", "x")))
