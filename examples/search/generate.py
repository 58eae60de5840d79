"""Make the input of the search example: histograms of a resonance over a falling background.

    python examples/search/generate.py [--seed N] [--output DIR] [--force]

The expected spectra are exponentials and Gaussians, in closed form. Each bin of a simulated sample has as many events,
of equal weight, as a simulation of that size would happen to give; variations are those of the same events.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, exp, sqrt
from pathlib import Path

import numpy as np

import wilks

LUMINOSITY = 140.0  # fb^-1
MASSES = (400, 500, 600, 700, 800, 1000, 1200)  # GeV
RESOLUTION = 0.05  # of the mass of the resonance
THRESHOLD = 300.0  # GeV, where all selections begin

# Edges in GeV. The control region has few bins: what it is for is the rate of top quarks.
REGIONS = {
    "2b": np.array([300, 350, 400, 450, 500, 560, 620, 690, 770, 870, 1000, 1200, 1500.0]),
    "1b": np.array([300, 350, 400, 450, 500, 560, 620, 690, 770, 870, 1000, 1200, 1500.0]),
    "top": np.array([300, 400, 500, 700, 1500.0]),
}


@dataclass(frozen=True)
class Background:
    """An exponential: expected events by region, GeV in which it falls by a factor e, weight of a simulated event."""

    events: Mapping[str, float]
    fall: float
    weight: float


BACKGROUNDS = {
    "zjets": Background({"2b": 2500, "1b": 11000, "top": 15}, 160.0, 0.2),
    "top": Background({"2b": 900, "1b": 1200, "top": 4200}, 110.0, 0.1),
    "diboson": Background({"2b": 70, "1b": 210, "top": 8}, 190.0, 0.02),
}
SIGNAL_SHARE = {"2b": 0.65, "1b": 0.35, "top": 0.0}
ACCEPTANCE, SIGNAL_WEIGHT = 0.125, 0.005


def cross_section(mass: float) -> float:
    """Return the cross section times branching ratio of the benchmark model, in fb, for a mass in GeV."""
    return 8.0 * (600.0 / mass) ** 5


# What nature does in this example, so that there is something to find.
TRUE_MASS, TRUE_STRENGTH, TRUE_RATES, TRUE_SCALE = 600, 0.8, {"zjets": 1.05, "top": 0.95}, 0.3


# Effects: a factor on the expected events of each bin, for the parameter at `size` standard deviations.


def jet_energy_scale(size: float) -> float:
    """Return the factor on all measured masses: 1 % at one standard deviation."""
    return 1 + 0.01 * size


def b_tagging(region: str, centers: np.ndarray, size: float) -> np.ndarray:
    """More efficient tagging moves events from one tag to two, the more the higher the mass."""
    slope = {"2b": 0.04, "1b": -0.02, "top": 0.03}[region]
    return 1 + size * slope * (0.5 + 0.5 * centers / 600)


def other_generator(sample: str, centers: np.ndarray) -> np.ndarray:
    """The other generator of Z+jets has a harder spectrum, that of top quarks a softer one."""
    slope = {"zjets": 0.05, "top": -0.08}[sample]
    return 1 + slope * (centers - 450) / 300


def spectrum(sample: str, region: str, scale: float = 0.0) -> np.ndarray:
    """Return the events that are expected in each bin of a region, with masses scaled."""
    edges = REGIONS[region] / jet_energy_scale(scale)
    if sample in BACKGROUNDS:
        process = BACKGROUNDS[sample]
        above = np.array([exp(-(edge - THRESHOLD) / process.fall) for edge in edges])
        return process.events[region] * -np.diff(above)
    mass = float(sample.removeprefix("signal_"))
    events = LUMINOSITY * cross_section(mass) * ACCEPTANCE * SIGNAL_SHARE[region]
    below = np.array([0.5 + 0.5 * erf((edge - mass) / (sqrt(2) * RESOLUTION * mass)) for edge in edges])
    return events * np.diff(below)


def simulated(rng: np.random.Generator, sample: str, region: str) -> dict[str, wilks.Histogram]:
    """Return the nominal histogram of a sample, and its variations, by the ending of their names."""
    weight = BACKGROUNDS[sample].weight if sample in BACKGROUNDS else SIGNAL_WEIGHT
    axis = wilks.Axis(REGIONS[region], "$m_{X}$ [GeV]")
    expected = spectrum(sample, region)
    events = rng.poisson(expected / weight)
    factors = {"": np.ones(len(axis))}
    for name, size in (("up", 1.0), ("down", -1.0)):
        factors[f"_jes_{name}"] = np.divide(
            spectrum(sample, region, size), expected, out=np.ones(len(axis)), where=expected > 0
        )
        factors[f"_btag_{name}"] = b_tagging(region, axis.centers, size)
    if sample in ("zjets", "top"):
        factors["_other"] = other_generator(sample, axis.centers)
    return {
        name: wilks.Histogram(axis, weight * events * factor, weight**2 * events * factor**2, title=sample)
        for name, factor in factors.items()
    }


def recorded(rng: np.random.Generator, region: str) -> wilks.Histogram:
    """Return the data of a region: Poisson-distributed around what nature does."""
    expected = sum(TRUE_RATES.get(name, 1.0) * spectrum(name, region, TRUE_SCALE) for name in BACKGROUNDS)
    expected = expected + TRUE_STRENGTH * spectrum(f"signal_{TRUE_MASS}", region, TRUE_SCALE)
    events = rng.poisson(expected).astype(float)
    return wilks.Histogram(wilks.Axis(REGIONS[region], "$m_{X}$ [GeV]"), events, events, title="data")


def histograms(seed: int = 1) -> dict[str, wilks.Histogram]:
    """Return all histograms by name: region, sample and, if it is not nominal, variation."""
    samples = [*BACKGROUNDS, *(f"signal_{mass}" for mass in MASSES)]
    result = {}
    for i, region in enumerate(REGIONS):
        for j, sample in enumerate(samples):
            if not sample.startswith("signal") or SIGNAL_SHARE[region]:
                made = simulated(np.random.default_rng([seed, i, j]), sample, region)
                result |= {f"{region}_{sample}{name}": histogram for name, histogram in made.items()}
        result[f"{region}_data"] = recorded(np.random.default_rng([seed, i, len(samples)]), region)
    return result


def generate(folder: Path, seed: int = 1) -> Path:
    """Write all histograms to `folder`/input/histograms.root and return its path; the same seed, the same events."""
    import uproot

    path = folder / "input" / "histograms.root"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    try:
        with uproot.recreate(temporary) as file:
            for name, histogram in histograms(seed).items():
                file[name] = histogram
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the input of the search example.")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default 1)")
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent, help="folder that gets input/")
    parser.add_argument("--force", action="store_true", help="write again what is already there")
    arguments = parser.parse_args()
    if arguments.seed < 0:
        parser.error("--seed must not be negative")
    path = arguments.output / "input" / "histograms.root"
    if path.exists() and not arguments.force:
        print(f"{path} is already there; --force makes it again")
        return
    path = generate(arguments.output, arguments.seed)
    print(f"wrote {path} ({path.stat().st_size / 1e3:.0f} kB)")


if __name__ == "__main__":
    main()
