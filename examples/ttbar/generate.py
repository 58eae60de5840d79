"""Simulate the input of the ttbar example: ROOT ntuples and, filled from them, histograms.

python examples/ttbar/generate.py [--seed N] [--output DIR] [--force]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from simulation import Columns, HardJets, Physics, associated_top, select, simulate_jets, t_channel, ttbar, w_jets

LUMINOSITY = 3378.0  # pb^-1, as recorded in 2015

# Samples: what an analysis group would hand you.


@dataclass(frozen=True)
class Process:
    """Visible cross section (pb, lepton required), simulated events, and d log(weight) for doubled QCD scales."""

    cross_section: float
    simulated: int
    hard_jets: HardJets
    scale_effect: tuple[float, float] | None = None  # overall, and per factor e in H_T / 300 GeV


PROCESSES = {
    "ttbar": Process(52.0, 300_000, ttbar, (-0.035, -0.03)),
    "wjets": Process(72.0, 500_000, w_jets, (-0.06, -0.05)),
    "single_top_t_chan": Process(7.6, 60_000, t_channel),
    "single_atop_t_chan": Process(4.6, 45_000, t_channel),
    "single_top_tW": Process(9.5, 90_000, associated_top),
}

ALTERNATIVES = {"ME_var": Physics(top_pt=1.04), "PS_var": Physics(radiation=1.08, loss=1.2)}
DETECTOR_SHIFTS = {"pt_scale_up": {"energy_scale": 1.0}, "pt_res_up": {"resolution": 1.0}}
# What nature does in this example, so that a fit has something to find.
TRUTH = Physics(top_pt=1.01, radiation=1.01)
TRUE_RATES = {"ttbar": 0.96, "wjets": 1.04}
TRUE_ENERGY_SCALE = 0.3


def simulated_sample(rng: np.random.Generator, name: str) -> dict[str, Columns]:
    """Return the trees of one process: `events`, and one for each variation that moves jets or needs new events."""
    process = PROCESSES[name]
    weight = LUMINOSITY * process.cross_section / process.simulated

    def weighted(events: Columns) -> Columns:
        factors = {key: value for key, value in events.items() if key.startswith("weight_")}
        if process.scale_effect is not None:
            overall, slope = process.scale_effect
            log_weight = overall + slope * np.log(events["HT"] / 300)
            factors |= {"weight_scaleup": np.exp(log_weight), "weight_scaledown": np.exp(-log_weight)}
        nominal = np.full(len(events["HT"]), weight)
        return events | {"weight": nominal} | {key: nominal * factor for key, factor in factors.items()}

    def without_variations(events: Columns) -> Columns:
        return {key: value for key, value in weighted(events).items() if not key.startswith("weight_")}

    jets = simulate_jets(rng, process.hard_jets, process.simulated, Physics())
    trees = {"events": weighted(select(jets))}
    for variation, shift in DETECTOR_SHIFTS.items():
        trees[f"events_{variation}"] = without_variations(select(jets, **shift))
    if name == "ttbar":
        for variation, physics in ALTERNATIVES.items():
            jets = simulate_jets(rng, process.hard_jets, process.simulated, physics)
            trees[f"events_{variation}"] = without_variations(select(jets))
    return trees


def pseudodata(rng: np.random.Generator) -> dict[str, Columns]:
    """Return what the detector recorded: fresh events, Poisson-distributed in number, of the true parameters."""
    recorded = []
    for name, process in PROCESSES.items():
        n = rng.poisson(LUMINOSITY * process.cross_section * TRUE_RATES.get(name, 1.0))
        events = select(simulate_jets(rng, process.hard_jets, n, TRUTH), energy_scale=TRUE_ENERGY_SCALE)
        recorded.append({key: events[key] for key in ("n_jets", "n_btag", "HT", "m_bjj")})
    order = rng.permutation(sum(len(events["HT"]) for events in recorded))
    return {"events": {key: np.concatenate([events[key] for events in recorded])[order] for key in recorded[0]}}


# Output.


@dataclass(frozen=True)
class Region:
    """Which events, histogrammed in which column."""

    name: str
    selection: Callable[[np.ndarray], np.ndarray]  # of the number of b tags
    column: str
    title: str
    edges: np.ndarray


REGIONS = (
    Region("4j1b", lambda n_btag: n_btag == 1, "HT", "H_{T} [GeV]", np.linspace(120, 560, 12)),
    Region("4j2b", lambda n_btag: n_btag >= 2, "m_bjj", "m_{bjj} [GeV]", np.linspace(70, 400, 12)),
)


def histogram(region: Region, title: str, events: Columns, weight: str | None) -> Any:
    """Return a ROOT TH1D with variances, flow bins and axis titles."""
    from uproot.writing.identify import to_TAxis, to_TH1x

    chosen = region.selection(events["n_btag"])
    x = events[region.column][chosen].astype(np.float64)
    w = events[weight][chosen].astype(np.float64) if weight else np.ones(len(x))
    bins, low, high = len(region.edges) - 1, region.edges[0], region.edges[-1]
    index = np.searchsorted(region.edges, x, side="right")
    inside = (index > 0) & (index <= bins)
    x_in, w_in = x[inside], w[inside]
    axis = to_TAxis(fName="xaxis", fTitle=region.title, fNbins=bins, fXmin=low, fXmax=high)
    return to_TH1x(
        fName=None,
        fTitle=title,
        data=np.bincount(index, weights=w, minlength=bins + 2),
        fEntries=float(len(x)),
        fTsumw=w_in.sum(),
        fTsumw2=(w_in**2).sum(),
        fTsumwx=(w_in * x_in).sum(),
        fTsumwx2=(w_in * x_in**2).sum(),
        fSumw2=np.bincount(index, weights=w**2, minlength=bins + 2),
        fXaxis=axis,
        fYaxis=to_TAxis(fName="yaxis", fTitle="Events", fNbins=1, fXmin=0.0, fXmax=1.0),
    )


def histograms_of(sample: str, trees: Mapping[str, Columns]) -> dict[str, Any]:
    """Return all histograms of a sample by name: region, sample and, if it is not nominal, variation."""
    result = {}
    for region in REGIONS:
        for tree, events in trees.items():
            name = f"{region.name}_{sample}{tree.removeprefix('events')}"
            result[name] = histogram(region, sample, events, "weight" if "weight" in events else None)
            for column in events:
                if column.startswith("weight_"):
                    varied = name + column.removeprefix("weight")
                    result[varied] = histogram(region, sample, events, column)
    return result


def write_root(path: Path, objects: Mapping[str, Any]) -> None:
    """Write trees (dictionaries of columns) and histograms, all or nothing."""
    import uproot

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with uproot.recreate(temporary) as file:
            for name, content in objects.items():
                if isinstance(content, dict):
                    file.mktree(name, {key: column.dtype for key, column in content.items()})
                    file[name].extend(content)
                else:
                    file[name] = content
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def single_precision(events: Columns) -> Columns:
    return {key: column.astype(np.float32) if column.dtype.kind == "f" else column for key, column in events.items()}


def generate(folder: Path, seed: int = 1) -> list[Path]:
    """Simulate all samples, write them below `folder`/input and return the paths; the same seed, the same events."""
    histograms: dict[str, Any] = {}
    written = []
    for number, name in enumerate((*PROCESSES, "pseudodata")):
        rng = np.random.default_rng([seed, number])
        trees = pseudodata(rng) if name == "pseudodata" else simulated_sample(rng, name)
        trees = {tree: single_precision(events) for tree, events in trees.items()}
        histograms |= histograms_of(name, trees)
        written.append(folder / "input" / "ntuples" / f"{name}.root")
        write_root(written[-1], trees)
    written.append(folder / "input" / "histograms.root")
    write_root(written[-1], histograms)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate the input of the ttbar example.")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default 1)")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder that gets input/")
    parser.add_argument("--force", action="store_true", help="write again what is already there")
    arguments = parser.parse_args()
    if arguments.seed < 0:
        parser.error("--seed must not be negative")
    last = arguments.output / "input" / "histograms.root"
    if last.exists() and not arguments.force:
        print(f"{last} is already there; --force simulates it again")
        return
    for path in generate(arguments.output, arguments.seed):
        print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
