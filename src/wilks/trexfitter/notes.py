"""What became of every setting, with its line: exact, approximate, or something that can't be said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from wilks.errors import listed
from wilks.trexfitter.grammar import Block, Setting
from wilks.trexfitter.keys import Kind

_MANY = 4
# Notes that say the same, from which on they are one sentence.


@dataclass(frozen=True)
class Note:
    """One setting that is not said exactly, or what was left out with it, and why; `line` is that of the file."""

    kind: Kind
    place: str
    line: int
    block: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}  {self.block}{'.' if self.key else ''}{self.key}: {self.text}"


@dataclass
class Notes:
    """Notes so far, mistakes, and files that are not there; `kinds` has what became of every setting."""

    notes: list[Note] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    kinds: dict[int, tuple[Setting, Block, Kind]] = field(default_factory=dict)

    def add(self, kind: Kind, block: Block, setting: Setting | str | None, text: str) -> None:
        """Note what became of a setting, or of a block where there is none (or its key, as a text)."""
        if isinstance(setting, str):
            setting = block.settings.get(setting)
        line = setting.line if setting is not None else block.line
        note = Note(kind, line.place, line.number, block.title, setting.key if setting else "", text)
        if note not in self.notes:
            self.notes.append(note)
        if setting is not None:
            self.kinds[id(setting)] = (setting, block, kind)

    def approximate(self, block: Block, setting: Setting | str | None, text: str) -> None:
        """Note a setting whose numbers differ a little."""
        self.add(Kind.APPROXIMATE, block, setting, text)

    def cannot(self, block: Block, setting: Setting | str | None, text: str) -> None:
        """Note a setting that can't be said."""
        self.add(Kind.NONE, block, setting, text)

    def mistake(self, block: Block, setting: Setting | str | None, text: str) -> None:
        """Add a mistake in the file."""
        if isinstance(setting, str):
            setting = block.settings.get(setting)
        line = setting.line if setting is not None else block.line
        key = f".{setting.key}" if setting is not None else ""
        self.mistakes.append(f"{line.place}  {block.title}{key}: {text}")

    def of(self, kind: Kind) -> list[Note]:
        """Return the notes of one kind, in the order of the file."""
        return sorted((note for note in self.notes if note.kind == kind), key=lambda note: note.line)

    def counts(self) -> Counter[Kind]:
        """Return how many settings there are of each kind."""
        return Counter(kind for _, _, kind in self.kinds.values())

    def lines(self) -> list[str]:
        """Return the report: how many settings of each kind, what is cosmetic once, all others with their lines."""
        counts = self.counts()
        total = sum(counts.values())
        share = ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind])
        lines = [f"{total} settings: {share}" if total else "no settings"]
        cosmetic = dict.fromkeys(setting.key for setting, _, kind in self.kinds.values() if kind == Kind.COSMETIC)
        if cosmetic:
            lines.append(f"cosmetic, for figures, tables and folders: {listed(cosmetic, 400)}".replace('"', ""))
        for kind, title in ((Kind.APPROXIMATE, "approximate"), (Kind.NONE, "can't be said")):
            found = self.of(kind)
            if found:
                lines += [f"{title}:", *(f"  {sentence}" for sentence in grouped(found))]
        if self.absent:
            lines += ["files that are not there:", *(f"  {sentence}" for sentence in self.absent)]
        return lines


def grouped(notes: list[Note]) -> list[str]:
    """Return sentences; of notes that say the same of many blocks one sentence, with all lines."""
    alike: dict[tuple[str, str, str], list[Note]] = {}
    for note in notes:
        alike.setdefault((note.block.split(" ")[0], note.key, note.text), []).append(note)
    sentences: list[str] = []
    for (block, key, text), found in alike.items():
        if len(found) < _MANY:
            sentences += map(str, found)
        else:
            lines = ", ".join(dict.fromkeys(str(note.line) for note in found))
            sentences.append(f"{len(found)} times {block}{'.' if key else ''}{key}: {text}; lines {lines}")
    return sentences
