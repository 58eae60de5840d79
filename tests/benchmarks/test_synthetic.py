"""The generator of benchmark workspaces: sizes as named, same seed same workspace, files that load and fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wilks

synthetic = pytest.importorskip("benchmarks.synthetic", reason="the benchmarks are not part of this source tree")

QUICK = ("counting", "small", "medium")
# What the benchmarks' targets are quoted for; a generator that drifts would make them incomparable.
PARAMETERS = {"counting": 2, "small": 32, "medium": 202, "dense": 551, "large": 1502, "huge": 4002}


def test_sizes_are_the_quoted_ones() -> None:
    assert {name: size.parameters for name, size in synthetic.SIZES.items()} == PARAMETERS


@pytest.mark.parametrize("name", QUICK)
def test_file_loads_with_the_parameters_and_bins_it_claims(name: str, tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    synthetic.write(path, name)
    model = wilks.compile_model(wilks.load_workspace(path))
    size = synthetic.SIZES[name]
    bins = 1 if name == "counting" else size.channels * size.bins
    assert (model.n_parameters, model.observed_main.size, model.poi) == (PARAMETERS[name], bins, "mu")


def test_dense_counts_parameters_as_the_model_does() -> None:
    size = synthetic.Dense(channels=2, bins=3, samples=2, normsys=4, histosys=5)
    channels, observed = zip(*size.parts(np.random.default_rng(1)), strict=True)
    document = {"channels": channels, "observations": [], "measurements": [], "version": "1.0.0"}
    document["observations"] = [{"name": c["name"], "data": d} for c, d in zip(channels, observed, strict=True)]
    document["measurements"] = [{"name": "m", "config": {"poi": "mu", "parameters": []}}]
    model = wilks.compile_model(wilks.load_workspace(json.loads(json.dumps(document))))
    assert model.n_parameters == size.parameters == 2 * 3 + 4 + 5 + 1
    modifiers = [m["type"] for c in channels for s in c["samples"] for m in s["modifiers"]]
    assert modifiers.count("histosys") == 2 * 2 * 5
    assert modifiers.count("normsys") == 2 * 2 * 4


@pytest.mark.parametrize("name", QUICK)
def test_file_and_dictionary_are_the_same_workspace(name: str, tmp_path: Path) -> None:
    synthetic.write(tmp_path / "workspace.json", name, seed=3)
    assert json.loads((tmp_path / "workspace.json").read_text()) == synthetic.workspace(name, seed=3)


def test_seed_decides() -> None:
    assert synthetic.workspace("small", seed=1) == synthetic.workspace("small", seed=1)
    assert synthetic.workspace("small", seed=1) != synthetic.workspace("small", seed=2)


def test_sparse_acts_on_the_fraction_of_blocks_it_claims() -> None:
    size = synthetic.SIZES["medium"]
    blocks = [s for c in synthetic.workspace("medium")["channels"] for s in c["samples"]]
    effects = sum(m["type"] == "histosys" for s in blocks for m in s["modifiers"])
    possible = len(blocks) * size.nuisances
    spread = np.sqrt(possible * size.fraction * (1 - size.fraction))
    assert abs(effects - possible * size.fraction) < 4 * spread


@pytest.mark.parametrize("name", QUICK)
def test_fit_of_it_converges(name: str) -> None:
    result = wilks.fit(wilks.compile_model(wilks.load_workspace(synthetic.workspace(name))))
    assert result.converged, result.status
