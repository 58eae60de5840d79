r"""Formulas between `$` in names: which of them may go to LaTeX, and to what reads Markdown, as they are.

Names come from other people's files. LaTeX reads files (`\input`), writes some and redefines itself (`\def`, `^^5c`),
and what shows Markdown follows links (`\href`): only what mathematics needs is a formula, anything else is text.
"""

from __future__ import annotations

import re

# Letters, accents and fonts, sums and fractions, relations and arrows, functions, delimiters, spaces.
_WORDS = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi pi varpi rho
varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
ell hbar imath jmath Re Im wp aleph partial nabla infty emptyset varnothing forall exists neg hat bar tilde vec dot
ddot acute grave breve check mathring widehat widetilde overline underline overrightarrow overleftarrow overbrace
underbrace not slashed cancel mathrm mathit mathbf mathsf mathtt mathcal mathbb mathfrak mathscr boldsymbol bm text
textrm textit textbf textsf texttt rm it bf sf tt cal mbox operatorname frac dfrac tfrac sqrt binom stackrel overset
underset sum prod coprod int iint oint bigcup bigcap limits nolimits pm mp times div cdot ast star circ bullet oplus
ominus otimes odot cup cap setminus wedge vee dagger ddagger amalg leq le geq ge neq ne ll gg approx sim simeq cong
equiv propto prec succ subset supset subseteq supseteq in ni notin perp parallel mid nmid lesssim gtrsim doteq to gets
rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow mapsto longrightarrow longleftarrow uparrow
downarrow updownarrow nearrow searrow hookrightarrow rightleftharpoons iff implies sin cos tan cot sec csc arcsin
arccos arctan sinh cosh tanh coth exp log ln lg min max sup inf lim arg det dim ker gcd deg Pr left right big Big bigg
Bigg bigl bigr Bigl Bigr langle rangle lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert backslash prime
degree angle triangle cdots ldots dots vdots ddots quad qquad enspace thinspace displaystyle textstyle scriptstyle
"""
_COMMANDS = frozenset(_WORDS.split())
# One character after a backslash: spaces, and signs that have another meaning without it.
_SIGNS = " ,;:!{}|%#&_-/"
_DEEPEST = 20
_BACKSLASH = re.compile(r"\\([A-Za-z]+|.|$)", re.DOTALL)


def is_formula(text: str) -> bool:
    r"""Return whether a text between two `$` is nothing but mathematics.

    >>> is_formula(r"\mu_{t\bar{t}}"), is_formula(r"\input{secrets}"), is_formula("a & b")
    (True, False, False)
    """
    if any(word not in _COMMANDS and word not in tuple(_SIGNS) for word in _BACKSLASH.findall(text)):
        return False
    # Without what a backslash makes harmless.
    bare = _BACKSLASH.sub(" ", text)
    return "^^" not in bare and not set(bare) & set("%#&$") and 0 <= _depth(bare) <= _DEEPEST


def _depth(text: str) -> int:
    """Return how deep braces lie inside each other, -1 where they don't match."""
    depth = deepest = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
        if depth < 0:
            return -1
    return -1 if depth else deepest
