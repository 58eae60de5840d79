r"""Tables: rows of text with a header, written as text, Markdown, LaTeX or HTML; and how numbers are rounded.

An uncertainty has two significant digits everywhere (`digits` shows more), and its value ends at the same place; in
tables of yields, which are made for papers, both are rounded as the Particle Data Group does.

Cells are plain text. `$...$` in a cell is mathematics (LaTeX keeps it) if it is a formula (`is_formula`); any other
special character is escaped where the format needs it.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from wilks.errors import InputError
from wilks.formulas import is_formula

# No space after the opening $, none before the closing one and no digit after it: "$5 and $6" is text.
_MATH = re.compile(r"\$(?=\S)[^$]*[^$\s\\]\$(?!\d)")
_ASYMMETRIC = re.compile(r"(-?[\d.]+) \+([\d.]+) -([\d.]+)")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=\d)")
# Powers of ten beyond which numbers have exponents; the digits that a number has; arithmetic for all up to there.
_FAR, _DIGITS = 20, 16
_EXACT = Context(prec=2 * _FAR + 10)
# Significant digits of an uncertainty; other numbers have two more.
_SHOWN: ContextVar[int] = ContextVar("digits", default=2)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "–": "--",
    "…": r"\ldots{}",
}


@dataclass(frozen=True)
class Table:
    """A table of text: `alignment` has one of l, c, r per column (default: first column left, the others right).

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> print(wilks.tables.yields(wilks.predict(model)).markdown().splitlines()[0])
    **Yields, pre-fit**
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    alignment: str = ""

    def __post_init__(self) -> None:
        width = len(self.header)
        object.__setattr__(self, "alignment", self.alignment or ("l" + "r" * (width - 1))[:width])
        if len(self.alignment) != width or set(self.alignment) - set("lcr") or any(len(r) != width for r in self.rows):
            raise ValueError(f"a table with {width} columns needs as many alignments (l, c, r) and cells in each row")

    def folded(self, widest: int = 160) -> tuple[Table, ...]:
        """Return the table in parts of at most so many characters in a line, the first columns of text in each."""
        lines = [[_one_line(cell) for cell in row] for row in (self.header, *self.rows)]
        widths = [max(_width(line[i]) for line in lines) + 2 for i in range(len(self.header))]
        keys = len(self.alignment) - len(self.alignment.lstrip("l")) or 1
        if sum(widths) - 2 <= widest or keys + 1 >= len(widths):
            return (self,)
        first, parts = sum(widths[:keys]) - 2, [[keys]]
        for i in range(keys + 1, len(widths)):
            if first + sum(widths[j] for j in parts[-1]) + widths[i] > widest:
                parts.append([])
            parts[-1].append(i)
        return tuple(self._of_columns([*range(keys), *part]) for part in parts)

    def _of_columns(self, places: list[int]) -> Table:
        header, *rows = (tuple(row[i] for i in places) for row in (self.header, *self.rows))
        return Table(self.title, header, tuple(rows), "".join(self.alignment[i] for i in places))

    def text(self) -> str:
        """Return the table with columns padded by spaces, for a terminal; a wide one `folded`."""
        bodies = "\n\n".join(part._body() for part in self.folded())
        return f"{self.title}\n\n{bodies}" if self.title else bodies

    def _body(self) -> str:
        lines = [[_one_line(cell) for cell in row] for row in (self.header, *self.rows)]
        widths = [max(_width(line[i]) for line in lines) for i in range(len(self.header))]
        body = [_padded(line, widths, self.alignment) for line in lines]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([body[0], rule, *body[1:]])

    def markdown(self) -> str:
        """Return a pipe table; characters with a meaning in Markdown are escaped."""
        rules = {"l": ":---", "c": ":---:", "r": "---:"}
        lines = [[_outside_math(_one_line(cell), _markdown_text) for cell in row] for row in (self.header, *self.rows)]
        lines.insert(1, [rules[side] for side in self.alignment])
        title = f"**{_outside_math(_one_line(self.title), _markdown_text)}**\n\n" if self.title else ""
        return title + "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def latex(self) -> str:
        r"""Return a `tabular` with `\hline`, which needs no package; the title becomes a comment before it.

        A wide table is `folded` into several.
        """
        title = [f"% {_one_line(self.title)}"] if self.title else []
        return "\n".join([*title, "\n\n".join(part._tabular() for part in self.folded())])

    def _tabular(self) -> str:
        lines = [" & ".join(_latex(cell) for cell in row) + r" \\" for row in (self.header, *self.rows)]
        lines[1:1] = [r"\hline"]
        return "\n".join([rf"\begin{{tabular}}{{{self.alignment}}}", r"\hline", *lines, r"\hline", r"\end{tabular}"])

    def html(self) -> str:
        """Return a `<table>` with caption."""
        sides = {"l": "left", "c": "center", "r": "right"}

        def row(cells: tuple[str, ...], tag: str) -> str:
            styled = (
                f'<{tag} style="text-align: {sides[side]}">{_html(cell)}</{tag}>'
                for cell, side in zip(cells, self.alignment, strict=True)
            )
            return f"<tr>{''.join(styled)}</tr>"

        caption = f"<caption>{_html(self.title)}</caption>\n" if self.title else ""
        body = "\n".join(row(cells, "td") for cells in self.rows)
        return f"<table>\n{caption}<thead>\n{row(self.header, 'th')}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"

    def csv(self) -> str:
        """Return comma-separated values, the header first (RFC 4180, but lines end as on Unix); without the title."""
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows(
            [_one_line(cell) for cell in row] for row in (self.header, *self.rows)
        )
        return stream.getvalue().rstrip("\n")

    def json_data(self) -> dict[str, Any]:
        """Return title, columns and rows as JSON data; a cell that is a number is one, `n/a` is null."""
        rows = [[None if cell == "n/a" else _as_number(cell) for cell in row] for row in self.rows]
        return {"title": self.title, "columns": list(self.header), "rows": rows}

    def json(self) -> str:
        """Return `json_data` as text."""
        return json.dumps(self.json_data(), indent=1, ensure_ascii=False)

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame; columns of nothing but numbers (or nothing) are numbers, all others text.

        Raises InputError where pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise InputError("to_dataframe needs pandas, which is not installed; csv() needs nothing") from None
        columns = []
        for column in zip(*self.rows, strict=True) if self.rows else [()] * len(self.header):
            numbers = [math.nan if cell in ("", "n/a") else _as_number(cell) for cell in column]
            columns.append(list(column) if any(isinstance(n, str) for n in numbers) else numbers)
        # By place, not by name: two columns may have the same.
        frame = pandas.DataFrame(dict(enumerate(columns)))
        frame.columns = pandas.Index(self.header)
        return frame

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()


def _as_number(cell: str) -> float | int | str:
    """Return the number that a cell is, else its text."""
    if not _NUMBER.fullmatch(cell):
        return cell
    return int(cell) if cell.lstrip("+-").isdigit() else float(cell)


def pdg_round(value: float, uncertainty: float) -> tuple[str, str]:
    """Return value and uncertainty rounded as the Particle Data Group does (Review of Particle Physics, 5.3).

    If the three leading digits of the uncertainty are 100 to 354 it keeps two digits, 355 to 949 one, 950 to 999 it
    becomes 1000 and keeps two; the value gets the same last digit. Without a usable uncertainty (zero, NaN, infinite)
    the value has four digits and the uncertainty is an empty string.

    >>> pdg_round(0.827, 0.119), pdg_round(0.827, 0.367), pdg_round(0.827, 0.995)
    (('0.83', '0.12'), ('0.8', '0.4'), ('0.8', '1.0'))
    """
    if not (math.isfinite(value) and math.isfinite(uncertainty) and uncertainty != 0):
        return number(value), ""
    place = _last_place(uncertainty)
    return _quantized(value, place), _quantized(abs(uncertainty), place)


def pdg_measured(value: float, uncertainty: float) -> str:
    """Return `value ± uncertainty` rounded as in papers, or the value alone where there is no usable uncertainty."""
    rounded, error = pdg_round(value, uncertainty)
    return f"{rounded} ± {error}" if error else rounded


@contextmanager
def digits(significant: int) -> Iterator[None]:
    """Show uncertainties with so many significant digits, other numbers with two more, in tables, texts and figures.

    Raises ValueError for less than one or more than 15 digits.

    >>> with digits(4):
    ...     measured(0.9423911, 0.0431187)
    '0.94239 ± 0.04312'
    """
    if not 1 <= significant <= 15:
        raise ValueError(f"numbers have 1 to 15 significant digits, found {significant}")
    token = _SHOWN.set(significant)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def rounded(value: float, *uncertainties: float) -> tuple[str, ...]:
    """Return a value and its uncertainties (unsigned), rounded where the smallest of these has two significant digits,
    and not before the point.

    A value that is NaN is hidden. An uncertainty that is not finite becomes an empty text; where none is usable (0, not
    finite) all do, and the value has four digits.

    >>> rounded(1.0534, 0.1042, -0.0912), rounded(98989.27, 1234.0), rounded(0.5, 0.0996)
    (('1.053', '0.104', '0.091'), ('98989', '1234'), ('0.50', '0.10'))
    """
    usable = [abs(each) for each in uncertainties if math.isfinite(each) and each != 0]
    if not usable or math.isinf(value):
        return number(value), *("" for _ in uncertainties)
    # Rounded first: 0.0996 has its two digits in 0.10.
    smallest = Decimal(f"{min(usable):.{_SHOWN.get() - 1}e}")
    place = smallest.adjusted() - _SHOWN.get() + 1
    place = min(place, 0) if place < _DIGITS else place
    shown = "hidden" if math.isnan(value) else _quantized(value, place)
    return shown, *(_quantized(abs(each), place) if math.isfinite(each) else "" for each in uncertainties)


def measured(value: float, uncertainty: float) -> str:
    """Return `value ± uncertainty`, or the value alone where there is no uncertainty (0, NaN).

    >>> measured(0.94239, 0.04312), measured(1234.5, 99.9)
    ('0.942 ± 0.043', '1234 ± 100')
    """
    shown, error = rounded(value, uncertainty)
    error = "inf" if math.isinf(uncertainty) else error
    return f"{shown} ± {error}" if error else shown


def number(value: float, digits: int | None = None) -> str:
    """Return a number with up to so many significant digits (default: four), integers in full; exponents only outside
    1e-4 to 1e15.
    """
    digits = _SHOWN.get() + 2 if digits is None else digits
    if math.isnan(value):
        return "n/a"
    if math.isinf(value) or (value == int(value) and abs(value) < 1e15):
        return f"{value:.0f}"
    magnitude = math.floor(math.log10(abs(value)))
    if not -5 < magnitude < 15:
        return f"{value:.{digits - 1}e}"
    text = f"{value:.{max(digits - 1 - magnitude, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _last_place(uncertainty: float) -> int:
    """Return the power of ten of the last digit that PDG keeps."""
    exact = Decimal(repr(float(abs(uncertainty))))
    leading = int(exact.scaleb(2 - exact.adjusted()))
    return exact.adjusted() - (1 if leading < 355 else 0)


def _quantized(value: float, place: int) -> str:
    """Return a value rounded to a power of ten; with an exponent where zeros would fill a line."""
    exact = Decimal(repr(float(value)))
    if place > _FAR or place < -_FAR or (exact and exact.adjusted() > _FAR):
        digits = max(exact.adjusted() - place, 0) if exact else 0
        return f"{value:.{min(digits, _DIGITS)}e}"
    step = Decimal(1).scaleb(place)
    rounded = (exact / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=_EXACT) * step
    return f"{abs(rounded) if rounded == 0 else rounded:.{max(-place, 0)}f}"


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _width(cell: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in cell)
    return len(cell) + wide - sum(unicodedata.combining(c) > 0 for c in cell)


def _padded(cells: list[str], widths: list[int], alignment: str) -> str:
    out = []
    for cell, width, side in zip(cells, widths, alignment, strict=True):
        space = width - _width(cell)
        left = {"l": 0, "c": space // 2, "r": space}[side]
        out.append(" " * left + cell + " " * (space - left))
    return "  ".join(out).rstrip()


def _outside_math(text: str, convert: Callable[[str], str]) -> str:
    """Return `text` with `convert` applied to everything that is not a formula, `$...$`."""
    parts, end = [], 0
    for match in _MATH.finditer(text):
        if not is_formula(match.group()[1:-1]):
            continue
        parts += [convert(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, convert(text[end:])])


def _markdown_text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", text)


def _latex(cell: str) -> str:
    cell = _one_line(cell)
    asymmetric = _ASYMMETRIC.fullmatch(cell)
    if asymmetric:
        return "${}^{{+{}}}_{{-{}}}$".format(*asymmetric.groups())
    return _outside_math(cell, _latex_text)


def _latex_text(text: str) -> str:
    pieces = _NEGATIVE.split(text)
    return "$-$".join("".join(_LATEX.get(c, c) for c in piece) for piece in pieces)


def _html(cell: str) -> str:
    return html.escape(_NEGATIVE.sub("−", _one_line(cell)))
