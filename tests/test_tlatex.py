from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from wilks.tlatex import _COMMANDS, _FONTS, SYMBOLS, mathtext, plain

TITLES = [
    ("H_{T} [GeV]", r"H$_{\text{T}}$ [GeV]", "H_T [GeV]"),
    ("p_{T}^{b-jet miss}", r"p$_{\text{T}}^{\text{b-jet miss}}$", "p_T^(b-jet miss)"),
    ("|#eta_{#mu}|", r"|$\eta_{\mu}$|", "|η_μ|"),
    ("#DeltaR(#ell, b)", r"$\Delta$R($\ell$, b)", "ΔR(ℓ, b)"),
    ("m_{t#bar{t}} [GeV/#it{c}^{2}]", None, "m_ttbar [GeV/c^2]"),
    ("#sqrt{s_{1}} #geq 2", r"$\sqrt{\text{s}_{\text{1}}}$ $\geq$ 2", "sqrt(s_1) ≥ 2"),
    ("#bf{p_{T}}", r"$\text{p}_{\text{T}}$", "p_T"),
]


@pytest.mark.parametrize(("title", "formula", "words"), TITLES)
def test_titles_of_root(title: str, formula: str | None, words: str) -> None:
    drawn = mathtext(title)
    MathTextParser("path").parse(drawn)
    assert formula is None or drawn == formula
    assert plain(title) == words
    assert plain(title, unicode=False).isascii()


@pytest.mark.parametrize(
    "text", ["jet_pt", "4j1b_ttbar", "#jets", "#number of b tags", "a_{b", "$H_{T}$ [GeV]", "x^2", ""]
)
def test_what_is_no_tlatex_stays(text: str) -> None:
    assert mathtext(text) == text
    assert plain(text) == text


@pytest.mark.parametrize("name", [*SYMBOLS, *_COMMANDS, *_FONTS])
def test_matplotlib_knows_every_name(name: str) -> None:
    written = mathtext(f"#{name}" if name in SYMBOLS else f"#{name}{{x}}")
    assert written.startswith("$") or name == "rm"
    MathTextParser("path").parse(written)


@given(st.text())
def test_only_braces_and_hashes_mean_anything(text: str) -> None:
    bare = text.replace("{", "(").replace("#", "")
    assert mathtext(bare) == plain(bare) == bare


@given(
    st.lists(st.sampled_from(["_", "^", "{", "}", "#eta", "#bar", "#it", "#frac", "a", " ", "\\", "$"])).map("".join)
)
def test_any_text_is_taken(text: str) -> None:
    balanced = mathtext(text).count("$") - text.count("$")
    assert balanced % 2 == 0
    assert plain(text) == text or "{" in text or "#" in text


@pytest.mark.parametrize("piece", ["_{", "#sqrt{", "#bf{a", "^{#hat{"])
def test_braces_inside_each_other_are_text_at_some_depth(piece: str) -> None:
    """Where Python's stack would end."""
    closed = "}" * piece.count("{")
    assert mathtext(5 * piece + "x" + 5 * closed).startswith("$")
    for function in (mathtext, plain):
        assert function(400 * piece + "x" + 400 * closed) == 400 * piece + "x" + 400 * closed
