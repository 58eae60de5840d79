from __future__ import annotations

from pathlib import Path

import awkward as ak
import boost_histogram as bh
import hist
import numpy as np
import pytest
import uproot

from wilks.errors import TemplateError
from wilks.templates.readers import Branch, RootObject, list_objects, read_histogram, read_histograms


@pytest.fixture(scope="module")
def root_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readers") / "all kinds.root"
    weighted = hist.Hist.new.Var([0, 1, 3], name="x", label="H_T [GeV]").Weight()
    weighted.fill([-1, 0.5, 2, 2, 9, 9], weight=[1.0, 2.0, 3.0, -1.0, 5.0, 0.5])
    counts = bh.Histogram(bh.axis.Regular(3, 0, 3))
    counts.fill([0.5, 1.5, 1.6, 7])
    with uproot.recreate(path) as file:
        file["weighted"] = weighted
        file["folder/inner/counts"] = counts
        file["folder/inner/counts"] = counts + counts
        file["two_dimensional"] = hist.Hist.new.Reg(2, 0, 1).Reg(3, 0, 1).Double()
        file["note"] = "some text"
        file.mktree("events", {"pt": np.float64, "jets": "var * int32"}, title="simulated events")
        file["events"].extend({"pt": np.zeros(5), "jets": ak.Array([[1], [], [2, 3], [4], [5]])})
        file.mkrntuple("new_events", ak.Array({"pt": np.zeros(4)}))
    return path


def test_weighted_histogram(root_file: Path) -> None:
    histogram = read_histogram(root_file, "weighted")
    assert histogram.contents.tolist() == [2.0, 2.0]
    assert histogram.sumw2.tolist() == [4.0, 10.0]
    assert (histogram.underflow, histogram.overflow) == (1.0, 5.5)
    assert histogram.axis.edges.tolist() == [0.0, 1.0, 3.0]
    assert histogram.axis.label == "H_T [GeV]"


def test_histogram_without_sumw2_has_its_contents_as_variances_and_the_newest_cycle_is_read(root_file: Path) -> None:
    with uproot.open(root_file) as file:
        assert len(file["folder/inner/counts"].member("fSumw2")) == 0, "the input must lack Sumw2"
    histogram = read_histogram(root_file, "folder/inner/counts")
    assert histogram.contents.tolist() == histogram.sumw2.tolist() == [2.0, 4.0, 0.0]
    assert histogram.entries == 8.0
    assert read_histogram(root_file, "/folder/inner/counts;1").contents.tolist() == [1.0, 2.0, 0.0]


def test_everything_in_a_file_is_listed(root_file: Path) -> None:
    objects = {found.path: found for found in list_objects(root_file)}
    with uproot.open(root_file) as file:
        assert set(objects) == {key.partition(";")[0] for key in file.keys(recursive=True)}
    assert objects["folder/inner/counts"] == RootObject(
        "folder/inner/counts", "TH1D", entries=8.0, bins=(3,), edges=(0.0, 3.0), integral=6.0
    )
    assert objects["weighted"].is_histogram
    assert objects["folder"].is_directory
    assert objects["two_dimensional"].bins == (2, 3)
    assert objects["note"].classname == "TObjString"
    tree = objects["events"]
    assert (tree.title, tree.entries) == ("simulated events", 5.0)
    assert Branch("pt", "double", 5) in tree.branches
    assert Branch("jets", "int32_t[]", 5) in tree.branches
    assert objects["new_events"].branches == (Branch("pt", "double", 4),)


def test_all_mistakes_are_in_one_error(root_file: Path, tmp_path: Path) -> None:
    absent = root_file.with_name("all kind.root")
    wanted = [(root_file, "wieghted"), (root_file, "events"), (root_file, "folder"), (absent, "weighted")]
    with pytest.raises(TemplateError) as caught:
        read_histograms([*wanted, (root_file, "weighted"), (root_file, "folder/nothing")])
    problems = "\n".join(caught.value.problems)
    assert 'no object "wieghted"; did you mean "weighted"?' in problems
    assert 'no object "folder/nothing"' in problems
    assert "events: is a TTree; only one-dimensional histograms" in problems
    assert "folder: is a TDirectory" in problems
    assert 'contains 6 objects: "weighted", "folder/inner/counts"' in problems
    assert f'{absent}: no such file; did you mean "all kinds.root"?' in problems
    assert len(caught.value.problems) == 6


@pytest.mark.parametrize(
    ("size", "sentence"),
    [(0, "is empty"), (3, "is not a ROOT file"), (100, "can't be read"), (1500, "can't be read")],
)
def test_broken_files_end_in_a_sentence(root_file: Path, tmp_path: Path, size: int, sentence: str) -> None:
    broken = tmp_path / "broken.root"
    broken.write_bytes(root_file.read_bytes()[:size])
    for read in (list_objects, lambda path: read_histogram(path, "weighted")):
        with pytest.raises(TemplateError, match=rf"broken\.root: {sentence}"):
            read(broken)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="is a folder"):
        list_objects(tmp_path)


def test_each_file_is_opened_once(root_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    original = uproot.open
    monkeypatch.setattr(uproot, "open", lambda path: opened.append(path) or original(path))
    read_histograms([(root_file, "weighted"), (str(root_file), "folder/inner/counts"), (root_file, "weighted")])
    assert len(opened) == 1


def test_histograms_written_by_root(shared_data: Path) -> None:
    path = shared_data / "ttbar-lesson" / "histograms.root"
    histogram = read_histogram(path, "4j1b_ttbar")
    with uproot.open(path) as file:
        reference = file["4j1b_ttbar"].to_boost()
    np.testing.assert_array_equal(histogram.values(), reference.values())
    np.testing.assert_array_equal(histogram.variances(), reference.variances())
    assert histogram.overflow == pytest.approx(12098.2, abs=0.1)
    assert histogram.axis.label == "observable [GeV]"
    assert len(list_objects(path)) == 146
