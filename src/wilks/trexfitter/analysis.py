"""A configuration as an analysis: its blocks by type, regions and samples by name, and which act on which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from wilks.errors import nearest
from wilks.trexfitter.grammar import Block, Contents
from wilks.trexfitter.keys import REFUSED, Kind, kind_of, refused_because
from wilks.trexfitter.keys import TABLE as KEYS
from wilks.trexfitter.notes import Notes
from wilks.trexfitter.values import problem

# Lists of names, and of what.
_NAMING = {"Regions": "Region", "Samples": "Sample", "Exclude": "Region or Sample", "DropShapeIn": "Region or Sample"}
_NAMING |= {"DropNorm": "Region or Sample", "DummyForSamples": "Sample", "ReferenceSmoothing": "Sample"}
_NAMING |= {"AddSample": "Sample", "AddSamples": "Sample"}
_MANY = 12
# Places that one sentence names.
DATA, GHOST = "DATA", "GHOST"
TYPES = (DATA, GHOST, "SIGNAL", "BACKGROUND")


@dataclass
class Analysis:
    """Blocks of one fit. `regions` and `samples` are those of the steering file that is being written."""

    job: Block
    blocks: Sequence[Block]
    notes: Notes
    regions: list[Block] = field(default_factory=list)
    samples: list[Block] = field(default_factory=list)
    variants: dict[str, list[Block]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Block]:
        """Return the blocks of one type."""
        return self._by_type.get(kind, [])

    @cached_property
    def _by_type(self) -> dict[str, list[Block]]:
        found: dict[str, list[Block]] = {}
        for block in self.blocks:
            found.setdefault(block.type, []).append(block)
        return found

    @cached_property
    def places(self) -> dict[int, int]:
        """How many systematics of the same name stand before one, by its id."""
        names: dict[str, int] = {}
        found = {}
        for block in self.of("Systematic"):
            found[id(block)] = names[block.name] = names.get(block.name, -1) + 1
        return found

    def first(self, kind: str) -> Block:
        """Return the block of a type that stands once, an empty one where there is none."""
        return next(iter(self.of(kind)), Block(kind, "", self.job.line))

    @cached_property
    def ntuples(self) -> bool:
        """Whether the input is ntuples."""
        setting = self.job.get("ReadFrom")
        return setting is not None and setting.word.startswith("NTUP")

    @property
    def simulated(self) -> list[Block]:
        """The samples that are part of the model."""
        return [sample for sample in self.samples if type_of(sample) not in (DATA, GHOST)]

    def in_region(self, sample: Block, region: Block) -> bool:
        """Return whether a sample is in a region."""
        return any(self._is_in(block, region) for block in self.variants.get(sample.name, [sample]))

    def resolve(self, sample: Block, region: Block) -> Block:
        """Return the block of a sample that holds in a region: one name may stand for several in different regions."""
        blocks = self.variants.get(sample.name, [sample])
        return next((block for block in blocks if self._is_in(block, region)), sample) if len(blocks) > 1 else sample

    def _is_in(self, block: Block, region: Block) -> bool:
        return self.listed(block, "Regions", region) and not self.excluded(block, region, None)

    def listed(self, block: Block, key: str, other: Block) -> bool:
        """Return whether a list of a block has another block, or all."""
        names = block.items(key)
        return not names or any(_matches(name, other.name) for name in names)

    def excluded(self, block: Block, region: Block, sample: Block | None) -> bool:
        """Return whether `Exclude`, which mixes regions and samples, has either."""
        names = block.items("Exclude")
        return any(
            _matches(name, region.name) or (sample is not None and _matches(name, sample.name)) for name in names
        )

    def acting(self, block: Block, samples: Iterable[Block] | None = None) -> list[tuple[Block, Block]]:
        """Return region and sample of every template that a factor or a systematic acts on."""
        pairs = []
        for sample in self.simulated if samples is None else samples:
            if self.listed(block, "Samples", sample) or sample.name in block.items("DummyForSamples"):
                pairs += [(region, sample) for region in self.regions if self.acts(block, region, sample)]
        return pairs

    def acts(self, block: Block, region: Block, sample: Block) -> bool:
        """Return whether a factor or a systematic acts on a template."""
        apart = [item.split(":", 1) for item in block.items("ExcludeRegionSample") if ":" in item]
        return (
            (self.listed(block, "Samples", sample) or sample.name in block.items("DummyForSamples"))
            and self.listed(block, "Regions", region)
            and self.in_region(sample, region)
            and not self.excluded(block, region, sample)
            and not any(_matches(r, region.name) and _matches(s, sample.name) for r, s in apart)
        )

    def varies(self, systematic: Block, region: Block, sample: Block) -> bool:
        """Return whether a systematic varies a sample, which may be a ghost, in a region."""
        used = sample.true("UseSystematics", default=type_of(sample) != GHOST)
        return used and self.acts(systematic, region, sample)

    def added(self, sample: Block) -> list[Block]:
        """Return the samples that are added to a sample, of histograms."""
        names = [] if self.ntuples else [*sample.items("AddSamples"), *sample.items("AddSample")]
        return [block for name in names for block in self.of("Sample") if block.name == name and block is not sample]

    @property
    def templates(self) -> list[tuple[Block, Block]]:
        """Region and sample of all templates of the model."""
        return [(r, s) for s in self.simulated for r in self.regions if self.in_region(s, r)]


def type_of(sample: Block) -> str:
    """Return the type of a sample in capitals: DATA, GHOST, SIGNAL or BACKGROUND."""
    setting = sample.get("Type")
    return setting.word if setting is not None and setting.word in TYPES else "BACKGROUND"


def _matches(pattern: str, name: str) -> bool:
    if pattern == name or pattern.casefold() == "all":
        return True
    return ("*" in pattern or "?" in pattern) and fnmatchcase(name, pattern.replace("[", "[[]"))


def where(analysis: Analysis, pairs: Sequence[tuple[Block, Block]]) -> dict[str, object]:
    """Return `Samples`, `Regions` and `Exclude` that stand for templates (those of the model are all)."""
    everything = analysis.templates
    wanted = {(r.name, s.name) for r, s in pairs}
    if len(wanted) == len(everything):
        return {}
    samples = [s.name for s in analysis.simulated if any(name == s.name for _, name in wanted)]
    regions = [r.name for r in analysis.regions if any(name == r.name for name, _ in wanted)]
    found: dict[str, object] = {}
    if len(samples) < len({s.name for _, s in everything}):
        found["Samples"] = samples
    inside_all = all((r.name, s.name) in wanted for r, s in everything if s.name in samples)
    if len(regions) < len({r.name for r, _ in everything}) and not (inside_all and "Samples" in found):
        found["Regions"] = regions
    apart: dict[tuple[str, ...], list[str]] = {}
    for sample in samples:
        inside = [r.name for r, s in everything if s.name == sample and r.name in regions]
        missing = tuple(name for name in inside if (name, sample) not in wanted)
        if missing:
            apart.setdefault(missing, []).append(sample)
    if apart:
        found["Exclude"] = [{"Samples": names, "Regions": list(missing)} for missing, names in apart.items()]
    return found


def analysis_of(contents: Contents, notes: Notes) -> Analysis | None:
    """Return the analysis that blocks describe, their settings counted and what is unknown added to the mistakes."""
    jobs = [block for block in contents.blocks if block.type == "Job"]
    if len(jobs) != 1:
        what = f"{len(jobs)} blocks" if jobs else "no block"
        label = str(contents.files[0]) if contents.files else "the file"
        text = f"{what} of type Job; a configuration has exactly one"
        if any(block.type == "MultiFit" for block in contents.blocks):
            text = "a multi-fit is several analyses; wilks import-trex -o FILE writes them, and what combines them"
        notes.mistakes.append(f"{label}: {text}")
        return None
    analysis = Analysis(jobs[0], contents.blocks, notes)
    refused: dict[str, list[str]] = {}
    for block in contents.blocks:
        _count(block, notes, refused)
    for what, places in refused.items():
        text = f"{what} is not among what wilks does, and this configuration can't be imported: {_some(places)}"
        notes.mistakes.append(f"{analysis.job.line.label}  {text}")
    _unique(analysis)
    if "ReadFrom" not in analysis.job.settings:
        notes.mistake(analysis.job, None, 'missing setting "ReadFrom": HIST or NTUP')
    _names_exist(analysis)
    return analysis


def _some(places: list[str]) -> str:
    rest = f" and {len(places) - _MANY} more" if len(places) > _MANY else ""
    return ", ".join(places[:_MANY]) + rest


def _count(block: Block, notes: Notes, refused: dict[str, list[str]]) -> None:
    """Count the settings of a block by what becomes of them; unknown ones are mistakes, refused ones are collected."""
    if block.type in REFUSED:
        refused.setdefault(REFUSED[block.type], []).append(f"{block.title} (line {block.line.number})")
    for key, setting in block.settings.items():
        kind = kind_of(block.type, key)
        if kind is None:
            known = KEYS.get(block.type, {})
            notes.mistake(block, setting, f"no such setting of a {block.type}{nearest(key, known)}")
            continue
        notes.kinds[id(setting)] = (setting, block, kind)
        what = refused_because(block.type, key, setting.word)
        wrong = problem(block.type, key, setting)
        if wrong and what is None:
            notes.mistake(block, setting, wrong)
        if what is not None:
            refused.setdefault(what, []).append(f"{block.title}.{key} (line {setting.line.number})")
            notes.kinds[id(setting)] = (setting, block, Kind.NONE)


def _unique(analysis: Analysis) -> None:
    for kind in ("Region", "Sample", "ShapeFactor"):
        first: dict[str, Block] = {}
        for block in analysis.of(kind):
            other = first.setdefault(block.name, block)
            if other is not block and not (kind == "Sample" and _apart(other, block)):
                analysis.notes.mistake(block, None, f"the name is taken by the block of line {other.line.number}")


def _apart(one: Block, other: Block) -> bool:
    """Return whether two samples of one name are in different regions."""
    first, second = set(one.items("Regions")), set(other.items("Regions"))
    return bool(first) and bool(second) and first.isdisjoint(second)


def _names_exist(analysis: Analysis) -> None:
    """Every region and sample that is named exists, unless the job allows others."""
    known = {kind: {block.name for block in analysis.of(kind)} for kind in ("Region", "Sample")}
    known["Region or Sample"] = known["Region"] | known["Sample"]
    for block in analysis.blocks:
        if block.type not in ("Sample", "NormFactor", "ShapeFactor", "Systematic"):
            continue
        for key, what in _NAMING.items():
            what = "Region" if (block.type, key) == ("Sample", "Exclude") else what
            for name in block.settings[key].items if key in block.settings else []:
                _exists(analysis, block, key, name, what.lower(), known[what])
        for pair in block.settings["ExcludeRegionSample"].items if "ExcludeRegionSample" in block.settings else []:
            region, colon, sample = pair.partition(":")
            if not colon:
                analysis.notes.mistake(block, "ExcludeRegionSample", f'must be region:sample, found "{pair:.40}"')
                continue
            _exists(analysis, block, "ExcludeRegionSample", region.strip(), "region", known["Region"])
            _exists(analysis, block, "ExcludeRegionSample", sample.strip(), "sample", known["Sample"])


def _exists(analysis: Analysis, block: Block, key: str, name: str, what: str, known: set[str]) -> None:
    if name.casefold() == "none" or any(_matches(name, other) for other in known):
        return
    if analysis.job.true("AllowWrongRegionSample"):
        text = f'there is no {what} "{name}", which AllowWrongRegionSample lets pass'
        analysis.notes.approximate(block, key, text)
    else:
        analysis.notes.mistake(block, key, f'no {what} "{name}"{nearest(name, known)}')
