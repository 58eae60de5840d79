"""How templates of a systematic are processed: smoothing, symmetrisation, and yields that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from wilks.errors import nearest
from wilks.trexfitter.analysis import Analysis
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, number

_METHODS = {
    "ONESIDED": "ONESIDED",
    "TWOSIDED": "TWOSIDED",
    "ABSMEAN": "ABSMEAN",
    "MAXIMUM": "MAXIMUM",
    "MAXIMUMKEEPSIGN": "MAXIMUM",
}
_SIGNS = {"ABSMEAN": "positive", "MAXIMUM": "larger"}
_TURNS = 4
# What Smoothing: 40 asks for, and the default here.
_KERNELS = ("KERNELRATIOUNIFORM", "KERNELDELTAGAUSS", "KERNELRATIOGAUSS")


def symmetrisation(
    analysis: Analysis, block: Block, given: Sequence[str], normalised: bool = False, smoothed: bool = True
) -> dict[str, Any]:
    """Return `Symmetrization` of a systematic whose sides in `given` are read.

    What `DropNorm` or `DropShapeIn` leave of histograms is symmetrised: shapes and yields are `normalised` first, and
    yields alone are not `smoothed`.
    """
    setting = block.get("Symmetrisation")
    if setting is None or setting.word in ("NONE", "FALSE", ""):
        return {}
    word = setting.word
    if word not in _METHODS:
        analysis.notes.cannot(
            block, setting, f"{setting.text} is not among {', '.join(_METHODS)}; sides are as they are read"
        )
        return {}
    if len(given) == 1:
        if word != "ONESIDED":
            text = f"only the side {given[0]} is given; it is mirrored, as ONESIDED does"
            analysis.notes.approximate(block, setting, text)
        return {"Symmetrization": {"Method": "ONESIDED", **_whole(analysis, normalised)}}
    if word == "ONESIDED":
        method = "LARGERSIDE" if can("larger side") else "ONESIDED"
        return {"Symmetrization": {"Method": method, **_whole(analysis, normalised)}}
    found: dict[str, Any] = {"Method": _METHODS[word], **_whole(analysis, normalised)}
    if analysis.job.true("AlternativeShapeHistFactory") and word != "TWOSIDED":
        text = f"of yields it is {word} of the ratios here; in TRExFitter the yield of bins that are symmetrised"
        analysis.notes.approximate(block, setting, text)
    if word in _SIGNS:
        if can("signs"):
            found["Sign"] = _SIGNS[word]
        else:
            text = "can not be said yet: the sign of the shift is that of the side Up"
            analysis.notes.cannot(block, setting, text)
    if smooths(block) and smoothed:
        if can("before smoothing"):
            found["BeforeSmoothing"] = True
        else:
            text = "sides are smoothed before they are symmetrised, and not the other way round"
            analysis.notes.approximate(block, setting, text)
    return {"Symmetrization": found}


def _whole(analysis: Analysis, normalised: bool) -> dict[str, Any]:
    """Return that histograms are symmetrised as a whole, and not below 0; or yield and shape each by itself."""
    if analysis.job.true("AlternativeShapeHistFactory") or normalised:
        return {"NormalizeFirst": True}
    return {"NormalizeFirst": False} | ({"Clip": True} if can("clip") else {})


def smooths(block: Block) -> bool:
    """Return whether a systematic is smoothed."""
    setting = block.get("Smoothing")
    return setting is not None and setting.word not in ("0", "NONE", "FALSE", "")


def smoothing(analysis: Analysis, block: Block, pairs: Sequence[tuple[Block, Block]]) -> dict[str, Any]:
    """Return `Smoothing` of a systematic on some templates."""
    own = block.get("SmoothingOption")
    if not smooths(block):
        return {}
    setting = block.settings["Smoothing"]
    option = own or analysis.job.get("SmoothingOption")
    word = option.word if option is not None else "MAXVARIATION"
    level = number(setting.text)
    if level is None or level != int(level) or not 10 <= level < 100:
        analysis.notes.mistake(block, setting, f'must be a whole number such as 40, found "{setting.text:.40}"')
        return {}
    if word == "MAXVARIATION":
        found: dict[str, Any] = {"Algorithm": "TREXFITTER"}
        if int(level) // 10 != _TURNS:
            found["Turns"] = int(level) // 10
    else:
        found = {"Algorithm": "KERNEL" if word in _KERNELS else "TREXFITTER"}
        how = "a kernel of its own" if word in _KERNELS else "the rules of MAXVARIATION"
        analysis.notes.approximate(block, setting, f"{word} is not among the algorithms; bins are smoothed by {how}")
    skipping = {region.name for region in analysis.regions if region.true("SkipSmoothing")}
    inside = list(dict.fromkeys(region.name for region, _ in pairs))
    kept = [name for name in inside if name not in skipping]
    if not kept:
        return {}
    if len(kept) < len(inside):
        found["Regions"] = kept
    reference = block.get("ReferenceSmoothing")
    if reference is not None:
        found["Reference"] = reference.text
    return {"Smoothing": found}


def keep_yield(analysis: Analysis, block: Block, pairs: Sequence[tuple[Block, Block]]) -> dict[str, Any]:
    """Return `KeepYield` for the samples whose sum keeps its yield in each region."""
    setting = block.get("KeepNormForSamples")
    if setting is None:
        return {}
    affected = list(dict.fromkeys(sample.name for _, sample in pairs))
    known = [sample.name for sample in analysis.of("Sample")]
    groups = []
    for item in setting.items:
        patterns = [name.strip() for name in item.split("+")]
        for name in patterns:
            if not any(fnmatchcase(other, name) for other in known):
                analysis.notes.mistake(block, setting, f'no sample "{name}"{nearest(name, known)}')
        names = [name for name in affected if any(fnmatchcase(name, pattern) for pattern in patterns)]
        groups += [names] if names else []
    if len(groups) > 1:
        text = f"several sums keep their yield: here that of {'+'.join(groups[0])} alone does"
        analysis.notes.cannot(block, setting, text)
    return {"KeepYield": {"Samples": groups[0]}} if groups else {}
