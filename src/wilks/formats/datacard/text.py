"""Words of a card with their places, and numbers read from them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

_WORD = re.compile(r"\S+")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Word(NamedTuple):
    """A word of a card, with its file, line and column (from 1)."""

    text: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return self.text

    @property
    def where(self) -> str:
        """Where it stands, as sentences about it begin."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass
class Problems:
    """Mistakes, and things to know, as they are found."""

    mistakes: list[str] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, sentence: str) -> None:
        self.mistakes.append(f"{where}: {sentence}")

    def add_once(self, where: str, sentence: str) -> None:
        if f"{where}: {sentence}" not in self.mistakes:
            self.add(where, sentence)

    def remark(self, where: str, sentence: str) -> None:
        if (where, sentence) not in self.remarks:
            self.remarks.append((where, sentence))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text: form feeds and the like end none.

    >>> lines_of("rate 1\\x0c2\\r\\nx lnN 1.1")
    ['rate 1\\x0c2', 'x lnN 1.1']
    """
    return _LINE_END.split(text)


def words_of(text: str, file: str, line: int) -> list[Word]:
    """Return the words of a line."""
    return [Word(match[0], file, line, match.start() + 1) for match in _WORD.finditer(text)]


def number(word: Word, problems: Problems, what: str = "a number") -> float | None:
    """Return the finite number that a word is, None (and a mistake) where it is none."""
    try:
        value = float(word.text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in word.text:
        problems.add(word.where, f'"{word}" found, {what} needed')
        return None
    return value


def whole(word: Word, problems: Problems, what: str = "a whole number") -> int | None:
    """Return the whole number that a word is, None (and a mistake) where it is none."""
    if not re.fullmatch(r"[-+]?\d{1,15}", word.text):
        problems.add(word.where, f'"{word}" found, {what} needed')
        return None
    return int(word.text)


def interval(word: Word, problems: Problems) -> tuple[float, float] | None:
    """Return the range that a word like `[0,5]` is, None (and a mistake) where it is none."""
    ends = word.text.strip("[]").split(",")
    try:
        low, high = (float(end) for end in ends)
    except ValueError:
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        problems.add(word.where, f'"{word}" found, a range like [0,5] needed, with the lower end first')
        return None
    return low, high
