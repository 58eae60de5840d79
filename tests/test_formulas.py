"""What may go to LaTeX as it is."""

from __future__ import annotations

import pytest

from wilks.formulas import is_formula


@pytest.mark.parametrize(
    "text",
    [
        r"\mu_{t\bar{t}}^{\mathrm{fid}}",
        r"H_\text{T} \in [0, 1]",
        r"\sqrt{s} = 13\,\mathrm{TeV}",
        r"p_{\mathrm{T}}^{\ell\ell}\;[\mathrm{GeV}]",
        r"10^{-3}\,\%",
        r"\left\{ x \right\}",
        r"x' \to y\_z",
        "µ",
        "{}^{+1}_{-2}",
    ],
)
def test_mathematics(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize(
    "text",
    [
        r"\input{/etc/passwd}",
        r"\include{a}",
        r"\write18{x}",
        r"\immediate\write18{x}",
        r"\def\mu{}",
        r"\let\mu\nu",
        r"\csname input\endcsname{x}",
        r"\catcode`\@=0",
        r"\begin{x}",
        r"\href{javascript:x}{y}",
        r"\require{x}",
        r"\mu\input|ls",
        "^^5cinput{x}",
        r"x \\ \hline",
        r"\(x\)",
        r"\mu\@x",
        "a & b",
        "a % b",
        "#1",
        "}x{",
        "{x",
        "\\",
        "{" * 21 + "x" + "}" * 21,
    ],
)
def test_no_mathematics(text: str) -> None:
    assert not is_formula(text)
