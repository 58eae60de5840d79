"""The second half of a card: systematics, parameters, groups and what else stands after the rates."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field

from wilks.errors import listed, nearest
from wilks.formats.datacard.edits import edit
from wilks.formats.datacard.factors import constr, ext_arg, flat_param, param, rate_param
from wilks.formats.datacard.kinds import ARGUMENTS, KINDS, SHAPES
from wilks.formats.datacard.records import Block, Card, Column, Group, Row, Statistics, Value
from wilks.formats.datacard.text import Problems, Word, number, whole, words_of


@dataclass
class Rows:
    """The second half while it is read, with the columns that its rows have."""

    card: Card
    columns: list[Column]
    problems: Problems
    edited: bool = False
    said: set[str] = field(default_factory=set)

    def read(self, lines: list[str], first: int) -> None:
        """Read all lines from `first` (from 0) on."""
        for i in range(first, len(lines)):
            text = lines[i]
            if text.startswith(("--", "#")):
                continue
            end = text.find("#")
            words = words_of(text[:end] if end > 0 else text, self.card.name, i + 1)
            if len(words) > 1:
                self._line(words)
        self._check_groups()

    def _line(self, words: list[Word]) -> None:
        name, kind = words[0].text.removesuffix("[nofloat]"), words[1].text
        name = f"theta{name}" if name[:1].isdigit() and kind not in ("edit", "group", "autoMCStats") else name
        if kind not in ("edit", "group", "autoMCStats"):
            self.said.add(name)
        if kind in ARGUMENTS or kind.rstrip("?*") in SHAPES:
            self._row(name, kind, words)
            return
        card, problems = self.card, self.problems
        others: dict[str, Callable[[], None]] = {
            "param": lambda: param(card, name, words, problems),
            "flatParam": lambda: flat_param(card, name, words, problems),
            "rateParam": lambda: rate_param(card, name, words, problems),
            "extArg": lambda: ext_arg(card, name, words, problems),
            "constr": lambda: constr(card, name, words, problems),
            "group": lambda: self._group(words),
            "autoMCStats": lambda: self._statistics(words),
            "edit": lambda: self._edit(words),
        }
        if kind in others:
            others[kind]()
        elif kind == "discrete":
            text = f'"{name}" is a discrete index of a RooMultiPdf, which needs RooFit; it can\'t be read'
            problems.add(words[1].where, text)
        elif kind.startswith("shapeL"):
            problems.add(
                words[1].where, f'"{kind}" found, Combine has no such morphing any more; did you mean "shape"?'
            )
        else:
            hint = nearest(kind, KINDS)
            problems.add(words[1].where, f'no kind "{kind}" of a row; allowed are {listed(KINDS, 30)}{hint}')

    def _edit(self, words: list[Word]) -> None:
        self.edited = True
        edit(self.card, words, self.problems)

    def _row(self, name: str, kind: str, words: list[Word]) -> None:
        size = ARGUMENTS.get(kind, 0)
        head, numbers = words[2 : 2 + size], words[2 + size :]
        if len(numbers) < len(self.columns):
            text = f"{len(numbers)} columns found, {len(self.columns)} needed"
            before = f" after {size} number{'s' if size > 1 else ''} for {kind}" if size else ""
            self.problems.add(words[0].where, f'"{name}": {text}{before}')
            return
        if len(numbers) > len(self.columns):
            surplus = numbers[len(self.columns) :]
            text = f"words after the last column are ignored: {listed((word.text for word in surplus), 3)}"
            self.problems.remark(f"{words[0].file}:{words[0].line}", text)
        self._one_kind(name, kind, words[1])
        args = self._arguments(kind, head)
        entries: dict[Block, Value] = {}
        for column, word in zip(self.columns, numbers, strict=False):
            value = self._entry(kind, word)
            entries[column.channel, column.process] = value
            if kind == "gmN" and value and column.rate == 0:
                column.rate = 1e-6
        if args is not None:
            where = f"{words[0].file}:{words[0].line}"
            self._remark_on_second(name, entries, where)
            self.card.rows.append(Row(name, kind, args, entries, where))

    def _remark_on_second(self, name: str, entries: dict[Block, Value], where: str) -> None:
        """Remark on a row that acts where another one of its name does."""
        for other in (other for other in self.card.rows if other.name == name):
            both = [
                b for b, value in entries.items() if value not in (0, 1) and other.entries.get(b, 0.0) not in (0, 1)
            ]
            if both:
                text = f'"{name}" acts on process "{both[0][1]}" of "{both[0][0]}" at {other.where} as well'
                self.problems.remark(where, f"{text}: the effects multiply, as in Combine")
                return

    def _one_kind(self, name: str, kind: str, at: Word) -> None:
        """Rows of one name: shapes and lnN exclude each other."""
        for other in self.card.rows:
            if other.name == name and {kind, other.kind} == {"shape", "lnN"}:
                text = f'"{name}" is {kind} here and {other.kind} at {other.where}; shape? is for both'
                self.problems.add(at.where, text)

    def _arguments(self, kind: str, words: list[Word]) -> tuple[float, ...] | None:
        if kind == "gmN":
            count = whole(words[0], self.problems, "a whole number of events")
            if count is not None and count < 0:
                self.problems.add(words[0].where, f'"{words[0]}" found, a number of events not below 0 needed')
            return None if count is None or count < 0 else (float(count),)
        values = [number(word, self.problems) for word in words]
        found = tuple(value for value in values if value is not None)
        if len(found) < len(words):
            return None
        if kind == "unif" and found[0] >= found[1]:
            self.problems.add(
                words[0].where, f"range from {found[0]:g} to {found[1]:g} found, the lower end goes first"
            )
            return None
        return found

    def _entry(self, kind: str, word: Word) -> Value:
        text = word.text
        if not text.strip("-"):
            return 0.0
        if "/" in text:
            if kind not in ("lnN", "lnU") and "?" not in kind:
                self.problems.add(
                    word.where, f'"{text}" found, {kind} takes one number; two are for lnN, lnU and shape?'
                )
                return 0.0
            try:
                low, high = (float(part) for part in text.split("/"))
            except ValueError:
                self.problems.add(word.where, f'"{text}" found, DOWN/UP needed: two numbers above 0')
                return 0.0
            if not (0 < low < float("inf") and 0 < high < float("inf")):
                self.problems.add(word.where, f'"{text}" found, two numbers above 0 needed')
                return 0.0
            return low, high
        value = number(word, self.problems, "a number, or - for no effect")
        if value is not None and value < 0 and kind not in ("trG", "dFD", "dFD2"):
            self.problems.add(word.where, f'"{text}" found, {kind} needs numbers not below 0 (- for no effect)')
            return 0.0
        return value or 0.0

    def _group(self, words: list[Word]) -> None:
        name = words[0].text
        if len(words) < 4 or words[2].text not in ("=", "+="):
            text = f'"{words[2]}" found' if len(words) > 2 and words[2].text not in ("=", "+=") else "no names"
            self.problems.add(
                words[-1].where, f'group "{name}": {text}, needed: {name} group = NAME [NAME ...] (or +=)'
            )
            return
        members = {word.text: word.where for word in words[3:]}
        known = self.card.groups.get(name)
        if known is None and words[2].text == "+=":
            hint = nearest(name, self.card.groups)
            self.problems.add(
                words[2].where, f'no group "{name}" yet that could be added to: the first line has ={hint}'
            )
        elif known is not None and words[2].text == "=":
            self.problems.add(words[2].where, f'group "{name}" is there already ({known.where}); += adds to it')
        elif known is not None:
            known.names.update(members)
        else:
            self.card.groups[name] = Group(members, f"{words[0].file}:{words[0].line}")

    def _statistics(self, words: list[Word]) -> None:
        if not 3 <= len(words) <= 5:
            form = "CHANNEL autoMCStats THRESHOLD [INCLUDE_SIGNAL [MODE]]"
            self.problems.add(words[0].where, f"{len(words)} words found, needed: {form}")
            return
        threshold = number(words[2], self.problems, "a threshold (a number)")
        signals = whole(words[3], self.problems, "0 or 1 (include signals)") if len(words) > 3 else 0
        mode = whole(words[4], self.problems, "the mode of histograms, 1 or 2") if len(words) > 4 else 1
        if threshold is None or signals is None or mode is None:
            return
        said = Statistics(threshold, bool(signals), mode, f"{words[0].file}:{words[0].line}")
        pattern = words[0].text
        found = [c for c in self.card.channels if fnmatch.fnmatchcase(c, pattern)] if "*" in pattern else [pattern]
        if not found:
            self.problems.remark(said.where, f'"{pattern}" matches no channel; there are {listed(self.card.channels)}')
        for channel in found:
            if channel not in self.card.channels:
                hint = nearest(channel, self.card.channels)
                allowed = listed(self.card.channels)
                self.problems.add(words[0].where, f'no channel "{channel}"; there are {allowed}{hint}')
            else:
                self.card.statistics[channel] = said

    def _check_groups(self) -> None:
        """Names in groups must be those of parameters."""
        card = self.card
        names = {*(row.name for row in card.rows), *card.params, *card.arguments, *card.flat}
        names |= {rate.name for rate in card.rates if not rate.formula}
        mistaken = self.said - names - {rate.name for rate in card.rates}
        for name, group in card.groups.items():
            missing = [n for n in group.names if n not in names | mistaken and not n.startswith("prop_bin")]
            if len(missing) == 1:
                text = f'group "{name}": no parameter "{missing[0]}"{nearest(missing[0], names)}'
                self.problems.add(group.names[missing[0]], text)
            elif missing:
                self.problems.add(group.names[missing[0]], f'group "{name}": no parameters {listed(missing)}')
