"""Systematics: on which templates, their sides, and how they are processed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from wilks.errors import nearest
from wilks.trexfitter.analysis import Analysis, where
from wilks.trexfitter.events import by_pairs, number_of
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, number
from wilks.trexfitter.job import prunes
from wilks.trexfitter.layout import Pair
from wilks.trexfitter.processing import keep_yield, smoothing, symmetrisation
from wilks.trexfitter.sides import SideWriter

SIDES = ("Up", "Down")
Pairs = Sequence[tuple[Block, Block]]


@dataclass(frozen=True)
class SystematicWriter:
    """Writes systematics; `sides` writes their sides."""

    analysis: Analysis
    sides: SideWriter

    def systematics_of(self, block: Block) -> list[dict[str, Any]]:
        """Return the systematics of the steering file that a block says: none, one or several with one parameter."""
        notes = self.analysis.notes
        setting = block.get("Type")
        kind = setting.word if setting is not None else "HISTO"
        pairs = [pair for pair in self.analysis.acting(block) if pair[1].true("UseSystematics", default=True)]
        pairs += self._inherited(block, kind)
        if kind == "STAT":
            notes.cannot(block, setting, "an uncertainty of Type STAT has no like here, and is left out")
            return []
        if not pairs:
            for key in block.settings:
                block.get(key)
            notes.approximate(block, None, "acts on no sample in the regions of the fit, and is left out")
            return []
        base: dict[str, Any] = {"Name": block.name, "Type": "Normalization"}
        base |= self.parameter(block)
        again = self._number(block)
        if again:
            base |= {"Name": self.free_name(f"{block.name}_{again + 1}")}
            base.setdefault("ModifierName", block.name)
        if kind == "OVERALL" and self._shapeacc(block):
            base["ModifierName"] = f"{base.get('ModifierName', block.name)}_Acc"
        if kind == "OVERALL":
            return [{**base, **where(self.analysis, pairs), **self._overall(block, pairs)}]
        if kind == "SHAPE":
            return self._bin_by_bin(block, base, pairs)
        return self._histograms(block, base, pairs)

    def _inherited(self, block: Block, kind: str) -> list[tuple[Block, Block]]:
        """Return templates of sums that vary with what is added to them, and by no systematic of their own."""
        found = []
        for total in self.analysis.simulated:
            parts = self.analysis.added(total)
            if not parts or not total.true("UseSystematics", default=True):
                continue
            for region in self.analysis.regions:
                inside = self.analysis.in_region(total, region) and not self._varied(block, region, total)
                if inside and any(self.analysis.varies(block, region, part) for part in parts):
                    found.append((region, total))
        if found and (kind != "HISTO" or block.get("Decorrelate") is not None):
            text = f'acts on a part of "{found[0][1].name}"; TRExFitter varies that part of the sum, and here it stays'
            self.analysis.notes.cannot(block, "Type" if kind != "HISTO" else "Decorrelate", text)
            return []
        return found

    def _varied(self, block: Block, region: Block, sample: Block) -> bool:
        """Return whether a systematic with the parameter of another one varies a sample in a region."""
        name = block.text("NuisanceParameter") or block.name
        alike = [b for b in self.analysis.of("Systematic") if (b.text("NuisanceParameter") or b.name) == name]
        return any(self.analysis.varies(each, region, sample) for each in alike)

    def free_name(self, name: str) -> str:
        """Return a name that no systematic has."""
        taken = {block.name for block in self.analysis.of("Systematic")}
        while name in taken:
            name += "_"
        return name

    def _number(self, block: Block) -> int:
        """Return how many systematics of the same name stand before: they share a parameter."""
        return self.analysis.places[id(block)]

    def parameter(self, block: Block) -> dict[str, Any]:
        """Return what is said of the parameter: its name, whether it is free, and whether there are several."""
        found: dict[str, Any] = {}
        job = self.analysis.job
        name = block.text("NuisanceParameter") or block.name
        patterns = job.items("DecorrSysts")
        suffix = job.text("DecorrSuff", "_decor")
        if any(_like(pattern, name) for pattern in patterns):
            name += suffix
        if name != block.name:
            found["ModifierName"] = name
        if block.true("IsFreeParameter"):
            found["Constraint"] = "None"
        if block.true("NoPruning") and can("no pruning"):
            found |= {"DisablePruning": True} if prunes(self.analysis) else {}
        elif block.true("NoPruning"):
            self.analysis.notes.cannot(block, "NoPruning", "can not be said yet: it is pruned as all others are")
        apart = block.get("Decorrelate")
        if apart is not None and apart.word in ("REGION", "SAMPLE"):
            found["Decorrelate"] = apart.word.lower()
        return found

    def _bin_by_bin(self, block: Block, base: dict[str, Any], pairs: Pairs) -> list[dict[str, Any]]:
        """Return a systematic of Type SHAPE: each bin has its own parameter, and the size that Up has there."""
        notes, word = self.analysis.notes, block.text("Symmetrisation").upper()
        given = [side for side in SIDES if self.sides.given(block, side)]
        one_sided = len(given) == 1 and word == "ONESIDED"
        if not (one_sided or ("Up" in given and word in ("", "NONE", "FALSE"))):
            text = "the size of each bin is that of Up, as it is read, or of one side alone; it is left out"
            notes.cannot(block, "Symmetrisation" if word else "Type", text)
            return []
        regions = [region.name for region, _ in pairs]
        apart = base.pop("Decorrelate", "")
        base.pop("Constraint", None)
        if len(regions) > len({*regions}) and apart != "sample":
            text = "samples of a region share the parameters of its bins in TRExFitter; here each sample has its own"
            notes.cannot(block, "Type", text)
        side = given[0] if one_sided else "Up"
        said = {**base, "Type": "ShapeSys", **where(self.analysis, pairs)}
        said |= {"Up": self.written_sides(block, [side], pairs)[side], "Down": {"Symmetrize": True}}
        said |= smoothing(self.analysis, block, pairs) | ({"DisablePruning": True} if prunes(self.analysis) else {})
        return [_in_order(said)]

    def _overall(self, block: Block, pairs: Pairs) -> dict[str, Any]:
        found: dict[str, Any] = {}
        regions = list(dict.fromkeys(region.name for region, _ in pairs))
        for side in SIDES:
            size = number_of(self.analysis, block, f"Overall{side}") or 0
            common, others = self._scales(block, side)
            found[side] = {"Normalization": size * common}
            own = [{"Regions": [r], "Normalization": size * others[r]} for r in regions if others.get(r, 1) != 1]
            if own:
                found[side]["Overrides"] = own
        for key in ("Symmetrisation", "Smoothing"):
            block.get(key)
        return found

    def _scales(self, block: Block, side: str) -> tuple[float, dict[str, float]]:
        """Return the factor on a side, and factors of single regions."""
        setting = block.get(f"Scale{side}")
        if setting is None:
            return 1, {}
        common = number(setting.text)
        if common is not None:
            return common, {}
        others: dict[str, float] = {}
        for item in setting.items:
            name, _, text = item.rpartition(":")
            value, known = number(text), [region.name for region in self.analysis.of("Region")]
            if value is None:
                text = f'must be a number, or region:number for some; found "{item:.40}"'
                self.analysis.notes.mistake(block, setting, text)
            elif name not in known:
                self.analysis.notes.mistake(block, setting, f'no region "{name}"{nearest(name, known)}')
            else:
                others[name] = value or 1
        return 1, others

    def _histograms(self, block: Block, base: dict[str, Any], pairs: Pairs) -> list[dict[str, Any]]:
        given = [side for side in SIDES if self.sides.given(block, side)]
        if not given:
            text = "says no path, name or weight that differs, on either side; it has no effect, and is left out"
            self.analysis.notes.approximate(block, None, text)
            return []
        base = {**base, "Type": "NormPlusShape"}
        if any("OverallUp" in key or "OverallDown" in key for key in block.settings):
            for key in ("OverallUp", "OverallDown"):
                block.get(key)
        reference = self._reference(block)
        found = []
        parts = self._parts(block, base, pairs)
        if len(parts) > 1 and not self._shapeacc(block) and block.get("KeepNormForSamples") is not None:
            text = "samples whose shapes or yields are dropped keep their yields apart from those of the others"
            self.analysis.notes.cannot(block, "KeepNormForSamples", text)
        self._note_yields_of_shapes(block, pairs)
        for part, acting in parts:
            said = {**part, **where(self.analysis, acting), **self.written_sides(block, given, acting)}
            self._scale_differences(block, said, given, acting)
            flat = part["Type"] == "NormOnly" and not self._shapeacc(block)
            smooth = {} if flat else smoothing(self.analysis, block, acting)
            shape = part["Type"] == "ShapeOnly" and not self._shapeacc(block)
            said |= symmetrisation(self.analysis, block, given, normalised=shape or flat, smoothed=bool(smooth))
            said |= smooth | reference
            if part["Type"] != "ShapeOnly":
                said |= keep_yield(self.analysis, block, acting)
            found.append(_in_order(said))
        return found

    def _note_yields_of_shapes(self, block: Block, pairs: Pairs) -> None:
        """Note a shape alone that has a yield in TRExFitter: of a sample, by rules that take bins from both sides."""
        word = block.text("Symmetrisation").upper()
        samples = {sample.name for _, sample in pairs}
        if word in ("ABSMEAN", "MAXIMUM", "MAXIMUMKEEPSIGN") and samples & {*block.items("DropNorm")}:
            text = f"{word} changes the yield of a shape; TRExFitter keeps that for samples, and drops it for regions"
            self.analysis.notes.approximate(block, "DropNorm", text)

    def _scale_differences(self, block: Block, said: dict[str, Any], given: Sequence[str], pairs: Pairs) -> None:
        """Add factors on the differences from nominal to the sides of a systematic of varied histograms."""
        alone = said["Type"] == "ShapeOnly" and not self._shapeacc(block)
        for side in SIDES:
            common, others = self._scales(block, side)
            inside = {region.name: others[region.name] for region, _ in pairs if others.get(region.name, 1) != 1}
            if side not in given or (common == 1 and not inside):
                continue
            if common == 0 or alone or self.analysis.job.true("AlternativeShapeHistFactory"):
                text = "differences by 0, and those of shapes alone, are not scaled; they are as they are read"
                self.analysis.notes.cannot(block, f"Scale{side}", text)
                continue
            own = [{"Regions": [name], "ScaleDifference": factor} for name, factor in inside.items()]
            if common != 1:
                said[side] = said[side] | {"ScaleDifference": common}
            if own:
                said[side] = said[side] | {"Overrides": [*said[side].get("Overrides", []), *own]}

    def _shapeacc(self, block: Block) -> bool:
        """Return whether yield and shape have parameters of their own."""
        return block.text("Decorrelate").upper() == "SHAPEACC"

    def _parts(self, block: Block, base: dict[str, Any], pairs: Pairs) -> list[tuple[dict[str, Any], Pairs]]:
        """Return systematic and templates; several where some keep only yield or only shape."""
        name = base.get("ModifierName", block.name)
        if self._shapeacc(block):
            return [
                ({**base, "Name": f"{base['Name']}_{end}", "Type": kind, "ModifierName": f"{name}_{end}"}, pairs)
                for end, kind in (("Acc", "NormOnly"), ("Shape", "ShapeOnly"))
            ]
        groups: dict[str, list[tuple[Block, Block]]] = {}
        for pair in pairs:
            only_norm = self._dropped(block, "DropShapeIn", pair)
            only_shape = self._dropped(block, "DropNorm", pair)
            if only_norm and only_shape:
                continue
            groups.setdefault("NormOnly" if only_norm else "ShapeOnly" if only_shape else "NormPlusShape", []).append(
                pair
            )
        found: list[tuple[dict[str, Any], Pairs]] = []
        for kind, acting in groups.items():
            part = {**base, "Type": kind}
            if found:
                ending = {"NormOnly": "yield", "ShapeOnly": "shape", "NormPlusShape": "both"}[kind]
                part |= {"Name": f"{base['Name']}_{ending}", "ModifierName": name}
            found.append((part, acting))
        return found

    def _dropped(self, block: Block, key: str, pair: tuple[Block, Block]) -> bool:
        return any(_like(name, other.name) or name.casefold() == "all" for name in block.items(key) for other in pair)

    def written_sides(self, block: Block, given: Sequence[str], pairs: Pairs) -> dict[str, Any]:
        found: dict[str, Any] = {}
        regions = list(dict.fromkeys(region.name for region, _ in pairs))
        samples = list(dict.fromkeys(sample.name for _, sample in pairs))
        word = block.text("Symmetrisation").upper()
        if len(given) == 2 and word == "ONESIDED" and not can("larger side"):
            text = "both sides are given, and the larger one can not be chosen yet; it is the side Up"
            self.analysis.notes.cannot(block, "Symmetrisation", text)
            given = given[:1]
        for side in SIDES:
            if side not in given and word not in ("", "NONE", "FALSE"):
                found[side] = {"Symmetrize": True}
                continue
            values: dict[Pair, dict[str, object]] = {}
            for region, sample in pairs:
                says = self.sides.said(block, side, region, sample) if side in given else None
                values[region.name, sample.name] = says or self.sides.as_nominal(region, sample)
            blocks = by_pairs(values, regions, samples)
            if not blocks:
                found[side] = self.sides.nominal_side()
            elif len(blocks) == 1 and not {"Regions", "Samples"} & blocks[0].keys():
                found[side] = blocks[0]
            else:
                rest = {} if all(values.values()) else self.sides.nominal_side()
                found[side] = rest | {"Overrides": blocks}
        return found

    def _reference(self, block: Block) -> dict[str, Any]:
        setting = block.get("ReferenceSample")
        if setting is None:
            return {}
        known = [sample.name for sample in self.analysis.of("Sample")]
        if setting.text not in known:
            self.analysis.notes.mistake(block, setting, f'no sample "{setting.text}"{nearest(setting.text, known)}')
            return {}
        if not can("reference sample"):
            text = "can not be said yet: sides are compared with the samples themselves, and not with another one"
            self.analysis.notes.cannot(block, setting, text)
            return {}
        found: dict[str, Any] = {"ReferenceSample": setting.text}
        keeps = block.true("KeepReferenceOverallVar", default=True)
        if keeps and not (block.text("SampleUp") or block.text("SampleDown")):
            found["KeepReferenceYield"] = True
            if not self.analysis.job.true("MergeUnderOverFlow", default=self.analysis.ntuples):
                text = "the effect on the yield is that of the bins; TRExFitter counts under- and overflow, too"
                self.analysis.notes.approximate(block, setting, text)
        return found


def _like(pattern: str, name: str) -> bool:
    return pattern == name or (("*" in pattern or "?" in pattern) and fnmatchcase(name, pattern))


def _in_order(said: dict[str, Any]) -> dict[str, Any]:
    first = ("Name", "Type", "Samples", "Regions", "Exclude", "ModifierName", "ReferenceSample", "Up", "Down")
    return {key: said[key] for key in first if key in said} | said
