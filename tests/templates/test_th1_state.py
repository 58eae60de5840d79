"""Entries in ROOT's buffer and the other state of a TH1, by the quick reader and by uproot's.

The expected numbers follow TH1::BufferEmpty by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
import uproot.writing.identify

from wilks.checks.check import check
from wilks.errors import TemplateError
from wilks.histogram import Axis, Histogram
from wilks.templates import readers
from wilks.templates.store import TemplateKey, Templates, load_templates
from wilks.templates.th1 import histogram_of_bytes

NOT_WEIGHTED, AVERAGE, RANGE = 1 << 19, 1 << 18, 1 << 11


def root_histogram(
    kind: str = "f8",
    contents: Sequence[float] = (0.0,) * 6,
    sumw2: Sequence[float] | None = None,
    waiting: Sequence[tuple[float, float]] = (),
    processed: bool = False,
    bits: int = 0,
    norm_factor: float = 0.0,
    axis: dict[str, Any] | None = None,
    room: int = 1001,
) -> Any:
    """Return a TH1 for uproot to write; `waiting` has weight and value of the entries in its buffer."""
    given = {"fNbins": 4, "fXmin": 0.0, "fXmax": 4.0} | (axis or {})
    axis_bits, more_bits = given.pop("bits", 0), given.pop("fBits2", 0)
    made = uproot.writing.identify.to_TH1x(
        fName="h",
        fTitle="",
        data=np.asarray(contents).astype(kind),
        fEntries=float(sum(contents)),
        fTsumw=0.0,
        fTsumw2=0.0,
        fTsumwx=0.0,
        fTsumwx2=0.0,
        fSumw2=None if sumw2 is None else np.asarray(sumw2, dtype=np.float64),
        fXaxis=uproot.writing.identify.to_TAxis(fName="x", fTitle="", fBits2=more_bits, **given),
        fNormFactor=norm_factor,
    )
    base = next(part for part in made.bases if part.classname == "TH1")
    if waiting or processed:
        buffer = np.zeros(room)
        buffer[0] = -len(waiting) if processed else len(waiting)
        pairs = np.ravel(waiting)[: room - 1]
        buffer[1 : 1 + pairs.size] = pairs
        base._members["fBufferSize"], base._members["fBuffer"] = room, buffer.astype(">f8")
    _set_bits(base, bits)
    _set_bits(base.member("fXaxis"), axis_bits)
    return made


def _set_bits(source: Any, bits: int) -> None:
    """Make uproot write these bits of the TObject inside; it has no argument for them."""
    named = next(part for part in source.bases if part.classname == "TNamed")
    plain = named._serialize
    named._serialize = lambda out, header, name, flags: plain(out, header, name, flags | bits)


@pytest.fixture(params=["quick", "uproot"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a function that writes a TH1 and reads it again, one way or the other."""

    def reading(made: Any) -> Histogram:
        with uproot.recreate(tmp_path / "h.root") as file:
            file["h"] = made
        with uproot.open(tmp_path / "h.root") as file:
            classname = file.classname_of("h")
            if request.param == "uproot":
                return readers.histogram_of_th1(file["h"], classname)
            chunk, _ = file.key("h").get_uncompressed_chunk_cursor()
            found = histogram_of_bytes(chunk.raw_data.tobytes(), classname)
            assert found is not None
            return found

    return reading


@pytest.mark.parametrize("kind", ["f8", "f4", "i4", "i2", "i1"])
def test_entries_in_the_buffer_are_in_the_bins(read: Any, kind: str) -> None:
    values = [0.0, 0.5, 1.0, 3.999, 4.0, -1.0, 7.0, float("nan"), 2.5, 2.5]
    found = read(root_histogram(kind, waiting=[(1.0, value) for value in values]))
    assert found.values(flow=True).tolist() == [1.0, 2.0, 1.0, 2.0, 1.0, 3.0]
    assert found.variances().tolist() == [2.0, 1.0, 2.0, 1.0]
    assert found.entries == 10.0


def test_they_are_added_to_what_is_there(read: Any) -> None:
    found = read(root_histogram(contents=[0, 5, 0, 0, 2, 1], waiting=[(1.0, 0.5), (1.0, 9.0)]))
    assert found.values(flow=True).tolist() == [0, 6, 0, 0, 2, 2]
    assert found.entries == 10.0


def test_weights_after_fills_without(read: Any) -> None:
    """Without Sumw2 the first weight that isn't one begins the squared weights, with the contents so far."""
    waiting = [(1.0, 0.5), (1.0, 0.5), (0.5, 0.5), (-2.0, 1.5), (1.0, 1.5)]
    found = read(root_histogram(contents=[0, 3, 0, 0, 0, 0], waiting=waiting))
    assert found.contents.tolist() == [5.5, -1.0, 0, 0]
    assert found.sumw2.tolist() == [5.25, 5.0, 0, 0]


def test_squared_weights_go_on(read: Any) -> None:
    found = read(
        root_histogram(contents=[0, 3, 0, 0, 0, 0], sumw2=[0, 9, 0, 0, 0, 0], waiting=[(1.0, 0.5), (2.0, 1.5)])
    )
    assert found.contents.tolist() == [4, 2, 0, 0]
    assert found.sumw2.tolist() == [10, 4, 0, 0]


def test_weights_that_count_as_none(read: Any) -> None:
    found = read(root_histogram(waiting=[(2.0, 0.5), (0.5, 0.5)], bits=NOT_WEIGHTED))
    assert found.contents.tolist() == found.sumw2.tolist() == [2.5, 0, 0, 0]


def test_whole_numbers_are_cut_and_stop_at_the_largest(read: Any) -> None:
    found = read(root_histogram("i1", waiting=[(1.0, 0.5)] * 130 + [(0.6, 1.5)] * 3 + [(-1.6, 1.5)] * 3))
    assert found.contents.tolist() == [127, -3, 0, 0]


def test_floats_are_added_with_their_own_precision(read: Any) -> None:
    found = read(root_histogram("f4", contents=[0, 2.0**24, 0, 0, 0, 0], waiting=[(1.0, 0.5)] * 3))
    assert found.contents[0] == 2.0**24
    found = read(root_histogram("f4", waiting=[(0.7, 0.5)] * 3))
    assert found.contents[0] == np.float32(0.7) + np.float32(0.7) + np.float32(0.7)


def test_what_is_in_both_counts_once(read: Any) -> None:
    found = read(root_histogram(contents=[0, 2, 0, 0, 0, 0], waiting=[(1.0, 0.5)] * 2, processed=True))
    assert found.contents.tolist() == [2, 0, 0, 0]
    assert found.entries == 2.0


def test_bins_of_different_widths(read: Any) -> None:
    axis = {"fNbins": 4, "fXmin": 0.0, "fXmax": 5.0, "fXbins": np.array([0, 0.5, 2.0, 3.0, 5.0])}
    found = read(root_histogram(waiting=[(1.0, value) for value in (0.5, 2.0, 4.9, 5.0, -0.1)], axis=axis))
    assert found.values(flow=True).tolist() == [1, 0, 1, 1, 1, 1]


def test_what_only_root_can_tell_is_refused(read: Any) -> None:
    entries = [(1.0, 0.5), (1.0, 5.0)]
    with pytest.raises(TemplateError, match=r"no range yet \(0 to 0\), and 2 entries wait in ROOT's buffer"):
        read(root_histogram(waiting=entries, axis={"fXmax": 0.0}))
    with pytest.raises(TemplateError, match="some outside of an axis that ROOT would extend"):
        read(root_histogram(waiting=entries, axis={"fBits2": 2}))
    assert read(root_histogram(waiting=entries[:1], axis={"fBits2": 2})).contents.tolist() == [1, 0, 0, 0]
    with pytest.raises(TemplateError, match="no room for the 20 entries"):
        read(root_histogram(waiting=entries * 10, room=11))


def test_squared_weights_of_another_number_of_bins_are_refused(read: Any) -> None:
    with pytest.raises(TemplateError, match="6 contents and 3 squared weights"):
        read(root_histogram(sumw2=[1, 2, 3]))


def test_what_root_says_otherwise_is_remarked_and_found(read: Any, tmp_path: Path) -> None:
    contents = [0, 1, 2, 3, 4, 0]
    axis = {"bits": RANGE, "fFirst": 2, "fLast": 3}
    found = read(root_histogram(contents=contents, norm_factor=5.0, bits=AVERAGE, axis=axis))
    assert found.contents.tolist() == [1, 2, 3, 4]
    assert [any(word in remark for remark in found.remarks) for word in ("sum of 5", "bins 2 to 3 of 4", "averages")]
    assert len(found.remarks) == 3
    assert read(root_histogram(contents=contents)).remarks == ()
    assert read(root_histogram(contents=contents, axis={"bits": RANGE, "fFirst": 1, "fLast": 4})).remarks == ()
    templates = Templates({TemplateKey("SR", "ttbar"): found})
    templates.save(tmp_path / "t.npz")
    findings = check(load_templates(tmp_path / "t.npz")).of_rule("root-state")
    assert len(findings) == 1
    assert "sum of 5" in next(iter(findings)).message


def test_entries_without_content_are_found() -> None:
    def rules(entries: float | None, *contents: float, sumw2: Sequence[float] | None = None) -> set[str]:
        axis = Axis.of_bin_numbers(len(contents))
        histogram = Histogram(axis, np.array(contents), np.array(sumw2 or contents), entries=entries)
        templates = Templates({TemplateKey("SR", "data"): histogram})
        return {finding.rule for finding in check(templates)}

    assert "entries-disagree" in rules(140.0, 0, 0, 0, 0)
    assert "entries-disagree" in rules(300.0, 127, 100, 0, 0)
    assert "entries-disagree" not in rules(227.0, 127, 100, 0, 0)
    assert "entries-disagree" not in rules(4.0, 0, 0, 0, 0), "four bins set by hand"
    assert "entries-disagree" not in rules(None, 0, 0, 0, 0)
    assert "entries-disagree" not in rules(300.0, 12, 10, 0, 0, sumw2=[0.5, 0.4, 0.1, 0.1])
