import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from wilks.errors import InputError
from wilks.figures.canvas import styled
from wilks.figures.style import (
    PETROFF10,
    STYLES,
    FigureStyle,
    axis_title,
    compact,
    label,
    sample_colors,
    settings,
    signed,
    stacked,
    weight,
)
from wilks.histogram import Axis

NASTY = [
    "a_b",
    "100 %",
    "5 $",
    "#1",
    "a & b",
    r"back\slash",
    "{x}",
    "^",
    "~",
    "$",
    "$$",
    "$a",
    r"$\frac{x$",
    "",
    "\n",
    "<>",
]


@pytest.mark.parametrize("text", [*NASTY, r"$t\bar{t}$ + $\gamma$", "x" * 500, "µ 漢字"])
def test_any_name_can_be_drawn(text: str) -> None:
    with styled(settings(FigureStyle())):
        figure = Figure()
        figure.text(0, 0, label(text))
        figure.draw_without_rendering()


def test_mathtext_stays_and_stray_dollars_are_literal() -> None:
    assert label(r"$t\bar{t}$") == r"$t\bar{t}$"
    assert label("5 $") == r"5 \$"
    assert label("H_{T} [GeV]") == r"H$_{\text{T}}$ [GeV]"
    assert label("x_{" + "y" * 60) == label("x_{" + "y" * 60).replace("$", "")  # no formula
    assert label(r"$\frac{broken$") == r"\$\frac{broken\$"


def test_long_names_stay_different() -> None:
    first, second = (label("x" * 100 + end) for end in ("_up", "_down"))
    assert first.replace("\n", "") == "x" * 100 + "_up"
    assert first != second
    assert max(map(len, first.split("\n"))) <= 80


def test_unknown_style_names_the_nearest() -> None:
    with pytest.raises(InputError, match='"Atlas"; allowed are plain, ATLAS, CMS; did you mean "ATLAS"'):
        FigureStyle("Atlas")


def test_beam_line() -> None:
    assert FigureStyle().beam == ""
    assert FigureStyle(luminosity="5 fb").beam == "5 fb"
    assert FigureStyle(energy="13 TeV", luminosity="5 fb").beam == r"$\sqrt{s}$ = 13 TeV, 5 fb"


@pytest.mark.parametrize("name", ["plain", "ATLAS", "CMS"])
def test_settings_end_with_the_context(name: str) -> None:
    before = dict(mpl.rcParams)
    with styled(settings(FigureStyle(name))):
        assert mpl.rcParams["xtick.direction"] == "in"
        assert mpl.rcParams["font.family"][0] == "TeX Gyre Heros"
    assert dict(mpl.rcParams) == before


def test_colors_follow_the_order_and_the_choice() -> None:
    names = [f"s{i}" for i in range(25)]
    colors = sample_colors(names, {"s1": "black"})
    assert colors["s0"] == PETROFF10[0]
    assert colors["s1"] == "black"
    assert len(set(colors.values())) == 25
    with pytest.raises(InputError, match=r'no sample "ttbr".*did you mean "ttbar"'):
        sample_colors(["ttbar"], {"ttbr": "red"})


def test_axis_title_has_the_unit_once() -> None:
    edges = [0.0, 1.0]
    assert axis_title(Axis(edges, "$H_T$", "GeV"), "SR") == "$H_T$ [GeV]"
    assert axis_title(Axis(edges, "$H_T$ [GeV]", "GeV"), "SR") == "$H_T$ [GeV]"
    assert axis_title(Axis(edges, "N"), "SR") == "N"
    assert axis_title(Axis(edges, "", "GeV"), "SR") == "SR [GeV]"


def test_compact_settings_are_those_of_the_style_with_small_fonts() -> None:
    for name in STYLES:
        found = compact(FigureStyle(name), ytick_labelsize=7)
        assert (found["font.size"], found["ytick.labelsize"]) == (10, 7)
        assert found["xtick.top"] == settings(FigureStyle(name))["xtick.top"]
    assert weight(FigureStyle("CMS")) > weight(FigureStyle("ATLAS")) > weight(FigureStyle("plain")) == 1


def test_numbers_have_minus_signs_and_names_keep_their_hyphens() -> None:
    assert signed("-0.3 ± 0.2, b-tag 1, W-2, (-4)") == "−0.3 ± 0.2, b-tag 1, W-2, (−4)"
    assert stacked("0.96 +0.03 -0.02 (stat.) +0.08 -0.07 (syst.)") == (
        r"0.96$^{\,+0.03}_{\,-0.02}$ (stat.)$^{\,+0.08}_{\,-0.07}$ (syst.)"
    )
    assert stacked("1.7 +0.9 -?") == r"1.7$^{\,+0.9}_{\,-?}$"


def test_long_names_with_formulas_are_broken_outside_of_them() -> None:
    name = "an uncertainty of " * 5 + r"$\mu_{t}$ at the end"
    lines = label(name, 30).split("\n")
    assert " ".join(lines) == name
    assert all(line.count("$") % 2 == 0 for line in lines)


@pytest.mark.parametrize("name", STYLES)
def test_settings_do_not_depend_on_the_defaults_of_other_packages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mplhep

    expected = settings(FigureStyle(name))
    assert expected.keys() == settings(FigureStyle("plain")).keys()
    # What each of these styles of mplhep sets is set here, fonts by family and mathtext apart.
    named = {*mplhep.style.ATLAS, *mplhep.style.CMS} - {"font.serif", "font.sans-serif", "font.monospace"}
    assert {key for key in named if not key.startswith(("grid.", "mathtext."))} - expected.keys() == set()
    for style in ("ATLAS", "CMS"):
        monkeypatch.setattr(mplhep.style, style, {"font.size": 3})
    monkeypatch.setitem(mpl.rcParamsDefault, "font.size", 3.0)
    monkeypatch.setitem(mpl.rcParamsDefault, "hatch.color", "red")
    with styled(settings(FigureStyle(name))):
        drawn = {key: mpl.rcParams[key] for key in expected}
    assert drawn == {key: mpl.rcParams.validate[key](value) for key, value in expected.items()}
    assert settings(FigureStyle(name)) == expected


@pytest.mark.parametrize("inside", ["{", "_{x", r"\sqrt{", r"\mathrm{", r"\left(", r"\hat ", r"\frac{1}{"])
def test_formulas_inside_each_other_are_drawn_as_text_at_some_depth(inside: str) -> None:
    """Wherever the limit is: what is taken for a formula can be drawn, from a deeper place than this."""
    from matplotlib.mathtext import MathTextParser

    closing = "}" if inside.endswith("{") or "_" in inside else r"\right)" if "left" in inside else ""

    def drawn(text: str, deeper: int) -> None:
        if deeper:
            drawn(text, deeper - 1)
        else:
            MathTextParser("path").parse(text)

    for depth in (1, 2, 3, 5, 8, 12, 20, 100, 500):
        made = label("$x" + inside * depth + "x" + closing * depth + "$")
        if r"\$" not in made:
            drawn(made, 150)
        assert depth > 3 or r"\$" not in made
        assert depth < 100 or r"\$" in made
