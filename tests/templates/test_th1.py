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
    return path


def test_the_same_as_the_general_reader(written: Path) -> None:
    with uproot.open(written) as file:
        classes = {name: kind for name, kind in readers.classnames_of(file).items() if kind.startswith("TH1")}
        assert set(classes.values()) == {"TH1D", "TH1F", "TH1I", "TH1S", "TH1C"}
        for name, kind in classes.items():
            assert_same(histogram_of_bytes(content(file, name), kind), readers._histogram(file[name], kind))


def test_real_files_of_many_versions(shared_data: Path) -> None:
    count = 0
    for path in sorted(shared_data.rglob("*.root")):
        with uproot.open(path) as file:
            for name, kind in readers.classnames_of(file).items():
                if kind.startswith("TH1"):
                    assert_same(histogram_of_bytes(content(file, name), kind), readers._histogram(file[name], kind))
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
        broken = bytearray(content(file, "weighted 1"))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = histogram_of_bytes(bytes(broken), "TH1D")
    except TemplateError:
        return
    assert found is None or found.contents.size == 3
