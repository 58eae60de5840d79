"""Grids against the single limits and tests they are made of, and published numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.infer.searches import MU, modifier, one_channel
from tests.workspace.test_patchset import background, patchset, signal

import wilks
from wilks.errors import InputError, ModelError, ResultError, WorkspaceError
from wilks.infer.study import Running
from wilks.model.datasets import Data
from wilks.model.model import Model
from wilks.workspace.patchset import load_patchset


def test_patches_are_single_limits() -> None:
    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    result = wilks.grid(workspace, signals)
    assert result.converged
    assert result.names == signals.names
    assert result.labels == ("m1", "m2")
    np.testing.assert_array_equal(result.coordinates, [[300, 100], [400, 100], [400, 200]])
    assert result.origin.workspace_digest == workspace.digest
    for i, name in enumerate(signals.names):
        single = wilks.limit(wilks.compile_model(signals.apply(workspace, name)))
        assert result.observed[i] == single.observed
        np.testing.assert_array_equal(result.expected[i], single.expected)
        assert result.best_values[i] == single.best_value
    assert len(set(result.digests)) == 3 - (signals.patches[1].operations == signals.patches[2].operations)


def test_cls_of_patches() -> None:
    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    result = wilks.grid(workspace, signals, question="CLs", value=1.4, statistic="q", base="clipped_normal")
    single = wilks.hypotest(
        wilks.compile_model(signals.apply(workspace, "S_300_100")), value=1.4, statistic="q", base="clipped_normal"
    )
    assert result.observed[0] == single.observed.cls[0]
    np.testing.assert_array_equal(result.expected[0], single.expected.cls[0])
    assert "CLs of mu = 1.4" in str(result)


def test_published_numbers(shared_data: Path) -> None:
    folder = shared_data / "likelihoods" / "atlas-3L-eRJR-2018-06"
    document = json.loads((folder / "patchset.json").read_text())
    document["patches"] = [p for p in document["patches"] if p["metadata"]["values"][0] == 200][:3]
    workspace = wilks.load_workspace(folder / "BkgOnly.json")
    result = wilks.grid(workspace, load_patchset(document), question="CLs")
    i = result.names.index("ERJR_200p0_100p0")
    # README of the data; its 2NLL of this model differs by 0.0016 (see tests/fitting/test_published.py).
    assert result.observed[i] == pytest.approx(0.0262499, rel=5e-4)
    assert result.expected[i, 2] == pytest.approx(0.00213, rel=2e-3)
    assert result.best_values[i] == pytest.approx(0.326167, rel=1e-5)


def test_workspaces_by_coordinates(tmp_path: Path) -> None:
    paths = {}
    for mass, yields in ((300, 12.0), (450, 6.0)):
        path = tmp_path / f"w{mass}.json"
        wilks.load_workspace(one_channel([yields], [50.0], [53.0], [])).save(path)
        paths[mass] = path
    result = wilks.grid(paths, labels=("mass",))
    assert result.labels == ("mass",)
    np.testing.assert_array_equal(result.coordinates, [[300], [450]])
    assert result.observed[1] == pytest.approx(2 * result.observed[0], rel=1e-6)
    by_name = wilks.grid({"light": wilks.load_workspace(paths[300]), "heavy": paths[450]})
    assert by_name.names == ("light", "heavy")
    assert by_name.coordinates.shape == (2, 0)
    np.testing.assert_array_equal(by_name.observed, result.observed)
    plane = wilks.grid({(1, 2.5): paths[300], (2, 2.5): paths[450]}, labels=("a", "b"))
    assert plane.names == ("1_2.5", "2_2.5")


def test_values_of_parameters() -> None:
    spec = one_channel(
        [10.0, 4.0], [50.0, 30.0], [55.0, 33.0], [modifier("k", "normfactor"), modifier("l", "normfactor")]
    )
    workspace = wilks.load_workspace(spec)
    result = wilks.grid(workspace, {"k": [0.9, 1.0], "l": [1.0, 1.1]})
    assert result.names == ("k = 0.9, l = 1", "k = 0.9, l = 1.1", "k = 1, l = 1", "k = 1, l = 1.1")
    found = wilks.compile_model(workspace)
    for row, observed in zip(result.coordinates, result.observed, strict=True):
        fixed = {"k": float(row[0]), "l": float(row[1])}
        assert observed == pytest.approx(wilks.limit(found, fixed=fixed).observed, rel=1e-6)
    assert len(set(result.digests)) == 1


def test_a_second_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wilks.infer.grid as module

    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    computed: list[Any] = []
    limit = module.limit
    monkeypatch.setattr(module, "limit", lambda *a, **k: computed.append(a) or limit(*a, **k))
    stop = Running(progress=lambda done, total: (done, total) != (1, 3))
    first = wilks.grid(workspace, signals, folder=tmp_path, running=stop)
    assert first.statuses == ("converged", "interrupted", "interrupted")
    assert np.isnan(first.observed[1:]).all()
    assert [p.name for p in tmp_path.iterdir()] == ["S_300_100.json"]
    assert len(computed) == 1
    second = wilks.grid(workspace, signals, folder=tmp_path)
    assert len(computed) == 3
    assert second.converged
    third = wilks.grid(workspace, signals, folder=tmp_path)
    assert len(computed) == 3
    np.testing.assert_array_equal(third.observed, second.observed)
    np.testing.assert_array_equal(third.observed, wilks.grid(workspace, signals).observed)
    assert isinstance(wilks.load_result(tmp_path / "S_400_200.json").observed, float)


def test_what_is_saved_is_used_for_the_same_question_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wilks.infer.grid as module

    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    computed: list[Any] = []
    limit = module.limit
    monkeypatch.setattr(module, "limit", lambda *a, **k: computed.append(a) or limit(*a, **k))

    def runs(**options: Any) -> int:
        before = len(computed)
        wilks.grid(options.pop("workspace", workspace), options.pop("signals", signals), folder=tmp_path, **options)
        return len(computed) - before

    assert [runs(), runs(), runs(seed=4)] == [3, 0, 0]
    for options, different in (
        ({"level": 0.9}, "level"),
        ({"fixed": {"k": 1}}, "fixed"),
        ({"statistic": "q"}, "statistic"),
        ({"calculator": "toys", "toys": 9}, "toys"),
        ({"data": wilks.asimov}, "data"),
    ):
        with pytest.raises(ResultError, match=f'another .*"{different}".*; choose another folder'):
            runs(**options)
    other = background()
    other["observations"][0]["data"] = [40, 25]
    again = wilks.load_workspace(other)
    assert [runs(workspace=again, verify=False), runs(workspace=again, verify=False)] == [3, 0]
    for place in ("results.grid_folder", "infer.study"):
        monkeypatch.setattr(f"wilks.{place}.__version__", "0.0")
    assert [runs(workspace=again, verify=False), runs(workspace=again, verify=False)] == [3, 0]


@pytest.mark.parametrize("content", ['{"kind": "limit"', '{"channels": []}', None])
def test_what_is_no_answer_is_not_replaced(tmp_path: Path, content: str | None) -> None:
    """A folder may hold anything: the workspaces themselves, or a limit that was saved by hand."""
    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    path = tmp_path / "S_400_200.json"
    if content is None:
        wilks.limit(wilks.compile_model(signals.apply(workspace, "S_400_200"))).save(path)
    else:
        path.write_text(content)
    before = path.read_bytes()
    with pytest.raises(ResultError, match=r"S_400_200\.json: is no answer for a point of a grid"):
        wilks.grid(workspace, signals, folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["S_400_200.json"]
    assert path.read_bytes() == before


def test_a_point_that_is_complete_when_it_is_stopped_is_kept(tmp_path: Path) -> None:
    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())
    calls: list[tuple[int, int]] = []
    wilks.grid(workspace, signals, running=Running(progress=lambda *told: calls.append(told)))
    last = [i for i, told in enumerate(calls) if told == (1, 3)][-1]  # when the second point is nearly done
    seen: list[tuple[int, int]] = []
    stop = Running(progress=lambda *told: seen.append(told) or len(seen) <= last)
    first = wilks.grid(workspace, signals, folder=tmp_path, running=stop)
    kept = {path.stem for path in tmp_path.iterdir()}
    assert kept == {name for name, status in zip(first.names, first.statuses, strict=True) if status == "converged"}
    assert first.statuses == ("converged", "converged", "interrupted")
    again = wilks.grid(workspace, signals, folder=tmp_path)
    np.testing.assert_array_equal(again.observed, wilks.grid(workspace, signals).observed)


def test_other_data(tmp_path: Path) -> None:
    """Asimov data without signal: what is observed is the median expectation, and the limits are the single ones."""
    workspace, signals = wilks.load_workspace(background()), load_patchset(patchset())

    def data(model: Model) -> Data:
        return wilks.asimov(model, values={"mu": 0})

    result = wilks.grid(workspace, signals, data=data, folder=tmp_path)
    assert result.origin.dataset == "Asimov (pre-fit), mu = 0"
    np.testing.assert_allclose(result.observed, result.expected[:, 2], rtol=1e-6)
    for i, name in enumerate(signals.names):
        model = wilks.compile_model(signals.apply(workspace, name))
        assert result.observed[i] == wilks.limit(model, wilks.asimov(model, values={"mu": 0})).observed
    assert not np.isclose(result.observed, wilks.grid(workspace, signals).observed, rtol=1e-3).any()
    stored = wilks.grid(workspace, signals, data=data, folder=tmp_path)
    np.testing.assert_array_equal(stored.observed, result.observed)
    with pytest.raises(ResultError, match='another "data"'):
        wilks.grid(workspace, signals, folder=tmp_path)
    with pytest.raises(ResultError, match='another "data"'):
        wilks.grid(workspace, signals, data=wilks.asimov, folder=tmp_path)


def test_a_point_without_an_answer_keeps_its_place() -> None:
    document = patchset()
    document["patches"][1]["patch"][0]["path"] = "/channels/5/samples/0"
    document["patches"].append({"metadata": {"name": "none", "values": [500, 1]}, "patch": signal([0.0, 0.0])})
    result = wilks.grid(wilks.load_workspace(background()), load_patchset(document))
    assert [status == "converged" for status in result.statuses] == [True, False, True, False]
    assert "doesn't fit" in result.statuses[1]
    assert np.isfinite(result.observed[[0, 2]]).all()
    assert np.isnan(result.observed[[1, 3]]).all()
    assert result.digests[1] == ""
    assert "S_400_100: " in str(result)


def test_grids_are_saved(tmp_path: Path) -> None:
    result = wilks.grid(
        wilks.load_workspace(background()), load_patchset(patchset()), calculator="toys", toys=60, question="CLs"
    )
    assert (result.errors > 0).all()
    result.save(tmp_path / "grid.json")
    again = wilks.load_result(tmp_path / "grid.json")
    assert str(again) == str(result)
    np.testing.assert_array_equal(again.excluded, result.excluded)
    assert repr(again) == "<GridResult: CLs of mu for 3 points (0 without an answer)>"


def test_toys_and_signals_excluded() -> None:
    strong, weak = one_channel([30.0], [10.0], [11.0], []), one_channel([0.5], [10.0], [11.0], [])
    result = wilks.grid({1.0: wilks.load_workspace(strong), 2.0: wilks.load_workspace(weak)})
    assert result.excluded.tolist() == [True, False]


@pytest.mark.parametrize(
    ("points", "options", "sentence"),
    [
        (None, {}, "set of patches is needed"),
        ({"k": []}, {}, "set of patches is needed"),
        ({"kk": [1.0]}, {}, 'no parameter "kk"'),
        ({"k": [1.0]}, {"poi": "k"}, '"k" is fixed'),
        ({"k": [1.0]}, {"level": 1.5}, "between 0 and 1"),
        ({"k": [1.0]}, {"question": "limits"}, 'no question "limits"'),
        ({"k": [1.0]}, {"statistic": "q0"}, 'no test statistic "q0"'),
        ({"k": [1.0, 1.0]}, {}, "names that differ"),
        ({"k": [1.0]}, {"measurement": "none"}, 'no measurement "none"'),
    ],
)
def test_bad_input(points: Any, options: dict[str, Any], sentence: str) -> None:
    spec = one_channel([10.0], [50.0], [55.0], [modifier("k", "normfactor")])
    with pytest.raises(InputError) as caught:
        wilks.grid(wilks.load_workspace(spec), points, **options)
    assert sentence in str(caught.value)


def test_patches_of_another_background_are_refused() -> None:
    spec = one_channel([10.0], [50.0], [55.0], [])
    with pytest.raises(WorkspaceError, match="another background-only workspace"):
        wilks.grid(wilks.load_workspace(spec), load_patchset(patchset()))


def test_coordinates_must_agree() -> None:
    spec = wilks.load_workspace(one_channel([10.0], [50.0], [55.0], [{**MU, "name": "k"}]))
    with pytest.raises(ModelError, match="coordinates"):
        wilks.grid({(1, 2): spec, 3: spec})
    with pytest.raises(ModelError, match="coordinates"):
        wilks.grid({1: spec}, labels=("a", "b"))
    with pytest.raises(ModelError, match="at least one workspace"):
        wilks.grid({})


def test_parts_fill_a_folder(tmp_path: Path) -> None:
    given = wilks.examples.search_grid()
    whole = wilks.grid(*given)
    for i in (2, 3, 1):
        found = wilks.grid(*given, folder=tmp_path, part=(i, 3))
        assert found.names == whole.names[i - 1 :: 3]
    again = wilks.grid(*given, folder=tmp_path)
    np.testing.assert_array_equal(again.observed, whole.observed)
    np.testing.assert_array_equal(again.expected, whole.expected)
    wrong = {"nothing to do": ((8, 8), tmp_path), "first is 1": ((0, 3), tmp_path), "folder": ((1, 3), None)}
    for said, (part, folder) in wrong.items():
        with pytest.raises(ModelError, match=said):
            wilks.grid(*given, part=part, folder=folder)
