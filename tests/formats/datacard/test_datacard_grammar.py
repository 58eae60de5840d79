"""The grammar of cards, with its quirks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import uproot
from tests.formats.datacard.cards import CONTENTS, COUNTING, SHAPES, shape_card, write_histograms

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.datacard import recognise
from wilks.formats.datacard.read import read


def _document(card: str | bytes | Path, **options: object):  # type: ignore[no-untyped-def]
    content = card.encode() if isinstance(card, str) else card
    return read(content, **options).workspace.document  # type: ignore[arg-type]


def _remarks(card: str) -> str:
    return "\n".join(map(str, read(card.encode()).notes))


def test_cards_are_recognised() -> None:
    assert recognise(COUNTING.encode())
    assert recognise(b"some title\nimax * bins\nkmax *\n")
    assert not recognise(b"General:\n  Measurement: imax\n")
    assert not recognise(b'{"channels": []}')
    assert not recognise(b"root\0imax 1\nkmax 1\nprocess rate\n")


def test_free_text_before_the_rates_is_ignored_and_comments_after_them() -> None:
    card = "My card, version 2\n# a comment\n" + COUNTING + "# x lnN 1.1 1.1\n--- \ny lnN 1.2 - # why\n"
    (sample, background) = _document(card).channels[0].samples
    assert [m.name for m in sample.modifiers] == ["r", "y"]
    assert background.modifiers == []


def test_words_after_the_last_column_are_ignored_with_a_remark() -> None:
    assert 'words after the last column are ignored: "of", "luck"' in _remarks(COUNTING + "y lnN 1.2 - of luck\n")


def test_lines_of_names_and_numbers_come_in_either_order() -> None:
    swapped = COUNTING.replace("process S B\nprocess 0 1", "process 0 1\nprocess S B")
    assert _document(swapped) == _document(COUNTING)


def test_without_a_first_line_bin_channels_come_as_they_appear() -> None:
    card = COUNTING.replace("bin a\nobservation 6", "observation 6")
    assert _document(card) == _document(COUNTING)


def test_names_that_begin_with_digits() -> None:
    card = COUNTING.replace("bin a", "bin 1").replace("bin 1 a", "bin 1 1") + "7x lnN 1.1 -\n"
    assert _document(card).channels[0].name == "1"
    assert _document(card).channels[0].samples[0].modifiers[1].name == "theta7x"
    assert "begins with a digit" in _remarks(card)


def test_rows_without_effect_go_and_kmax_with_them() -> None:
    card = COUNTING.replace("kmax *", "kmax 3") + "x lnN 1.0 -\ny lnN 1.2 -\nz[nofloat] lnN - 1.1\n"
    names = {m.name for c in _document(card).channels for s in c.samples for m in s.modifiers}
    assert names == {"r", "y", "z"}


def test_kmax_counts_constraints_of_formulas() -> None:
    rows = "lumi lnN 1.1 1.1\nR rateParam a B 1 [0,5]\nc constr R-1 0.1\n"
    for counted in (2, 1):  # combineCards.py leaves them out
        assert read((COUNTING.replace("kmax *", f"kmax {counted}") + rows).encode())
    with pytest.raises(WorkspaceError, match='kmax says 3, found 2 rows of systematics: "lumi", "c"'):
        read((COUNTING.replace("kmax *", "kmax 3") + rows).encode())


def test_a_rate_of_nothing_takes_a_process_away() -> None:
    card = COUNTING.replace("bin a a", "bin a a a").replace("process S B", "process S B C")
    card = (
        card.replace("process 0 1", "process 0 1 2")
        .replace("rate 1.0 5.5", "rate 1.0 5.5 0")
        .replace("jmax 1", "jmax 2")
    )
    assert [s.name for s in _document(card).channels[0].samples] == ["S", "B"]


def test_lines_of_a_channel_hide_those_of_all(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "")
    write_histograms(tmp_path / "other.root", {name: [2 * v for v in values] for name, values in CONTENTS.items()})
    lines = "shapes B a other.root a/B\nshapes S * other.root a/S\n"
    card.write_text(lines + SHAPES)
    signal, background = _document(card).channels[0].samples
    assert sum(signal.data) == pytest.approx(14.0)  # "a" has no S and no *: those of all channels, S first
    assert sum(background.data) == pytest.approx(120.0)
    card.write_text("shapes * a other.root a/$PROCESS\n" + lines.splitlines()[1] + "\n" + SHAPES)
    assert [sum(s.data) for s in _document(card).channels[0].samples] == pytest.approx([14.0, 120.0])


def test_keywords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_histograms(tmp_path / "m125.root", {f"{name}_x": values for name, values in CONTENTS.items()})
    monkeypatch.setenv("HERE", str(tmp_path))
    line = "shapes * * $HERE/m$MASS.root $CHANNEL/$PROCESS_$WHAT"
    card = SHAPES.replace(SHAPES.splitlines()[3], line)
    found = _document(card, mass=125.0, keywords={"WHAT": "x"})
    assert found.channels[0].samples[1].data == pytest.approx([30.0, 20.0, 10.0])
    assert found.observations[0].data == [31.0, 25.0, 9.0]


def test_the_first_key_of_a_name_counts(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "")
    with uproot.update(tmp_path / "shapes.root") as file:
        file["a/B"] = np.array([300.0, 200.0, 100.0]), np.arange(4.0)
    reading = read(card)
    first = uproot.open(tmp_path / "shapes.root")["a"].keys(cycle=True, recursive=False)
    kept = next(key for key in first if key.startswith("B;"))
    assert reading.workspace.document.channels[0].samples[1].data == pytest.approx(
        uproot.open(tmp_path / "shapes.root")["a"][kept].values().tolist()
    )


def test_a_channel_without_histograms_in_a_card_with_some(tmp_path: Path) -> None:
    card = shape_card(tmp_path, "")
    text = card.read_text().replace("bin a\nobservation -1", "bin a b\nobservation -1 17")
    text = text.replace("bin a a\n", "bin a a b b\n").replace("process S B\n", "process S B S B\n")
    text = text.replace("process 0 1\n", "process 0 1 0 1\n").replace("rate -1 -1", "rate -1 -1 2 14")
    card.write_text("shapes * b FAKE\n" + text + "x lnN 1.1 - 1.1 -\n* autoMCStats 0\n")
    document = _document(card)
    assert [o.data for o in document.observations] == [[31.0, 25.0, 9.0], [17.0]]
    assert [s.data for s in document.channels[1].samples] == [[2.0], [14.0]]


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_tables_in_place_of_histograms(tmp_path: Path, suffix: str) -> None:
    rows = [
        (c, process, "nominal" if "_" not in process or process == "data_obs" else process.split("_")[1], v, v)
        for c in "a"
        for process, values in CONTENTS.items()
        for v in values
    ]
    rows = [(c, p if p == "data_obs" else p.split("_")[0], s, v, e) for c, p, s, v, e in rows]
    header = ["channel", "process", "systematic", "sum_w", "sum_ww"]
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join([",".join(header), *(",".join(map(str, row)) for row in rows)]) + "\n")
    else:
        import json

        columns = {name: {str(i): row[j] for i, row in enumerate(rows)} for j, name in enumerate(header)}
        path.write_text(json.dumps(columns))
    rows_of_card = "jes shape 1 1\n* autoMCStats 0 0 1\n"
    from_root = _document(shape_card(tmp_path, rows_of_card))
    line = f"shapes * * t.{suffix} $CHANNEL:$PROCESS $CHANNEL:$PROCESS:$SYSTEMATIC"
    card = tmp_path / "table.txt"
    card.write_text(SHAPES.replace(SHAPES.splitlines()[3], line) + rows_of_card)
    assert _document(card) == from_root


def test_groups() -> None:
    rows = "x lnN 1.1 -\ny lnN - 1.1\nk rateParam a B 1\ng group = x\ng group += k y\n"
    (group,) = _document(COUNTING + rows).groups
    assert (group.name, group.parameters) == ("g", ["x", "k", "y"])


def test_masks_and_channels_that_are_left_out(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(COUNTING + f"x{name} lnN 1.1 -\n")
    both = [f"one={tmp_path / 'a.txt'}", f"two={tmp_path / 'b.txt'}"]
    assert read(both).workspace.channel_names == ("one", "two")
    assert read(both, exclude=["tw"]).workspace.channel_names == ("one",)
    assert read(both, include=["two"]).workspace.channel_names == ("two",)
    three = COUNTING.replace("bin a\n", "bin sr cr\n").replace("observation 6", "observation 6 7")
    three = three.replace("bin a a", "bin sr sr cr").replace("S B", "S B B").replace("0 1", "0 1 1")
    (tmp_path / "c.txt").write_text(
        three.replace("1.0 5.5", "1.0 5.5 8").replace("imax 1", "imax 2") + "y lnN - 1.1 1.1\n"
    )
    # combineCards holds its patterns against names as the card has them, the label where the card has one channel.
    cards = [f"one={tmp_path / 'a.txt'}", f"more={tmp_path / 'c.txt'}"]
    assert read(cards, exclude=["cr"]).workspace.channel_names == ("one", "more_sr")
    assert read(cards, exclude=["more"]).workspace.channel_names == ("one", "more_sr", "more_cr")
    (mask,) = read(both, masks=["two"]).workspace.document.masks or ()
    assert mask.channel == "two"


def test_several_cards_are_combined(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(COUNTING + "x lnN 1.1 -\nk rateParam a B 1 [0,5]\n")
    two = COUNTING.replace("bin a\nobservation 6", "bin a b\nobservation 6 7").replace("bin a a", "bin a a b b")
    two = two.replace("process S B", "process S B S B").replace("process 0 1", "process 0 1 0 1")
    two = two.replace("rate 1.0 5.5", "rate 1 2 3 4").replace("imax 1", "imax 2")
    (tmp_path / "b.txt").write_text(two + "x lnN 1.2 - 1.3 -\nk rateParam b B 1 [0,5]\n")
    document = read({"l": tmp_path / "a.txt", "m": tmp_path / "b.txt"}).workspace.document
    assert [c.name for c in document.channels] == ["l", "m_a", "m_b"]
    model = wilks.compile_model(read([tmp_path / "a.txt", tmp_path / "b.txt"]).workspace)
    assert model.channel_names == ("ch1", "ch2_a", "ch2_b")
    assert set(model.parameter_names) == {"r", "x", "k"}


def test_cards_with_a_factor_and_a_shape_of_one_name_are_combined(tmp_path: Path) -> None:
    shape_card(tmp_path, "jes shape 1 1\n")
    (tmp_path / "count.txt").write_text(COUNTING + "jes lnN 1.1 -\n")
    document = read([tmp_path / "card.txt", tmp_path / "count.txt"]).workspace.document
    kinds = [{type(m).__name__ for m in s.modifiers if m.name == "jes"} for c in document.channels for s in c.samples]
    assert kinds == [{"NormSys", "HistoSys"}, {"NormSys", "HistoSys"}, {"NormSys"}, set()]


def test_without_observations_what_is_expected_at_the_start_is_the_data(tmp_path: Path) -> None:
    rows = "jes shape 1 1\nk rateParam a B 1.5 [0,5]\n"
    card = shape_card(tmp_path, rows)
    card.write_text(card.read_text().replace("observation -1\n", ""))
    reading = read(card)
    np.testing.assert_allclose(reading.workspace.document.observations[0].data, [46.0, 32.0, 19.0], rtol=1e-12)
    assert "is taken for data" in str(reading.notes[0])
    model = wilks.compile_model(reading.workspace)
    np.testing.assert_allclose(
        model.expected(np.concatenate([s.inits for s in model.parameter_sets])), model.observed_main
    )


def test_shapes_have_no_effect_where_there_are_no_histograms() -> None:
    card = COUNTING + "x shape 1 1\ny lnN 1.1 -\n"
    assert [m.name for m in _document(card).channels[0].samples[0].modifiers] == ["r", "y"]
    assert 'shape "x" has no effect on process "B" of "a", which has no histograms' in _remarks(card)


def test_form_feeds_and_separators_of_lines_end_no_line() -> None:
    odd = COUNTING.replace("rate 1.0 5.5", "rate 1.0\x0c5.5") + "x lnN 1.1 1.2 as in\u2028the note\n"
    assert _document(odd).channels == _document(COUNTING + "x lnN 1.1 1.2\n").channels


def test_a_param_with_more_than_a_range_behind_its_width_has_none_of_it() -> None:
    rows = "k param 1 0.1 [0.9,1.1] measured\nk rateParam a B 1\n"
    settings = _document(COUNTING + rows).measurements[0].config.parameters
    assert [s.bounds for s in settings if s.name == "k"] == [[[0.6, 1.4]]]
    assert "a range among them too" in _remarks(COUNTING + rows)


@pytest.mark.parametrize(
    ("rows", "kind"), [("r rateParam a B 2 [0,5]\n", "POI"), ("x lnN 1.1 -\nx rateParam a B 1\n", "lnN")]
)
def test_a_rate_parameter_that_is_something_else_is_told(rows: str, kind: str) -> None:
    assert f"starts where its {kind}, a parameter of this name, says" in _remarks(COUNTING + rows)


def test_what_combinations_leave_out_or_leave_in_is_told(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(COUNTING)
    (tmp_path / "two.txt").write_text(COUNTING.replace("observation 6\n", ""))
    reading = read([f"SR={tmp_path}/one.txt", f"CR={tmp_path}/two.txt"], exclude=["CRR"], include=["[SC]R"])
    told = list(map(str, reading.notes))
    assert 'exclude: "CRR" matches no channel; there are "SR", "CR"; did you mean "CR"?' in told
    assert any("two.txt" in one and "the data of the other cards are left out" in one for one in told)


def test_numbers_in_the_index_of_a_table_are_numbers(tmp_path: Path) -> None:
    rows = [f"{mass},{p},nominal,{value},1\n" for mass in ("125", "130.0") for p, value in (("S", 2), ("B", 20))]
    rows += [f"{mass},data_obs,nominal,22,1\n" for mass in ("125", "130.0")]
    (tmp_path / "t.csv").write_text("mass,process,systematic,sum_w,sum_ww\n" + "".join(rows))
    card = tmp_path / "card.txt"
    card.write_text(SHAPES.replace("shapes.root $CHANNEL/$PROCESS", "t.csv $MASS:$PROCESS:nominal"))
    for mass in (125, 130):
        assert read(card, mass=mass).workspace.document.observations[0].data == [22]
    with pytest.raises(WorkspaceError, match='keywords: "MASS" has its meaning already; the mass is -m'):
        read(card, mass=125, keywords={"MASS": "130"})


def test_a_file_in_the_current_folder_goes_before_that_beside_the_card_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = shape_card(tmp_path, "jes shape 1 1\n")
    assert not read(card).notes
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    write_histograms(Path("shapes.root"), CONTENTS | {"data_obs": [1.0, 2.0, 3.0]})
    reading = read(card)
    assert reading.workspace.document.observations[0].data == [1, 2, 3]
    beside = f"{tmp_path}/shapes.root beside the card"
    told = f"{card}:4: shapes.root of the current folder is read, not {beside}, as in Combine"
    assert list(map(str, reading.notes)) == [told]
    card.write_text(card.read_text().replace("shapes.root", "root://eos.cern.ch//store/shapes.root"))
    with pytest.raises(WorkspaceError, match="is a remote file; copy it"):
        read(card)


def test_rows_that_act_twice_or_not_at_all_are_told() -> None:
    assert '"x" acts on process "B" of "a" at datacard:13 as well' in _remarks(
        COUNTING + "x lnN 1.1 1.2\nx lnN - 1.3\n"
    )
    assert not _remarks(COUNTING + "x lnN 1.1 -\nx lnN - 1.3\n")
    assert 'autoMCStats has no effect on channel "a"' in _remarks(COUNTING + "a autoMCStats 10\n")


def test_names_that_a_card_does_not_have_are_told(tmp_path: Path) -> None:
    lines = "shapes S b shapes.root x\nshapes SS * shapes.root y\nshapes data_obs * shapes.root a/data_obs\nshapes * *"
    card = shape_card(tmp_path, "jes shape 1 1\nz* autoMCStats 0\n", card=SHAPES.replace("shapes * *", lines))
    told = [str(note).removeprefix(f"{card}:") for note in read(card).notes]
    assert told == [
        '4: shapes of channel "b", which the card does not have: "a"',
        '5: shapes of process "SS", which the card does not have: "S", "B", "data_obs"; did you mean "S"?',
        '15: "z*" matches no channel; there are "a"',
    ]
