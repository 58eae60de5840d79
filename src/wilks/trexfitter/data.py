"""Data for a configuration that has none: TRExFitter makes Asimov data, and a steering file names data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wilks.trexfitter.analysis import Analysis


def stand_in(analysis: Analysis, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return data that are the sum of the samples, as far as one sample can say that sum."""
    name = "Data"
    while any(sample["Name"] == name for sample in samples):
        name += "_"
    simulated = [sample for sample in samples if not sample.get("Ghost")]
    found = _of_ntuples(simulated) if analysis.ntuples else _of_histograms(analysis, simulated)
    text = f'no sample has Type DATA: TRExFitter fits Asimov data, as commands do with --asimov; "{name}" is'
    if found is not None and not any("Smooth" in sample for sample in simulated):
        analysis.notes.approximate(analysis.job, None, f"{text} the sum of all samples")
    else:
        analysis.notes.cannot(analysis.job, None, f"{text} a stand-in that commands with --asimov do not look at")
    keys = ("Tree", "Weight", "SamplePath", "Sources", "Scale")
    first = next((s for s in simulated if not s.get("Regions")), simulated[0])
    return {"Name": name, "Data": True} | (found or {key: first[key] for key in keys if key in first})


def _of_histograms(analysis: Analysis, samples: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the input of data that are a sum of histograms; None where one sample can't say that sum."""
    scales = {sample.get("Scale", 1) for sample in samples}
    by_region: dict[str, list[str]] = {}
    for region in analysis.regions:
        paths: list[str] = []
        for sample in samples:
            if region.name in sample.get("Regions", [region.name]):
                own = [
                    b["SamplePath"]
                    for b in sample.get("Overrides", [])
                    if region.name in b.get("Regions", [region.name])
                ]
                paths += _listed((own or [sample.get("SamplePath", [])])[-1])
        by_region[region.name] = list(dict.fromkeys(paths))
    first = next(iter(by_region.values()))
    alike = all(paths == first for paths in by_region.values())
    if not all(by_region.values()) or any("Sources" in sample for sample in samples):
        return None
    if len(scales) > 1:
        sources = [{"SamplePath": s["SamplePath"], "Scale": s.get("Scale", 1)} for s in samples]
        return {"Sources": sources} if alike and not any("Overrides" in s for s in samples) else None
    found: dict[str, Any] = {"SamplePath": first[0] if len(first) == 1 else first}
    if scales != {1}:
        found["Scale"] = scales.pop()
    if not alike:
        others = [{"Regions": [name], "SamplePath": paths} for name, paths in by_region.items() if paths != first]
        found["Overrides"] = others
    return found


def _of_ntuples(samples: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the sources of data that are a sum of events; None where a sample differs by region."""
    if any(sample.keys() & {"Regions", "Overrides", "Scale"} for sample in samples):
        return None
    sources: list[dict[str, Any]] = []
    for sample in samples:
        for part in sample.get("Sources", [{}]):
            whole = sample | part
            source = {key: whole[key] for key in ("Tree", "Weight", "Filter", "SamplePath", "Scale") if key in whole}
            source["Weight"] = source.get("Weight", "1").replace("{Weight}", sample.get("Weight", "1"))
            if source not in sources:
                sources.append(source)
    return sources[0] if len(sources) == 1 else {"Sources": sources}


def _listed(paths: Any) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)
