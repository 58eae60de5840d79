"""Histograms from their bytes, against those of uproot's general reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot
import uproot.writing.identify
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.labelled import labelled_th1

from wilks.errors import TemplateError
from wilks.histogram import Histogram
from wilks.templates import readers
from wilks.templates.th1 import histogram_of_bytes


def content(file: Any, name: str) -> bytes:
    chunk, _ = file.key(name).get_uncompressed_chunk_cursor()
    return bytes(chunk.raw_data.tobytes())


def assert_same(found: Histogram | None, expected: Histogram) -> None:
    assert found is not None
    assert np.array_equal(found.axis.edges, expected.axis.edges)
    assert np.array_equal(found.contents, expected.contents, equal_nan=True)
    assert np.array_equal(found.sumw2, expected.sumw2, equal_nan=True)
    one, other = ((h.underflow, h.overflow, h.entries) for h in (found, expected))
    assert np.array_equal(one, other, equal_nan=True)
    assert (found.title, found.axis.label) == (expected.title, expected.axis.label)
    assert found.axis.bin_labels == expected.axis.bin_labels


LABELLED = {
    "all": labelled_th1([1.0, 2.0, 3.0], [(1, "ee"), (2, "em"), (3, "mm")]),
    "in another order": labelled_th1([1.0, 2.0, 3.0], [(3, "mm"), (1, "ee"), (2, "em")]),
    "some": labelled_th1([1.0, 2.0, 3.0], [(2, "em")]),
    "spare": labelled_th1([1.0, 2.0, 0.0, 0.0], [(2, "mm"), (1, "ee")], alphanumeric=True, flow=(0.5, 0.25)),
    "spare of numbers": labelled_th1([1.0, 2.0, 0.0, 0.0], [(1, "ee"), (2, "mm")]),
    "filled behind": labelled_th1([1.0, 2.0, 0.0, 3.0], [(1, "ee"), (2, "mm")], alphanumeric=True),
    "error behind": labelled_th1([1.0, 0.0], [(1, "ee")], variances=[1.0, 4.0], alphanumeric=True),
    "a gap": labelled_th1([1.0, 0.0, 2.0, 0.0], [(1, "ee"), (3, "mm")], alphanumeric=True),
    "without numbers": labelled_th1([1.0, 2.0], [(0, "mm"), (0, "ee")]),
    "beyond": labelled_th1([1.0, 2.0], [(1, "ee"), (2, "mm"), (7, "old")]),
    "long and foreign": labelled_th1([1.0, 2.0], [(1, "x" * 300), (2, "µµ")]),
    "twice": labelled_th1([1.0, 2.0], [(1, "0j"), (2, "0j")]),
    "of ranges": labelled_th1([1.0, 2.0], [(2, "high"), (1, "low")], edges=[0.0, 20.0, 100.0]),
    "none": labelled_th1([1.0, 2.0], []),
    "empty text": labelled_th1([1.0, 2.0], [(1, ""), (2, "")]),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with weighted and unweighted histograms, on equal and on unequal bins."""
    path = tmp_path_factory.mktemp("th1") / "histograms.root"
    rng = np.random.default_rng(7)
    axes = [bh.axis.Regular(7, -1.0, 2.5), bh.axis.Variable([-3.0, 0.1, 0.2, 5.0])]
    with uproot.recreate(path) as file:
        for i, axis in enumerate(axes):
            weighted = bh.Histogram(axis, storage=bh.storage.Weight())
            weighted.fill(rng.normal(0.0, 2.0, 500), weight=rng.normal(1.0, 0.5, 500))
            file[f"weighted {i}"] = weighted
            counted = bh.Histogram(axis)
            counted.fill(rng.normal(0.0, 2.0, 500))
            file[f"folder/counted {i}"] = counted
        for i, kind in enumerate(("f4", "i4", "i2", "i1")):
            file[f"kind {i}"] = uproot.writing.identify.to_TH1x(
                fName=f"kind {i}",
                fTitle="long title " * 40 if i else "",
                data=rng.integers(0, 100, 6).astype(kind),
                fEntries=12.0,
                fTsumw=1.0,
                fTsumw2=2.0,
                fTsumwx=3.0,
                fTsumwx2=4.0,
                fSumw2=None if i else np.arange(6.0),
                fXaxis=uproot.writing.identify.to_TAxis(fName="x", fTitle="mass [GeV]", fNbins=4, fXmin=0.5, fXmax=9.0),
            )
        for name, histogram in LABELLED.items():
            file[f"labelled {name}"] = histogram
    return path


def test_the_same_as_the_general_reader(written: Path) -> None:
    with uproot.open(written) as file:
        classes = {name: kind for name, kind in readers.classnames_of(file).items() if kind.startswith("TH1")}
        assert set(classes.values()) == {"TH1D", "TH1F", "TH1I", "TH1S", "TH1C"}
        for name, kind in classes.items():
            assert_same(histogram_of_bytes(content(file, name), kind), readers.histogram_of_th1(file[name], kind))


def test_labels_belong_to_the_bin_whose_number_they_have(written: Path) -> None:
    expected: dict[str, tuple[tuple[str, ...], list[float]]] = {
        "all": (("ee", "em", "mm"), [1.0, 2.0, 3.0]),
        "in another order": (("ee", "em", "mm"), [1.0, 2.0, 3.0]),
        "some": (("", "em", ""), [1.0, 2.0, 3.0]),
        "spare": (("ee", "mm"), [1.0, 2.0]),
        "spare of numbers": (("ee", "mm", "", ""), [1.0, 2.0, 0.0, 0.0]),
        "filled behind": (("ee", "mm", "", ""), [1.0, 2.0, 0.0, 3.0]),
        "error behind": (("ee", ""), [1.0, 0.0]),
        "a gap": (("ee", "", "mm", ""), [1.0, 0.0, 2.0, 0.0]),
        "without numbers": (("mm", "ee"), [1.0, 2.0]),
        "beyond": (("ee", "mm"), [1.0, 2.0]),
        "long and foreign": (("x" * 300, "µµ"), [1.0, 2.0]),
        "twice": (("0j", "0j"), [1.0, 2.0]),
        "of ranges": (("low", "high"), [1.0, 2.0]),
        "none": ((), [1.0, 2.0]),
        "empty text": ((), [1.0, 2.0]),
    }
    with uproot.open(written) as file:
        for name, (labels, values) in expected.items():
            quick = histogram_of_bytes(content(file, f"labelled {name}"), "TH1D")
            assert quick is not None
            for found in (quick, Histogram.from_uhi(file[f"labelled {name}"])):
                assert (found.axis.bin_labels, found.contents.tolist()) == (labels, values), name
        spare = histogram_of_bytes(content(file, "labelled spare"), "TH1D")
        assert spare is not None
        assert spare.values(flow=True).tolist() == [0.5, 1.0, 2.0, 0.25]
        assert spare.axis.edges.tolist() == [0.0, 1.0, 2.0]


def test_labels_that_name_their_class_once_as_those_of_root(written: Path) -> None:
    """uproot writes the name of the class with every label, ROOT with the first one and then its place."""
    with uproot.open(written) as file:
        whole = content(file, "labelled all")
    first = whole.index(b"TObjString\0")
    shorter = bytearray(whole)
    places = [i for i in range(first + 1, len(whole)) if whole.startswith(b"\xff\xff\xff\xffTObjString\0", i)]
    cut = len(b"TObjString\0")
    for place in reversed(places):
        shorter[place : place + 4 + cut] = (0x80000000 | (first - 4 + 2)).to_bytes(4, "big")
        shorter[place - 4 : place] = (int.from_bytes(whole[place - 4 : place], "big") - cut).to_bytes(4, "big")
    saved = cut * len(places)
    start = whole.index(b"THashList\0")
    axis = whole.rindex(b"\x00\x0a", 0, whole.index(b"xaxis")) - 4  # number of bytes of TAxis, version 10
    for place in (0, 6, axis, start - 8, start + len(b"THashList\0")):
        size = int.from_bytes(shorter[place : place + 4], "big") - saved
        shorter[place : place + 4] = size.to_bytes(4, "big")
    found = histogram_of_bytes(bytes(shorter), "TH1D")
    assert found is not None
    assert found.axis.bin_labels == ("ee", "em", "mm")
    assert found.contents.tolist() == [1.0, 2.0, 3.0]


def test_real_files_of_many_versions(shared_data: Path) -> None:
    count = 0
    for path in sorted(shared_data.rglob("*.root")):
        with uproot.open(path) as file:
            for name, kind in readers.classnames_of(file).items():
                if kind.startswith("TH1"):
                    assert_same(
                        histogram_of_bytes(content(file, name), kind), readers.histogram_of_th1(file[name], kind)
                    )
                    count += 1
    assert count > 100


def test_what_is_unexpected_is_left_to_the_general_reader(written: Path) -> None:
    with uproot.open(written) as file:
        whole = content(file, "weighted 0")
    assert histogram_of_bytes(whole, "TH1D") is not None
    assert histogram_of_bytes(whole, "TH1F") is None
    assert histogram_of_bytes(whole, "TProfile") is None
    assert histogram_of_bytes(b"", "TH1D") is None
    assert histogram_of_bytes(whole[:-1], "TH1D") is None
    assert histogram_of_bytes(whole + b"\0", "TH1D") is None
    later = bytearray(whole)
    later[11] = 9  # the version of TH1
    assert histogram_of_bytes(bytes(later), "TH1D") is None


@given(st.data())
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_bytes_lead_to_another_error(written: Path, data: st.DataObject) -> None:
    with uproot.open(written) as file:
        broken = bytearray(content(file, data.draw(st.sampled_from(["weighted 1", "labelled all"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = histogram_of_bytes(bytes(broken), "TH1D")
    except TemplateError:
        return
    assert found is None or found.contents.size == 3
