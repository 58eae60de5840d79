from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wilks import Axis, Histogram, load_templates
from wilks.errors import TemplateError
from wilks.templates.record import Origin, Part, Step
from wilks.templates.store import TemplateKey, Templates, _digest

numbers = st.floats(allow_nan=True, allow_infinity=True)
texts = st.text(max_size=8)


@st.composite
def histograms(draw: st.DrawFn) -> Histogram:
    edges = draw(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=6, unique=True).map(sorted))
    bins = len(edges) - 1
    lists = st.lists(numbers, min_size=bins, max_size=bins)
    return Histogram(
        Axis(np.array(edges), draw(texts), draw(texts)),
        np.array(draw(lists)),
        np.array(draw(lists)),
        draw(st.floats(allow_nan=False)),
        draw(st.floats(allow_nan=False)),
        draw(st.none() | st.floats(0, 1e12)),
        draw(texts),
    )


keys = st.builds(TemplateKey, texts, texts) | st.builds(
    TemplateKey, texts, texts, texts, st.sampled_from(["Up", "Down", "Variations[0]"])
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=50, deadline=None
)
@given(st.dictionaries(keys, histograms(), max_size=4), st.dictionaries(keys, histograms(), max_size=2))
def test_what_is_saved_is_loaded(tmp_path: Path, found: dict, originals: dict) -> None:
    templates = Templates(found, originals)
    path = tmp_path / "templates.npz"
    templates.save(path)
    loaded = load_templates(path)
    assert loaded == templates
    assert dict(loaded.originals) == originals
    assert list(loaded) == list(found)
    for key, histogram in found.items():
        assert (loaded[key].title, loaded[key].entries) == (histogram.title, histogram.entries)


def test_names_that_collide_in_file_names_stay_apart(tmp_path: Path) -> None:
    # HI-04: cabinetry writes both to A_B_C.npz.
    one, two = (Histogram.from_arrays([0, 1], [value], [0]) for value in (1.0, 2.0))
    Templates({TemplateKey("A", "B_C"): one, TemplateKey("A_B", "C"): two}).save(tmp_path / "t.npz")
    loaded = load_templates(tmp_path / "t.npz")
    assert loaded.nominal("A", "B_C") == one
    assert loaded.nominal("A_B", "C") == two


def test_templates_are_found_by_name() -> None:
    histogram, before = (Histogram.from_arrays([0, 1], [value], [0]) for value in (1.0, 2.0))
    up = TemplateKey("SR", "ttbar", "JES", "Up")
    templates = Templates({TemplateKey("SR", "ttbar"): histogram, up: histogram}, {up: before})
    assert templates.nominal("SR", "ttbar") is histogram
    assert templates.variation("SR", "ttbar", "JES", "Up") is histogram
    assert templates.variation("SR", "ttbar", "JES", "Down") is None
    assert templates.original(up) is before
    assert templates.original(TemplateKey("SR", "ttbar")) is histogram
    assert len(templates) == 2
    assert str(up) == '"ttbar" in "SR", "JES" Up'


def test_templates_are_copied_and_stored_in_memory() -> None:
    histogram, before = (Histogram.from_arrays([0, 1], [value], [0]) for value in (1.0, 2.0))
    key = TemplateKey("SR", "ttbar")
    templates = Templates({key: histogram}, {key: before})
    for found in (pickle.loads(pickle.dumps(templates)), copy.deepcopy(templates)):
        assert found.nominal("SR", "ttbar") == histogram
        assert found.original(key) == before
        with pytest.raises(TypeError):
            found.histograms[key] = before


def test_misspelt_names_are_not_taken_for_absent_templates() -> None:
    histogram = Histogram.from_arrays([0, 1], [1.0], [0])
    keys = [TemplateKey("SR", "ttbar"), TemplateKey("SR", "ttbar", "JES", "Up"), TemplateKey("CR", "W+jets")]
    templates = Templates(dict.fromkeys(keys, histogram))
    assert templates.nominal("SR", "W+jets") is None
    assert templates.variation("CR", "W+jets", "JES", "Up") is None
    with pytest.raises(KeyError, match='no sample "ttbr" among these templates; did you mean "ttbar"'):
        templates.nominal("SR", "ttbr")
    with pytest.raises(KeyError, match='no region "VR" among these templates; '):
        templates.nominal("VR", "ttbar")
    with pytest.raises(KeyError, match='no systematic "Lumi" among these templates; there are "JES"'):
        templates.variation("SR", "ttbar", "Lumi", "Up")
    with pytest.raises(KeyError, match='not "up"; did you mean "Up"'):
        templates.variation("SR", "ttbar", "JES", "up")  # type: ignore[arg-type]
    assert repr(templates) == "<Templates: 3 histograms, 2 regions, 2 samples, 1 systematics>"


def test_files_that_are_something_else_end_in_a_sentence(tmp_path: Path) -> None:
    Templates({TemplateKey("SR", "ttbar"): Histogram.from_arrays([0, 1], [1.0], [0])}).save(tmp_path / "good.npz")
    good = (tmp_path / "good.npz").read_bytes()
    np.savez(tmp_path / "other.npz", yields=np.zeros(3))
    np.savez(tmp_path / "index.npz", index=np.frombuffer(b"[1, 2]", dtype=np.uint8))
    np.save(tmp_path / "array.npz", np.zeros(3))
    (tmp_path / "array.npz.npy").rename(tmp_path / "array.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    (tmp_path / "empty.npz").write_text("")
    for size in range(1, len(good), 97):
        (tmp_path / f"cut{size}.npz").write_bytes(good[:size])
    for path in tmp_path.glob("*.npz"):
        if path.name != "good.npz":
            with pytest.raises(TemplateError, match=r"not a file of templates"):
                load_templates(path)
    with pytest.raises(TemplateError, match="no such file"):
        load_templates(tmp_path / "absent.npz")


def test_the_record_names_the_source_of_each_template(tmp_path: Path) -> None:
    histogram = Histogram.from_arrays([0, 1], [1.0], [0])
    nominal, up, own = (TemplateKey("SR", "ttbar", *side) for side in ((), ("JES", "Up"), ("JES", "Down")))
    files = ("a.root", "b.root")
    origins = {
        nominal: Origin("ntuples", (Part(files, "events", "pt", "n > 1", "w"), Part(("c.root",), "old", "pt"))),
        up: Origin("histograms", (Part(files, "SR/up"),), fingerprint="abc"),
        own: Origin("function", function="mine"),
    }
    templates = Templates(
        dict.fromkeys(origins, histogram), steps={up: (Step("smoothed", {"yield": 2.0}),)}, origins=origins
    )
    record = templates.record()
    assert record["inputs"] == [["a.root", "b.root"], ["c.root"]]
    assert [row["steps"] for row in record["templates"]] == [
        [
            {
                "name": "read",
                "from": "ntuples",
                "parts": [
                    {"files": 0, "path": "events", "variable": "pt", "filter": "n > 1", "weight": "w"},
                    {"files": 1, "path": "old", "variable": "pt"},
                ],
            }
        ],
        [
            {"name": "read", "from": "histograms", "fingerprint": "abc", "parts": [{"files": 0, "path": "SR/up"}]},
            {"name": "smoothed", "yield": 2.0},
        ],
        [{"name": "read", "from": "function", "function": "mine"}],
    ]
    templates.save(tmp_path / "t.npz")
    assert dict(load_templates(tmp_path / "t.npz").origins) == origins


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """Return a file of templates and the arrays in it: two of one size, which an index may mix up."""
    axis = Axis(np.array([0.0, 1.0, 2.5]))
    pair = [Histogram(axis, np.array([i, 2.0]), np.array([0.5, 1]), 0.1, 0.2 + i, 7.0 + i) for i in range(2)]
    Templates({TemplateKey("SR", name): each for name, each in zip("ab", pair, strict=True)}).save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as archive:
        return tmp_path / "t.npz", dict(archive)


def changed_index(arrays: dict[str, np.ndarray], change: Any) -> np.ndarray:
    index = json.loads(arrays["index"].tobytes())
    index["templates"] = change(index["templates"])
    return np.frombuffer(json.dumps(index).encode(), np.uint8)


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: rows[::-1], lambda rows: [*rows, rows[0]]])
def test_an_index_of_other_numbers_is_refused(stored: tuple[Path, dict[str, np.ndarray]], change: Any) -> None:
    path, arrays = stored
    np.savez(path, **arrays)
    assert len(load_templates(path)) == 2
    np.savez(path, **{**arrays, "index": changed_index(arrays, change)})
    with pytest.raises(TemplateError, match="not a file of templates"):
        load_templates(path)


@pytest.mark.parametrize("name", ["edges", "contents", "sumw2", "outside", "entries"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a[:-1],
        lambda a: a[::-1],
        lambda a: a.astype(complex),
        lambda a: a.astype(str),
        lambda a: a.astype(np.float32),
        lambda a: a.reshape(1, -1),
        lambda a: np.nextafter(a, 9),
    ],
)
def test_numbers_of_another_index_are_refused(
    stored: tuple[Path, dict[str, np.ndarray]], name: str, change: Any
) -> None:
    path, arrays = stored
    np.savez(path, **{**arrays, name: change(arrays[name])})
    with pytest.raises(TemplateError, match="not a file of templates"):
        load_templates(path)


def test_parts_that_belong_together_must_fit(stored: tuple[Path, dict[str, np.ndarray]]) -> None:
    """A digest is easily made anew; what does not fit is refused all the same."""
    path, arrays = stored
    for name in ("edges", "contents", "sumw2", "outside", "entries"):
        for array in (arrays[name][:-1], arrays[name].astype(complex), np.append(arrays[name], 9.0)):
            made = {**arrays, name: array}
            np.savez(path, **{**made, "digest": _digest(made)})
            with pytest.raises(TemplateError, match="not a file of templates"):
                load_templates(path)
