"""One side of a systematic on one template: which input, and which weight."""

from __future__ import annotations

from dataclasses import dataclass

from wilks.errors import nearest
from wilks.trexfitter.analysis import Analysis
from wilks.trexfitter.events import Events, bracketed, product, scales_of
from wilks.trexfitter.grammar import Block
from wilks.trexfitter.layout import Arranger, Layout
from wilks.trexfitter.paths import Composer, Side


@dataclass(frozen=True)
class SideWriter:
    """Says what differs from nominal, in one layout of paths."""

    analysis: Analysis
    composer: Composer
    arranger: Arranger
    layout: Layout

    def given(self, block: Block, side: str) -> bool:
        """Return whether a systematic says anything about a side."""
        keys = [f"Sample{side}"]
        keys += [f"Weight{side}", f"WeightSuf{side}"] if self.analysis.ntuples else []
        return any(key in block.settings for key in keys) or self.composer.differs(Side(block, side))

    def nominal_side(self) -> dict[str, object]:
        """Return a side that is nominal."""
        return {"Weight": "{Weight}"} if self.analysis.ntuples else self._nominal_path()

    def _nominal_path(self) -> dict[str, object]:
        return {} if self.layout.whole else {"VariationPath": self.layout.nominal}

    def said(self, block: Block, side: str, region: Block, sample: Block) -> dict[str, object]:
        """Return what a side says of a template. Raises NoShortFormError where the layout has no place for it."""
        if self._dummy(block, sample):
            return self.nominal_side() if self.analysis.ntuples else self.as_nominal(region, sample)
        other = self._other(block, side, sample)
        entries = self.composer.entries(region, other, Side(block, side))
        pair = (region.name, sample.name)
        if not entries or pair not in self.arranger.nominal:
            return {}
        found: dict[str, object] = dict(self.arranger.side(self.layout, pair, entries))
        paths = found.get("SamplePath")
        if isinstance(paths, list):
            found["SamplePath"] = paths[0] if len(paths) == 1 else list(dict.fromkeys(paths))
        if self.analysis.ntuples:
            weight = self._weight(block, side, region, other, sample)
            if weight:
                found["Weight"] = weight
            found |= self._other_cuts(region, other, sample)
            if not found:
                found["Weight"] = "{Weight}"
        if found.keys() & {"SamplePath"} and self._several_sources(sample):
            text = f'a side has one input for all, and the sample "{sample.name}" several with scales of their own'
            self.analysis.notes.cannot(block, None, text)
        return found or self.as_nominal(region, sample)

    def as_nominal(self, region: Block, sample: Block) -> dict[str, object]:
        """Return what a side that is nominal says of a template."""
        if self.analysis.ntuples:
            return self.nominal_side()
        if not self.layout.whole:
            return self._nominal_path()
        paths = self.layout.cells.get((region.name, sample.name), ())
        return {"SamplePath": paths[0] if len(paths) == 1 else [*paths]}

    def _several_sources(self, sample: Block) -> bool:
        return len(scales_of(sample)) > 1

    def _dummy(self, block: Block, sample: Block) -> bool:
        return sample.name in block.items("DummyForSamples")

    def _other(self, block: Block, side: str, sample: Block) -> Block:
        """Return the sample whose input a side is."""
        setting = block.get(f"Sample{side}")
        if setting is None:
            return sample
        known = {other.name: other for other in self.analysis.of("Sample")}
        if setting.text not in known:
            text = f'no sample "{setting.text}"{nearest(setting.text, known)}'
            self.analysis.notes.mistake(block, setting, text)
            return sample
        other = known[setting.text]
        events = Events(self.analysis)
        if not self.analysis.ntuples and events.scale(other) != events.scale(sample):
            text = f'is "{other.name}" with the scale of "{sample.name}", {events.scale(sample):g}, and not its own'
            self.analysis.notes.cannot(block, setting, text)
        return other

    def _other_cuts(self, region: Block, other: Block, own: Block) -> dict[str, object]:
        """Return the selection of another sample, where that differs."""
        events = Events(self.analysis)
        cuts = events.own_cuts(region, other)
        if other is own or cuts == events.own_cuts(region, own):
            return {}
        whole = events.cuts(region)
        return {"Filter": cuts.replace("{Filter}", bracketed(whole) if whole else "1")}

    def _weight(self, block: Block, side: str, region: Block, sample: Block, own: Block) -> str:
        """Return the weight of a side; empty for the nominal one."""
        events = Events(self.analysis)
        ignore = block.get("IgnoreWeight")
        suffix, instead = events.expression(block, f"WeightSuf{side}"), events.expression(block, f"Weight{side}")
        compared = self._scale_of_reference(block, own)
        if not instead and (ignore is None or ignore.word == "FALSE") and sample is own:
            return product(["{Weight}", suffix, compared]) if suffix or compared else ""
        factors = events.factors(region, sample, ignore)
        if instead:
            factors["sample"], suffix = instead, ""
        whole = product([factors.get(key, "") for key in ("job", "region", "sample", "scale")] + [suffix, compared])
        return whole or "1"

    def _scale_of_reference(self, block: Block, sample: Block) -> str:
        """Return the factor on a side whose luminosity is that of the `ReferenceSample`, and not the sample's."""
        name = block.text("ReferenceSample")
        reference = next((each for each in self.analysis.of("Sample") if each.name == name), None)
        if reference is None or block.text("SampleUp") or block.text("SampleDown"):
            return ""
        events = Events(self.analysis)
        if max(len(scales_of(each)) for each in (reference, sample)) > 1:
            text = f'"{name}" or "{sample.name}" has several scales; a side has those of the sample'
            self.analysis.notes.cannot(block, "ReferenceSample", text)
            return ""
        ratio = events.scale(reference) / (events.scale(sample) or 1)
        return "" if ratio == 1 else repr(ratio)
