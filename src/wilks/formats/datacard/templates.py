"""The histograms that a card names: which line counts, what its keywords stand for, where the file is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wilks._types import FloatArray
from wilks.axis import Axis
from wilks.formats.datacard.records import Block, Shapes
from wilks.formats.datacard.tables import SUFFIXES, Tables
from wilks.formats.datacard.text import Problems
from wilks.formats.root_files import RootFiles

DATA = "data_obs"
PROTECTED = frozenset(("PROCESS", "CHANNEL", "SYSTEMATIC", "MASS"))
"""Keywords that can't be given other values."""
_KEYWORD = re.compile(r"\$(\w+)")


@dataclass(frozen=True, eq=False)
class Template:
    """Contents and errors of a histogram, shape (bins,), and its axis where it has one."""

    values: FloatArray
    errors: FloatArray
    axis: Axis | None

    @property
    def total(self) -> float:
        """The sum of all bins."""
        return float(self.values.sum())


@dataclass
class Templates:
    """Looks histograms up; `mass` and `keywords` are what `$MASS` and other keywords stand for.

    `with_errors` are the channels whose nominal histograms need their errors.
    """

    lines: Sequence[Shapes]
    mass: float | None
    keywords: Mapping[str, str]
    problems: Problems
    with_errors: frozenset[str] = frozenset()
    files: RootFiles = field(default_factory=RootFiles)
    tables: Tables = field(default_factory=Tables)
    unknown: set[str] = field(default_factory=set)
    chosen: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.blocks: dict[str, dict[str, Shapes]] = {}
        for line in self.lines:
            self.blocks.setdefault(line.channel, {})[line.process] = line

    def line_of(self, block: Block) -> Shapes | None:
        """Return the line that counts for a process of a channel; data is the process "data_obs"."""
        channel, process = block
        everywhere = self.blocks.get("*", {})
        for lines in (self.blocks.get(channel, everywhere), everywhere):
            for name in (process, "*"):
                if name in lines:
                    return lines[name]
        return None

    def nominal(self, block: Block) -> Template | None:
        """Return the nominal histogram, None where there is none to look for, or none found (a mistake)."""
        line = self.line_of(block)
        return None if line is None or line.fake else self._read(line, line.nominal, block, "")

    def varied(self, block: Block, systematic: str) -> Template | None:
        """Return a varied histogram; `systematic` ends with Up or Down."""
        line = self.line_of(block)
        if line is None or line.fake:
            return None
        if line.varied is None:
            text = f'no histogram with $SYSTEMATIC for "{systematic}" of process "{block[1]}" in "{block[0]}"'
            self.problems.add(line.where, text)
            return None
        return self._read(line, line.varied, block, systematic)

    def has(self, block: Block, systematic: str) -> bool:
        """Return whether there is a varied histogram."""
        line = self.line_of(block)
        if line is None or line.fake or line.varied is None:
            return False
        path, name = self._place(line, line.varied, block, systematic)
        return self.tables.has(path, name) if path.suffix in SUFFIXES else self.files.has(path, name)

    def _place(self, line: Shapes, pattern: str, block: Block, systematic: str) -> tuple[Path, str]:
        file, name = (self._filled(text, line, block, systematic) for text in (line.file, pattern))
        path = Path(os.path.expandvars(file))
        if path.is_absolute() or line.folder is None:
            return path, name
        beside = line.folder / path
        if not path.exists():
            return beside, name
        if path not in self.chosen and beside.exists() and not path.samefile(beside):
            text = f"{path} of the current folder is read, not {beside} beside the card, as in Combine"
            self.problems.remark(line.where, text)
        self.chosen.add(path)
        return path, name

    def _filled(self, text: str, line: Shapes, block: Block, systematic: str) -> str:
        """Return a text with values for its keywords."""
        text = text.replace("$PROCESS", block[1]).replace("$CHANNEL", block[0]).replace("$SYSTEMATIC", systematic)
        if "$MASS" in text:
            if self.mass is None:
                self._not_known("MASS", line, "a mass (mass=..., -m)")
            else:
                text = text.replace("$MASS", f"{self.mass:.0f}" if self.mass % 1 == 0 else str(self.mass))
        for word, value in self.keywords.items():
            text = text.replace(f"${word}", value)
        return text

    def _not_known(self, word: str, line: Shapes, needed: str) -> None:
        if word not in self.unknown:
            self.unknown.add(word)
            self.problems.add(line.where, f"${word} found, {needed} needed")

    def _read(self, line: Shapes, pattern: str, block: Block, systematic: str) -> Template | None:
        path, name = self._place(line, pattern, block, systematic)
        if "MASS" in self.unknown and "$MASS" in f"{line.file}{pattern}":
            return None
        for word in _KEYWORD.findall(name):
            if word not in self.keywords and word != "MASS":
                self._not_known(word, line, f"a value for it (keywords={{{word!r}: ...}}, --keyword-value {word}=...)")
        if "://" in line.file:
            self.problems.add_once(line.where, f"{line.file} is a remote file; copy it, and name the copy")
            return None
        what = "data" if block[1] == DATA else f'process "{block[1]}"'
        tried = f" from {pattern}" if "$" in pattern else ""
        where = f'{line.where} ({what} of "{block[0]}"{tried})'
        beside = line.folder / path.name if line.folder is not None else path
        if not path.exists() and beside.is_file():
            text = f"{path}: no such file; {beside} is beside the card: named without a folder it would be read"
            self.problems.add_once(line.where, text)
            return None
        if path.suffix in SUFFIXES:
            return self._of_table(path, name, where)
        if ":" in name:
            text = (
                f'"{name}" is an object of a RooWorkspace (or tree), which needs RooFit; histograms (TH1) can be read'
            )
            self.problems.add(where, text)
            return None
        if systematic or block[1] == DATA:
            contents = self.files.contents(path, name, where)
            return None if contents is None else Template(contents, np.zeros(contents.size), None)
        found = self.files.histogram(path, name, where, errors=block[0] in self.with_errors)
        if found is None:
            return None
        if len(found.shape) != 1:
            self.problems.add(where, f'"{name}" in {path} has {len(found.shape)} dimensions, a TH1 needed')
            return None
        return Template(found.values, found.errors, found.axis)

    def _of_table(self, path: Path, name: str, where: str) -> Template | None:
        found = self.tables.columns(path, name, where)
        if found is None:
            return None
        values, squares = found
        return Template(values, np.sqrt(squares), None)
