r"""Labels for a page: names in LaTeX (`$p_T^Z$`) or TLatex (`p_{T}`) as runs of plain text, some raised or lowered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wilks.formulas import is_formula
from wilks.tlatex import SYMBOLS, mathtext

Run = tuple[str, int]
"""A text, and where it stands: 0 on the line, 1 raised, -1 lowered."""

# As in tables: "$5 and $6" is text.
_MATH = re.compile(r"\$(?=\S)([^$]*[^$\s\\])\$(?!\d)")
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\s+|.", re.DOTALL)
_ACCENTS = {"bar": "\u0304", "overline": "\u0305", "hat": "\u0302", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}
_WORDS = {
    "to": "→", "mp": "∓", "circ": "°", "degree": "°", "prime": "′", "ge": "≥", "le": "≤", "ne": "≠", "gg": "≫",
    "ll": "≪", "sim": "∼", "hbar": "ħ", "div": "÷", "ast": "∗", "star": "⋆", "in": "∈", "perp": "⊥", "propto": "∝",
    "equiv": "≡", "cdots": "⋯", "ldots": "…", "dots": "…", "nabla": "∇", "prod": "∏", "int": "∫", "langle": "⟨",
    "rangle": "⟩", "vert": "|", "mid": "|", "Vert": "‖", "parallel": "∥", "dagger": "†", "varpi": "ϖ", "varsigma": "ς",
    "Leftrightarrow": "⇔", "Rightarrow": "⇒", "leftrightarrow": "↔", "quad": " ", "qquad": " ", "enspace": " ",
    "thinspace": " ", "left": "", "right": "", "big": "", "Big": "", "displaystyle": "", "textstyle": "", "limits": "",
    "rm": "", "it": "", "bf": "", "sf": "", "tt": "", "cal": "",
}  # fmt: skip
_SPACES = {",": " ", " ": " ", ";": " ", ":": " ", "!": ""}


def runs(text: str) -> tuple[Run, ...]:
    r"""Return the runs of a label; what is no formula stays as it is.

    >>> runs("$p_T^Z$ [GeV]")
    (('p', 0), ('T', -1), ('Z', 1), (' [GeV]', 0))
    >>> runs("H_{T}"), runs("jet_pt")
    ((('H', 0), ('T', -1)), (('jet_pt', 0),))
    """
    found: list[Run] = []
    start, written = 0, mathtext(text)
    for match in _MATH.finditer(written):
        found.append((written[start : match.start()], 0))
        found.extend(_formula(match[1]) if is_formula(match[1]) else [(match[0], 0)])
        start = match.end()
    found.append((written[start:], 0))
    return tuple(_merged(found))


def plain(text: str) -> str:
    r"""Return a label as plain text, `p_T^Z`: for what reads aloud, and where nothing can be raised or lowered.

    >>> plain(r"$m_{t\bar{t}}$"), plain("#sqrt{s} = 13 TeV")
    ('m_(tt̄)', '√s = 13 TeV')
    """
    words = []
    for run, level in runs(text):
        sign = {1: "^", -1: "_", 0: ""}[level]
        words.append(sign + (run if not level or re.fullmatch(r"[\w+*-]*|\W", run) else f"({run})"))
    return "".join(words)


def formatted(names: Iterable[str]) -> dict[str, list[Run]]:
    """Return the runs of those names that are more than plain text."""
    found = {name: runs(name) for name in dict.fromkeys(names)}
    return {name: list(made) for name, made in found.items() if made != ((name, 0),) and name}


def _merged(found: Iterable[Run]) -> Iterator[Run]:
    """Yield runs of which neighbours differ in their level; empty ones go."""
    last: Run | None = None
    for text, level in found:
        if not text:
            continue
        if last is not None and last[1] == level:
            last = (last[0] + text, level)
            continue
        if last is not None:
            yield last
        last = (text, level)
    if last is not None:
        yield last


def _formula(formula: str) -> list[Run]:
    tokens = _TOKEN.findall(formula)
    found: list[Run] = []
    while tokens:
        found.extend(_next(tokens, 0))
    return found


def _next(tokens: list[str], level: int, keep_spaces: bool = False) -> list[Run]:
    """Return the runs of what comes next in a formula, and take it from the tokens."""
    token = tokens.pop(0)
    if token in "_^" and not keep_spaces:
        # A script of a script stands where the first one does.
        return _next(tokens, level or (1 if token == "^" else -1)) if tokens else [(token, level)]
    if token == "{":
        return _group(tokens, level, keep_spaces)
    if token == "~":
        return [(" ", level)]
    if token.isspace():
        return [(" " if keep_spaces else "", level)]
    if token.startswith("\\"):
        return _command(token[1:], tokens, level)
    return [("−" if token == "-" and not keep_spaces else "′" if token == "'" else token, level)]


def _group(tokens: list[str], level: int, keep_spaces: bool) -> list[Run]:
    found: list[Run] = []
    while tokens and tokens[0] != "}":
        found.extend(_next(tokens, level, keep_spaces))
    if tokens:
        tokens.pop(0)
    return found


def _argument(tokens: list[str], level: int, keep_spaces: bool = False) -> list[Run]:
    while tokens and tokens[0].isspace():
        tokens.pop(0)
    return list(_merged(_next(tokens, level, keep_spaces))) if tokens else []


def _command(name: str, tokens: list[str], level: int) -> list[Run]:
    if name in _SPACES:
        return [(_SPACES[name], level)]
    if name in SYMBOLS or name in _WORDS:
        return [(SYMBOLS[name] if name in SYMBOLS else _WORDS[name], level)]
    if name in ("frac", "dfrac", "tfrac"):
        above, below = _argument(tokens, level), _argument(tokens, level)
        return [*_bracketed(above, level), ("/", level), *_bracketed(below, level)]
    if name == "sqrt":
        return [("√", level), *_bracketed(_argument(tokens, level), level)]
    if name in _ACCENTS:
        inner = _argument(tokens, level)
        if len(inner) == 1 and len(inner[0][0]) == 1:
            return [(inner[0][0] + _ACCENTS[name], level)]
        return [*inner, (name, level)]
    if name.startswith(("text", "math", "mbox", "operatorname", "boldsymbol", "bm")):
        return _argument(tokens, level, keep_spaces=name.startswith(("text", "mbox")))
    return [(name, level)]


def _bracketed(found: list[Run], level: int) -> list[Run]:
    """Return runs in brackets, unless they are one word."""
    if len(found) == 1 and re.fullmatch(r"\w+", found[0][0]):
        return found
    return [("(", level), *found, (")", level)]
