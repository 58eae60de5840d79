"""Objects as ROOT itself draws them: `graphs.root` and what ROOT says of it in `graphs.json`, see make_graphs.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from scipy.stats import binom
from tests.labelled import labelled_profile, labelled_th1, labelled_th2

from wilks.browse import efficiencies
from wilks.browse.efficiencies import efficiency
from wilks.browse.objects import _axes, _parts, read_drawables
from wilks.browse.selection import flattened, select
from wilks.drawables import HistogramND, Parts, Points
from wilks.errors import InputError, TemplateError
from wilks.histogram import Axis, Histogram

HERE = Path(__file__).parent
GRAPHS = HERE / "graphs.root"


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "graphs.json").read_text(encoding="utf-8"))
    return found


def drawn(name: str, **options: str) -> Any:
    ((_, found),) = select(GRAPHS, [name], **options)
    return found


@pytest.mark.parametrize("axis", ["x", "y"])
def test_projections_and_profiles_of_a_plane_are_those_of_root(said: dict[str, Any], axis: str) -> None:
    plane, profile = drawn("plane", project=axis), drawn("plane", profile=axis)
    np.testing.assert_allclose([plane.contents, plane.stdev], said[f"plane {axis}"], rtol=1e-12)
    np.testing.assert_allclose([profile.y, profile.y_high], said[f"plane profile {axis}"], rtol=1e-12)
    assert plane.axis.label == f"{axis} title"


def test_projections_of_three_axes_are_those_of_root(said: dict[str, Any]) -> None:
    single = drawn("cube", project="z")
    np.testing.assert_allclose([single.contents, single.stdev], said["cube z"], rtol=1e-12)
    np.testing.assert_allclose(drawn("cube", project="xy").inside, said["cube yx"], rtol=1e-12)
    np.testing.assert_allclose(drawn("cube", project="xz").inside, said["cube zx"], rtol=1e-12)
    assert np.array_equal(drawn("cube").inside, drawn("cube", project="xy").inside)
    yz, z = drawn("cube", project="yz"), drawn("cube", project="z")
    assert isinstance(yz, HistogramND)
    np.testing.assert_allclose(yz.contents.sum(axis=0)[1:-1], z.contents, rtol=1e-12)


@pytest.mark.parametrize("name", ["profile", "spread"])
def test_profiles_have_the_errors_that_they_were_made_with(said: dict[str, Any], name: str) -> None:
    points = drawn(name)
    np.testing.assert_allclose([points.y, points.y_low], said[name], rtol=1e-12)
    assert points.x.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert points.x_high.tolist() == [0.5] * 4


def test_profile_of_two_axes(said: dict[str, Any]) -> None:
    plane = drawn("profile2d")
    assert plane.averaged
    np.testing.assert_allclose(plane.inside, said["profile2d"], rtol=1e-12)
    with pytest.raises(InputError, match='--project x: "profile2d" has no projection "x"'):
        select(GRAPHS, ["profile2d"], project="x")


def test_graphs_keep_their_points_and_errors() -> None:
    plain, symmetric, lopsided = (found for _, found in select(GRAPHS, ["plain", "symmetric", "lopsided"]))
    for graph in (plain, symmetric, lopsided):
        assert isinstance(graph, Points)
        assert graph.x.tolist() == [1.0, 2.0, 4.0]
        assert graph.y.tolist() == [3.0, 1.0, 2.0]
        assert (graph.label, graph.y_label) == ("m [GeV]", "limit [pb]")
    assert not plain.y_low.any()
    assert symmetric.y_low.tolist() == symmetric.y_high.tolist() == [0.4, 0.5, 0.6]
    assert lopsided.y_low.tolist() == [0.1, 0.2, 0.3]
    assert lopsided.y_high.tolist() == [0.4, 0.5, 0.6]
    assert lopsided.title == "lopsided graph"


def test_sets_are_taken_apart() -> None:
    several, stack = drawn("several"), drawn("stack")
    assert isinstance(several, Parts)
    assert [name for name, _ in several.parts] == ["plain", "symmetric"]
    assert [name for name, _ in stack.parts] == ["top", "zjets"]
    (_, top), (name, total) = flattened([("s", stack)])
    assert isinstance(top, Histogram)
    assert isinstance(total, Histogram)
    assert name == "s: top ... zjets"
    assert top.contents.tolist() == [1.0, 2.0, 3.0]
    assert total.contents.tolist() == [5.0, 4.0, 4.0]


def stack(*members: Any) -> Parts:
    class Stack:
        def __init__(self, members: dict[str, Any]) -> None:
            self.member = members.__getitem__
            self.has_member = members.__contains__

    found = _parts(Stack({"fHists": members, "fTitle": "s", "fHistogram": None}))
    assert [name for name, _ in found.parts] == ["h 1", "h 2"]
    return found


def test_parts_with_other_edges_do_not_stand_on_each_other() -> None:
    def part(high: float) -> Any:
        return labelled_th1([1.0, 1.0], [], edges=[0.0, 1.0, high])

    assert stack(part(2.0), part(2.0)).stacked
    assert not stack(part(2.0), part(3.0)).stacked


def test_parts_stand_on_each_other_by_their_labels() -> None:
    one = labelled_th1([1.0, 8.0], [(1, "ee"), (2, "mm")])
    other = labelled_th1([80.0, 10.0, 0.0, 0.0], [(1, "mm"), (2, "ee")], alphanumeric=True)
    found = stack(one, other)
    assert found.stacked
    assert [part.contents.tolist() for _, part in found.parts] == [[1.0, 8.0], [10.0, 80.0]]
    assert found.sums()[1][1].contents.tolist() == [11.0, 88.0]
    assert found.parts[0][1].axis == found.parts[1][1].axis
    assert not stack(one, labelled_th1([1.0, 8.0], [(1, "ee"), (2, "tt")])).stacked


@pytest.mark.parametrize(("name", "index", "words"), [("turnon", 0, "Clopper-Pearson"), ("weighted", 1, "normal")])
def test_efficiencies_are_those_of_root(said: dict[str, Any], name: str, index: int, words: str) -> None:
    points = drawn(name)
    np.testing.assert_allclose([*points.y, *points.y_low, *points.y_high], said["turnon"][index], rtol=1e-9, atol=1e-12)
    assert words in points.note
    assert points.x.tolist() == [5.0, 15.0, 25.0]  # the last bin has no total


def test_intervals_of_efficiencies_have_equal_tails() -> None:
    value, down, up = efficiency(np.array([3.0]), np.array([9.0]), None, 0.9)
    assert binom.sf(2, 9, value[0] - down[0]) == pytest.approx(0.05, rel=1e-9)
    assert binom.cdf(3, 9, value[0] + up[0]) == pytest.approx(0.05, rel=1e-9)


def test_what_has_no_such_projection_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        select(GRAPHS, ["plane", "plain", "stack"], project="xz")
    plane, plain, stack = caught.value.problems
    assert plane.endswith('--project xz: "plane" has no projection "xz"; there are x, y')
    assert plain.endswith('--project xz: "plain" is no histogram of two or three axes')
    assert '"stack"' in stack
    with pytest.raises(InputError, match="no profile along"):
        select(GRAPHS, ["cube"], profile="x")


def test_objects_that_are_missing_or_of_another_kind_are_told(root_file: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        read_drawables(root_file, ["plain", "none", "remark"])
    none, remark = caught.value.problems
    assert none.endswith('"none" is not there')
    assert remark.endswith('"remark" is a TObjString')


def test_axes_of_maps_and_profiles_have_labels_without_spare_bins(tmp_path: Path) -> None:
    path = tmp_path / "labels.root"
    with uproot.recreate(path) as file:
        file["map"] = labelled_th2(
            [[1.0, 2.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0]], [(2, "ee"), (1, "mm")], alphanumeric=True
        )
        file["kept"] = labelled_th2([[1.0, 2.0], [3.0, 4.0], [0.0, 9.0]], [(2, "ee"), (1, "mm")], alphanumeric=True)
        file["up"] = labelled_th2([[1.0, 2.0], [3.0, 4.0]], y=[(1, "bad"), (2, "good")])
        file["profile"] = labelled_profile([3.0, 0.0, 7.0, 0.0], [(1, "a"), (2, "b"), (3, "c")], alphanumeric=True)
    found = read_drawables(path, ["map", "kept", "up", "profile"])
    plane, kept, up, profile = (found[name] for name in ("map", "kept", "up", "profile"))
    assert isinstance(plane, HistogramND)
    assert isinstance(kept, HistogramND)
    assert isinstance(up, HistogramND)
    assert isinstance(profile, Points)
    assert plane.axes[0].bin_labels == ("mm", "ee")
    assert plane.inside.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert plane.sumw2.shape == (4, 4)
    assert plane.project("x").axes[0] == plane.axes[0]
    assert kept.axes[0].bin_labels == ("mm", "ee", "")
    assert kept.integral == 19.0
    assert (up.axes[0].bin_labels, up.axes[1].bin_labels) == ((), ("bad", "good"))
    assert profile.bins == Axis.of_labels(["a", "b", "c"])
    assert dict(zip(profile.x, profile.y, strict=True)) == {0.5: 3.0, 2.5: 7.0}


def test_efficiencies_of_other_labels_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "labels.root"
    with uproot.recreate(path) as file:
        file["passed"] = labelled_th1([1.0, 8.0], [(1, "ee"), (2, "mm")])
        file["total"] = labelled_th1([10.0, 5.0], [(1, "mm"), (2, "ee")])
    with uproot.open(path) as file:
        members = {"title": "", "level": 0.0, "option": 0, "passed": file["passed"], "total": file["total"]}
        monkeypatch.setattr(efficiencies, "_members", lambda *_: members)
        with pytest.raises(ValueError, match='other bins: labels "ee", "mm" and labels "mm", "ee"'):
            efficiencies.read_efficiency(None, "e", _axes)
        members["passed"] = file["total"]
        points = efficiencies.read_efficiency(None, "e", _axes)
    assert points.bins == Axis.of_labels(["mm", "ee"])
    assert points.y.tolist() == [1.0, 1.0]


def test_entries_that_wait_in_a_buffer_are_not_lost_silently(tmp_path: Path) -> None:
    waiting = labelled_th2([[1.0, 2.0], [3.0, 4.0]])
    (base,) = (base for model in waiting._bases for base in (model, *model._bases) if "fBuffer" in base._members)
    base._members.update(fBufferSize=7, fBuffer=np.array([2.0, 1.0, 0.5, 0.5, 1.0, 1.5, 0.5]))
    path = tmp_path / "waiting.root"
    with uproot.recreate(path) as file:
        file["map"] = waiting
    with pytest.raises(TemplateError, match="2 entries wait in ROOT's buffer"):
        read_drawables(path, ["map"])
