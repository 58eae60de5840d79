"""Hypothesis strategies: small random workspaces that pyhf accepts, over all modifier types and shared names."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.reference.likelihood import Likelihood, ParameterSet, parameter_sets

Draw = Any
Spec = dict[str, Any]

CHANNELS = ("SR_b", "CR", "a_region")  # neither sorted nor of one case: orders must come from the sorting
SAMPLES = ("wjets", "Signal", "bkg")


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Draw floats with few digits, which are legible and off the convenient points."""
    return st.floats(low, high).map(lambda x: round(x, 4))


def some(draw: Draw, chance: int = 50) -> bool:
    """Draw True with about `chance` per cent."""
    return bool(draw(st.integers(1, 100)) <= chance)


def subset(draw: Draw, names: tuple[str, ...], least: int = 1) -> list[str]:
    """Draw at least `least` of the names, in any order."""
    order = draw(st.permutations(names))
    return list(order[: draw(st.integers(least, len(names)))])


@st.composite
def workspaces(
    draw: Draw, *, max_channels: int = 3, max_bins: int = 6, max_samples: int = 3, overrides: bool = True
) -> Spec:
    """Draw a valid pyhf workspace: channels, samples and modifiers in any order.

    It has zero bins, zero uncertainties, same-side and one-sided variations, names shared over samples, channels and
    types (normsys with histosys), staterrors over one or all channels, luminosity, and with `overrides` settings of
    the measurement for any parameter. One sample has a normfactor "mu". No rate is negative at the initial parameters.
    """
    names = subset(draw, CHANNELS[:max_channels])
    bins = {name: draw(st.integers(1, max_bins)) for name in names}
    samples = {name: subset(draw, SAMPLES[:max_samples]) for name in names}
    stat = staterror_names(draw, samples)
    channels = [
        {
            "name": channel,
            "samples": [
                {"name": sample, **draw_sample(draw, channel, sample, bins[channel], stat.get((channel, sample)))}
                for sample in samples[channel]
            ],
        }
        for channel in names
    ]
    mu = {"name": "mu", "type": "normfactor", "data": None}
    modifiers = channels[0]["samples"][0]["modifiers"]
    if mu not in modifiers:
        modifiers.append(mu)
    spec = {"channels": channels, "version": "1.0.0"}
    spec["observations"] = [observation(draw, c) for c in draw(st.permutations(channels))]
    spec["measurements"] = [
        measurement(draw, spec, f"measurement_{i}", overrides) for i in range(draw(st.integers(1, 2)))
    ]
    return spec


def staterror_names(draw: Draw, samples: dict[str, list[str]]) -> dict[tuple[str, str], str]:
    """Draw which (channel, sample) has which staterror: one name per channel, or one for all channels.

    A name on several channels must sit on the same samples everywhere (pyhf).
    """
    common = set.intersection(*map(set, samples.values()))
    if common and some(draw, 30):
        carriers = subset(draw, tuple(sorted(common)))
        return {(channel, sample): "stat_all" for channel in samples for sample in carriers}
    return {
        (channel, sample): f"stat_{channel}"
        for channel, present in samples.items()
        if some(draw, 70)
        for sample in subset(draw, tuple(present))
    }


def draw_sample(draw: Draw, channel: str, sample: str, size: int, stat: str | None) -> Spec:
    """Draw nominal yields and modifiers of one sample in one channel."""
    nominal = [0.0 if some(draw, 8) else draw(numbers(0.5, 200.0)) for _ in range(size)]
    found: list[Spec] = []

    def add(kind: str, name: str, data: Any = None) -> None:
        found.append({"name": name, "type": kind, "data": data})

    for name in ("mu", "B_norm"):
        if some(draw, 30):
            add("normfactor", name)
    for name in ("z_norm", "both", "A_norm"):
        if some(draw, 40):
            low, high = draw(numbers(0.6, 1.2)), draw(numbers(0.85, 1.5))
            add("normsys", name, {"lo": low, "hi": high})
    for name in ("shape_z", "both", "Shape"):
        if some(draw, 40):
            add("histosys", name, variation(draw, nominal))
    if some(draw, 30):
        add("lumi", "lumi")
    if some(draw, 15):
        add("shapefactor", f"free_{size}")  # shared by channels with as many bins: pyhf misreads larger ones
    if some(draw, 30):
        add("shapesys", f"uncorrelated_{channel}_{sample}", uncertainties(draw, nominal))  # unique: pyhf's rule
    if stat is not None:
        add("staterror", stat, uncertainties(draw, nominal))
    return {"data": nominal, "modifiers": draw(st.permutations(found))}


def variation(draw: Draw, nominal: list[float]) -> Spec:
    """Draw lo_data and hi_data around the nominal yields, either of which may be the nominal yields themselves.

    Both sides fill an empty bin alike: a one-sided filling means negative rates on the other side.
    """
    low, high = ([1.0] * len(nominal) if some(draw, 10) else [draw(numbers(0.8, 1.25)) for _ in nominal] for _ in "du")
    filling = [0.0 if n else draw(numbers(0.0, 1.0)) for n in nominal]
    return {
        "lo_data": [round(n * x, 6) + f for n, x, f in zip(nominal, low, filling, strict=True)],
        "hi_data": [round(n * x, 6) + f for n, x, f in zip(nominal, high, filling, strict=True)],
    }


def uncertainties(draw: Draw, nominal: list[float]) -> list[float]:
    """Draw absolute uncertainties per bin, some of them zero."""
    return [0.0 if some(draw, 10) else round(max(n, 1.0) * draw(numbers(0.01, 0.4)), 6) for n in nominal]


def observation(draw: Draw, channel: Spec) -> Spec:
    """Draw observed counts near the prediction, not always whole numbers; none where nothing is predicted."""
    total = np.sum([sample["data"] for sample in channel["samples"]], axis=0)
    data = [draw(numbers(0.6, 1.5)) * float(t) for t in total]
    return {"name": channel["name"], "data": data if some(draw, 20) else [float(round(n)) for n in data]}


def measurement(draw: Draw, spec: Spec, name: str, overrides: bool) -> Spec:
    """Draw a measurement: a scalar parameter of interest or none, and settings."""
    sets = parameter_sets(spec, {"config": {"parameters": []}})
    poi = draw(st.sampled_from(["", *(s.name for s in sets if s.scalar)]))
    parameters = []
    for parameter in draw(st.permutations(sets)):
        if parameter.name == "lumi":
            parameters.append(lumi_settings(draw))
        elif overrides and some(draw, 20):
            parameters.append({"name": parameter.name, **settings(draw, parameter)})
    return {"name": name, "config": {"poi": poi, "parameters": parameters}}


def lumi_settings(draw: Draw) -> Spec:
    """Draw what a lumi modifier needs from its measurement."""
    value = draw(st.sampled_from([1.0, 2.7]))
    entry = {"auxdata": [value], "sigmas": [round(value * draw(numbers(0.01, 0.05)), 6)], "inits": [value]}
    return {"name": "lumi", "bounds": [[0.5 * value, 1.5 * value]], "fixed": some(draw, 20), **entry}


def settings(draw: Draw, parameter: ParameterSet) -> Spec:
    """Draw settings that this parameter set allows; only differences to the defaults matter, so all are optional."""
    size = len(parameter.inits)
    scalar_constraint = parameter.scalar and parameter.kind == "normal"
    low, high = (-4.0, 3.5) if scalar_constraint else (0.01, 6.0)
    entries: Spec = {
        "inits": [draw(numbers(-0.3, 0.4) if scalar_constraint else numbers(0.8, 1.3)) for _ in range(size)],
        "bounds": [[low, high]] * size,
        "fixed": some(draw, 60),
    }
    if scalar_constraint:
        entries["auxdata"] = [draw(numbers(-0.5, 0.5))]
    elif parameter.kind == "normal":
        entries["auxdata"] = [draw(numbers(0.9, 1.1)) for _ in range(size)]
        entries["sigmas"] = [draw(numbers(0.01, 0.3)) for _ in range(size)]
    elif parameter.kind == "poisson":
        entries["auxdata"] = [round(tau * draw(numbers(0.8, 1.2)), 6) for tau in parameter.taus]
    return {key: entries[key] for key in subset(draw, tuple(entries))}


def random_theta(rng: np.random.Generator, ref: Likelihood, width: float = 1.0) -> np.ndarray:
    """Return a random point inside the bounds where no rate is negative, shape (parameters,).

    Parameters move by about `width` pre-fit widths, wide gammas by less, fixed parameters too (an nll is defined
    there). Interpolation parameters keep off 0 and +-1, where derivatives may jump.
    """
    low, high = ref.bounds.T
    margin = 1e-3 * (high - low)
    scale = np.minimum(ref.scales() * width, np.where(low < 0, 2.0, 0.5))
    interpolated = np.array([s.scalar and s.kind == "normal" and s.name != "lumi" for s in ref.sets for _ in s.inits])
    for shrink in 0.9 ** np.arange(60):
        theta = np.clip(ref.inits + shrink * scale * rng.normal(size=len(low)), low + margin, high - margin)
        nearest = np.clip(np.round(theta), -1, 1)
        theta = np.where(interpolated & (np.abs(theta - nearest) < 0.01), nearest + 0.0137, theta)
        if (ref.expected(theta) >= 0).all():
            return theta
    raise ValueError("no point with positive rates found near the initial parameters")
