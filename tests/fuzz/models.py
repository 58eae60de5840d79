"""Random workspaces that are hard on a fit, each from one number.

The strategies of `tests.strategies` make models that pyhf accepts and whose start is harmless. These do not care: empty
bins, negative contributions, variations whose sides point the same way, bounds without room, data far away. They are
valid all the same, and `tests.reference` knows their likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tests.fuzz.dice import Dice
from tests.reference.likelihood import ParameterSet, parameter_sets

Spec = dict[str, Any]

CHANNELS = ("SR", "CR_b", "a_region", "VR", "CR")
SAMPLES = ("signal", "bkg", "Wjets", "qcd")
SCALARS = ("both", "same", "scale", "JES", "tune")


@dataclass(frozen=True)
class Temper:
    """How odd a model is: probabilities, the strength of its variations, and how far the data are away."""

    same_sided: float
    strength: float
    empty: float
    negative: float
    settings: float
    far: float


def temper(dice: Dice) -> Temper:
    """Return a temper; each of its sides is ordinary in about half of the models."""
    return Temper(
        same_sided=dice.choice((0.1, 0.1, 0.5, 0.9)),
        strength=dice.choice((0.05, 0.2, 0.2, 0.5, 0.9)),
        empty=dice.choice((0.0, 0.05, 0.3)),
        negative=dice.choice((0.0, 0.0, 0.05, 0.2)),
        settings=dice.choice((0.0, 0.2, 0.6)),
        far=dice.choice((0.0, 0.0, 0.3, 1.0)),
    )


def random_workspace(seed: int) -> Spec:
    """Return the workspace of this seed."""
    dice = Dice("workspace", seed)
    mood = temper(dice)
    names = dice.subset(CHANNELS)
    bins = {name: dice.integer(1, dice.choice((1, 3, 10))) for name in names}
    stat_all = dice.chance(0.2)
    channels = [channel(dice, mood, name, bins[name], "stat_all" if stat_all else f"stat_{name}") for name in names]
    mu = {"name": "mu", "type": "normfactor", "data": None}
    first = channels[0]["samples"][0]["modifiers"]
    if mu not in first:
        first.append(mu)
    spec = {"channels": channels, "version": "1.0.0"}
    spec["observations"] = [{"name": c["name"], "data": observed(dice, mood, c)} for c in dice.shuffled(channels)]
    spec["measurements"] = [measurement(dice, mood, spec)]
    return spec


def channel(dice: Dice, mood: Temper, name: str, size: int, stat: str) -> Spec:
    """Return a channel; its staterror, if any, sits on some of its samples."""
    carriers = dice.subset(SAMPLES, 0) if dice.chance(0.6) else []
    samples = [sample(dice, mood, name, one, size, stat if one in carriers else None) for one in dice.subset(SAMPLES)]
    return {"name": name, "samples": samples}


def sample(dice: Dice, mood: Temper, channel: str, name: str, size: int, stat: str | None) -> Spec:
    """Return a sample with its yields and modifiers."""
    scale = dice.magnitude(0.3, 300.0)
    nominal = [yield_of(dice, mood, scale) for _ in range(size)]
    found: list[Spec] = []

    def add(kind: str, modifier: str, data: Any = None) -> None:
        found.append({"name": modifier, "type": kind, "data": data})

    for factor, probability in (("mu", 0.7 if name == "signal" else 0.03), ("norm", 0.1), (f"k_{name}", 0.08)):
        if dice.chance(probability):
            add("normfactor", factor)
    for systematic in SCALARS:
        if dice.chance(0.25):
            low, high = sides(dice, mood)
            add("normsys", systematic, {"lo": max(1 + low, 0.02), "hi": max(1 + high, 0.02)})
        if dice.chance(0.2):
            add("histosys", systematic, shape(dice, mood, nominal))
    if dice.chance(0.2):
        add("lumi", "lumi")
    if dice.chance(0.03):
        add("shapefactor", f"free_{size}")
    if dice.chance(0.2):
        add("shapesys", f"shapesys_{channel}_{name}", uncertainties(dice, nominal, 1.0))
    if stat is not None:
        add("staterror", stat, uncertainties(dice, nominal, 0.5))
    return {"name": name, "data": nominal, "modifiers": found}


def yield_of(dice: Dice, mood: Temper, scale: float) -> float:
    """Return the yield of one bin: mostly positive, 0 or negative as the temper has it."""
    if dice.chance(mood.empty):
        return 0.0
    return (-0.3 if dice.chance(mood.negative) else 1.0) * dice.number(0.2 * scale, 2.0 * scale)


def sides(dice: Dice, mood: Temper) -> tuple[float, float]:
    """Return the relative change of a systematic down and up: opposite, or both of one sign; one may be 0."""
    down, up = (dice.magnitude(0.05, 1.5) * mood.strength for _ in "du")
    sign = 1.0 if dice.chance(0.5) else -1.0
    if dice.chance(0.1):
        up = 0.0
    if dice.chance(0.05):
        down = up
    return sign * (down if dice.chance(mood.same_sided) else -down), sign * up


def shape(dice: Dice, mood: Temper, nominal: list[float]) -> Spec:
    """Return a histosys, whose sides may differ from bin to bin; empty bins may be filled."""
    common = sides(dice, mood)
    changes = [sides(dice, mood) if dice.chance(0.4) else common for _ in nominal]
    filling = [dice.number(0.0, 1.0) if n == 0 and dice.chance(0.3) else 0.0 for n in nominal]
    low, high = ([n * (1 + c[i]) + f for n, c, f in zip(nominal, changes, filling, strict=True)] for i in (0, 1))
    return {"lo_data": [float(f"{x:.6g}") for x in low], "hi_data": [float(f"{x:.6g}") for x in high]}


def uncertainties(dice: Dice, nominal: list[float], largest: float) -> list[float]:
    """Return absolute uncertainties, some of them 0."""
    return [
        0.0 if dice.chance(0.07) else float(f"{abs(n or 1.0) * dice.magnitude(0.003, largest):.5g}") for n in nominal
    ]


def observed(dice: Dice, mood: Temper, channel: Spec) -> list[float]:
    """Return observed numbers of events: about what is expected, or far from it, whole or not."""
    totals = [max(sum(values), 0.0) for values in zip(*(s["data"] for s in channel["samples"]), strict=True)]
    whole = dice.chance(0.7)
    away = dice.magnitude(0.02, 20.0)
    data = []
    for total in totals:
        n = max(total + math.sqrt(total) * dice.normal(), 0.0)
        if dice.chance(mood.far):
            extra = dice.number(0.0, 5.0) if total or dice.chance(0.1) else 0.0
            n = dice.choice((0.0, n * away, n * dice.magnitude(0.02, 20.0), n + extra))
        data.append(float(round(n)) if whole else float(f"{n:.5g}"))
    return data


def measurement(dice: Dice, mood: Temper, spec: Spec) -> Spec:
    """Return a measurement: the POI (any scalar parameter, mostly `mu`), and settings."""
    sets = parameter_sets(spec, {"config": {"parameters": []}})
    scalars = [s.name for s in sets if s.scalar]
    parameters = []
    for parameter in sets:
        if parameter.name == "lumi":
            parameters.append(lumi(dice))
        elif dice.chance(mood.settings):
            parameters.append({"name": parameter.name, **settings(dice, parameter)})
    poi = "mu" if dice.chance(0.9) else dice.choice(scalars)
    return {"name": "random", "config": {"poi": poi, "parameters": parameters}}


def lumi(dice: Dice) -> Spec:
    """Return what a luminosity modifier needs."""
    value, width = dice.choice((1.0, 2.7)), dice.magnitude(0.005, 0.1)
    entry = {"auxdata": [value], "sigmas": [width], "inits": [value], "fixed": dice.chance(0.1)}
    return {"name": "lumi", "bounds": [[value - 6 * width, value + 6 * width]], **entry}


def settings(dice: Dice, parameter: ParameterSet) -> Spec:
    """Return settings of a parameter: bounds with and without room, starts on them, other auxiliary data."""
    size = len(parameter.inits)
    systematic = parameter.scalar and parameter.kind == "normal"
    entry: Spec = {}
    if dice.chance(0.6):
        low, high = bounds(dice, systematic, parameter.kind)
        starts = (low, high, 0.5 * (low + high), min(max(parameter.inits[0], low), high))
        entry |= {"bounds": [[low, high]] * size, "inits": [dice.choice(starts)] * size}
    if dice.chance(0.15):
        entry["fixed"] = dice.chance(0.8)
    if parameter.kind == "poisson" and dice.chance(0.4):
        entry["auxdata"] = [
            dice.choice((0.0, t, float(round(t)), t * dice.magnitude(0.2, 4.0))) for t in parameter.taus
        ]
    elif parameter.kind == "normal" and dice.chance(0.3):
        widths = parameter.sigmas
        entry["auxdata"] = [a + s * dice.normal() for a, s in zip(parameter.auxdata, widths, strict=True)]
    return entry


def bounds(dice: Dice, systematic: bool, kind: str) -> tuple[float, float]:
    """Return bounds: wide, one-sided, narrow, nearly or entirely without room."""
    centre = dice.number(-1.5, 1.5) if systematic else dice.number(0.3, 2.0)
    choices = [
        (-8.0, 8.0) if systematic else (0.0, 100.0),
        (0.0, 3.0),
        (centre - 0.2, centre + 0.2),
        (centre, centre),
        (centre, centre * (1 + 1e-12) + 1e-300 if centre > 0 else centre + 1e-12),
        (centre, centre + 1e-7),
        (1.0, 1.0),
    ]
    if systematic:
        choices += [(-2.0, 0.0), (0.0, 5.0), (-0.5, 0.3)]
    elif kind == "none":
        choices += [(-5.0, 5.0), (-1.0, 20.0), (1.0, 10.0), (0.0, 1.0), (1e-6, 1e6)]
    else:
        choices += [(1e-10, 100.0), (0.5, 1.5)]
    low, high = dice.choice(choices)
    return (low, high) if systematic or kind == "none" else (max(low, 1e-10), high)
