r"""Titles from ROOT files, written in TLatex (`H_{T} [GeV]`, `#eta`), for matplotlib and for terminals.

Known are subscripts and superscripts in braces, Greek letters and other symbols, and commands like `#bar{t}`. Anything
else stays as it is: a name such as `jet_pt` is a name, and `#jets` counts jets.
"""

from __future__ import annotations

import re

# Names that TLatex, matplotlib and LaTeX share, and how a terminal shows them.
SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "pm": "±", "times": "×", "cdot": "·", "leq": "≤", "geq": "≥",
    "neq": "≠", "approx": "≈", "infty": "∞", "rightarrow": "→", "leftarrow": "←", "partial": "∂", "sum": "∑",
    "ell": "ℓ",
}  # fmt: skip
_COMMANDS = {"sqrt": r"\sqrt", "bar": r"\bar", "hat": r"\hat", "tilde": r"\tilde", "vec": r"\vec", "dot": r"\dot"}
_DEEPEST = 20
# Braces inside each other; deeper ones are text.
_FONTS = {"it": r"\mathit", "bf": r"\mathbf", "rm": r"\mathrm"}

_NAMES = "|".join(sorted(SYMBOLS, key=len, reverse=True))
# A symbol may run into a capital (`#DeltaR`), but a small letter makes another word of it (`#number`).
_MARKUP = re.compile(
    rf"(?P<script>[_^])(?=\{{)|#(?P<command>{'|'.join((*_COMMANDS, *_FONTS))})(?=\{{)|#(?P<symbol>{_NAMES})(?![a-z])"
)


def mathtext(text: str) -> str:
    r"""Return a title with TLatex as `$...$`, which matplotlib draws; text with a `$` of its own stays as it is.

    >>> mathtext("H_{T} [GeV]"), mathtext("|#eta|"), mathtext("jet_pt")
    ('H$_{\\text{T}}$ [GeV]', '|$\\eta$|', 'jet_pt')
    """
    if "$" in text:
        return text
    try:
        pieces = _split(text)
    except ValueError:
        return text
    # Side by side they are one formula, in which a superscript stands over a subscript.
    return "".join(f"${_formula(*piece)}$" if len(piece) > 1 else piece[0] for piece in pieces).replace("$$", "")


def plain(text: str, *, unicode: bool = True) -> str:
    r"""Return a title with TLatex as plain text; without `unicode` the names of letters are written out.

    >>> plain("H_{T} [GeV]"), plain("t#bar{t}, |#eta| < 2"), plain("#eta", unicode=False)
    ('H_T [GeV]', 'ttbar, |η| < 2', 'eta')
    """
    if "$" in text:
        return text
    try:
        pieces = _split(text)
    except ValueError:
        return text
    return "".join(_words(*piece, unicode=unicode) for piece in pieces)


def _split(text: str) -> list[tuple[str, ...]]:
    """Return pieces of text, each (literal,), (symbol, "") or (command, argument); ValueError if braces don't match."""
    pieces: list[tuple[str, ...]] = []
    start = 0
    while (match := _MARKUP.search(text, start)) is not None:
        if match.start() > start:
            pieces.append((text[start : match.start()],))
        start = match.end()
        if match["symbol"]:
            pieces.append((match["symbol"], ""))
        else:
            end = _closing(text, start)
            pieces.append((match["script"] or match["command"], text[start + 1 : end]))
            start = end + 1
    return pieces if start == len(text) else [*pieces, (text[start:],)]


def _closing(text: str, start: int) -> int:
    """Return where the brace that opens at `start` is closed; ValueError where none does, or for too many inside."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i
        if depth > _DEEPEST:
            break
    raise ValueError(text)


def _formula(name: str, argument: str | None = None) -> str:
    """Return one piece inside `$...$`."""
    if argument is None:
        return rf"\text{{{name}}}"
    if name in SYMBOLS:
        return rf"\{name}"
    if name in _FONTS and _MARKUP.search(argument) is None:
        return f"{_FONTS[name]}{{{argument}}}".replace(" ", r"\ ")
    inner = "".join(_formula(*piece) for piece in _split(argument))
    return inner if name in _FONTS else f"{_COMMANDS.get(name, name)}{{{inner}}}"


def _words(name: str, argument: str | None = None, *, unicode: bool) -> str:
    """Return one piece as plain text."""
    if argument is None:
        return name
    if name in SYMBOLS:
        return SYMBOLS[name] if unicode else name
    inner = plain(argument, unicode=unicode)
    if name == "sqrt":
        return f"sqrt({inner})"
    if name in ("_", "^"):
        return name + (inner if re.fullmatch(r"[\w+*-]*|\W", inner) else f"({inner})")
    return inner + ("bar" if name == "bar" else "")
