"""Varied histograms that keep the effect that the type of their systematic asks for: `ShapeOnly`, `NormOnly`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wilks.config.schema import Config
from wilks.histogram import Histogram
from wilks.templates.record import Step
from wilks.templates.split import split
from wilks.templates.store import SIDES, TemplateKey

Changes = dict[TemplateKey, tuple[Histogram, Step]]


def keep_parts(histograms: Mapping[TemplateKey, Histogram], config: Config) -> tuple[Changes, list[str]]:
    """Return the variations of Type ShapeOnly with the nominal yield, and those of Type NormOnly with its shape.

    Where one of the yields is zero there is no ratio: a ShapeOnly variation stays as it is, a NormOnly one is nominal.
    """
    types = {systematic.name: systematic.type for systematic in config.systematics}
    changes: Changes = {}
    for key, variation in histograms.items():
        kind = types.get(key.systematic or "") if key.side in SIDES else None
        nominal = histograms.get(TemplateKey(key.region, key.sample))
        # What lacks a nominal template of the same binning is told where the workspace is built.
        if kind not in ("ShapeOnly", "NormOnly") or nominal is None or len(nominal.axis) != len(variation.axis):
            continue
        side = split(variation.contents, nominal.contents)
        if kind == "NormOnly":
            made = replace(variation, contents=side.factor * nominal.contents)
            changes[key] = made, Step("yield only", {"factor": side.factor})
        elif side.factor != 1.0:
            changes[key] = variation.scaled(1.0 / side.factor), Step("shape only", {"factor": 1.0 / side.factor})
    return changes, []
