"""Which events a template has: variable, selection and weight, composed of those of job, region and sample."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from wilks.errors import nearest
from wilks.templates.expression_text import ExpressionError
from wilks.templates.expressions import Node, parse
from wilks.trexfitter.analysis import DATA, Analysis, type_of
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, Setting, number
from wilks.trexfitter.layout import Pair

_PRODUCT = re.compile(r"[\w.\[\]$]+(?:\s*\*\s*[\w.\[\]$]+)*")
_NUMBERS = ("+", "-", "/", "number")
_NEW = re.compile(r"\?|\.size\s*\(")


def product(factors: Iterable[str]) -> str:
    """Return factors multiplied, in brackets where they need some; empty for none."""
    parts = [f if _PRODUCT.fullmatch(f) or f == "{Weight}" else bracketed(f) for f in factors if f and not _is_one(f)]
    return " * ".join(parts)


def both(cuts: Iterable[str]) -> str:
    """Return cuts that all hold; empty for none."""
    parts = [cut for cut in cuts if cut and not _is_one(cut)]
    return parts[0] if len(parts) == 1 else " && ".join(p if p == "{Filter}" else bracketed(p) for p in parts)


def bracketed(text: str) -> str:
    """Return an expression in brackets, which it may have already."""
    depth = 0
    inside = text.strip()
    for place, character in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and place < len(inside) - 1:
            return f"({inside})"
    return inside if inside.startswith("(") else f"({inside})"


def _is_one(text: str) -> bool:
    return text.strip(" ()") in ("1", "1.", "1.0")


def number_of(analysis: Analysis, block: Block, key: str) -> float | None:
    """Return the number under a key, None where there is none; what is no number is a mistake."""
    setting = block.get(key)
    if setting is None:
        return None
    value = number(setting.text)
    if value is None:
        analysis.notes.mistake(block, setting, f'must be a number, found "{setting.text:.40}"')
    return value


@dataclass(frozen=True)
class Events:
    """Weights and selections of an analysis of ntuples."""

    analysis: Analysis

    def check(self, block: Block, setting: Setting | None, text: str) -> str:
        """Return an expression, noted where it can't be read."""
        if setting is None or not text or _is_one(text):
            return text
        if "{" in text or "}" in text:
            self.analysis.notes.mistake(block, setting, f"braces are not part of an expression: {text:.60}")
            return text
        try:
            parse(text)
        except ExpressionError as error:
            new = _NEW.search(text) is not None and not can("expressions")
            self.analysis.notes.cannot(
                block, setting, f"{'can not be said yet' if new else 'is no expression here'}: {error}"
            )
        if re.search(r"/\s*[A-Za-z_(]", text) and not can("divisions"):
            self.analysis.notes.approximate(block, setting, "a division by 0 is 0 in ROOT, and no number here")
        return text

    def expression(self, block: Block, key: str) -> str:
        """Return the expression under a key of a block, noted where it can't be read."""
        setting = block.get(key)
        return "" if setting is None else self.check(block, setting, setting.text)

    def scale(self, sample: Block) -> float:
        """Return `Lumi` and `LumiScale`s of one value, multiplied; of data the sample's own alone."""
        job = self.analysis.job
        scale = 1.0
        theory = sample.true("NormalizedByTheory", default=True)
        if type_of(sample) != DATA and theory:
            scale *= _or_one(number_of(self.analysis, job, "Lumi")) * _or_one(
                number_of(self.analysis, job, "LumiScale")
            )
        own = scales_of(sample)
        if len(own) == 1:
            scale *= _or_one(number(own[0]))
        return int(scale) if scale == int(scale) and abs(scale) < 1e15 else scale

    def factors(self, region: Block, sample: Block, ignore: Setting | None = None) -> dict[str, str]:
        """Return the factors of the weight of a simulated sample in a region, by where they come from.

        `ignore` is the `IgnoreWeight` of a systematic, which is about all of them; that of a sample is about those of
        job and region.
        """
        sample = self.analysis.resolve(sample, region)
        if type_of(sample) == DATA:
            scale = self.scale(sample)
            return {"scale": "" if scale == 1 else repr(scale)}
        found = {
            "job": self.expression(self.analysis.job, "MCweight") if sample.true("NormalizedByTheory", True) else "",
            "region": self.expression(region, "MCweight"),
            "sample": self.expression(sample, "MCweight"),
        }
        for setting, keys in ((sample.get("IgnoreWeight"), ("job", "region")), (ignore, tuple(found))):
            if setting is not None and setting.word != "FALSE":
                found |= {key: "" if setting.true else found[key].replace(setting.text, "1") for key in keys}
        scale = self.scale(sample)
        return found | {"scale": "" if scale == 1 else repr(scale)}

    def weight(self, region: Block, sample: Block) -> tuple[str, str]:
        """Return the weight of a sample in all regions, and the factor of one region."""
        factors = self.factors(region, sample)
        return product(factors.get(key, "") for key in ("job", "sample", "scale")), factors.get("region", "")

    def cuts(self, region: Block) -> str:
        """Return the selection of a region: the job's and its own."""
        found = both([self.expression(self.analysis.job, "Selection"), self.expression(region, "Selection")])
        if _weighs(found):
            block = region if "Selection" in region.settings else self.analysis.job
            text = "is a number, which TRExFitter multiplies weights by; here events pass where it isn't 0"
            self.analysis.notes.cannot(block, "Selection", text)
        return found

    def own_cuts(self, region: Block, sample: Block) -> str:
        """Return the selection of a sample in a region, in which `{Filter}` is the region's; `{Filter}` for none."""
        sample = self.analysis.resolve(sample, region)
        own = self.expression(sample, "Selection")
        instead = self._for_sample(region, sample, "SelectionForSample")
        base = "{Filter}"
        if instead:
            base = both([self.expression(self.analysis.job, "Selection"), instead])
        ignore = sample.get("IgnoreSelection")
        if ignore is not None and ignore.true:
            return own
        if ignore is not None and ignore.word != "FALSE":
            base = (self.cuts(region) if base == "{Filter}" else base).replace(ignore.text, "1")
        if base == "{Filter}" and not self.cuts(region):
            return own or base
        return both([base, own])

    def variable(self, region: Block, sample: Block) -> str:
        """Return the variable of a sample that has another one than the region; empty for none."""
        return self._for_sample(region, sample, "VariableForSample")

    def _for_sample(self, region: Block, sample: Block, key: str) -> str:
        setting = region.get(key)
        for item in setting.items if setting is not None else []:
            name, _, text = item.partition(":")
            if name.strip() == sample.name:
                return self.check(region, setting, text.strip())
            if name.strip() not in {other.name for other in self.analysis.of("Sample")}:
                known = [other.name for other in self.analysis.of("Sample")]
                self.analysis.notes.mistake(region, setting, f'no sample "{name.strip()}"{nearest(name, known)}')
        return ""


def scales_of(sample: Block) -> list[str]:
    """Return `LumiScale` and `LumiScales` of a sample: one for all inputs, or one for each."""
    return [*sample.items("LumiScale"), *sample.items("LumiScales")]


def _weighs(text: str) -> bool:
    """Return whether a selection is a number other than 0 and 1, by how it is written."""
    try:
        node = parse(text) if text else None
    except ExpressionError:
        return False
    while node is not None and node.op == "*":
        if any(isinstance(part, Node) and part.op in _NUMBERS for part in node.args):
            return True
        node = node.args[0] if isinstance(node.args[0], Node) else None
    return node is not None and node.op in _NUMBERS


def _or_one(value: float | None) -> float:
    return 1.0 if value is None else value


def by_pairs(values: dict[Pair, dict[str, object]], regions: list[str], samples: list[str]) -> list[dict[str, object]]:
    """Return blocks that say what differs: once where all agree, else by sample, by region, or by both."""
    said = {pair: value for pair, value in values.items() if value}
    if not said:
        return []
    if len(said) == len(values) and _alike(said.values()):
        return [next(iter(said.values()))]
    found: list[dict[str, object]] = []
    for axis, names, key in ((1, samples, "Samples"), (0, regions, "Regions")):
        groups: dict[str, tuple[dict[str, object], list[str]]] = {}
        for name in names:
            inside = {pair: value for pair, value in values.items() if pair[axis] == name}
            if not inside:
                continue
            if not _alike(inside.values()):
                break
            value = next(iter(inside.values()))
            if value:
                groups.setdefault(repr(value), (value, []))[1].append(name)
        else:
            return [{key: names} | value for value, names in groups.values()]
    for region in regions:
        groups = {}
        for pair, value in said.items():
            if pair[0] == region:
                groups.setdefault(repr(value), (value, []))[1].append(pair[1])
        found += [{"Regions": [region], "Samples": names} | value for value, names in groups.values()]
    return found


def _alike(values: Iterable[dict[str, object]]) -> bool:
    texts = [repr(value) for value in values]
    return len(set(texts)) <= 1
