from __future__ import annotations

from pathlib import Path

import pytest
import uproot
from tests.labelled import labelled_th1

from wilks.browse.tree import listing
from wilks.errors import TemplateError


def test_every_object_has_its_line(root_file: Path) -> None:
    lines = listing(root_file).splitlines()
    assert lines[0].endswith("8 objects (5 TH1D, 1 TH2D, 1 TTree, 1 TObjString)")
    cells = {line.split()[0]: line.split() for line in lines[3:]}
    assert cells["plain"] == ["plain", "TH1D", "3", "0", "..", "10", "17", "5.75", "Plain", "title"]
    assert cells["flat"][1:6] == ["TH1D", "20", "-2", "..", "2"]
    assert cells["plane"][1:5] == ["TH2D", "4", "x", "6"]
    assert cells["events"][1:3] == ["TTree", "12"]
    assert cells["remark"] == ["remark", "TObjString"]
    assert cells["bad"][-2:] == ["nan", "nan"]


def test_folders_and_branches_are_nested(root_file: Path) -> None:
    lines = listing(root_file).splitlines()
    names = [
        line for line in lines if line.lstrip().startswith(("folder/", "inner/", "deep", "events", "pt", "charge"))
    ]
    depth = {line.split()[0]: len(line) - len(line.lstrip()) for line in names}
    assert depth == {"folder/": 0, "inner/": 2, "deep": 4, "events": 0, "pt": 2, "charge": 2}
    assert "int32_t" in next(line for line in names if "charge" in line)


def test_columns_are_aligned_and_text_is_plain(root_file: Path) -> None:
    text = listing(root_file)
    header, *rows = text.splitlines()[2:]
    assert all(row[header.index("type") - 1] == " " != row[header.index("type")] for row in rows)
    assert "\x1b" not in text
    assert all(row == row.rstrip() for row in rows)


def test_lesson_numbers_are_those_of_uproot(shared_data: Path) -> None:
    path = shared_data / "ttbar-lesson" / "histograms.root"
    lines = listing(path).splitlines()
    with uproot.open(path) as file:
        expected = {name: file[name] for name in file.keys(cycle=False)}
    rows = {line.split()[0]: line.split() for line in lines[3:]}
    assert list(rows) == list(expected)
    for name, source in expected.items():
        assert float(rows[name][6]) == pytest.approx(source.member("fEntries"), rel=1e-5)
        assert float(rows[name][7]) == pytest.approx(source.values().sum(), rel=1e-5)


def test_what_is_no_root_file_is_told(tmp_path: Path) -> None:
    text = tmp_path / "text.root"
    text.write_text("not ROOT")
    with pytest.raises(TemplateError, match="is not a ROOT file"):
        listing(text)
    with pytest.raises(TemplateError, match=r'did you mean "text\.root"'):
        listing(tmp_path / "txt.root")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.root"
    with uproot.recreate(path):
        pass
    assert listing(path).strip().endswith("empty.root: 0 objects")


def test_labels_of_bins_are_shown_in_place_of_their_range(tmp_path: Path) -> None:
    path = tmp_path / "labels.root"
    with uproot.recreate(path) as file:
        file["few"] = labelled_th1([1.0, 2.0, 0.0], [(2, "mm"), (1, "ee")], alphanumeric=True)
        file["many"] = labelled_th1([1.0] * 20, [(i, f"cut {i}") for i in range(1, 21)])
        file["some"] = labelled_th1([1.0, 2.0], [(2, "mm")])
    lines = {line.split()[0]: line for line in listing(path).splitlines()[3:]}
    assert "ee, mm" in lines["few"]
    assert "cut 1 .. cut 20" in lines["many"]
    assert "0 .. 2" in lines["some"]
