"""Expressions as they are written, in Python's syntax; nothing of the text may be left out on the way."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

NESTED = "not an expression, or one that is nested too deeply"
_FOREIGN = re.compile(
    r"""(?P<lost>[#\\]|'''|\"\"\")|(?P<text>"[^"]*"|'[^']*')|&&|\|\||!(?!=)|\bTMath::(?=\w)|\bstd::(?=\w)|(?<=[A-Za-z])\$|\?|@(?=[A-Za-z_][\w.]*\.size\s*\()"""
)
_CHOICE = "not an expression: a choice is condition ? a : b"
_TRIED = 100
_DRAWN = 400
# Characters on each side of a mistake that are shown.


class ExpressionError(ValueError):
    """An expression is wrong; `column` is where, counted from 0 in the text as written."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


def pointed(text: str, error: ExpressionError) -> str:
    """Return the message with the expression below it and a caret under the place.

    >>> print(pointed("pt > > 30", ExpressionError("not an expression", 5)))
    not an expression
        pt > > 30
             ^
    """
    line = " ".join(text.splitlines()) if "\n" in text else text
    column = min(error.column, len(line))
    start, end = max(column - _DRAWN, 0), column + _DRAWN
    before, after = "... " if start else "", " ..." if end < len(line) else ""
    return f"{error.message}\n    {before}{line[start:end]}{after}\n    {' ' * (len(before) + column - start)}^"


@dataclass(frozen=True)
class PythonText:
    """An expression in Python's syntax, in brackets and in one line.

    `columns` has where each character stands in the text as written, `nots` where "!" stood, `written` the text with
    quoted names blanked, `made` where brackets stand that nobody wrote, `collections` what "@" stood before.
    """

    text: str
    columns: list[int]
    nots: frozenset[int]
    written: str
    made: frozenset[int] = frozenset()
    collections: frozenset[int] = frozenset()

    @cached_property
    def characters(self) -> list[int]:
        """Which character each byte belongs to, one more at the end: ast counts bytes."""
        sizes = ((i, len(character.encode())) for i, character in enumerate(self.text))
        return [i for i, size in sizes for _ in range(size)] + [len(self.text)]

    def in_brackets(self, start: int, end: int) -> bool:
        """Return whether brackets of the user's are just around a part of the text."""
        before, after = start - 1, end
        while self.text[before] == " ":
            before -= 1
        while self.text[after] == " ":
            after += 1
        return before > 0 and self.text[before] == "(" and before not in self.made and self.text[after] == ")"

    def require_brackets(self) -> None:
        """Raise ExpressionError where brackets match only with those around the expression: `a) + (b`."""
        place = _unmatched(self.written)
        if place is not None:
            raise ExpressionError("not an expression: brackets don't match", place)

    def mistake(self, error: SyntaxError) -> ExpressionError:
        """Return what Python finds wrong in words of expressions."""
        message, place = _hint(self.written, error)
        if place is None:
            place = self.columns[min(_second_value(self.text, error), len(self.columns) - 1)]
        return ExpressionError(message, place)


def tree_of(text: str) -> ast.expr:
    """Return Python's tree of an expression, without warnings about Python that nobody wrote. Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return ast.parse(text, mode="eval").body


def as_python(text: str) -> PythonText:
    """Return an expression in Python's syntax. Raises ExpressionError for what Python would read over."""
    if not text.strip():
        raise ExpressionError("the expression is empty")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ExpressionError("half of a surrogate pair is no character", error.start) from None
    pieces, columns, nots = ["("], [0], []
    marks: list[int] = []
    collections: list[int] = []
    written = list(text)
    position = 0

    def put(piece: str, at: int, moving: bool = False) -> None:
        columns.extend(range(at, at + len(piece)) if moving else [at] * len(piece))
        pieces.append(piece)

    for match in _FOREIGN.finditer(text):
        put(_spaced(text[position : match.start()]), position, moving=True)
        found, position = match[0], match.end()
        if match["lost"] or "\\" in found:
            raise ExpressionError(_lost(match["lost"] or "\\"), match.start())
        if match["text"]:
            put(found, match.start(), moving=True)
            written[match.start() : match.end()] = " " * len(found)
        elif found == "!":
            nots.append(len(columns))
            put("~", match.start())
        elif found in ("&&", "||"):
            put(" and " if found == "&&" else " or ", match.start())
        elif found == "@":
            collections.append(len(columns))
        elif found == "?":
            marks.append(len(columns))
            put("?", match.start())
    put(_spaced(text[position:]), position, moving=True)
    put(")", len(text))
    python = PythonText("".join(pieces), columns, frozenset(nots), "".join(written), collections=frozenset(collections))
    if not marks:
        return python
    python.require_brackets()
    return with_choices(python, marks)


def with_choices(python: PythonText, marks: list[int]) -> PythonText:
    """Return an expression with `where(condition, a, b)` for every `condition ? a : b`; `marks` are where "?" stands.

    A choice goes from the bracket or comma before its condition to the next one behind, and contains those to its
    right. Raises ExpressionError where a part is missing.
    """
    before: dict[int, str] = {}
    instead: dict[int, str] = {}
    for start, stop in _segments(python.text, set(marks)):
        _write_choices(python, start, stop, marks, before, instead)
    pieces: list[str] = []
    columns: list[int] = []
    moved: dict[int, int] = {}
    made: set[int] = set()
    size = 0
    for position, character in enumerate(python.text):
        opening = before.get(position, "")
        made.update(range(size, size + len(opening)))
        size += len(opening)
        moved[position] = size
        piece = instead.get(position, character)
        pieces += [opening, piece]
        columns += [python.columns[position]] * (len(opening) + len(piece))
        size += len(piece)
    nots, collections = (frozenset(moved[place] for place in places) for places in (python.nots, python.collections))
    return PythonText("".join(pieces), columns, nots, python.written, frozenset(made), collections)


def _segments(text: str, marks: set[int]) -> Iterator[tuple[int, int]]:
    """Yield start and end of what stands between brackets and commas, where a "?" stands in it and not deeper."""
    opened: list[tuple[int, bool]] = []
    start, chosen, quote = 0, False, ""
    for position, character in enumerate(text):
        if quote or character in "\"'":
            quote = "" if character == quote else quote or character
        elif character in "([{":
            opened.append((start, chosen))
            start, chosen = position + 1, False
        elif character in ")]},":
            if chosen:
                yield start, position
            start, chosen = (position + 1, False) if character == "," else opened.pop()
        chosen = chosen or position in marks


def _write_choices(
    python: PythonText, start: int, stop: int, marks: list[int], before: dict[int, str], instead: dict[int, str]
) -> None:
    """Note what is written in the place of the "?" and ":" of one segment: `a ? b : c ? d : e` is two choices."""
    text, depth, quote = python.text, 0, ""
    waiting: list[int] = []  # where each "?" stands whose choice goes on; -1 once its ":" was found
    begins = start
    for position in range(start, stop):
        character = text[position]
        if quote or character in "\"'":
            quote = "" if character == quote else quote or character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif not depth and position in marks:
            before[begins] = "where(" + before.get(begins, "")
            instead[position] = ","
            waiting.append(position)
            begins = position + 1
        elif not depth and character == ":":
            whole = len(waiting)
            while waiting and waiting[-1] < 0:
                waiting.pop()
            if not waiting:
                raise ExpressionError(f"{_CHOICE}; there is no ? for this :", python.columns[position])
            instead[position] = ")" * (whole - len(waiting)) + ","
            waiting[-1] = -1
            begins = position + 1
    left = [position for position in waiting if position >= 0]
    if left:
        raise ExpressionError(f"{_CHOICE}; there is no : for this ?", python.columns[left[-1]])
    instead[stop] = ")" * len(waiting) + text[stop]


def _spaced(text: str) -> str:
    """Return the text with a space for each kind of white space: an expression may go over several lines."""
    return re.sub(r"\s", " ", text)


def _lost(found: str) -> str:
    if found == "#":
        return "not an expression: what follows # would be lost; comments stand outside of expressions"
    if found == "\\":
        return "not an expression: a backslash has no meaning; an expression may go over several lines without it"
    return "not an expression: names are put in single quotes"


def _hint(text: str, error: SyntaxError) -> tuple[str, int | None]:
    """Return what is wrong, and where if that is known better than Python does."""
    single = re.search(r"(?<![=!<>])=(?!=)", text)
    if single:
        return "not an expression: for a comparison write ==", single.start()
    word = re.search(r"\b(AND|OR|NOT)\b", text)
    if word:
        return f"not an expression: write {word[0].lower()} in small letters", word.start()
    if any(word in str(error.msg) for word in ("was never closed", "does not match", "unmatched")):
        return "not an expression: brackets don't match", _unmatched(text)
    return "not an expression", None


def _second_value(python: str, error: SyntaxError) -> int:
    """Return where a mistake is in Python's syntax; of two values with nothing between them where the second is."""
    first = max(error.offset or 1, 1) - 1
    if "forgot a comma" in str(error.msg):
        both = python[first : max((error.end_offset or 0) - 1, first)]
        for gap in [match.end() for match in re.finditer(r"\s+", both)][:_TRIED][::-1]:
            with suppress(SyntaxError):
                tree_of(f"({both[:gap]})")
                return first + gap
    return first


def _unmatched(text: str) -> int | None:
    """Return where the first bracket stands that closes nothing, else the last that isn't closed."""
    opened: list[int] = []
    for position, character in enumerate(text):
        if character in "([{":
            opened.append(position)
        elif character in ")]}" and (not opened or "([{".index(text[opened.pop()]) != ")]}".index(character)):
            return position
    return opened[-1] if opened else None
