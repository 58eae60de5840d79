"""`nuisance edit` changes the rows above it, as Combine's does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.formats.datacard.cards import COUNTING, shape_card

from wilks.errors import WorkspaceError
from wilks.formats.datacard.parse import parse_card
from wilks.formats.datacard.read import read
from wilks.formats.datacard.text import Problems

ROWS = "x lnN 1.1 1.2\ny lnN - 0.9/1.3\nz lnN - 0.8\n"


def _rows(edits: str, rows: str = ROWS) -> dict[str, Any]:
    problems = Problems()
    card = parse_card((COUNTING + rows + edits + "\n").encode(), "card", None, problems)
    assert not problems.mistakes
    return {row.name: (row.kind, row.entries["a", "S"], row.entries["a", "B"]) for row in card.rows}


@pytest.mark.parametrize(
    ("edits", "name", "wanted"),
    [
        ("nuisance edit add S a new lnN 1.4", "new", ("lnN", 1.4, 0.0)),
        ("nuisance edit add B * x lnN 1.3 overwrite", "x", ("lnN", 1.1, 1.3)),
        (
            "nuisance edit add B a x lnN 1.3 addq",
            "x",
            ("lnN", 1.1, math.exp(math.hypot(math.log(1.2), math.log(1.3)))),
        ),
        ("nuisance edit add S a y lnN 1.0", "y", ("lnN", 0.0, (0.9, 1.3))),
        ("nuisance edit drop B a x", "x", ("lnN", 1.1, 0.0)),
        ("nuisance edit drop * * [xy]", "z", ("lnN", 0.0, 0.8)),
        ("nuisance edit rename B a x w", "w", ("lnN", 0.0, 1.2)),
        ("nuisance edit rename B a x w", "x", ("lnN", 1.1, 0.0)),
        ("nuisance edit rename x w", "w", ("lnN", 1.1, 1.2)),
        ("nuisance edit changepdf x trG", "x", ("trG", math.log(1.1), math.log(1.2))),
        ("nuisance edit changepdf x lnU", "x", ("lnU", 1.1, 1.2)),
        ("nuisance edit split B a x p q 1.05 1.06", "p", ("lnN", 0.0, 1.05)),
        ("nuisance edit split B a x p q 1.05 1.06", "x", ("lnN", 1.1, 0.0)),
        ("nuisance edit flip B a z n2p", "z", ("lnN", 0.0, 1.25)),
        ("nuisance edit flip B a z p2n", "z", ("lnN", 0.0, 0.8)),
        ("nuisance edit flip B a y p2n", "y", ("lnN", 0.0, (1 / 0.9, 1 / 1.3))),
        ("nuisance edit flip B a y n2p", "y", ("lnN", 0.0, (0.9, 1.3))),
        ("nuisance edit drop B b x ifexists", "x", ("lnN", 1.1, 1.2)),
    ],
)
def test_edits(edits: str, name: str, wanted: tuple[str, float, Any]) -> None:
    kind, *values = _rows(edits)[name]
    assert kind == wanted[0]
    for value, other in zip(values, wanted[1:], strict=True):
        assert value == pytest.approx(other)


def test_of_alternatives_the_first_that_begins_a_name_counts() -> None:
    rows = "x lnN 1.1 1.2\nxy lnN 1.3 1.4\n"
    assert list(_rows("nuisance edit drop * * x|xy", rows)) == ["xy"]
    assert not _rows("nuisance edit drop * * xy|x", rows)


def test_a_shape_may_get_the_name_of_a_log_normal_row(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "x lnN 1.1 -\njes shape - 1\nnuisance edit rename jes x\n")
    signal, background = read(card).workspace.document.channels[0].samples
    assert {m.name for m in signal.modifiers} == {"r", "x"}
    assert {m.name for m in background.modifiers} == {"x"}
    with pytest.raises(WorkspaceError, match='"x" is a lnU'):
        read(shape_card(tmp_path, "x lnU 1.1 -\njes shape - 1\nnuisance edit rename jes x\n"))


def test_a_param_has_no_places_to_rename() -> None:
    reading = read((COUNTING + "k param 1 0.1\nk rateParam a B 1\nnuisance edit rename B a k other\n").encode())
    assert any("has no processes and channels" in str(note) for note in reading.notes)


def test_merging_adds_in_quadrature_side_by_side() -> None:
    found = _rows("nuisance edit merge B a x y")
    low = math.exp(math.hypot(math.log(1.2), math.log(0.9)))
    high = math.exp(math.hypot(math.log(1.2), math.log(1.3)))
    assert found["x"][2] == pytest.approx((1 / low, high))
    assert "y" not in found


def test_freezing_makes_a_parameter_constant() -> None:
    reading = read((COUNTING + ROWS + "nuisance edit freeze [xy]\n").encode())
    settings = reading.workspace.document.measurements[0].config.parameters
    assert {s.name for s in settings if s.fixed} == {"x", "y"}


def test_a_param_that_is_renamed_keeps_its_rate_parameter() -> None:
    rows = "k param 1.1 0.1\nk rateParam a B 1\nf rateParam a S 2*@0 k\nnuisance edit rename k common\n"
    document = read((COUNTING + rows).encode()).workspace.document
    signal, background = document.channels[0].samples
    assert [m.name for m in background.modifiers] == ["common"]
    assert [m.name for m in signal.modifiers] == ["r", "f"]
    assert [(f.name, f.parameters) for f in document.functions] == [("f", ["common"])]
    (setting,) = (s for s in document.measurements[0].config.parameters if s.name == "common")
    assert (setting.auxdata, setting.sigmas) == ([1.1], [0.1])


def test_a_shape_that_is_renamed_keeps_its_histograms(tmp_path: Path) -> None:
    rows = "jes shape 1 1\nnuisance edit rename B * jes other\nnuisance edit rename jes new\n"
    signal, background = read(shape_card(tmp_path, rows)).workspace.document.channels[0].samples
    assert {m.name for m in signal.modifiers} == {"r", "new"}
    assert {m.name for m in background.modifiers} == {"other"}


def test_edits_turn_the_check_of_kmax_off() -> None:
    card = COUNTING.replace("kmax *", "kmax 1") + ROWS
    with pytest.raises(WorkspaceError, match="kmax says 1, found 3 rows"):
        read(card.encode())
    assert read((card + "nuisance edit drop B a nothing ifexists\n").encode())


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ("nuisance edit ad S a x lnN 1.1", 'datacard:16:15: no edit "ad"; allowed are .* did you mean "add"'),
        ("nuisance edit add S a", "datacard:16:15: 2 words after add, needed: PROCESS CHANNEL NAME KIND VALUE"),
        ("nuisance edit add B a x lnN 1.3", '"x" has 1.2 for process "B" of "a" already; addq or overwrite'),
        ("nuisance edit add B a z lnN 1.3 addq", "0.8 and 1.3 go in different directions"),
        ("nuisance edit add B a x lnU 1.3", 'datacard:16:25: nuisance edit add: "x" is a lnN already'),
        ("nuisance edit drop ( a x", '"\\(" is no regular expression'),
        ("nuisance edit rename B a xx w", 'no systematic "xx"; did you mean "x"'),
        ("nuisance edit changepdf x gmN", '"x" is a lnN, it can\'t become "gmN"; allowed are "lnN"'),
        ("nuisance edit changepdf y trG", '"y" has 0.9/1.3: two numbers can\'t become a trG'),
        ("nuisance edit freeze w", 'no parameter "w"'),
        ("nuisance edit flip B a x", "n2p"),
    ],
)
def test_edits_that_cannot_be(edits: str, sentence: str) -> None:
    with pytest.raises(WorkspaceError, match=sentence):
        read((COUNTING + ROWS + edits + "\n").encode())
