"""The job's block: `General`, with what TRExFitter does by itself written out."""

from __future__ import annotations

from typing import Any

from wilks.trexfitter.analysis import Analysis, type_of
from wilks.trexfitter.colours import colour, mixed
from wilks.trexfitter.events import number_of
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, Setting, number

_PRUNING = {"SEPARATESAMPLE": "sample", "BACKGROUNDREFERENCE": "background", "COMBINEDREFERENCE": "total"}


def general(analysis: Analysis) -> dict[str, Any]:
    """Return `General` without paths, fixed parameters and groups."""
    job = analysis.job
    found: dict[str, Any] = {"Measurement": job.name}
    pois = job.items("POIs") or job.items("POI")
    if pois:
        found |= {"POI": pois[0]} if len(pois) == 1 else {"POIs": pois}
    found |= {"InputPath": "", "HistogramFolder": "histograms"}
    statistical = any(sample.true("UseMCstat", default=True) for sample in analysis.simulated)
    if threshold(analysis) is not None and statistical and not job.true("StatOnly"):
        found["Staterror"] = _staterror(analysis)
    pruning = _pruning(analysis)
    if pruning:
        found["Pruning"] = pruning
    if analysis.ntuples and can("divisions"):
        found["Divisions"] = "ROOT"
    if job.true("CorrectNormForNegativeIntegral"):
        analysis.notes.cannot(job, "CorrectNormForNegativeIntegral", "empty and negative bins stay as they are")
    if not job.true("GuessMCStatEmptyBins", default=True):
        text = "raised bins without uncertainty have the smallest of the others, and not 100 %"
        analysis.notes.approximate(job, "GuessMCStatEmptyBins", text)
    job.get("SmoothingOption")
    return found


def threshold(analysis: Analysis) -> float | None:
    """Return `MCstatThreshold` (0 where nothing is said); None for NONE."""
    setting = analysis.job.get("MCstatThreshold")
    if setting is None:
        return 0
    if setting.word == "NONE":
        return None
    value = number(setting.text)
    if value is None or value < 0:
        analysis.notes.mistake(analysis.job, setting, f'must be NONE or a number of 0 or above, found "{setting.text}"')
        return 0
    if value >= 1:
        text = f"{value:g} means {value:.0%}: no bin has parameters here, and hardly one has there"
        analysis.notes.approximate(analysis.job, setting, text)
        return None
    return value


def _staterror(analysis: Analysis) -> dict[str, Any]:
    setting = analysis.job.get("MCstatConstraint")
    word = setting.word if setting is not None else "POISSON"
    found: dict[str, Any] = {"Threshold": threshold(analysis)} if threshold(analysis) else {}
    return found | {"Constraint": "Gaussian" if word == "GAUSSIAN" else "Poisson"}


def prunes(analysis: Analysis) -> bool:
    """Return whether effects are left out for their size."""
    return bool(_pruning(analysis))


def _pruning(analysis: Analysis) -> dict[str, Any]:
    job = analysis.job
    found: dict[str, Any] = {}
    for key, name in (("SystPruningNorm", "Norm"), ("SystPruningShape", "Shape")):
        value = number_of(analysis, job, key)
        if value is not None and value > 0:
            found[name] = value
    kind = job.get("PruningType")
    if kind is not None and kind.word != "SEPARATESAMPLE":
        if kind.word in _PRUNING:
            found["Reference"] = _PRUNING[kind.word]
            if found["Reference"] == "background":
                _same_signals(analysis, kind)
        else:
            analysis.notes.cannot(job, kind, f"pruning by {kind.text} is not among {', '.join(_PRUNING)}")
    large = number_of(analysis, job, "SystLarge")
    removes = job.true("RemoveLargeSyst", default=True)
    if large is not None and large > 0:
        found |= {"Large": large} | ({"RemoveLarge": True} if removes else {})
        if not removes:
            text = "large effects are flagged, as documented; TRExFitter 4.11 leaves large yields or shapes out"
            analysis.notes.approximate(job, "RemoveLargeSyst", text)
    return found


def _same_signals(analysis: Analysis, kind: Setting) -> None:
    """Note where samples of Type SIGNAL are not those that the parameters of interest scale."""
    pois = analysis.job.items("POIs") or analysis.job.items("POI")
    factors = [block for block in analysis.of("NormFactor") if block.name in pois]
    for sample in analysis.simulated:
        own = sample.items("NormFactor")[:1]
        scaled = bool(set(own) & {*pois}) or any(s is sample for f in factors for _, s in analysis.acting(f, [sample]))
        if scaled != (type_of(sample) == "SIGNAL") and not any("Expression" in f.settings for f in factors):
            text = (
                f'"{sample.name}" {"is" if scaled else "is not"} scaled by the POI, which here makes a signal, not Type'
            )
            analysis.notes.approximate(analysis.job, kind, text)
            return


def colour_of(sample: Block) -> str | None:
    """Return the colour of a sample for figures."""
    if sample.items("FillColorRGB"):
        return mixed(sample.items("FillColorRGB"))
    return colour(sample.text("FillColor")) if sample.text("FillColor") else None
