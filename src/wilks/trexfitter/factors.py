"""Free factors: norm factors, shape factors, functions of parameters, and parameters that are fixed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

from wilks.errors import nearest
from wilks.formats.root_formulas import CALLS, as_root_divides
from wilks.trexfitter.analysis import Analysis, where
from wilks.trexfitter.grammar import Block, Line, Setting, number, split
from wilks.workspace.expressions import ExpressionError, parse_expression

_DEFAULT = (1, 0, 10)
_NUMBERS = ("Nominal", "Min", "Max", "Constant", "Expression", "Tau")


@dataclass
class Factors:
    """What scales samples: lists of the steering file, and what is constant."""

    norm: list[dict[str, Any]] = field(default_factory=list)
    shape: list[dict[str, Any]] = field(default_factory=list)
    functions: list[dict[str, Any]] = field(default_factory=list)
    fixed: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of all parameters and functions."""
        own = [item["Name"] for item in (*self.norm, *self.shape, *self.functions)]
        return own + [p["Name"] for f in self.functions for p in f.get("Parameters", [])]


def factors_of(analysis: Analysis) -> Factors:
    """Return all factors of an analysis."""
    found = Factors()
    blocks = _firsts(analysis, [*_of_samples(analysis, "NormFactor"), *analysis.of("NormFactor")], found)
    apart = [block for block in blocks if block.get("Expression") is None]
    expressions = [block for block in blocks if block.get("Expression") is not None]
    needed: set[str] = set()
    for block in expressions:
        needed.update(_function(analysis, block, found))
    for block in apart:
        _norm(analysis, block, found, block.name in needed)
    _parameters(analysis, expressions, found)
    for block in _firsts(analysis, [*_of_samples(analysis, "ShapeFactor"), *analysis.of("ShapeFactor")], found):
        _shape(analysis, block, found)
    _fixed(analysis, found)
    return found


def _of_samples(analysis: Analysis, kind: str) -> list[Block]:
    """Return blocks for the factors that samples name by themselves: name, nominal, lowest, highest."""
    blocks = []
    for sample in [block for one in analysis.samples for block in analysis.variants[one.name]]:
        setting = sample.get(kind)
        if setting is None or not setting.items:
            continue
        name, *numbers = setting.items
        if len(numbers) not in (0, 3, 4):
            text = f"must be a name, or name,nominal,lowest,highest; found {setting.value:.60}"
            analysis.notes.mistake(sample, setting, text)
            continue
        block = Block(kind, name, setting.line)
        block.settings["Samples"] = Setting("Samples", f'"{sample.name}"', setting.line)
        inside = [f'"{r.name}"' for r in analysis.regions if analysis.resolve(sample, r) is sample]
        if len(analysis.variants[sample.name]) > 1:
            block.settings["Regions"] = Setting("Regions", ",".join(inside) or "none", setting.line)
        for key, text in zip(("Nominal", "Min", "Max", "Constant"), numbers, strict=False):
            block.settings[key] = Setting(key, text, setting.line)
        blocks.append(block)
    return blocks


def _firsts(analysis: Analysis, blocks: list[Block], found: Factors) -> list[Block]:
    """Return one block for each name: others of it add templates.

    Of several blocks the last number counts, of those that samples name the first; blocks come after these.
    """
    firsts: dict[str, Block] = {}
    written = {id(block) for kind in ("NormFactor", "ShapeFactor") for block in analysis.of(kind)}
    for block in blocks:
        found.blocks.setdefault(block.name, []).append(block)
        if block.name not in firsts:
            firsts[block.name] = replace(block, settings=dict(block.settings), read=block.read)
            continue
        first = firsts[block.name]
        for key in _NUMBERS:
            setting, counting = block.get(key), first.settings.get(key)
            if setting is None or (counting is not None and counting.text == setting.text):
                continue
            if id(block) in written:
                first.settings[key] = setting
            text = "the name stands several times; " + (
                "the last one counts" if id(block) in written else f"line {first.line.number} counts"
            )
            analysis.notes.approximate(block, setting if key in block.settings else None, text)
        first.settings |= {k: block.settings[k] for k in ("Title",) if k in block.settings and k not in first.settings}
        if id(block) in written and block.text("Regions") != first.text("Regions", block.text("Regions")):
            text = "the name stands several times; TRExFitter takes the last list for all, here each has its own"
            analysis.notes.approximate(block, "Regions", text)
    return list(firsts.values())


def _pairs(analysis: Analysis, block: Block, found: Factors) -> list[tuple[Block, Block]]:
    """Return region and sample of all templates that the blocks of one name act on."""
    acting = [analysis.acting(each) for each in found.blocks[block.name]]
    pairs = [pair for each in acting for pair in each]
    names = [(region.name, sample.name) for region, sample in pairs]
    again = next(((r, s) for n, (r, s) in enumerate(names) if (r, s) in names[:n]), None)
    if again is not None:
        last = found.blocks[block.name][-1]
        text = f'acts twice on "{again[1]}" in "{again[0]}", which TRExFitter multiplies by it twice; here it acts once'
        analysis.notes.approximate(last, None, text)
    return list({(region.name, sample.name): (region, sample) for region, sample in pairs}.values())


def _numbers(analysis: Analysis, block: Block) -> tuple[float, float, float]:
    values = []
    for key, default in zip(("Nominal", "Min", "Max"), _DEFAULT, strict=True):
        setting = block.get(key)
        value = default if setting is None else number(setting.text)
        values.append(default if value is None else value)
    nominal, low, high = values
    if not low < high:
        analysis.notes.mistake(
            block, "Min" if "Min" in block.settings else "Max", f"{low:g} is not below Max, {high:g}"
        )
    elif not low <= nominal <= high:
        analysis.notes.mistake(block, "Nominal", f"{nominal:g} lies outside of Min and Max, {low:g} to {high:g}")
    return nominal, low, high


def _said(analysis: Analysis, block: Block) -> dict[str, Any]:
    nominal, low, high = _numbers(analysis, block)
    return {"Nominal": nominal, "Bounds": [low, high]}


def _norm(analysis: Analysis, block: Block, found: Factors, needed: bool) -> None:
    pairs = _pairs(analysis, block, found)
    said = _said(analysis, block) | _constraint(analysis, block)
    if block.true("Constant"):
        found.fixed.append({"Name": block.name, "Value": said["Nominal"]})
    if not pairs:
        if not needed:
            analysis.notes.approximate(block, None, "acts on no sample in the regions of the fit, and is left out")
            found.fixed = [item for item in found.fixed if item["Name"] != block.name]
        return
    found.norm.append({"Name": block.name, **where(analysis, pairs), **said})
    _remember(block, found)


def _constraint(analysis: Analysis, block: Block) -> dict[str, Any]:
    """Return the Gaussian constraint that `Tau` is: exp(-tau^2 (factor - nominal)^2 / 2)."""
    setting = block.get("Tau")
    if setting is None:
        return {}
    tau = number(setting.text)
    if tau is None or not tau > 0 or not math.isfinite(1 / tau):
        analysis.notes.mistake(block, setting, f'must be a number above 0, found "{setting.text:.40}"')
        return {}
    nominal = number(block.text("Nominal", "1"))
    return {"Constraint": {"Type": "Gaussian", "Center": 1 if nominal is None else nominal, "Width": 1 / tau}}


def _shape(analysis: Analysis, block: Block, found: Factors) -> None:
    if block.get("Expression") is not None:
        analysis.notes.cannot(block, "Expression", "functions scale yields, and no single bins; the factor is free")
    pairs = _pairs(analysis, block, found)
    said = _said(analysis, block)
    if not pairs:
        analysis.notes.approximate(block, None, "acts on no sample in the regions of the fit, and is left out")
        return
    if block.true("Constant"):
        found.fixed.append({"Name": block.name, "Value": said["Nominal"]})
    found.shape.append({"Name": block.name, **where(analysis, pairs), **said})
    _remember(block, found)


def _remember(block: Block, found: Factors) -> None:
    found.lines[block.name] = block.line
    found.comments[block.name] = block.comments
    if block.settings.get("Title"):
        found.titles[block.name] = block.settings["Title"].text


def _function(analysis: Analysis, block: Block, found: Factors) -> list[str]:
    """Add a function to those found, and return the names that it needs."""
    setting = block.settings["Expression"]
    text = setting.text.rpartition(":")[0] if _definitions(setting) else setting.text
    for key in ("Nominal", "Min", "Max", "Constant", "Tau"):
        block.get(key)
    for root, own in CALLS.items():
        text = text.replace(root, own)
    try:
        names = parse_expression(text).names
        divided = as_root_divides(text, None)
    except ExpressionError as error:
        analysis.notes.mistake(block, setting, f"the expression can't be read: {error}")
        return []
    except ZeroDivisionError:
        analysis.notes.mistake(block, setting, "a whole number is divided by 0")
        return []
    if divided is not None:
        text = divided
        why = f"whole numbers are divided as in C++, where 1/2 is 0: it is {divided}; write 1./2 for a half"
        analysis.notes.approximate(block, setting, why)
    pairs = _pairs(analysis, block, found)
    said: dict[str, Any] = {"Name": block.name, "Expression": text}
    if pairs:
        scope = where(analysis, pairs)
        said |= scope if {"Samples", "Regions"} & scope.keys() else {"Samples": "*"} | scope
    found.functions.append(said)
    _remember(block, found)
    return [*names]


def _definitions(setting: Setting) -> str:
    """Return what stands behind the last colon: parameters with nominal value and bounds in brackets."""
    text = setting.text.rpartition(":")[2] if ":" in setting.text else ""
    return text if "[" in text else ""


def _parameters(analysis: Analysis, expressions: list[Block], found: Factors) -> None:
    """Give functions the parameters that no other block has."""
    blocks = {block.name: block for block in analysis.of("NormFactor")}
    known = {item["Name"] for item in (*found.norm, *found.functions)}
    by_name = {function["Name"]: function for function in found.functions}
    for block in expressions:
        function = by_name.get(block.name)
        if function is None:
            continue
        for name, values in _defined(analysis, block).items():
            if name in known:
                continue
            own = blocks.get(name)
            said = _said(analysis, own) | _constraint(analysis, own) if own is not None else values
            function.setdefault("Parameters", []).append({"Name": name, **said})
            known.add(name)
    for function in [*found.functions]:
        missing = [n for n in parse_expression(function["Expression"]).names if n not in known]
        for name in missing:
            own = blocks.get(name)
            if own is not None:
                said = _said(analysis, own) | _constraint(analysis, own)
                function.setdefault("Parameters", []).append({"Name": name, **said})
                known.add(name)
            else:
                block = next(b for b in expressions if b.name == function["Name"])
                text = f'no NormFactor "{name}", and nothing about it in brackets{nearest(name, known)}'
                analysis.notes.mistake(block, "Expression", text)
    _unused(analysis, found)


def _unused(analysis: Analysis, found: Factors) -> None:
    """Leave out functions that scale nothing and that no other one needs."""
    while True:
        needed = {name for f in found.functions for name in parse_expression(f["Expression"]).names}
        idle = [f for f in found.functions if not {"Samples", "Regions"} & f.keys() and f["Name"] not in needed]
        if not idle:
            return
        for function in idle:
            block = next(b for b in analysis.of("NormFactor") if b.name == function["Name"])
            analysis.notes.approximate(block, None, "acts on no sample in the regions of the fit, and is left out")
        found.functions = [f for f in found.functions if f not in idle]


def _defined(analysis: Analysis, block: Block) -> dict[str, dict[str, Any]]:
    setting = block.settings["Expression"]
    found: dict[str, dict[str, Any]] = {}
    for name, numbers in re.findall(r"([\w.]+)\s*\[([^\[\]]*)\]", _definitions(setting)):
        values = [number(text) for text in split(numbers, ",")]
        exact = [value for value in values if value is not None]
        if len(exact) != 3 or len(values) != 3 or not exact[1] < exact[2]:
            text = f'"{name}" has nominal value, lowest and highest in brackets; found [{numbers:.40}]'
            analysis.notes.mistake(block, setting, text)
            continue
        found[name] = {"Nominal": exact[0], "Bounds": exact[1:]}
    return found


def _fixed(analysis: Analysis, found: Factors) -> None:
    """Add what the fit keeps constant."""
    fit = analysis.first("Fit")
    setting = fit.get("FixNPs")
    for item in setting.items if setting is not None else []:
        name, _, text = item.rpartition(":")
        value = number(text)
        if not name or value is None:
            analysis.notes.mistake(fit, setting, f'must be name:value, found "{item:.40}"')
            continue
        name = name.removeprefix("alpha_")
        if name.startswith("gamma_"):
            analysis.notes.cannot(
                fit, setting, f'"{name}" is one bin of the statistical uncertainty; fix it in the fit'
            )
            continue
        found.fixed.append({"Name": name, "Value": value})
