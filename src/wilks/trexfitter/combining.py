"""Systematics that TRExFitter combines to one (`CombineName`): an envelope, or a standard deviation, of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wilks.trexfitter.analysis import where
from wilks.trexfitter.grammar import Block
from wilks.trexfitter.processing import smoothing, smooths
from wilks.trexfitter.systematics import SIDES, SystematicWriter

_METHODS = ("ENVELOPE", "STANDARDDEVIATION")
_ALIKE = ("Smoothing", "SmoothingOption", "Symmetrisation", "DropNormSpecial", "NoPruning")
_ALONE = (
    *("Decorrelate", "DropNorm", "DropShapeIn", "KeepNormForSamples", "ReferenceSample", "ReferenceSmoothing"),
    *("ScaleUp", "ScaleDown", "IsFreeParameter", "DummyForSamples"),
)


def members_of(blocks: Sequence[Block]) -> dict[int, list[Block]]:
    """Return all systematics that are combined, by the id of the first of them."""
    groups: dict[str, list[Block]] = {}
    for block in blocks:
        name = block.text("CombineName")
        if name:
            groups.setdefault(name, []).append(block)
    return {id(members[0]): members for members in groups.values()}


def combined(writer: SystematicWriter, members: Sequence[Block]) -> dict[str, Any] | None:
    """Return the systematic of the steering file that several are combined to; None with a note where it can't be said.

    TRExFitter smooths and mirrors each, and then takes for each bin the largest differences from nominal, up and down,
    or the standard deviation of the larger sides. The first one's name and parameter remain.
    """
    first = members[0]
    method = (members[-1].text("CombineType") or "ENVELOPE").upper()
    problem = next(_problems(writer, members, method), "")
    if problem:
        writer.analysis.notes.cannot(first, "CombineName", f"{problem}; each of them is a systematic of its own")
        return None
    pairs = [pair for pair in writer.analysis.acting(first) if pair[1].true("UseSystematics", default=True)]
    variations = [
        writer.written_sides(block, [side], pairs)[side] for block in members for side in _given(writer, block)
    ]
    found: dict[str, Any] = {
        "Name": first.name,
        "Type": "ShapeOnly" if first.text("DropNormSpecial") else "NormPlusShape",
    }
    found |= {**where(writer.analysis, pairs), **writer.parameter(first)}
    found |= {"Variations": variations, "Combine": method, **smoothing(writer.analysis, first, pairs)}
    if method == "ENVELOPE" and first.text("Symmetrisation").upper() == "ONESIDED":
        # What is as far above nominal as below: each member has its mirror image.
        found["Symmetrization"] = {"Method": "MAXIMUM", "NormalizeFirst": False, "Sign": "positive", "Clip": True}
    for block in members:
        for key in ("CombineName", "CombineType", "NuisanceParameter", "Type", *_ALIKE):
            block.get(key)
    return found


def _given(writer: SystematicWriter, block: Block) -> list[str]:
    return [side for side in SIDES if writer.sides.given(block, side)]


def _problems(writer: SystematicWriter, members: Sequence[Block], method: str) -> Iterator[str]:
    """Yield why several systematics can't be one."""
    if method not in _METHODS:
        yield f"{method} is not among {' and '.join(_METHODS)}"
    if len(members) < 2:
        yield f'no other systematic has the CombineName "{members[0].text("CombineName")}"'
    if any((block.text("Type") or "HISTO").upper() != "HISTO" for block in members):
        yield "only systematics of Type HISTO are combined"
    acting = [{(r.name, s.name) for r, s in writer.analysis.acting(block)} for block in members]
    if any(each != acting[0] for each in acting):
        yield "they act on other samples or regions"
    for key in _ALIKE:
        if len({block.text(key).upper() for block in members}) > 1:
            yield f"they differ in {key}"
    for key in _ALONE:
        if any(key in block.settings for block in members):
            yield f"{key} has no place in what is combined"
    word = members[0].text("Symmetrisation").upper()
    sides = [_given(writer, block) for block in members]
    if not all(sides) or word not in ("", "NONE", "FALSE", "ONESIDED"):
        yield f"sides are as they are read, or mirrored by ONESIDED, and not by {word or 'no weight or path'}"
    if any(len(each) > 1 for each in sides) and (word == "ONESIDED" or method != "ENVELOPE"):
        yield "of two sides that are both given, the larger one is not chosen bin by bin"
    if sides[0] == ["Down"] and word != "ONESIDED" and method != "ENVELOPE":
        yield "a standard deviation is that of the sides Up"
    if members[0].text("DropNormSpecial").casefold() not in ("", "all"):
        yield "DropNormSpecial is about all regions here"
    if smooths(members[0]) and writer.analysis.job.true("AlternativeShapeHistFactory"):
        yield "AlternativeShapeHistFactory smooths shapes by themselves"
