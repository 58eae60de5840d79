import csv
import html.parser
import io
import json
import math
import re
import sys
from decimal import Decimal

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.table import Table, digits, measured, number, pdg_measured, pdg_round, rounded

NASTY = r"50% of_a & b #1 $ ~ ^ {x} \cmd <b>|`*[z]"


@pytest.mark.parametrize(
    ("value", "uncertainty", "expected"),
    [
        # The examples of the Review of Particle Physics, section 5.3.
        (0.827, 0.119, ("0.83", "0.12")),
        (0.827, 0.367, ("0.8", "0.4")),
        # The edges of its three ranges.
        (0.827, 0.100, ("0.83", "0.10")),
        (0.827, 0.354, ("0.83", "0.35")),
        (0.827, 0.355, ("0.8", "0.4")),
        (0.827, 0.949, ("0.8", "0.9")),
        (0.827, 0.950, ("0.8", "1.0")),
        (0.827, 0.999, ("0.8", "1.0")),
        # Far from one, negative, and rounded to zero.
        (0.96416, 0.0757, ("0.96", "0.08")),
        (98989.27, 1234.0, ("99000", "1200")),
        (98989.27, 967.0, ("99000", "1000")),
        (-0.0000123, 0.0000021, ("-0.0000123", "0.0000021")),
        (-0.001, 0.2, ("0.00", "0.20")),
        (1e6, 0.012, ("1000000.000", "0.012")),
    ],
)
def test_pdg_rounding(value: float, uncertainty: float, expected: tuple[str, str]) -> None:
    assert pdg_round(value, uncertainty) == expected


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_pdg_rounding_keeps_the_meaning(value: float, uncertainty: float) -> None:
    rounded, error = pdg_round(value, uncertainty)
    assert abs(Decimal(error) / Decimal(uncertainty) - 1) < Decimal("0.13")
    assert abs(float(rounded) - value) <= 0.5 * uncertainty
    digits = re.sub(r"^0+", "", error.replace(".", "")) if "." in error else error
    assert 1 <= len(digits.rstrip("0") or digits) <= 2
    assert rounded.partition(".")[2].__len__() == error.partition(".")[2].__len__()


@pytest.mark.parametrize("uncertainty", [0.0, float("nan"), float("inf")])
def test_without_uncertainty_there_is_never_plus_minus_zero(uncertainty: float) -> None:
    assert pdg_round(0.96416, uncertainty) == ("0.9642", "")
    assert rounded(0.96416, uncertainty) == ("0.9642", "")
    assert pdg_measured(0.96416, uncertainty) == "0.9642"
    assert measured(0.96416, uncertainty) == ("0.9642 ± inf" if uncertainty > 0 else "0.9642")


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.94239, 0.04312, "0.942 ± 0.043"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (-12.34, 9.96, "-12 ± 10"),
        (1234.5, 250.0, "1234 ± 250"),
        (123456.7, 2345.6, "123457 ± 2346"),
        (5.0, 1.0, "5.0 ± 1.0"),
        (-0.00012, 9.99e-5, "-0.00012 ± 0.00010"),
        (float("nan"), 0.075712, "hidden ± 0.076"),
    ],
)
def test_two_digits_of_the_uncertainty(value: float, uncertainty: float, text: str) -> None:
    assert measured(value, uncertainty) == text
    assert pdg_measured(0.96416, 0.0757) == "0.96 ± 0.08"


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(1, 10))
def test_rounding_moves_nothing_by_more_than_half_of_the_last_digit(value: float, error: float, shown: int) -> None:
    with digits(shown):
        found, uncertainty = rounded(value, error)
    assert abs(float(uncertainty) / error - 1) <= 0.5001 * 10.0 ** (1 - shown)
    assert abs(float(found) - value) <= 0.5001 * 10.0 ** (1 - shown) * error + 1e-9 * abs(value)
    assert len(found.partition(".")[2]) == len(uncertainty.partition(".")[2])


def test_more_digits_while_they_are_asked_for() -> None:
    with digits(4):
        assert measured(0.9423911, 0.0431187) == "0.94239 ± 0.04312"
        assert number(1.23456789) == "1.23457"
    assert measured(0.9423911, 0.0431187) == "0.942 ± 0.043"
    for wrong in (0, 16):
        with pytest.raises(ValueError, match="1 to 15"), digits(wrong):
            pass


def test_asymmetric_rounding_follows_the_smaller_side() -> None:
    assert rounded(0.94239, 0.0442, -0.0422) == ("0.942", "0.044", "0.042")
    assert rounded(1.3049, 0.0131, 0.722) == ("1.305", "0.013", "0.722")
    assert rounded(1.3049, float("nan"), 0.722) == ("1.30", "", "0.72")
    assert rounded(1.3049, 0.0, float("nan")) == ("1.305", "", "")


def test_numbers() -> None:
    values = [408.12350321660676, 12.0, 0.000123456, 1.5e-9, float("nan"), float("-inf"), 1e20, 0.0, 99999.5]
    assert [number(value) for value in values] == [
        "408.1", "12", "0.0001235", "1.500e-09", "n/a", "-inf", "1.000e+20", "0", "100000",
    ]  # fmt: skip


TABLE = Table("A & B", ("name", "yield"), (("ttbar", "9.0 ± 1.0"), (NASTY, "-12")))


def test_text_lines_up() -> None:
    assert TABLE.text().splitlines() == [
        "A & B",
        "",
        f"name{'':{len(NASTY) - 4}}      yield",
        f"{'-' * len(NASTY)}  ---------",
        f"ttbar{'':{len(NASTY) - 5}}  9.0 ± 1.0",
        f"{NASTY}        -12",
    ]
    wide = Table("", ("a", "b"), (("漢字", "1"), ("xxxx", "1")), "lr").text().splitlines()
    assert [line.index("1") for line in wide[2:]] == [4, 6]


def test_markdown_escapes() -> None:
    lines = TABLE.markdown().splitlines()
    assert lines[0] == r"**A \& B**"
    assert lines[3] == "| :--- | ---: |"
    # As many cells in each row as in the header, once escaped bars are out.
    assert {line.replace(r"\|", "").count("|") for line in lines[2:]} == {3}
    assert r"\<b\>\|\`\*\[z\]" in lines[-1]


def test_latex_escapes() -> None:
    latex = TABLE.latex()
    assert r"50\% of\_a \& b \#1 \$ \textasciitilde{} \textasciicircum{} \{x\} \textbackslash{}cmd" in latex
    assert r"9.0 $\pm$ 1.0 \\" in latex
    assert r"& $-$12 \\" in latex
    assert latex.count("{tabular}") == 2
    body = [line for line in latex.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {1}


def test_mathematics_stays_and_money_does_not() -> None:
    table = Table("", (r"$t\bar{t}$ a_b", "$5 and $6"), (("1.05 +0.10 -0.09", "x$"),))
    latex = table.latex()
    assert r"$t\bar{t}$ a\_b & \$5 and \$6" in latex
    assert r"$1.05^{+0.10}_{-0.09}$ & x\$" in latex
    assert r"| $t\bar{t}$ a\_b |" in table.markdown()


def test_html_shows_the_same_text() -> None:
    class Cells(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.text: list[str] = []
            self.tags: list[str] = []

        def handle_data(self, data: str) -> None:
            self.text += [data] if data.strip() else []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags.append(tag)

    parser = Cells()
    parser.feed(TABLE._repr_html_())
    assert parser.text == ["A & B", "name", "yield", "ttbar", "9.0 ± 1.0", NASTY, "−12"]
    assert set(parser.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert 'text-align: right">9.0' in TABLE.html()


@pytest.mark.parametrize(
    ("rows", "alignment"), [((("a",),), "lr"), ((("a", "b"),), "l"), ((("a", "b"),), "lx"), ((("a", "b", "c"),), "lr")]
)
def test_ragged_tables_are_refused(rows: tuple[tuple[str, ...], ...], alignment: str) -> None:
    with pytest.raises(ValueError, match="2 columns"):
        Table("", ("x", "y"), rows, alignment)


@pytest.mark.parametrize("exponent", [-300, -29, -21, -20, 0, 20, 21, 28, 29, 300])
@pytest.mark.parametrize("other", [-300, -30, 0, 30, 300])
def test_numbers_of_any_size_fit_a_table(exponent: int, other: int) -> None:
    """The digits say what the number is, to half of the last of them, in a cell of a width that can be read."""
    value, uncertainty = float(f"1.234567e{exponent}"), float(f"2.345e{other}")
    for cells in (pdg_round(value, uncertainty), rounded(value, 2 * uncertainty, -uncertainty)):
        assert max(map(len, cells)) < 50
        assert abs(float(cells[0]) - value) <= max(uncertainty, 1e-15 * value)
        assert float(cells[-1]) == pytest.approx(uncertainty, rel=0.05)


def test_large_and_small_numbers_have_exponents() -> None:
    assert measured(1.234e30, 3.42e28) == "1.234e+30 ± 3.4e+28"
    assert pdg_round(0.0, 1.2e-30) == ("0e+00", "1.2e-30")
    assert measured(12345.678, 0.119) == "12345.68 ± 0.12"


def test_what_is_no_mathematics_is_text() -> None:
    """A file that LaTeX would read, a cell that would end, a link that Markdown would follow."""
    cells = (r"$\input{secrets}$", r"$a & b$", r"$\href{x}{y}$", r"$\mu_{t}$ of $\def\mu{}$", "$^^5cinput{x}$")
    table = Table("", ("name",), tuple((cell,) for cell in cells))
    rows = table.latex().splitlines()[4:9]
    assert rows[0] == r"\$\textbackslash{}input\{secrets\}\$ \\"
    assert rows[1] == r"\$a \& b\$ \\"
    assert rows[3].startswith(r"$\mu_{t}$ of \$\textbackslash{}def")
    assert "^" not in rows[4].replace(r"\textasciicircum", "")
    assert r"\$\\href\{x\}\{y\}\$" in table.markdown()


def test_wide_tables_are_folded_with_their_names_in_each_part() -> None:
    header = ("region", "systematic", *(f"a sample with a long name {k}" for k in range(28)))
    rows = tuple((f"SR {r}", "JES", *(f"{r}.{k}" for k in range(28))) for r in range(3))
    table = Table("Effects", header, rows, "ll" + "r" * 28)
    text = table.text()
    assert max(map(len, text.splitlines())) <= 160
    for name in (*header[2:], *(cell for row in rows for cell in row[2:])):
        assert len(re.findall(rf"(?<![\w.]){re.escape(name)}(?![\w.])", text)) == 1
    parts = table.folded()
    assert len(parts) == text.count("SR 0")
    assert table.latex().count(r"\begin{tabular}") == len(parts)
    assert sum(len(part.header) - 2 for part in parts) == 28
    narrow = Table("", ("a", "b"), (("x" * 300, "1"),))
    assert narrow.folded() == (narrow,)


def test_csv_is_read_back_by_the_standard_library() -> None:
    table = Table("t", ("name", "x, y"), (('a "quoted" one', "1.5"), ("two\nlines", "n/a")))
    assert list(csv.reader(io.StringIO(table.csv()))) == [
        ["name", "x, y"],
        ['a "quoted" one', "1.5"],
        ["two lines", "n/a"],
    ]


def test_json_has_numbers() -> None:
    table = Table("t", ("a", "b", "b"), (("x", "1.5", "-3"), ("y", "n/a", "1 ± 2"), ("z", "", "+1e-05")))
    assert json.loads(table.json()) == {
        "title": "t",
        "columns": ["a", "b", "b"],
        "rows": [["x", 1.5, -3], ["y", None, "1 ± 2"], ["z", "", 1e-05]],
    }


def test_a_dataframe_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="needs pandas, which is not installed"):
        Table("t", ("a",), (("1",),)).to_dataframe()


def test_columns_of_a_dataframe_are_numbers_where_all_cells_are() -> None:
    frame = Table("t", ("a", "b", "b"), (("x", "1.5", "3"), ("y", "n/a", "1 ± 2"))).to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["a", "b", "b"]
    assert [frame.iloc[:, i].dtype == "float64" for i in range(3)] == [False, True, False]
    assert frame.iloc[:, 0].tolist() == ["x", "y"]
    assert frame.iloc[0, 1] == 1.5
    assert math.isnan(frame.iloc[1, 1])
    assert frame.iloc[:, 2].tolist() == ["3", "1 ± 2"]
    assert Table("t", ("a", "b"), ()).to_dataframe().shape == (0, 2)
