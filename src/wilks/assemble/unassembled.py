"""Workspace -> Templates: nominal templates and variations of a workspace that somebody else built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from wilks._types import FloatArray
from wilks.histogram import Axis, Histogram
from wilks.templates.record import Effect
from wilks.templates.split import split
from wilks.templates.store import SIDES, TemplateKey, Templates
from wilks.workspace.acting import Acting, acting
from wilks.workspace.spec import Sample, StatError
from wilks.workspace.workspace import Workspace

DATA = "Data"


def templates_of(
    workspace: Workspace,
    *,
    measurement: str | None = None,
    parameters: str | Sequence[str] | None = None,
    channels: str | Sequence[str] | None = None,
    samples: str | Sequence[str] | None = None,
) -> Templates:
    """Return the templates that a workspace tells: what its parameters do at plus and minus one standard deviation.

    Statistical uncertainties are those of staterror modifiers, 0 where a sample has none: a workspace does not say
    more. Varied templates have none. Factors without constraint have no variation, and staterrors are no systematics;
    of a shapesys all bins move together. The observed data are the sample "Data". Effects are all kept: what processing
    left out, a workspace does not have. Names and patterns choose as in `acting`, which raises InputError.
    """
    found = acting(workspace, measurement=measurement, parameters=parameters, channels=channels, samples=samples)
    blocks: dict[tuple[str, str], list[Acting]] = {}
    for each in found:
        blocks.setdefault((each.channel, each.sample), []).append(each)
    histograms: dict[TemplateKey, Histogram] = {}
    effects: list[Effect] = []
    observed = {observation.name: observation.data for observation in workspace.document.observations}
    data = data_name(workspace)
    for channel in workspace.document.channels:
        axis = workspace.axis(channel.name)
        if channel.name in observed:
            counts = np.array(observed[channel.name], np.float64)
            histograms[TemplateKey(channel.name, data)] = Histogram(axis, counts, np.abs(counts))
        for sample in channel.samples:
            key = TemplateKey(channel.name, sample.name)
            contents = np.array(sample.data, np.float64)
            histograms[key] = Histogram(axis, contents, _stat(sample) ** 2)
            for each in blocks.get((channel.name, sample.name), ()):
                if each.up is None or each.down is None or "staterror" in each.types:
                    continue
                effects.append(_effect(each))
                histograms |= _sides(each, axis)
    return Templates(histograms, effects=tuple(effects))


def data_name(workspace: Workspace) -> str:
    """Return the name that the observed data have among the templates of a workspace: one that no sample has."""
    taken = {sample.name for channel in workspace.document.channels for sample in channel.samples}
    return next(name for i in count(1) if (name := DATA if i == 1 else f"{DATA} {i}") not in taken)


def _stat(sample: Sample) -> FloatArray:
    errors = [np.array(m.data, np.float64) for m in sample.modifiers if isinstance(m, StatError)]
    return np.hypot.reduce(errors) if errors else np.zeros(len(sample.data))


def _sides(each: Acting, axis: Axis) -> dict[TemplateKey, Histogram]:
    """Return the templates of both sides; none where all bins change alike."""
    if each.kind in ("normsys", "lumi"):
        return {}
    sides = zip(SIDES, (each.up, each.down), strict=True)
    none = np.zeros_like(each.nominal)
    return {
        TemplateKey(each.channel, each.sample, each.name, side): Histogram(axis, contents, none)
        for side, contents in sides
        if contents is not None
    }


def _effect(each: Acting) -> Effect:
    assert each.up is not None
    assert each.down is not None
    norm = each.norm or (0.0, 0.0)
    shape = None
    if each.kind not in ("normsys", "lumi"):
        up, down = (_largest(split(side, each.nominal).shape, each.nominal) for side in (each.up, each.down))
        shape = up, down
    judged = max(map(abs, norm)), max(map(abs, shape or (0.0,)))
    return Effect(each.channel, each.sample, each.name, norm, shape, judged)


def _largest(values: FloatArray, nominal: FloatArray) -> float:
    """Return the largest relative change of a filled bin, with its sign."""
    with np.errstate(over="ignore", invalid="ignore"):
        relative = np.divide(values - nominal, nominal, out=np.zeros_like(nominal), where=nominal != 0.0)
    return float(relative[np.argmax(np.abs(relative))]) if relative.size else 0.0
