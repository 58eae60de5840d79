"""Writes made-up workspaces of given sizes, the same for the same seed, one channel at a time to keep memory small.

python benchmarks/synthetic.py large large.json [--seed 0]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

JSON = dict[str, Any]
Part = tuple[JSON, list[float]]  # a channel of the workspace, and what was observed in it


@dataclass(frozen=True)
class Sparse:
    """Each nuisance parameter acts on a random `fraction` of the blocks, on normalisation and on shape.

    All bins of a channel share a staterror; sample 0 is scaled by "mu", sample 1 by "k_bkg".
    """

    channels: int
    bins: int
    samples: int
    nuisances: int
    fraction: float

    @property
    def parameters(self) -> int:
        return self.channels * self.bins + self.nuisances + 2

    def parts(self, rng: np.random.Generator) -> Iterator[Part]:
        position = np.linspace(-1, 1, self.bins)
        for c in range(self.channels):
            samples, total = [], np.zeros(self.bins)
            for s in range(self.samples):
                slope, size = rng.uniform(0.5, 3), rng.uniform(5, 400) * (0.2 if s == 0 else 1)
                nominal = np.exp(-np.linspace(0, slope, self.bins)) * size
                modifiers = [staterror(c, nominal)]
                if s < 2:
                    modifiers.append({"name": ("mu", "k_bkg")[s], "type": "normfactor", "data": None})
                for k in np.flatnonzero(rng.random(self.nuisances) < self.fraction):
                    norm, shape = rng.normal(0, 0.04, 2)
                    down = rng.uniform(0.7, 1.3, 2)
                    modifiers.append(normsys(f"np{k}", 1 - norm * down[0], 1 + norm))
                    tilt = shape * position
                    modifiers.append(histosys(f"np{k}", nominal * (1 - tilt * down[1]), nominal * (1 + tilt)))
                samples.append({"name": f"s{s}", "data": nominal.tolist(), "modifiers": modifiers})
                total += nominal
            yield {"name": f"c{c}", "samples": samples}, rng.poisson(total).astype(float).tolist()


@dataclass(frozen=True)
class Dense:
    """Every nuisance parameter acts on every block: `normsys` on normalisation, `histosys` others on shape."""

    channels: int
    bins: int
    samples: int
    normsys: int
    histosys: int

    @property
    def parameters(self) -> int:
        return self.channels * self.bins + self.normsys + self.histosys + 1

    def parts(self, rng: np.random.Generator) -> Iterator[Part]:
        for c in range(self.channels):
            samples, total = [], np.zeros(self.bins)
            for s in range(self.samples):
                slope, size = rng.uniform(0.5, 3), rng.uniform(20, 400) * (0.2 if s == 0 else 1)
                nominal = np.exp(-np.linspace(0, slope, self.bins)) * size
                modifiers = [staterror(c, nominal)]
                if s == 0:
                    modifiers.append({"name": "mu", "type": "normfactor", "data": None})
                for k in range(self.normsys):
                    low, high = rng.normal(0.01, 0.01, 2)
                    modifiers.append(normsys(f"norm{k}", 1 - low, 1 + high))
                for k in range(self.histosys):
                    tilt = rng.normal(0, 0.02) * np.linspace(-1, 1, self.bins) + rng.normal(0, 0.003, self.bins)
                    modifiers.append(histosys(f"shape{k}", nominal * (1 - tilt), nominal * (1 + 0.9 * tilt)))
                samples.append({"name": f"s{s}", "data": nominal.tolist(), "modifiers": modifiers})
                total += nominal
            yield {"name": f"c{c}", "samples": samples}, rng.poisson(total).astype(float).tolist()


@dataclass(frozen=True)
class Counting:
    """One bin: a signal, and a background with an uncertainty that a Poisson auxiliary measurement constrains."""

    signal: float = 12.0
    background: float = 50.0
    uncertainty: float = 5.0

    @property
    def parameters(self) -> int:
        return 2

    def parts(self, rng: np.random.Generator) -> Iterator[Part]:
        shapesys = {"name": "background_uncertainty", "type": "shapesys", "data": [self.uncertainty]}
        samples = [
            {
                "name": "signal",
                "data": [self.signal],
                "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
            },
            {"name": "background", "data": [self.background], "modifiers": [shapesys]},
        ]
        yield {"name": "c0", "samples": samples}, [float(rng.poisson(self.signal + self.background))]


SIZES: dict[str, Sparse | Dense | Counting] = {
    "counting": Counting(),
    "small": Sparse(2, 10, 4, 10, 0.8),  # 32 parameters
    "medium": Sparse(8, 15, 8, 80, 0.4),  # 202 parameters, 2 MB
    "dense": Dense(20, 20, 10, 50, 100),  # 551 parameters, 18 MB
    "large": Sparse(30, 40, 12, 300, 0.33),  # 1502 parameters, 62 MB
    "huge": Sparse(60, 50, 20, 1000, 0.2),  # 4002 parameters, 510 MB
}


def staterror(channel: int, nominal: np.ndarray) -> JSON:
    """Return the statistical uncertainty of one sample: as if simulated with eleven times the events of the data."""
    return {"name": f"staterror_c{channel}", "type": "staterror", "data": (np.sqrt(nominal) * 0.3).tolist()}


def normsys(name: str, lo: float, hi: float) -> JSON:
    return {"name": name, "type": "normsys", "data": {"hi": float(hi), "lo": float(lo)}}


def histosys(name: str, lo: np.ndarray, hi: np.ndarray) -> JSON:
    return {"name": name, "type": "histosys", "data": {"hi_data": hi.tolist(), "lo_data": lo.tolist()}}


def workspace(name: str, seed: int = 0) -> JSON:
    """Return a workspace of a named size as a dictionary."""
    parts = list(SIZES[name].parts(np.random.default_rng(seed)))
    observations = [{"name": channel["name"], "data": data} for channel, data in parts]
    return {"channels": [channel for channel, _ in parts], "observations": observations, **_rest()}


def write(path: Path, name: str, seed: int = 0) -> None:
    """Write the same as `json.dump(workspace(name, seed))` would, holding one channel at a time."""
    observations = []
    with path.open("w", encoding="utf-8") as file:
        file.write('{"channels": [')
        for i, (channel, data) in enumerate(SIZES[name].parts(np.random.default_rng(seed))):
            file.write((", " if i else "") + json.dumps(channel))
            observations.append({"name": channel["name"], "data": data})
        file.write("], " + json.dumps({"observations": observations, **_rest()})[1:])


def _rest() -> JSON:
    measurement = {"name": "synthetic", "config": {"poi": "mu", "parameters": []}}
    return {"measurements": [measurement], "version": "1.0.0"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up workspace.")
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.output, options.size, options.seed)


if __name__ == "__main__":
    main()
