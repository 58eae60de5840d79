"""What a configuration asks of its fit that a run does not do: other data than those observed, or a part of them."""

from __future__ import annotations

from collections.abc import Iterator

from wilks.trexfitter.analysis import Analysis
from wilks.trexfitter.grammar import Block
from wilks.trexfitter.regions import type_of

_INSTEAD = (
    'is not done by "wilks run", which fits all regions to the observed data; "wilks import-trex CONFIG -o config.yml" '
    "prints the commands that do"
)


def not_run(analysis: Analysis) -> list[str]:
    """Return a sentence for each setting that blinds the fit, or restricts it; `analysis.regions` are those of it."""
    return [
        f"{block.settings[key].line.place}  {block.title}.{key}: {block.settings[key].text:.40} {_INSTEAD}"
        for block, key in sorted(_settings(analysis), key=lambda found: found[0].settings[found[1]].line.number)
    ]


def names_of(analysis: Analysis) -> list[str]:
    """Return the names of these settings, each once."""
    return list(dict.fromkeys(key for _, key in _settings(analysis)))


def _settings(analysis: Analysis) -> Iterator[tuple[Block, str]]:
    fit, job = analysis.first("Fit"), analysis.job
    if fit.true("FitBlind"):
        yield fit, "FitBlind"
    for block in (fit, job):
        if block.text("FitType").upper() == "BONLY":
            yield block, "FitType"
    if fit.text("FitRegion").upper() not in ("", "CRSR"):
        yield fit, "FitRegion"
    if job.true("BlindSRs") and any(type_of(region) == "SIGNAL" for region in analysis.regions):
        yield job, "BlindSRs"
    for region in analysis.regions:
        if region.text("DataType").upper() == "ASIMOV":
            yield region, "DataType"
    if job.text("CustomAsimov").upper() not in ("", "FALSE", "NONE"):
        yield job, "CustomAsimov"
