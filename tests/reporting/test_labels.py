"""Labels of a page: what becomes raised, lowered or a symbol, and what stays text."""

import pytest

from wilks.reporting.labels import formatted, plain, runs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$p_T^Z$", (("p", 0), ("T", -1), ("Z", 1))),
        ("p_{T}^{Z} [GeV]", (("p", 0), ("T", -1), ("Z", 1), (" [GeV]", 0))),
        (r"$m_{t\bar{t}}$", (("m", 0), ("tt\u0304", -1))),
        (r"$H\rightarrow\tau\tau$", (("H→ττ", 0),)),
        (r"$\sqrt{s}=13$ TeV", (("√s=13 TeV", 0),)),
        (r"$\frac{a+b}{c}$", (("(a+b)/c", 0),)),
        (r"$10^{-3}$", (("10", 0), ("−3", 1))),
        (r"$x_{y_{z}}$", (("x", 0), ("yz", -1))),
        (r"$N_\mathrm{jets}$", (("N", 0), ("jets", -1))),
        (r"$\text{two words}$", (("two words", 0),)),
        (r"$\Delta R(\ell,\,b)$", (("ΔR(ℓ, b)", 0),)),
    ],
)
def test_formulas_become_runs(text: str, expected: tuple[tuple[str, int], ...]) -> None:
    assert runs(text) == expected


@pytest.mark.parametrize(
    "text",
    ["jet_pt", "$5 and $6", "a^b", "</script>", '"quoted" <b>', r"$\input{secret}$", "$$", "a$", "$x_{"],
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert runs(text) == ((text, 0),)
    assert plain(text) == text


def test_plain_text_marks_what_is_raised_or_lowered() -> None:
    assert plain(r"$p_{\mathrm{T}}^Z$") == "p_T^Z"
    assert plain(r"$x^{a, b}$") == "x^(a,b)"
    assert plain("") == ""


def test_only_names_with_markup_have_titles() -> None:
    assert formatted(["ttbar", r"$\mu$", r"$\mu$", ""]) == {r"$\mu$": [("μ", 0)]}


def test_nested_formulas_end() -> None:
    assert runs("$" + "{" * 500 + "x" + "}" * 500 + "$")
