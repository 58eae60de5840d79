"""autoMCStats: statistical uncertainties of histograms, for each bin together or for each process."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wilks._types import BoolArray, FloatArray, JSONDict
from wilks.formats.datacard.parameters import WIDE
from wilks.formats.datacard.records import Statistics
from wilks.formats.datacard.samples import Made
from wilks.formats.datacard.starting import factor, start_values

_SEVEN_SIGMA = 1.3e-12
_NEARLY = 0.999


def channel_statistics(
    name: str, made: list[Made], said: Statistics, settings: Mapping[str, JSONDict], functions: Mapping[str, JSONDict]
) -> dict[str, JSONDict]:
    """Add modifiers to the samples of a channel with autoMCStats; return the settings of their parameters.

    Which bins have one parameter, and which one for each process, is decided where all parameters start.
    """
    with_errors = [one for one in made if one.errors.any()]
    if said.threshold < 0 or not with_errors:
        return {}
    starts = start_values(as_combine_starts(settings), functions)
    with_error, effective = effective_events(made, [factor(one.sample, starts) for one in made], said.signals)
    together = with_error & (effective > said.threshold)
    apart = with_error & ~together
    found: dict[str, JSONDict] = {}
    if together.any():
        found |= _added(f"prop_bin{name}", with_errors, together)
    for one in with_errors:
        found |= _of_process(f"prop_bin{name}_{one.sample['name']}", one, apart, said.threshold)
    return found


def effective_events(made: list[Made], factors: list[float], signals: bool) -> tuple[BoolArray, FloatArray]:
    """Return which bins have an error, and the events of the same relative error; without `signals` of backgrounds."""
    counted = [(f, one) for f, one in zip(factors, made, strict=True) if signals or not one.signal]
    zero = np.zeros(made[0].values.size)
    total = sum((f * one.values for f, one in counted), zero)
    error = np.sqrt(sum(((f * one.errors) ** 2 for f, one in counted), zero))
    return error > 0, np.floor(0.5 + np.divide(total, error, out=zero.copy(), where=error > 0) ** 2)


def events_of(one: Made) -> FloatArray:
    """Return the events of the same relative error in the bins of a process, 0 where there is none."""
    positive = (one.errors > 0) & (one.values >= 0)
    ratio = np.divide(one.values, one.errors, out=np.zeros_like(one.values), where=positive)
    found: FloatArray = np.floor(0.5 + ratio**2)
    return found


def as_combine_starts(settings: Mapping[str, JSONDict]) -> dict[str, JSONDict]:
    """Return settings in which counts (gmN) start one event higher than they are, as in Combine."""
    counts = {n: s for n, s in settings.items() if s.get("factors") == [1.0] and s["inits"] == s["auxdata"]}
    return {**settings, **{name: {**one, "inits": [one["inits"][0] + 1.0]} for name, one in counts.items()}}


def _added(name: str, made: list[Made], bins: BoolArray) -> dict[str, JSONDict]:
    """Add one standard normal parameter per bin times the errors of all samples together."""
    size = bins.size
    for one in made:
        data = np.where(bins, one.errors, 0.0).tolist()
        one.sample["modifiers"].append({"type": "staterror", "name": name, "data": data, "effect": "added"})
    return {name: {"name": name, "inits": [0.0] * size, "bounds": [[-WIDE, WIDE]] * size}}


def _of_process(name: str, one: Made, bins: BoolArray, threshold: float) -> dict[str, JSONDict]:
    """Add parameters per bin for one sample: Poisson where it has few events, normal otherwise."""
    positive = bins & (one.errors > 0) & (one.values >= 0)
    events = events_of(one)
    few = positive & (one.values >= _NEARLY * one.errors) & (events <= threshold)
    many = positive & ~few
    found = _added(name, [one], many) if many.any() else {}
    if few.any():
        found |= _poisson(f"{name}_count", one, few, events)
    return found


def _poisson(name: str, one: Made, bins: BoolArray, events: FloatArray) -> dict[str, JSONDict]:
    from scipy.special import gammainccinv, gammaincinv

    nominal = np.asarray(one.sample["data"])
    counts = np.where(bins, events, 1.0)
    widths = np.where(bins, nominal / np.sqrt(counts), 0.0)
    modifier = {"type": "shapesys", "name": name, "data": widths.tolist()}
    one.sample["modifiers"].append(modifier)
    low = np.where(bins, gammaincinv(counts, _SEVEN_SIGMA) / counts, 1e-10)
    high = np.where(bins, gammainccinv(counts + 1.0, _SEVEN_SIGMA) / counts, 10.0)
    bounds = [[float(a), float(b)] for a, b in zip(low, high, strict=True)]
    return {name: {"name": name, "inits": [1.0] * bins.size, "bounds": bounds}}
