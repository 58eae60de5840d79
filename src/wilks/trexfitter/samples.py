"""Samples: input, weight and selection, in all regions and where some differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wilks.trexfitter.analysis import DATA, GHOST, Analysis, type_of
from wilks.trexfitter.events import Events, by_pairs, number_of, product, scales_of
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, number
from wilks.trexfitter.job import colour_of, threshold
from wilks.trexfitter.layout import Cells, Layout, Pair
from wilks.trexfitter.paths import Entry

# Sums and quotients of samples, and what else a sample is made of.
_ALGEBRA = (
    *("AddSample", "AddSamples", "SubtractSample", "SubtractSamples", "MultiplyBy", "DivideBy", "NormToSample"),
    *("AsimovReplacementFor", "SystFromSample", "CorrelateGammasWithSample", "CorrelateGammasInRegions"),
)


# What one block says for all regions, where several blocks have one name.
_ALIKE = {"Type": "BACKGROUND", "UseMCstat": "TRUE", "UseSystematics": "TRUE", "SeparateGammas": "FALSE"}
_ALIKE |= {"Smooth": "FALSE", "MCstatScale": "1"} | dict.fromkeys(_ALGEBRA, "")


@dataclass(frozen=True)
class SampleWriter:
    """Writes samples, in one layout of paths."""

    analysis: Analysis
    layout: Layout
    nominal: Cells

    def sample_of(self, sample: Block) -> dict[str, Any]:
        """Return the sample of the steering file that a block says."""
        regions = [r for r in self.analysis.regions if self.analysis.in_region(sample, r)]
        names = [region.name for region in regions]
        found: dict[str, Any] = {"Name": sample.name}
        data = type_of(sample) == DATA
        entries = {name: self.nominal.get((name, sample.name), ()) for name in names}
        overrides: list[dict[str, Any]] = []
        if self.analysis.ntuples:
            found |= self._trees(sample, entries, overrides)
        paths = self._paths(sample, names, overrides)
        if "Sources" not in found and paths:
            found["SamplePath"] = paths[0] if len(paths) == 1 else paths
        if self.analysis.ntuples:
            found |= self._events(sample, regions, overrides)
        if data:
            found["Data"] = True
        elif len(names) < len(self.analysis.regions):
            found["Regions"] = names
        found |= self._scale(sample, regions, overrides, found)
        if not data:
            found |= self._of_model(sample)
        if overrides:
            found["Overrides"] = overrides
        return found

    def _scale(
        self, sample: Block, regions: Sequence[Block], overrides: list[dict[str, Any]], found: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the factor on histograms, or on each of their inputs; of ntuples it is part of the weight."""
        if self.analysis.ntuples or not regions:
            return {}
        scales = {r.name: Events(self.analysis).scale(self.analysis.resolve(sample, r)) for r in regions}
        several = scales_of(sample)
        for part in self.analysis.added(sample):
            theirs = {Events(self.analysis).scale(self.analysis.resolve(part, region)) for region in regions}
            if theirs != {*scales.values()} or max(len(several), len(scales_of(part))) > 1:
                key = "AddSample" if "AddSample" in sample.settings else "AddSamples"
                text = f'"{part.name}" is scaled by another number; the sum has the scale of "{sample.name}"'
                self.analysis.notes.cannot(sample, key, text)
        if 0 in scales.values() or (len(several) > 1 and len(self.analysis.variants[sample.name]) > 1):
            text = "histograms are not scaled by 0, nor each input of blocks of one name by its own factor"
            self.analysis.notes.cannot(sample, next((k for k in sample.settings if "LumiScale" in k), None), text)
            return {}
        if len(several) > 1:
            return self._scaled_inputs(sample, several, scales[regions[0].name], found, overrides)
        values: dict[Pair, dict[str, object]] = {
            (name, sample.name): {"Scale": scale} if scale != 1 else {} for name, scale in scales.items()
        }
        common, others = _most(values, [*scales])
        overrides += [{"Scale": 1, **block} for block in others]
        return common

    def _scaled_inputs(
        self,
        sample: Block,
        several: list[str],
        common: float,
        found: dict[str, Any],
        overrides: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Return `Sources` of histograms with a scale for each; their paths leave those of the sample."""
        paths = found.get("SamplePath")
        numbers = [number(text) for text in several]
        if not isinstance(paths, list) or len(paths) != len(several):
            there = len(paths) if isinstance(paths, list) else 1
            text = f"{len(several)} scales for {there} inputs: one for all, or one for each"
            self.analysis.notes.mistake(sample, _scale_key(sample), text)
            return {}
        if any("SamplePath" in block for block in overrides):
            text = "inputs differ by region, and each has a scale of its own: none of them is scaled here"
            self.analysis.notes.cannot(sample, _scale_key(sample), text)
            return {}
        del found["SamplePath"]
        scaled = [(path, common * (value or 0)) for path, value in zip(paths, numbers, strict=True)]
        sources = [{"SamplePath": path} | ({"Scale": scale} if scale != 1 else {}) for path, scale in scaled if scale]
        return {"Sources": sources}

    def _of_model(self, sample: Block) -> dict[str, Any]:
        found: dict[str, Any] = {}
        notes = self.analysis.notes
        for other in self.analysis.variants[sample.name][1:]:
            for key in _ALIKE:
                default = _ALIKE[key]
                if (other.text(key) or default).upper() != (sample.text(key) or default).upper():
                    text = f"the block of line {sample.line.number} has the same name, and counts in all regions"
                    notes.cannot(other, key if key in other.settings else None, text)
        stat_only = self.analysis.job.true("StatOnly")
        apart = sample.true("SeparateGammas") or sample.true("SeparateGamma")
        if threshold(self.analysis) is None or stat_only or not (apart or sample.true("UseMCstat", default=True)):
            found["DisableStaterror"] = True
        elif apart:
            found["SeparateStaterror"] = True
            if sample.true("UseMCstat"):
                text = "with UseMCstat: TRUE it takes part in the shared parameters, too; here it has its own alone"
                notes.approximate(sample, "SeparateGammas", text)
        if type_of(sample) == GHOST:
            found["Ghost"] = True
        if type_of(sample) in ("BACKGROUND", GHOST) and can("minimum yield"):
            found["MinimumYield"] = 1e-6
        if sample.true("Smooth"):
            if can("smooth"):
                found["Smooth"] = True
                text = "variations keep their ratio to the smoothed nominal histogram; TRExFitter leaves them as read"
                notes.approximate(sample, "Smooth", text)
            else:
                notes.cannot(sample, "Smooth", "can not be said yet: the nominal histogram is not smoothed")
        factor = number_of(self.analysis, sample, "MCstatScale")
        if factor is not None and factor != 1:
            if can("staterror scale"):
                found["StaterrorScale"] = factor
            else:
                notes.cannot(sample, "MCstatScale", "can not be said yet: statistical uncertainties are as they are")
        for key in _ALGEBRA:
            setting = sample.get(key)
            if setting is not None and not (key in ("AddSample", "AddSamples") and not self.analysis.ntuples):
                notes.cannot(
                    sample, setting, "sums, products and quotients of samples are not made; this one is as it is read"
                )
        if "FillColor" in sample.settings or "FillColorRGB" in sample.settings:
            shown = colour_of(sample)
            if shown:
                found["Color"] = shown
        return found

    def _trees(
        self, sample: Block, entries: dict[str, Sequence[Entry]], overrides: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return `Tree`, or `Sources` where trees or scales of the inputs differ."""
        trees = {name: list(dict.fromkeys(entry.name for entry in found)) for name, found in entries.items() if found}
        if not trees:
            return {}
        first = next(iter(trees.values()))
        scales = scales_of(sample)
        if len(first) == 1 and len(scales) < 2 and all(len(found) == 1 for found in trees.values()):
            values: dict[Pair, dict[str, object]] = {(r, sample.name): {"Tree": found[0]} for r, found in trees.items()}
            common, others = _most(values, [*trees])
            overrides += others
            return {"Tree": common["Tree"]}
        if any(found != first for found in trees.values()):
            text = f"trees of several names that differ by region; here only {first[0]} is read"
            self.analysis.notes.cannot(sample, None, text)
            return {"Tree": first[0]}
        return self._sources(sample, next(iter(entries)), scales)

    def _sources(self, sample: Block, region: str, scales: list[str]) -> dict[str, Any]:
        entries = self.nominal[region, sample.name]
        paths = self._values(region, sample.name, entries)
        if len(scales) > 1 and len(scales) != len(entries):
            text = f"{len(scales)} scales for {len(entries)} inputs: one for all, or one for each"
            self.analysis.notes.mistake(sample, _scale_key(sample), text)
            return {"Tree": entries[0].name}
        alike: dict[tuple[str, str], list[str]] = {}
        for number_, (entry, path) in enumerate(zip(entries, paths, strict=True)):
            scale = scales[number_] if len(scales) > 1 else ""
            alike.setdefault((entry.name, scale), []).append(path)
        sources = []
        for (tree, scale), found in alike.items():
            source: dict[str, Any] = {"Tree": tree, "SamplePath": found[0] if len(found) == 1 else found}
            if scale and number(scale) == 0:
                continue
            if scale and number(scale) != 1:
                source["Scale"] = number(scale)
            sources.append(source)
        if len(sources) == 1:
            return sources[0]
        if len({tree for tree, _ in alike}) == 1:
            for source in sources:
                del source["Tree"]
            return {"Tree": entries[0].name, "Sources": sources}
        return {"Sources": sources}

    def _values(self, region: str, sample: str, entries: Sequence[Entry]) -> list[str]:
        if self.layout.whole:
            return list(self.layout.cells[region, sample])
        return list(self.layout.samples[sample])

    def _paths(self, sample: Block, regions: list[str], overrides: list[dict[str, Any]]) -> list[str]:
        """Return `SamplePath`, and add what is another one in some regions."""
        cells = {r: self._values(r, sample.name, ()) for r in regions if (r, sample.name) in self.nominal}
        if not cells or not all(cells.values()):
            return []
        values: dict[Pair, dict[str, object]] = {
            (r, sample.name): {"SamplePath": [*paths]} for r, paths in cells.items()
        }
        common, others = _most(values, [*cells])
        for paths in cells.values():
            if len(set(paths)) < len(paths):
                again = next(path for path in paths if paths.count(path) > 1)
                text = f'"{again}" stands twice, and TRExFitter reads it twice; here it counts once'
                self.analysis.notes.cannot(sample, _file_key(sample), text)
        for block in (common, *others):
            block["SamplePath"] = list(dict.fromkeys(block["SamplePath"]))
            if len(block["SamplePath"]) == 1:
                block["SamplePath"] = block["SamplePath"][0]
        overrides += others
        found = common["SamplePath"]
        return [found] if isinstance(found, str) else found

    def _events(self, sample: Block, regions: Sequence[Block], overrides: list[dict[str, Any]]) -> dict[str, Any]:
        """Return weight and selection, and add what differs in some regions."""
        events = Events(self.analysis)
        found: dict[str, Any] = {}
        names = [region.name for region in regions]
        if regions:
            base = events.weight(regions[0], sample)[0]
            if base:
                found["Weight"] = base
            factors: dict[Pair, dict[str, object]] = {}
            for region in regions:
                own, factor = events.weight(region, sample)
                factor = product([factor])
                full = (product(["{Weight}", factor]) if base else factor) if factor else ""
                if own != base:  # another block of the same name
                    full = product([own, factor]) or "1"
                factors[region.name, sample.name] = {"Weight": full} if full else {}
            overrides += by_pairs(factors, names, [sample.name])
        cuts: dict[Pair, dict[str, object]] = {}
        variables: dict[Pair, dict[str, object]] = {}
        for region in regions:
            own = events.own_cuts(region, sample)
            cuts[region.name, sample.name] = {"Filter": own} if own != "{Filter}" else {}
            other = events.variable(region, sample)
            variables[region.name, sample.name] = {"Variable": other} if other else {}
        said = by_pairs(cuts, names, [sample.name])
        if len(said) == 1 and len(said[0]) == 1 and "{Filter}" not in str(said[0]["Filter"]):
            found["Filter"] = said[0]["Filter"]
        else:
            overrides += said
        overrides += by_pairs(variables, names, [sample.name])
        for block in overrides:
            block.pop("Samples", None)
        return found


def _scale_key(sample: Block) -> str:
    return "LumiScales" if "LumiScales" in sample.settings else "LumiScale"


def _file_key(sample: Block) -> str | None:
    return next((key for key in sample.settings if "File" in key), None)


def _most(values: dict[Pair, dict[str, object]], regions: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what most regions have, and blocks for the others."""
    texts = [repr(value) for value in values.values()]
    common = max(texts, key=texts.count)
    base = next(value for value in values.values() if repr(value) == common)
    others: dict[str, tuple[dict[str, object], list[str]]] = {}
    for (region, _), value in values.items():
        if repr(value) != common:
            others.setdefault(repr(value), (value, []))[1].append(region)
    return dict(base), [{"Regions": names} | value for value, names in others.values()]
