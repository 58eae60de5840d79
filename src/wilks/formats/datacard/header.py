"""The first half of a card: channels, observations, processes and rates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wilks.errors import listed, nearest
from wilks.formats.datacard.records import Card, Column, Shapes
from wilks.formats.datacard.text import Problems, Word, number, whole, words_of

_KEYWORDS = ("imax", "jmax", "kmax", "shapes", "bin", "observation", "process", "rate")


@dataclass
class Header:
    """The first half while it is read; `declared` has imax, jmax and kmax, `columns` the columns of rows."""

    card: Card
    problems: Problems
    declared: dict[str, tuple[int, Word]] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    bins: list[Word] = field(default_factory=list)
    processes: list[list[Word]] = field(default_factory=list)
    observations: list[Word] = field(default_factory=list)
    declared_shapes: dict[tuple[str, str], str] = field(default_factory=dict)
    observed_at: Word | None = None
    rate: Word | None = None
    others: list[Word] = field(default_factory=list)

    def read(self, lines: list[str]) -> int:
        """Read lines until that of the rates; return how many these were."""
        for i, text in enumerate(lines):
            words = words_of(text, self.card.name, i + 1)
            if not words:
                continue
            keyword = words[0].text
            match keyword:
                case "imax" | "jmax" | "kmax":
                    self._number_of(words)
                case "shapes":
                    self._shapes(words)
                case "observation" | "Observation":
                    self._observation(words)
                case "bin":
                    self.bins = self._names(words, "channel")
                case "process":
                    self._process(words)
                case "rate":
                    self._rate(words)
                    return i + 1
                case _:
                    self.others.append(words[0])
        self._not_found()
        return len(lines)

    def _not_found(self) -> None:
        hint = ""
        for word in self.others:
            if not hint and word.text.isalpha() and nearest(word.text, ["rate", "process"], cutoff=0.75):
                hint = f' ({word.where}: is "{word}" meant to be one{nearest(word.text, ["rate", "process"])})'
        self.problems.add(self.card.name, f'no line that begins with "rate" found, one needed for a datacard{hint}')

    def _number_of(self, words: list[Word]) -> None:
        if len(words) < 2:
            self.problems.add(words[0].where, f'"{words[0]}" without a number, a whole number or * needed')
        elif words[1].text != "*":
            value = whole(words[1], self.problems, "a whole number or *")
            if value is not None:
                self.declared[words[0].text] = value, words[1]

    def _names(self, words: list[Word], what: str) -> list[Word]:
        names = words[1:]
        if not names:
            self.problems.add(words[0].where, f'"{words[0]}" without a name of a {what}')
        for name in names:
            if name.text.startswith("#"):
                self.problems.add(name.where, f'"{name}" found, a {what} needed: comments begin after the rates only')
            elif what == "channel" and name.text[0].isdigit():
                text = f'channel "{name}" begins with a digit: read, but today\'s Combine refuses it'
                self.problems.remark(f"{name.file}:{name.line}", text)
        return names

    def _shapes(self, words: list[Word]) -> None:
        if len(words) < 4:
            form = "shapes PROCESS CHANNEL FILE HISTOGRAM [HISTOGRAM_WITH_$SYSTEMATIC]"
            self.problems.add(words[0].where, f"{len(words) - 1} words after shapes, needed: {form}")
            return
        process, channel, file = (word.text for word in words[1:4])
        if len(words) < 5 and file != "FAKE":
            self.problems.add(words[3].where, f'"{file}" without the name of a histogram; without any: FAKE')
            return
        nominal = words[4].text if len(words) > 4 else ""
        varied = words[5].text if len(words) > 5 else None
        if (process, channel) in self.declared_shapes:
            at = self.declared_shapes[process, channel]
            text = f'second shapes line of process "{process}" and channel "{channel}", the first is {at}'
            self.problems.add(words[0].where, text)
            return
        self.declared_shapes[process, channel] = words[0].where
        if len(words) > 6:
            text = f"surplus words after the histograms are ignored: {listed((w.text for w in words[6:]), 3)}"
            self.problems.remark(words[6].where, text)
        where = f"{words[0].file}:{words[0].line}"
        self.card.shapes.append(Shapes(process, channel, file, nominal, varied, self.card.folder, where))

    def _observation(self, words: list[Word]) -> None:
        self.observed_at, self.observations = words[0], words[1:]
        if not self.bins:
            return
        if len(self.bins) != len(self.observations):
            text = f"observations: {len(self.observations)} found, channels in the line bin before: {len(self.bins)}"
            self.problems.add(words[0].where, text)
        self._channels(self.bins)
        self.bins = []

    def _channels(self, names: list[Word]) -> None:
        for name in names:
            if name.text in self.card.channels:
                self.problems.add(name.where, f'channel "{name}" stands there more than once')
            else:
                self.card.channels.append(name.text)

    def _process(self, words: list[Word]) -> None:
        if len(self.processes) == 2:
            self.problems.add(words[0].where, "third line of processes; one of names and one of numbers needed")
            return
        self.processes.append(self._names(words, "process"))
        if len(self.processes) == 2:
            self._columns(words[0])

    def _columns(self, at: Word) -> None:
        names, numbers = self.processes
        if names and numbers and re.match(r"-?\d+", names[0].text) and not re.match(r"-?\d+", numbers[0].text):
            names, numbers = numbers, names
        counts = len(self.bins), len(names), len(numbers)
        if len(set(counts)) > 1:
            text = f"channels: {counts[0]}, processes: {counts[1]}, numbers: {counts[2]} in the lines bin and process"
            self.problems.add(at.where, f"{text}; as many of each needed")
        declared = bool(self.card.channels)
        if not declared:
            self._channels(list({word.text: word for word in self.bins}.values()))
        for channel, process, which in zip(self.bins, names, numbers, strict=False):
            if channel.text not in self.card.channels:
                hint = nearest(channel.text, self.card.channels)
                allowed = listed(self.card.channels)
                self.problems.add(channel.where, f'no channel "{channel}" in the first line bin: {allowed}{hint}')
                continue
            value = whole(which, self.problems, "a whole number (0 and below: signal)")
            if value is not None:
                self.columns.append(Column(channel.text, process.text, value <= 0, 0.0, process.where))
        self._signs()

    def _signs(self) -> None:
        signs: dict[str, bool] = {}
        seen: set[tuple[str, str]] = set()
        for column in self.columns:
            if signs.setdefault(column.process, column.signal) != column.signal:
                text = f'process "{column.process}" is a signal (number 0 or below) in one channel, not in another'
                self.problems.add(column.where, text)
            if (column.channel, column.process) in seen:
                text = f'process "{column.process}" stands more than once in channel "{column.channel}"'
                self.problems.add(column.where, text)
            seen.add((column.channel, column.process))

    def _rate(self, words: list[Word]) -> None:
        self.rate = words[0]
        if len(self.processes) < 2:
            text = (
                f"lines process before the rates: {len(self.processes)} found, one of names and one of numbers needed"
            )
            self.problems.add(words[0].where, text)
            return
        rates = words[1:]
        if len(rates) != len(self.columns) and len(rates) != len(self.processes[0]):
            text = f"rates: {len(rates)} found, columns in the lines bin and process: {len(self.processes[0])}"
            self.problems.add(words[0].where, text)
        for column, word in zip(self.columns, rates, strict=False):
            value = number(word, self.problems, "a rate (-1: the integral of the histogram)")
            column.rate = 0.0 if value is None else value
            if value is not None and value < 0 and value != -1:
                self.problems.add(word.where, f'"{word}" found, a rate not below 0 needed (-1: from the histogram)')
        for column in self.columns:
            self.card.columns.setdefault((column.channel, column.process), column)
        self._check_numbers()
        self._check_shapes()
        self._observed()

    def _check_numbers(self) -> None:
        found = {
            "imax": (len(self.card.channels), "channels", self.card.channels),
            "jmax": (len(self.card.processes) - 1, "processes beside the first", self.card.processes),
        }
        for key, (count, what, names) in found.items():
            declared, word = self.declared.get(key, (count, None))
            if word is not None and declared != count:
                text = f"{key} says {declared}, found {count} ({what}): {listed(names)}; * leaves it open"
                self.problems.add(word.where, text)

    def _check_shapes(self) -> None:
        """Remark on lines of histograms for channels and processes that the card does not have."""
        processes = [*self.card.processes, "data_obs"]
        for line in self.card.shapes:
            for what, name, names in (
                ("channel", line.channel, self.card.channels),
                ("process", line.process, processes),
            ):
                if name != "*" and name not in names:
                    text = f'shapes of {what} "{name}", which the card does not have: {listed(names, 5)}'
                    self.problems.remark(line.where, f"{text}{nearest(name, names)}")

    def _observed(self) -> None:
        if self.observed_at is None:
            return
        if len(self.observations) != len(self.card.channels):
            if not self.problems.mistakes:
                text = f"observations: {len(self.observations)} found, channels: {len(self.card.channels)}"
                self.problems.add(self.observed_at.where, text)
            return
        self.card.observed = {}
        for channel, word in zip(self.card.channels, self.observations, strict=True):
            value = number(word, self.problems, "a count (-1: that of the histogram)")
            if value is not None:
                self.card.observed[channel] = value
                self.card.observed_at[channel] = word.where
            if value is not None and value < 0 and value != -1:
                self.problems.add(word.where, f'"{word}" found, a count not below 0 needed (-1: from the histogram)')
