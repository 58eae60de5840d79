"""Histograms of ROOT files: which key, which bins, which errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
from tests.formats.descriptions import write_root

from wilks.formats.root_files import RootFiles


def test_contents_errors_and_axis(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with uproot.recreate(tmp_path / "f.root") as file:
        file["h"] = np.histogram(rng.normal(size=100), bins=[-1, 0, 2])
    with RootFiles() as files:
        found = files.histogram(tmp_path / "f.root", "/h/", "here")
        assert found is not None
        assert found.axis is not None
        theirs = uproot.open(tmp_path / "f.root")["h"]
        np.testing.assert_array_equal(found.values, theirs.values())
        np.testing.assert_array_equal(found.errors, np.sqrt(theirs.values()))
        assert found.axis.edges.tolist() == [-1.0, 0.0, 2.0]
        assert (found.shape, found.single, files.problems()) == ((2,), False, [])


def test_two_dimensions_run_along_x_first_and_flow_is_left_out(tmp_path: Path) -> None:
    import hist

    made = hist.Hist(hist.axis.Regular(3, 0, 3), hist.axis.Regular(2, 0, 2), storage=hist.storage.Weight())
    made.fill([0.5, 1.5, 1.5, 2.5, 9.0, -1.0], [0.5, 0.5, 0.5, 1.5, 0.5, 9.0], weight=[1, 2, 3, 4, 50, 60])
    with uproot.recreate(tmp_path / "f.root") as file:
        file["h"] = made
    with RootFiles() as files:
        found = files.histogram(tmp_path / "f.root", "h", "here")
    assert found is not None
    assert found.shape == (3, 2)
    assert found.values.tolist() == [1, 5, 0, 0, 0, 4]
    assert (found.errors**2).round(9).tolist() == [1, 13, 0, 0, 0, 16]


def test_of_two_keys_with_one_name_the_first_in_the_list_is_read(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "f.root") as file:
        file["d/h"] = np.histogram([0.5], bins=[0, 1])
        file["d/h"] = np.histogram([0.5, 0.5], bins=[0, 1])
    with RootFiles() as files:
        found = files.histogram(tmp_path / "f.root", "d/h", "here")
        ((path, text),) = files.remarks
    highest = uproot.open(tmp_path / "f.root")["d/h"].values()[0]
    assert found is not None
    assert (found.values[0], highest) == (1.0, 2.0)
    assert path.endswith("f.root")
    assert text == (
        '"d/h" is there more than once; that of cycle 1 comes first in the file and is read, as ROOT does, not that of '
        "the highest cycle 2"
    )
    with RootFiles(first=False) as files:
        found = files.histogram(tmp_path / "f.root", "d/h", "here")
        assert found is not None
        assert found.values[0] == 2.0
        assert not files.remarks


def test_what_is_no_histogram(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "f.root") as file:
        file["tree"] = {"x": np.arange(3)}
        file["nan"] = (np.array([np.nan, 1.0]), np.array([0.0, 1.0, 2.0]))
    with RootFiles() as files:
        for name in ("tree", "nan", "nothing", ""):
            assert files.histogram(tmp_path / "f.root", name, "here") is None
        told = files.problems()
    assert told[0].startswith('here: "tree" in ')
    assert "no histogram (TH1, TH2 or TH3)" in told[0]
    assert "no finite number in bin 0" in told[1]
    assert 'has no histogram "nothing"' in told[2]
    assert told[-1].endswith('contains 2 objects: "tree", "nan"')


def test_each_file_is_opened_once_and_told_once(tmp_path: Path) -> None:
    write_root(tmp_path / "f.root")
    with RootFiles() as files:
        for _ in range(2):
            assert files.histogram(tmp_path / "no.root", "a", "here") is None
            assert files.histogram(tmp_path / "f.root", "sig", "here") is not None
        assert [files.has(tmp_path / "f.root", name) for name in ("sig", "sug")] == [True, False]
        assert len(files.problems()) == 1


@pytest.mark.parametrize("kind", ["d", "f", "i"])
def test_contents_are_those_of_the_histogram(tmp_path: Path, kind: str) -> None:
    """They are read from the bytes; what these don't tell is left to the general reader."""
    path = tmp_path / "file.root"
    with uproot.recreate(path) as file:
        file["a/one"] = np.array([1, -2, 3, 4], kind), np.array([0.0, 1.0, 3.0, 4.0, 9.0])
        file["a/two"] = np.array([[1, 2], [3, 4]], kind), np.arange(3.0), np.arange(3.0)
        file["a/bad"] = np.array([1.0, np.nan]), np.arange(3.0)
        file["text"] = "no histogram"
    with RootFiles() as files:
        found = files.contents(path, "/a//one", "here")
        assert found is not None
        assert found.tolist() == [1.0, -2.0, 3.0, 4.0]
        assert (path, "a/one", False) not in files._found
        assert files.contents(path, "a/two", "here") is None
        assert files.contents(path, "a/bad", "here") is None
        assert files.contents(path, "text", "here") is None
        assert files.contents(path, "a/none", "here") is None
        problems = "\n".join(files.problems())
    assert '"a/two" in' in problems
    assert "2 dimensions, a TH1 needed" in problems
    assert "no finite number in bin 1" in problems
    assert 'has no histogram "a/none"' in problems
    assert '"text" in' in problems


def test_errors_that_nobody_needs_may_be_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "file.root"
    with uproot.recreate(path) as file:
        histogram = uproot.writing.identify.to_TH1x(
            "h",
            "",
            np.array([0.0, 1.0, 2.0, 0.0]),
            2,
            3,
            3,
            1.5,
            2.5,
            np.array([0.0, np.nan, 2.0, 0.0]),
            uproot.writing.identify.to_TAxis("x", "", 2, 0.0, 2.0),
        )
        file["h"] = histogram
    with RootFiles() as files:
        found = files.histogram(path, "h", "here", errors=False)
        assert found is not None
        assert found.errors.tolist() == [0.0, np.sqrt(2.0)]
        assert files.histogram(path, "h", "here") is None
        assert "no finite number in bin 0" in files.problems()[0]
