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
    whole = [s for s in samples if not s.keys() & {"Regions", "Overrides", "Sources", "Scale", "Smooth", "Ghost"}]
    text = f'no sample has Type DATA: TRExFitter fits Asimov data, as commands do with --asimov; "{name}" is'
    if len(whole) == len(samples):
        analysis.notes.approximate(analysis.job, None, f"{text} the sum of all samples")
    else:
        analysis.notes.cannot(analysis.job, None, f"{text} a stand-in that commands with --asimov do not look at")
    found: dict[str, Any] = {"Name": name, "Data": True}
    taken = whole or [s for s in samples if "SamplePath" in s][:1] or list(samples[:1])
    keys = ("Tree", "Weight", "Filter", "SamplePath")
    if not analysis.ntuples:
        paths = [path for s in taken for path in _listed(s.get("SamplePath", []))]
        paths = list(dict.fromkeys(paths))
        return found | {"SamplePath": paths[0] if len(paths) == 1 else paths}
    sources: list[dict[str, Any]] = []
    for sample in taken:
        parts = sample.get("Sources", [{}])
        for part in parts:
            source = {key: (sample | part)[key] for key in keys if key in sample | part}
            source["Weight"] = source.get("Weight", "1").replace("{Weight}", sample.get("Weight", "1"))
            if source not in sources:
                sources.append(source)
    return found | (sources[0] if len(sources) == 1 else {"Sources": sources})


def _listed(paths: Any) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)
