from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks._types import FloatArray
from wilks.browse.terminal import draw
from wilks.errors import InputError
from wilks.histogram import Axis, Histogram

LEVELS = " ▁▂▃▄▅▆▇█"


def histogram(contents: object, edges: object = None, **more: object) -> Histogram:
    values = np.asarray(contents, dtype=float)
    axis = Axis(np.arange(values.size + 1) if edges is None else np.asarray(edges), label="m [GeV]")
    return Histogram(axis, values, np.abs(values), **more)  # type: ignore[arg-type]


def rows_of(picture: str) -> tuple[list[str], FloatArray]:
    """Return the rows of a picture from the bottom up, and the value of each row's lower edge."""
    lines = [line for line in picture.splitlines() if re.match(r"^ *[-+.e\d]* [│┤|+]", line)]
    lines = [line for line in lines if "-" * 9 not in line]
    split = [re.match(r"^( *[-+.e\d]*) [│┤|+](.*)$", line) for line in lines][::-1]
    rows = [found[2] for found in split if found]
    labels = {i: float(found[1]) for i, found in enumerate(split) if found and found[1].strip()}
    (first, low), (second, high) = list(labels.items())[:2]
    step = (high - low) / (second - first)
    return rows, low + step * (np.arange(len(rows)) - first)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30).filter(lambda v: max(v) > 1e-3))
@settings(max_examples=60, deadline=None)
def test_heights_of_bars_give_the_contents_back(contents: list[float]) -> None:
    picture = draw([("h", histogram(contents))], 80)
    rows, values = rows_of(picture)
    step = values[1] - values[0]
    width = (80 - re.search("[│┤]", picture).end() + picture.index("\n") + 1) // len(contents)  # type: ignore[union-attr]
    for i, content in enumerate(contents):
        for column in (i * width, (i + 1) * width - 1):
            found = sum(LEVELS.index(row[column]) / 8 * step for row in rows if column < len(row))
            assert found == pytest.approx(content, abs=step / 15.9)


def test_bars_below_zero_hang_from_it() -> None:
    rows, values = rows_of(draw([("h", histogram([4.0, -2.0]))], 60, unicode=False))
    half = max(map(len, rows)) // 2
    step = values[1] - values[0]
    filled = np.array([[row.ljust(2 * half)[c] == "#" for c in (1, half + 1)] for row in rows])
    assert filled[:, 0].sum() * step == pytest.approx(4.0, abs=step / 2)
    assert filled[:, 1].sum() * step == pytest.approx(2.0, abs=step / 2)
    assert np.all(values[filled[:, 1]] < 0)
    assert np.all(values[filled[:, 0]] >= 0)


@pytest.mark.parametrize(("unicode", "words"), [(True, "|η| of p_T [GeV]"), (False, "|eta| of p_T [GeV]")])
def test_titles_of_root_are_plain_text(unicode: bool, words: str) -> None:
    drawn = Histogram.from_arrays([0, 1, 2], [1, 2], [1, 1], label="|#eta| of p_{T} [GeV]")
    lines = draw([("h", drawn)], 60, unicode=unicode).splitlines()
    assert any(line.endswith(f" {words}") for line in lines)


def test_overlaid_marks_stand_in_the_row_of_their_content() -> None:
    first, second = np.array([1.0, 8.9, 4.0]), np.array([6.0, 2.0, 4.1])
    rows, values = rows_of(draw([("a", histogram(first)), ("b", histogram(second))], 70))
    step = values[1] - values[0]
    width = max(map(len, rows)) // 3
    for mark, contents in (("●", first), ("○", second)):
        for i, content in enumerate(contents):
            here = [value for row, value in zip(rows, values, strict=True) if mark in row[i * width : (i + 1) * width]]
            assert len(here) == 1
            assert here[0] <= content + 1e-9 * step < here[0] + step * (1 + 1e-9)
    shared = next(row for row in rows if len(row) > 2 * width and {"●", "○"} <= set(row[2 * width :]))
    assert shared[2 * width :].startswith(("●○", "○●"))


def test_overlay_of_different_edges_shares_the_axis() -> None:
    near, far = histogram([5.0], [0.0, 10.0]), histogram([5.0], [10.0, 20.0])
    rows, _ = rows_of(draw([("near", near), ("far", far)], 60))
    row = next(row for row in rows if "●" in row)
    assert abs(row.count("●") - row.count("○")) <= 1
    assert row.rindex("●") < row.index("○")


def test_variable_bins_keep_their_widths() -> None:
    rows, _ = rows_of(draw([("h", histogram([1.0, 2.0], [0.0, 1.0, 10.0]))], 80, unicode=False))
    columns = len(rows[0])
    assert (len(rows[-1]) - len(rows[-1].lstrip())) / columns == pytest.approx(0.1, abs=1 / columns)


def test_more_bins_than_columns_keep_their_peaks_and_say_so() -> None:
    contents = np.ones(500)
    contents[321] = 40.0
    picture = draw([("h", histogram(contents))], 80)
    rows, values = rows_of(picture)
    assert sum(row.count("█") + row.count("▇") >= 1 for row in rows) * (values[1] - values[0]) >= 39
    assert re.search(r"500 bins in \d+ columns", picture)


@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=90), min_size=1, max_size=4),
    st.integers(40, 160),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_asked(lists: list[list[float]], width: int, unicode: bool) -> None:
    named = [(f"region_sample_systematic_{i}", histogram(contents)) for i, contents in enumerate(lists)]
    if 0 < max(np.ptp([0.0, *contents]) for contents in lists) < 1e-290:
        return
    picture = draw(named, width, unicode=unicode)
    assert max(map(len, picture.splitlines())) <= width
    assert unicode or picture.isascii()


def test_statistics_and_what_lies_outside_are_shown() -> None:
    picture = draw([("h", histogram([10.0, 30.0], entries=123.0, underflow=2.0, overflow=58.0))], 80)
    assert picture.splitlines()[-1].split() == ["h", "123", "40", "1.25", "0.433013", "2", "58"]
    assert "and 58 above the last edge (58.0% of everything)" in " ".join(picture.split())
    assert "m [GeV]" in picture


def test_edges_stand_under_the_axis() -> None:
    picture = draw([("h", histogram([1.0, 1.0, 1.0], [110, 150, 190, 550]))], 80)
    assert any(line.split() == ["110", "150", "190", "550"] for line in picture.splitlines())


def test_colour_is_only_added_on_request() -> None:
    named = [("a", histogram([1.0, 2.0])), ("b", histogram([2.0, 1.0]))]
    plain, coloured = draw(named, 60), draw(named, 60, color=True)
    assert "\x1b" not in plain
    assert "\x1b[34m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


@pytest.mark.parametrize("contents", [[0.0, 0.0], [np.nan, np.nan], [np.inf, 1.0], [-np.inf, np.nan], [1e-200, 3e-200]])
def test_awkward_contents_are_drawn(contents: list[float]) -> None:
    picture = draw([("h", histogram(contents))], 60)
    bad = int(np.sum(~np.isfinite(contents)))
    assert (f"{bad} of 2 bins not finite, not drawn" in picture) == (bad > 0)


def test_names_cannot_steer_the_terminal() -> None:
    source = histogram([1.0], title="t\x1b[2Jx")
    assert "\x1b" not in draw([("n\x1b[31m", source)], 60)
    assert draw([("µ", source)], 60, unicode=False).isascii()


def test_mistakes_are_told() -> None:
    with pytest.raises(InputError, match="no histogram was named"):
        draw([], 80)
    with pytest.raises(InputError, match="at least 40"):
        draw([("h", histogram([1.0]))], 12)
    with pytest.raises(InputError, match="can't be drawn on one axis"):
        draw([("h", histogram([1.7e308, -1.7e308]))], 80)


def labelled(labels: list[str], contents: object) -> Histogram:
    return Histogram(Axis.of_labels(labels), contents, contents)


def test_labels_stand_under_their_bins() -> None:
    lines = draw([("h", labelled(["ee", "em", "#mu#mu"], [1.0, 2.0, 3.0]))], 60).splitlines()
    line = next(line for line in lines if "em" in line)
    assert line.split() == ["ee", "em", "μμ"]
    axis = lines[lines.index(line) - 1]
    edges = [axis.index("└"), *(i for i, c in enumerate(axis) if c == "┬")]
    for text, low, high in zip(line.split(), edges[:-1], edges[1:], strict=True):
        assert abs(line.index(text) + len(text) / 2 - (low + high + 1) / 2) <= 1


def test_labels_that_are_wider_than_bins_are_upright() -> None:
    names = [f"{i} jets" for i in range(12)]
    lines = draw([("h", labelled(names, np.arange(12.0)))], 60, unicode=False).splitlines()
    start = next(i for i, line in enumerate(lines) if "+---" in line)
    columns = [i for i, c in enumerate(lines[start + 1]) if c != " "]
    rows = [line.ljust(60) for line in lines[start + 1 : start + 8]]
    assert ["".join(row[column] for row in rows).rstrip() for column in columns] == names


def test_labels_of_very_many_bins_are_listed() -> None:
    names = [f"c{i}" for i in range(70)]
    picture = draw([("h", labelled(names, np.arange(70.0)))], 60)
    assert "bins: c0, c1, c2" in picture
    assert picture.replace("\n", " ").count("c69") == 1
    assert max(map(len, picture.splitlines())) <= 60


def test_bins_of_several_are_in_the_order_of_the_first() -> None:
    one, other = labelled(["ee", "mm"], [1.0, 8.0]), labelled(["mm", "ee"], [8.0, 1.0])
    rows = [line for line in draw([("a", one), ("b", other)], 60).splitlines() if "●" in line and "a" not in line]
    assert len(rows) == 2  # the marks of both take turns in the same rows
    assert all("○" in row for row in rows)
    with pytest.raises(InputError, match=r'"b" can.t be drawn over "a".*"ee", "mm".*only one has'):
        draw([("a", one), ("b", labelled(["ee", "tt"], [1.0, 2.0]))], 60)
