"""Files that boost-histogram and hist write through `uhi.io`, read without those packages."""

from __future__ import annotations

import builtins
import copy
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
import uhi.io.json
from hypothesis import given
from hypothesis import strategies as st
from uhi.io import to_sparse

import wilks
from wilks import Histogram, build_templates, load_config
from wilks.errors import TemplateError
from wilks.templates.readers import read_available, read_histogram, read_histograms
from wilks.templates.store import TemplateKey
from wilks.templates.uhi_files import histogram_of, opened_uhi

h5py = pytest.importorskip("h5py")
Write = Callable[[str, Mapping[str, Any]], Path]


def weighted(values: Any = (0.5, 1.5, 1.6, 7.0, -1.0)) -> Any:
    histogram = hist.Hist(
        hist.axis.Variable([0, 1, 2.5, 4], name="x", label="mass [GeV]"), name="n", storage=hist.storage.Weight()
    )
    return histogram.fill(np.array(values), weight=np.linspace(0.5, 2.5, len(values)))


def counts() -> Any:
    return bh.Histogram(bh.axis.Regular(3, 0, 3, metadata="entries")).fill([0.5, 1.5, 1.6, 7])


def integers() -> Any:
    return bh.Histogram(bh.axis.Integer(0, 3), storage=bh.storage.Int64()).fill([1, 1, 2])


GOOD: dict[str, Any] = {"a": weighted(), "SR/b": counts(), "SR/deep/c": integers()}


def write_json(path: Path, histograms: Any) -> Path:
    path.write_text(json.dumps(histograms, default=uhi.io.json.default))
    return path


def write_hdf5(path: Path, histograms: Any) -> Path:
    from uhi.io import hdf5

    with h5py.File(path, "w") as file:
        if not isinstance(histograms, dict) or "uhi_schema" in histograms:
            hdf5.write(file, histograms)
        else:
            for name, histogram in histograms.items():
                hdf5.write(file.create_group(name), histogram)
    return path


@pytest.fixture(params=["json", "h5", "hdf5"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Return a function that writes histograms to a file of the name that is given, and an ending."""

    def to_file(name: str, histograms: Any) -> Path:
        path = tmp_path / f"{name}.{request.param}"
        return (write_json if request.param == "json" else write_hdf5)(path, histograms)

    return to_file


def assert_same(found: Histogram, written: Any) -> None:
    expected = Histogram.from_uhi(written)
    assert found == expected  # edges, label, contents, variances, what lies outside
    assert found.title == expected.title


def test_histograms_come_back_as_they_were(write: Write) -> None:
    path = write("all", GOOD)
    for name, written in GOOD.items():
        assert_same(read_histogram(path, name), written)
    assert read_histogram(path, "/a").axis.unit == "GeV"


def test_sparse_ones_too(write: Write) -> None:
    path = write("sparse", {name: to_sparse(written._to_uhi_()) for name, written in GOOD.items()})
    for name, written in GOOD.items():
        assert_same(read_histogram(path, name), written)


@pytest.mark.parametrize(("underflow", "overflow"), [(False, False), (True, False), (False, True)])
def test_axes_without_flow(write: Write, underflow: bool, overflow: bool) -> None:
    axis = bh.axis.Regular(2, 0, 2, underflow=underflow, overflow=overflow)
    found = read_histogram(write("f", {"a": bh.Histogram(axis).fill([-1, -1, 0.5, 1.5, 1.5, 9])}), "a")
    assert found.contents.tolist() == [1.0, 2.0]
    assert (found.underflow, found.overflow) == (2.0 * underflow, 1.0 * overflow)


def test_a_file_with_one_histogram(write: Write) -> None:
    path = write("one", weighted())
    assert_same(read_histogram(path, ""), weighted())
    with pytest.raises(TemplateError) as caught:
        read_histogram(path, "SR/a")
    assert list(caught.value.problems) == [f"{path}: holds one histogram without a name; leave out :SR/a"]
    several = write("several", GOOD)
    with pytest.raises(TemplateError, match="holds 3 histograms; say which, as in file"):
        read_histogram(several, "")


def test_blocks_inside_each_other_make_paths(tmp_path: Path) -> None:
    path = write_json(tmp_path / "f.json", {"SR": {"nominal": {"sig": weighted()}, "b": counts()}})
    assert_same(read_histogram(path, "SR/nominal/sig"), weighted())
    assert_same(read_histogram(path, "SR/b"), counts())


def test_what_is_missing_is_told_with_what_is_there(write: Write) -> None:
    path = write("all", GOOD)
    with pytest.raises(TemplateError) as caught:
        read_histograms([(path, "SR/bb"), (path, "a")])
    assert list(caught.value.problems) == [
        f'{path}: no object "SR/bb"; did you mean "SR/b"?',
        f'{path} contains 3 objects: "a", "SR/b", "SR/deep/c"'
        if path.suffix == ".json"
        else f'{path} contains 3 objects: "SR/b", "SR/deep/c", "a"',  # HDF5 sorts names
    ]


@pytest.mark.parametrize("ending", ["json", "h5"])
def test_files_that_are_something_else(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"templates.{ending}"
    kind = "a JSON" if ending == "json" else "an HDF5"
    for content in (b"", b"\x80\x04]", b"{", b"PK"):
        path.write_bytes(content)
        (problem,) = read_available([(path, "a")]).problems
        assert problem.startswith(f"{path}: can't be read as {kind} file (")
    with pytest.raises(TemplateError, match=rf'no such file; did you mean "templates\.{ending}"'):
        read_histogram(tmp_path / f"template.{ending}", "a")
    (tmp_path / f"folder.{ending}").mkdir()
    with pytest.raises(TemplateError, match="is a folder, not a file"):
        read_histogram(tmp_path / f"folder.{ending}", "a")


def test_cut_off_files(write: Write) -> None:
    path = write("all", GOOD)
    content = path.read_bytes()
    for size in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:size])
        reading = read_available([(path, name) for name in GOOD])
        assert reading.problems


def test_categories_and_flags(write: Write) -> None:
    text = hist.Hist(hist.axis.StrCategory(["mm", "ee"], label="channel"), storage=hist.storage.Weight())
    text.fill(["ee", "mm", "mm", "tt"], weight=[1.0, 2.0, 3.0, 7.0])
    path = write(
        "categories",
        {
            "text": text,
            "closed": hist.Hist(hist.axis.StrCategory(["x", "y"], overflow=False)).fill(["y"]),
            "growing": hist.Hist.new.StrCat([], growth=True).Double().fill(["b", "a", "b"]),
            "numbers": hist.Hist.new.IntCat([3, -1]).Double().fill([3, -1, -1, 5]),
            "flag": hist.Hist.new.Boolean().Double().fill([True, True, False]),
        },
    )
    found = {name: read_histogram(path, name) for name in ("text", "closed", "growing", "numbers", "flag")}
    labels = {name: histogram.axis.bin_labels for name, histogram in found.items()}
    assert labels == {
        "text": ("mm", "ee"),
        "closed": ("x", "y"),
        "growing": ("b", "a"),
        "numbers": ("3", "-1"),
        "flag": (),
    }
    assert found["text"].values(flow=True).tolist() == [0.0, 5.0, 1.0, 7.0]
    assert found["text"].variances().tolist() == [13.0, 1.0]
    assert found["text"].axis.label == "channel"
    assert found["closed"].values(flow=True).tolist() == [0.0, 0.0, 1.0, 0.0]
    assert found["growing"].contents.tolist() == [2.0, 1.0]
    assert found["numbers"].values(flow=True).tolist() == [0.0, 1.0, 2.0, 1.0]
    assert found["flag"].contents.tolist() == [1.0, 2.0]


def test_what_a_circular_axis_keeps_apart_is_no_overflow(write: Write) -> None:
    angle = bh.Histogram(bh.axis.Regular(2, 0, 6.4, circular=True))
    angle.fill([1.0, 4.0, 7.0, np.nan])
    found = read_histogram(write("angle", {"phi": angle}), "phi")
    assert found.values(flow=True).tolist() == [0.0, 2.0, 1.0, 0.0]
    assert_same(found, angle)


@pytest.mark.parametrize("kind", [[], {}, None, 3])
def test_kinds_of_axes_that_are_no_text(kind: Any) -> None:
    written = {"uhi_schema": 1, "axes": [{"type": kind}], "storage": {"type": "double", "values": [1.0]}}
    with pytest.raises(TemplateError, match="has an axis of type"):
        histogram_of(written)


@pytest.mark.parametrize("wrong", [["a", "a"], ["a", 3], ["a", ""], [], "ab", None, 7, [["a"]]])
def test_categories_that_are_none(wrong: Any) -> None:
    axis = {"type": "category_str", "categories": wrong, "flow": False}
    written = {"uhi_schema": 1, "axes": [axis], "storage": {"type": "double", "values": [1.0, 2.0]}}
    with pytest.raises(TemplateError, match='has "categories" that are no different texts'):
        histogram_of(written)
    with pytest.raises(TemplateError, match="no different integers"):
        histogram_of(written | {"axes": [axis | {"type": "category_int", "categories": [1, True]}]})


def test_kinds_that_are_no_templates(write: Write) -> None:
    bad = {
        "two": hist.Hist.new.Reg(2, 0, 1).Reg(3, 0, 1).Double(),
        "profile": hist.Hist.new.Reg(2, 0, 1).Mean(),
        "weighted_profile": hist.Hist.new.Reg(2, 0, 1).WeightedMean(),
    }
    path = write("bad", bad)
    reading = read_available([(path, name) for name in bad])
    kinds = 'templates are counts, of "int", "double", "weighted"'
    assert reading.problems == [
        f"{path}:two: has 2 axes; only one-dimensional histograms can be templates",
        f'{path}:profile: has the storage "mean"; {kinds}',
        f'{path}:weighted_profile: has the storage "weighted_mean"; {kinds}',
    ]


DENSE = json.loads(json.dumps(weighted(), default=uhi.io.json.default))
SPARSE = json.loads(json.dumps(to_sparse(weighted()._to_uhi_()), default=uhi.io.json.default))


def broken(written: dict[str, Any], *path: Any, value: Any = None) -> dict[str, Any]:
    """Return a histogram with another value at a path, or without it."""
    made = copy.deepcopy(written)
    place: Any = made
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (3, 'is no histogram of the UHI schema: it lacks "uhi_schema"'),
        (broken(DENSE, "uhi_schema"), 'is no histogram of the UHI schema: it lacks "uhi_schema"'),
        (broken(DENSE, "axes"), 'is no histogram of the UHI schema: it lacks "axes"'),
        (broken(DENSE, "storage"), 'is no histogram of the UHI schema: it lacks "storage"'),
        (broken(DENSE, "storage", "type"), 'is no histogram of the UHI schema: it lacks "type"'),
        (broken(DENSE, "storage", "variances"), 'is no histogram of the UHI schema: it lacks "variances"'),
        (broken(DENSE, "axes", 0, "edges"), 'is no histogram of the UHI schema: it lacks "edges"'),
        (broken(DENSE, "uhi_schema", value=2), "is written in version 2 of the UHI schema; version 1 can be read"),
        (broken(DENSE, "axes", value={}), "has no list of axes; only one-dimensional histograms can be templates"),
        (broken(DENSE, "storage", value={"type": "weighted"}), "was written without its contents"),
        (broken(DENSE, "storage", "values", value=[1.0]), 'has 1 "values" where axis and flow have 5 bins'),
        (broken(DENSE, "storage", "values", value=[[1.0, 2.0], [3.0]]), 'has no numbers as "values"'),
        (broken(DENSE, "storage", "values", value="values.npy"), 'has no numbers as "values"'),
        (broken(DENSE, "axes", 0, "edges", value=[0, 2, 1, 3]), "bin edges must be at least two increasing"),
        (broken(DENSE, "axes", 0, "overflow", value=False), 'has 5 "values" where axis and flow have 4 bins'),
        (
            broken(DENSE, "axes", 0, value={"type": "regular", "lower": 0, "upper": 1, "bins": 1e15}),
            'has an axis whose "lower", "upper" and "bins" aren\'t numbers that make bins',
        ),
        *(
            (
                broken(DENSE, "axes", 0, value={"type": "regular", "lower": lower, "upper": 1, "bins": 2}),
                sentence,
            )
            for lower, sentence in (
                (-np.inf, 'has an axis whose "lower", "upper" and "bins" aren\'t numbers that make bins'),
                (10**400, 'has no numbers as "lower"'),
            )
        ),
        (
            broken(DENSE, "axes", 0, value={"type": "regular", "lower": 0, "upper": 1, "bins": 0}),
            'has an axis whose "lower", "upper" and "bins" aren\'t numbers that make bins',
        ),
        (broken(SPARSE, "storage", "index", 0, 0, value=99), 'has an "index" that doesn\'t fit its bins'),
        (broken(SPARSE, "storage", "index", value=[0, 1]), 'has an "index" that doesn\'t fit its bins'),
        (broken(SPARSE, "storage", "index", value=[[0, 1]]), 'has an "index" that doesn\'t fit its bins'),
    ],
)
def test_what_does_not_follow_the_schema_is_one_sentence(tmp_path: Path, written: Any, sentence: str) -> None:
    path = write_json(tmp_path / "f.json", {"a": written, "good": weighted()} if "axes" in str(written) else written)
    name = "a" if "axes" in str(written) else ""
    reading = read_available([(path, name)])
    if "uhi_schema" in str(written):
        (problem,) = reading.problems
        assert problem.startswith(f"{path}:{name}: {sentence}" if name else f"{path}: {sentence}")
    with pytest.raises(TemplateError) as caught:
        histogram_of(written)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(sentence)


values = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.sampled_from([DENSE, SPARSE]), st.data())
def test_nothing_else_is_raised(written: dict[str, Any], data: st.DataObject) -> None:
    made: Any = copy.deepcopy(written)
    place = made
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(anything)
            break
        place = place[key]
    with suppress(TemplateError):
        histogram_of(made)


def test_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_hdf5(tmp_path / "f.h5", GOOD)
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "h5py":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    (problem,) = read_available([(path, "a")]).problems
    assert problem == f"{path}: HDF5 files are read with h5py; install wilks[hdf5]"


def test_links_are_not_followed_and_other_groups_are_no_histograms(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "f.h5", {"SR/a": weighted()})
    with h5py.File(path, "a") as file:
        file["loop"] = h5py.SoftLink("/")
        file["gone"] = h5py.ExternalLink("other.h5", "/a")
        file["numbers"] = np.arange(3)
        file.create_group("empty")
    with pytest.raises(TemplateError, match=r'contains 1 object: "SR/a"'):
        read_histogram(path, "numbers")
    with h5py.File(path, "a") as file:
        file["SR/self"] = file["SR"]
    found = read_available([(path, "SR/a")])
    assert (found.problems, found.missing) == ([], {})


def test_remote_files(write: Write) -> None:
    import fsspec

    path = write("remote", GOOD)
    place = f"memory://wilks-test/{path.name}"
    with fsspec.open(place, "wb") as stream:
        stream.write(path.read_bytes())
    assert_same(read_histogram(place, "a"), weighted())
    (problem,) = read_available([(f"memory://wilks-test/gone{path.suffix}", "a")]).problems
    assert problem.startswith(f"memory://wilks-test/gone{path.suffix}: can't be read as")


def steering(input_path: str) -> dict[str, Any]:
    return {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": input_path,
            "HistogramFolder": "h",
            "VariationPath": "nominal",
        },
        "Regions": [{"Name": "Signal region", "RegionPath": "SR"}],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "S", "SamplePath": ["sig_1", "sig_2"]},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "S"}],
        "Systematics": [
            {
                "Name": "JES",
                "Type": "NormPlusShape",
                "Samples": "S",
                "Up": {"VariationPath": "up"},
                "Down": {"Symmetrize": True},
            }
        ],
    }


INPUT = {
    "SR/data_nominal": counts(),
    "SR/sig_1_nominal": counts() * 2,
    "SR/sig_2_nominal": counts() * 3,
    "SR/sig_1_up": counts() * 4,
    "SR/sig_2_up": counts() * 5,
}


def test_a_steering_file_leads_to_a_workspace(write: Write) -> None:
    path = write("hists", INPUT)
    config = load_config(steering(f"{path}:{{RegionPath}}/{{SamplePath}}_{{VariationPath}}"))
    templates = build_templates(config)
    assert templates[TemplateKey("Signal region", "S", "JES", "Up")].contents.tolist() == [9.0, 18.0, 0.0]
    origin = templates.origins[TemplateKey("Signal region", "S")]
    assert origin.kind == "histograms"
    assert [(part.files, part.path) for part in origin.parts] == [
        ((str(path),), "SR/sig_1_nominal"),
        ((str(path),), "SR/sig_2_nominal"),
    ]
    workspace = wilks.build_workspace(wilks.process_templates(templates, config), config)
    (channel,) = workspace.spec["channels"]
    (sample,) = channel["samples"]
    modifiers = {modifier["type"]: modifier["data"] for modifier in sample["modifiers"]}
    assert sample["data"] == [5.0, 10.0, 0.0]
    assert modifiers["normsys"] == pytest.approx({"hi": 27 / 15, "lo": 2 - 27 / 15})
    assert workspace.spec["observations"][0]["data"] == [1.0, 2.0, 0.0]


def test_one_wrong_path_is_one_sentence(write: Write) -> None:
    path = write("hists", INPUT)
    document = steering(f"{path}:{{RegionPath}}/{{SamplePath}}_{{VariationPath}}")
    document["Samples"][1]["SamplePath"] = ["sg_1", "sig_2"]
    with pytest.raises(TemplateError) as caught:
        build_templates(load_config(document))
    problem, contents = caught.value.problems
    assert problem.startswith('Samples "S".SamplePath "sg_1": none of its 2 histograms is in ')
    assert problem.endswith('first: SR/sg_1_nominal; did you mean "sig_1"?')
    wanted = 'sample "S" in region "Signal region" (nominal, systematic "JES" Up)'
    assert contents.startswith(f"{wanted} is not in {path}; {path} contains 5 objects: ")


def test_a_file_for_each_histogram(write: Write, tmp_path: Path) -> None:
    ending = ""
    for name, histogram in INPUT.items():
        ending = write(name.replace("/", "_"), histogram).suffix
    config = load_config(steering(f"{tmp_path}/{{RegionPath}}_{{SamplePath}}_{{VariationPath}}{ending}"))
    templates = build_templates(config)
    assert templates[TemplateKey("Signal region", "S")].contents.tolist() == [5.0, 10.0, 0.0]


def test_what_hdf5_files_can_promise_is_looked_at_before_it_is_read(tmp_path: Path) -> None:
    """A file of kilobytes can hold any number of zeros, and point to devices and pipes, which never end."""
    os.mkfifo(tmp_path / "pipe")
    pipe = [(str(tmp_path / "pipe"), 0, 56)]
    odd: dict[str, tuple[dict[str, Any], str]] = {
        "many": ({"shape": (10**11,), "dtype": "f8", "chunks": (10**6,)}, "has 100000000000 numbers"),
        "packed": ({"shape": (10**9,), "dtype": "f8", "chunks": (10**6,), "compression": "gzip"}, "has 1000000000"),
        "outside": ({"shape": (7,), "dtype": "f8", "external": pipe}, "in another file"),
        "nothing": ({"data": h5py.Empty("f8")}, "has no numbers"),
        "complex": ({"data": np.ones(7, complex)}, "has no numbers"),
        "text": ({"data": np.array([b"1"] * 7)}, "has no numbers"),
    }
    path = write_hdf5(tmp_path / "f.h5", dict.fromkeys([*odd, "linked", "good"], weighted()))
    with h5py.File(path, "a") as file:
        for name, (values, _) in odd.items():
            del file[f"{name}/storage/values"]
            file.create_dataset(f"{name}/storage/values", **values)
        del file["linked/storage/values"]
        file["linked/storage/values"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/x")
        file["good"].parent["again"] = file["/"]  # a group inside itself
        file["good"].attrs["uhi_schema"] = [1, 1]
    with opened_uhi(str(path)) as entries:
        assert set(entries) == {*odd, "linked", "good"}
        for name, (_, words) in {**odd, "linked": ({}, "has a link"), "good": ({}, r"version \[1, 1\]")}.items():
            with pytest.raises(TemplateError, match=words):
                histogram_of(entries[name]())
