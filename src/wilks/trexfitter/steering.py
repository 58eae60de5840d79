"""The document of a steering file, its parts in one layout of paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import nearest
from wilks.tlatex import plain
from wilks.trexfitter.analysis import DATA, Analysis, type_of
from wilks.trexfitter.combining import combined, members_of
from wilks.trexfitter.data import stand_in
from wilks.trexfitter.factors import Factors, factors_of
from wilks.trexfitter.grammar import Block
from wilks.trexfitter.job import general
from wilks.trexfitter.layout import Arranger, Layout, NoShortFormError, Pair
from wilks.trexfitter.paths import Composer, Entry
from wilks.trexfitter.regions import region_of
from wilks.trexfitter.samples import SampleWriter
from wilks.trexfitter.sides import SideWriter
from wilks.trexfitter.systematics import SystematicWriter

_PLACE = re.compile(r"\b([A-Z]\w+)\[(\d+)\]")


@dataclass
class Steering:
    """A steering file as a dictionary, comments by the names of its blocks, and the block that made each of these."""

    document: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    origins: dict[str, list[Block]] = field(default_factory=dict)

    def problem(self, sentence: str) -> str:
        """Return a mistake in the steering file as one in the configuration, with its line."""

        def named(match: re.Match[str]) -> str:
            block = self._origin(match[1], int(match[2]))
            return match[0] if block is None else f"the block of line {block.line.number}"

        place = re.match(r"config  (\w+)(?:\[(\d+)\])?(?:\.([\w.\[\]]+))?: ", sentence)
        block = None if place is None else self._origin(place[1], int(place[2] or 0))
        if place is None or block is None:
            return sentence
        setting = block.settings.get(place[3] or "")
        where = block.title if setting is None else f"{block.title}.{setting.key}"
        line = block.line if setting is None else setting.line
        return f"{line.place}  {where}: {_PLACE.sub(named, sentence[place.end() :])}"

    def _origin(self, key: str, number: int) -> Block | None:
        blocks = self.origins.get(key, [])
        return blocks[number] if number < len(blocks) else None


def steering_of(analysis: Analysis, composer: Composer) -> Steering | None:
    """Return the steering file of an analysis; None where paths can't be composed, which is among the mistakes."""
    nominal: dict[Pair, list[Entry]] = {}
    for sample in analysis.samples:
        for region in analysis.regions:
            if analysis.in_region(sample, region):
                entries = composer.entries(region, sample)
                if not entries:
                    return None
                nominal[region.name, sample.name] = entries
    if not nominal:
        analysis.notes.mistake(analysis.job, None, "no sample is in any region of the fit")
        return None
    for arranger, layout in _layouts(analysis, nominal):
        try:
            return _in_layout(analysis, composer, arranger, layout)
        except NoShortFormError:
            continue
    return None


def _layouts(analysis: Analysis, nominal: dict[Pair, list[Entry]]) -> Iterator[tuple[Arranger, Layout]]:
    """Yield ways to say paths, the best first; the last one can say all."""
    folder = _first_folder(analysis, nominal)
    if folder:
        arranger = Arranger(nominal, analysis.ntuples, folder)
        yield arranger, arranger.arranged()
    arranger = Arranger(nominal, analysis.ntuples)
    yield arranger, arranger.arranged()
    yield arranger, arranger.arranged(short=False)


def _first_folder(analysis: Analysis, nominal: dict[Pair, list[Entry]]) -> str:
    """Return the first folder of all names, where systematics replace it; empty otherwise."""
    if not any(f"HistoFolderName{side}" in s.settings for s in analysis.of("Systematic") for side in ("Up", "Down")):
        return ""
    folders = {
        entry.name.partition("/")[::2][0] for entries in nominal.values() for entry in entries if "/" in entry.name
    }
    whole = all("/" in entry.name for entries in nominal.values() for entry in entries)
    return folders.pop() if len(folders) == 1 and whole else ""


def _in_layout(analysis: Analysis, composer: Composer, arranger: Arranger, layout: Layout) -> Steering:
    found = Steering()
    said = general(analysis)
    said["InputPath"] = layout.input_path
    if layout.nominal and "{VariationPath}" in layout.input_path:
        said["VariationPath"] = layout.nominal
    writer = SampleWriter(analysis, layout, arranger.nominal)
    samples = [writer.sample_of(sample) for sample in analysis.samples]
    factors = factors_of(analysis)
    systematics = _systematics(
        analysis, SystematicWriter(analysis, SideWriter(analysis, composer, arranger, layout)), found
    )
    regions = [region_of(analysis, region, layout) for region in analysis.regions]
    if not any(type_of(sample) == DATA for sample in analysis.samples):
        samples = [stand_in(analysis, samples), *samples]
        found.origins["Samples"] = [analysis.job, *analysis.samples]
    _fixed(analysis, said, factors, systematics)
    groups = _groups(analysis, systematics)
    if groups:
        said["Groups"] = groups
    found.document = {"General": said, "Regions": regions, "Samples": samples, "NormFactors": factors.norm}
    found.document |= {"ShapeFactors": factors.shape} if factors.shape else {}
    found.document |= {"Systematics": systematics} if systematics else {}
    found.document |= {"Functions": factors.functions} if factors.functions else {}
    _comments(analysis, factors, found)
    found.origins.setdefault("Samples", analysis.samples)
    found.origins |= {"Regions": analysis.regions, "General": [analysis.job]}
    for key in ("NormFactors", "ShapeFactors", "Functions"):
        found.origins[key] = [factors.blocks[item["Name"]][0] for item in found.document.get(key, [])]
    return found


def _systematics(analysis: Analysis, writer: SystematicWriter, found: Steering) -> list[dict[str, Any]]:
    systematics: list[dict[str, Any]] = []
    if analysis.job.true("StatOnly"):
        return systematics
    groups = members_of(analysis.of("Systematic"))
    done: set[int] = set()
    for block in analysis.of("Systematic"):
        if id(block) in done:
            continue
        whole = combined(writer, groups[id(block)]) if id(block) in groups else None
        if whole is not None:
            done |= {id(member) for member in groups[id(block)]}
        made = writer.systematics_of(block) if whole is None else [whole]
        systematics += made
        found.origins.setdefault("Systematics", []).extend(block for _ in made)
        if made:
            found.comments[f"Systematics/{made[0]['Name']}"] = _with_title(block)
    return systematics


def _with_title(block: Block) -> list[str]:
    title = plain(block.text("Title"))
    return [*block.comments, title] if title and title != block.name else block.comments


def _comments(analysis: Analysis, factors: Factors, found: Steering) -> None:
    for kind, blocks in (("Regions", analysis.regions), ("Samples", analysis.samples)):
        for block in blocks:
            label = plain(block.text("Label") if kind == "Regions" else block.text("Title"))
            found.comments[f"{kind}/{block.name}"] = [
                *block.comments,
                *([label] if label and label != block.name else []),
            ]
    for kind in ("NormFactors", "ShapeFactors", "Functions"):
        for item in found.document.get(kind, []):
            name = item["Name"]
            title = plain(factors.titles.get(name, ""))
            found.comments[f"{kind}/{name}"] = [
                *factors.comments.get(name, []),
                *([title] if title and title != name else []),
            ]


def _fixed(analysis: Analysis, said: dict[str, Any], factors: Factors, systematics: list[dict[str, Any]]) -> None:
    """Put what is constant into General, and check that the parameters of interest are there."""
    known = [*factors.names(), *(item.get("ModifierName", item["Name"]) for item in systematics)]
    names = [*known, *(item["Name"] for item in systematics)]
    fixed = []
    for item in factors.fixed:
        if item["Name"] in names:
            fixed.append(item)
        elif item["Name"] in _apart(analysis):
            text = f'"{item["Name"]}" is not in the fit, so there is nothing to fix'
            analysis.notes.approximate(analysis.first("Fit"), "FixNPs", text)
        else:
            fit = analysis.first("Fit")
            analysis.notes.mistake(fit, "FixNPs", f'no parameter "{item["Name"]}"{nearest(item["Name"], names)}')
    if fixed:
        said["Fixed"] = fixed
    for poi in [said["POI"]] if "POI" in said else said.get("POIs", []):
        if poi not in known:
            key = "POI" if "POI" in analysis.job.settings else "POIs"
            text = f'no NormFactor "{poi}" acts on a sample in the regions of the fit{nearest(poi, known)}'
            analysis.notes.mistake(analysis.job, key, text)


def _apart(analysis: Analysis) -> set[str]:
    """Return the names of all parameters that blocks have, whether they are in the fit or not."""
    blocks = [*analysis.of("Systematic"), *analysis.of("NormFactor")]
    return {block.text("NuisanceParameter") or block.name for block in blocks} | {block.name for block in blocks}


def _groups(analysis: Analysis, systematics: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the groups that a breakdown takes apart: by SubCategory, else by Category."""
    groups: dict[str, list[str]] = {}
    by_name = {item["Name"]: item for item in systematics}
    for block in analysis.of("Systematic"):
        label = block.text("SubCategory") or block.text("Category")
        if label and block.name in by_name:
            groups.setdefault(label, []).append(block.name)
    return groups
