"""Where input lies: `<path><suffix>/<file><suffix>.root/<name><suffix>`, each part composed of what blocks say.

What the most special block says counts (side of a systematic, sample, region, job), suffixes of region, sample and side
are joined, and of lists the full product is taken.
"""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from wilks.errors import nearest_file
from wilks.trexfitter.analysis import Analysis
from wilks.trexfitter.grammar import Block, Setting

PARTS = ("Path", "File", "Name")


class Entry(NamedTuple):
    """One histogram, or tree: folder, file without its ending, and name in the file."""

    path: str
    file: str
    name: str

    @property
    def location(self) -> str:
        """The file."""
        return f"{self.path}/{self.file}.root" if self.path else f"{self.file}.root"


class Side(NamedTuple):
    """One side of a systematic: `Up` or `Down`."""

    block: Block
    side: str


@dataclass
class Composer:
    """Composes the input of every template, and remembers which settings made each file."""

    analysis: Analysis
    made_by: dict[str, list[Setting]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kind = "Ntuple" if self.analysis.ntuples else "Histo"

    def entries(self, region: Block, sample: Block, side: Side | None = None) -> list[Entry]:
        """Return the inputs whose sum is a template; none where a part of the path is missing, which is a mistake.

        Of histograms these are also those of the samples in `AddSample`, which have systematics of their own only.
        """
        others = self.analysis.added(sample)
        own = side if side and (not others or self.analysis.acts(side.block, region, sample)) else None
        found = self._own(region, sample, own)
        for other in others if found else []:
            varied = side if side and self.analysis.varies(side.block, region, other) else None
            found = [*found, *self._own(region, other, varied)]
        return found

    def _own(self, region: Block, sample: Block, side: Side | None) -> list[Entry]:
        sample = self.analysis.resolve(sample, region)
        used: list[Setting] = []
        parts: list[list[str]] = []
        for part in PARTS:
            bases = self._bases(part, region, sample, side, used)
            if not bases and part != "Path":
                tried = " or ".join(f"{self._kind}{part}{end}" for end in ("", "s"))
                text = (
                    f'nothing says {tried} for it in the region "{region.name}": not the sample, the region or the job'
                )
                self.analysis.notes.mistake(sample, None, text)
                return []
            suffixes = self._suffixes(part, region, sample, side, used)
            parts.append([base + suffix for base in bases or [""] for suffix in suffixes])
        folder = self._folder(region, sample, side)
        found = [
            Entry(path.rstrip("/") or path, file.removesuffix(".root"), _in_folder(name, folder))
            for path, file, name in itertools.product(*parts)
        ]
        for entry in found:
            self.made_by.setdefault(entry.location, used)
        return found

    def differs(self, side: Side) -> bool:
        """Return whether a side of a systematic has a path, file, name, suffix or folder of its own."""
        keys = [f"{self._kind}{part}{end}{side.side}" for part in PARTS for end in ("", "s", "Suf")]
        return any(key in side.block.settings for key in (*keys, f"HistoFolderName{side.side}"))

    def _bases(self, part: str, region: Block, sample: Block, side: Side | None, used: list[Setting]) -> list[str]:
        key = f"{self._kind}{part}"
        levels = [(side.block, side.side)] if side else []
        levels += [(sample, ""), (region, ""), (self.analysis.job, "")]
        for block, end in levels:
            setting = block.get(f"{key}s{end}")
            single = block.get(f"{key}{end}")
            if setting is not None or single is not None:
                used += [found for found in (setting, single) if found is not None]
                if block is self.analysis.job and key == "NtuplePath" and setting is not None and single is not None:
                    return [single.text, *setting.items]  # of a job, both count
                return setting.items if setting is not None else [single.text] if single is not None else []
        return []

    def _suffixes(self, part: str, region: Block, sample: Block, side: Side | None, used: list[Setting]) -> list[str]:
        joined = [[""]]
        for block in (region, sample):
            several, single = block.get(f"{self._kind}{part}Suffs"), block.get(f"{self._kind}{part}Suff")
            if several is not None:
                joined.append(several.items or [""])
            elif single is not None:
                joined.append([single.text])
            used += [found for found in (several, single) if found is not None]
        own = side.block.get(f"{self._kind}{part}Suf{side.side}") if side else None
        if side is None and part == "Name" and self._kind == "Histo":
            own = self.analysis.job.get("HistoNameNominal")
        if own is not None:
            joined.append([own.text])
            used.append(own)
        return ["".join(pieces) for pieces in itertools.product(*joined)]

    def _folder(self, region: Block, sample: Block, side: Side | None) -> str:
        if self._kind != "Histo":
            return ""
        own = side.block.text(f"HistoFolderName{side.side}") if side else ""
        return own or sample.text("HistoFolderName") or region.text("HistoFolderName")


def _in_folder(name: str, folder: str) -> str:
    """Return a name with its first folder replaced."""
    return f"{folder}/{name.split('/', 1)[-1]}" if folder else name


def absent_files(composer: Composer, config: Path) -> Iterator[str]:
    """Yield a sentence for each file that is in none of the folders, with the settings that made its name."""
    folders = [Path.cwd(), config.parent]
    for location, settings in composer.made_by.items():
        if "://" in location:
            continue
        candidates = [folder / os.path.expanduser(location) for folder in folders]
        if any(os.path.exists(path) or (glob.has_magic(location) and glob.glob(str(path))) for path in candidates):
            continue
        made = ", ".join(f"{s.key}: {s.text} (line {s.line.number})" for s in _last(settings))
        yield f'no input file "{location}", made of {made}{_near(candidates)}'


def _last(settings: Sequence[Setting]) -> list[Setting]:
    """Return settings of paths and files, each once: names are not part of the file's."""
    return list({id(s): s for s in settings if "Name" not in s.key}.values())


def _near(candidates: Sequence[Path]) -> str:
    for path in candidates:
        if os.path.isdir(path.parent):
            hint = nearest_file(path.name, (file.name for file in path.parent.iterdir()))
            if hint:
                return hint
    return ""
