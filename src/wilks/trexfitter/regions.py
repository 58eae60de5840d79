"""Regions: variable, binning and selection."""

from __future__ import annotations

from typing import Any

from wilks.trexfitter.analysis import Analysis
from wilks.trexfitter.analysis import type_of as type_of_sample
from wilks.trexfitter.events import Events, number_of
from wilks.trexfitter.features import can
from wilks.trexfitter.grammar import Block, Setting, number
from wilks.trexfitter.layout import Layout

VALIDATION = "VALIDATION"
_FINE = 10_000
# Bins in which TRExFitter looks for the edges of automatic ones.
_MOST = 100_000


def type_of(region: Block) -> str:
    """Return the type of a region in capitals: SIGNAL, CONTROL or VALIDATION."""
    setting = region.get("Type")
    return setting.word if setting is not None else "CONTROL"


def region_of(analysis: Analysis, region: Block, layout: Layout) -> dict[str, Any]:
    """Return the region of the steering file that a block says."""
    found: dict[str, Any] = {"Name": region.name}
    kind = region.get("Type")
    if kind is not None and kind.word not in ("SIGNAL", "CONTROL", VALIDATION):
        analysis.notes.approximate(region, kind, f'"{kind.text}" is no type of a region; it is one like CONTROL')
    title = region.text("VariableTitle")
    if analysis.ntuples:
        found |= _variable(analysis, region)
        cuts = Events(analysis).cuts(region)
        if cuts:
            found["Filter"] = cuts
    elif title:
        found["Variable"] = title
    if region.name in layout.regions:
        found["RegionPath"] = layout.regions[region.name]
    if analysis.job.true("MergeUnderOverFlow", default=analysis.ntuples):
        found["OutsideBinning"] = "merge"
    found |= _rebinning(analysis, region)
    return found


def _variable(analysis: Analysis, region: Block) -> dict[str, Any]:
    setting = region.get("Variable")
    if setting is None:
        analysis.notes.mistake(region, None, 'missing setting "Variable", which ntuples need')
        return {}
    items = setting.items
    numbers = [number(item) for item in items[-3:]]
    if len(items) < 4 or None in numbers:
        analysis.notes.mistake(region, setting, f'must be "expression",bins,low,high; found {setting.value:.60}')
        return {}
    expression = Events(analysis).check(region, setting, ",".join(items[:-3]).strip())
    if len(expression.split("|")) == 2:
        text = "two variables with | between them make one of their correlation, which is not among expressions here"
        analysis.notes.cannot(region, setting, text)
    bins, low, high = (float(value) for value in numbers if value is not None)
    edges = _edges(analysis, region)
    if edges is None:
        merged = number_of(analysis, region, "Rebin") or 1
        if bins < 1 or bins > _MOST or not low < high or bins != int(bins) or merged != int(merged) or merged < 1:
            text = f"bins must be a whole number of 1 or above (and Rebin), low below high; found {setting.value:.60}"
            analysis.notes.mistake(region, setting, text)
            return {}
        if merged > 1 and bins % merged:
            analysis.notes.mistake(region, "Rebin", f"{bins:g} bins can't be merged in groups of {merged:g}")
            return {}
        return {"Variable": expression, "Binning": _equal(bins // merged, low, high)}
    if edges:
        return {"Variable": expression, "Binning": edges}
    fine = _automatic(region) and can("automatic bins") and low < high
    return {"Variable": expression, "Binning": _equal(_FINE if fine else bins, low, high)}


def _equal(bins: float, low: float, high: float) -> dict[str, float]:
    return {"Bins": int(bins), "From": _short(low), "To": _short(high)}


def _short(edge: float) -> float:
    return int(edge) if edge == int(edge) and abs(edge) < 1e15 else edge


def _automatic(region: Block) -> bool:
    items = region.items("Binning")
    return bool(items) and items[0].casefold() == "autobin"


def _edges(analysis: Analysis, region: Block) -> list[float] | None:
    """Return the edges of `Binning`; None where there is none, empty where they are to be found."""
    setting = region.get("Binning")
    if setting is None or setting.text == "-":
        return None
    if _automatic(region):
        if not can("automatic bins"):
            text = "can not be said yet: bins that are chosen by signal and background; the bins are those of Variable"
            analysis.notes.cannot(region, setting, text)
        return []
    return _increasing(analysis, region, setting)


def _increasing(analysis: Analysis, region: Block, setting: Setting) -> list[float] | None:
    edges = [number(item) for item in setting.items]
    values = [edge for edge in edges if edge is not None]
    if len(values) < len(edges) or len(values) < 2 or sorted(set(values)) != values:
        analysis.notes.mistake(region, setting, f"must be two or more increasing numbers, found {setting.value:.60}")
        return None
    return values


def _rebinning(analysis: Analysis, region: Block) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not analysis.ntuples:
        merged = number_of(analysis, region, "Rebin")
        edges = _edges(analysis, region)
        if edges:
            found["Rebin"] = edges
        elif merged is not None and merged != int(merged):
            analysis.notes.mistake(region, "Rebin", f"must be a whole number, found {merged:g}")
        elif merged is not None and merged > 1:
            found["Rebin"] = int(merged)
    later = region.get("Rebinning")
    if later is not None:
        edges = _increasing(analysis, region, later)
        if edges:
            found["Rebin"] = edges
    if _automatic(region) and can("automatic bins"):
        chosen = _chosen(analysis, region)
        if chosen and found.pop("Rebin", None):
            text = "bins are merged by AutoBin or by Rebin and Rebinning, not by both; here by AutoBin alone"
            analysis.notes.cannot(region, "Rebinning" if later is not None else "Rebin", text)
        if chosen:
            found |= {"AutoBinning": chosen}
    dropped = region.get("DropBins")
    if dropped is not None:
        values = [number(item) for item in dropped.items]
        bins = [int(value) - 1 for value in values if value is not None and value == int(value) and value > 0]
        if len(bins) < len(values) or not bins:
            analysis.notes.mistake(
                region, dropped, f"must be numbers of bins, counted from 1; found {dropped.value:.60}"
            )
        else:
            found["DropBins"] = sorted(set(bins))
    return found


def _chosen(analysis: Analysis, region: Block) -> dict[str, Any]:
    """Return how bins are found from signal and background."""
    setting = region.settings["Binning"]
    items = setting.items[1:]
    method = items[0] if items else ""
    values = [number(item) for item in items[1:3]]
    if method.casefold() not in ("transfod", "transfof") or None in values or len(values) < 2:
        text = f"of automatic bins there are TransfoD and TransfoF with two numbers, found {setting.value:.60}"
        analysis.notes.cannot(region, setting, text)
        return {}
    signals = [s.name for s in analysis.simulated if type_of_sample(s) == "SIGNAL"]
    if type_of(region) == "CONTROL":
        signals += [s.name for s in analysis.simulated if s.name in items[3:] and s.name not in signals]
    if not signals:
        analysis.notes.mistake(region, setting, "automatic bins need a sample of Type SIGNAL")
        return {}
    name = "TransfoD" if method.casefold() == "transfod" else "TransfoF"
    return {"Method": name, "Signal": values[0], "Background": values[1], "Samples": signals}
